/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_obtain.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ca_clock.h"
#include "acme_csr.h"
#include "acme_partial_names.h"
#include "acme_obtain_key.h"
#include "acme_obtain_private.h"
#include "acme_schedule.h"

acme_obtain_t *acme_obtain_create(acme_worker_ctx_t *work,
                                  const acme_spec_t *spec,
                                  acme_ca_account_t *ca_account,
                                  acme_job_t *job, const char *reason,
                                  const char *replaces, apr_time_t since,
                                  const char *seed, apr_pool_t *p)
{
    acme_obtain_t *order = apr_pcalloc(p, sizeof(*order));

    order->work = work;
    order->spec = spec;
    order->ca_account = ca_account;
    order->job = job;
    order->reason = apr_pstrdup(p, reason);
    order->replaces = replaces;
    order->digest = acme_spec_digest(spec, p);
    order->seed = seed;
    order->since = since;
    order->p = p;
    apr_pool_create(&order->ptemp, p);
    order->made = job->order != NULL;
    order->instead = "";
    order->state = ACME_OBTAIN_ACCOUNT;
    return order;
}

int acme_obtain_was_made(const acme_obtain_t *order)
{
    return order->made;
}

int acme_obtain_has_replaced(const acme_obtain_t *order)
{
    return order->made && order->replaced;
}

int acme_obtain_is_over(const acme_obtain_t *order)
{
    return order->state == ACME_OBTAIN_OVER;
}

apr_time_t acme_obtain_now(const acme_obtain_t *order)
{
    return acme_time_now(order->work->clock);
}

void acme_obtain_end(acme_obtain_t *order)
{
    order->state = ACME_OBTAIN_OVER;
    order->work->moved = 1;
}

void acme_obtain_fail(acme_obtain_t *order, const acme_problem_t *problem,
                      acme_obtain_failure_e whose)
{
    acme_obtain_result_failed(
        order->job, order->work, order->spec, problem, whose,
        whose == ACME_OBTAIN_FAILURE_OWN ? order->spec->name : order->seed,
        order->ptemp);
    acme_obtain_end(order);
}

void acme_obtain_drop(acme_obtain_t *order, const char *why)
{
    if (order->job->order) {
        acme_log(order->work->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0351) "%s: its order is given up: %s",
                 order->spec->name, why);
        acme_job_note(order->job, acme_obtain_now(order), "order-dropped", "%s",
                      why);
        acme_job_order_dropped(order->job);
    }
    order->saved_url = NULL;
}

static int is_ours(const acme_obtain_t *order)
{
    return order->job->digest && strcmp(order->job->digest, order->digest) == 0;
}

/* What the job remembers of another try ends here. */
static void adopt_spec(acme_obtain_t *order)
{
    if (!is_ours(order)) {
        acme_obtain_drop(order, "its names, CA or kind of key have changed");
        order->made = 0;
    }
    acme_job_begin(order->job, order->digest, order->reason, order->instead,
                   acme_obtain_now(order));
    order->names = acme_partial_names(order->job, order->spec, order->p);
}

void acme_obtain_by_age(acme_obtain_t *order)
{
    order->by_age = 1;
}

void acme_obtain_instead(acme_obtain_t *order, const char *fingerprint)
{
    order->instead = apr_pstrdup(order->p, fingerprint);
}

void acme_obtain_live_key(acme_obtain_t *order, const char *key_hash, int again)
{
    order->live_key = apr_pstrdup(order->p, key_hash);
    order->again = again;
}

/* The CA has been heard of. Root is told what its clock says, unless it is one
 * for tests. Returns nonzero when the order is not to be made. */
static int check_clock(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_interval_time_t off;
    const char *doubt;

    if (!acme_client_clock(acme_ca_account_client(order->ca_account), &off)) {
        return 0;
    }
    if (!order->spec->dry_run) {
        acme_ca_clock_heard(order->work, off, order->ptemp);
    }
    doubt = order->by_age ? acme_ca_clock_doubt(off, order->ptemp) : NULL;
    if (!doubt) {
        return 0;
    }
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_CONFIG, order->ptemp, "%s", doubt);
    problem.to_fix = "set the clock of this machine (timedatectl set-ntp true)";
    adopt_spec(order);
    acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    return 1;
}

/* Until the CA can be used. */
static int step_account(acme_obtain_t *order)
{
    const acme_problem_t *problem;
    apr_status_t rv;

    rv = acme_ca_account_ready(order->ca_account, order->since, &problem);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return 0;
    }
    if (rv == APR_SUCCESS) {
        if (!check_clock(order)) {
            order->state = ACME_OBTAIN_KEY;
        }
    }
    else {
        adopt_spec(order);
        acme_obtain_fail(order, problem,
                         acme_ca_account_report(order->ca_account)
                             ? ACME_OBTAIN_FAILURE_FIRST
                             : ACME_OBTAIN_FAILURE_SHARED);
    }
    return 1;
}

static int step_key(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;

    if (order->spec->csr) {
        order->csr = order->spec->csr;
        adopt_spec(order);
    }
    else if (!order->key) {
        rv = acme_obtain_key(&order->key, &order->key_pem, &order->key_made,
                             order->work, order->spec, order->live_key,
                             order->again, &problem, order->p);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            return 0;
        }
        adopt_spec(order);
        if (rv == APR_SUCCESS) {
            order->ticket = acme_flush_want(&order->work->flush);
            rv = acme_csr_create(&order->csr, order->key, order->names,
                                 order->spec->must_staple, &problem, order->p);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = acme_obtain_begin(order, &problem);
    }
    if (rv != APR_SUCCESS) {
        acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 1;
}

apr_time_t acme_obtain_step(acme_obtain_t *order)
{
    apr_time_t again = ACME_SCHEDULE_NEVER;
    int more = 1;

    while (more && !order->busy && order->state != ACME_OBTAIN_OVER
           && order->work->state == ACME_WORKER_CTX_ON) {
        apr_pool_clear(order->ptemp);
        switch (order->state) {
        case ACME_OBTAIN_ACCOUNT:
            more = step_account(order);
            break;
        case ACME_OBTAIN_KEY:
            more = step_key(order);
            break;
        case ACME_OBTAIN_ISSUE:
            more = acme_obtain_issue_step(order, &again);
            break;
        case ACME_OBTAIN_STAGED:
            more = acme_obtain_issue_step_staged(order);
            break;
        case ACME_OBTAIN_OVER:
            more = 0;
            break;
        }
    }
    return again;
}
