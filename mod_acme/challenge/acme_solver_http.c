/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_http.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_solver_item.h"

/** Longest token; CAs send some 43 characters. */
#define TOKEN_MAX 256

/* Lengths of tokens that are answered without having been seen before: 22
 * characters are the 128 bits of RFC 8555 8.3, and a longer text than any CA
 * sends is not reflected. */
#define UNSEEN_MIN 22
#define UNSEEN_MAX 128

/* Returns the length of a token of base64url without padding (RFC 8555 8.3), or
 * 0 for anything else. Nothing else is looked for in the store, because tokens
 * come from requests too. */
static apr_size_t token_length(const char *token)
{
    apr_size_t len =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_");

    return len <= TOKEN_MAX && token[len] == '\0' ? len : 0;
}

apr_status_t acme_solver_http_present(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    if (!token_length(challenge->token)) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                                ACME_PROBLEM_PROTOCOL, ptemp,
                                "%s: the CA's http-01 token is not 1 to %d "
                                "characters of A-Z, a-z, 0-9, - and _",
                                challenge->identifier, TOKEN_MAX);
    }
    return acme_solver_item_put(
        means, challenge->token,
        acme_solver_item_create(challenge, means->now, ptemp), problem, ptemp);
}

apr_status_t acme_solver_http_cleanup(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    return token_length(challenge->token) ? acme_solver_item_remove(
               means->vault, challenge->token, problem, ptemp)
                                          : APR_SUCCESS;
}

apr_status_t acme_solver_http_answer(const char **key_authorization,
                                     acme_vault_t *vault, const char *host,
                                     const char *token, apr_pool_t *p)
{
    acme_json_t *item;
    const char *answer;
    apr_status_t rv;

    if (!token_length(token)) {
        return APR_ENOENT;
    }
    rv = acme_solver_item_get(&item, vault, token, host, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    answer = acme_solver_item_authorization(item);
    if (!answer) {
        return APR_ENOENT;
    }
    *key_authorization = answer;
    return APR_SUCCESS;
}

apr_status_t acme_solver_http_stateless(const char **key_authorization,
                                        const char *token,
                                        const char *thumbprint, apr_pool_t *p)
{
    apr_size_t len = token_length(token);

    if (len < UNSEEN_MIN || len > UNSEEN_MAX) {
        return APR_ENOENT;
    }
    *key_authorization = apr_pstrcat(p, token, ".", thumbprint, NULL);
    return APR_SUCCESS;
}
