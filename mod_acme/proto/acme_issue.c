/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_issue.h"

#include "acme_issue_private.h"

#define TO(phase)  (1u << ACME_PHASE_##phase)
#define TO_FAILURE (TO(CLEANUP) | TO(FAILED))

static const acme_issue_phase_t phases[ACME_PHASE_COUNT] = {
    [ACME_PHASE_NEW] = {"new", "placing the order",
                        TO(RESUME) | TO(AUTHORIZE) | TO(FINALIZE) | TO(PROCESS)
                            | TO(DOWNLOAD) | TO(DIAGNOSE) | TO(FAILED),
                        acme_issue_order_plan_new, acme_issue_order_answer_new,
                        acme_issue_order_refused_new, NULL},
    [ACME_PHASE_RESUME] = {"resume", "asking for the order",
                           TO(AUTHORIZE) | TO(FINALIZE) | TO(PROCESS)
                               | TO(DOWNLOAD) | TO(DIAGNOSE) | TO_FAILURE,
                           acme_issue_order_plan_resume,
                           acme_issue_order_answer,
                           acme_issue_order_refused_resume, NULL},
    [ACME_PHASE_AUTHORIZE] = {"authorize", "asking for the authorizations",
                              TO(PRESENT) | TO(AWAIT) | TO(DIAGNOSE)
                                  | TO_FAILURE,
                              acme_issue_authz_plan_authorize,
                              acme_issue_authz_answer_authorize,
                              acme_issue_authz_refused_authorize, NULL},
    [ACME_PHASE_PRESENT] = {"present", "presenting the challenges",
                            TO(RESPOND) | TO_FAILURE,
                            acme_issue_authz_plan_present, NULL, NULL,
                            acme_issue_authz_solved_present},
    [ACME_PHASE_RESPOND] = {"respond", "telling the CA to validate",
                            TO(AWAIT) | TO_FAILURE,
                            acme_issue_authz_plan_respond,
                            acme_issue_authz_answer_respond,
                            acme_issue_authz_refused_respond, NULL},
    [ACME_PHASE_AWAIT] = {"await", "validation by the CA",
                          TO(AUTHORIZE) | TO(FINALIZE) | TO(PROCESS)
                              | TO(DOWNLOAD) | TO(DIAGNOSE) | TO_FAILURE,
                          acme_issue_order_plan_poll, acme_issue_order_answer,
                          NULL, NULL},
    [ACME_PHASE_FINALIZE] = {"finalize", "finalizing the order",
                             TO(RESUME) | TO(AUTHORIZE) | TO(AWAIT)
                                 | TO(PROCESS) | TO(DOWNLOAD) | TO(DIAGNOSE)
                                 | TO_FAILURE,
                             acme_issue_order_plan_finalize,
                             acme_issue_order_answer_finalize,
                             acme_issue_order_refused_finalize, NULL},
    [ACME_PHASE_PROCESS] = {"process", "issuance by the CA",
                            TO(AUTHORIZE) | TO(AWAIT) | TO(FINALIZE)
                                | TO(DOWNLOAD) | TO(DIAGNOSE) | TO_FAILURE,
                            acme_issue_order_plan_poll, acme_issue_order_answer,
                            NULL, NULL},
    [ACME_PHASE_DOWNLOAD] = {"download", "downloading the certificate",
                             TO(CLEANUP) | TO(FAILED), acme_issue_download_plan,
                             acme_issue_download_answer,
                             acme_issue_download_refused, NULL},
    [ACME_PHASE_DIAGNOSE] = {"diagnose", "validation by the CA",
                             TO(AUTHORIZE) | TO(FINALIZE) | TO(PROCESS)
                                 | TO(DOWNLOAD) | TO_FAILURE,
                             acme_issue_diagnose_plan,
                             acme_issue_diagnose_answer,
                             acme_issue_diagnose_refused, NULL},
    [ACME_PHASE_CLEANUP] = {"cleanup", "taking the challenges down",
                            TO(DONE) | TO(FAILED),
                            acme_issue_authz_plan_cleanup, NULL, NULL,
                            acme_issue_authz_solved_cleanup},
    [ACME_PHASE_DONE] = {"done", "checking the new certificate", TO(FAILED),
                         acme_issue_state_plan_done, NULL, NULL, NULL},
    [ACME_PHASE_FAILED] = {"failed", "nothing", 0, acme_issue_state_plan_failed,
                           NULL, NULL, NULL},
};

/* Plans until there is an action. */
static void plan_action(acme_issue_t *issue, apr_time_t now)
{
    while (!issue->has_action) {
        phases[issue->phase].plan(issue, now);
    }
}

