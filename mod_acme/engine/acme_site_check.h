/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site_check.h
 * @brief Checks one site, under the lease: reads its job, does what needs no
 * CA, and says what is left to do.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_SITE_CHECK_H
#define ACME_SITE_CHECK_H

#include "acme_ctl_request.h"
#include "acme_job_cache.h"
#include "acme_plan.h"
#include "acme_worker_ctx.h"

/** A site, as the worker remembers it between two checks. */
typedef struct acme_site_check_t {
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    apr_time_t next;   /**< of the next check; ACME_SCHEDULE_NEVER */
    apr_time_t queued; /**< since when it waits to order, or 0 */
    int was_checked;   /**< by this process */
    int running;       /**< its task runs */
    const acme_ctl_request_t *request; /**< the last for it, or NULL */
    int request_is_new;                /**< no check has taken it yet */
    int store_failures;          /**< checks in a row that the store failed */
    apr_time_t failed_request;   /**< `when` of the request at the last one of
                                      these, or 0 */
    acme_job_cache_t *job_cache; /**< of its job, or NULL */
} acme_site_check_t;

/**
 * Settles what root has decided, finds what an accident has left behind, drops
 * what is not wanted any more, and plans.
 * @param job after the check, in p; without its log if nothing is to be done
 * @return APR_SUCCESS, or the failure of the store
 */
apr_status_t acme_site_check(acme_plan_t *plan, acme_job_t **job,
                             acme_site_check_t *site, acme_worker_ctx_t *ctx,
                             acme_problem_t *problem, apr_pool_t *p);

#endif
