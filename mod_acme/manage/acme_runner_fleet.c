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

#include <apr_atomic.h>

#include "acme_runner_fleet_part.h"
#include "acme_runner_order.h"
#include "acme_schedule.h"

/* The longest a site is left alone because the store has failed. */
#define STORE_WAIT ACME_TIME_HOUR

/* Looks between two looks at the lease. */
#define LOOKS_PER_LEASE 64

/* An order on its way. */
typedef struct flight_t {
    acme_fleet_site_t *site;
    acme_job_t *job;
    acme_runner_order_t *order;
    apr_pool_t *p;
} flight_t;

static apr_time_t now_of(const acme_runner_fleet_t *fleet)
{
    return acme_clock_now(fleet->work->clock);
}

static acme_fleet_lane_t *find_lane(acme_runner_fleet_t *fleet,
                                    const acme_spec_t *spec)
{
    const char *name = acme_identity_name(spec->ca, fleet->p);
    acme_fleet_lane_t *lane =
        apr_hash_get(fleet->lane_by_name, name, APR_HASH_KEY_STRING);

    if (!lane) {
        lane = apr_pcalloc(fleet->p, sizeof(*lane));
        lane->ca = spec->ca;
        lane->seed = spec->name;
        apr_hash_set(fleet->lane_by_name, name, APR_HASH_KEY_STRING, lane);
        fleet->lanes[fleet->n_lanes++] = lane;
    }
    return lane;
}

acme_runner_fleet_t *
acme_runner_fleet_create(acme_work_t *work, const apr_array_header_t *specs,
                         const apr_array_header_t *holdings, int parallel,
                         apr_pool_t *p)
{
    acme_runner_fleet_t *fleet = apr_pcalloc(p, sizeof(*fleet));
    apr_size_t room = (apr_size_t)specs->nelts + 1;
    acme_fleet_site_t *sites = apr_pcalloc(p, sizeof(acme_fleet_site_t) * room);
    acme_fleet_site_t *site;
    int i;

    fleet->work = work;
    fleet->p = p;
    fleet->n_sites = specs->nelts;
    /* Each can have one beside it that is ordered for another machine. */
    fleet->sites = apr_pcalloc(p, sizeof(acme_fleet_site_t *) * 2 * room);
    fleet->by_name = apr_hash_make(p);
    fleet->lane_by_name = apr_hash_make(p);
    apr_pool_create(&fleet->prequests, p);
    fleet->lanes = apr_pcalloc(p, sizeof(acme_fleet_lane_t *) * room);
    fleet->parallel = parallel;
    for (i = 0; i < fleet->n_sites; ++i) {
        site = &sites[i];
        fleet->sites[i] = site;
        site->known.spec = APR_ARRAY_IDX(specs, i, const acme_spec_t *);
        site->known.holding =
            APR_ARRAY_IDX(holdings, i, const acme_holding_t *);
        site->lane = find_lane(fleet, site->known.spec);
        apr_hash_set(fleet->by_name, site->known.spec->name,
                     APR_HASH_KEY_STRING, site);
    }
    return fleet;
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
    acme_fleet_lane_t *lane;
    int i;

    fleet->prun = p;
    fleet->complained = 0;
    fleet->look_at = 0;
    fleet->flights = apr_array_make(p, 8, sizeof(flight_t *));
    for (i = 0; i < fleet->n_lanes; ++i) {
        lane = fleet->lanes[i];
        lane->identity = NULL;
        lane->queue = apr_array_make(p, 8, sizeof(acme_fleet_site_t *));
        lane->head = 0;
        lane->flying = 0;
    }
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
        fleet->lanes[i]->queue = NULL;
    }
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
    if (plan.what == ACME_PLAN_ORDER) {
        site->known.queued = now_of(fleet);
        APR_ARRAY_PUSH(site->lane->queue, acme_fleet_site_t *) = site;
    }
    else {
        rest(fleet, site, &plan);
    }
}

