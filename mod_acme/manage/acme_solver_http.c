/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_solver_http.h"

#include <string.h>

#include <apr_strings.h>

/** Longer ones are nobody's: CAs send some 43 characters. */
#define TOKEN_MAX 256

#define KEY_IDENTIFIER    "identifier"
#define KEY_AUTHORIZATION "key-authorization"
#define KEY_PRESENTED     "presented"

/* base64url without padding, as RFC 8555 8.3 has it: no request can make the
 * store look for anything else. */
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

/** Whether nobody waits for it: too old, or never put up by us. */
static int is_left_over(acme_vault_t *vault, const char *token,
                        apr_time_t before, apr_pool_t *ptemp)
{
    acme_json_t *json;
    apr_time_t presented;
    apr_status_t rv;

    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_CHALLENGES, token,
                             NULL, ptemp);
    if (rv != APR_SUCCESS) {
        /* What could not be read is looked at again by the next sweep. */
        return APR_STATUS_IS_ENOENT(rv);
    }
    rv = acme_json_get_time(&presented, json, KEY_PRESENTED);
    return rv != APR_SUCCESS || presented < before;
}

void acme_solver_http_sweep(acme_vault_t *vault, apr_time_t before,
                            apr_pool_t *ptemp)
{
    acme_store_t *store = acme_vault_store(vault);
    apr_array_header_t *tokens;
    apr_pool_t *each;
    int i;

    if (acme_store_list(&tokens, store, ACME_STORE_CHALLENGES, NULL, ptemp)
        != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < tokens->nelts; ++i) {
        const char *token = APR_ARRAY_IDX(tokens, i, const char *);

        apr_pool_clear(each);
        if (is_left_over(vault, token, before, each)) {
            acme_store_delete(store, ACME_STORE_CHALLENGES, token, NULL, each);
        }
    }
    apr_pool_destroy(each);
}
