/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status.h
 * @brief What is known of the sites, as JSON (see docs/status).
 *
 * Member names and forms are mod_md's md-status where the meaning is the same.
 * Reads jobs from the vault, nothing else; never blocks on a lock.
 */
#ifndef ACME_STATUS_H
#define ACME_STATUS_H

#include "acme_plan.h"

/** State of restarts, as the parent's activator leaves it. */
typedef struct acme_activation_view_t {
    const char *mode;    /**< "graceful" or "manual" */
    int pending;         /**< sites that wait for it */
    const char *blocked; /**< why no restart is made, or NULL */
    apr_time_t next;     /**< of the next restart wanted, or 0 */
    int generation;      /**< of the server */
} acme_activation_view_t;

/** Counts for the summary line of server-status. */
typedef struct acme_status_counts_t {
    int total, ok, renew, errored, ready, expiring;
} acme_status_counts_t;

/** What acme_metrics.h tells of a site: numbers, or times in seconds. */
typedef enum {
    ACME_GAUGE_STATE,
    ACME_GAUGE_RENEW,
    ACME_GAUGE_READY,
    ACME_GAUGE_EXPIRING,
    ACME_GAUGE_FAILURES,
    ACME_GAUGE_NOT_BEFORE,
    ACME_GAUGE_NOT_AFTER,
    ACME_GAUGE_RENEW_AT,
    ACME_GAUGE_LAST_RUN,
    ACME_GAUGE_NEXT_RUN,
    ACME_GAUGES
} acme_gauge_e;

/** Where there is none. */
#define ACME_GAUGE_NONE APR_INT64_MIN

/** @param values ACME_GAUGES of them
 *  @param job or NULL: not known */
void acme_status_state_gauges(apr_int64_t *values, const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              const acme_job_t *job, apr_time_t now,
                              acme_status_counts_t *counts, apr_pool_t *ptemp);

/** One site. */
acme_json_t *acme_status_site(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              acme_vault_t *vault, apr_time_t now,
                              acme_status_counts_t *counts, apr_pool_t *p);

/** One site among many: without its log.
 *  @param job or NULL: it is loaded */
acme_json_t *acme_status_brief(const acme_spec_t *spec,
                               const acme_inventory_t *inventory,
                               const acme_job_t *job, acme_vault_t *vault,
                               apr_time_t now, acme_status_counts_t *counts,
                               apr_pool_t *p);

/** What is said beside the sites: {"version", "unusable", "activation"}. */
acme_json_t *acme_status_frame(const char *unusable,
                               const acme_activation_view_t *activation,
                               apr_pool_t *p);

/** All sites: {"version", "managed-domains": [...], "activation": {...}}.
 *  @param vault NULL when the store is of no use: jobs are left out
 *  @param unusable why it is of no use, or NULL */
acme_json_t *acme_status_all(const apr_array_header_t *specs,
                             const apr_array_header_t *inventories,
                             acme_vault_t *vault, const char *unusable,
                             const acme_activation_view_t *activation,
                             apr_time_t now, apr_pool_t *p);

#endif
