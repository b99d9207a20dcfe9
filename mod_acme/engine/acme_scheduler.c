/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_scheduler.h"

#include <string.h>

#include <apr_atomic.h>

#include "acme_account_ops.h"
#include "acme_admission.h"
#include "acme_ca_queue.h"
#include "acme_ctl_queue.h"
#include "acme_expiry.h"
#include "acme_obtain_result.h"
#include "acme_preflight_queue.h"
#include "acme_revoker.h"
#include "acme_schedule.h"
#include "acme_site.h"
#include "acme_site_table.h"
#include "acme_solver_dns.h"
#include "acme_task.h"

/* Checks between two renewals of the lease. */
#define CHECKS_PER_LEASE 64

struct acme_scheduler_t {
    acme_worker_ctx_t *ctx;
    acme_site_table_t *table;
    acme_admission_t *admission;
    acme_ca_queue_set_t *queues;
    acme_task_set_t *tasks;
    acme_preflight_queue_t *preflights;
    acme_revoker_t *revoker;
    acme_account_ops_t *account_ops;
    acme_ctl_queue_t *ctl_queue;
    apr_pool_t *prun; /* of a run, or NULL */
};

acme_scheduler_t *
acme_scheduler_create(acme_worker_ctx_t *ctx, const apr_array_header_t *certs,
                      acme_job_cache_t *job_cache,
                      const acme_preflight_queue_config_t *preflight,
                      int parallel, apr_pool_t *p)
{
    acme_scheduler_t *scheduler = apr_pcalloc(p, sizeof(*scheduler));
    int most = 1 + ACME_CTL_QUEUE_TEST_CAS;
    acme_site_entry_t *site;
    int i;

    for (i = 0; i < certs->nelts; ++i) {
        most += acme_ca_queue_count_cas(acme_site_cert_at(certs, i)->spec);
    }
    scheduler->ctx = ctx;
    scheduler->table = acme_site_table_create(ctx, certs, job_cache, p);
    scheduler->admission = acme_admission_create(ctx, parallel, p);
    scheduler->queues =
        acme_ca_queue_set_create(ctx, scheduler->admission, parallel, most, p);
    scheduler->tasks =
        acme_task_set_create(scheduler->table, scheduler->queues, p);
    scheduler->preflights =
        acme_preflight_queue_create(scheduler->table, preflight, p);
    scheduler->revoker =
        acme_revoker_create(scheduler->table, scheduler->queues, p);
    scheduler->account_ops =
        acme_account_ops_create(scheduler->queues, scheduler->revoker, p);
    scheduler->ctl_queue =
        acme_ctl_queue_create(scheduler->table, scheduler->queues,
                              scheduler->revoker, scheduler->account_ops, p);
    for (i = 0; i < scheduler->table->sites->nelts; ++i) {
        site = acme_site_table_at(scheduler->table, i);
        site->ca_queues =
            acme_ca_queue_make_all(scheduler->queues, site->check.spec);
    }
    return scheduler;
}

void acme_scheduler_forget(acme_scheduler_t *scheduler)
{
    acme_site_table_forget(scheduler->table);
}

apr_time_t acme_scheduler_due(const acme_scheduler_t *scheduler)
{
    apr_time_t revocation = acme_revoker_due(scheduler->revoker);
    apr_time_t site = acme_site_table_due(scheduler->table);

    return site < revocation ? site : revocation;
}

void acme_scheduler_begin(acme_scheduler_t *scheduler, apr_pool_t *prun)
{
    scheduler->prun = prun;
    acme_site_table_begin(scheduler->table);
    acme_task_begin(scheduler->tasks, prun);
    acme_preflight_queue_begin(scheduler->preflights, prun);
    acme_admission_begin(scheduler->admission, prun);
    acme_ca_queue_begin(scheduler->queues, prun);
    acme_revoker_begin(scheduler->revoker, prun);
}

void acme_scheduler_end(acme_scheduler_t *scheduler)
{
    acme_site_table_end(scheduler->table);
    acme_ca_queue_end(scheduler->queues);
    acme_revoker_end(scheduler->revoker);
    acme_admission_end(scheduler->admission);
    acme_task_end(scheduler->tasks);
    acme_preflight_queue_end(scheduler->preflights);
    scheduler->prun = NULL;
}

