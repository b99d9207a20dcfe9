/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_bundle.h
 * @brief One version of a site's certificate: key, chain and what is known of
 * both, as the worker stages it.
 */
#ifndef ACME_BUNDLE_H
#define ACME_BUNDLE_H

#include "acme_cert.h"

/** Strings belong to the pool that the bundle was made or parsed in. */
typedef struct acme_bundle_t {
    const char *name;      /**< of the site */
    const char *key_pem;   /**< unencrypted: only where it is sealed, or
                                root's */
    const char *chain_pem; /**< leaf first */
    const char *ca_url;    /**< directory of its CA, or NULL */
    const char *order_url; /**< or NULL */
    const char *profile;   /**< that was ordered, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int imported;          /**< nonzero: acmectl import has brought it; the
                                store says so, and JSON text does not */
    acme_key_t *key;       /**< key_pem when it is parsed already, else NULL */
    acme_chain_t *chain;   /**< chain_pem when it is, else NULL */
} acme_bundle_t;

/** Returns JSON text, which is wiped when p is cleared. */
const char *acme_bundle_print(const acme_bundle_t *bundle, apr_pool_t *p);

/** Parses JSON text. The problem names the member that is missing or of the
 *  wrong type. */
apr_status_t acme_bundle_parse(acme_bundle_t **bundle, const char *text,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p);

/** Parses key and chain. Problems name the site. */
apr_status_t acme_bundle_open(acme_key_t **key, acme_chain_t **chain,
                              const acme_bundle_t *bundle,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
