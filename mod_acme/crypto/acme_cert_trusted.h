/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cert_trusted.h
 * @brief Checks that a chain leads to a root that this machine trusts.
 */
#ifndef ACME_CERT_TRUSTED_H
#define ACME_CERT_TRUSTED_H

#include "acme_cert.h"

/**
 * Verifies, as of `now`, that the chain leads to a root that OpenSSL trusts by
 * default on this machine (its folder, or SSL_CERT_FILE and SSL_CERT_DIR).
 * Returns APR_EACCES, and a problem that says why, when it does not. The chain
 * of a test CA does not.
 */
apr_status_t acme_cert_trusted_check(const acme_chain_t *chain, apr_time_t now,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Returns non-zero when, as of `now`, the chain leads to a root of this
 *  machine and ends there: its topmost certificate is that root, or was issued
 *  by it. A chain that goes on beyond such a root, to one that this machine
 *  does not know, is not whole, although clients with the nearer root accept
 *  it. */
int acme_cert_trusted_is_whole(const acme_chain_t *chain, apr_time_t now,
                               apr_pool_t *ptemp);

#endif
