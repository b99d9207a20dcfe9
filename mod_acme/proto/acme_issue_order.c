/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_issue_private.h"
#include "acme_resource.h"
#include "acme_time.h"

/* A Retry-After is long when it is above the patience divided by this. */
#define LONG_DIVISOR 5

/* A validation may take so many times the patience, if the CA says so. */
#define PATIENCE_FACTOR 6

/* Copies a string of the order unless it is the same, because each poll has it
 * again. */
static void copy(const char **kept, const char *text, apr_pool_t *p)
{
    if (text && (!*kept || strcmp(*kept, text) != 0)) {
        *kept = apr_pstrdup(p, text);
    }
}

static void copy_authorizations(acme_issue_t *issue, const acme_order_t *order)
{
    int i;

    if (issue->authz_urls || !order->authorizations) {
        return; /* because those of an order never change */
    }
    issue->authz_urls = apr_array_make(issue->p, order->authorizations->nelts,
                                       sizeof(const char *));
    for (i = 0; i < order->authorizations->nelts; ++i) {
        APR_ARRAY_PUSH(issue->authz_urls, const char *) = apr_pstrdup(
            issue->p, APR_ARRAY_IDX(order->authorizations, i, const char *));
    }
}

/* Reads an order and copies its members. Returns NULL and sets the problem when
 * the answer is no order. */
static acme_order_t *read_order(acme_issue_t *issue,
                                const acme_answer_t *answer,
                                acme_problem_t *problem)
{
    acme_order_t *order;

    if (acme_order_read(&order, answer->json, problem, issue->pfeed)
        != APR_SUCCESS) {
        problem->status = answer->status;
        acme_client_answer_blame(problem, answer, issue->pfeed);
        return NULL;
    }
    copy(&issue->finalize, order->finalize, issue->p);
    if (order->status == ACME_ORDER_VALID) {
        copy(&issue->certificate, order->certificate, issue->p);
    }
    copy_authorizations(issue, order);
    /* Not a time before the order was made, because there are CAs that send
     * the year 1 for a time that they do not have. */
    issue->expires = order->expires > issue->made ? order->expires : 0;
    issue->hint = answer->retry_at;
    return order;
}

acme_order_t *acme_issue_order_read(acme_issue_t *issue,
                                    const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order = read_order(issue, answer, &problem);

    if (!order) {
        acme_issue_state_fail(
            issue, &problem,
            answer->json ? ACME_ISSUE_DOUBTFUL : ACME_ISSUE_ALIVE, now);
    }
    return order;
}

void acme_issue_order_plan_new(acme_issue_t *issue, apr_time_t now)
{
    const acme_issue_config_t *config = issue->config;

    acme_issue_state_post(
        issue, config->new_order_url,
        acme_order_payload(
            config->names, issue->without_replaces ? NULL : config->replaces,
            issue->without_profile ? NULL : config->profile, issue->pfeed),
        0, now);
}

/* Returns non-zero when the refusal can be due to `replaces`: the certificate
 * has been replaced (RFC 9773 5), or is not of this account. The order is
 * repeated without it then. */
static int is_about_replaces(const acme_problem_t *problem)
{
    return acme_problem_is(problem, "alreadyReplaced") || problem->status == 404
           || problem->status == 409 || acme_problem_is(problem, "conflict")
           || acme_problem_is(problem, "malformed")
           || acme_problem_is(problem, "unauthorized");
}

void acme_issue_order_refused_new(acme_issue_t *issue,
                                  const acme_problem_t *problem, apr_time_t now)
{
    const acme_issue_config_t *config = issue->config;

    if (config->profile && !config->profile_mandatory && !issue->without_profile
        && acme_problem_is(problem, "invalidProfile")) {
        issue->without_profile = 1;
        acme_log(issue->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0811) "%s: the CA does not issue by profile %s, "
                                "ordering without a profile: %s",
                 config->name, config->profile,
                 acme_problem_text(problem, issue->pfeed));
        return;
    }
    if (config->replaces && !issue->without_replaces
        && is_about_replaces(problem)) {
        issue->without_replaces = 1;
        acme_log(
            issue->log, ACME_LOG_INFO, 0,
            ACME_TAG(0810) "%s: the CA refuses an order that names the "
                           "certificate that it replaces, ordering without "
                           "that: %s",
            config->name, acme_problem_text(problem, issue->pfeed));
        return;
    }
    acme_issue_state_fail(issue, problem,
                          acme_problem_is(problem, "userActionRequired")
                              ? ACME_ISSUE_ALIVE
                              : ACME_ISSUE_OVER,
                          now);
}

