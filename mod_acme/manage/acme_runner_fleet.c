/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_runner_fleet.h"

#include <stdlib.h>
#include <string.h>

#include <apr_atomic.h>

#include "acme_ident.h"
#include "acme_reuse.h"
#include "acme_runner_fleet_part.h"
#include "acme_runner_order.h"
#include "acme_schedule.h"

/* The longest a site is left alone because the store has failed. */
#define STORE_WAIT ACME_TIME_HOUR

/* Looks between two looks at the lease. */
#define LOOKS_PER_LEASE 64

/* An order on its way, or a question. */
typedef struct flight_t {
    acme_fleet_site_t *site;
    acme_job_t *job;
    acme_runner_order_t *order;
    acme_runner_ask_t *ask;
    acme_fleet_queue_t *queue; /* that it came from */
    acme_fleet_lane_t *lane;
    int counted; /* its order counts for the CA's limits */
    int exempt;  /* the CA has asked for it */
    apr_pool_t *p;
} flight_t;

static apr_time_t now_of(const acme_runner_fleet_t *fleet)
{
    return acme_clock_now(fleet->work->clock);
}

/* Where it does what is planned: an order at the CA whose turn it is, a
 * question at the one that knows the certificate. */
static acme_fleet_lane_t *lane_of(const acme_fleet_site_t *site,
                                  const acme_plan_t *plan,
                                  const acme_job_t *job, apr_pool_t *p)
{
    const acme_spec_t *spec = site->known.spec;

    return site->lanes[plan->what == ACME_PLAN_ASK ? acme_spec_find_ca(
                           spec, site->known.holding->live->ca_url)
                                                   : acme_job_ca(job, spec, p)];
}

void acme_runner_fleet_forget(acme_runner_fleet_t *fleet)
{
    int i;

    for (i = 0; i < fleet->n_sites; ++i) {
        fleet->sites[i]->known.next = 0;
        fleet->sites[i]->known.trouble = 0;
    }
}

void acme_runner_fleet_begin(acme_runner_fleet_t *fleet, apr_pool_t *p)
{
    int i;

    fleet->prun = p;
    fleet->complained = 0;
    fleet->look_at = 0;
    fleet->flights = apr_array_make(p, 8, sizeof(flight_t *));
    acme_fleet_budget_begin(fleet);
    for (i = 0; i < fleet->n_lanes; ++i) {
        acme_fleet_lane_begin(fleet->lanes[i], p);
    }
    acme_runner_revokes_begin(fleet->revokes, p);
}

void acme_runner_fleet_end(acme_runner_fleet_t *fleet)
{
    acme_fleet_site_t *site;
    int i;

    for (i = 0; i < fleet->n_sites; ++i) {
        site = fleet->sites[i];
        if (site->known.flying || site->known.queued) {
            site->known.flying = 0;
            site->known.queued = 0;
            site->known.next = 0;
        }
    }
    for (i = 0; i < fleet->n_lanes; ++i) {
        fleet->lanes[i]->identity = NULL;
        fleet->lanes[i]->orders.sites = NULL;
        fleet->lanes[i]->asks.sites = NULL;
        fleet->lanes[i]->errands = NULL;
    }
    acme_runner_revokes_end(fleet->revokes);
    fleet->flights = NULL;
    fleet->prun = NULL;
}

/* The store makes looks fail: all sites come back together, and one message
 * is enough. */
static void trouble(acme_runner_fleet_t *fleet, acme_fleet_site_t *site,
                    const acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_interval_time_t wait;

    ++site->known.trouble;
    wait =
        acme_schedule_backoff(site->known.trouble, ACME_TIME_MINUTE, "store");
    if (wait > STORE_WAIT) {
        wait = STORE_WAIT;
    }
    site->known.next = now_of(fleet) + wait;
    acme_log(fleet->work->log,
             fleet->complained ? ACME_LOG_DEBUG : ACME_LOG_WARNING, problem->rv,
             ACME_TAG(0310) "%s: %s; looking again in %s",
             site->known.spec->name, acme_problem_text(problem, ptemp),
             acme_time_print_duration(wait, ptemp));
    fleet->complained = 1;
}

/* When it is to be looked at again: never at once, whatever the plan is. */
static void rest(acme_runner_fleet_t *fleet, acme_fleet_site_t *site,
                 const acme_plan_t *plan)
{
    apr_time_t now = now_of(fleet);

    site->known.trouble = 0;
    site->known.next = plan->at > now ? plan->at : now + ACME_TIME_MINUTE;
    /* One that came while its order was in flight. */
    if (site->known.fresh) {
        site->known.next = now;
    }
    if (site->known.next < fleet->look_at) {
        fleet->look_at = site->known.next;
    }
}

