/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_issue_private.h"
#include "acme_resource.h"

static acme_issue_task_t *task_at(const acme_issue_t *issue, int i)
{
    return &APR_ARRAY_IDX(issue->tasks, i, acme_issue_task_t);
}

/* Reads an authorization. Returns NULL after failing the order. */
static acme_authz_t *read_authz(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_authz_t *authz;

    if (acme_authz_read(&authz, answer->json, &problem, issue->pfeed)
        != APR_SUCCESS) {
        problem.status = answer->status;
        acme_client_answer_blame(&problem, answer, issue->pfeed);
        acme_issue_state_fail(
            issue, &problem,
            answer->json ? ACME_ISSUE_DOUBTFUL : ACME_ISSUE_ALIVE, now);
        return NULL;
    }
    return authz;
}

void acme_issue_authz_plan_authorize(acme_issue_t *issue, apr_time_t now)
{
    if (!issue->authz_urls) {
        /* There is nothing to be done for it, as far as is known: it becomes
         * ready, is finalized without, or has authorizations later. */
        issue->all_valid = 1;
        acme_issue_state_enter(issue, ACME_PHASE_AWAIT);
        return;
    }
    if (issue->index == 0) {
        issue->n_valid = 0;
        issue->all_valid = 0;
    }
    if (issue->index == 0 && !issue->looking) {
        issue->failed_type = NULL;
        issue->tasks = apr_array_make(issue->p, issue->authz_urls->nelts,
                                      sizeof(acme_issue_task_t));
    }
    if (issue->index < issue->authz_urls->nelts) {
        acme_issue_state_post(
            issue, APR_ARRAY_IDX(issue->authz_urls, issue->index, const char *),
            "", 1, now);
        return;
    }
    issue->all_valid =
        issue->index > 0 && issue->n_valid == issue->authz_urls->nelts;
    acme_issue_state_enter(issue, !issue->looking && issue->tasks->nelts > 0
                                      ? ACME_PHASE_PRESENT
                                      : ACME_PHASE_AWAIT);
    issue->looking = 0;
}

static void add_task(acme_issue_t *issue, const acme_authz_t *authz,
                     const acme_authz_challenge_t *challenge)
{
    acme_issue_task_t *task = apr_array_push(issue->tasks);
    apr_pool_t *p = issue->p;

    task->challenge.type = acme_challenge_type(challenge->type);
    task->challenge.site = issue->config->name;
    task->challenge.identifier = apr_pstrdup(p, authz->identifier);
    task->challenge.token = apr_pstrdup(p, challenge->token);
    task->challenge.key_authorization = acme_jws_key_authorization(
        issue->config->signer, task->challenge.token, p);
    task->url = apr_pstrdup(p, challenge->url);
    task->authz_url =
        APR_ARRAY_IDX(issue->authz_urls, issue->index, const char *);
    /* Not by the status alone, because Let's Encrypt leaves a challenge pending
     * while it validates. */
    task->respond = challenge->status == ACME_CHALLENGE_PENDING;
    task->responded = issue->responded;
}

/* Returns non-zero when the site has the name. Authorizations and names are not
 * one to one (RFC 8555 7.1.3): several may be for a name, for a parent of it or
 * for others, and some CAs mark the one for a plain name as a wildcard. */
static int is_ours(acme_issue_t *issue, const acme_authz_t *authz)
{
    return acme_ident_in(issue->config->names, authz->identifier)
           || acme_ident_in(
               issue->config->names,
               apr_pstrcat(issue->pfeed, "*.", authz->identifier, NULL));
}

/* Returns the next phase by the status of an authorization: AUTHORIZE: pending
 * or valid, so that the next one is asked for. Any other status has ended the
 * order (RFC 8555 7.1.6), or will. */
static acme_issue_phase_e authz_route(acme_authz_status_e status)
{
    static const acme_issue_phase_e next[] = {
        [ACME_AUTHZ_PENDING] = ACME_PHASE_AUTHORIZE,
        [ACME_AUTHZ_VALID] = ACME_PHASE_AUTHORIZE,
        [ACME_AUTHZ_INVALID] = ACME_PHASE_DIAGNOSE,
        [ACME_AUTHZ_DEACTIVATED] = ACME_PHASE_DIAGNOSE,
        [ACME_AUTHZ_EXPIRED] = ACME_PHASE_DIAGNOSE,
        [ACME_AUTHZ_REVOKED] = ACME_PHASE_DIAGNOSE,
    };

    return next[status];
}

