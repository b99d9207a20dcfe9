/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_secret.h
 * @brief The store's secret: 32 random bytes in a file of root (0600). The keys
 * of all seals are derived from it.
 */
#ifndef ACME_SECRET_H
#define ACME_SECRET_H

#include "acme_seal.h"

/**
 * Reads the secret. A file that is there is never replaced, even if it is
 * damaged.
 * @param make non-zero: make a secret where there is none
 * @return APR_ENOENT, without a problem, when there is none
 */
apr_status_t acme_secret_open(acme_seal_t **seal, const char *dir, int make,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