/* Says that what is staged for it must not wait. */
static void hurry(const acme_runner_fleet_t *fleet,
                  const acme_fleet_site_t *site, const acme_plan_t *plan,
                  const acme_job_t *job)
{
    if (plan->what == ACME_PLAN_STAGED && job->urgent && fleet->work->urgent
        && site->index >= 0) {
        fleet->work->urgent(fleet->work->urgent_baton, site->index);
    }
}

/* Zero: it has nothing to do at the CA. */
static int enqueue(acme_runner_fleet_t *fleet, acme_fleet_site_t *site,
                   const acme_plan_t *plan, const acme_job_t *job,
                   apr_pool_t *p)
{
    acme_fleet_queue_t *queue;
    acme_fleet_lane_t *lane;

    if (plan->what != ACME_PLAN_ORDER && plan->what != ACME_PLAN_ASK) {
        return 0;
    }
    lane = lane_of(site, plan, job, p);
    queue = plan->what == ACME_PLAN_ASK ? &lane->asks : &lane->orders;
    site->known.queued = now_of(fleet);
    APR_ARRAY_PUSH(queue->sites, acme_fleet_site_t *) = site;
    return 1;
}

/* Who serves nothing of ours comes first, then who expires first. */
static apr_time_t urgency(const acme_fleet_site_t *site)
{
    const acme_live_cert_t *live = site->known.holding->live;

    return live ? live->info->not_after : 0;
}

static int by_urgency(const void *a, const void *b)
{
    const acme_fleet_site_t *left = *(acme_fleet_site_t *const *)a;
    const acme_fleet_site_t *right = *(acme_fleet_site_t *const *)b;
    apr_time_t l = urgency(left), r = urgency(right);

    if (l != r) {
        return l < r ? -1 : 1;
    }
    return left < right ? -1 : left > right;
}

static void look(acme_runner_fleet_t *fleet, acme_fleet_site_t *site,
                 apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_plan_t plan;
    acme_job_t *job;

    if (acme_runner_look(&plan, &job, &site->known, fleet->work, &problem, p)
        != APR_SUCCESS) {
        trouble(fleet, site, &problem, p);
        return;
    }
    acme_log(fleet->work->log, ACME_LOG_DEBUG, 0, ACME_TAG(0311) "%s: %s: %s",
             site->known.spec->name, acme_plan_name(plan.what), plan.reason);
    if (plan.warning) {
        acme_log(fleet->work->log, ACME_LOG_WARNING, 0, ACME_TAG(0349) "%s: %s",
                 site->known.spec->name, plan.warning);
    }
    hurry(fleet, site, &plan, job);
    if (!enqueue(fleet, site, &plan, job, p)) {
        rest(fleet, site, &plan);
    }
}

static int is_due(const acme_fleet_site_t *site, apr_time_t now)
{
    return !site->known.flying && !site->known.queued
           && site->known.next <= now;
}

static apr_time_t sites_due(const acme_runner_fleet_t *fleet)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;
    const acme_fleet_site_t *site;
    int i;

    for (i = 0; i < fleet->n_sites; ++i) {
        site = fleet->sites[i];
        if (!site->known.flying && !site->known.queued
            && site->known.next < at) {
            at = site->known.next;
        }
    }
    return at;
}

apr_time_t acme_runner_fleet_due(const acme_runner_fleet_t *fleet)
{
    apr_time_t at = acme_runner_revokes_due(fleet->revokes);
    apr_time_t site = sites_due(fleet);

    return site < at ? site : at;
}

apr_status_t acme_runner_fleet_look(acme_runner_fleet_t *fleet,
                                    acme_turn_t *turn)
{
    apr_time_t now = now_of(fleet);
    apr_status_t rv = APR_SUCCESS;
    acme_fleet_lane_t *lane;
    apr_pool_t *p;
    int i, looks = 0;

    acme_fleet_errand_survey(fleet);
    if (fleet->look_at > now) {
        return APR_SUCCESS;
    }
    apr_pool_create(&p, fleet->prun);
    for (i = 0; i < fleet->n_sites && rv == APR_SUCCESS; ++i) {
        if (!is_due(fleet->sites[i], now)) {
            continue;
        }
        if (apr_atomic_read32(&fleet->work->stop)) {
            break;
        }
        apr_pool_clear(p);
        look(fleet, fleet->sites[i], p);
        if (++looks % LOOKS_PER_LEASE == 0) {
            rv = acme_turn_keep(turn);
        }
    }
    apr_pool_destroy(p);
    for (i = 0; i < fleet->n_lanes; ++i) {
        lane = fleet->lanes[i];
        qsort((acme_fleet_site_t **)lane->orders.sites->elts
                  + lane->orders.head,
              (size_t)(lane->orders.sites->nelts - lane->orders.head),
              sizeof(acme_fleet_site_t *), by_urgency);
    }
    fleet->look_at = sites_due(fleet);
    return rv;
}