void acme_issue_order_answer_new(acme_issue_t *issue,
                                 const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_order_t *order;

    if (!answer->location) {
        acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, issue->pfeed,
                         "the CA's answer to newOrder (status %d) does not say "
                         "by a https URL where the order is (Location)",
                         answer->status);
        acme_client_answer_blame(&problem, answer, issue->pfeed);
        acme_issue_state_fail(issue, &problem, ACME_ISSUE_OVER, now);
        return;
    }
    issue->order_url = apr_pstrdup(issue->p, answer->location);
    issue->made = now;
    if (!answer->json || !acme_json_is_object(answer->json)) {
        /* Ask for the order, because it is made, and its answer may have been
         * cut on the way. */
        acme_log(
            issue->log, ACME_LOG_INFO, 0,
            ACME_TAG(0170) "%s: the answer to newOrder is no order, asking "
                           "for the order: %s",
            issue->config->name, acme_client_answer_body(answer, issue->pfeed));
        acme_issue_state_enter(issue, ACME_PHASE_RESUME);
        return;
    }
    order = acme_issue_order_read(issue, answer, now);
    if (order) {
        acme_issue_route_follow(issue, order, now);
    }
}

void acme_issue_order_plan_resume(acme_issue_t *issue, apr_time_t now)
{
    acme_issue_state_post(issue, issue->order_url, "", 1, now);
}

/* Takes an answer that is the order. */
void acme_issue_order_answer(acme_issue_t *issue, const acme_answer_t *answer,
                             apr_time_t now)
{
    const acme_order_t *order = acme_issue_order_read(issue, answer, now);

    if (order) {
        acme_issue_route_follow(issue, order, now);
    }
}

/* Takes the answer to finalize. One that is no order is not needed, because
 * RESUME gets the order: the CA may have heard finalize and say nothing, or
 * something in front of it has answered. */
void acme_issue_order_answer_finalize(acme_issue_t *issue,
                                      const acme_answer_t *answer,
                                      apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_order_t *order = read_order(issue, answer, &problem);

    if (order) {
        acme_issue_route_follow(issue, order, now);
        return;
    }
    if (++issue->finalizations > ACME_ISSUE_NO_CERT) {
        acme_issue_state_fail(issue, &problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0210) "%s: the answer to finalize cannot be used, asking "
                            "for the order: %s",
             issue->config->name, problem.detail);
    acme_issue_state_enter(issue, ACME_PHASE_RESUME);
    acme_issue_state_wait(
        issue,
        now + (acme_issue_state_poll_min(issue) << (issue->finalizations - 1)));
}

/* Returns non-zero when the refusal settles that the order is gone: 404 or 410,
 * or a problem of ACME. Any other status may come from a server in front of the
 * CA, which has not heard of the request. */
static int is_gone(const acme_problem_t *problem)
{
    return problem->status == 404 || problem->status == 410
           || (problem->status >= 400 && problem->status < 500
               && acme_problem_type_acme(problem->type));
}

void acme_issue_order_refused_resume(acme_issue_t *issue,
                                     const acme_problem_t *problem,
                                     apr_time_t now)
{
    if (acme_problem_is(problem, "userActionRequired")) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    if (issue->certificate) {
        /* The order was valid, and its certificate may still be there. */
        acme_issue_state_enter(issue, ACME_PHASE_DOWNLOAD);
        return;
    }
    if (issue->refusal) {
        acme_issue_state_fail(issue, issue->refusal, ACME_ISSUE_DOUBTFUL, now);
        return;
    }
    issue->stale = issue->restored && is_gone(problem);
    acme_issue_state_fail(issue, problem,
                          issue->stale ? ACME_ISSUE_OVER : ACME_ISSUE_DOUBTFUL,
                          now);
}

/* Returns non-zero when the CA names a time after the deadline that is also far
 * away. A near time does not move the deadline, because an order that is about
 * to be ready again and again is stuck. */
static int is_long(const acme_issue_t *issue, apr_time_t now)
{
    return issue->hint > issue->deadline
           && issue->hint - now
                  > acme_issue_state_patience(issue) / LONG_DIVISOR;
}

/* Returns non-zero when the order is left until the time that the CA names: the
 * CA has all that it needs, so that no challenge has to be presented and no
 * poll is needed before. */
static int leaves_until_later(const acme_issue_t *issue, apr_time_t now)
{
    return issue->phase == ACME_PHASE_PROCESS && is_long(issue, now);
}

/* Returns the time of the next poll: the time that the CA named, else after a
 * growing interval, but not after the deadline. In AWAIT it is soon in any
 * case, because some CAs name a day for a validation that takes a second. */
static apr_time_t next_poll(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t min = acme_issue_state_poll_min(issue);
    apr_interval_time_t max = acme_issue_state_poll_max(issue);
    apr_time_t soon = now + acme_issue_state_patience(issue) / LONG_DIVISOR;
    apr_time_t at = issue->hint;

    if (at <= 0) {
        at = now + issue->interval;
        issue->interval = issue->interval > max / 2 ? max : issue->interval * 2;
    }
    else if (at < now + min) {
        at = now + min;
    }
    if (issue->phase == ACME_PHASE_AWAIT && at > soon) {
        at = soon;
    }
    return at < issue->deadline ? at : issue->deadline;
}

