/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* Most that wait at one CA: they are written by people. */
#define ERRANDS_MAX 1000

static int is_known(const acme_scheduler_t *scheduler,
                    const acme_ca_queue_t *ca_queue,
                    const acme_ctl_request_t *request)
{
    const acme_ctl_request_t *known;
    acme_ctl_result_t outcome;
    int i;

    for (i = 0; i < ca_queue->errands->nelts; ++i) {
        known = acme_account_ops_request(
            APR_ARRAY_IDX(ca_queue->errands, i, acme_account_op_t *));
        if (strcmp(known->id, request->id) == 0) {
            return 1;
        }
    }
    return acme_ctl_result_get(&outcome, scheduler->work->vault, request,
                               scheduler->prequests)
           == APR_SUCCESS;
}

void acme_account_ops_queue_take(acme_scheduler_t *scheduler,
                                 const acme_ctl_request_t *request)
{
    acme_ca_queue_t *ca_queue = apr_hash_get(
        scheduler->ca_queue_by_name, request->name, APR_HASH_KEY_STRING);
    apr_pool_t *p;

    if (!ca_queue || ca_queue->errands->nelts >= ERRANDS_MAX
        || is_known(scheduler, ca_queue, request)) {
        return;
    }
    apr_pool_create(&p, scheduler->prun);
    APR_ARRAY_PUSH(ca_queue->errands, acme_account_op_t *) =
        acme_account_ops_create(scheduler->work, request, p);
}

/* ---- contacts ---- */

/* Whether an account may be there that nobody uses any more. */
static int has_orphans(const acme_scheduler_t *scheduler, apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (acme_account_record_list(&names, scheduler->work->vault, NULL, p)
        != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < names->nelts; ++i) {
        if (!apr_hash_get(scheduler->ca_queue_by_name,
                          APR_ARRAY_IDX(names, i, const char *),
                          APR_HASH_KEY_STRING)) {
            return 1;
        }
    }
    return 0;
}

void acme_account_ops_queue_survey(acme_scheduler_t *scheduler)
{
    acme_account_record_t *record;
    acme_ca_queue_t *ca_queue;
    const char *contact;
    apr_pool_t *p;
    apr_status_t rv;
    int i, orphans;

    if (scheduler->surveyed) {
        return;
    }
    scheduler->surveyed = 1;
    apr_pool_create(&p, scheduler->prun);
    orphans = has_orphans(scheduler, p);
    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        ca_queue = scheduler->ca_queues[i];
        rv = acme_account_record_load(&record, scheduler->work->vault,
                                      acme_ca_account_name(ca_queue->ca, p),
                                      NULL, p);
        if (APR_STATUS_IS_ENOENT(rv) && orphans) {
            rv = acme_ca_account_load(
                acme_ca_queue_account(scheduler, ca_queue), &record);
        }
        if (rv != APR_SUCCESS || !record->url || record->deactivated) {
            continue;
        }
        contact = ca_queue->ca->contact ? ca_queue->ca->contact : "";
        if (strcmp(record->contact ? record->contact : "", contact) != 0) {
            ca_queue->contact = acme_time_now(scheduler->work->clock);
        }
    }
    apr_pool_destroy(p);
}

/* The account is only to be made ready: that tells the CA. */
static void tell_contact(acme_scheduler_t *scheduler, acme_ca_queue_t *ca_queue)
{
    const acme_problem_t *problem;

    if (ca_queue->contact
        && !APR_STATUS_IS_EAGAIN(
            acme_ca_account_ready(acme_ca_queue_account(scheduler, ca_queue),
                                  ca_queue->contact, &problem))) {
        ca_queue->contact = 0;
    }
}

/* ---- errands ---- */

int acme_account_ops_queue_is_held(const acme_scheduler_t *scheduler)
{
    int i;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        if (acme_ca_queue_is_held(scheduler->ca_queues[i])
            && scheduler->ca_queues[i]->orders.flying > 0) {
            return 1;
        }
    }
    return 0;
}

int acme_account_ops_queue_has_work(const acme_scheduler_t *scheduler)
{
    int i;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        if (acme_ca_queue_is_held(scheduler->ca_queues[i])) {
            return 1;
        }
    }
    return 0;
}

int acme_ca_queue_is_held(const acme_ca_queue_t *ca_queue)
{
    return ca_queue->errand < ca_queue->errands->nelts;
}

/* One after the other, as they were asked for; nothing else is done with the
 * account meanwhile. */
static int step(acme_scheduler_t *scheduler, acme_ca_queue_t *ca_queue)
{
    acme_account_op_t *errand;

    while (ca_queue->errand < ca_queue->errands->nelts) {
        errand = APR_ARRAY_IDX(ca_queue->errands, ca_queue->errand,
                               acme_account_op_t *);
        if (ca_queue->orders.flying == 0 && !ca_queue->contact
            && !acme_revoker_is_busy(scheduler->revokes)) {
            acme_account_ops_step(errand,
                                  acme_ca_queue_account(scheduler, ca_queue));
        }
        if (!acme_account_ops_is_over(errand)) {
            break;
        }
        ++ca_queue->errand;
    }
    return ca_queue->errands->nelts - ca_queue->errand;
}

int acme_account_ops_queue_step(acme_scheduler_t *scheduler)
{
    int i, waiting = 0;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        tell_contact(scheduler, scheduler->ca_queues[i]);
        waiting += scheduler->ca_queues[i]->contact != 0;
        waiting += step(scheduler, scheduler->ca_queues[i]);
    }
    return waiting;
}
