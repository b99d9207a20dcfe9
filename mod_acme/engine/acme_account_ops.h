/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_ops.h
 * @brief Runs an errand (acme_ctl_result.h) at its CA.
 */
#ifndef ACME_ACCOUNT_OPS_H
#define ACME_ACCOUNT_OPS_H

#include "acme_ctl_result.h"
#include "acme_ca_account.h"
#include "acme_worker_ctx.h"

typedef struct acme_runner_errand_t acme_runner_errand_t;

/** @param request copied
 *  @param p of this errand; outlives its requests */
acme_runner_errand_t *
acme_runner_errand_create(acme_worker_ctx_t *work,
                          const acme_ctl_request_t *request, apr_pool_t *p);

const acme_ctl_request_t *
acme_runner_errand_request(const acme_runner_errand_t *errand);

/** Goes on with it, as far as it goes without waiting. */
void acme_runner_errand_step(acme_runner_errand_t *errand,
                             acme_ca_account_t *identity);

/** Nonzero: its outcome is noted. */
int acme_runner_errand_is_over(const acme_runner_errand_t *errand);

#endif
