/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_scheduler.h
 * @brief All sites of the engine: which are due, which wait for their turn,
 * and the orders in flight.
 *
 * Between two runs it remembers no more than when each site is due. At each CA
 * a bounded number of orders is in flight; who waits is served by urgency.
 */
#ifndef ACME_SCHEDULER_H
#define ACME_SCHEDULER_H

#include "acme_inventory.h"
#include "acme_ctl_request.h"
#include "acme_spec.h"
#include "acme_worker_lease.h"
#include "acme_job_cache.h"
#include "acme_worker_ctx.h"

typedef struct acme_scheduler_t acme_scheduler_t;

/**
 * @param specs, inventories as in acme_worker_config_t
 * @param parallel orders in flight per CA
 */
acme_scheduler_t *acme_scheduler_create(acme_worker_ctx_t *work,
                                        const apr_array_header_t *specs,
                                        const apr_array_header_t *inventories,
                                        acme_job_cache_t *job_cache,
                                        int parallel, apr_pool_t *p);

/** Forgets when sites are due: all of them are. */
void acme_scheduler_forget(acme_scheduler_t *scheduler);

/** When the first site is due that neither waits nor flies. */
apr_time_t acme_scheduler_due(const acme_scheduler_t *scheduler);

/** Reads what acmectl asks for: the sites that it is about are due. Only
 *  under the lease. */
void acme_ctl_queue_read(acme_scheduler_t *scheduler,
                         acme_ctl_request_dir_t *ctl_requests);

/** Whether an account is to be changed while orders of it are in flight: these
 *  have to be ended, and are gone on with after it. */
int acme_account_ops_queue_is_held(const acme_scheduler_t *scheduler);

/** Whether anything that acmectl asks of an account is left to do. */
int acme_account_ops_queue_has_work(const acme_scheduler_t *scheduler);

/** A run begins, or has ended: whatever was in flight is to be looked at
 *  again.
 *  @param p of the run; no request is under way when it is destroyed */
void acme_scheduler_begin(acme_scheduler_t *scheduler, apr_pool_t *p);
void acme_scheduler_end(acme_scheduler_t *scheduler);

/** Looks at all that are due, unless the work is to stop, and queues who has
 *  something to order. APR_EBUSY when the turn is lost. */
apr_status_t acme_scheduler_look(acme_scheduler_t *scheduler,
                                 acme_worker_lease_t *turn);

/**
 * Launches who waits, steps who flies.
 * @param waits nonzero when something is in flight or waits, or has become due
 * @return when to do it again by ourselves: a site's step, or one that is due
 */
apr_time_t acme_scheduler_step(acme_scheduler_t *scheduler, int *waits);

#endif
