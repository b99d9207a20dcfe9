/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_cert_trusted.h"
#include "acme_issue_private.h"
#include "acme_resource.h"
#include "acme_time.h"

/* Bounds the alternate chains that are downloaded. */
#define ALTERNATES_MAX 10

/* A Retry-After is long when it is above the patience divided by this. */
#define LONG_DIVISOR 5

/* A validation may take so many times the patience, if the CA says so. */
#define PATIENCE_FACTOR 6

#define PEM_CHAIN "application/pem-certificate-chain"

/* Routes other than phases: the phase stays, or the status is an error. */
#define STAY    (-1)
#define NOT_NOW (-2)

/* The next phase by the order's status, for each phase that gets the order. */
typedef struct order_route_t {
    acme_issue_phase_e phase;
    int next[ACME_ORDER_INVALID + 1];
} order_route_t;

static const order_route_t routes[] = {
    {ACME_PHASE_NEW,
     {[ACME_ORDER_PENDING] = ACME_PHASE_AUTHORIZE,
      [ACME_ORDER_READY] = ACME_PHASE_FINALIZE,
      [ACME_ORDER_PROCESSING] = NOT_NOW,
      [ACME_ORDER_VALID] = NOT_NOW,
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
     {[ACME_ORDER_PENDING] = NOT_NOW,
      [ACME_ORDER_READY] = ACME_PHASE_PROCESS,
      [ACME_ORDER_PROCESSING] = ACME_PHASE_PROCESS,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
    {ACME_PHASE_PROCESS,
     {[ACME_ORDER_PENDING] = NOT_NOW,
      [ACME_ORDER_READY] = STAY,
      [ACME_ORDER_PROCESSING] = STAY,
      [ACME_ORDER_VALID] = ACME_PHASE_DOWNLOAD,
      [ACME_ORDER_INVALID] = ACME_PHASE_DIAGNOSE}},
};

static int route(acme_issue_phase_e phase, acme_order_status_e status)
{
    size_t i;

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); ++i) {
        if (routes[i].phase == phase) {
            return routes[i].next[status];
        }
    }
    return NOT_NOW;
}

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

acme_order_t *acme_issue_order_read(acme_issue_t *issue,
                                    const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;

    if (acme_order_read(&order, answer->json, &problem, issue->pfeed)
        != APR_SUCCESS) {
        problem.status = answer->status;
        acme_issue_state_fail(issue, &problem,
                              answer->json ? ACME_ISSUE_OVER : ACME_ISSUE_ALIVE,
                              now);
        return NULL;
    }
    copy(&issue->finalize, order->finalize, issue->p);
    copy(&issue->certificate, order->certificate, issue->p);
    copy_authorizations(issue, order);
    issue->expires = order->expires;
    issue->hint = answer->retry_at;
    return order;
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

/* Enters the phase that the order's status leads to. */
static void follow_status(acme_issue_t *issue, const acme_order_t *order,
                          apr_time_t now)
{
    int restored = issue->restored;
    int next = route(issue->phase, order->status);

    issue->restored = 0;
    if (next == NOT_NOW) {
        acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                               "the CA says that the order %s is %s, which "
                               "cannot be in phase %s",
                               issue->order_url,
                               acme_order_status_name(order->status),
                               issue->phases[issue->phase].name);
    }
    else if (next == ACME_PHASE_DIAGNOSE && restored) {
        fail_stale(issue, now);
    }
    else if (next != STAY) {
        if (next == ACME_PHASE_DIAGNOSE) {
            acme_issue_state_start_diagnosis(issue, order->error);
        }
        acme_issue_state_enter(issue, (acme_issue_phase_e)next);
    }
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
        acme_log(issue->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0810) "%s: the CA takes no order that replaces the "
                                "certificate there is, ordering one that does "
                                "not say so: %s",
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
    const acme_order_t *order;

    if (!answer->location) {
        acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                               "the CA's answer to newOrder (status %d) does "
                               "not say by a https URL where the order is "
                               "(Location)",
                               answer->status);
        return;
    }
    issue->order_url = apr_pstrdup(issue->p, answer->location);
    order = acme_issue_order_read(issue, answer, now);
    if (order) {
        follow_status(issue, order, now);
    }
}

void acme_issue_order_plan_resume(acme_issue_t *issue, apr_time_t now)
{
    acme_issue_state_post(issue, issue->order_url, "", 1, now);
}

/* Takes an answer that is the order: to a poll, or to finalize. */
void acme_issue_order_answer(acme_issue_t *issue, const acme_answer_t *answer,
                             apr_time_t now)
{
    const acme_order_t *order = acme_issue_order_read(issue, answer, now);

    if (order) {
        follow_status(issue, order, now);
    }
}

void acme_issue_order_refused_resume(acme_issue_t *issue,
                                     const acme_problem_t *problem,
                                     apr_time_t now)
{
    if (acme_problem_is(problem, "userActionRequired")) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    issue->stale =
        issue->restored && problem->status >= 400 && problem->status < 500;
    acme_issue_state_fail(issue, problem, ACME_ISSUE_OVER, now);
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
    acme_issue_state_fail(issue, &problem, ACME_ISSUE_OVER, now);
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
        acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                               "the order that the CA sent has no finalize: %s",
                               issue->order_url);
        return;
    }
    acme_issue_state_post(issue, issue->finalize,
                          acme_order_finalize_payload(issue->named_csr
                                                          ? issue->named_csr
                                                          : issue->config->csr,
                                                      issue->pfeed),
                          1, now);
}

