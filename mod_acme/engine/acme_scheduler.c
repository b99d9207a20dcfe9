/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_scheduler.h"

#include <stdlib.h>
#include <string.h>

#include <apr_atomic.h>

#include "acme_expiry.h"
#include "acme_scheduler_private.h"
#include "acme_schedule.h"

/* The longest a site is left alone because the store has failed. */
#define STORE_WAIT ACME_TIME_HOUR

/* Looks between two looks at the lease. */
#define LOOKS_PER_LEASE 64

apr_time_t acme_scheduler_now(const acme_scheduler_t *scheduler)
{
    return acme_time_now(scheduler->work->clock);
}

acme_ca_queue_t *acme_ca_queue_of(const acme_scheduler_site_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job, apr_pool_t *p)
{
    const acme_spec_t *spec = site->known.spec;

    return site
        ->ca_queues[plan->what == ACME_PLAN_ASK ? acme_spec_find_ca(
                        spec, site->known.inventory->live->ca_url)
                                                : acme_job_ca(job, spec, p)];
}

void acme_scheduler_forget(acme_scheduler_t *scheduler)
{
    int i;

    for (i = 0; i < scheduler->n_sites; ++i) {
        scheduler->sites[i]->known.next = 0;
        scheduler->sites[i]->known.store_failures = 0;
    }
}

void acme_scheduler_begin(acme_scheduler_t *scheduler, apr_pool_t *p)
{
    int i;

    scheduler->prun = p;
    scheduler->complained = 0;
    scheduler->look_at = 0;
    scheduler->tasks = apr_array_make(p, 8, sizeof(acme_task_t *));
    acme_admission_begin(scheduler);
    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        acme_ca_queue_begin(scheduler->ca_queues[i], p);
    }
    acme_revoker_begin(scheduler->revokes, p);
}

void acme_scheduler_end(acme_scheduler_t *scheduler)
{
    acme_scheduler_site_t *site;
    int i;

    for (i = 0; i < scheduler->n_sites; ++i) {
        site = scheduler->sites[i];
        if (site->known.flying || site->known.queued) {
            site->known.flying = 0;
            site->known.queued = 0;
            site->known.next = 0;
        }
    }
    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        scheduler->ca_queues[i]->ca_account = NULL;
        scheduler->ca_queues[i]->orders.sites = NULL;
        scheduler->ca_queues[i]->ari_queries.sites = NULL;
        scheduler->ca_queues[i]->errands = NULL;
    }
    acme_revoker_end(scheduler->revokes);
    scheduler->tasks = NULL;
    scheduler->prun = NULL;
}

void acme_scheduler_store_failed(acme_scheduler_t *scheduler,
                                 acme_scheduler_site_t *site,
                                 const acme_problem_t *problem,
                                 apr_pool_t *ptemp)
{
    apr_interval_time_t wait;

    ++site->known.store_failures;
    wait = acme_schedule_backoff(site->known.store_failures, ACME_TIME_MINUTE,
                                 "store");
    if (wait > STORE_WAIT) {
        wait = STORE_WAIT;
    }
    site->known.next = acme_scheduler_now(scheduler) + wait;
    site->say_at = site->known.next;
    acme_log(scheduler->work->log,
             scheduler->complained ? ACME_LOG_DEBUG : ACME_LOG_WARNING,
             problem->rv, ACME_TAG(0310) "%s: %s; looking again in %s",
             site->known.spec->name, acme_problem_text(problem, ptemp),
             acme_time_print_duration(wait, ptemp));
    scheduler->complained = 1;
}

void acme_scheduler_rest(acme_scheduler_t *scheduler,
                         acme_scheduler_site_t *site, const acme_plan_t *plan)
{
    apr_time_t now = acme_scheduler_now(scheduler);

    site->known.store_failures = 0;
    site->known.next = plan->at > now ? plan->at : now + ACME_TIME_MINUTE;
    /* One that came while its order was in flight. */
    if (site->known.unseen) {
        site->known.next = now;
    }
    if (site->known.next < scheduler->look_at) {
        scheduler->look_at = site->known.next;
    }
}

void acme_scheduler_notify_urgent(const acme_scheduler_t *scheduler,
                                  const acme_scheduler_site_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job)
{
    if (plan->what == ACME_PLAN_STAGED && job->urgent && scheduler->work->urgent
        && site->index >= 0) {
        scheduler->work->urgent(scheduler->work->urgent_baton, site->index);
    }
}

