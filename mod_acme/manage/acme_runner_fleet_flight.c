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

#include <string.h>

#include "acme_ident.h"
#include "acme_reuse.h"
#include "acme_runner_fleet_part.h"
#include "acme_runner_order.h"
#include "acme_schedule.h"

/* An order on its way, or a question. */
struct acme_fleet_flight_t {
    acme_fleet_site_t *site;
    acme_job_t *job;
    acme_runner_order_t *order;
    acme_runner_ask_t *ask;
    acme_fleet_queue_t *queue; /* that it came from */
    acme_fleet_lane_t *lane;
    int counted; /* its order counts for the CA's limits */
    int asking;  /* and the CA has not made it yet */
    int exempt;  /* the CA has asked for it */
    apr_pool_t *p;
};

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

acme_job_t *acme_fleet_job(const acme_runner_fleet_t *fleet,
                           const acme_fleet_site_t *site)
{
    const acme_fleet_flight_t *flight;
    int i;

    for (i = 0; site->known.flying && i < fleet->flights->nelts; ++i) {
        flight = APR_ARRAY_IDX(fleet->flights, i, const acme_fleet_flight_t *);
        if (flight->site == site) {
            return flight->job;
        }
    }
    return NULL;
}

static void take_off(acme_runner_fleet_t *fleet, acme_fleet_flight_t *flight,
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
        flight->asking = flight->counted;
        lane->asking += flight->asking;
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
    APR_ARRAY_PUSH(fleet->flights, acme_fleet_flight_t *) = flight;
}

/* Zero: it has to wait for the CA's limits. */
static int afford(acme_runner_fleet_t *fleet, acme_fleet_flight_t *flight,
                  const acme_plan_t *plan)
{
    acme_fleet_site_t *site = flight->site;
    apr_time_t at;

    flight->exempt =
        plan->by_age && replaces(site, flight->lane)
        && acme_ari_renew_at(flight->job->ari, site->known.holding->live->info)
               > 0;
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
    acme_fleet_flight_t *flight;
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
            acme_fleet_trouble(fleet, site, &problem, p);
        }
        else {
            acme_fleet_rest(fleet, site, &plan);
        }
        apr_pool_destroy(p);
        return;
    }
    flight = apr_pcalloc(p, sizeof(*flight));
    flight->site = site;
    flight->job = job;
    flight->p = p;
    flight->lane = acme_fleet_lane_of(site, &plan, job, p);
    if (plan.what == ACME_PLAN_ORDER && !afford(fleet, flight, &plan)) {
        apr_pool_destroy(p);
        return;
    }
    take_off(fleet, flight, &plan, since);
}

/* As many as may be in flight; no more at once than that, so that who flies
 * does not wait for who starts. Returns how many still wait. */
static int launch_some(acme_runner_fleet_t *fleet, acme_fleet_queue_t *queue,
                       int most)
{
    int room = queue->most - queue->flying;

    room = most < room ? most : room;
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

/* More orders that its CA may be asked for. */
static int may_ask(const acme_fleet_lane_t *lane)
{
    if (acme_fleet_errand_holds(lane)) {
        return 0;
    }
    return lane->careful ? lane->careful - lane->asking : lane->orders.most;
}

int acme_fleet_launch(acme_runner_fleet_t *fleet)
{
    int i, waiting = 0;

    for (i = 0; i < fleet->n_lanes; ++i) {
        acme_fleet_lane_t *lane = fleet->lanes[i];

        waiting += launch_some(fleet, &lane->orders, may_ask(lane));
        waiting += launch_some(fleet, &lane->asks, lane->asks.most);
    }
    return waiting;
}

static void end_asking(acme_fleet_flight_t *flight)
{
    flight->lane->asking -= flight->asking;
    flight->asking = 0;
}

static void land(acme_runner_fleet_t *fleet, acme_fleet_flight_t *flight)
{
    acme_fleet_site_t *site = flight->site;
    acme_plan_t plan;

    end_asking(flight);
    if (flight->order) {
        acme_fleet_budget_land(fleet, flight->lane, site, flight->job,
                               !flight->counted
                                   || acme_runner_order_was_made(flight->order),
                               flight->exempt, flight->p);
    }
    acme_plan(&plan, site->known.spec, site->known.holding, flight->job,
              acme_fleet_now(fleet), flight->p);
    site->known.flying = 0;
    --flight->queue->flying;
    acme_fleet_hurry(fleet, site, &plan, flight->job);
    acme_fleet_rest(fleet, site, &plan);
    if ((flight->ask || flight->job->at_once) && plan.what == ACME_PLAN_ORDER) {
        site->known.next = acme_fleet_now(fleet);
        fleet->look_at = site->known.next;
    }
    apr_pool_destroy(flight->p);
}

static apr_time_t step(acme_runner_fleet_t *fleet, acme_fleet_flight_t *flight,
                       int *over)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;

    if (flight->ask) {
        acme_runner_ask_step(flight->ask);
        *over = acme_runner_ask_is_over(flight->ask);
        return at;
    }
    at = acme_runner_order_step(flight->order);
    if (flight->asking && acme_runner_order_was_made(flight->order)) {
        end_asking(flight);
        acme_fleet_budget_made(fleet, flight->lane);
    }
    *over = acme_runner_order_is_over(flight->order);
    return at;
}

apr_time_t acme_fleet_fly(acme_runner_fleet_t *fleet)
{
    apr_array_header_t *flights = fleet->flights;
    apr_time_t at, first = ACME_SCHEDULE_NEVER;
    acme_fleet_flight_t *flight;
    int i = 0, over;

    while (i < flights->nelts) {
        flight = APR_ARRAY_IDX(flights, i, acme_fleet_flight_t *);
        at = step(fleet, flight, &over);
        if (over) {
            APR_ARRAY_IDX(flights, i, acme_fleet_flight_t *) = APR_ARRAY_IDX(
                flights, flights->nelts - 1, acme_fleet_flight_t *);
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
