/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_pin.h
 * @brief A certificate that was rolled back to: kept until it is due.
 *
 * `acmectl rollback` notes the generation in pinned/NAME, root's. A site whose
 * live generation is that one is not renewed before the last tenth of its
 * life, or ACMERenewWindow where that is shorter, unless `acmectl renew` asks.
 * Another generation in its place ends it by itself.
 */
#ifndef ACME_PIN_H
#define ACME_PIN_H

#include "acme_problem.h"

apr_status_t acme_pin_set(const char *dir, const char *name, int version,
                          acme_problem_t *problem, apr_pool_t *ptemp);

/** Success also when there was none. */
apr_status_t acme_pin_remove(const char *dir, const char *name,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** The generation, 0: none. */
int acme_pin_get(const char *dir, const char *name, apr_pool_t *ptemp);

#endif
