/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_issue_private.h"

#define OUTAGE_MIN apr_time_from_sec(5)
#define OUTAGE_MAX apr_time_from_sec(300)

#define REQUESTS_BASE     40
#define REQUESTS_PER_NAME 7

/* Pause before the first repetition of a request that met 404. */
#define MISSING_MIN apr_time_from_sec(1)

acme_issue_t *acme_issue_state_create(const acme_issue_phase_t *phases,
                                      const acme_issue_config_t *config,
                                      const acme_log_t *log, apr_pool_t *p)
{
    acme_issue_t *issue = apr_pcalloc(p, sizeof(*issue));

    issue->phases = phases;
    issue->config = config;
    issue->types = config->challenge_types;
    issue->log = log;
    issue->p = p;
    apr_pool_create(&issue->pfeed, p);
    issue->phase = ACME_PHASE_NEW;
    issue->presented = apr_array_make(p, 1, sizeof(acme_challenge_t));
    return issue;
}

static apr_interval_time_t or_default(apr_interval_time_t t,
                                      apr_interval_time_t otherwise)
{
    return t > 0 ? t : otherwise;
}

apr_interval_time_t acme_issue_state_poll_min(const acme_issue_t *issue)
{
    return or_default(issue->config->poll_min, apr_time_from_sec(1));
}

apr_interval_time_t acme_issue_state_poll_max(const acme_issue_t *issue)
{
    apr_interval_time_t min = acme_issue_state_poll_min(issue);
    apr_interval_time_t max =
        or_default(issue->config->poll_max, apr_time_from_sec(30));

    return max > min ? max : min;
}

apr_interval_time_t acme_issue_state_patience(const acme_issue_t *issue)
{
    return or_default(issue->config->patience, apr_time_from_sec(600));
}

void acme_issue_state_enter(acme_issue_t *issue, acme_issue_phase_e phase)
{
    const acme_issue_phase_t *from = &issue->phases[issue->phase];
    const acme_issue_phase_t *to = &issue->phases[phase];

    if (!(from->successors & (1u << phase))) {
        acme_log(issue->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0402) "%s: %s may not follow %s, the order ends",
                 issue->config->name, to->name, from->name);
        if (!issue->problem) {
            issue->problem = apr_pcalloc(issue->p, sizeof(*issue->problem));
            acme_problem_set(issue->problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                             ACME_PROBLEM_PROTOCOL, issue->p,
                             "%s cannot follow %s", to->name, from->name);
        }
        phase = ACME_PHASE_FAILED;
        to = &issue->phases[phase];
    }
    acme_log(issue->log, ACME_LOG_DEBUG, 0, ACME_TAG(0401) "%s: %s -> %s",
             issue->config->name, from->name, to->name);
    issue->phase = phase;
    ++issue->revision;
    issue->has_action = 0;
    issue->index = 0;
    issue->waited = 0;
    if (!issue->looking) {
        issue->deadline = 0;
        issue->polls = 0;
        issue->look_at = 0;
    }
}

static acme_issue_action_t *new_action(acme_issue_t *issue,
                                       acme_issue_action_e type)
{
    memset(&issue->action, 0, sizeof(issue->action));
    issue->action.type = type;
    issue->has_action = 1;
    return &issue->action;
}

void acme_issue_state_post(acme_issue_t *issue, const char *url,
                           const char *payload, int repeatable, apr_time_t now)
{
    int names = issue->config->names->nelts;
    int most = REQUESTS_BASE;
    acme_issue_action_t *action;

    if (issue->authz_urls && issue->authz_urls->nelts > names) {
        names = issue->authz_urls->nelts;
    }
    most += REQUESTS_PER_NAME * names;
    if (issue->phase == ACME_PHASE_AWAIT
        || issue->phase == ACME_PHASE_PROCESS) {
        ++issue->polls;
    }
    else if (++issue->requests > most) {
        acme_issue_state_wrong(issue, ACME_ISSUE_DOUBTFUL, now,
                               "the order is not complete after %d requests",
                               most);
        return;
    }
    action = new_action(issue, ACME_ACTION_POST);
    action->url = url;
    action->payload = payload;
    action->repeatable = repeatable;
}

void acme_issue_state_wait(acme_issue_t *issue, apr_time_t until)
{
    new_action(issue, ACME_ACTION_WAIT)->until = until;
}

void acme_issue_state_solve(acme_issue_t *issue, acme_issue_action_e type,
                            const acme_challenge_t *challenge)
{
    new_action(issue, type)->challenge = challenge;
}

void acme_issue_state_plan_done(acme_issue_t *issue, apr_time_t now)
{
    acme_issue_action_t *action = new_action(issue, ACME_ACTION_DONE);

    (void)now;
    action->chain = issue->chain;
    action->chain_len = issue->chain_len;
    action->parsed = issue->parsed;
}

