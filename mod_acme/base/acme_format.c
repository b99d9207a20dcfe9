/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_format.h"

#define KEY_FORMAT "format"

void acme_format_set(acme_json_t *json, int format)
{
    acme_json_set_int(json, KEY_FORMAT, format);
}

apr_status_t acme_format_check(const acme_json_t *json, int newest,
                               const char *what, acme_problem_t *problem,
                               apr_pool_t *p)
{
    apr_int64_t format = 1;
    apr_status_t rv = acme_json_get_int(&format, json, KEY_FORMAT);

    if ((rv != APR_SUCCESS && rv != APR_NOTFOUND) || format < 1) {
        return APR_EINVAL;
    }
    if (format <= newest) {
        return APR_SUCCESS;
    }
    acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, p,
                     "%s was written by a newer version of mod_acme (format "
                     "%" APR_INT64_T_FMT ", this version reads up to %d)",
                     what, format, newest);
    if (problem) {
        problem->to_fix = "use that version of mod_acme again, or a newer one";
    }
    return APR_ENOTIMPL;
}
