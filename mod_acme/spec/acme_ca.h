/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca.h
 * @brief CAs that are known by a short name.
 */
#ifndef ACME_CA_H
#define ACME_CA_H

#include <apr_pools.h>

typedef struct acme_ca_name_t {
    const char *label;
    const char *url;  /**< of its directory */
    int has_terms;    /**< known to ask for agreement to its terms */
    const char *test; /**< label of the CA's test service, or NULL */
} acme_ca_name_t;

/** By its short name, in any case, or its URL; NULL when it is not known. */
const acme_ca_name_t *acme_ca_find(const char *text);

/** All short names, for messages. */
const char *acme_ca_list(apr_pool_t *p);

#endif
