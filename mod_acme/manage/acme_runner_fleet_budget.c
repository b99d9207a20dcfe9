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

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_runner_fleet.h"
#include "acme_runner_fleet_part.h"

/* Of newNonce, in a second: Let's Encrypt allows 20. */
#define HEADS_PER_SECOND 15

/* Validations of these types have reached the name, or tried to. */
static const char *const validations[] = {
    "caa", "compound",           "connection",  "dns", "incorrectResponse",
    "tls", "rejectedIdentifier", "unauthorized"};

#define VALIDATIONS (int)(sizeof(validations) / sizeof(validations[0]))

void acme_fleet_budget_begin(struct acme_runner_fleet_t *fleet)
{
    apr_time_t now = acme_clock_now(fleet->work->clock);
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, fleet->prun);
    for (i = 0; i < fleet->n_lanes; ++i) {
        fleet->lanes[i]->held = 0;
    }
    for (i = 0; i < fleet->budgets->nelts; ++i) {
        apr_pool_clear(p);
        acme_budget_load(APR_ARRAY_IDX(fleet->budgets, i, acme_budget_t *),
                         fleet->work->vault, now, p);
    }
    apr_pool_destroy(p);
}

void acme_fleet_budget_spare(const acme_fleet_lane_t *lane)
{
    if (lane->budget) {
        acme_client_spare(acme_identity_client(lane->identity),
                          HEADS_PER_SECOND);
    }
}

static acme_budget_order_t order_of(const acme_fleet_site_t *site,
                                    const acme_fleet_lane_t *lane, int exempt,
                                    apr_pool_t *p)
{
    const acme_spec_t *spec = site->known.spec;
    const acme_live_cert_t *live = site->known.holding->live;
    acme_budget_order_t order;

    order.account = acme_identity_name(lane->ca, p);
    order.names = spec->names;
    order.renewal = live && acme_ident_same(live->info->names, spec->names);
    order.exempt = exempt;
    return order;
}

/* Once in a run; each site says it in its job and status. */
static void say(const struct acme_runner_fleet_t *fleet,
                acme_fleet_lane_t *lane, const acme_fleet_site_t *site,
                const char *why, apr_time_t at, apr_pool_t *p)
{
    acme_log(fleet->work->log, lane->held ? ACME_LOG_INFO : ACME_LOG_NOTICE, 0,
             ACME_TAG(0875) "%s: is not ordered before %s, for the limits of "
                            "%s: %s",
             site->known.spec->name, acme_time_print(at, p), lane->ca->label,
             why);
    lane->held = 1;
}

apr_time_t acme_fleet_budget_hold(struct acme_runner_fleet_t *fleet,
                                  acme_fleet_lane_t *lane,
                                  const acme_fleet_site_t *site,
                                  acme_job_t *job, int exempt, apr_pool_t *p)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    apr_time_t now = acme_clock_now(fleet->work->clock);
    acme_budget_order_t order;
    const char *why = NULL;
    apr_time_t at;

    if (!lane->budget || job->order) {
        return 0;
    }
    order = order_of(site, lane, exempt, p);
    at = acme_budget_when(lane->budget, &order, now, &why, p);
    if (at <= now) {
        acme_budget_take(lane->budget, &order, now);
        job->limit = NULL;
        return 0;
    }
    if (!job->limit || strcmp(job->limit, why) != 0) {
        job->limit = apr_pstrdup(job->p, why);
        acme_job_note(job, now, "waits-for-limit", "%s", why);
    }
    job->next_run = at;
    say(fleet, lane, site, why, at, p);
    /* What cannot be saved is found anew by the next process. */
    (void)acme_job_save(job, fleet->work->vault, ACME_STORE_LAZY, &unsaved, p);
    return at;
}

void acme_fleet_budget_count(struct acme_runner_fleet_t *fleet,
                             acme_fleet_lane_t *lane,
                             const acme_fleet_site_t *site, apr_pool_t *p)
{
    acme_budget_order_t order;

    if (lane->budget) {
        order = order_of(site, lane, 0, p);
        acme_budget_take(lane->budget, &order,
                         acme_clock_now(fleet->work->clock));
    }
}

static int is_validation(const acme_problem_t *problem)
{
    int i;

    for (i = 0; i < VALIDATIONS; ++i) {
        if (acme_problem_is(problem, validations[i])) {
            return 1;
        }
    }
    return 0;
}

static void note_failures(acme_budget_t *budget,
                          const acme_budget_order_t *order,
                          const acme_problem_t *problem, apr_time_t now)
{
    int i;

    for (i = 0; problem->subproblems && i < problem->subproblems->nelts; ++i) {
        const char *name =
            APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t)
                .identifier;

        if (name) {
            acme_budget_failed(budget, order->account, name, now);
        }
    }
    for (i = 0; !problem->subproblems && i < order->names->nelts; ++i) {
        acme_budget_failed(budget, order->account,
                           APR_ARRAY_IDX(order->names, i, const char *), now);
    }
}

void acme_fleet_budget_land(struct acme_runner_fleet_t *fleet,
                            acme_fleet_lane_t *lane,
                            const acme_fleet_site_t *site,
                            const acme_job_t *job, int made, int exempt,
                            apr_pool_t *p)
{
    acme_budget_order_t order;

    if (!lane->budget || !job->problem) {
        return;
    }
    order = order_of(site, lane, exempt, p);
    if (!made) {
        acme_budget_give(lane->budget, &order);
    }
    else if (is_validation(job->problem)) {
        note_failures(lane->budget, &order, job->problem,
                      acme_clock_now(fleet->work->clock));
    }
}

void acme_fleet_budget_save(struct acme_runner_fleet_t *fleet)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = acme_clock_now(fleet->work->clock);
    apr_pool_t *p;
    int i;

    if (fleet->work->state == ACME_WORK_LOST || fleet->budgets->nelts == 0) {
        return;
    }
    apr_pool_create(&p, fleet->prun);
    for (i = 0; i < fleet->budgets->nelts; ++i) {
        apr_pool_clear(p);
        if (acme_budget_save(APR_ARRAY_IDX(fleet->budgets, i, acme_budget_t *),
                             fleet->work->vault, now, &problem, p)
                != APR_SUCCESS
            && !fleet->complained) {
            fleet->complained = 1;
            acme_log(fleet->work->log, ACME_LOG_WARNING, problem.rv,
                     ACME_TAG(0876) "how much of the CA's limits is used is "
                                    "only remembered by this process: %s",
                     acme_problem_text(&problem, p));
        }
    }
    apr_pool_destroy(p);
}
