/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_secret.h
 * @brief The store's secret: 32 random bytes that everything sealed depends
 * on, root's (0600).
 */
#ifndef ACME_SECRET_H
#define ACME_SECRET_H

#include "acme_seal.h"

/**
 * Reads it. One that is there is never replaced, whatever it looks like.
 * @param make nonzero: makes one where there is none
 * @return APR_ENOENT, without a problem, when there is none
 */
apr_status_t acme_secret_open(acme_seal_t **seal, const char *dir, int make,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