/* Zero: it has nothing to do at the CA. */
static int enqueue(acme_scheduler_t *scheduler, acme_scheduler_site_t *site,
                   const acme_plan_t *plan, const acme_job_t *job,
                   apr_pool_t *p)
{
    acme_ca_queue_sites_t *queue;
    acme_ca_queue_t *ca_queue;

    if (plan->what != ACME_PLAN_ORDER && plan->what != ACME_PLAN_ASK) {
        return 0;
    }
    ca_queue = acme_ca_queue_of(site, plan, job, p);
    queue = plan->what == ACME_PLAN_ASK ? &ca_queue->ari_queries
                                        : &ca_queue->orders;
    site->known.queued = acme_scheduler_now(scheduler);
    APR_ARRAY_PUSH(queue->sites, acme_scheduler_site_t *) = site;
    return 1;
}

/* Who serves nothing of ours comes first, then who expires first. */
static apr_time_t urgency(const acme_scheduler_site_t *site)
{
    const acme_certstore_cert_t *live = site->known.inventory->live;

    return live ? live->info->not_after : 0;
}

static int by_urgency(const void *a, const void *b)
{
    const acme_scheduler_site_t *left = *(acme_scheduler_site_t *const *)a;
    const acme_scheduler_site_t *right = *(acme_scheduler_site_t *const *)b;
    apr_time_t l = urgency(left), r = urgency(right);

    if (l != r) {
        return l < r ? -1 : 1;
    }
    return left < right ? -1 : left > right;
}

/* One that nears its end is warned about, unless it is about to be renewed. */
static void watch(acme_scheduler_t *scheduler, acme_scheduler_site_t *site,
                  const acme_plan_t *plan, const acme_job_t *job, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = site->known.spec;
    const acme_inventory_t *inventory = site->known.inventory;
    apr_time_t now = acme_scheduler_now(scheduler);
    int tried = job->errors > 0 || plan->what != ACME_PLAN_ORDER;
    const char *text;
    acme_expiry_e how;
    acme_job_t *whole;

    site->say_at = acme_expiry_next(spec, inventory, job, now);
    how = acme_expiry(&text, spec, inventory, job, now, p);
    /* The one that was planned with may have been remembered in part. */
    if (how == ACME_EXPIRY_FAR || !tried
        || acme_job_load(&whole, scheduler->work->vault, spec->name, &problem,
                         p)
               != APR_SUCCESS
        || acme_job_warned(whole, inventory->live->info->fingerprint,
                           how == ACME_EXPIRY_OVER)) {
        return;
    }
    if (how == ACME_EXPIRY_OVER) {
        acme_log(scheduler->work->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0897) "%s: the certificate that it serves has %s",
                 spec->name, text);
    }
    else {
        acme_log(scheduler->work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0896) "%s: the certificate that it serves %s",
                 spec->name, text);
    }
    /* Where it cannot be saved, the next look says it again. */
    (void)acme_job_save(whole, scheduler->work->vault, ACME_STORE_LAZY,
                        &problem, p);
}

static void look(acme_scheduler_t *scheduler, acme_scheduler_site_t *site,
                 apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_plan_t plan;
    acme_job_t *job;

    if (acme_site_check(&plan, &job, &site->known, scheduler->work, &problem, p)
        != APR_SUCCESS) {
        acme_scheduler_store_failed(scheduler, site, &problem, p);
        return;
    }
    acme_log(scheduler->work->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0311) "%s: %s: %s", site->known.spec->name,
             acme_plan_name(plan.what), plan.reason);
    if (plan.warning) {
        acme_log(scheduler->work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0349) "%s: %s", site->known.spec->name, plan.warning);
    }
    watch(scheduler, site, &plan, job, p);
    acme_scheduler_notify_urgent(scheduler, site, &plan, job);
    if (!enqueue(scheduler, site, &plan, job, p)) {
        acme_scheduler_rest(scheduler, site, &plan);
    }
}

/* When it is looked at next. */
static apr_time_t when(const acme_scheduler_site_t *site)
{
    return site->say_at < site->known.next ? site->say_at : site->known.next;
}

static int is_due(const acme_scheduler_site_t *site, apr_time_t now)
{
    return !site->known.flying && !site->known.queued && when(site) <= now;
}

