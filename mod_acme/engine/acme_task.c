/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_scheduler.h"

#include <string.h>

#include "acme_ident.h"
#include "acme_key_choice.h"
#include "acme_scheduler_private.h"
#include "acme_obtain.h"
#include "acme_schedule.h"

/* An order on its way, or a question. */
struct acme_task_t {
    acme_scheduler_site_t *site;
    acme_job_t *job;
    acme_obtain_t *order;
    acme_ari_query_t *ask;
    acme_ca_queue_sites_t *queue; /* that it came from */
    acme_ca_queue_t *ca_queue;
    int counted; /* its order counts for the CA's limits */
    int asking;  /* and the CA has not made it yet */
    int exempt;  /* the CA has asked for it */
    apr_pool_t *p;
};

/* Of the certificate there is, where its CA wants to know. */
static const char *replaces(const acme_scheduler_site_t *site,
                            const acme_ca_queue_t *ca_queue)
{
    const acme_spec_t *spec = site->known.spec;
    const acme_certstore_cert_t *live = site->known.inventory->live;
    int i;

    if (!acme_plan_is_via_ari(spec, site->known.inventory)
        || strcmp(live->ca_url, ca_queue->ca->url) != 0) {
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

acme_job_t *acme_task_job(const acme_scheduler_t *scheduler,
                          const acme_scheduler_site_t *site)
{
    const acme_task_t *task;
    int i;

    for (i = 0; site->known.flying && i < scheduler->tasks->nelts; ++i) {
        task = APR_ARRAY_IDX(scheduler->tasks, i, const acme_task_t *);
        if (task->site == site) {
            return task->job;
        }
    }
    return NULL;
}

/* What is served: its key is used again, unless the CA has just refused it. */
static void set_live(acme_task_t *task)
{
    const acme_spec_t *spec = task->site->known.spec;
    const acme_inventory_t *inventory = task->site->known.inventory;
    const acme_job_t *job = task->job;
    int refused = acme_key_choice_is_refused(job->problem) && job->digest
                  && strcmp(job->digest, acme_spec_digest(spec, task->p)) == 0;

    if (inventory->live) {
        acme_obtain_instead(task->order, inventory->live->info->fingerprint);
        acme_obtain_live_key(
            task->order, inventory->live->info->key_hash,
            !refused && acme_key_choice_reused(spec, inventory, job) != NULL);
    }
}

static void take_off(acme_scheduler_t *scheduler, acme_task_t *task,
                     const acme_plan_t *plan, apr_time_t since)
{
    acme_scheduler_site_t *site = task->site;
    acme_ca_queue_t *ca_queue = task->ca_queue;

    if (plan->what == ACME_PLAN_ASK) {
        task->queue = &ca_queue->ari_queries;
        task->ask = acme_ari_query_create(
            scheduler->work, &ca_queue->ari_service,
            acme_ca_account_client(acme_ca_queue_account(scheduler, ca_queue)),
            site->known.spec, site->known.inventory, task->job, scheduler->prun,
            task->p);
    }
    else {
        task->queue = &ca_queue->orders;
        task->asking = task->counted;
        ca_queue->asking += task->asking;
        acme_job_set_urgent(
            task->job, plan->urgent || (task->job->order && task->job->urgent));
        task->order = acme_obtain_create(
            scheduler->work, site->known.spec,
            acme_ca_queue_account(scheduler, ca_queue), task->job, plan->reason,
            replaces(site, ca_queue), since, ca_queue->seed, task->p);
        if (plan->by_age) {
            acme_obtain_by_age(task->order);
        }
        set_live(task);
    }
    site->known.flying = 1;
    ++task->queue->flying;
    APR_ARRAY_PUSH(scheduler->tasks, acme_task_t *) = task;
}

/* Whether it is the CA that wants this renewal now: it is inside its window,
 * and the order says what it replaces. */
static int is_asked_for(const acme_scheduler_t *scheduler,
                        const acme_task_t *task, const acme_plan_t *plan)
{
    const acme_scheduler_site_t *site = task->site;

    return plan->by_age && replaces(site, task->ca_queue)
           && acme_ari_is_open(task->job->ari,
                               site->known.inventory->live->info,
                               acme_scheduler_now(scheduler));
}

/* Zero: it has to wait for the CA's limits. */
static int afford(acme_scheduler_t *scheduler, acme_task_t *task,
                  const acme_plan_t *plan)
{
    acme_scheduler_site_t *site = task->site;
    apr_time_t at;

    task->exempt = is_asked_for(scheduler, task, plan);
    task->counted = !task->job->order;
    at = acme_admission_hold(scheduler, task->ca_queue, site, task->job,
                             task->exempt, task->p);
    if (!at) {
        return 1;
    }
    site->known.next = at;
    scheduler->look_at = at < scheduler->look_at ? at : scheduler->look_at;
    scheduler->work->moved = 1; /* the next one is looked at without a nap */
    return 0;
}

/* Looks once more, since time has passed, and begins. Zero: it stays where it
 * is. */
static int start_some(acme_scheduler_t *scheduler, acme_scheduler_site_t *site)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t since = site->known.queued;
    acme_task_t *task;
    acme_plan_t plan;
    acme_job_t *job;
    apr_pool_t *p;
    apr_status_t rv;

    site->known.queued = 0;
    apr_pool_create(&p, scheduler->prun);
    apr_pool_tag(p, "acme_order");
    rv = acme_site_check(&plan, &job, &site->known, scheduler->work, &problem,
                         p);
    if (rv != APR_SUCCESS
        || (plan.what != ACME_PLAN_ORDER && plan.what != ACME_PLAN_ASK)) {
        if (rv != APR_SUCCESS) {
            acme_scheduler_store_failed(scheduler, site, &problem, p);
        }
        else {
            acme_scheduler_rest(scheduler, site, &plan);
        }
        apr_pool_destroy(p);
        return 0;
    }
    task = apr_pcalloc(p, sizeof(*task));
    task->site = site;
    task->job = job;
    task->p = p;
    task->ca_queue = acme_ca_queue_of(site, &plan, job, p);
    if (plan.what == ACME_PLAN_ORDER && !afford(scheduler, task, &plan)) {
        apr_pool_destroy(p);
        return 0;
    }
    take_off(scheduler, task, &plan, since);
    return 1;
}

/* Whether another order for the same names is on its way there. A CA may
 * answer newOrder with one that it has already (Let's Encrypt does): then two
 * would be one, with a certificate for one key only. */
static int has_same_names(const acme_scheduler_t *scheduler,
                          const acme_ca_queue_sites_t *queue,
                          const acme_scheduler_site_t *site)
{
    const acme_task_t *task;
    int i;

    for (i = 0; i < scheduler->tasks->nelts; ++i) {
        task = APR_ARRAY_IDX(scheduler->tasks, i, const acme_task_t *);
        if (task->order && task->queue == queue
            && acme_ident_same(task->site->known.spec->names,
                               site->known.spec->names)) {
            return 1;
        }
    }
    return 0;
}

/* The first that may go, at the head now. Zero: none may. */
static int next_up(const acme_scheduler_t *scheduler,
                   acme_ca_queue_sites_t *queue)
{
    acme_scheduler_site_t **sites =
        (acme_scheduler_site_t **)queue->sites->elts;
    acme_scheduler_site_t *site;
    int i;

    for (i = queue->head; i < queue->sites->nelts; ++i) {
        site = sites[i];
        if (!has_same_names(scheduler, queue, site)) {
            memmove(sites + queue->head + 1, sites + queue->head,
                    (size_t)(i - queue->head) * sizeof(*sites));
            sites[queue->head] = site;
            return 1;
        }
    }
    return 0;
}

/* As many as may be in flight; no more at once than that, so that who flies
 * does not wait for who starts. Returns how many still wait. */
static int start_some_some(acme_scheduler_t *scheduler,
                           acme_ca_queue_sites_t *queue, int most)
{
    int room = queue->most - queue->flying;
    int looks = room;

    room = most < room ? most : room;
    while (room > 0 && looks-- > 0 && next_up(scheduler, queue)) {
        room -= start_some(scheduler, APR_ARRAY_IDX(queue->sites, queue->head++,
                                                    acme_scheduler_site_t *));
    }
    if (queue->head == queue->sites->nelts) {
        apr_array_clear(queue->sites);
        queue->head = 0;
    }
    return queue->sites->nelts - queue->head;
}

/* More orders that its CA may be asked for. */
static int may_ask(const acme_ca_queue_t *ca_queue)
{
    if (acme_ca_queue_is_held(ca_queue)) {
        return 0;
    }
    return ca_queue->probe_limit ? ca_queue->probe_limit - ca_queue->asking
                                 : ca_queue->orders.most;
}

int acme_task_start_some(acme_scheduler_t *scheduler)
{
    int i, waiting = 0;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        acme_ca_queue_t *ca_queue = scheduler->ca_queues[i];

        waiting +=
            start_some_some(scheduler, &ca_queue->orders, may_ask(ca_queue));
        waiting += start_some_some(scheduler, &ca_queue->ari_queries,
                                   ca_queue->ari_queries.most);
    }
    return waiting;
}