static void end_polls(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t took =
        issue->deadline - issue->latest
        + PATIENCE_FACTOR * acme_issue_state_patience(issue);
    const char *activity = issue->phases[issue->phase].activity;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (leaves_until_later(issue, now)) {
        acme_problem_set(&problem, APR_TIMEUP, ACME_RETRY_LATER,
                         ACME_PROBLEM_TIMEOUT, issue->pfeed,
                         "%s takes until %s, says the CA, the order is %s",
                         activity, acme_time_print(issue->hint, issue->pfeed),
                         issue->order_url);
        problem.retry_at = issue->hint;
        acme_issue_state_fail(issue, &problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    acme_problem_set(
        &problem, APR_TIMEUP, ACME_RETRY_BACKOFF, ACME_PROBLEM_TIMEOUT,
        issue->pfeed, "%s took longer than %s, the order is %s%s%s", activity,
        acme_time_print_duration(took, issue->pfeed), issue->order_url,
        issue->conflict ? "; before that the CA said: " : "",
        issue->conflict ? issue->conflict->detail : "");
    if (issue->conflict) {
        problem.instance = issue->conflict->instance;
        problem.subproblems = issue->conflict->subproblems;
    }
    /* The same order is tried again a few times, because this one may have a
     * certificate soon and the next one would be as slow. */
    acme_issue_state_fail(issue, &problem,
                          ++issue->timeouts < ACME_ISSUE_TIMEOUTS
                              ? ACME_ISSUE_ALIVE
                              : ACME_ISSUE_OVER,
                          now);
}

/* The phases AWAIT and PROCESS. */
void acme_issue_order_plan_poll(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t min = acme_issue_state_poll_min(issue);
    apr_interval_time_t patience = acme_issue_state_patience(issue);

    if (issue->waited) {
        issue->waited = 0;
        acme_issue_state_post(issue, issue->order_url, "", 1, now);
        return;
    }
    if (issue->deadline == 0) {
        issue->deadline = now + patience;
        issue->latest = now + PATIENCE_FACTOR * patience;
        issue->interval =
            issue->config->poll_first > 0 ? issue->config->poll_first : min;
        issue->look_at = now + patience / LONG_DIVISOR;
    }
    if (issue->phase == ACME_PHASE_AWAIT && is_long(issue, now)) {
        issue->deadline =
            issue->hint < issue->latest ? issue->hint : issue->latest;
    }
    /* Polls are counted as well, in case the clock stands still. */
    if (now < issue->deadline && issue->polls <= patience / min + 1
        && !leaves_until_later(issue, now)) {
        acme_issue_state_wait(issue, next_poll(issue, now));
        return;
    }
    end_polls(issue, now);
}

void acme_issue_order_plan_finalize(acme_issue_t *issue, apr_time_t now)
{
    issue->conflict = NULL;
    if (!issue->finalize) {
        acme_issue_state_wrong(issue, ACME_ISSUE_DOUBTFUL, now,
                               "the order that the CA sent has no finalize: %s",
                               issue->order_url);
        return;
    }
    issue->finalized = 1;
    acme_issue_state_post(issue, issue->finalize,
                          acme_order_finalize_payload(issue->named_csr
                                                          ? issue->named_csr
                                                          : issue->config->csr,
                                                      issue->pfeed),
                          1, now);
}

void acme_issue_order_refused_finalize(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now)
{
    int conflict = acme_problem_is_conflict(problem);
    int early = acme_problem_is(problem, "orderNotReady");

    if (acme_problem_is(problem, "badCSR")
        && acme_issue_state_takes_named_csr(issue, problem)) {
        return;
    }

    /* AWAIT gets the status, because the order may be processing or valid. */
    if ((conflict || early) && ++issue->finalizations <= ACME_ISSUE_RETRIES) {
        issue->hint = problem->retry_at;
        if (conflict) {
            acme_issue_state_conflict(issue, problem);
            if (issue->hint <= 0) {
                issue->hint =
                    now + acme_issue_state_pause(issue->finalizations);
            }
        }
        acme_issue_state_enter(issue, ACME_PHASE_AWAIT);
        return;
    }
    /* Resumable after a conflict, because it may be due to a finalize that the
     * CA still works on and that leads to a certificate; so is an order that
     * was not ready yet. */
    if (conflict || early || problem->status == 404
        || acme_problem_is(problem, "userActionRequired")) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    /* RESUME gets the status, because an earlier finalize may have been heard,
     * of this process or of one before: then it is this one that comes too
     * late. */
    issue->refusal = acme_problem_dup(problem, issue->p);
    if (!issue->refusal->activity) {
        issue->refusal->activity = issue->phases[issue->phase].activity;
    }
    acme_issue_state_enter(issue, ACME_PHASE_RESUME);
}
