/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_scheduler.h
 * @brief All that a worker does in a run: checks the sites that are due, queues
 * those that need the CA, runs their tasks, and serves acmectl.
 *
 * Between two runs it remembers no more than when each site is due. At each CA
 * a bounded number of orders runs; the others wait, the most urgent first.
 *
 * The work is done by other units, each in its header: sites in
 * acme_site_table.h and acme_site_check.h, queues in acme_ca_queue.h, rate
 * limits in acme_admission.h, orders and ARI queries in acme_task.h,
 * revocations in acme_revoker.h, accounts in acme_account_ops.h, requests of
 * acmectl in acme_ctl_queue.h.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_SCHEDULER_H
#define ACME_SCHEDULER_H

#include "acme_ctl_request.h"
#include "acme_job_cache.h"
#include "acme_preflight_queue.h"
#include "acme_worker_ctx.h"
#include "acme_worker_lease.h"

typedef struct acme_scheduler_t acme_scheduler_t;

/**
 * @param certs, job_cache, preflight as in acme_worker_config_t
 * @param parallel orders that may run at once per CA
 */
acme_scheduler_t *
acme_scheduler_create(acme_worker_ctx_t *ctx, const apr_array_header_t *certs,
                      acme_job_cache_t *job_cache,
                      const acme_preflight_queue_config_t *preflight,
                      int parallel, apr_pool_t *p);

/** Makes all sites due. */
void acme_scheduler_forget(acme_scheduler_t *scheduler);

/** Returns when something is due that neither waits nor runs;
 *  ACME_SCHEDULE_NEVER when nothing is. */
apr_time_t acme_scheduler_due(const acme_scheduler_t *scheduler);

/** Begins a run.
 *  @param prun lives until acme_scheduler_end(); no request is under way when
 *         it is destroyed */
void acme_scheduler_begin(acme_scheduler_t *scheduler, apr_pool_t *prun);

/** Ends a run: all sites are due that waited or ran. */
void acme_scheduler_end(acme_scheduler_t *scheduler);

/** Reads the requests of acmectl: the sites that they are about are due. Only
 *  under the lease. */
void acme_scheduler_read_requests(acme_scheduler_t *scheduler,
                                  acme_ctl_request_dir_t *ctl_requests);

/** Returns non-zero when an account is to be changed while orders of it run:
 *  the run has to end, because the orders go on after the change. */
int acme_scheduler_must_stop(const acme_scheduler_t *scheduler);

/** Returns non-zero when operations on accounts, asked for by acmectl, are
 *  left. */
int acme_scheduler_has_account_ops(const acme_scheduler_t *scheduler);

/** Checks all sites that are due, and queues those that need the CA; ends early
 *  when the worker is to stop. Returns APR_EBUSY when the lease is lost. */
apr_status_t acme_scheduler_check(acme_scheduler_t *scheduler,
                                  acme_worker_lease_t *lease);

/**
 * Starts queued sites, and steps the running tasks and all else.
 * @param waits non-zero when something runs, waits or has become due
 * @return when to step again, even if nothing comes in before
 */
apr_time_t acme_scheduler_step(acme_scheduler_t *scheduler, int *waits);

#endif
