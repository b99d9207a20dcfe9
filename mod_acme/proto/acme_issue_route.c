/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_issue_private.h"

/* How often in a row 404 is not believed of an order that the CA has known for
 * longer than LATELY. */
#define MISSING_OLD_MAX 2
#define LATELY          apr_time_from_sec(120)

/* Polls between two finalizes of an order that stays pending although all its
 * authorizations are valid. */
#define PENDING_POLLS 3

/* Routes that are no phases. */
#define STAY      (-1)
#define NOT_TAKEN (-2) /* as if finalize had not been heard */
#define RETURNED  (-3) /* the order is pending again: AWAIT, a few times */

/* The next phase by the order's status, for each phase that gets the order.
 * Each status has a route, because CAs lag behind themselves (an order is ready
 * at one of their servers and not yet at another), let a client have an order
 * that another try of it has made, and withdraw what they have said. */
typedef struct order_route_t {
    acme_issue_phase_e phase;
    int next[ACME_ORDER_INVALID + 1];
} order_route_t;

static const order_route_t routes[] = {
    {ACME_PHASE_NEW,
     {[ACME_ORDER_PENDING] = ACME_PHASE_AUTHORIZE,
      [ACME_ORDER_READY] = ACME_PHASE_FINALIZE,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_RESUME,
     {[ACME_ORDER_PENDING] = ACME_PHASE_AUTHORIZE,
      [ACME_ORDER_READY] = ACME_PHASE_FINALIZE,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_AWAIT,
     {[ACME_ORDER_PENDING] = STAY,
      [ACME_ORDER_READY] = ACME_PHASE_FINALIZE,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_FINALIZE,
     {[ACME_ORDER_PENDING] = RETURNED,
      [ACME_ORDER_READY] = NOT_TAKEN,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_PROCESS,
     {[ACME_ORDER_PENDING] = RETURNED,
      [ACME_ORDER_READY] = NOT_TAKEN,
      [ACME_ORDER_PROCESSING] = STAY,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_DIAGNOSE,
     {[ACME_ORDER_PENDING] = ACME_PHASE_AUTHORIZE,
      [ACME_ORDER_READY] = ACME_PHASE_FINALIZE,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = STAY}},
};

static int route(acme_issue_phase_e phase, acme_order_status_e status)
{
    size_t i;

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); ++i) {
        if (routes[i].phase == phase) {
            return routes[i].next[status];
        }
    }
    return STAY;
}

static void fail_stale(acme_issue_t *issue, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_NOW,
                     ACME_PROBLEM_PROTOCOL, issue->pfeed,
                     "the order %s has become invalid since it was left",
                     issue->order_url);
    issue->stale = 1;
    acme_issue_state_fail(issue, &problem, ACME_ISSUE_OVER, now);
}

/* Returns the time of the next poll after a pause that is the longer the more
 * often it was needed, or the time that the CA has named. */
static apr_time_t pause_until(const acme_issue_t *issue, int n, apr_time_t now)
{
    return issue->hint > 0 ? issue->hint : now + acme_issue_state_pause(n);
}

/* Handles an order that is ready although finalize was sent: the CA has not
 * taken it up, or its issuance has failed and may be repeated, or it lags
 * behind. So the order is asked for once more, after a pause, and finalized
 * again if it is still ready. */
static void repeat_finalize(acme_issue_t *issue, apr_time_t now)
{
    if (issue->untaken) {
        issue->untaken = 0;
        acme_issue_state_enter(issue, ACME_PHASE_FINALIZE);
        return;
    }
    if (++issue->finalizations > ACME_ISSUE_RETRIES) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now,
                               "the CA does not take up finalize: after %d of "
                               "them the order %s is still ready",
                               issue->finalizations, issue->order_url);
        return;
    }
    issue->hint = pause_until(issue, issue->finalizations, now);
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0356) "%s: the order is ready although it was finalized, "
                            "it is finalized again in %d s unless that changes",
             issue->config->name,
             (int)apr_time_sec(issue->hint - now + APR_USEC_PER_SEC - 1));
    if (issue->phase != ACME_PHASE_PROCESS) {
        acme_issue_state_enter(issue, ACME_PHASE_PROCESS);
    }
    issue->untaken = 1;
}

/* Handles an order that is pending although it was ready before. */
static void go_back(acme_issue_t *issue, apr_time_t now)
{
    if (++issue->returns > ACME_ISSUE_RETRIES) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now,
                               "the order %s was ready and is %s again, in "
                               "spite of %d polls after that",
                               issue->order_url,
                               acme_order_status_name(ACME_ORDER_PENDING),
                               issue->returns - 1);
        return;
    }
    if (!issue->tasks) {
        /* This process has not met the authorizations yet. */
        acme_issue_state_enter(issue, ACME_PHASE_AUTHORIZE);
        return;
    }
    issue->hint = pause_until(issue, issue->returns, now);
    acme_issue_state_enter(issue, ACME_PHASE_AWAIT);
}

