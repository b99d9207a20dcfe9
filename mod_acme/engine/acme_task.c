/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_task.h"

#include <string.h>

#include "acme_ident.h"
#include "acme_key_choice.h"
#include "acme_obtain.h"
#include "acme_obtain_result.h"
#include "acme_preflight_queue.h"
#include "acme_schedule.h"

/* A running task: an order or an ARI query. */
typedef struct acme_task_t {
    acme_site_entry_t *site;
    acme_job_t *job;
    acme_obtain_t *order;
    acme_ari_query_t *ari_query;
    acme_ca_queue_t *queue;
    acme_ca_queue_sites_t *from; /* the part of the queue that it came from */
    acme_admission_order_t admission;
    apr_pool_t *p;
} acme_task_t;

struct acme_task_set_t {
    acme_site_table_t *table;
    acme_ca_queue_set_t *queues;
    apr_array_header_t *tasks; /* acme_task_t *, of this run */
    apr_pool_t *prun;
};

acme_task_set_t *acme_task_set_create(acme_site_table_t *table,
                                      acme_ca_queue_set_t *queues,
                                      apr_pool_t *p)
{
    acme_task_set_t *set = apr_pcalloc(p, sizeof(*set));

    set->table = table;
    set->queues = queues;
    return set;
}

void acme_task_begin(acme_task_set_t *set, apr_pool_t *prun)
{
    set->prun = prun;
    set->tasks = apr_array_make(prun, 8, sizeof(acme_task_t *));
}

void acme_task_end(acme_task_set_t *set)
{
    set->tasks = NULL;
    set->prun = NULL;
}

int acme_task_count(const acme_task_set_t *set)
{
    return set->tasks->nelts;
}

/* ---- start ---- */

/* Returns the ARI identifier of the certificate that an order replaces, if its
 * CA wants to know it, or NULL. */
static const char *replaces(const acme_site_entry_t *site,
                            const acme_ca_queue_t *queue)
{
    const acme_spec_t *spec = site->check.spec;
    const acme_certstore_cert_t *live = site->check.inventory->live;
    int i;

    if (!acme_plan_is_via_ari(spec, site->check.inventory)
        || strcmp(live->ca_url, queue->ca->url) != 0) {
        return NULL;
    }
    for (i = 0; i < spec->names->nelts; ++i) {
        if (acme_ident_covered(live->info->names,
                               APR_ARRAY_IDX(spec->names, i, const char *))) {
            return live->info->ari_id;
        }
    }
    return NULL;
}

/* Tells the order what is live: its key is used again, unless the CA has just
 * refused that key. */
static void set_live(acme_obtain_config_t *config, const acme_task_t *task)
{
    const acme_spec_t *spec = task->site->check.spec;
    const acme_inventory_t *inventory = task->site->check.inventory;
    const acme_job_t *job = task->job;
    int refused = acme_key_choice_is_refused(job->problem) && job->digest
                  && strcmp(job->digest, acme_spec_digest(spec, task->p)) == 0;

    if (inventory->live) {
        config->fingerprint = inventory->live->info->fingerprint;
        config->live_key.hash = inventory->live->info->key_hash;
        config->live_key.again =
            !refused && acme_key_choice_reused(spec, inventory, job) != NULL;
    }
}

static void start_ari_query(acme_task_set_t *set, acme_task_t *task)
{
    const acme_site_entry_t *site = task->site;
    acme_ca_queue_t *queue = task->queue;

    task->from = &queue->ari_queries;
    task->ari_query = acme_ari_query_create(
        set->table->ctx, &queue->ari_service,
        acme_ca_account_client(acme_ca_queue_account(set->queues, queue)),
        site->check.spec, site->check.inventory, task->job, set->prun, task->p);
}

