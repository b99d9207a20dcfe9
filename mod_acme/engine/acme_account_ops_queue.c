/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* Most that wait at one CA: they are written by people. */
#define ERRANDS_MAX 1000

static int is_known(const acme_scheduler_t *fleet, const acme_ca_queue_t *lane,
                    const acme_ctl_request_t *request)
{
    const acme_ctl_request_t *known;
    acme_ctl_result_t outcome;
    int i;

    for (i = 0; i < lane->errands->nelts; ++i) {
        known = acme_account_ops_request(
            APR_ARRAY_IDX(lane->errands, i, acme_account_op_t *));
        if (strcmp(known->id, request->id) == 0) {
            return 1;
        }
    }
    return acme_ctl_result_get(&outcome, fleet->work->vault, request,
                               fleet->prequests)
           == APR_SUCCESS;
}

void acme_account_ops_queue_take(acme_scheduler_t *fleet,
                                 const acme_ctl_request_t *request)
{
    acme_ca_queue_t *lane =
        apr_hash_get(fleet->lane_by_name, request->name, APR_HASH_KEY_STRING);
    apr_pool_t *p;

    if (!lane || lane->errands->nelts >= ERRANDS_MAX
        || is_known(fleet, lane, request)) {
        return;
    }
    apr_pool_create(&p, fleet->prun);
    APR_ARRAY_PUSH(lane->errands, acme_account_op_t *) =
        acme_account_ops_create(fleet->work, request, p);
}

/* ---- contacts ---- */

/* Whether an account may be there that nobody uses any more. */
static int has_orphans(const acme_scheduler_t *fleet, apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (acme_account_record_list(&names, fleet->work->vault, NULL, p)
        != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < names->nelts; ++i) {
        if (!apr_hash_get(fleet->lane_by_name,
                          APR_ARRAY_IDX(names, i, const char *),
                          APR_HASH_KEY_STRING)) {
            return 1;
        }
    }
    return 0;
}

void acme_account_ops_queue_survey(acme_scheduler_t *fleet)
{
    acme_account_record_t *record;
    acme_ca_queue_t *lane;
    const char *contact;
    apr_pool_t *p;
    apr_status_t rv;
    int i, orphans;

    if (fleet->surveyed) {
        return;
    }
    fleet->surveyed = 1;
    apr_pool_create(&p, fleet->prun);
    orphans = has_orphans(fleet, p);
    for (i = 0; i < fleet->n_lanes; ++i) {
        lane = fleet->lanes[i];
        rv = acme_account_record_load(&record, fleet->work->vault,
                                      acme_ca_account_name(lane->ca, p), NULL,
                                      p);
        if (APR_STATUS_IS_ENOENT(rv) && orphans) {
            rv = acme_ca_account_load(acme_ca_queue_account(fleet, lane),
                                      &record);
        }
        if (rv != APR_SUCCESS || !record->url || record->deactivated) {
            continue;
        }
        contact = lane->ca->contact ? lane->ca->contact : "";
        if (strcmp(record->contact ? record->contact : "", contact) != 0) {
            lane->contact = acme_time_now(fleet->work->clock);
        }
    }
    apr_pool_destroy(p);
}

/* The account is only to be made ready: that tells the CA. */
static void tell_contact(acme_scheduler_t *fleet, acme_ca_queue_t *lane)
{
    const acme_problem_t *problem;

    if (lane->contact
        && !APR_STATUS_IS_EAGAIN(acme_ca_account_ready(
            acme_ca_queue_account(fleet, lane), lane->contact, &problem))) {
        lane->contact = 0;
    }
}

/* ---- errands ---- */

int acme_account_ops_queue_is_held(const acme_scheduler_t *fleet)
{
    int i;

    for (i = 0; i < fleet->n_lanes; ++i) {
        if (acme_ca_queue_is_held(fleet->lanes[i])
            && fleet->lanes[i]->orders.flying > 0) {
            return 1;
        }
    }
    return 0;
}

int acme_account_ops_queue_has_work(const acme_scheduler_t *fleet)
{
    int i;

    for (i = 0; i < fleet->n_lanes; ++i) {
        if (acme_ca_queue_is_held(fleet->lanes[i])) {
            return 1;
        }
    }
    return 0;
}

int acme_ca_queue_is_held(const acme_ca_queue_t *lane)
{
    return lane->errand < lane->errands->nelts;
}

/* One after the other, as they were asked for; nothing else is done with the
 * account meanwhile. */
static int step(acme_scheduler_t *fleet, acme_ca_queue_t *lane)
{
    acme_account_op_t *errand;

    while (lane->errand < lane->errands->nelts) {
        errand =
            APR_ARRAY_IDX(lane->errands, lane->errand, acme_account_op_t *);
        if (lane->orders.flying == 0 && !lane->contact
            && !acme_revoker_is_busy(fleet->revokes)) {
            acme_account_ops_step(errand, acme_ca_queue_account(fleet, lane));
        }
        if (!acme_account_ops_is_over(errand)) {
            break;
        }
        ++lane->errand;
    }
    return lane->errands->nelts - lane->errand;
}

int acme_account_ops_queue_step(acme_scheduler_t *fleet)
{
    int i, waiting = 0;

    for (i = 0; i < fleet->n_lanes; ++i) {
        tell_contact(fleet, fleet->lanes[i]);
        waiting += fleet->lanes[i]->contact != 0;
        waiting += step(fleet, fleet->lanes[i]);
    }
    return waiting;
}
