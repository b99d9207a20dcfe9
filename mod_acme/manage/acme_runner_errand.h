/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_runner_errand.h
 * @brief Runs an errand (acme_errand.h) at its CA.
 */
#ifndef ACME_RUNNER_ERRAND_H
#define ACME_RUNNER_ERRAND_H

#include "acme_errand.h"
#include "acme_identity.h"
#include "acme_work.h"

typedef struct acme_runner_errand_t acme_runner_errand_t;

/** @param request copied
 *  @param p of this errand; outlives its requests */
acme_runner_errand_t *acme_runner_errand_create(acme_work_t *work,
                                                const acme_request_t *request,
                                                apr_pool_t *p);

const acme_request_t *
acme_runner_errand_request(const acme_runner_errand_t *errand);

/** Goes on with it, as far as it goes without waiting. */
void acme_runner_errand_step(acme_runner_errand_t *errand,
                             acme_identity_t *identity);

/** Nonzero: its outcome is noted. */
int acme_runner_errand_is_over(const acme_runner_errand_t *errand);

#endif