void acme_issue_state_plan_failed(acme_issue_t *issue, apr_time_t now)
{
    (void)now;
    new_action(issue, ACME_ACTION_FAILED)->problem = issue->problem;
}

/* Returns the class for the job. NOW becomes BACKOFF, because the order has
 * failed, even if its last request might be repeated at once. */
static acme_retry_e retry_class(const acme_issue_t *issue,
                                const acme_problem_t *problem, apr_time_t now)
{
    if (issue->stale) {
        return acme_problem_is(problem, "accountDoesNotExist")
                   ? ACME_RETRY_BACKOFF
                   : ACME_RETRY_NOW;
    }
    if (problem->retry == ACME_RETRY_NOW
        || (problem->retry == ACME_RETRY_LATER && problem->retry_at <= now)) {
        return ACME_RETRY_BACKOFF;
    }
    return problem->retry;
}

/* Returns what the order was at, which is another thing than the phase when it
 * looks for the reason of a failure. */
static acme_problem_at_e place_of(const acme_issue_t *issue)
{
    switch (issue->phase) {
    case ACME_PHASE_FINALIZE:
    case ACME_PHASE_PROCESS:
    case ACME_PHASE_DOWNLOAD:
    case ACME_PHASE_DONE:
        return ACME_AT_ISSUANCE;
    case ACME_PHASE_RESUME:
        return issue->refusal ? ACME_AT_ISSUANCE : ACME_AT_ORDER;
    case ACME_PHASE_DIAGNOSE:
        return issue->found_at_issuance ? ACME_AT_ISSUANCE : ACME_AT_VALIDATION;
    default:
        return ACME_AT_ORDER;
    }
}

static int may_be_resumed(const acme_issue_t *issue, acme_issue_alive_e alive,
                          apr_time_t now)
{
    if (!issue->order_url || alive == ACME_ISSUE_OVER
        || issue->failures >= ACME_ISSUE_FAILURES) {
        return 0;
    }
    /* A certificate that may have been issued is not given up for a doubt, and
     * can be fetched after the order has expired. */
    return issue->finalized || issue->restored
           || ((alive == ACME_ISSUE_ALIVE
                || issue->failures < ACME_ISSUE_DOUBTS)
               && (issue->expires == 0 || now < issue->expires));
}

void acme_issue_state_fail(acme_issue_t *issue, const acme_problem_t *problem,
                           acme_issue_alive_e alive, apr_time_t now)
{
    acme_problem_t *kept = acme_problem_dup(problem, issue->p);

    kept->retry = retry_class(issue, kept, now);
    if (kept->retry != ACME_RETRY_LATER) {
        kept->retry_at = 0;
    }
    if (!kept->activity) {
        kept->activity = issue
                             ->phases[issue->phase == ACME_PHASE_DIAGNOSE
                                              && issue->found_at_issuance
                                          ? ACME_PHASE_PROCESS
                                          : issue->phase]
                             .activity;
    }
    acme_problem_advise(kept, place_of(issue));
    issue->problem = kept;
    ++issue->failures;
    issue->resumable = may_be_resumed(issue, alive, now);
    acme_issue_state_enter(issue, issue->presented->nelts > 0
                                      ? ACME_PHASE_CLEANUP
                                      : ACME_PHASE_FAILED);
}

acme_issue_alive_e acme_issue_state_settled(const acme_problem_t *problem)
{
    if (strcmp(problem->type, ACME_PROBLEM_PROTOCOL) != 0) {
        return ACME_ISSUE_OVER;
    }
    return problem->status < 300 ? ACME_ISSUE_ALIVE : ACME_ISSUE_DOUBTFUL;
}

void acme_issue_state_refused(acme_issue_t *issue,
                              const acme_problem_t *problem, apr_time_t now)
{
    acme_issue_alive_e alive = ACME_ISSUE_DOUBTFUL;

    if (acme_problem_is(problem, "userActionRequired")) {
        alive = ACME_ISSUE_ALIVE;
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")
             && !issue->finalized) {
        alive = ACME_ISSUE_OVER;
    }
    acme_issue_state_fail(issue, problem, alive, now);
}

void acme_issue_state_wrong(acme_issue_t *issue, acme_issue_alive_e alive,
                            apr_time_t now, const char *fmt, ...)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *what;
    va_list args;

    va_start(args, fmt);
    what = apr_pvsprintf(issue->pfeed, fmt, args);
    va_end(args);
    acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_PROTOCOL, issue->pfeed, "%s", what);
    acme_issue_state_fail(issue, &problem, alive, now);
}

apr_interval_time_t acme_issue_state_pause(int n)
{
    apr_interval_time_t pause = OUTAGE_MIN << (n - 1);

    return pause < OUTAGE_MAX ? pause : OUTAGE_MAX;
}