static void start_order(acme_task_set_t *set, acme_task_t *task,
                        const acme_plan_t *plan, apr_time_t since)
{
    const acme_site_entry_t *site = task->site;
    acme_ca_queue_t *queue = task->queue;
    acme_obtain_config_t config = {
        .spec = site->check.spec,
        .ca_account = acme_ca_queue_account(set->queues, queue),
        .job = task->job,
        .reason = plan->reason,
        .by_age = plan->by_age,
        .replaces = replaces(site, queue),
        .since = since,
        .seed = queue->seed,
    };

    task->from = &queue->orders;
    acme_admission_start(&task->admission);
    acme_job_set_urgent(
        task->job, plan->urgent || (task->job->order && task->job->urgent));
    set_live(&config, task);
    task->order = acme_obtain_create(set->table->ctx, &config, task->p);
}

/* Returns non-zero when the CA wants this renewal now: it is inside the window
 * that the CA has named, and the order says what it replaces. */
static int is_asked_for(const acme_task_set_t *set, const acme_task_t *task,
                        const acme_plan_t *plan)
{
    const acme_site_entry_t *site = task->site;

    return plan->by_age && replaces(site, task->queue)
           && acme_ari_is_open(task->job->ari,
                               site->check.inventory->live->info,
                               acme_site_table_now(set->table));
}

/* Returns zero when the order has to wait for the CA's limits. */
static int is_admitted(acme_task_set_t *set, acme_task_t *task,
                       const acme_plan_t *plan)
{
    acme_admission_order_t *admission = &task->admission;
    apr_time_t at;

    admission->account = &task->queue->admission;
    admission->spec = task->site->check.spec;
    admission->inventory = task->site->check.inventory;
    admission->job = task->job;
    admission->exempt = is_asked_for(set, task, plan);
    at = acme_admission_hold(set->queues->admission, admission, task->p);
    if (!at) {
        return 1;
    }
    acme_site_table_set_due(set->table, task->site, at);
    /* Steps again without a wait, because the next site may go. */
    set->table->ctx->moved = 1;
    return 0;
}

/* Makes the site due when its job says so. */
static void rest(acme_task_set_t *set, acme_site_entry_t *site, acme_job_t *job,
                 int at_once, apr_pool_t *p)
{
    acme_site_table_t *table = set->table;
    acme_plan_t plan;

    acme_plan(&plan, site->check.spec, site->check.inventory, job,
              acme_site_table_now(table), p);
    acme_site_table_staged(table, site, &plan, job, p);
    acme_site_table_rest(table, site, &plan);
    if (site->check.spec->preflight) {
        site->look_at = acme_site_table_now(table) + ACME_PREFLIGHT_QUEUE_AGAIN;
    }
    if ((at_once || job->at_once) && plan.what == ACME_PLAN_ORDER) {
        acme_site_table_set_due(table, site, acme_site_table_now(table));
    }
}

/* Counts the death of a worker over the CA as a failure of the site. Returns
 * zero when there was none. */
static int fails_with_ca(acme_task_set_t *set, acme_task_t *task,
                         const acme_plan_t *plan)
{
    acme_worker_ctx_t *ctx = set->table->ctx;
    const acme_ca_spec_t *ca = task->queue->ca;
    apr_time_t now = acme_site_table_now(set->table);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int first;

    if (!acme_crash_is_barred(&ctx->crash, ca->url, now, &first)) {
        return 0;
    }
    if (plan->what == ACME_PLAN_ARI_QUERY) {
        acme_site_table_set_due(set->table, task->site, now + ACME_TIME_HOUR);
        return 1;
    }
    acme_crash_problem(&problem, &ctx->crash, ACME_CRASH_CA, ca->url, task->p);
    acme_obtain_result_failed(task->job, ctx, task->site->check.spec, &problem,
                              first ? ACME_OBTAIN_FAILURE_FIRST
                                    : ACME_OBTAIN_FAILURE_SHARED,
                              task->queue->seed, task->p);
    rest(set, task->site, task->job, 0, task->p);
    ctx->moved = 1;
    return 1;
}