static void end_asking(acme_task_t *task)
{
    task->ca_queue->asking -= task->asking;
    task->asking = 0;
}

static void land(acme_scheduler_t *scheduler, acme_task_t *task)
{
    acme_scheduler_site_t *site = task->site;
    acme_plan_t plan;
    int made;

    end_asking(task);
    if (task->order) {
        made = acme_obtain_was_made(task->order);
        if (task->counted && task->exempt && made
            && !acme_obtain_has_replaced(task->order)) {
            acme_admission_count(scheduler, task->ca_queue, site, task->job,
                                 task->p);
            task->exempt = 0;
        }
        acme_admission_finish(scheduler, task->ca_queue, site, task->job, made,
                              task->counted, task->exempt, task->p);
    }
    acme_plan(&plan, site->known.spec, site->known.inventory, task->job,
              acme_scheduler_now(scheduler), task->p);
    site->known.flying = 0;
    --task->queue->flying;
    acme_scheduler_notify_urgent(scheduler, site, &plan, task->job);
    acme_scheduler_rest(scheduler, site, &plan);
    if ((task->ask || task->job->at_once) && plan.what == ACME_PLAN_ORDER) {
        site->known.next = acme_scheduler_now(scheduler);
        scheduler->look_at = site->known.next;
    }
    apr_pool_destroy(task->p);
}

static apr_time_t step(acme_scheduler_t *scheduler, acme_task_t *task,
                       int *over)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;

    if (task->ask) {
        acme_ari_query_step(task->ask);
        *over = acme_ari_query_is_over(task->ask);
        return at;
    }
    at = acme_obtain_step(task->order);
    if (task->asking && acme_obtain_was_made(task->order)) {
        end_asking(task);
        acme_admission_made(scheduler, task->ca_queue);
    }
    *over = acme_obtain_is_over(task->order);
    return at;
}

apr_time_t acme_task_step(acme_scheduler_t *scheduler)
{
    apr_array_header_t *tasks = scheduler->tasks;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    acme_task_t *task;
    int i = 0, over;

    while (i < tasks->nelts) {
        task = APR_ARRAY_IDX(tasks, i, acme_task_t *);
        at = step(scheduler, task, &over);
        if (over) {
            APR_ARRAY_IDX(tasks, i, acme_task_t *) =
                APR_ARRAY_IDX(tasks, tasks->nelts - 1, acme_task_t *);
            --tasks->nelts;
            land(scheduler, task);
        }
        else {
            first = at < first ? at : first;
            ++i;
        }
    }
    return first;
}