static void diagnose(acme_issue_t *issue)
{
    issue->looking = 0;
    acme_issue_state_start_diagnosis(issue, NULL);
    acme_issue_state_enter(issue, ACME_PHASE_DIAGNOSE);
}

/* Takes an authorization that is only looked at: what cannot be read is left to
 * the order's status. */
static void look(acme_issue_t *issue, const acme_answer_t *answer)
{
    acme_problem_t ignored = ACME_PROBLEM_INIT;
    acme_authz_t *authz;

    if (acme_authz_read(&authz, answer->json, &ignored, issue->pfeed)
        == APR_SUCCESS) {
        if (authz_route(authz->status) == ACME_PHASE_DIAGNOSE) {
            diagnose(issue);
            return;
        }
        issue->n_valid += authz->status == ACME_AUTHZ_VALID;
    }
    ++issue->index;
}

void acme_issue_authz_refused_authorize(acme_issue_t *issue,
                                        const acme_problem_t *problem,
                                        apr_time_t now)
{
    if (issue->looking) {
        ++issue->index;
        return;
    }
    acme_issue_state_refused(issue, problem, now);
}

void acme_issue_authz_answer_authorize(acme_issue_t *issue,
                                       const acme_answer_t *answer,
                                       apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_authz_challenge_t *challenge;
    const acme_authz_t *authz;

    if (issue->looking) {
        look(issue, answer);
        return;
    }
    authz = read_authz(issue, answer, now);
    if (!authz) {
        return;
    }
    if (authz_route(authz->status) == ACME_PHASE_DIAGNOSE) {
        diagnose(issue);
        return;
    }
    if (authz->status == ACME_AUTHZ_PENDING) {
        if (!is_ours(issue, authz)) {
            acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                                   "the CA wants an authorization for %s%s, "
                                   "which was not ordered",
                                   authz->wildcard ? "*." : "",
                                   authz->identifier);
            return;
        }
        challenge = acme_challenge_choose(authz, issue->types,
                                          issue->config->challenge_faults,
                                          &problem, issue->pfeed);
        if (!challenge) {
            acme_issue_state_fail(issue, &problem,
                                  strcmp(problem.type, ACME_PROBLEM_PROTOCOL)
                                          == 0
                                      ? ACME_ISSUE_DOUBTFUL
                                      : ACME_ISSUE_OVER,
                                  now);
            return;
        }
        if (challenge->status != ACME_CHALLENGE_VALID) {
            add_task(issue, authz, challenge);
        }
    }
    else {
        ++issue->n_valid;
    }
    ++issue->index;
}

void acme_issue_authz_plan_present(acme_issue_t *issue, apr_time_t now)
{
    int i;

    (void)now;
    if (issue->index == 0) {
        /* Add all of them before the first is presented, because the snapshot
         * has to know all challenges that may be presented. */
        for (i = 0; i < issue->tasks->nelts; ++i) {
            acme_issue_state_presented(issue, &task_at(issue, i)->challenge);
        }
    }
    if (issue->index < issue->tasks->nelts) {
        acme_issue_state_solve(issue, ACME_ACTION_PRESENT,
                               &task_at(issue, issue->index)->challenge);
        return;
    }
    acme_issue_state_enter(issue, ACME_PHASE_RESPOND);
}

