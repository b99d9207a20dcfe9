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

typedef struct acme_account_op_t acme_account_op_t;

/** @param request copied
 *  @param p of this errand; outlives its requests */
acme_account_op_t *acme_account_ops_create(acme_worker_ctx_t *work,
                                           const acme_ctl_request_t *request,
                                           apr_pool_t *p);

const acme_ctl_request_t *
acme_account_ops_request(const acme_account_op_t *errand);

/** Goes on with it, as far as it goes without waiting. */
void acme_account_ops_step(acme_account_op_t *errand,
                           acme_ca_account_t *ca_account);

/** Nonzero: its outcome is noted. */
int acme_account_ops_is_over(const acme_account_op_t *errand);

#endif
