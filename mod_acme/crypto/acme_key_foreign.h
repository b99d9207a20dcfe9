/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_foreign.h
 * @brief Private keys as other ACME clients keep them.
 */
#ifndef ACME_KEY_FOREIGN_H
#define ACME_KEY_FOREIGN_H

#include "acme_json.h"
#include "acme_key.h"

/** Reads a key from PEM that may be encrypted with a passphrase of any bytes.
 *  APR_EINVAL when the passphrase is wrong or there is no supported key in it.
 */
apr_status_t acme_key_foreign_locked_pem(acme_key_t **key, const char *pem,
                                         apr_size_t len, const void *pass,
                                         apr_size_t pass_len,
                                         acme_problem_t *problem,
                                         apr_pool_t *p);

/** Reads a key from a private JWK (RFC 7517, RFC 7518 6): RSA, or EC on P-256
 *  or P-384. Its private and public parts must belong together. */
apr_status_t acme_key_foreign_jwk(acme_key_t **key, const acme_json_t *jwk,
                                  acme_problem_t *problem, apr_pool_t *p);

#endif
