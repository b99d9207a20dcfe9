/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_queue.h"

#include <stdlib.h>
#include <string.h>

#include "acme_schedule.h"

/* ARI queries that may run at once in a queue. */
#define PARALLEL_ARI_QUERIES 10

acme_ca_queue_set_t *acme_ca_queue_set_create(acme_worker_ctx_t *ctx,
                                              acme_admission_t *admission,
                                              int parallel, int most,
                                              apr_pool_t *p)
{
    acme_ca_queue_set_t *set = apr_pcalloc(p, sizeof(*set));

    set->ctx = ctx;
    set->admission = admission;
    set->queues = apr_array_make(p, 4, sizeof(acme_ca_queue_t *));
    set->by_account = apr_hash_make(p);
    set->parallel = parallel;
    set->most = most;
    set->p = p;
    return set;
}

acme_ca_queue_t *acme_ca_queue_at(const acme_ca_queue_set_t *set, int i)
{
    return APR_ARRAY_IDX(set->queues, i, acme_ca_queue_t *);
}

static void begin_sites(acme_ca_queue_sites_t *waiting, apr_pool_t *prun)
{
    waiting->sites = apr_array_make(prun, 8, sizeof(acme_site_entry_t *));
    waiting->head = 0;
    waiting->running = 0;
}

static void begin_queue(acme_ca_queue_t *queue, apr_pool_t *prun)
{
    queue->account = NULL;
    queue->ari_service.down = NULL;
    acme_admission_begin_account(&queue->admission);
    begin_sites(&queue->orders, prun);
    begin_sites(&queue->ari_queries, prun);
    queue->account_ops =
        apr_array_make(prun, 1, sizeof(struct acme_account_op_t *));
    queue->next_op = 0;
}

void acme_ca_queue_begin(acme_ca_queue_set_t *set, apr_pool_t *prun)
{
    int i;

    set->prun = prun;
    for (i = 0; i < set->queues->nelts; ++i) {
        begin_queue(acme_ca_queue_at(set, i), prun);
    }
}

void acme_ca_queue_end(acme_ca_queue_set_t *set)
{
    acme_ca_queue_t *queue;
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        queue = acme_ca_queue_at(set, i);
        queue->account = NULL;
        queue->orders.sites = NULL;
        queue->ari_queries.sites = NULL;
        queue->account_ops = NULL;
    }
    set->prun = NULL;
}

acme_ca_queue_t *acme_ca_queue_make(acme_ca_queue_set_t *set,
                                    const acme_spec_t *spec,
                                    const acme_ca_spec_t *ca)
{
    const char *name = acme_ca_account_name(ca, set->p);
    acme_ca_queue_t *queue = acme_ca_queue_find(set, name);

    if (!queue && set->queues->nelts < set->most) {
        queue = apr_pcalloc(set->p, sizeof(*queue));
        queue->ca = ca;
        queue->seed = spec->name;
        queue->ari_service.seed = spec->name;
        queue->orders.most = set->parallel;
        queue->ari_queries.most = PARALLEL_ARI_QUERIES;
        acme_admission_open(set->admission, &queue->admission, ca, spec->name);
        apr_hash_set(set->by_account, name, APR_HASH_KEY_STRING, queue);
        APR_ARRAY_PUSH(set->queues, acme_ca_queue_t *) = queue;
        if (set->prun) {
            begin_queue(queue, set->prun);
        }
    }
    return queue;
}

int acme_ca_queue_count_cas(const acme_spec_t *spec)
{
    return 1 + (spec->more_cas ? spec->more_cas->nelts : 0);
}

acme_ca_queue_t **acme_ca_queue_make_all(acme_ca_queue_set_t *set,
                                         const acme_spec_t *spec)
{
    int i, count = acme_ca_queue_count_cas(spec);
    acme_ca_queue_t **queues =
        apr_palloc(set->p, sizeof(acme_ca_queue_t *) * (apr_size_t)count);

    for (i = 0; i < count; ++i) {
        queues[i] = acme_ca_queue_make(set, spec, acme_spec_ca(spec, i));
    }
    return queues;
}

acme_ca_queue_t *acme_ca_queue_find(const acme_ca_queue_set_t *set,
                                    const char *account)
{
    return apr_hash_get(set->by_account, account, APR_HASH_KEY_STRING);
}

