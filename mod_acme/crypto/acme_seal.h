/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_seal.h
 * @brief Sealing bytes under the server's secret.
 *
 * AES-256-GCM under a subkey that HKDF-SHA-256 derives from the secret for
 * each purpose. Purpose and name are authenticated with the bytes: what was
 * sealed as one thing does not open as another. Random 96-bit nonce. Layout:
 * one byte format (1), 12 bytes nonce, ciphertext, 16 bytes tag.
 */
#ifndef ACME_SEAL_H
#define ACME_SEAL_H

#include <apr_pools.h>

#include "acme_problem.h"

#define ACME_SEAL_SECRET_LEN 32

/** Const once made; any thread may use it. Wiped with its pool. */
typedef struct acme_seal_t acme_seal_t;

acme_seal_t *acme_seal_create(const unsigned char secret[ACME_SEAL_SECRET_LEN],
                              apr_pool_t *p);

/** Says what the sealed bytes are, and so where they belong. Both texts are the
 *  caller's, end with a NUL, and have 900 bytes at most. */
typedef struct acme_seal_label_t {
    const char *purpose; /**< the kind of thing, as "jobs" */
    const char *name;    /**< the one of that kind, as a site's name */
} acme_seal_label_t;

apr_status_t acme_seal(unsigned char **sealed, apr_size_t *sealed_len,
                       const acme_seal_t *seal, const acme_seal_label_t *label,
                       const void *data, apr_size_t len,
                       acme_problem_t *problem, apr_pool_t *p);

/**
 * Opens. What does not open was not sealed here under that label: APR_EACCES.
 * The bytes end with a NUL not counted, and are wiped with p.
 */
apr_status_t acme_seal_open(char **data, apr_size_t *len,
                            const acme_seal_t *seal,
                            const acme_seal_label_t *label, const void *sealed,
                            apr_size_t sealed_len, acme_problem_t *problem,
                            apr_pool_t *p);

#endif