acme_issue_t *acme_issue_create(const acme_issue_config_t *config,
                                const acme_log_t *log, apr_time_t now,
                                apr_pool_t *p)
{
    acme_issue_t *issue = acme_issue_state_create(phases, config, log, p);

    plan_action(issue, now);
    return issue;
}

/* Returns the phase in which an order goes on whose snapshot was taken in
 * `phase`. */
static acme_issue_phase_e resume_in(acme_issue_t *issue,
                                    acme_issue_phase_e phase)
{
    if (issue->problem
        && (phase == ACME_PHASE_CLEANUP
            || (phase == ACME_PHASE_FAILED && !issue->resumable))) {
        return phase;
    }
    issue->problem = NULL;
    issue->resumable = 0;
    if (phase == ACME_PHASE_NEW || phase == ACME_PHASE_DIAGNOSE) {
        return issue->certificate ? ACME_PHASE_RESUME : phase;
    }
    issue->restored = 1;
    return ACME_PHASE_RESUME;
}

apr_status_t acme_issue_restore(acme_issue_t **issue,
                                const acme_issue_config_t *config,
                                const acme_json_t *snapshot,
                                const acme_log_t *log, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p)
{
    acme_issue_t *found = acme_issue_state_create(phases, config, log, p);
    acme_issue_phase_e phase;
    apr_status_t rv;

    rv = acme_issue_snapshot_read(found, &phase, snapshot, problem);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found->phase = resume_in(found, phase);
    acme_log(log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0405) "%s: order %s left in %s, going on with %s",
             config->name, found->order_url ? found->order_url : "(none)",
             phases[phase].name, phases[found->phase].name);
    plan_action(found, now);
    *issue = found;
    return APR_SUCCESS;
}

const acme_issue_action_t *acme_issue_action(const acme_issue_t *issue)
{
    return &issue->action;
}

/* Returns non-zero when a failed request says nothing about the order: there
 * was no answer, or the CA could not process any request. */
static int is_outage(const acme_problem_t *problem)
{
    if (acme_problem_is(problem, "badNonce")
        || acme_problem_is(problem, "rateLimited")) {
        return 1;
    }
    if (problem->retry == ACME_RETRY_CONFIG
        || problem->retry == ACME_RETRY_PERMANENT) {
        return 0;
    }
    /* 408 and 425: the request did not reach what would have acted on it. */
    return problem->status == 0 || problem->status == 408
           || problem->status == 425 || problem->status == 429
           || problem->status >= 500;
}

/* Handles an outage. */
static void take_outage(acme_issue_t *issue, const acme_problem_t *problem,
                        apr_time_t now)
{
    acme_problem_t named = *problem;

    named.activity = phases[issue->phase].activity;
    acme_issue_authz_unanswered(issue);
    if (issue->phase == ACME_PHASE_FINALIZE) {
        /* Get the order before finalize is repeated, because the CA may have
         * had this request. */
        ++issue->finalizations;
        acme_issue_state_enter(issue, ACME_PHASE_RESUME);
    }
    if (acme_issue_state_outage(issue, &named, now)) {
        return;
    }
    if (issue->phase == ACME_PHASE_DIAGNOSE
        || (issue->phase == ACME_PHASE_DOWNLOAD && issue->chain)) {
        phases[issue->phase].refused(issue, &named, now);
        return;
    }
    acme_issue_state_fail(issue, &named, ACME_ISSUE_ALIVE, now);
}

/* Returns non-zero when the CA says that the object does not exist. */
static int is_missing(const acme_issue_t *issue, const acme_problem_t *problem)
{
    return problem->status == 404 && !issue->looking
           && issue->phase != ACME_PHASE_NEW
           && issue->phase != ACME_PHASE_DIAGNOSE
           && !(issue->phase == ACME_PHASE_DOWNLOAD && issue->chain)
           && !acme_problem_is(problem, "accountDoesNotExist")
           && !acme_problem_is(problem, "userActionRequired");
}

/* Handles a refusal by the CA. */
static void take_refusal(acme_issue_t *issue, const acme_problem_t *problem,
                         apr_time_t now)
{
    if (is_missing(issue, problem)
        && acme_issue_state_missing(
            issue, acme_problem_text(problem, issue->pfeed), problem->retry_at,
            acme_issue_route_missing_max(issue, now), now)) {
        return;
    }
    issue->missing = 0;
    if (phases[issue->phase].refused) {
        phases[issue->phase].refused(issue, problem, now);
        return;
    }
    acme_issue_state_refused(issue, problem, now);
}