acme_ca_queue_t *acme_ca_queue_find_url(const acme_ca_queue_set_t *set,
                                        const char *ca_url)
{
    acme_ca_queue_t *queue;
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        queue = acme_ca_queue_at(set, i);
        if (strcmp(queue->ca->url, ca_url) == 0) {
            return queue;
        }
    }
    return NULL;
}

acme_ca_queue_t *acme_ca_queue_of(const acme_site_entry_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job, apr_pool_t *p)
{
    const acme_spec_t *spec = site->check.spec;

    return site->ca_queues[plan->what == ACME_PLAN_ARI_QUERY
                               ? acme_spec_find_ca(
                                   spec, site->check.inventory->live->ca_url)
                               : acme_job_ca(job, spec, p)];
}

int acme_ca_queue_enter(const acme_ca_queue_set_t *set, acme_site_entry_t *site,
                        const acme_plan_t *plan, const acme_job_t *job,
                        apr_pool_t *p)
{
    acme_ca_queue_sites_t *waiting;
    acme_ca_queue_t *queue;

    if (plan->what != ACME_PLAN_ORDER && plan->what != ACME_PLAN_ARI_QUERY) {
        return 0;
    }
    queue = acme_ca_queue_of(site, plan, job, p);
    waiting = plan->what == ACME_PLAN_ARI_QUERY ? &queue->ari_queries
                                                : &queue->orders;
    site->check.queued = acme_time_now(set->ctx->clock);
    APR_ARRAY_PUSH(waiting->sites, acme_site_entry_t *) = site;
    return 1;
}

/* Returns when the site's certificate expires; 0 when it has none. */
static apr_time_t expiry(const acme_site_entry_t *site)
{
    const acme_certstore_cert_t *live = site->check.inventory->live;

    return live ? live->info->not_after : 0;
}

static int by_expiry(const void *a, const void *b)
{
    const acme_site_entry_t *left = *(acme_site_entry_t *const *)a;
    const acme_site_entry_t *right = *(acme_site_entry_t *const *)b;
    apr_time_t l = expiry(left), r = expiry(right);

    if (l != r) {
        return l < r ? -1 : 1;
    }
    return left < right ? -1 : left > right;
}

void acme_ca_queue_sort(const acme_ca_queue_set_t *set)
{
    acme_ca_queue_sites_t *orders;
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        orders = &acme_ca_queue_at(set, i)->orders;
        qsort((acme_site_entry_t **)orders->sites->elts + orders->head,
              (size_t)(orders->sites->nelts - orders->head),
              sizeof(acme_site_entry_t *), by_expiry);
    }
}

static int is_used(void *baton, const char *name)
{
    return acme_ca_queue_find(baton, name) != NULL;
}

acme_ca_account_t *acme_ca_queue_account(acme_ca_queue_set_t *set,
                                         acme_ca_queue_t *queue)
{
    if (!queue->account) {
        queue->account = acme_ca_account_create(set->ctx, queue->ca, set->prun);
        acme_ca_account_succeeds(queue->account, is_used, set);
        acme_admission_share_client(&queue->admission,
                                    acme_ca_account_client(queue->account));
    }
    return queue->account;
}

int acme_ca_queue_is_held(const acme_ca_queue_t *queue)
{
    return queue->next_op < queue->account_ops->nelts;
}

int acme_ca_queue_any_is_held(const acme_ca_queue_set_t *set)
{
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        if (acme_ca_queue_is_held(acme_ca_queue_at(set, i))) {
            return 1;
        }
    }
    return 0;
}

int acme_ca_queue_must_stop(const acme_ca_queue_set_t *set)
{
    const acme_ca_queue_t *queue;
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        queue = acme_ca_queue_at(set, i);
        if (acme_ca_queue_is_held(queue) && queue->orders.running > 0) {
            return 1;
        }
    }
    return 0;
}

apr_time_t acme_ca_queue_step_clients(const acme_ca_queue_set_t *set)
{
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    const acme_ca_queue_t *queue;
    int i;

    for (i = 0; i < set->queues->nelts; ++i) {
        acme_crash_mark_t before;

        queue = acme_ca_queue_at(set, i);
        before =
            acme_crash_enter(&set->ctx->crash, ACME_CRASH_CA, queue->ca->url);
        at = queue->account
                 ? acme_client_step(acme_ca_account_client(queue->account))
                 : 0;
        acme_crash_leave(&set->ctx->crash, before);
        first = at > 0 && at < first ? at : first;
    }
    return first;
}
