/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_item.h"

#include <string.h>

#define KEY_IDENTIFIER    "identifier"
#define KEY_AUTHORIZATION "key-authorization"
#define KEY_PRESENTED     "presented"
#define KEY_SITE          "site"

acme_json_t *acme_solver_item_create(const acme_challenge_t *challenge,
                                     apr_time_t now, apr_pool_t *p)
{
    acme_json_t *item = acme_json_object(p);

    acme_json_set_str(item, KEY_IDENTIFIER, challenge->identifier);
    acme_json_set_str(item, KEY_AUTHORIZATION, challenge->key_authorization);
    acme_json_set_time(item, KEY_PRESENTED, now);
    acme_json_set_str(item, KEY_SITE, challenge->site);
    return item;
}

apr_status_t acme_solver_item_put(const acme_solver_means_t *means,
                                  const char *name, const acme_json_t *item,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    return acme_vault_put_json(means->vault, ACME_STORE_CHALLENGES, name, item,
                               ACME_STORE_LAZY, problem, ptemp);
}

apr_status_t acme_solver_item_get(acme_json_t **item, acme_vault_t *vault,
                                  const char *name, const char *identifier,
                                  apr_pool_t *p)
{
    const char *held;
    apr_status_t rv;

    rv = acme_vault_get_json(item, NULL, vault, ACME_STORE_CHALLENGES, name,
                             NULL, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (identifier
        && (acme_json_get_str(&held, *item, KEY_IDENTIFIER) != APR_SUCCESS
            || strcmp(held, identifier) != 0)) {
        return APR_ENOENT;
    }
    return APR_SUCCESS;
}

const char *acme_solver_item_authorization(const acme_json_t *item)
{
    const char *key_authorization;

    return acme_json_get_str(&key_authorization, item, KEY_AUTHORIZATION)
                   == APR_SUCCESS
               ? key_authorization
               : NULL;
}

apr_status_t acme_solver_item_remove(acme_vault_t *vault, const char *name,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    return acme_store_delete(acme_vault_store(vault), ACME_STORE_CHALLENGES,
                             name, problem, ptemp);
}

typedef int is_over_fn(const acme_json_t *json, const void *baton);

/** Removes the answers that are over, and items that are not ours. */
static void remove_each(acme_vault_t *vault, is_over_fn *is_over,
                        const void *baton, apr_pool_t *ptemp)
{
    acme_store_t *store = acme_vault_store(vault);
    apr_array_header_t *tokens;
    acme_json_t *json;
    apr_pool_t *each;
    apr_status_t rv;
    int i;

    if (acme_store_list(&tokens, store, ACME_STORE_CHALLENGES, NULL, ptemp)
        != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < tokens->nelts; ++i) {
        const char *token = APR_ARRAY_IDX(tokens, i, const char *);

        apr_pool_clear(each);
        rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_CHALLENGES,
                                 token, NULL, each);
        /* Keep an item that cannot be read now: the next sweep tries again. */
        if (APR_STATUS_IS_ENOENT(rv)
            || (rv == APR_SUCCESS && is_over(json, baton))) {
            acme_store_delete(store, ACME_STORE_CHALLENGES, token, NULL, each);
        }
    }
    apr_pool_destroy(each);
}

static int is_too_old(const acme_json_t *json, const void *baton)
{
    const apr_time_t *before = baton;
    apr_time_t presented;

    return acme_json_get_time(&presented, json, KEY_PRESENTED) != APR_SUCCESS
           || presented < *before;
}

static int is_of(const acme_json_t *json, const void *baton)
{
    const char *site;

    return acme_json_get_str(&site, json, KEY_SITE) == APR_SUCCESS
           && strcmp(site, baton) == 0;
}

void acme_solver_item_forget(acme_vault_t *vault, const char *site,
                             apr_pool_t *ptemp)
{
    remove_each(vault, is_of, site, ptemp);
}

void acme_solver_item_sweep(acme_vault_t *vault, apr_time_t before,
                            apr_pool_t *ptemp)
{
    remove_each(vault, is_too_old, &before, ptemp);
}
