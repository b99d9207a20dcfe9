/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_site_table.h"

#include "acme_schedule.h"
#include "acme_site.h"

/* Time between two looks whether a certificate that children serve is live. */
#define LOOK_MIN apr_time_from_sec(5)
#define LOOK_MAX (10 * ACME_TIME_MINUTE)

/* The longest a site is left alone because the store has failed. */
#define STORE_WAIT ACME_TIME_HOUR

acme_site_table_t *acme_site_table_create(acme_worker_ctx_t *ctx,
                                          const apr_array_header_t *certs,
                                          acme_job_cache_t *job_cache,
                                          apr_pool_t *p)
{
    acme_site_table_t *table = apr_pcalloc(p, sizeof(*table));
    acme_site_entry_t *entries =
        apr_pcalloc(p, sizeof(*entries) * ((apr_size_t)certs->nelts + 1));
    int i;

    table->ctx = ctx;
    table->p = p;
    table->sites =
        apr_array_make(p, certs->nelts + 1, sizeof(acme_site_entry_t *));
    table->by_name = apr_hash_make(p);
    for (i = 0; i < certs->nelts; ++i) {
        acme_site_entry_t *site = &entries[i];

        site->index = i;
        site->check.spec = acme_site_cert_at(certs, i)->spec;
        site->check.inventory = acme_site_cert_at(certs, i)->inventory;
        site->check.job_cache = job_cache ? &job_cache[i] : NULL;
        APR_ARRAY_PUSH(table->sites, acme_site_entry_t *) = site;
        apr_hash_set(table->by_name, site->check.spec->name,
                     APR_HASH_KEY_STRING, site);
    }
    return table;
}

acme_site_entry_t *acme_site_table_at(const acme_site_table_t *table, int i)
{
    return APR_ARRAY_IDX(table->sites, i, acme_site_entry_t *);
}

acme_site_entry_t *acme_site_table_find(const acme_site_table_t *table,
                                        const char *name)
{
    return apr_hash_get(table->by_name, name, APR_HASH_KEY_STRING);
}

acme_site_entry_t *acme_site_table_add(acme_site_table_t *table,
                                       const char *name)
{
    acme_site_entry_t *site = apr_pcalloc(table->p, sizeof(*site));

    site->check.inventory =
        apr_pcalloc(table->p, sizeof(*site->check.inventory));
    site->index = -1;
    APR_ARRAY_PUSH(table->sites, acme_site_entry_t *) = site;
    apr_hash_set(table->by_name, name, APR_HASH_KEY_STRING, site);
    return site;
}

apr_time_t acme_site_table_now(const acme_site_table_t *table)
{
    return acme_time_now(table->ctx->clock);
}

void acme_site_table_begin(acme_site_table_t *table)
{
    table->next_due = 0;
    table->store_failure_logged = 0;
}

void acme_site_table_end(acme_site_table_t *table)
{
    acme_site_entry_t *site;
    int i;

    for (i = 0; i < table->sites->nelts; ++i) {
        site = acme_site_table_at(table, i);
        if (site->check.running || site->check.queued) {
            site->check.running = 0;
            site->check.queued = 0;
            site->check.next = 0;
        }
        if (site->looking == ACME_SITE_LOOK_AWAITED) {
            site->check.next = 0;
        }
        site->looking = ACME_SITE_LOOK_NONE;
        site->running_job = NULL;
    }
}

void acme_site_table_forget(acme_site_table_t *table)
{
    acme_site_entry_t *site;
    int i;

    for (i = 0; i < table->sites->nelts; ++i) {
        site = acme_site_table_at(table, i);
        site->check.next = 0;
        site->check.store_failures = 0;
    }
}

/* Returns when the site is due; ACME_SCHEDULE_NEVER while it waits or runs. */
static apr_time_t due(const acme_site_entry_t *site)
{
    apr_time_t at =
        site->warn_at < site->check.next ? site->warn_at : site->check.next;

    if (site->check.running || site->check.queued
        || site->looking == ACME_SITE_LOOK_AWAITED) {
        return ACME_SCHEDULE_NEVER;
    }
    return site->look_at > 0 && site->look_at < at ? site->look_at : at;
}

int acme_site_table_is_due(const acme_site_entry_t *site, apr_time_t now)
{
    return due(site) <= now;
}