void acme_scheduler_read_requests(acme_scheduler_t *scheduler,
                                  acme_ctl_request_dir_t *ctl_requests)
{
    acme_ctl_queue_read(scheduler->ctl_queue, ctl_requests);
}

int acme_scheduler_must_stop(const acme_scheduler_t *scheduler)
{
    return acme_ca_queue_must_stop(scheduler->queues);
}

int acme_scheduler_has_account_ops(const acme_scheduler_t *scheduler)
{
    return acme_ca_queue_any_is_held(scheduler->queues);
}

/* ---- checks ---- */

/* Warns of a certificate that is about to expire, unless its renewal is about
 * to be tried for the first time. */
static void warn_of_expiry(const acme_scheduler_t *scheduler,
                           acme_site_entry_t *site, const acme_plan_t *plan,
                           const acme_job_t *job, apr_pool_t *p)
{
    const acme_worker_ctx_t *ctx = scheduler->ctx;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = site->check.spec;
    const acme_inventory_t *inventory = site->check.inventory;
    apr_time_t now = acme_site_table_now(scheduler->table);
    int tried = job->errors > 0 || plan->what != ACME_PLAN_ORDER;
    const char *text;
    acme_expiry_e how;
    acme_job_t *whole;

    site->warn_at = acme_expiry_next(spec, inventory, job, now);
    how = acme_expiry(&text, spec, inventory, job, now, p);
    /* Loads the job, because the cache remembers a part of it only. */
    if (how == ACME_EXPIRY_FAR || !tried
        || acme_job_load(&whole, ctx->vault, spec->name, &problem, p)
               != APR_SUCCESS
        || acme_job_warned(whole, inventory->live->info->fingerprint,
                           how == ACME_EXPIRY_OVER)) {
        return;
    }
    if (how == ACME_EXPIRY_OVER) {
        acme_log(ctx->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0897) "%s: the certificate that it serves has %s",
                 spec->name, text);
    }
    else {
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0896) "%s: the certificate that it serves %s",
                 spec->name, text);
    }
    /* A failure is ignored because the next check warns again. */
    (void)acme_job_save(whole, ctx->vault, ACME_STORE_LAZY, &problem, p);
}

/* Counts the death of a worker over the site as a failed try. The site is not
 * checked now, because the check may be what the workers die of. */
static void count_death(acme_scheduler_t *scheduler, acme_site_entry_t *site,
                        apr_pool_t *p)
{
    acme_worker_ctx_t *ctx = scheduler->ctx;
    const acme_spec_t *spec = site->check.spec;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int deaths = acme_crash_deaths(&ctx->crash, ACME_CRASH_SITE, spec->name);
    apr_time_t at = acme_site_table_now(scheduler->table)
                    + acme_schedule_backoff(deaths - ACME_CRASH_DEATHS + 1,
                                            ACME_TIME_MINUTE, spec->name);
    acme_job_t *job;

    acme_crash_problem(&problem, &ctx->crash, ACME_CRASH_SITE, spec->name, p);
    if (acme_crash_deaths(&ctx->crash, ACME_CRASH_JOB, spec->name)) {
        /* The job itself cannot be written. */
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0321) "%s: %s; trying again in %s", spec->name,
                 acme_problem_text(&problem, p),
                 acme_time_print_duration(
                     at - acme_site_table_now(scheduler->table), p));
    }
    else {
        acme_crash_mark_t before =
            acme_crash_enter(&ctx->crash, ACME_CRASH_JOB, spec->name);
        acme_problem_t unread = ACME_PROBLEM_INIT;

        if (acme_job_load(&job, ctx->vault, spec->name, &unread, p)
            == APR_SUCCESS) {
            acme_obtain_result_failed(job, ctx, spec, &problem,
                                      ACME_OBTAIN_FAILURE_OWN, spec->name, p);
            at = job->next_run;
        }
        acme_crash_leave(&ctx->crash, before);
    }
    site->warn_at = at;
    site->look_at = 0;
    acme_site_table_set_due(scheduler->table, site, at);
}

