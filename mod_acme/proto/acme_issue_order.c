/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_issue_private.h"
#include "acme_resource.h"
#include "acme_time.h"

/* Chains to choose from that are looked at. */
#define ALTERNATES_MAX 10

/* A part of the patience: a Retry-After below that is soon. */
#define SOON 5

/* How many times the patience a validation may take, where the CA says so. */
#define LONGEST 6

#define PEM_CHAIN "application/pem-certificate-chain"

/* Beside phases: the order stays as it is, or may not be like this now. */
#define STAY    (-1)
#define NOT_NOW (-2)

/* Where an order's status leads from the phases that ask for it. */
typedef struct order_route_t {
    acme_phase_e phase;
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

static int route(acme_phase_e phase, acme_order_status_e status)
{
    size_t i;

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); ++i) {
        if (routes[i].phase == phase) {
            return routes[i].next[status];
        }
    }
    return NOT_NOW;
}

/* Strings of the order outlive the answer; polls repeat them. */
static void keep(const char **kept, const char *text, apr_pool_t *p)
{
    if (text && (!*kept || strcmp(*kept, text) != 0)) {
        *kept = apr_pstrdup(p, text);
    }
}

static void keep_authorizations(acme_issue_t *issue, const acme_order_t *order)
{
    int i;

    if (issue->authz_urls) {
        return; /* an order's never change */
    }
    issue->authz_urls = apr_array_make(issue->p, order->authorizations->nelts,
                                       sizeof(const char *));
    for (i = 0; i < order->authorizations->nelts; ++i) {
        APR_ARRAY_PUSH(issue->authz_urls, const char *) = apr_pstrdup(
            issue->p, APR_ARRAY_IDX(order->authorizations, i, const char *));
    }
}

acme_order_t *acme_issue_order_take(acme_issue_t *issue,
                                    const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;

    if (acme_order_read(&order, answer->json, &problem, issue->turn)
        != APR_SUCCESS) {
        problem.status = answer->status;
        acme_issue_state_fail(issue, &problem,
                              answer->json ? ACME_ISSUE_OVER : ACME_ISSUE_ALIVE,
                              now);
        return NULL;
    }
    if (order->authorizations->nelts > issue->config->names->nelts) {
        acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                               "the order that the CA sent has %d "
                               "authorizations for %d names",
                               order->authorizations->nelts,
                               issue->config->names->nelts);
        return NULL;
    }
    keep(&issue->finalize, order->finalize, issue->p);
    keep(&issue->certificate, order->certificate, issue->p);
    keep_authorizations(issue, order);
    issue->expires = order->expires;
    issue->hint = answer->retry_at;
    return order;
}

static void fail_stale(acme_issue_t *issue, apr_time_t now)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_NOW,
                     ACME_PROBLEM_PROTOCOL, issue->turn,
                     "the order %s has become invalid since it was left",
                     issue->order_url);
    issue->stale = 1;
    acme_issue_state_fail(issue, &problem, ACME_ISSUE_OVER, now);
}

static void go(acme_issue_t *issue, const acme_order_t *order, apr_time_t now)
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
        acme_issue_state_enter(issue, (acme_phase_e)next);
    }
}

void acme_issue_order_plan_new(acme_issue_t *issue, apr_time_t now)
{
    const acme_issue_config_t *config = issue->config;

    acme_issue_state_post(
        issue, config->new_order_url,
        acme_order_payload(
            config->names, issue->replaces_nothing ? NULL : config->replaces,
            issue->has_no_profile ? NULL : config->profile, issue->turn),
        0, now);
}

/* What a CA can have against the certificate that is to be replaced: it has
 * been (RFC 9773 5), or it is not one of this account's. The order is wanted
 * all the same. */
static int minds_replacing(const acme_problem_t *problem)
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

    if (config->profile && !config->profile_mandatory && !issue->has_no_profile
        && acme_problem_is(problem, "invalidProfile")) {
        issue->has_no_profile = 1;
        acme_log(issue->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0811) "%s: the CA does not issue by profile %s, "
                                "ordering without a profile: %s",
                 config->name, config->profile,
                 acme_problem_text(problem, issue->turn));
        return;
    }
    if (config->replaces && !issue->replaces_nothing
        && minds_replacing(problem)) {
        issue->replaces_nothing = 1;
        acme_log(issue->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0810) "%s: the CA takes no order that replaces the "
                                "certificate there is, ordering one that does "
                                "not say so: %s",
                 config->name, acme_problem_text(problem, issue->turn));
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
    order = acme_issue_order_take(issue, answer, now);
    if (order) {
        go(issue, order, now);
    }
}

void acme_issue_order_plan_resume(acme_issue_t *issue, apr_time_t now)
{
    acme_issue_state_post(issue, issue->order_url, "", 1, now);
}