apr_time_t acme_site_table_due(const acme_site_table_t *table)
{
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    int i;

    for (i = 0; i < table->sites->nelts; ++i) {
        at = due(acme_site_table_at(table, i));
        first = at < first ? at : first;
    }
    return first;
}

void acme_site_table_set_due(acme_site_table_t *table, acme_site_entry_t *site,
                             apr_time_t at)
{
    site->check.next = at;
    if (at < table->next_due) {
        table->next_due = at;
    }
}

void acme_site_table_rest(acme_site_table_t *table, acme_site_entry_t *site,
                          const acme_plan_t *plan)
{
    apr_time_t now = acme_site_table_now(table);
    apr_time_t at = plan->at > now ? plan->at : now + ACME_TIME_MINUTE;

    site->check.store_failures = 0;
    acme_site_table_set_due(table, site, site->check.request_is_new ? now : at);
}

void acme_site_table_store_failed(acme_site_table_t *table,
                                  acme_site_entry_t *site,
                                  const acme_problem_t *problem,
                                  apr_pool_t *ptemp)
{
    apr_interval_time_t wait;

    ++site->check.store_failures;
    site->check.failed_request =
        site->check.request ? site->check.request->when : 0;
    wait = acme_schedule_backoff(site->check.store_failures, ACME_TIME_MINUTE,
                                 "store");
    if (wait > STORE_WAIT) {
        wait = STORE_WAIT;
    }
    site->check.next = acme_site_table_now(table) + wait;
    site->warn_at = site->check.next;
    site->look_at = 0;
    acme_log(table->ctx->log,
             table->store_failure_logged ? ACME_LOG_DEBUG : ACME_LOG_WARNING,
             problem->rv, ACME_TAG(0310) "%s: %s; looking again in %s",
             site->check.spec->name, acme_problem_text(problem, ptemp),
             acme_time_print_duration(wait, ptemp));
    table->store_failure_logged = 1;
}

void acme_site_table_look_again(const acme_site_table_t *table,
                                acme_site_entry_t *site)
{
    const acme_worker_ctx_t *ctx = table->ctx;
    const acme_inventory_t *inventory =
        ctx->look_again && site->index >= 0
            ? ctx->look_again(ctx->swap_baton, site->index)
            : NULL;

    if (inventory) {
        site->check.inventory = inventory;
    }
}

/* Returns when to look whether root has made the certificate live: it does so
 * within seconds, or there is a hindrance. */
static apr_time_t promoted_at(const acme_job_t *job, apr_time_t now)
{
    apr_interval_time_t wait = (now - job->last_run) / 2;

    if (wait < LOOK_MIN) {
        wait = LOOK_MIN;
    }
    return now + (wait > LOOK_MAX ? LOOK_MAX : wait);
}

/* Lets children serve the certificate, and notes whether they do. */
static void swap(const acme_site_table_t *table, const acme_site_entry_t *site,
                 acme_job_t *job, apr_pool_t *ptemp)
{
    acme_worker_ctx_t *ctx = table->ctx;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int swapped =
        ctx->swap && ctx->swap(ctx->swap_baton, site->index, job->staged);

    if (swapped == job->swapped) {
        return;
    }
    acme_job_swapped(job, swapped);
    if (swapped) {
        acme_job_note(job, acme_time_now(ctx->clock), "swapped",
                      "served with no restart");
    }
    if (acme_job_save(job, ctx->vault, ACME_STORE_LAZY, &problem, ptemp)) {
        /* It is served all the same, and noted at the next check. */
        acme_log(ctx->log, ACME_LOG_DEBUG, problem.rv,
                 ACME_TAG(0700) "%s: it is not noted whether its new "
                                "certificate is served: %s",
                 job->name, acme_problem_text(&problem, ptemp));
    }
}

void acme_site_table_staged(const acme_site_table_t *table,
                            const acme_site_entry_t *site, acme_plan_t *plan,
                            acme_job_t *job, apr_pool_t *ptemp)
{
    const acme_worker_ctx_t *ctx = table->ctx;

    if (plan->what != ACME_PLAN_STAGED || site->index < 0) {
        return;
    }
    swap(table, site, job, ptemp);
    if (job->swapped && ctx->look_again) {
        plan->at = promoted_at(job, acme_site_table_now(table));
    }
    /* Sessions of a revoked certificate end with a restart only. */
    if (job->urgent && ctx->urgent && (!job->swapped || job->revoked)) {
        ctx->urgent(ctx->urgent_baton, site->index);
    }
}
