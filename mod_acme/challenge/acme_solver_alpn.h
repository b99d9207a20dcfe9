/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_alpn.h
 * @brief tls-alpn-01 answers (RFC 8737): the worker presents challenge
 * certificates, any child of httpd serves them to the CA.
 *
 * A CA says by the server name alone which challenge it means, so there is one
 * sealed item for each of them. It has a certificate for each kind of key that
 * a virtual host may offer, because a virtual host's kinds of keys are not all
 * ours, and with TLS 1.2 the kind is settled before the protocol.
 */
#ifndef ACME_SOLVER_ALPN_H
#define ACME_SOLVER_ALPN_H

#include "acme_alpn.h"
#include "acme_challenge.h"
#include "acme_solver_means.h"

/** Number of kinds of keys for which there is a certificate. */
#define ACME_SOLVER_ALPN_KINDS 2

/** Presents the certificates; returns APR_EAGAIN, and is to be called again,
 *  while a key for them is being made. */
apr_status_t acme_solver_alpn_present(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Removes the certificates, but not those of a later challenge for the same
 *  identifier. */
apr_status_t acme_solver_alpn_cleanup(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/**
 * Gets the certificates for a server name.
 * @param pairs set in p, which is where the keys are wiped
 * @param server_name as the client sent it
 * @return APR_ENOENT when no challenge is pending for it
 */
apr_status_t
acme_solver_alpn_answer(acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS],
                        acme_vault_t *vault, const char *server_name,
                        apr_pool_t *p);

#endif
