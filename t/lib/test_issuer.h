/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file test_issuer.h
 * @brief Signs CSRs as a CA does: real certificates for model_ca.h.
 */
#ifndef TEST_ISSUER_H
#define TEST_ISSUER_H

#include "acme_time.h"

typedef struct test_issuer_t test_issuer_t;

/** Settings; may be changed at any time. */
typedef struct test_issuer_config_t {
    apr_interval_time_t life; /**< of each certificate */
    int wrong_key;            /**< certificates for a key of the issuer's */
    const char *wrong_name;   /**< instead of the names in the CSR, or NULL */
    int no_certificate;       /**< a text that is no certificate */
    int refuse;               /**< badCSR */
} test_issuer_config_t;

test_issuer_t *test_issuer_create(const acme_clock_t *clock, apr_pool_t *p);

/** Creates an issuer whose root has that common name. */
test_issuer_t *test_issuer_create_named(const char *name,
                                        const acme_clock_t *clock,
                                        apr_pool_t *p);

test_issuer_config_t *test_issuer_config(test_issuer_t *issuer);

/** Returns how many certificates it has signed. */
int test_issuer_count(const test_issuer_t *issuer);

/** Returns the issuer's root, as PEM. */
const char *test_issuer_root(const test_issuer_t *issuer, apr_pool_t *p);

/** Returns the public key (SHA-256 of its DER, hex) of the last CSR. */
const char *test_issuer_last_key(const test_issuer_t *issuer);

/** A model_ca_sign_fn; baton is the issuer. */
const char *test_issuer_sign(void *baton, const char *csr, apr_pool_t *p);

#endif
