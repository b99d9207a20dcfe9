/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site_check.h
 * @brief A look at one site, under the lease: reads its job, does what needs
 * no CA, and says what is left to do.
 */
#ifndef ACME_SITE_CHECK_H
#define ACME_SITE_CHECK_H

#include "acme_ctl_request.h"
#include "acme_plan.h"
#include "acme_job_cache.h"
#include "acme_worker_ctx.h"

/** What the engine remembers of a site between two looks. */
typedef struct acme_site_check_t {
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    apr_time_t next;   /**< of the next look; ACME_SCHEDULE_NEVER */
    apr_time_t queued; /**< since when it waits to order, or 0 */
    int looked_at;     /**< looked at by this process before */
    int flying;        /**< its order is in flight */
    const acme_ctl_request_t
        *request;                /**< the last that came for it, or NULL */
    int unseen;                  /**< and nobody has looked at it yet */
    int store_failures;          /**< looks in a row that the store made fail */
    acme_job_cache_t *job_cache; /**< where its job is remembered, or NULL */
} acme_site_check_t;

/**
 * Settles what root has decided, finds what an accident left behind, drops
 * what is not wanted any more, and plans.
 * @param job as it is now, in p; without its log where nothing is to be done
 * @return what the store said
 */
apr_status_t acme_site_check(acme_plan_t *plan, acme_job_t **job,
                             acme_site_check_t *site, acme_worker_ctx_t *work,
                             acme_problem_t *problem, apr_pool_t *p);

#endif
