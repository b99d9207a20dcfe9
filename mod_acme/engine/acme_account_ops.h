/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_ops.h
 * @brief Operations on accounts that acmectl asks for: recover, roll over the
 * key, deactivate. Tells CAs new contacts as well.
 *
 * The operations of an account run one after the other, in the order of their
 * requests. Each is tried once, and what came of it is noted for acmectl
 * (acme_ctl_result.h). No order of the account runs meanwhile, and no
 * revocation; an operation waits until the running ones have ended.
 *
 * Used by one thread, the worker's.
 */
#ifndef ACME_ACCOUNT_OPS_H
#define ACME_ACCOUNT_OPS_H

#include "acme_ca_queue.h"
#include "acme_ctl_request.h"
#include "acme_revoker.h"

/** The operations on all accounts of a worker. */
typedef struct acme_account_ops_t acme_account_ops_t;

acme_account_ops_t *acme_account_ops_create(acme_ca_queue_set_t *queues,
                                            const acme_revoker_t *revoker,
                                            apr_pool_t *p);

/** Takes a request of acmectl, unless it was done or waits already. Only in a
 *  run.
 *  @param request copied */
void acme_account_ops_take(acme_account_ops_t *ops,
                           const acme_ctl_request_t *request,
                           apr_pool_t *ptemp);

/** Finds the accounts whose contact the configuration has changed. Does so once
 *  in the life of the worker, under the lease. */
void acme_account_ops_survey(acme_account_ops_t *ops);

/** Goes on with all of them. Returns how many are left. */
int acme_account_ops_step(acme_account_ops_t *ops);

#endif
