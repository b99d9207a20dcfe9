/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ctl_restart.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_time.h"

const char *acme_ctl_restart_path(const char *dir, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/changed", NULL);
}

apr_status_t acme_ctl_restart_touch(const char *dir, const char *what,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = acme_ctl_restart_path(dir, ptemp);
    const char *now = acme_time_print_exact(apr_time_now(), ptemp);
    const char *text = apr_pstrcat(ptemp, now, " ", what, "\n", NULL);
    /* Write a new file each time, because its inode shows a change within the
     * same second. */
    apr_status_t rv = acme_file_write(path, text, strlen(text),
                                      APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                      ACME_FILE_SYNC, ptemp);

    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, ptemp,
                                "%s cannot be written: %pm", path, &rv);
    }
    return APR_SUCCESS;
}