static int is_due(const acme_fleet_site_t *site, apr_time_t now)
{
    return !site->known.flying && !site->known.queued
           && site->known.next <= now;
}

apr_time_t acme_runner_fleet_due(const acme_runner_fleet_t *fleet)
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

apr_status_t acme_runner_fleet_look(acme_runner_fleet_t *fleet,
                                    acme_turn_t *turn)
{
    apr_time_t now = now_of(fleet);
    apr_status_t rv = APR_SUCCESS;
    acme_fleet_lane_t *lane;
    apr_pool_t *p;
    int i, looks = 0;

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
        qsort((acme_fleet_site_t **)lane->queue->elts + lane->head,
              (size_t)(lane->queue->nelts - lane->head),
              sizeof(acme_fleet_site_t *), by_urgency);
    }
    fleet->look_at = acme_runner_fleet_due(fleet);
    return rv;
}

/* Looks once more, since time has passed, and begins. */
static void launch(acme_runner_fleet_t *fleet, acme_fleet_site_t *site)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_fleet_lane_t *lane = site->lane;
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
    if (rv != APR_SUCCESS || plan.what != ACME_PLAN_ORDER) {
        if (rv != APR_SUCCESS) {
            trouble(fleet, site, &problem, p);
        }
        else {
            rest(fleet, site, &plan);
        }
        apr_pool_destroy(p);
        return;
    }
    if (!lane->identity) {
        lane->identity =
            acme_identity_create(fleet->work, lane->ca, fleet->prun);
    }
    flight = apr_pcalloc(p, sizeof(*flight));
    flight->site = site;
    flight->job = job;
    flight->p = p;
    flight->order =
        acme_runner_order_create(fleet->work, site->known.spec, lane->identity,
                                 job, plan.reason, since, lane->seed, p);
    if (plan.by_age) {
        acme_runner_order_by_age(flight->order);
    }
    site->known.flying = 1;
    ++lane->flying;
    APR_ARRAY_PUSH(fleet->flights, flight_t *) = flight;
}

/* As many as may be in flight; no more at once than that, so that who flies
 * does not wait for who starts. Returns how many still wait. */
static int launch_all(acme_runner_fleet_t *fleet)
{
    acme_fleet_lane_t *lane;
    int i, room, waiting = 0;

    for (i = 0; i < fleet->n_lanes; ++i) {
        lane = fleet->lanes[i];
        room = fleet->parallel - lane->flying;
        while (room-- > 0 && lane->head < lane->queue->nelts) {
            launch(fleet, APR_ARRAY_IDX(lane->queue, lane->head++,
                                        acme_fleet_site_t *));
        }
        if (lane->head == lane->queue->nelts) {
            apr_array_clear(lane->queue);
            lane->head = 0;
        }
        waiting += lane->queue->nelts - lane->head;
    }
    return waiting;
}

static void land(acme_runner_fleet_t *fleet, flight_t *flight)
{
    acme_fleet_site_t *site = flight->site;
    acme_plan_t plan;

    acme_plan(&plan, site->known.spec, site->known.holding, flight->job,
              now_of(fleet), flight->p);
    site->known.flying = 0;
    --site->lane->flying;
    rest(fleet, site, &plan);
    apr_pool_destroy(flight->p);
}

/* Returns when one of them has something to do by itself. */
static apr_time_t step_all(acme_runner_fleet_t *fleet)
{
    apr_array_header_t *flights = fleet->flights;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    flight_t *flight;
    int i = 0;

    while (i < flights->nelts) {
        flight = APR_ARRAY_IDX(flights, i, flight_t *);
        at = acme_runner_order_step(flight->order);
        if (acme_runner_order_is_over(flight->order)) {
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
    apr_time_t at = step_all(fleet);

    *waits = waiting > 0 || fleet->flights->nelts > 0;
    return at < fleet->look_at ? at : fleet->look_at;
}
