/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_tls_cert.h
 * @brief Puts a certificate into a TLS handshake, instead of the one that the
 * server has loaded.
 *
 * OpenSSL calls the certificate callback of a connection's SSL_CTX in each full
 * handshake, when the server name is known; never when a session is resumed.
 */
#ifndef ACME_TLS_CERT_H
#define ACME_TLS_CERT_H

#include "acme_cert.h"

struct ssl_st;
struct ssl_ctx_st;

/** Called in a full handshake, by any thread. Returns 1, or 0 to refuse the
 *  handshake. */
typedef int acme_tls_cert_fn(struct ssl_st *ssl, void *baton);

/** Sets the certificate callback. An SSL_CTX has one, and the last one that
 *  was set counts. */
void acme_tls_cert_hook(struct ssl_ctx_st *ctx, acme_tls_cert_fn *fn,
                        void *baton);

/**
 * Makes the connection serve a certificate. Uses no pool, because it is called
 * in each handshake.
 * @param alone non-zero: it serves no other; zero: it serves its others too,
 *        but for one with the same kind of key
 * @return NULL, or OpenSSL's constant words for why it failed
 */
const char *acme_tls_cert_use(struct ssl_st *ssl, const acme_chain_t *chain,
                              const acme_key_t *key, int alone);

/** Returns non-zero when the handshake is one of tls-alpn-01, which serves the
 *  certificate of a challenge. It is known before the callback with TLS 1.3
 *  only. */
int acme_tls_cert_is_challenge(const struct ssl_st *ssl);

/** Returns the SSL_CTX of the virtual host that the server name has chosen. */
const struct ssl_ctx_st *acme_tls_cert_ctx(const struct ssl_st *ssl);

/** Returns non-zero when a full handshake is over, which has called the
 *  callback. */
int acme_tls_cert_is_done(struct ssl_st *ssl);

/** Returns non-zero when clients get an OCSP response with the certificate that
 *  is loaded in the SSL_CTX (stapling). */
int acme_tls_cert_is_stapled(struct ssl_ctx_st *ctx);

/** Returns non-zero when the certificate names an OCSP responder. */
int acme_tls_cert_has_ocsp(const acme_chain_t *chain);

#endif