/* Starts the task of a queued site. Checks the site again first, because time
 * has passed. Returns zero when there is no task. */
static int start_now(acme_task_set_t *set, acme_site_entry_t *site)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t since = site->check.queued;
    acme_task_t *task;
    acme_plan_t plan;
    acme_job_t *job;
    apr_pool_t *p;
    apr_status_t rv;

    site->check.queued = 0;
    apr_pool_create(&p, set->prun);
    apr_pool_tag(p, "acme_order");
    acme_site_table_look_again(set->table, site);
    rv = acme_site_check(&plan, &job, &site->check, set->table->ctx, &problem,
                         p);
    if (rv != APR_SUCCESS
        || (plan.what != ACME_PLAN_ORDER && plan.what != ACME_PLAN_ARI_QUERY)) {
        if (rv != APR_SUCCESS) {
            acme_site_table_store_failed(set->table, site, &problem, p);
        }
        else {
            acme_site_table_rest(set->table, site, &plan);
        }
        apr_pool_destroy(p);
        return 0;
    }
    task = apr_pcalloc(p, sizeof(*task));
    task->site = site;
    task->job = job;
    task->p = p;
    task->queue = acme_ca_queue_of(site, &plan, job, p);
    if (fails_with_ca(set, task, &plan)) {
        apr_pool_destroy(p);
        return 0;
    }
    if (plan.what == ACME_PLAN_ARI_QUERY) {
        start_ari_query(set, task);
    }
    else if (is_admitted(set, task, &plan)) {
        start_order(set, task, &plan, since);
    }
    else {
        apr_pool_destroy(p);
        return 0;
    }
    site->check.running = 1;
    site->running_job = job;
    ++task->from->running;
    APR_ARRAY_PUSH(set->tasks, acme_task_t *) = task;
    return 1;
}

static int start(acme_task_set_t *set, acme_site_entry_t *site)
{
    acme_crash_t *crash = &set->table->ctx->crash;
    acme_crash_mark_t before =
        acme_crash_enter(crash, ACME_CRASH_SITE, site->check.spec->name);
    int started = start_now(set, site);

    acme_crash_leave(crash, before);
    return started;
}

/* Returns non-zero when both are of one site, and may be proven by tls-alpn-01:
 * only the server name says which challenge a CA means, so there can be one at
 * a time for a name, whichever CA it is for. */
static int share_alpn(const acme_spec_t *a, const acme_spec_t *b)
{
    return strcmp(acme_spec_host(a), acme_spec_host(b)) == 0
           && acme_spec_has_challenge(a, "tls-alpn-01")
           && acme_spec_has_challenge(b, "tls-alpn-01");
}

/* Returns non-zero when another order for the same names runs in the queue. A
 * CA may answer newOrder with an order that it has already, as Let's Encrypt
 * does: then two orders would be one, with a certificate for one key only. */
static int has_same_names(const acme_task_set_t *set,
                          const acme_ca_queue_sites_t *from, int are_orders,
                          const acme_site_entry_t *site)
{
    const acme_task_t *task;
    int i;

    for (i = 0; i < set->tasks->nelts; ++i) {
        task = APR_ARRAY_IDX(set->tasks, i, const acme_task_t *);
        if (task->order
            && ((task->from == from
                 && acme_ident_same(task->site->check.spec->names,
                                    site->check.spec->names))
                || (are_orders
                    && share_alpn(task->site->check.spec, site->check.spec)))) {
            return 1;
        }
    }
    return 0;
}

/* Moves the first site that may start to the head. Returns zero when none
 * may. */
