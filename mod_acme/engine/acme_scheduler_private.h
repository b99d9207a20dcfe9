/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_scheduler_private.h
 * @brief What the files of the fleet share.
 */
#ifndef ACME_SCHEDULER_PRIVATE_H
#define ACME_SCHEDULER_PRIVATE_H

#include <apr_hash.h>

#include "acme_ratelimit.h"
#include "acme_client.h"
#include "acme_ca_account.h"
#include "acme_ratelimit_pause.h"
#include "acme_ari_query.h"
#include "acme_account_ops.h"
#include "acme_site_check.h"
#include "acme_revoker.h"

/* Sites that wait for their turn, and how many have it. */
typedef struct acme_ca_queue_sites_t {
    apr_array_header_t *sites; /* acme_scheduler_site_t *, of this run */
    int head;                  /* who is next */
    int flying;
    int most; /* in flight */
} acme_ca_queue_sites_t;

/* A CA, whoever we are there. */
typedef struct acme_admission_ca_t {
    const char *url;
    acme_ratelimit_t *budget; /* NULL: nothing is known of its limits */
    acme_ratelimit_pause_t *pause;
    acme_client_share_t *shared;
} acme_admission_ca_t;

/* A CA, as one contact sees it, and the sites that wait for it. */
typedef struct acme_ca_queue_t {
    const acme_ca_spec_t *ca;
    const char *seed;
    acme_ca_account_t *ca_account; /* of this run, or NULL */
    acme_ca_queue_sites_t orders;
    acme_ca_queue_sites_t ari_queries;
    acme_ari_service_t ari_service;
    apr_array_header_t *errands; /* acme_account_op_t *, of this run */
    int errand;                  /* which one is next */
    apr_time_t contact;      /* its account has another one, seen then; or 0 */
    acme_admission_ca_t *at; /* that its CA's lanes share */
    int held;                /* a site waits for it, which was said */
    int asking;              /* orders in flight that the CA has not made yet */
    int probe_limit;         /* most of these, since it refused some; 0: any */
} acme_ca_queue_t;

typedef struct acme_task_t acme_task_t;

typedef struct acme_scheduler_site_t {
    acme_site_check_t known;
    acme_ca_queue_t **ca_queues; /* of each of its CAs */
    apr_time_t say_at; /* when its certificate may have to be warned about */
    int index;         /* of its spec; -1: one for another machine */
} acme_scheduler_site_t;

struct acme_scheduler_t {
    acme_worker_ctx_t *work;
    apr_pool_t *p;
    acme_scheduler_site_t **sites;
    int n_sites;
    apr_hash_t *by_name; /* name -> acme_scheduler_site_t * */
    acme_ca_queue_t **ca_queues;
    int n_ca_queues;
    int most_ca_queues;
    apr_hash_t *ca_queue_by_name;
    apr_pool_t *prequests;
    acme_revoker_t *revokes;
    int parallel;
    apr_array_header_t *cas; /* acme_admission_ca_t * */

    /* Of one run. */
    apr_pool_t *prun;
    apr_array_header_t *tasks; /* acme_task_t *, on their way */
    apr_time_t look_at;        /* when the next site is due */
    int complained;            /* the store's failure is in the log */
    int surveyed;              /* the accounts; of this process */
};

apr_time_t acme_scheduler_now(const acme_scheduler_t *scheduler);

/** Where it does what is planned: an order at the CA whose turn it is, a
 *  question at the one that knows the certificate. */
acme_ca_queue_t *acme_ca_queue_of(const acme_scheduler_site_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job, apr_pool_t *p);

/** The store makes looks fail: all sites come back together, and one message
 *  is enough. */
void acme_scheduler_store_failed(acme_scheduler_t *scheduler,
                                 acme_scheduler_site_t *site,
                                 const acme_problem_t *problem,
                                 apr_pool_t *ptemp);

/** When it is to be looked at again: never at once, whatever the plan is. */
void acme_scheduler_rest(acme_scheduler_t *scheduler,
                         acme_scheduler_site_t *site, const acme_plan_t *plan);

