/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_alpn.h
 * @brief Certificates that answer tls-alpn-01 (RFC 8737), and connections that
 * serve them.
 */
#ifndef ACME_ALPN_H
#define ACME_ALPN_H

#include <apr_time.h>

#include "acme_key.h"

/** The protocol that a CA offers in ALPN, and nothing beside it. */
#define ACME_ALPN_PROTOCOL "acme-tls/1"

struct ssl_st;

/** A challenge certificate and its key. */
typedef struct acme_alpn_pair_t {
    const char *cert_pem;
    const char *key_pem;
} acme_alpn_pair_t;

/**
 * Makes a challenge certificate: self-signed, with the identifier as its only
 * name and the key authorization's hash in the critical extension
 * acmeIdentifier (RFC 8737 3).
 * @param pem set in p
 * @param identifier canonical DNS name or IP address (RFC 8738)
 */
apr_status_t acme_alpn_cert(const char **pem, const acme_key_t *key,
                            const char *identifier,
                            const char *key_authorization, apr_time_t now,
                            acme_problem_t *problem, apr_pool_t *p);

/** Returns the server name (SNI) that a client asks for, or NULL. */
const char *acme_alpn_server_name(const struct ssl_st *ssl);

/**
 * Lets a connection serve the pair instead of the virtual host's certificate
 * for the same kind of key, without a chain. Certificates for other kinds of
 * keys stay.
 */
apr_status_t acme_alpn_use(struct ssl_st *ssl, const acme_alpn_pair_t *pair,
                           acme_problem_t *problem, apr_pool_t *p);

#endif
