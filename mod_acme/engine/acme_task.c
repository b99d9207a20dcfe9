/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_scheduler.h"

#include <string.h>

#include "acme_ident.h"
#include "acme_key_reuse.h"
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
    acme_ca_queue_t *lane;
    int counted; /* its order counts for the CA's limits */
    int asking;  /* and the CA has not made it yet */
    int exempt;  /* the CA has asked for it */
    apr_pool_t *p;
};

/* Of the certificate there is, where its CA wants to know. */
static const char *replaces(const acme_scheduler_site_t *site,
                            const acme_ca_queue_t *lane)
{
    const acme_spec_t *spec = site->known.spec;
    const acme_certstore_cert_t *live = site->known.inventory->live;
    int i;

    if (!acme_plan_is_via_ari(spec, site->known.inventory)
        || strcmp(live->ca_url, lane->ca->url) != 0) {
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

acme_job_t *acme_task_job(const acme_scheduler_t *fleet,
                          const acme_scheduler_site_t *site)
{
    const acme_task_t *flight;
    int i;

    for (i = 0; site->known.flying && i < fleet->flights->nelts; ++i) {
        flight = APR_ARRAY_IDX(fleet->flights, i, const acme_task_t *);
        if (flight->site == site) {
            return flight->job;
        }
    }
    return NULL;
}

/* What is served: its key is used again, unless the CA has just refused it. */
static void set_live(acme_task_t *flight)
{
    const acme_spec_t *spec = flight->site->known.spec;
    const acme_inventory_t *inventory = flight->site->known.inventory;
    const acme_job_t *job = flight->job;
    int refused =
        acme_key_reuse_is_refused(job->problem) && job->digest
        && strcmp(job->digest, acme_spec_digest(spec, flight->p)) == 0;

    if (inventory->live) {
        acme_obtain_instead(flight->order, inventory->live->info->fingerprint);
        acme_obtain_live_key(
            flight->order, inventory->live->info->key_hash,
            !refused && acme_key_reuse_hash(spec, inventory, job) != NULL);
    }
}

static void take_off(acme_scheduler_t *fleet, acme_task_t *flight,
                     const acme_plan_t *plan, apr_time_t since)
{
    acme_scheduler_site_t *site = flight->site;
    acme_ca_queue_t *lane = flight->lane;

    if (plan->what == ACME_PLAN_ASK) {
        flight->queue = &lane->asks;
        flight->ask = acme_ari_query_create(
            fleet->work, &lane->asker,
            acme_ca_account_client(acme_ca_queue_account(fleet, lane)),
            site->known.spec, site->known.inventory, flight->job, fleet->prun,
            flight->p);
    }
    else {
        flight->queue = &lane->orders;
        flight->asking = flight->counted;
        lane->asking += flight->asking;
        flight->job->urgent =
            plan->urgent || (flight->job->order && flight->job->urgent);
        flight->order = acme_obtain_create(
            fleet->work, site->known.spec, acme_ca_queue_account(fleet, lane),
            flight->job, plan->reason, replaces(site, lane), since, lane->seed,
            flight->p);
        if (plan->by_age) {
            acme_obtain_by_age(flight->order);
        }
        set_live(flight);
    }
    site->known.flying = 1;
    ++flight->queue->flying;
    APR_ARRAY_PUSH(fleet->flights, acme_task_t *) = flight;
}

/* Whether it is the CA that wants this renewal now: it is inside its window,
 * and the order says what it replaces. */
static int is_asked_for(const acme_scheduler_t *fleet,
                        const acme_task_t *flight, const acme_plan_t *plan)
{
    const acme_scheduler_site_t *site = flight->site;

    return plan->by_age && replaces(site, flight->lane)
           && acme_ari_is_open(flight->job->ari,
                               site->known.inventory->live->info,
                               acme_scheduler_now(fleet));
}

/* Zero: it has to wait for the CA's limits. */
static int afford(acme_scheduler_t *fleet, acme_task_t *flight,
                  const acme_plan_t *plan)
{
    acme_scheduler_site_t *site = flight->site;
    apr_time_t at;

    flight->exempt = is_asked_for(fleet, flight, plan);
    flight->counted = !flight->job->order;
    at = acme_admission_hold(fleet, flight->lane, site, flight->job,
                             flight->exempt, flight->p);
    if (!at) {
        return 1;
    }
    site->known.next = at;
    fleet->look_at = at < fleet->look_at ? at : fleet->look_at;
    fleet->work->moved = 1; /* the next one is looked at without a nap */
    return 0;
}

/* Looks once more, since time has passed, and begins. Zero: it stays where it
 * is. */
static int launch(acme_scheduler_t *fleet, acme_scheduler_site_t *site)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t since = site->known.queued;
    acme_task_t *flight;
    acme_plan_t plan;
    acme_job_t *job;
    apr_pool_t *p;
    apr_status_t rv;

    site->known.queued = 0;
    apr_pool_create(&p, fleet->prun);
    apr_pool_tag(p, "acme_order");
    rv = acme_site_check(&plan, &job, &site->known, fleet->work, &problem, p);
    if (rv != APR_SUCCESS
        || (plan.what != ACME_PLAN_ORDER && plan.what != ACME_PLAN_ASK)) {
        if (rv != APR_SUCCESS) {
            acme_scheduler_store_failed(fleet, site, &problem, p);
        }
        else {
            acme_scheduler_rest(fleet, site, &plan);
        }
        apr_pool_destroy(p);
        return 0;
    }
    flight = apr_pcalloc(p, sizeof(*flight));
    flight->site = site;
    flight->job = job;
    flight->p = p;
    flight->lane = acme_ca_queue_of(site, &plan, job, p);
    if (plan.what == ACME_PLAN_ORDER && !afford(fleet, flight, &plan)) {
        apr_pool_destroy(p);
        return 0;
    }
    take_off(fleet, flight, &plan, since);
    return 1;
}

/* Whether another order for the same names is on its way there. A CA may
 * answer newOrder with one that it has already (Let's Encrypt does): then two
 * would be one, with a certificate for one key only. */
static int has_twin(const acme_scheduler_t *fleet,
                    const acme_ca_queue_sites_t *queue,
                    const acme_scheduler_site_t *site)
{
    const acme_task_t *flight;
    int i;

    for (i = 0; i < fleet->flights->nelts; ++i) {
        flight = APR_ARRAY_IDX(fleet->flights, i, const acme_task_t *);
        if (flight->order && flight->queue == queue
            && acme_ident_same(flight->site->known.spec->names,
                               site->known.spec->names)) {
            return 1;
        }
    }
    return 0;
}

/* The first that may go, at the head now. Zero: none may. */
static int next_up(const acme_scheduler_t *fleet, acme_ca_queue_sites_t *queue)
{
    acme_scheduler_site_t **sites =
        (acme_scheduler_site_t **)queue->sites->elts;
    acme_scheduler_site_t *site;
    int i;

    for (i = queue->head; i < queue->sites->nelts; ++i) {
        site = sites[i];
        if (!has_twin(fleet, queue, site)) {
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
static int launch_some(acme_scheduler_t *fleet, acme_ca_queue_sites_t *queue,
                       int most)
{
    int room = queue->most - queue->flying;
    int looks = room;

    room = most < room ? most : room;
    while (room > 0 && looks-- > 0 && next_up(fleet, queue)) {
        room -= launch(fleet, APR_ARRAY_IDX(queue->sites, queue->head++,
                                            acme_scheduler_site_t *));
    }
    if (queue->head == queue->sites->nelts) {
        apr_array_clear(queue->sites);
        queue->head = 0;
    }
    return queue->sites->nelts - queue->head;
}

/* More orders that its CA may be asked for. */
static int may_ask(const acme_ca_queue_t *lane)
{
    if (acme_ca_queue_is_held(lane)) {
        return 0;
    }
    return lane->careful ? lane->careful - lane->asking : lane->orders.most;
}

int acme_task_start_some(acme_scheduler_t *fleet)
{
    int i, waiting = 0;

    for (i = 0; i < fleet->n_lanes; ++i) {
        acme_ca_queue_t *lane = fleet->lanes[i];

        waiting += launch_some(fleet, &lane->orders, may_ask(lane));
        waiting += launch_some(fleet, &lane->asks, lane->asks.most);
    }
    return waiting;
}

static void end_asking(acme_task_t *flight)
{
    flight->lane->asking -= flight->asking;
    flight->asking = 0;
}

static void land(acme_scheduler_t *fleet, acme_task_t *flight)
{
    acme_scheduler_site_t *site = flight->site;
    acme_plan_t plan;
    int made;

    end_asking(flight);
    if (flight->order) {
        made = acme_obtain_was_made(flight->order);
        if (flight->counted && flight->exempt && made
            && !acme_obtain_has_replaced(flight->order)) {
            acme_admission_count(fleet, flight->lane, site, flight->job,
                                 flight->p);
            flight->exempt = 0;
        }
        acme_admission_finish(fleet, flight->lane, site, flight->job, made,
                              flight->counted, flight->exempt, flight->p);
    }
    acme_plan(&plan, site->known.spec, site->known.inventory, flight->job,
              acme_scheduler_now(fleet), flight->p);
    site->known.flying = 0;
    --flight->queue->flying;
    acme_scheduler_notify_urgent(fleet, site, &plan, flight->job);
    acme_scheduler_rest(fleet, site, &plan);
    if ((flight->ask || flight->job->at_once) && plan.what == ACME_PLAN_ORDER) {
        site->known.next = acme_scheduler_now(fleet);
        fleet->look_at = site->known.next;
    }
    apr_pool_destroy(flight->p);
}

static apr_time_t step(acme_scheduler_t *fleet, acme_task_t *flight, int *over)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;

    if (flight->ask) {
        acme_ari_query_step(flight->ask);
        *over = acme_ari_query_is_over(flight->ask);
        return at;
    }
    at = acme_obtain_step(flight->order);
    if (flight->asking && acme_obtain_was_made(flight->order)) {
        end_asking(flight);
        acme_admission_made(fleet, flight->lane);
    }
    *over = acme_obtain_is_over(flight->order);
    return at;
}

apr_time_t acme_task_step(acme_scheduler_t *fleet)
{
    apr_array_header_t *flights = fleet->flights;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    acme_task_t *flight;
    int i = 0, over;

    while (i < flights->nelts) {
        flight = APR_ARRAY_IDX(flights, i, acme_task_t *);
        at = step(fleet, flight, &over);
        if (over) {
            APR_ARRAY_IDX(flights, i, acme_task_t *) =
                APR_ARRAY_IDX(flights, flights->nelts - 1, acme_task_t *);
            --flights->nelts;
            land(fleet, flight);
        }
        else {
            first = at < first ? at : first;
            ++i;
        }
    }
    return first;
}