/* Returns the problem, or a new one if the caller gave none. */
static const acme_problem_t *problem_of(const acme_issue_t *issue,
                                        const acme_problem_t *problem,
                                        apr_status_t rv)
{
    acme_problem_t *own;

    if (problem && problem->type) {
        return problem;
    }
    own = apr_pcalloc(issue->pfeed, sizeof(*own));
    acme_problem_set(own, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_NETWORK,
                     issue->pfeed, "it failed for no given reason");
    return own;
}

void acme_issue_answer(acme_issue_t *issue, apr_status_t rv,
                       const acme_answer_t *answer,
                       const acme_problem_t *problem, apr_time_t now)
{
    if (issue->action.type != ACME_ACTION_POST) {
        return;
    }
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_issue_authz_unanswered(issue);
        return;
    }
    apr_pool_clear(issue->pfeed);
    issue->has_action = 0;
    if (rv == APR_SUCCESS && answer) {
        issue->outages = 0;
        if (issue->phase != ACME_PHASE_DOWNLOAD) {
            issue->missing = 0;
        }
        phases[issue->phase].answer(issue, answer, now);
    }
    else {
        problem = problem_of(issue, problem, rv ? rv : APR_EGENERAL);
        if (is_outage(problem)) {
            take_outage(issue, problem, now);
        }
        else {
            issue->outages = 0;
            take_refusal(issue, problem, now);
        }
    }
    plan_action(issue, now);
}

void acme_issue_solved(acme_issue_t *issue, apr_status_t rv,
                       const acme_problem_t *problem, apr_time_t now)
{
    if (APR_STATUS_IS_EINTR(rv)
        || (issue->action.type != ACME_ACTION_PRESENT
            && issue->action.type != ACME_ACTION_CLEANUP)) {
        return;
    }
    apr_pool_clear(issue->pfeed);
    issue->has_action = 0;
    if (rv != APR_SUCCESS) {
        problem = problem_of(issue, problem, rv);
    }
    phases[issue->phase].solved(issue, rv, problem, now);
    plan_action(issue, now);
}

void acme_issue_visible_at(acme_issue_t *issue, apr_time_t at)
{
    if (at > issue->visible_at) {
        issue->visible_at = at;
    }
}

int acme_issue_waits_to_be_seen(const acme_issue_t *issue)
{
    return issue->phase == ACME_PHASE_RESPOND && issue->has_action
           && issue->action.type == ACME_ACTION_WAIT
           && issue->action.until == issue->visible_at;
}

void acme_issue_timer(acme_issue_t *issue, apr_time_t now)
{
    if (issue->action.type != ACME_ACTION_WAIT) {
        return;
    }
    apr_pool_clear(issue->pfeed);
    issue->has_action = 0;
    issue->waited = 1;
    plan_action(issue, now);
}

void acme_issue_reject(acme_issue_t *issue, const acme_problem_t *problem,
                       int again, apr_time_t now)
{
    acme_problem_t named = *problem;

    if (issue->action.type != ACME_ACTION_DONE) {
        return;
    }
    if (issue->adopted && problem->retry == ACME_RETRY_CONFIG) {
        named.retry = ACME_RETRY_BACKOFF;
    }
    else if (again && issue->failures + 1 >= ACME_ISSUE_FAILURES) {
        named.retry = ACME_RETRY_CONFIG;
    }
    issue->has_action = 0;
    acme_issue_state_fail(issue, &named,
                          again ? ACME_ISSUE_ALIVE : ACME_ISSUE_OVER, now);
    plan_action(issue, now);
}

unsigned int acme_issue_revision(const acme_issue_t *issue)
{
    return issue->revision;
}

const acme_problem_t *acme_issue_trouble(const acme_issue_t *issue)
{
    return issue->outages > 0 ? issue->trouble : NULL;
}

const char *acme_issue_url(const acme_issue_t *issue)
{
    return issue->order_url;
}

const char *acme_issue_failed_challenge(const acme_issue_t *issue)
{
    return issue->failed_type;
}

int acme_issue_replaces(const acme_issue_t *issue)
{
    return issue->config->replaces && !issue->without_replaces;
}

int acme_issue_stale(const acme_issue_t *issue)
{
    return issue->phase == ACME_PHASE_FAILED && issue->stale;
}

int acme_issue_wants_named_csr(const acme_issue_t *issue)
{
    return issue->phase == ACME_PHASE_FAILED && !issue->resumable
           && issue->config->named_csr && !issue->bad_csr
           && acme_problem_is(issue->problem, "badCSR");
}

int acme_issue_resumable(const acme_issue_t *issue)
{
    return issue->phase == ACME_PHASE_FAILED && issue->resumable;
}
