/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status_state.h
 * @brief The state of one site, judged from its spec, inventory and job before
 * acme_status.h and acme_metrics.h print it.
 *
 * Pure: reads no store and no clock. What is returned belongs to the pool of
 * the call, or to the arguments.
 */
#ifndef ACME_STATUS_STATE_H
#define ACME_STATUS_STATE_H

#include "acme_expiry.h"
#include "acme_plan.h"

/** mod_md's numbers of `state`. Its 3 (expired) is not used, because an expired
 *  certificate is an error. */
typedef enum {
    ACME_STATUS_UNKNOWN = 0,
    ACME_STATUS_INCOMPLETE = 1,
    ACME_STATUS_COMPLETE = 2,
    ACME_STATUS_ERROR = 4,
    ACME_STATUS_MISSING_INFORMATION = 5
} acme_status_state_e;

/** The view of a site: the first four members are given, acme_status_state()
 *  fills in the others. */
typedef struct acme_status_view_t {
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    const acme_job_t *job; /**< NULL: not known */
    apr_time_t now;

    acme_plan_t plan;
    apr_time_t renew_at; /**< when the renewal is due, or 0 */
    acme_status_state_e state;
    const char *descr;    /**< what is wrong, for people, or NULL */
    acme_expiry_e expiry; /**< of the certificate that is served */
    int renew; /**< nonzero: a certificate is being obtained, or due */
} acme_status_view_t;

/** Numbers of sites, for summaries. */
typedef struct acme_status_counts_t {
    int total;
    int ok;       /**< complete, and not expired */
    int renew;    /**< a certificate is being obtained, or due */
    int errored;  /**< failed last time, or the inventory has a problem */
    int ready;    /**< a new certificate waits for a restart */
    int expiring; /**< near the end, or expired */
} acme_status_counts_t;

/** Values of a site that acme_metrics.h prints: numbers, or seconds since
 *  1970. */
typedef enum {
    ACME_STATUS_GAUGE_STATE,
    ACME_STATUS_GAUGE_RENEW,
    ACME_STATUS_GAUGE_READY,
    ACME_STATUS_GAUGE_EXPIRING,
    ACME_STATUS_GAUGE_FAILURES,
    ACME_STATUS_GAUGE_NOT_BEFORE,
    ACME_STATUS_GAUGE_NOT_AFTER,
    ACME_STATUS_GAUGE_RENEW_AT,
    ACME_STATUS_GAUGE_LAST_RUN,
    ACME_STATUS_GAUGE_NEXT_RUN,
    ACME_STATUS_GAUGE_HINDERED,
    ACME_STATUS_GAUGE_PREFLIGHT,
    ACME_STATUS_GAUGE_LEVEL,
    ACME_STATUS_GAUGE_ATTENTION,
    ACME_STATUS_GAUGES
} acme_status_gauge_e;

/** Stands for a value that is not known. */
#define ACME_STATUS_GAUGE_NONE APR_INT64_MIN

/** Returns mod_md's name of a kind of key: "rsa", or the curve. */
const char *acme_status_state_key_type(const char *key_type);

/** Judges a site: fills in the view from its first four members. */
void acme_status_state(acme_status_view_t *view, apr_pool_t *p);

/** Returns the certificate that the site serves, or NULL when it has none or
 *  its file was not read. */
const acme_cert_info_t *
acme_status_state_served(const acme_status_view_t *view);

/** Returns the CA's renewal information about the live certificate, or NULL
 *  when there is none, or it does not count. */
const acme_ari_t *acme_status_state_ari(const acme_status_view_t *view);

/** Returns non-zero when view->plan.at is the time of the site's next run. */
int acme_status_state_is_scheduled(const acme_status_view_t *view);

/** Returns non-zero when a certificate waits for activation, and this start has
 *  not decided about it. */
int acme_status_state_is_ready(const acme_status_view_t *view);

/** Returns the number of failures since something last went well. A certificate
 *  that waits for activation counts as well, although the job keeps its
 *  failures for the backoff of the next order.
 *  @param job NULL: not known, 0 is returned */
int acme_status_state_errors(const acme_job_t *job);

/** Returns why a revoked certificate is still served, or no longer, for
 *  `state-descr` and the log; NULL when the site's certificate is not revoked.
 *  @param job NULL: not known */
const char *acme_status_state_revoked(const acme_spec_t *spec,
                                      const acme_inventory_t *inventory,
                                      const acme_job_t *job, apr_pool_t *p);

/** Adds a judged site to the numbers. */
void acme_status_state_count(acme_status_counts_t *counts,
                             const acme_status_view_t *view);

/** Gives the values of a judged site, but for those of acme_judgement.h.
 *  @param values ACME_STATUS_GAUGES of them */
void acme_status_state_gauges(apr_int64_t *values,
                              const acme_status_view_t *view);

#endif
