/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_http.h
 * @brief http-01 answers: put up by the worker, given by any child (RFC 8555
 * 8.3).
 *
 * A sealed item per token names the identifier it is for. A token that nobody
 * put up, that is for another host, or that somebody else planted is not
 * there.
 */
#ifndef ACME_SOLVER_HTTP_H
#define ACME_SOLVER_HTTP_H

#include "acme_challenge.h"
#include "acme_vault.h"

/** Path prefix of every http-01 request. */
#define ACME_SOLVER_HTTP_PATH "/.well-known/acme-challenge/"

apr_status_t acme_solver_http_present(acme_vault_t *vault,
                                      const acme_challenge_t *challenge,
                                      apr_time_t now, acme_problem_t *problem,
                                      apr_pool_t *ptemp);

apr_status_t acme_solver_http_cleanup(acme_vault_t *vault,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** The key authorization. APR_ENOENT as above.
 *  @param host canonical */
apr_status_t acme_solver_http_answer(const char **key_authorization,
                                     acme_vault_t *vault, const char *host,
                                     const char *token, apr_pool_t *p);

/** Takes down all that was put up for the orders of one site: of one that is
 *  given up nobody knows the tokens any more. */
void acme_solver_http_forget(acme_vault_t *vault, const char *site,
                             apr_pool_t *ptemp);

/** Removes what crashes left behind, put up before `before`. */
void acme_solver_http_sweep(acme_vault_t *vault, apr_time_t before,
                            apr_pool_t *ptemp);

#endif