void acme_issue_state_conflict(acme_issue_t *issue,
                               const acme_problem_t *problem)
{
    /* Keep the first only, because an order of many names can have many. */
    if (!issue->conflict) {
        issue->conflict = acme_problem_dup(problem, issue->p);
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0813) "%s: %s was done before, it seems; going on: "
                            "%s",
             issue->config->name, issue->phases[issue->phase].activity,
             acme_problem_text(problem, issue->pfeed));
}

void acme_issue_state_start_diagnosis(acme_issue_t *issue,
                                      const acme_problem_t *problem)
{
    issue->found = problem ? acme_problem_dup(problem, issue->p) : NULL;
    issue->found_in_order = problem != NULL;
    if (issue->phase != ACME_PHASE_DIAGNOSE) {
        issue->found_at_issuance = place_of(issue) == ACME_AT_ISSUANCE;
    }
    issue->n_found = 0;
}

int acme_issue_state_outage(acme_issue_t *issue, const acme_problem_t *problem,
                            apr_time_t now)
{
    apr_interval_time_t delay;
    int n;

    if (acme_problem_is(problem, "badNonce")) {
        return 0; /* because the client has repeated it often enough */
    }
    ++issue->outages;
    n = issue->finalizations > issue->outages ? issue->finalizations
                                              : issue->outages;
    if (n > ACME_ISSUE_RETRIES) {
        return 0;
    }
    delay = acme_issue_state_pause(n);
    if (issue->phase == ACME_PHASE_NEW
        && (problem->status == 429
            || acme_problem_is(problem, "rateLimited"))) {
        /* Fail instead of waiting, because no order exists yet that could be
         * lost, and the rate limit applies to other sites as well. */
        return 0;
    }
    if (problem->retry == ACME_RETRY_LATER) {
        delay = problem->retry_at - now;
        if (delay > acme_issue_state_patience(issue)) {
            return 0;
        }
        if (delay < apr_time_from_sec(1)) {
            delay = apr_time_from_sec(1);
        }
    }
    if (issue->outages == 1) {
        issue->trouble = acme_problem_dup(problem, issue->p);
    }
    acme_log(issue->log, issue->outages == 1 ? ACME_LOG_WARNING : ACME_LOG_INFO,
             problem->rv,
             ACME_TAG(0403) "%s: %s failed, trying again in %d s: %s",
             issue->config->name, problem->activity,
             (int)apr_time_sec(delay + APR_USEC_PER_SEC - 1),
             acme_problem_text(problem, issue->pfeed));
    /* Extend the deadline, because an outage is not a slow validation. */
    if (issue->deadline > 0) {
        issue->deadline += delay;
    }
    acme_issue_state_wait(issue, now + delay);
    return 1;
}

int acme_issue_state_missing(acme_issue_t *issue, const char *what,
                             apr_time_t named, int most, apr_time_t now)
{
    apr_interval_time_t delay;

    if (++issue->missing > most) {
        return 0;
    }
    delay = MISSING_MIN << (issue->missing - 1);
    if (named > now + delay) {
        if (named - now > acme_issue_state_patience(issue)) {
            return 0;
        }
        delay = named - now;
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0355) "%s: %s: %s; the CA may not know it yet, asking "
                            "again in %d s",
             issue->config->name, issue->phases[issue->phase].activity, what,
             (int)apr_time_sec(delay + APR_USEC_PER_SEC - 1));
    acme_issue_state_wait(issue, now + delay);
    return 1;
}

int acme_issue_state_takes_named_csr(acme_issue_t *issue,
                                     const acme_problem_t *problem)
{
    const acme_issue_config_t *config = issue->config;

    if (issue->bad_csr || !config->named_csr
        || (!acme_problem_is(problem, "badCSR")
            && !acme_problem_is(problem, "malformed")
            && strcmp(problem->type, ACME_PROBLEM_REFUSED) != 0)) {
        return 0;
    }
    issue->bad_csr = acme_problem_dup(problem, issue->p);
    issue->named_csr = config->named_csr(config->named_csr_baton, issue->p);
    if (!issue->named_csr) {
        return 0;
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0421) "%s: the CA refuses the signing request, trying it "
                            "once with the first name as common name: %s",
             config->name, acme_problem_text(problem, issue->pfeed));
    return 1;
}

void acme_issue_state_presented(acme_issue_t *issue,
                                const acme_challenge_t *challenge)
{
    int i;

    for (i = 0; i < issue->presented->nelts; ++i) {
        const acme_challenge_t *known =
            &APR_ARRAY_IDX(issue->presented, i, acme_challenge_t);

        if (strcmp(known->type, challenge->type) == 0
            && strcmp(known->identifier, challenge->identifier) == 0
            && strcmp(known->token, challenge->token) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(issue->presented, acme_challenge_t) = *challenge;
}
