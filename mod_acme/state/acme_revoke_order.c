/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_revoke_order.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_format.h"

/* Of the item; raised when older versions would misunderstand it. */
#define FORMAT 1

static const char *const state_names[] = {"asked", "ticket", "done", "refused"};

#define N_STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

acme_json_t *acme_revoke_order_to_json(const acme_revoke_order_t *errand,
                                       apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set(json, "what", acme_blocklist_entry_to_json(errand->what, p));
    acme_json_set_str(json, "certificate", errand->cert);
    acme_json_set_str(json, "ca", errand->ca_url);
    acme_json_set_str(json, "jws", errand->jws);
    return json;
}

acme_revoke_order_t *acme_revoke_order_from_json(const acme_json_t *json,
                                                 apr_pool_t *p)
{
    acme_revoke_order_t *errand = apr_pcalloc(p, sizeof(*errand));
    acme_json_t *what;

    if (!json || acme_json_get(&what, json, "what") != APR_SUCCESS
        || acme_json_get_str(&errand->cert, json, "certificate") != APR_SUCCESS
        || acme_json_get_str(&errand->ca_url, json, "ca") != APR_SUCCESS) {
        return NULL;
    }
    (void)acme_json_get_str(&errand->jws, json, "jws");
    errand->what = acme_blocklist_entry_from_json(what, p);
    return errand->what ? errand : NULL;
}

static const char *item_name(const char *fingerprint, apr_pool_t *p)
{
    return apr_pstrcat(p, "revoke ", fingerprint, NULL);
}

static acme_revoke_order_progress_t *create(const char *fingerprint,
                                            apr_pool_t *p)
{
    acme_revoke_order_progress_t *made = apr_pcalloc(p, sizeof(*made));

    made->fingerprint = apr_pstrdup(p, fingerprint);
    made->p = p;
    return made;
}

/* APR_EINVAL: damaged. */
static apr_status_t parse(acme_revoke_order_progress_t *revoke_order,
                          const acme_json_t *json)
{
    acme_problem_t *problem;
    const char *state;
    apr_int64_t errors = 0;
    acme_json_t *member;
    int i;

    if (acme_json_get_str(&revoke_order->request, json, "request")
            != APR_SUCCESS
        || acme_json_get_str(&state, json, "state") != APR_SUCCESS
        || acme_json_get_int(&errors, json, "errors") != APR_SUCCESS
        || errors < 0 || errors > APR_INT32_MAX - 1) {
        return APR_EINVAL;
    }
    for (i = 0; i < N_STATES && strcmp(state, state_names[i]) != 0; ++i) {
    }
    if (i == N_STATES) {
        return APR_EINVAL;
    }
    revoke_order->state = (acme_revoke_order_e)i;
    revoke_order->errors = (int)errors;
    (void)acme_json_get_bool(&revoke_order->by_key, json, "by-key");
    (void)acme_json_get_str(&revoke_order->url, json, "url");
    (void)acme_json_get_str(&revoke_order->nonce, json, "nonce");
    (void)acme_json_get_time(&revoke_order->next_run, json, "next-run");
    if (acme_json_get(&member, json, "problem") == APR_SUCCESS) {
        problem = apr_pcalloc(revoke_order->p, sizeof(*problem));
        if (acme_problem_restore(problem, member, revoke_order->p)
            == APR_SUCCESS) {
            revoke_order->problem = problem;
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_revoke_order_load(acme_revoke_order_progress_t **revoke_order,
                                    acme_vault_t *vault,
                                    const char *fingerprint,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    acme_revoke_order_progress_t *read = create(fingerprint, p);
    acme_json_t *json;
    apr_status_t rv;

    *revoke_order = create(fingerprint, p);
    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_JOBS,
                             item_name(fingerprint, p), problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_format_check(
        json, FORMAT, apr_pstrcat(p, "the revocation of ", fingerprint, NULL),
        problem, p);
    if (rv == APR_SUCCESS && parse(read, json) == APR_SUCCESS) {
        *revoke_order = read;
    }
    return rv == APR_ENOTIMPL ? rv : APR_SUCCESS;
}

apr_status_t
acme_revoke_order_save(const acme_revoke_order_progress_t *revoke_order,
                       acme_vault_t *vault, acme_problem_t *problem,
                       apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);

    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "request", revoke_order->request);
    acme_json_set_str(json, "state", state_names[revoke_order->state]);
    acme_json_set_int(json, "errors", revoke_order->errors);
    acme_json_set_bool(json, "by-key", revoke_order->by_key);
    acme_json_set_str(json, "url", revoke_order->url);
    acme_json_set_str(json, "nonce", revoke_order->nonce);
    acme_json_set_time(json, "next-run", revoke_order->next_run);
    if (revoke_order->problem) {
        acme_json_set(json, "problem",
                      acme_problem_to_json(revoke_order->problem, ptemp));
    }
    return acme_vault_put_json(vault, ACME_STORE_JOBS,
                               item_name(revoke_order->fingerprint, ptemp),
                               json, ACME_STORE_LAZY, problem, ptemp);
}

void acme_revoke_order_forget(acme_vault_t *vault, const char *fingerprint,
                              apr_pool_t *ptemp)
{
    (void)acme_store_delete(acme_vault_store(vault), ACME_STORE_JOBS,
                            item_name(fingerprint, ptemp), NULL, ptemp);
}
