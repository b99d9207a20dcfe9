/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_queue.h
 * @brief The sites that wait at a CA, which one account of ours serves.
 *
 * There is a queue for each CA and account that the configuration names; dry
 * runs add a few. A bounded number of orders runs in each queue, beside a
 * bounded number of ARI queries. Queues live as long as the worker; what waits
 * in them is of one run.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_CA_QUEUE_H
#define ACME_CA_QUEUE_H

#include "acme_admission.h"
#include "acme_ari_query.h"
#include "acme_ca_account.h"
#include "acme_plan.h"
#include "acme_site_table.h"

/** Sites that wait for the same kind of task, and how many tasks run. */
typedef struct acme_ca_queue_sites_t {
    apr_array_header_t *sites; /**< acme_site_entry_t *, of this run */
    int head;                  /**< index of the first that waits */
    int running;
    int most; /**< tasks that may run at once */
} acme_ca_queue_sites_t;

typedef struct acme_ca_queue_t {
    const acme_ca_spec_t *ca;
    const char *seed; /**< of waits that all sites of the queue share */
    acme_ca_account_t *account; /**< of this run, or NULL: see
                                     acme_ca_queue_account() */
    acme_admission_account_t admission;
    acme_ca_queue_sites_t orders;
    acme_ca_queue_sites_t ari_queries;
    acme_ari_service_t ari_service;

    /* For acme_account_ops.c. */
    apr_array_header_t *account_ops; /**< of this run, in their order */
    int next_op;                     /**< index of the first that is not over */
    apr_time_t contact_changed;      /**< when the configuration was found to
                                          have a contact that the CA does not
                                          know; else 0 */
} acme_ca_queue_t;

/** All queues of a worker. */
typedef struct acme_ca_queue_set_t {
    acme_worker_ctx_t *ctx;
    acme_admission_t *admission;
    apr_array_header_t *queues; /**< acme_ca_queue_t * */
    apr_hash_t *by_account;     /**< acme_ca_account_name() -> queue */
    int parallel;
    int most; /**< queues */
    apr_pool_t *p;
    apr_pool_t *prun; /**< of a run, or NULL */
} acme_ca_queue_set_t;

/**
 * @param parallel orders that may run at once in a queue
 * @param most queues that there may be
 */
acme_ca_queue_set_t *acme_ca_queue_set_create(acme_worker_ctx_t *ctx,
                                              acme_admission_t *admission,
                                              int parallel, int most,
                                              apr_pool_t *p);

/** Begins a run: all queues are empty.
 *  @param prun lives until acme_ca_queue_end() */
void acme_ca_queue_begin(acme_ca_queue_set_t *set, apr_pool_t *prun);
void acme_ca_queue_end(acme_ca_queue_set_t *set);

acme_ca_queue_t *acme_ca_queue_at(const acme_ca_queue_set_t *set, int i);

/** Returns the queue of a CA and account, made if there is none yet; NULL when
 *  there are too many.
 *  @param spec, ca live as long as the set */
acme_ca_queue_t *acme_ca_queue_make(acme_ca_queue_set_t *set,
                                    const acme_spec_t *spec,
                                    const acme_ca_spec_t *ca);

/** Returns the number of CAs that a site may order from. */
int acme_ca_queue_count_cas(const acme_spec_t *spec);

/** Returns the queues of all CAs of a site, in their order. */
acme_ca_queue_t **acme_ca_queue_make_all(acme_ca_queue_set_t *set,
                                         const acme_spec_t *spec);

/** Returns the queue of the account of that name (acme_ca_account_name()), or
 *  NULL. */
acme_ca_queue_t *acme_ca_queue_find(const acme_ca_queue_set_t *set,
                                    const char *account);

/** Returns a queue at the CA with that directory, or NULL. */
acme_ca_queue_t *acme_ca_queue_find_url(const acme_ca_queue_set_t *set,
                                        const char *ca_url);

/** Returns the queue where a site's plan is carried out: an ARI query at the CA
 *  that issued the certificate, an order at the CA that the job has come to. */
acme_ca_queue_t *acme_ca_queue_of(const acme_site_entry_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job, apr_pool_t *p);

/** Queues a site if its plan is an order or an ARI query. Returns zero when it
 *  is neither. */
int acme_ca_queue_enter(const acme_ca_queue_set_t *set, acme_site_entry_t *site,
                        const acme_plan_t *plan, const acme_job_t *job,
                        apr_pool_t *p);

/** Sorts the orders that wait: sites without a certificate first, then by
 *  expiry. */
void acme_ca_queue_sort(const acme_ca_queue_set_t *set);

/** Returns the account of the queue in this run, made when it is needed
 *  first. */
acme_ca_account_t *acme_ca_queue_account(acme_ca_queue_set_t *set,
                                         acme_ca_queue_t *queue);

/** Returns non-zero while an operation on the account waits or runs: no order
 *  may begin before it is over. */
int acme_ca_queue_is_held(const acme_ca_queue_t *queue);

/** Returns non-zero when any queue is held. */
int acme_ca_queue_any_is_held(const acme_ca_queue_set_t *set);

/** Returns non-zero when a queue is held while orders run in it. */
int acme_ca_queue_must_stop(const acme_ca_queue_set_t *set);

/** Goes on with requests that wait for the CAs' limits of requests. Returns
 *  when to do it again; ACME_SCHEDULE_NEVER when no request waits. */
apr_time_t acme_ca_queue_step_clients(const acme_ca_queue_set_t *set);

#endif