/* Of the certificate there is, where its CA wants to know. */
static const char *replaces(const acme_fleet_site_t *site,
                            const acme_fleet_lane_t *lane)
{
    const acme_spec_t *spec = site->known.spec;
    const acme_live_cert_t *live = site->known.holding->live;
    int i;

    if (!acme_plan_is_via_ari(spec, site->known.holding)
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

static int is_used(void *baton, const char *name)
{
    acme_runner_fleet_t *fleet = baton;

    return apr_hash_get(fleet->lane_by_name, name, APR_HASH_KEY_STRING) != NULL;
}

acme_identity_t *acme_fleet_identity(acme_runner_fleet_t *fleet,
                                     acme_fleet_lane_t *lane)
{
    if (!lane->identity) {
        lane->identity =
            acme_identity_create(fleet->work, lane->ca, fleet->prun);
        acme_identity_succeeds(lane->identity, is_used, fleet);
        acme_fleet_budget_spare(lane);
    }
    return lane->identity;
}

acme_job_t *acme_fleet_job(const acme_runner_fleet_t *fleet,
                           const acme_fleet_site_t *site)
{
    const flight_t *flight;
    int i;

    for (i = 0; site->known.flying && i < fleet->flights->nelts; ++i) {
        flight = APR_ARRAY_IDX(fleet->flights, i, const flight_t *);
        if (flight->site == site) {
            return flight->job;
        }
    }
    return NULL;
}

static void take_off(acme_runner_fleet_t *fleet, flight_t *flight,
                     const acme_plan_t *plan, apr_time_t since)
{
    acme_fleet_site_t *site = flight->site;
    acme_fleet_lane_t *lane = flight->lane;
    const char *hash;

    if (plan->what == ACME_PLAN_ASK) {
        flight->queue = &lane->asks;
        flight->ask = acme_runner_ask_create(
            fleet->work, &lane->asker,
            acme_identity_client(acme_fleet_identity(fleet, lane)),
            site->known.spec, site->known.holding, flight->job, fleet->prun,
            flight->p);
    }
    else {
        flight->queue = &lane->orders;
        flight->job->urgent =
            plan->urgent || (flight->job->order && flight->job->urgent);
        flight->order = acme_runner_order_create(
            fleet->work, site->known.spec, acme_fleet_identity(fleet, lane),
            flight->job, plan->reason, replaces(site, lane), since, lane->seed,
            flight->p);
        if (plan->by_age) {
            acme_runner_order_by_age(flight->order);
        }
        hash =
            acme_reuse_hash(site->known.spec, site->known.holding, flight->job);
        if (hash) {
            acme_runner_order_reuse(flight->order, hash);
        }
    }
    site->known.flying = 1;
    ++flight->queue->flying;
    APR_ARRAY_PUSH(fleet->flights, flight_t *) = flight;
}

/* Zero: it has to wait for the CA's limits. */
static int afford(acme_runner_fleet_t *fleet, flight_t *flight,
                  const acme_plan_t *plan)
{
    acme_fleet_site_t *site = flight->site;
    apr_time_t at;

    flight->exempt = plan->by_age && replaces(site, flight->lane);
    flight->counted = !flight->job->order;
    at = acme_fleet_budget_hold(fleet, flight->lane, site, flight->job,
                                flight->exempt, flight->p);
    if (!at) {
        return 1;
    }
    site->known.next = at;
    fleet->look_at = at < fleet->look_at ? at : fleet->look_at;
    return 0;
}

/* Looks once more, since time has passed, and begins. */
static void launch(acme_runner_fleet_t *fleet, acme_fleet_site_t *site)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t since = site->known.queued;
    flight_t *flight;
    acme_plan_t plan;
    acme_job_t *job;
    apr_pool_t *p;
    apr_status_t rv;

    site->known.queued = 0;
    apr_pool_create(&p, fleet->prun);
    apr_pool_tag(p, "acme_order");
    rv = acme_runner_look(&plan, &job, &site->known, fleet->work, &problem, p);
    if (rv != APR_SUCCESS
        || (plan.what != ACME_PLAN_ORDER && plan.what != ACME_PLAN_ASK)) {
        if (rv != APR_SUCCESS) {
            trouble(fleet, site, &problem, p);
        }
        else {
            rest(fleet, site, &plan);
        }
        apr_pool_destroy(p);
        return;
    }
    flight = apr_pcalloc(p, sizeof(*flight));
    flight->site = site;
    flight->job = job;
    flight->p = p;
    flight->lane = lane_of(site, &plan, job, p);
    if (plan.what == ACME_PLAN_ORDER && !afford(fleet, flight, &plan)) {
        apr_pool_destroy(p);
        return;
    }
    take_off(fleet, flight, &plan, since);
}

/* As many as may be in flight; no more at once than that, so that who flies
 * does not wait for who starts. Returns how many still wait. */
static int launch_some(acme_runner_fleet_t *fleet, acme_fleet_queue_t *queue,
                       int held)
{
    int room = held ? 0 : queue->most - queue->flying;

    while (room-- > 0 && queue->head < queue->sites->nelts) {
        launch(fleet,
               APR_ARRAY_IDX(queue->sites, queue->head++, acme_fleet_site_t *));
    }
    if (queue->head == queue->sites->nelts) {
        apr_array_clear(queue->sites);
        queue->head = 0;
    }
    return queue->sites->nelts - queue->head;
}

static int launch_all(acme_runner_fleet_t *fleet)
{
    int i, waiting = 0;

    for (i = 0; i < fleet->n_lanes; ++i) {
        waiting += launch_some(fleet, &fleet->lanes[i]->orders,
                               acme_fleet_errand_holds(fleet->lanes[i]));
        waiting += launch_some(fleet, &fleet->lanes[i]->asks, 0);
    }
    return waiting;
}

static void land(acme_runner_fleet_t *fleet, flight_t *flight)
{
    acme_fleet_site_t *site = flight->site;
    acme_plan_t plan;

    if (flight->counted) {
        acme_fleet_budget_land(fleet, flight->lane, site, flight->job,
                               acme_runner_order_was_made(flight->order),
                               flight->exempt, flight->p);
    }
    acme_plan(&plan, site->known.spec, site->known.holding, flight->job,
              now_of(fleet), flight->p);
    site->known.flying = 0;
    --flight->queue->flying;
    hurry(fleet, site, &plan, flight->job);
    rest(fleet, site, &plan);
    if ((flight->ask || flight->job->at_once) && plan.what == ACME_PLAN_ORDER) {
        site->known.next = now_of(fleet);
        fleet->look_at = site->known.next;
    }
    apr_pool_destroy(flight->p);
}

static apr_time_t step(flight_t *flight, int *over)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;

    if (flight->ask) {
        acme_runner_ask_step(flight->ask);
        *over = acme_runner_ask_is_over(flight->ask);
        return at;
    }
    at = acme_runner_order_step(flight->order);
    *over = acme_runner_order_is_over(flight->order);
    return at;
}

