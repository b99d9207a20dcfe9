/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site_table.h
 * @brief All sites of a worker, and when each of them is due.
 *
 * A site is due when it has to be checked (acme_site_check.h). The table lives
 * as long as the worker. It begins with the sites of the configuration, in the
 * order of their specs; sites that acmectl asks for are added: orders for
 * another machine, and dry runs.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_SITE_TABLE_H
#define ACME_SITE_TABLE_H

#include <apr_hash.h>

#include "acme_site_check.h"

struct acme_ca_queue_t;

/** The preflight of a site (acme_preflight_queue.h). */
typedef enum {
    ACME_SITE_LOOK_NONE,
    ACME_SITE_LOOK,        /**< one waits or runs */
    ACME_SITE_LOOK_AWAITED /**< an order waits for it */
} acme_site_look_e;

/** A site. */
typedef struct acme_site_entry_t {
    acme_site_check_t check;
    struct acme_ca_queue_t **ca_queues; /**< by index of the site's CAs */
    acme_job_t *running_job; /**< of its running task (acme_task.h), or NULL */
    apr_time_t warn_at;      /**< when a warning about its certificate may be
                                  due */
    acme_site_look_e looking;
    apr_time_t looked;  /**< when its last preflight has ended, or 0 */
    apr_time_t look_at; /**< of its next one; 0: not known */
    int index;          /**< of its spec; -1: added for acmectl */
} acme_site_entry_t;

typedef struct acme_site_table_t {
    acme_worker_ctx_t *ctx;
    apr_pool_t *p;
    apr_array_header_t *sites; /**< acme_site_entry_t * */
    apr_hash_t *by_name;       /**< name -> acme_site_entry_t * */

    /* Set in a run. */
    apr_time_t next_due;      /**< no site is due before that */
    int store_failure_logged; /**< the log has a failure of the store */
} acme_site_table_t;

/**
 * @param certs, job_cache as in acme_worker_config_t; they live as long as p
 */
acme_site_table_t *acme_site_table_create(acme_worker_ctx_t *ctx,
                                          const apr_array_header_t *certs,
                                          acme_job_cache_t *job_cache,
                                          apr_pool_t *p);

acme_site_entry_t *acme_site_table_at(const acme_site_table_t *table, int i);

/** Returns the site of that name, or NULL. */
acme_site_entry_t *acme_site_table_find(const acme_site_table_t *table,
                                        const char *name);

/** Adds a site that has nothing yet; the caller sets its spec and its queues.
 *  @param name lives as long as the table */
acme_site_entry_t *acme_site_table_add(acme_site_table_t *table,
                                       const char *name);

/** The time of the worker's clock. */
apr_time_t acme_site_table_now(const acme_site_table_t *table);

/** Begins a run. */
void acme_site_table_begin(acme_site_table_t *table);

/** Ends a run: makes all sites due that wait or run, because their tasks are
 *  gone. */
void acme_site_table_end(acme_site_table_t *table);

/** Makes all sites due. */
void acme_site_table_forget(acme_site_table_t *table);

/** Returns non-zero when the site is due and neither waits nor runs. */
int acme_site_table_is_due(const acme_site_entry_t *site, apr_time_t now);

/** Returns when the first site is due that neither waits nor runs;
 *  ACME_SCHEDULE_NEVER when there is none. */
apr_time_t acme_site_table_due(const acme_site_table_t *table);

/** Makes the site due at that time. */
void acme_site_table_set_due(acme_site_table_t *table, acme_site_entry_t *site,
                             apr_time_t at);

/** Makes the site due when its plan says so, but no sooner than in a minute,
 *  because a plan must not be able to keep the worker busy. A request that came
 *  meanwhile makes it due at once. */
void acme_site_table_rest(acme_site_table_t *table, acme_site_entry_t *site,
                          const acme_plan_t *plan);

/** Takes a failure of the store while the site was checked: the site is due
 *  after a growing wait, the same for all sites. Logs the first failure of a
 *  run, because one message is enough for all sites. */
void acme_site_table_store_failed(acme_site_table_t *table,
                                  acme_site_entry_t *site,
                                  const acme_problem_t *problem,
                                  apr_pool_t *ptemp);

/** Asks the worker's host whether root has made another certificate of the site
 *  live since; call it before the site is checked. */
void acme_site_table_look_again(const acme_site_table_t *table,
                                acme_site_entry_t *site);

/**
 * Tells the worker's host of a certificate that is staged, if the plan is to
 * wait for root: children may serve it with no restart, which is noted in the
 * job; else, and where a revoked one is served, the host is told when it must
 * not wait for others. A site whose certificate children serve is checked again
 * soon, because root makes it live meanwhile.
 */
void acme_site_table_staged(const acme_site_table_t *table,
                            const acme_site_entry_t *site, acme_plan_t *plan,
                            acme_job_t *job, apr_pool_t *ptemp);

#endif