static int find_next(const acme_task_set_t *set, acme_ca_queue_sites_t *from,
                     int are_orders)
{
    acme_site_entry_t **sites = (acme_site_entry_t **)from->sites->elts;
    acme_site_entry_t *site;
    int i;

    for (i = from->head; i < from->sites->nelts; ++i) {
        site = sites[i];
        if (!has_same_names(set, from, are_orders, site)) {
            memmove(sites + from->head + 1, sites + from->head,
                    (size_t)(i - from->head) * sizeof(*sites));
            sites[from->head] = site;
            return 1;
        }
    }
    return 0;
}

/* Starts sites of a queue, `most` at most. Tries no more sites than there is
 * room for, even if some need no task, because running tasks must not wait for
 * the checks. Returns how many stay queued. */
static int start_from(acme_task_set_t *set, acme_ca_queue_sites_t *from,
                      int are_orders, int most)
{
    int room = from->most - from->running;
    int tries = room;

    room = most < room ? most : room;
    while (room > 0 && tries-- > 0 && find_next(set, from, are_orders)) {
        room -= start(
            set, APR_ARRAY_IDX(from->sites, from->head++, acme_site_entry_t *));
    }
    if (from->head == from->sites->nelts) {
        apr_array_clear(from->sites);
        from->head = 0;
    }
    return from->sites->nelts - from->head;
}

int acme_task_start_some(acme_task_set_t *set)
{
    int i, waiting = 0;

    for (i = 0; i < set->queues->queues->nelts; ++i) {
        acme_ca_queue_t *queue = acme_ca_queue_at(set->queues, i);
        int room =
            acme_ca_queue_is_held(queue)
                ? 0
                : acme_admission_room(&queue->admission, queue->orders.most);

        waiting += start_from(set, &queue->orders, 1, room);
        waiting +=
            start_from(set, &queue->ari_queries, 0, queue->ari_queries.most);
    }
    return waiting;
}

/* ---- step and finish ---- */

static void finish(acme_task_set_t *set, acme_task_t *task)
{
    acme_crash_t *crash = &set->table->ctx->crash;
    acme_site_entry_t *site = task->site;

    if (task->order) {
        acme_admission_finish(set->queues->admission, &task->admission,
                              acme_obtain_was_made(task->order),
                              acme_obtain_has_replaced(task->order), task->p);
    }
    site->check.running = 0;
    site->running_job = NULL;
    --task->from->running;
    rest(set, site, task->job, task->ari_query != NULL, task->p);
    acme_crash_forget(crash, ACME_CRASH_SITE, site->check.spec->name);
    acme_crash_forget(crash, ACME_CRASH_CA, task->queue->ca->url);
    apr_pool_destroy(task->p);
}

static apr_time_t step(const acme_task_set_t *set, acme_task_t *task, int *over)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;

    if (task->ari_query) {
        acme_ari_query_step(task->ari_query);
        *over = acme_ari_query_is_over(task->ari_query);
        return at;
    }
    at = acme_obtain_step(task->order);
    if (acme_obtain_was_made(task->order)) {
        acme_admission_made(set->queues->admission, &task->admission);
    }
    *over = acme_obtain_is_over(task->order);
    return at;
}

apr_time_t acme_task_step(acme_task_set_t *set)
{
    apr_array_header_t *tasks = set->tasks;
    acme_crash_t *crash = &set->table->ctx->crash;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    acme_crash_mark_t before;
    acme_task_t *task;
    int i = 0, over;

    while (i < tasks->nelts) {
        task = APR_ARRAY_IDX(tasks, i, acme_task_t *);
        before = acme_crash_enter(crash, ACME_CRASH_SITE,
                                  task->site->check.spec->name);
        at = step(set, task, &over);
        if (over) {
            APR_ARRAY_IDX(tasks, i, acme_task_t *) =
                APR_ARRAY_IDX(tasks, tasks->nelts - 1, acme_task_t *);
            --tasks->nelts;
            finish(set, task);
        }
        else {
            first = at < first ? at : first;
            ++i;
        }
        acme_crash_leave(crash, before);
    }
    return first;
}
