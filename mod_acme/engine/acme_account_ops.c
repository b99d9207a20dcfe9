/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account_ops.h"

#include <string.h>

#include <apr_strings.h>

struct acme_account_op_t {
    acme_worker_ctx_t *work;
    acme_ctl_request_t request;
    apr_pool_t *p;
    apr_time_t since;
    int busy; /* a request of it is under way */
    int over;
};

acme_account_op_t *acme_account_ops_create(acme_worker_ctx_t *work,
                                           const acme_ctl_request_t *request,
                                           apr_pool_t *p)
{
    acme_account_op_t *errand = apr_pcalloc(p, sizeof(*errand));

    errand->work = work;
    errand->p = p;
    errand->since = acme_time_now(work->clock);
    errand->request = *request;
    errand->request.name = apr_pstrdup(p, request->name);
    errand->request.id = apr_pstrdup(p, request->id);
    errand->request.csr = NULL;
    errand->request.body = NULL;
    return errand;
}

const acme_ctl_request_t *
acme_account_ops_request(const acme_account_op_t *errand)
{
    return &errand->request;
}

int acme_account_ops_is_over(const acme_account_op_t *errand)
{
    return errand->over;
}

static void end(acme_account_op_t *errand, const char *url,
                const acme_problem_t *outcome)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    errand->over = 1;
    errand->work->moved = 1;
    if (errand->work->state != ACME_WORKER_CTX_LOST
        && acme_ctl_result_note(errand->work->vault, &errand->request, url,
                                outcome, &problem, errand->p)
               != APR_SUCCESS) {
        acme_log(errand->work->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0826) "what came of acmectl's request cannot be "
                                "noted, and acmectl waits for it in vain: %s",
                 acme_problem_text(&problem, errand->p));
    }
}

static void log_failure(const acme_account_op_t *errand,
                        const acme_problem_t *problem)
{
    acme_log(errand->work->log, ACME_LOG_WARNING, problem->rv,
             ACME_TAG(0827) "what acmectl asked for (%s) has failed: %s",
             acme_ctl_request_name(errand->request.what),
             acme_problem_text(problem, errand->p));
}

static void finish(acme_account_op_t *errand, apr_status_t rv, const char *url,
                   const acme_problem_t *problem)
{
    errand->busy = 0;
    errand->work->moved = 1;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv != APR_SUCCESS) {
        log_failure(errand, problem);
    }
    end(errand, url, rv == APR_SUCCESS ? NULL : problem);
}

static void changed(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    finish(baton, rv, url, problem);
}

static void act(acme_account_op_t *errand, acme_ca_account_t *ca_account)
{
    acme_ca_account_change_e change = ACME_CA_ACCOUNT_RECOVER;

    if (errand->request.what == ACME_CTL_ROLLOVER) {
        change = ACME_CA_ACCOUNT_ROLLOVER;
    }
    else if (errand->request.what == ACME_CTL_DEACTIVATE) {
        change = ACME_CA_ACCOUNT_DEACTIVATE;
    }
    errand->busy = 1;
    acme_ca_account_change(ca_account, change, changed, errand);
}

void acme_account_ops_step(acme_account_op_t *errand,
                           acme_ca_account_t *ca_account)
{
    const acme_problem_t *problem = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (errand->busy || errand->over
        || errand->work->state != ACME_WORKER_CTX_ON) {
        return;
    }
    if (errand->request.what != ACME_CTL_RECOVER) {
        rv = acme_ca_account_ready(ca_account, errand->since, &problem);
    }
    if (rv == APR_SUCCESS
        || (errand->request.what == ACME_CTL_DEACTIVATE
            && !APR_STATUS_IS_EAGAIN(rv)
            && acme_ca_account_lost_is_closed(ca_account))) {
        act(errand, ca_account);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        finish(errand, rv, NULL, problem);
    }
}
