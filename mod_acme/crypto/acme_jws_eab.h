/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_jws_eab.h
 * @brief External account binding: says by a key that the CA gave to its
 * customer that an account key is this customer's (RFC 8555 7.3.4).
 */
#ifndef ACME_JWS_EAB_H
#define ACME_JWS_EAB_H

#include "acme_jws.h"

/** The credentials that the CA gave. */
typedef struct acme_jws_eab_t {
    const char *kid;
    const char *hmac; /**< base64url without padding: a secret */
    const char *alg;  /**< "HS256", "HS384" or "HS512", of the table */
} acme_jws_eab_t;

/**
 * Checks what was written down and puts it in its form: base64 as others write
 * it (with + and /, or padded) becomes base64url, an algorithm that is NULL
 * HS256, which is what CAs use whatever the length of their keys.
 * @param why on failure: which of them is wrong and what is allowed; never
 *        shows the key
 * @return APR_EINVAL
 */
apr_status_t acme_jws_eab_read(acme_jws_eab_t *eab, const char *kid,
                               const char *hmac, const char *alg,
                               const char **why, apr_pool_t *p);

/** The value of externalAccountBinding: the signer's public key, signed. */
apr_status_t acme_jws_eab_sign(const char **jws, const acme_jws_eab_t *eab,
                               const acme_jws_signer_t *signer, const char *url,
                               acme_problem_t *problem, apr_pool_t *p);

#endif
