/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_preflight_queue.h
 * @brief Preflights of sites: before an order, after a failed validation, and
 * once a week.
 *
 * Before the first try of an order the site waits here, as a rule for a few
 * milliseconds. The order is held back only for what is certain
 * (acme_preflight_finding.h): it is looked at again every five minutes, and
 * after an hour the CA is asked anyway, once. All else warns, and the order
 * goes. It does not wait for answers that are slow either: after
 * ACME_PREFLIGHT_QUEUE_PATIENCE it goes, and what is found later is noted.
 * Where many wait for their turn, an order goes without a preflight after that
 * time in which no other preflight has had its answers, and after a minute.
 *
 * After a failed validation the site is looked at every five minutes. When that
 * finds something else, the next try comes then. Sites whose certificate is
 * not due are looked at once a week, at a time that their names give.
 *
 * A bounded number of preflights runs at once, those before orders first. When
 * no resolver answers, sites are not looked at for a while.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_PREFLIGHT_QUEUE_H
#define ACME_PREFLIGHT_QUEUE_H

#include "acme_plan.h"
#include "acme_seal.h"
#include "acme_site_table.h"

/** The longest that an order waits for answers. */
#define ACME_PREFLIGHT_QUEUE_PATIENCE apr_time_from_sec(3)

/** Time between two looks at a site that is held back or has failed. */
#define ACME_PREFLIGHT_QUEUE_AGAIN (5 * ACME_TIME_MINUTE)

/** How long an order is held back at most. */
#define ACME_PREFLIGHT_QUEUE_HOLD ACME_TIME_HOUR

typedef struct acme_preflight_queue_t acme_preflight_queue_t;

typedef struct acme_preflight_queue_config_t {
    const acme_seal_t *seal; /**< NULL: nothing is looked at */
    int resolvers_named;     /**< as in acme_preflight_config_t */
    int http_port;
    int https_port;
} acme_preflight_queue_config_t;

acme_preflight_queue_t *
acme_preflight_queue_create(acme_site_table_t *table,
                            const acme_preflight_queue_config_t *config,
                            apr_pool_t *p);

/** Begins a run.
 *  @param prun lives until acme_preflight_queue_end(); no request is under way
 *         when it is destroyed */
void acme_preflight_queue_begin(acme_preflight_queue_t *queue,
                                apr_pool_t *prun);
void acme_preflight_queue_end(acme_preflight_queue_t *queue);

/**
 * Takes a site that was planned, and says when to look at it next. A site that
 * is about to order waits here, and is due again when it may go.
 * @return non-zero when the site waits here
 */
int acme_preflight_queue_take(acme_preflight_queue_t *queue,
                              acme_site_entry_t *site, const acme_plan_t *plan,
                              const acme_job_t *job);

/** Goes on with all preflights.
 *  @param waits set to non-zero when any is under way
 *  @return when to call it again */
apr_time_t acme_preflight_queue_step(acme_preflight_queue_t *queue, int *waits);

#endif