static apr_time_t sites_due(const acme_scheduler_t *scheduler)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;
    const acme_scheduler_site_t *site;
    int i;

    for (i = 0; i < scheduler->n_sites; ++i) {
        site = scheduler->sites[i];
        if (!site->known.flying && !site->known.queued && when(site) < at) {
            at = when(site);
        }
    }
    return at;
}

apr_time_t acme_scheduler_due(const acme_scheduler_t *scheduler)
{
    apr_time_t at = acme_revoker_due(scheduler->revokes);
    apr_time_t site = sites_due(scheduler);

    return site < at ? site : at;
}

apr_status_t acme_scheduler_look(acme_scheduler_t *scheduler,
                                 acme_worker_lease_t *turn)
{
    apr_time_t now = acme_scheduler_now(scheduler);
    apr_status_t rv = APR_SUCCESS;
    acme_ca_queue_t *ca_queue;
    apr_pool_t *p;
    int i, looks = 0;

    acme_account_ops_queue_survey(scheduler);
    if (scheduler->look_at > now) {
        return APR_SUCCESS;
    }
    apr_pool_create(&p, scheduler->prun);
    for (i = 0; i < scheduler->n_sites && rv == APR_SUCCESS; ++i) {
        if (!is_due(scheduler->sites[i], now)) {
            continue;
        }
        if (apr_atomic_read32(&scheduler->work->stop)) {
            break;
        }
        apr_pool_clear(p);
        look(scheduler, scheduler->sites[i], p);
        if (++looks % LOOKS_PER_LEASE == 0) {
            rv = acme_worker_lease_renew(turn);
        }
    }
    apr_pool_destroy(p);
    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        ca_queue = scheduler->ca_queues[i];
        qsort((acme_scheduler_site_t **)ca_queue->orders.sites->elts
                  + ca_queue->orders.head,
              (size_t)(ca_queue->orders.sites->nelts - ca_queue->orders.head),
              sizeof(acme_scheduler_site_t *), by_urgency);
    }
    scheduler->look_at = sites_due(scheduler);
    return rv;
}

static int is_used(void *baton, const char *name)
{
    acme_scheduler_t *scheduler = baton;

    return apr_hash_get(scheduler->ca_queue_by_name, name, APR_HASH_KEY_STRING)
           != NULL;
}

acme_ca_account_t *acme_ca_queue_account(acme_scheduler_t *scheduler,
                                         acme_ca_queue_t *ca_queue)
{
    if (!ca_queue->ca_account) {
        ca_queue->ca_account = acme_ca_account_create(
            scheduler->work, ca_queue->ca, scheduler->prun);
        acme_ca_account_succeeds(ca_queue->ca_account, is_used, scheduler);
        acme_client_share(acme_ca_account_client(ca_queue->ca_account),
                          ca_queue->at->shared);
    }
    return ca_queue->ca_account;
}

/* Those whose turn at a CA has come; when the next one's does. */
static apr_time_t step_clients(acme_scheduler_t *scheduler)
{
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    int i;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        at = scheduler->ca_queues[i]->ca_account ? acme_client_step(
                 acme_ca_account_client(scheduler->ca_queues[i]->ca_account))
                                                 : 0;
        first = at > 0 && at < first ? at : first;
    }
    return first;
}

apr_time_t acme_scheduler_step(acme_scheduler_t *scheduler, int *waits)
{
    int waiting = acme_task_start_some(scheduler);
    int revoking = acme_revoker_step(scheduler->revokes);
    int errands = acme_account_ops_queue_step(scheduler);
    apr_time_t at = acme_task_step(scheduler);
    apr_time_t turn = step_clients(scheduler);
    /* Revocations wait for accounts that change. */
    apr_time_t due = errands > 0 ? ACME_SCHEDULE_NEVER
                                 : acme_revoker_due(scheduler->revokes);

    acme_admission_save(scheduler);
    *waits = waiting > 0 || revoking || errands > 0
             || scheduler->tasks->nelts > 0
             || scheduler->look_at <= acme_scheduler_now(scheduler)
             || due <= acme_scheduler_now(scheduler);
    at = at < scheduler->look_at ? at : scheduler->look_at;
    at = at < turn ? at : turn;
    return at < due ? at : due;
}
