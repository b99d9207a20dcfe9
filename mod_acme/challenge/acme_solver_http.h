/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_http.h
 * @brief http-01 answers (RFC 8555 8.3): the worker presents them, any child of
 * httpd gives them to the CA.
 *
 * Each token has a sealed item that names the identifier that it is for. A
 * token without an item, a token for another host and an item that was not
 * sealed by this server are all answered with APR_ENOENT.
 */
#ifndef ACME_SOLVER_HTTP_H
#define ACME_SOLVER_HTTP_H

#include "acme_challenge.h"
#include "acme_solver_means.h"

/** Path prefix of all http-01 requests. */
#define ACME_SOLVER_HTTP_PATH "/.well-known/acme-challenge/"

apr_status_t acme_solver_http_present(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

apr_status_t acme_solver_http_cleanup(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/**
 * Gets the key authorization for a token.
 * @param key_authorization set in p
 * @param host in canonical form
 */
apr_status_t acme_solver_http_answer(const char **key_authorization,
                                     acme_vault_t *vault, const char *host,
                                     const char *token, apr_pool_t *p);

/**
 * Makes the key authorization for a token that this server has not seen before:
 * another node with the same account has ordered.
 * @param key_authorization set in p
 * @param thumbprint of the account's key
 * @return APR_ENOENT for what is not 22 to 128 characters of base64url
 */
apr_status_t acme_solver_http_stateless(const char **key_authorization,
                                        const char *token,
                                        const char *thumbprint, apr_pool_t *p);

#endif
