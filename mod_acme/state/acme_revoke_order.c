/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_revoke_order.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_format.h"

/* Format number of the item; raised when older versions would misunderstand
 * it. */
#define FORMAT 1

static const char *const state_names[] = {"asked", "ticket", "done", "refused"};

#define N_STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

acme_json_t *acme_revoke_order_to_json(const acme_revoke_order_t *order,
                                       apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set(json, "what", acme_blocklist_entry_to_json(order->what, p));
    acme_json_set_str(json, "certificate", order->cert);
    acme_json_set_str(json, "ca", order->ca_url);
    acme_json_set_str(json, "jws", order->jws);
    return json;
}

acme_revoke_order_t *acme_revoke_order_from_json(const acme_json_t *json,
                                                 apr_pool_t *p)
{
    acme_revoke_order_t *order = apr_pcalloc(p, sizeof(*order));
    acme_json_t *what;

    if (!json || acme_json_get(&what, json, "what") != APR_SUCCESS
        || acme_json_get_str(&order->cert, json, "certificate") != APR_SUCCESS
        || acme_json_get_str(&order->ca_url, json, "ca") != APR_SUCCESS) {
        return NULL;
    }
    (void)acme_json_get_str(&order->jws, json, "jws");
    order->what = acme_blocklist_entry_from_json(what, p);
    return order->what ? order : NULL;
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

/* Parses the progress. Returns APR_EINVAL if it is damaged. */
static apr_status_t parse(acme_revoke_order_progress_t *progress,
                          const acme_json_t *json)
{
    acme_problem_t *problem;
    const char *state;
    acme_json_t *member;
    int i;

    if (acme_json_get_str(&progress->request, json, "request") != APR_SUCCESS
        || acme_json_get_str(&state, json, "state") != APR_SUCCESS
        || acme_json_get_count(&progress->errors, json, "errors")
               != APR_SUCCESS) {
        return APR_EINVAL;
    }
    for (i = 0; i < N_STATES && strcmp(state, state_names[i]) != 0; ++i) {
    }
    if (i == N_STATES) {
        return APR_EINVAL;
    }
    progress->state = (acme_revoke_order_e)i;
    (void)acme_json_get_bool(&progress->by_key, json, "by-key");
    (void)acme_json_get_str(&progress->url, json, "url");
    (void)acme_json_get_str(&progress->nonce, json, "nonce");
    (void)acme_json_get_time(&progress->next_run, json, "next-run");
    if (acme_json_get(&member, json, "problem") == APR_SUCCESS) {
        problem = apr_pcalloc(progress->p, sizeof(*problem));
        if (acme_problem_restore(problem, member, progress->p) == APR_SUCCESS) {
            progress->problem = problem;
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_revoke_order_load(acme_revoke_order_progress_t **progress,
                                    acme_vault_t *vault,
                                    const char *fingerprint,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    acme_revoke_order_progress_t *read = create(fingerprint, p);
    acme_json_t *json;
    apr_status_t rv;

    *progress = create(fingerprint, p);
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
        *progress = read;
    }
    return rv == APR_ENOTIMPL ? rv : APR_SUCCESS;
}

apr_status_t
acme_revoke_order_save(const acme_revoke_order_progress_t *progress,
                       acme_vault_t *vault, acme_problem_t *problem,
                       apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);

    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "request", progress->request);
    acme_json_set_str(json, "state", state_names[progress->state]);
    acme_json_set_int(json, "errors", progress->errors);
    acme_json_set_bool(json, "by-key", progress->by_key);
    acme_json_set_str(json, "url", progress->url);
    acme_json_set_str(json, "nonce", progress->nonce);
    acme_json_set_time(json, "next-run", progress->next_run);
    if (progress->problem) {
        acme_json_set(json, "problem",
                      acme_problem_to_json(progress->problem, ptemp));
    }
    return acme_vault_put_json(vault, ACME_STORE_JOBS,
                               item_name(progress->fingerprint, ptemp), json,
                               ACME_STORE_LAZY, problem, ptemp);
}

void acme_revoke_order_forget(acme_vault_t *vault, const char *fingerprint,
                              apr_pool_t *ptemp)
{
    (void)acme_store_delete(acme_vault_store(vault), ACME_STORE_JOBS,
                            item_name(fingerprint, ptemp), NULL, ptemp);
}
