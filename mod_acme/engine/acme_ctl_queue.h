/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_queue.h
 * @brief Reads the requests of acmectl (acme_ctl_request.h), and hands each to
 * the unit that carries it out.
 *
 * A renewal makes its site due. A certificate for another machine (`acmectl
 * sign`) and a dry run each get a site of their own beside the site that they
 * are about, with a job of their own. Revocations go to acme_revoker.h, changes
 * of accounts to acme_account_ops.h.
 *
 * Used by one thread, the worker's.
 */
#ifndef ACME_CTL_QUEUE_H
#define ACME_CTL_QUEUE_H

#include "acme_account_ops.h"
#include "acme_ca_queue.h"
#include "acme_ctl_request.h"
#include "acme_revoker.h"
#include "acme_site_table.h"

/** Dry runs at another CA than any of the site's, in the life of a worker:
 *  their queues stay. */
#define ACME_CTL_QUEUE_TEST_CAS 16

typedef struct acme_ctl_queue_t acme_ctl_queue_t;

acme_ctl_queue_t *acme_ctl_queue_create(acme_site_table_t *table,
                                        acme_ca_queue_set_t *queues,
                                        acme_revoker_t *revoker,
                                        acme_account_ops_t *account_ops,
                                        apr_pool_t *p);

/** Reads all requests, in the place of those that were read before. Only in a
 *  run, under the lease. */
void acme_ctl_queue_read(acme_ctl_queue_t *ctl_queue,
                         acme_ctl_request_dir_t *ctl_requests);

#endif