/* Handles an order that AWAIT finds pending. Where its authorizations are
 * valid it is finalized all the same, because there are CAs whose orders are
 * never ready; a CA that is not one of them says orderNotReady. Where that is
 * not known the authorizations are looked at once, because an order may lag
 * behind them. */
static void stay_pending(acme_issue_t *issue, apr_time_t now)
{
    if (issue->authz_urls && !issue->tasks) {
        /* This process has not met the authorizations yet. */
        acme_issue_state_enter(issue, ACME_PHASE_AUTHORIZE);
        return;
    }
    if (issue->all_valid) {
        if (issue->polls >= PENDING_POLLS
            && issue->finalizations < ACME_ISSUE_RETRIES) {
            acme_issue_state_enter(issue, ACME_PHASE_FINALIZE);
        }
        return;
    }
    if (issue->authz_urls && issue->look_at > 0 && now >= issue->look_at) {
        issue->look_at = 0;
        issue->looking = 1;
        acme_issue_state_enter(issue, ACME_PHASE_AUTHORIZE);
    }
}

/* Returns the status to go by. An order that is valid and does not say where
 * its certificate is will do so soon. */
static acme_order_status_e status_of(acme_issue_t *issue,
                                     const acme_order_t *order)
{
    acme_order_status_e status = order->status;

    if (status == ACME_ORDER_VALID && !issue->certificate) {
        status = ACME_ORDER_PROCESSING;
    }
    if (status == ACME_ORDER_PROCESSING || status == ACME_ORDER_VALID) {
        issue->finalized = 1;
        issue->adopted = issue->adopted || issue->phase == ACME_PHASE_NEW;
    }
    if (status != ACME_ORDER_READY) {
        issue->untaken = 0;
    }
    return status;
}

/* Returns non-zero, with the order failed, when it was asked for because
 * finalize was refused, and the refusal counts: nothing shows that an earlier
 * finalize was heard. Where it can be due to the CSR, an order that is ready
 * has another one. */
static int fail_refused(acme_issue_t *issue, acme_order_status_e status,
                        apr_time_t now)
{
    if (!issue->refusal || issue->phase != ACME_PHASE_RESUME
        || (status != ACME_ORDER_PENDING && status != ACME_ORDER_READY)
        || (status == ACME_ORDER_READY
            && acme_issue_state_takes_named_csr(issue, issue->refusal))) {
        return 0;
    }
    acme_issue_state_fail(issue, issue->refusal,
                          acme_issue_state_settled(issue->refusal), now);
    return 1;
}

void acme_issue_route_follow(acme_issue_t *issue, const acme_order_t *order,
                             apr_time_t now)
{
    acme_order_status_e status = status_of(issue, order);
    const acme_problem_t *refusal = issue->refusal;
    int restored = issue->restored;
    int next = route(issue->phase, status);

    issue->restored = 0;
    if (fail_refused(issue, status, now)) {
        return;
    }
    issue->refusal = NULL;
    switch (next) {
    case STAY:
        if (issue->phase == ACME_PHASE_AWAIT) {
            stay_pending(issue, now);
        }
        break;
    case NOT_TAKEN:
        repeat_finalize(issue, now);
        break;
    case RETURNED:
        go_back(issue, now);
        break;
    case ACME_PHASE_DIAGNOSE:
        if (issue->certificate) {
            /* The order was valid, and its certificate may still be there. */
            acme_issue_state_enter(issue, ACME_PHASE_DOWNLOAD);
        }
        else if (restored) {
            fail_stale(issue, now);
        }
        else {
            acme_issue_state_start_diagnosis(issue, order->error ? order->error
                                                                 : refusal);
            issue->found_at_issuance = issue->found_at_issuance || refusal;
            acme_issue_state_enter(issue, ACME_PHASE_DIAGNOSE);
        }
        break;
    default:
        acme_issue_state_enter(issue, (acme_issue_phase_e)next);
        break;
    }
}

int acme_issue_route_missing_max(const acme_issue_t *issue, apr_time_t now)
{
    int is_new = now >= issue->made && now - issue->made < LATELY;

    return issue->phase == ACME_PHASE_RESUME && !is_new ? MISSING_OLD_MAX
                                                        : ACME_ISSUE_MISSING;
}
