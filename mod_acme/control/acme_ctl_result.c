/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ctl_result.h"

#include <string.h>

#include <apr_strings.h>

int acme_ctl_result_is_kept(const acme_ctl_request_t *request)
{
    switch (request->what) {
    case ACME_CTL_RECOVER:
    case ACME_CTL_ROLLOVER:
    case ACME_CTL_DEACTIVATE:
        return 1;
    case ACME_CTL_RENEW:
    case ACME_CTL_SIGN:
    case ACME_CTL_ACCOUNT:
    case ACME_CTL_REVOKE:
        break;
    }
    return 0;
}

static const char *name_of(const acme_ctl_request_t *request, apr_pool_t *p)
{
    return apr_pstrcat(p, acme_ctl_request_name(request->what), " ",
                       request->name, NULL);
}

apr_status_t acme_ctl_result_note(acme_vault_t *vault,
                                  const acme_ctl_request_t *request,
                                  const char *url,
                                  const acme_problem_t *outcome,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);

    acme_json_set_str(json, "request", request->id);
    acme_json_set_str(json, "account", url);
    if (outcome) {
        acme_json_give(json, "problem", acme_problem_to_json(outcome, ptemp));
    }
    return acme_vault_put_json(vault, ACME_STORE_NOTES, name_of(request, ptemp),
                               json, ACME_STORE_SYNC, problem, ptemp);
}

apr_status_t acme_ctl_result_get(acme_ctl_result_t *result, acme_vault_t *vault,
                                 const acme_ctl_request_t *request,
                                 apr_pool_t *p)
{
    acme_problem_t *problem = apr_pcalloc(p, sizeof(*problem));
    acme_json_t *json, *outcome;
    apr_status_t rv;

    memset(result, 0, sizeof(*result));
    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_NOTES,
                             name_of(request, p), NULL, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (acme_json_get_str(&result->id, json, "request") != APR_SUCCESS
        || strcmp(result->id, request->id) != 0) {
        return APR_ENOENT;
    }
    (void)acme_json_get_str(&result->url, json, "account");
    if (acme_json_get(&outcome, json, "problem") == APR_SUCCESS) {
        rv = acme_problem_restore(problem, outcome, p);
        result->problem = problem;
    }
    return rv;
}
