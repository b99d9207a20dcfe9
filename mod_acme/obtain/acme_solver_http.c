/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_http.h"

#include <string.h>

#include <apr_strings.h>

/** Longest token; CAs send some 43 characters. */
#define TOKEN_MAX 256

#define KEY_IDENTIFIER    "identifier"
#define KEY_AUTHORIZATION "key-authorization"
#define KEY_PRESENTED     "presented"
#define KEY_SITE          "site"

/* Returns non-zero for base64url without padding (RFC 8555 8.3). Nothing else
 * is looked for in the store, because tokens come from requests too. */
static int token_valid(const char *token)
{
    apr_size_t len =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_");

    return len > 0 && len <= TOKEN_MAX && token[len] == '\0';
}

apr_status_t acme_solver_http_present(acme_vault_t *vault,
                                      const acme_challenge_t *challenge,
                                      apr_time_t now, acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    acme_json_t *json;

    if (!token_valid(challenge->token)) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                                ACME_PROBLEM_PROTOCOL, ptemp,
                                "%s: the CA's http-01 token is not 1 to %d "
                                "characters of A-Z, a-z, 0-9, - and _",
                                challenge->identifier, TOKEN_MAX);
    }
    json = acme_json_object(ptemp);
    acme_json_set_str(json, KEY_IDENTIFIER, challenge->identifier);
    acme_json_set_str(json, KEY_AUTHORIZATION, challenge->key_authorization);
    acme_json_set_time(json, KEY_PRESENTED, now);
    acme_json_set_str(json, KEY_SITE, challenge->site);
    return acme_vault_put_json(vault, ACME_STORE_CHALLENGES, challenge->token,
                               json, ACME_STORE_LAZY, problem, ptemp);
}

apr_status_t acme_solver_http_cleanup(acme_vault_t *vault,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    if (!token_valid(challenge->token)) {
        return APR_SUCCESS;
    }
    return acme_store_delete(acme_vault_store(vault), ACME_STORE_CHALLENGES,
                             challenge->token, problem, ptemp);
}

apr_status_t acme_solver_http_answer(const char **key_authorization,
                                     acme_vault_t *vault, const char *host,
                                     const char *token, apr_pool_t *p)
{
    acme_json_t *json;
    const char *identifier;
    apr_status_t rv;

    if (!token_valid(token)) {
        return APR_ENOENT;
    }
    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_CHALLENGES, token,
                             NULL, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (acme_json_get_str(&identifier, json, KEY_IDENTIFIER) != APR_SUCCESS
        || strcmp(identifier, host) != 0
        || acme_json_get_str(key_authorization, json, KEY_AUTHORIZATION)
               != APR_SUCCESS) {
        return APR_ENOENT;
    }
    return APR_SUCCESS;
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

void acme_solver_http_forget(acme_vault_t *vault, const char *site,
                             apr_pool_t *ptemp)
{
    remove_each(vault, is_of, site, ptemp);
}

void acme_solver_http_sweep(acme_vault_t *vault, apr_time_t before,
                            apr_pool_t *ptemp)
{
    remove_each(vault, is_too_old, &before, ptemp);
}
