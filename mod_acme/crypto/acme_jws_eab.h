/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_jws_eab.h
 * @brief External account binding (RFC 8555 7.3.4): proves, with a key that the
 * CA gave to its customer, that an account key is the customer's.
 */
#ifndef ACME_JWS_EAB_H
#define ACME_JWS_EAB_H

#include "acme_jws.h"

/** Credentials from the CA. */
typedef struct acme_jws_eab_t {
    const char *kid;
    const char *hmac; /**< base64url without padding: a secret */
    const char *alg;  /**< "HS256", "HS384" or "HS512"; a constant */
} acme_jws_eab_t;

/**
 * Checks credentials as an administrator wrote them. Base64 (with + and /, or
 * padded) becomes base64url. If the algorithm is NULL it becomes HS256, because
 * CAs use that for keys of any length.
 * @param why on failure: which value is wrong, and what is allowed; never shows
 *        the key
 * @return APR_EINVAL
 */
apr_status_t acme_jws_eab_read(acme_jws_eab_t *eab, const char *kid,
                               const char *hmac, const char *alg,
                               const char **why, apr_pool_t *p);

/** Makes the value of externalAccountBinding: the signer's public key, signed
 *  with the credentials. */
apr_status_t acme_jws_eab_sign(const char **jws, const acme_jws_eab_t *eab,
                               const acme_jws_signer_t *signer, const char *url,
                               acme_problem_t *problem, apr_pool_t *p);

#endif