/** Says that what is staged for it must not wait. */
void acme_scheduler_notify_urgent(const acme_scheduler_t *scheduler,
                                  const acme_scheduler_site_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job);

/** Of those that wait, as many as may be in flight; how many still wait. */
int acme_task_start_some(acme_scheduler_t *scheduler);

/** Goes on with all that are in flight; when one of them has something to do
 *  by itself. */
apr_time_t acme_task_step(acme_scheduler_t *scheduler);

/** Who we are at a lane's CA in this run. */
acme_ca_account_t *acme_ca_queue_account(acme_scheduler_t *scheduler,
                                         acme_ca_queue_t *ca_queue);

/** The job of a site that is in flight, or NULL. */
acme_job_t *acme_task_job(const acme_scheduler_t *scheduler,
                          const acme_scheduler_site_t *site);

/** Revocations, with what they ask of this fleet. */
acme_revoker_t *acme_revoker_sites_create(acme_scheduler_t *scheduler);

/** One that acmectl asks for, unless it is done or waits already. */
void acme_account_ops_queue_take(acme_scheduler_t *scheduler,
                                 const acme_ctl_request_t *request);

/** Notes which accounts the configuration gives another contact. Only under
 *  the lease; once in a process. */
void acme_account_ops_queue_survey(acme_scheduler_t *scheduler);

/** Goes on with them; how many are left. */
int acme_account_ops_queue_step(acme_scheduler_t *scheduler);

/** Whether no order may be launched there before the next one is done. */
int acme_ca_queue_is_held(const acme_ca_queue_t *ca_queue);

/** The lane of a CA, made where there is none yet; NULL when there are too
 *  many. */
acme_ca_queue_t *acme_ca_queue_make(struct acme_scheduler_t *scheduler,
                                    const acme_spec_t *spec,
                                    const acme_ca_spec_t *ca);

/** Nothing of it is under way. */
void acme_ca_queue_begin(acme_ca_queue_t *ca_queue, apr_pool_t *p);

/** The site of a dry run beside `of`; NULL: the request makes no sense. */
acme_scheduler_site_t *
acme_ctl_queue_dry_site(struct acme_scheduler_t *scheduler,
                        const acme_scheduler_site_t *of,
                        const acme_ctl_request_t *request);

/** A CA that is used from now on, with the limits of a configuration of it. */
acme_admission_ca_t *acme_admission_create(struct acme_scheduler_t *scheduler,
                                           const acme_ca_spec_t *ca);

/** Reads the ledgers. */
void acme_admission_begin(struct acme_scheduler_t *scheduler);

/** 0: its order may be made, and is counted. Else when; its job says so.
 *  @param exempt the CA has asked for it: what is known of the limits does not
 *         hold it, but what the CA has said does */
apr_time_t acme_admission_hold(struct acme_scheduler_t *scheduler,
                               acme_ca_queue_t *ca_queue,
                               const acme_scheduler_site_t *site,
                               acme_job_t *job, int exempt, apr_pool_t *p);

/** One that was exempt counts after all: the CA has not made it for what it
 *  replaces. */
void acme_admission_count(struct acme_scheduler_t *scheduler,
                          acme_ca_queue_t *ca_queue,
                          const acme_scheduler_site_t *site,
                          const acme_job_t *job, apr_pool_t *p);

/** The CA has made an order: it takes more of them. */
void acme_admission_made(const struct acme_scheduler_t *scheduler,
                         acme_ca_queue_t *ca_queue);

/** What became of one that was counted, now or by a run before, and what the
 *  CA has said of others.
 *  @param made the CA has made it
 *  @param counted now */
void acme_admission_finish(struct acme_scheduler_t *scheduler,
                           acme_ca_queue_t *ca_queue,
                           const acme_scheduler_site_t *site,
                           const acme_job_t *job, int made, int counted,
                           int exempt, apr_pool_t *p);

/** Writes the ledgers, where they have changed. */
void acme_admission_save(struct acme_scheduler_t *scheduler);

#endif