/* Returns when one of them has something to do by itself. */
static apr_time_t step_all(acme_runner_fleet_t *fleet)
{
    apr_array_header_t *flights = fleet->flights;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    flight_t *flight;
    int i = 0, over;

    while (i < flights->nelts) {
        flight = APR_ARRAY_IDX(flights, i, flight_t *);
        at = step(flight, &over);
        if (over) {
            APR_ARRAY_IDX(flights, i, flight_t *) =
                APR_ARRAY_IDX(flights, flights->nelts - 1, flight_t *);
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

apr_time_t acme_runner_fleet_step(acme_runner_fleet_t *fleet, int *waits)
{
    int waiting = launch_all(fleet);
    int revoking = acme_runner_revokes_step(fleet->revokes);
    int errands = acme_fleet_errand_step(fleet);
    apr_time_t at = step_all(fleet);
    /* Revocations wait for accounts that change. */
    apr_time_t due = errands > 0 ? ACME_SCHEDULE_NEVER
                                 : acme_runner_revokes_due(fleet->revokes);

    acme_fleet_budget_save(fleet);
    *waits = waiting > 0 || revoking || errands > 0 || fleet->flights->nelts > 0
             || fleet->look_at <= now_of(fleet) || due <= now_of(fleet);
    at = at < fleet->look_at ? at : fleet->look_at;
    return at < due ? at : due;
}
