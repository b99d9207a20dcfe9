/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_nonce.h
 * @brief A pool of anti-replay nonces (RFC 8555 6.5).
 *
 * The newest nonce is used first. A nonce that is older than
 * ACME_NONCE_MAX_AGE is dropped, as is the oldest one when there are more than
 * ACME_NONCE_MAX.
 */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include <apr_pools.h>
#include <apr_time.h>

#define ACME_NONCE_MAX     64
#define ACME_NONCE_MAX_AGE apr_time_from_sec(600)

typedef struct acme_nonce_pool_t acme_nonce_pool_t;

acme_nonce_pool_t *acme_nonce_pool_create(apr_pool_t *p);

/** Keeps a copy of the nonce, unless it is no base64url or longer than 1 KB.
 *  @return non-zero when it was kept */
int acme_nonce_add(acme_nonce_pool_t *nonces, const char *nonce,
                   apr_time_t now);

/** Takes a nonce out of the pool. Returns a copy in p, or NULL when there is
 *  none. */
const char *acme_nonce_take(acme_nonce_pool_t *nonces, apr_time_t now,
                            apr_pool_t *p);

#endif