/* The answer to whatever tells the order: a poll, or finalize. */
void acme_issue_order_answer(acme_issue_t *issue, const acme_answer_t *answer,
                             apr_time_t now)
{
    const acme_order_t *order = acme_issue_order_take(issue, answer, now);

    if (order) {
        go(issue, order, now);
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

/* What is about to be there, again and again, is rather stuck. */
static int is_long(const acme_issue_t *issue, apr_time_t now)
{
    return issue->hint > issue->deadline
           && issue->hint - now > acme_issue_state_patience(issue) / SOON;
}

/* The CA has all that it wants, and says that it works for long: nothing of
 * ours has to be there meanwhile, and nobody asks before. */
static int leaves_until_later(const acme_issue_t *issue, apr_time_t now)
{
    return issue->phase == ACME_PHASE_PROCESS && is_long(issue, now);
}

/* When the CA says, or at growing intervals; but once when it is over. Some
 * name a day for a validation, and are done in a second: there it is soon. */
static apr_time_t next_poll(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t min = acme_issue_state_poll_min(issue);
    apr_interval_time_t max = acme_issue_state_poll_max(issue);
    apr_time_t soon = now + acme_issue_state_patience(issue) / SOON;
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

static void leave(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t took = issue->deadline - issue->latest
                               + LONGEST * acme_issue_state_patience(issue);
    const char *activity = issue->phases[issue->phase].activity;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (leaves_until_later(issue, now)) {
        acme_problem_set(&problem, APR_TIMEUP, ACME_RETRY_LATER,
                         ACME_PROBLEM_TIMEOUT, issue->turn,
                         "%s takes until %s, says the CA, the order is %s",
                         activity, acme_time_print(issue->hint, issue->turn),
                         issue->order_url);
        problem.retry_at = issue->hint;
        acme_issue_state_fail(issue, &problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    acme_problem_set(
        &problem, APR_TIMEUP, ACME_RETRY_BACKOFF, ACME_PROBLEM_TIMEOUT,
        issue->turn, "%s took longer than %s, the order is %s%s%s", activity,
        acme_time_print_duration(took, issue->turn), issue->order_url,
        issue->objection ? "; before that the CA said: " : "",
        issue->objection ? issue->objection->detail : "");
    if (issue->objection) {
        problem.instance = issue->objection->instance;
        problem.subproblems = issue->objection->subproblems;
    }
    acme_issue_state_fail(issue, &problem, ACME_ISSUE_OVER, now);
}

/* AWAIT and PROCESS. */
void acme_issue_order_plan_poll(acme_issue_t *issue, apr_time_t now)
{
    apr_interval_time_t min = acme_issue_state_poll_min(issue);
    apr_interval_time_t patience = acme_issue_state_patience(issue);

    if (issue->awake) {
        issue->awake = 0;
        acme_issue_state_post(issue, issue->order_url, "", 1, now);
        return;
    }
    if (issue->deadline == 0) {
        issue->deadline = now + patience;
        issue->latest = now + LONGEST * patience;
        issue->interval =
            issue->config->poll_first > 0 ? issue->config->poll_first : min;
    }
    if (issue->phase == ACME_PHASE_AWAIT && is_long(issue, now)) {
        issue->deadline =
            issue->hint < issue->latest ? issue->hint : issue->latest;
    }
    /* The count is for a clock that does not go on. */
    if (now < issue->deadline && issue->polls <= patience / min + 1
        && !leaves_until_later(issue, now)) {
        acme_issue_state_wait(issue, next_poll(issue, now));
        return;
    }
    leave(issue, now);
}

void acme_issue_order_plan_finalize(acme_issue_t *issue, apr_time_t now)
{
    issue->objection = NULL;
    acme_issue_state_post(
        issue, issue->finalize,
        acme_order_finalize_payload(issue->config->csr, issue->turn), 1, now);
}

void acme_issue_order_refused_finalize(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now)
{
    int conflict = acme_problem_is_conflict(problem);

    /* It may as well be processing or valid already: AWAIT finds out. */
    if ((conflict || acme_problem_is(problem, "orderNotReady"))
        && ++issue->finalizations <= ACME_ISSUE_RETRIES) {
        issue->hint = problem->retry_at;
        if (conflict) {
            acme_issue_state_object(issue, problem);
            if (issue->hint <= 0) {
                issue->hint =
                    now + acme_issue_state_pause(issue->finalizations);
            }
        }
        acme_issue_state_enter(issue, ACME_PHASE_AWAIT);
        return;
    }
    /* What is in the way of it may be a finalize that the CA is at: that one
     * makes a certificate. */
    acme_issue_state_fail(issue, problem,
                          conflict ? ACME_ISSUE_ALIVE : ACME_ISSUE_OVER, now);
}

void acme_issue_order_plan_download(acme_issue_t *issue, apr_time_t now)
{
    const char *url = issue->certificate;

    if (issue->chain) {
        if (!issue->alternates
            || issue->alternate >= issue->alternates->nelts) {
            acme_log(issue->log, ACME_LOG_INFO, 0,
                     ACME_TAG(0812) "%s: the CA has no chain that leads to %s, "
                                    "taking its own choice",
                     issue->config->name, issue->config->preferred_chain);
            acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
            return;
        }
        url = APR_ARRAY_IDX(issue->alternates, issue->alternate, const char *);
    }
    acme_issue_state_post(issue, url, "", 1, now);
}

/* RFC 8555 7.4.2. */
static void read_alternates(acme_issue_t *issue, const acme_answer_t *answer)
{
    issue->alternates =
        acme_client_answer_links(answer, "alternate", ALTERNATES_MAX, issue->p);
}

static int is_preferred(const acme_issue_t *issue, const acme_answer_t *answer)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *name = issue->config->preferred_chain;
    acme_chain_t *chain;

    return !name
           || (acme_cert_chain_parse(&chain, answer->body, answer->body_len,
                                     &problem, issue->turn)
                   == APR_SUCCESS
               && acme_cert_chain_leads_to(chain, name));
}

/* The CA's own choice is there already: only another one did not come. */
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

/* What is wrong with a chain, or NULL. */
static const char *useless(const acme_answer_t *answer, apr_pool_t *p)
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
    const char *why = useless(answer, issue->turn);
    int preferred = !why && is_preferred(issue, answer);

    if (why && !issue->chain) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now, "%s", why);
        return;
    }
    if (!issue->chain && !preferred) {
        read_alternates(issue, answer);
    }
    else if (!preferred) {
        ++issue->alternate;
        return;
    }
    issue->chain = apr_pstrmemdup(issue->p, answer->body, answer->body_len);
    issue->chain_len = answer->body_len;
    if (preferred) {
        acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
    }
}
