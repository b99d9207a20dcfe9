/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_jws.h
 * @brief JSON Web Signatures as ACME wants them (RFC 7515, RFC 8555 6.2) and
 * key thumbprints (RFC 7638).
 *
 * Code that needs a signature gets a signer, and never sees the key.
 */
#ifndef ACME_JWS_H
#define ACME_JWS_H

#include "acme_key.h"

/** Signs for one account. It is const, so that any thread may use it. */
typedef struct acme_jws_signer_t {
    const acme_key_t *key;
    const char *alg;        /**< "ES256", "ES384" or "RS256" */
    const char *jwk;        /**< the public key, JSON, members sorted */
    const char *thumbprint; /**< RFC 7638, base64url */
} acme_jws_signer_t;

/** Makes a signer with a key, which must live as long as the signer. */
apr_status_t acme_jws_signer_create(acme_jws_signer_t **signer,
                                    const acme_key_t *key,
                                    acme_problem_t *problem, apr_pool_t *p);

/**
 * Makes a JWS in flattened JSON serialization.
 * @param kid the account's URL, or NULL to send the public key itself
 * @param nonce or NULL
 * @param payload JSON text; "" is POST-as-GET (RFC 8555 6.3)
 */
apr_status_t acme_jws_sign(const char **jws, const acme_jws_signer_t *signer,
                           const char *kid, const char *nonce, const char *url,
                           const char *payload, acme_problem_t *problem,
                           apr_pool_t *p);

/** Returns token "." thumbprint (RFC 8555 8.1). */
const char *acme_jws_key_authorization(const acme_jws_signer_t *signer,
                                       const char *token, apr_pool_t *p);

/** Returns the SHA-256 of a text in lower case hex: for names of items that are
 *  made from several fields. */
const char *acme_jws_sha256_hex(const char *text, apr_pool_t *p);

/** Returns the SHA-256 of a text as base64url, as the TXT record of dns-01 has
 *  it (RFC 8555 8.4). */
const char *acme_jws_sha256_b64(const char *text, apr_pool_t *p);

#endif