/* Returns non-zero when the CA refuses the CSR and there is another. */
static int takes_named_csr(acme_issue_t *issue, const acme_problem_t *problem)
{
    const acme_issue_config_t *config = issue->config;

    if (issue->bad_csr || !config->named_csr
        || !acme_problem_is(problem, "badCSR")) {
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

void acme_issue_order_refused_finalize(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now)
{
    int conflict = acme_problem_is_conflict(problem);

    if (takes_named_csr(issue, problem)) {
        return;
    }

    /* AWAIT gets the status, because the order may be processing or valid. */
    if ((conflict || acme_problem_is(problem, "orderNotReady"))
        && ++issue->finalizations <= ACME_ISSUE_RETRIES) {
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
     * CA still works on and that leads to a certificate. */
    acme_issue_state_fail(issue, problem,
                          conflict ? ACME_ISSUE_ALIVE : ACME_ISSUE_OVER, now);
}

/* Logs that none of the chains is what ACMEPreferredChain asks for. */
static void say_no_chain(const acme_issue_t *issue)
{
    const acme_issue_config_t *config = issue->config;
    const char *names = "";
    int i;

    if (config->trusted_chain) {
        acme_log(issue->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0060) "%s: none of the CA's chains leads to a root "
                                "that this machine trusts (ACMEPreferredChain "
                                "trusted), taking the CA's own choice",
                 config->name);
        return;
    }
    for (i = 0; i < config->preferred_chains->nelts; ++i) {
        names = apr_pstrcat(
            issue->pfeed, names, i ? " or " : "",
            APR_ARRAY_IDX(config->preferred_chains, i, const char *), NULL);
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0812) "%s: the CA has no chain that leads to %s, taking "
                            "its own choice",
             config->name, names);
}

void acme_issue_order_plan_download(acme_issue_t *issue, apr_time_t now)
{
    const char *url = issue->certificate;

    if (issue->chain) {
        if (!issue->alternates
            || issue->alternate >= issue->alternates->nelts) {
            if (issue->rank == ACME_ISSUE_RANK_NONE) {
                say_no_chain(issue);
            }
            acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
            return;
        }
        url = APR_ARRAY_IDX(issue->alternates, issue->alternate, const char *);
    }
    if (!url) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now,
                               "the order that the CA sent is valid and has no "
                               "certificate: %s",
                               issue->order_url);
        return;
    }
    acme_issue_state_post(issue, url, "", 1, now);
}

/* RFC 8555 7.4.2 */
static void read_alternates(acme_issue_t *issue, const acme_answer_t *answer)
{
    issue->alternates =
        acme_client_answer_links(answer, "alternate", ALTERNATES_MAX, issue->p);
}

/* Returns the rank of a chain: its length, or the place of its issuer among the
 * names, or ACME_ISSUE_RANK_NONE. */
static int rank_of(const acme_issue_t *issue, const acme_answer_t *answer,
                   apr_time_t now)
{
    const apr_array_header_t *names = issue->config->preferred_chains;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain;
    int i;

    if (acme_cert_chain_parse(&chain, answer->body, answer->body_len, &problem,
                              issue->pfeed)
        != APR_SUCCESS) {
        return ACME_ISSUE_RANK_NONE;
    }
    if (issue->config->trusted_chain) {
        return acme_cert_trusted_is_whole(chain, now, issue->pfeed)
                   ? acme_cert_chain_count(chain)
                   : ACME_ISSUE_RANK_NONE;
    }
    for (i = 0; i < names->nelts; ++i) {
        if (acme_cert_chain_leads_to(chain,
                                     APR_ARRAY_IDX(names, i, const char *))) {
            return i;
        }
    }
    return ACME_ISSUE_RANK_NONE;
}

/* Skips an alternate chain that the CA refuses, because its own choice has been
 * downloaded. */
void acme_issue_order_refused_download(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now)
{
    if (!issue->chain) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_OVER, now);
        return;
    }
    ++issue->alternate;
}

/* Returns what is wrong with a chain, or NULL. */
static const char *chain_fault(const acme_answer_t *answer, apr_pool_t *p)
{
    if (strcmp(answer->content_type, PEM_CHAIN) != 0) {
        return apr_psprintf(p, "the certificate came as %.80s instead of %s",
                            *answer->content_type ? answer->content_type
                                                  : "nothing in particular",
                            PEM_CHAIN);
    }
    return answer->body_len == 0 ? "the certificate that came is empty" : NULL;
}

void acme_issue_order_answer_download(acme_issue_t *issue,
                                      const acme_answer_t *answer,
                                      apr_time_t now)
{
    const acme_issue_config_t *config = issue->config;
    const char *why = chain_fault(answer, issue->pfeed);
    int chooses = config->trusted_chain || config->preferred_chains;
    int rank;

    if (why && !issue->chain) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now, "%s", why);
        return;
    }
    rank = why       ? ACME_ISSUE_RANK_NONE
           : chooses ? rank_of(issue, answer, now)
                     : 0;
    if (issue->chain) {
        ++issue->alternate;
    }
    else if (chooses) {
        read_alternates(issue, answer);
    }
    if (!issue->chain || rank < issue->rank) {
        issue->chain = apr_pstrmemdup(issue->p, answer->body, answer->body_len);
        issue->chain_len = answer->body_len;
        issue->rank = rank;
    }
    /* The best that there can be ends the search: the first of the names, or a
     * chain without an intermediate. */
    if (!chooses || issue->rank == (config->trusted_chain ? 1 : 0)) {
        acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
    }
}
