/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_nonce.h
 * @brief A pool of anti-replay nonces (RFC 8555 6.5).
 *
 * The newest is used first; what is older than ACME_NONCE_MAX_AGE is dropped,
 * as is anything over ACME_NONCE_MAX.
 */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include <apr_pools.h>
#include <apr_time.h>

#define ACME_NONCE_MAX     64
#define ACME_NONCE_MAX_AGE apr_time_from_sec(600)

typedef struct acme_nonce_pool_t acme_nonce_pool_t;

acme_nonce_pool_t *acme_nonce_pool_create(apr_pool_t *p);

/** Keeps a copy; what is no base64url or over 1 KB is ignored.
 *  @return nonzero when it was kept */
int acme_nonce_add(acme_nonce_pool_t *nonces, const char *nonce,
                   apr_time_t now);

/** Takes one out, a copy in p; NULL when there is none. */
const char *acme_nonce_take(acme_nonce_pool_t *nonces, apr_time_t now,
                            apr_pool_t *p);

#endif
