/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_seal.h
 * @brief Seals bytes under the server's secret.
 *
 * Sealed bytes are encrypted with AES-256-GCM under a subkey, which
 * HKDF-SHA-256 derives from the secret for each purpose. Purpose and name are
 * authenticated with the bytes, so that bytes that were sealed with one label
 * do not open with another. The nonce has 96 random bits. Layout: one byte
 * format (1), 12 bytes nonce, ciphertext, 16 bytes tag.
 */
#ifndef ACME_SEAL_H
#define ACME_SEAL_H

#include <apr_pools.h>

#include "acme_problem.h"

#define ACME_SEAL_SECRET_LEN 32

/** A secret for sealing. It is const, so that any thread may use it, and wiped
 *  with its pool. */
typedef struct acme_seal_t acme_seal_t;

acme_seal_t *acme_seal_create(const unsigned char secret[ACME_SEAL_SECRET_LEN],
                              apr_pool_t *p);

/** Says what the sealed bytes are. Both texts belong to the caller, end with a
 *  NUL, and have 900 bytes at most. */
typedef struct acme_seal_label_t {
    const char *purpose; /**< the kind of bytes, such as "jobs" */
    const char *name;    /**< among that kind, such as a site's name */
} acme_seal_label_t;

apr_status_t acme_seal(unsigned char **sealed, apr_size_t *sealed_len,
                       const acme_seal_t *seal, const acme_seal_label_t *label,
                       const void *data, apr_size_t len,
                       acme_problem_t *problem, apr_pool_t *p);

/**
 * Opens sealed bytes. A NUL follows the bytes, not counted in len; they are
 * wiped with p.
 * @return APR_EACCES when they were not sealed with that secret and label
 */
apr_status_t acme_seal_open(char **data, apr_size_t *len,
                            const acme_seal_t *seal,
                            const acme_seal_label_t *label, const void *sealed,
                            apr_size_t sealed_len, acme_problem_t *problem,
                            apr_pool_t *p);

/** Bytes of what acme_seal_mac() makes. */
#define ACME_SEAL_MAC_LEN 32

/** Authenticates bytes without hiding them: HMAC-SHA-256 of the label's name
 *  and of the bytes, under a subkey of the label's purpose, which nothing else
 *  may have. */
apr_status_t acme_seal_mac(unsigned char mac[ACME_SEAL_MAC_LEN],
                           const acme_seal_t *seal,
                           const acme_seal_label_t *label, const void *data,
                           apr_size_t len, acme_problem_t *problem,
                           apr_pool_t *p);

#endif
