/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_tsig.h
 * @brief A key that signs updates of the DNS (RFC 8945), from a file that only
 * root may read.
 *
 * Root reads the file at start and keeps the key in memory, where it is wiped
 * with its pool. The secret is never shown and never stored.
 */
#ifndef ACME_TSIG_H
#define ACME_TSIG_H

#include <apr_pools.h>

typedef struct acme_tsig_t {
    const char *file;      /**< its path */
    const char *name;      /**< in lower case, without a dot at its end */
    const char *algorithm; /**< in lower case: "hmac-sha256" */
    const char *secret;    /**< base64; NULL: it was not read */
} acme_tsig_t;

/**
 * Reads the file: as tsig-keygen of BIND writes it, or a line NAME:SECRET,
 * ALGORITHM:NAME:SECRET or NAME:ALGORITHM:SECRET.
 * @param why on failure, what is wrong and what helps, in p; continues a
 *        sentence that begins with the path
 */
apr_status_t acme_tsig_load(acme_tsig_t *tsig, const char **why, apr_pool_t *p);

#endif