static void check_now(acme_scheduler_t *scheduler, acme_site_entry_t *site,
                      apr_pool_t *p)
{
    acme_worker_ctx_t *ctx = scheduler->ctx;
    acme_site_table_t *table = scheduler->table;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_plan_t plan;
    acme_job_t *job;

    acme_site_table_look_again(table, site);
    if (acme_site_check(&plan, &job, &site->check, ctx, &problem, p)
        != APR_SUCCESS) {
        acme_site_table_store_failed(table, site, &problem, p);
        return;
    }
    acme_log(ctx->log, ACME_LOG_DEBUG, 0, ACME_TAG(0311) "%s: %s: %s",
             site->check.spec->name, acme_plan_name(plan.what), plan.reason);
    if (plan.warning) {
        acme_log(ctx->log, ACME_LOG_WARNING, 0, ACME_TAG(0349) "%s: %s",
                 site->check.spec->name, plan.warning);
    }
    warn_of_expiry(scheduler, site, &plan, job, p);
    acme_site_table_staged(table, site, &plan, job, p);
    if (!acme_preflight_queue_take(scheduler->preflights, site, &plan, job)
        && !acme_ca_queue_enter(scheduler->queues, site, &plan, job, p)) {
        acme_site_table_rest(table, site, &plan);
    }
}

static void check(acme_scheduler_t *scheduler, acme_site_entry_t *site,
                  apr_pool_t *p)
{
    acme_crash_t *crash = &scheduler->ctx->crash;
    const char *name = site->check.spec->name;
    acme_crash_mark_t before;

    if (acme_crash_take(crash, ACME_CRASH_SITE, name)) {
        count_death(scheduler, site, p);
        return;
    }
    before = acme_crash_enter(crash, ACME_CRASH_SITE, name);
    check_now(scheduler, site, p);
    acme_crash_leave(crash, before);
}

apr_status_t acme_scheduler_check(acme_scheduler_t *scheduler,
                                  acme_worker_lease_t *lease)
{
    acme_site_table_t *table = scheduler->table;
    apr_time_t now = acme_site_table_now(table);
    apr_status_t rv = APR_SUCCESS;
    acme_site_entry_t *site;
    apr_pool_t *p;
    int i, checks = 0;

    acme_account_ops_survey(scheduler->account_ops);
    if (table->next_due > now) {
        return APR_SUCCESS;
    }
    apr_pool_create(&p, scheduler->prun);
    for (i = 0; i < table->sites->nelts && rv == APR_SUCCESS; ++i) {
        site = acme_site_table_at(table, i);
        if (!acme_site_table_is_due(site, now)) {
            continue;
        }
        if (apr_atomic_read32(&scheduler->ctx->stop)) {
            break;
        }
        apr_pool_clear(p);
        check(scheduler, site, p);
        if (++checks % CHECKS_PER_LEASE == 0) {
            rv = acme_worker_lease_renew(lease);
        }
    }
    apr_pool_destroy(p);
    acme_ca_queue_sort(scheduler->queues);
    table->next_due = acme_site_table_due(table);
    return rv;
}

/* ---- steps ---- */

apr_time_t acme_scheduler_step(acme_scheduler_t *scheduler, int *waits)
{
    acme_site_table_t *table = scheduler->table;
    int queued = acme_task_start_some(scheduler->tasks);
    int revoking = acme_revoker_step(scheduler->revoker);
    int account_ops = acme_account_ops_step(scheduler->account_ops);
    apr_time_t at = acme_task_step(scheduler->tasks);
    int looks;
    apr_time_t look = acme_preflight_queue_step(scheduler->preflights, &looks);
    int commands;
    apr_time_t command = acme_solver_dns_step(scheduler->ctx->dns, &commands);
    apr_time_t client = acme_ca_queue_step_clients(scheduler->queues);
    /* A revocation does not begin while an account changes. */
    apr_time_t revocation = account_ops > 0
                                ? ACME_SCHEDULE_NEVER
                                : acme_revoker_due(scheduler->revoker);
    apr_time_t now;

    acme_admission_save(scheduler->admission, &table->store_failure_logged);
    now = acme_site_table_now(table);
    *waits = queued > 0 || looks || revoking || account_ops > 0 || commands > 0
             || acme_task_count(scheduler->tasks) > 0 || table->next_due <= now
             || revocation <= now;
    at = at < table->next_due ? at : table->next_due;
    at = at < client ? at : client;
    at = at < look ? at : look;
    at = at < command ? at : command;
    return at < revocation ? at : revocation;
}