void acme_issue_authz_solved_present(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now)
{
    if (rv != APR_SUCCESS) {
        issue->failed_type = task_at(issue, issue->index)->challenge.type;
        acme_issue_state_fail(issue, problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    ++issue->index;
}

void acme_issue_authz_plan_respond(acme_issue_t *issue, apr_time_t now)
{
    const acme_issue_task_t *task;

    if (issue->index == 0) {
        /* Before the first response, because the snapshot has to know that the
         * CA may have had it. */
        issue->responded = 1;
        issue->conflict = NULL;
    }
    while (issue->index < issue->tasks->nelts
           && !task_at(issue, issue->index)->respond) {
        ++issue->index;
    }
    if (issue->index >= issue->tasks->nelts) {
        acme_issue_state_enter(issue, ACME_PHASE_AWAIT);
        return;
    }
    if (issue->visible_at > now && !issue->waited) {
        acme_issue_state_wait(issue, issue->visible_at);
        return;
    }
    task = task_at(issue, issue->index);
    if (issue->refusal) {
        acme_issue_state_post(issue, task->authz_url, "", 1, now);
    }
    else {
        acme_issue_state_post(issue, task->url, "{}", 1, now);
    }
}

/* Returns non-zero when the CA still waits for the response to this task's
 * challenge. */
static int is_waiting(const acme_authz_t *authz, const acme_issue_task_t *task)
{
    int i;

    if (authz->status != ACME_AUTHZ_PENDING) {
        return 0;
    }
    for (i = 0; i < authz->challenges->nelts; ++i) {
        const acme_authz_challenge_t *challenge =
            &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);

        if (challenge->url && strcmp(challenge->url, task->url) == 0) {
            return challenge->status == ACME_CHALLENGE_PENDING;
        }
    }
    return 1;
}

void acme_issue_authz_answer_respond(acme_issue_t *issue,
                                     const acme_answer_t *answer,
                                     apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t challenge = {"challenge", answer->json, &problem,
                                 issue->pfeed};
    const acme_authz_t *authz;

    if (issue->refusal) {
        authz = read_authz(issue, answer, now);
        if (!authz) {
            return;
        }
        if (is_waiting(authz, task_at(issue, issue->index))) {
            acme_issue_state_fail(issue, issue->refusal,
                                  acme_issue_state_settled(issue->refusal),
                                  now);
            return;
        }
        issue->refusal = NULL;
    }
    else if (answer->body_len > 0
             && acme_resource_object(&challenge) != APR_SUCCESS) {
        /* Any object is good enough, because AWAIT gets the order's status.
         * Without one the authorization says whether the CA has heard. */
        problem.status = answer->status;
        acme_client_answer_blame(&problem, answer, issue->pfeed);
        issue->refusal = acme_problem_dup(&problem, issue->p);
        return;
    }
    issue->hint = answer->retry_at;
    ++issue->index;
}

/* As a rule the CA had the response before: from a process that crashed, or in
 * a request whose answer was lost. This is assumed when the CA says so (409),
 * when a response may have been sent before, or when the challenge is no longer
 * pending. If the assumption is wrong the order does not become ready, and
 * AWAIT bounds that. */
void acme_issue_authz_refused_respond(acme_issue_t *issue,
                                      const acme_problem_t *problem,
                                      apr_time_t now)
{
    if (acme_problem_is_conflict(problem)
        || task_at(issue, issue->index)->responded) {
        acme_issue_state_conflict(issue,
                                  issue->refusal ? issue->refusal : problem);
        issue->refusal = NULL;
        issue->hint = problem->retry_at;
        ++issue->index;
        return;
    }
    if (issue->refusal) {
        acme_issue_state_fail(issue, issue->refusal,
                              acme_issue_state_settled(issue->refusal), now);
        return;
    }
    issue->refusal = acme_problem_dup(problem, issue->p);
}

void acme_issue_authz_unanswered(acme_issue_t *issue)
{
    if (issue->phase == ACME_PHASE_RESPOND && !issue->refusal) {
        task_at(issue, issue->index)->responded = 1;
    }
}

void acme_issue_authz_plan_cleanup(acme_issue_t *issue, apr_time_t now)
{
    (void)now;
    if (issue->index < issue->presented->nelts) {
        acme_issue_state_solve(
            issue, ACME_ACTION_CLEANUP,
            &APR_ARRAY_IDX(issue->presented, issue->index, acme_challenge_t));
        return;
    }
    apr_array_clear(issue->presented);
    acme_issue_state_enter(issue, issue->problem ? ACME_PHASE_FAILED
                                                 : ACME_PHASE_DONE);
}

void acme_issue_authz_solved_cleanup(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now)
{
    (void)now;
    if (rv != APR_SUCCESS) {
        acme_log(issue->log, ACME_LOG_INFO, rv,
                 ACME_TAG(0404) "%s: the challenge for %s could not be taken "
                                "down: %s",
                 issue->config->name, issue->action.challenge->identifier,
                 acme_problem_text(problem, issue->pfeed));
    }
    ++issue->index;
}
