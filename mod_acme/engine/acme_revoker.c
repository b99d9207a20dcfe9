/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_revoker.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_revoke.h"
#include "acme_schedule.h"

#define RETRY_DELAY ACME_TIME_MINUTE

/* The longest that one who waits for it is left waiting. */
#define RETRY_MAX ACME_TIME_HOUR

typedef enum { IDLE, ACCOUNT, POSTING } stage_e;

/* One of them, from its request to its end. */
typedef struct revoke_t {
    struct revoke_t *next_one;
    acme_revoker_t *all;
    apr_pool_t *p;
    const char *id; /* of the request */
    acme_revoke_order_t *errand;
    acme_revoke_order_progress_t *record; /* NULL: not loaded yet */
    apr_time_t next;                      /* when there is something to do */
    int seen;                             /* it is still asked for */
    int outdated;                         /* by a newer request for the same */

    /* Of one run. */
    stage_e stage;
    apr_time_t since;
    acme_ca_account_t *ca_account; /* or NULL */
    acme_client_t *client;
} revoke_t;

struct acme_revoker_t {
    acme_worker_ctx_t *work;
    const acme_revoker_host_t *host;
    apr_pool_t *p;
    apr_pool_t *prun; /* of a run, or NULL */
    revoke_t *first;
};

acme_revoker_t *acme_revoker_create(acme_worker_ctx_t *work,
                                    const acme_revoker_host_t *host,
                                    apr_pool_t *p)
{
    acme_revoker_t *revokes = apr_pcalloc(p, sizeof(*revokes));

    revokes->work = work;
    revokes->host = host;
    revokes->p = p;
    return revokes;
}

static apr_time_t now_of(const revoke_t *one)
{
    return acme_time_now(one->all->work->clock);
}

/* ---- requests ---- */

void acme_revoker_read_begin(acme_revoker_t *revokes)
{
    revoke_t *one;

    for (one = revokes->first; one; one = one->next_one) {
        one->seen = 0;
    }
}

/* The newest comes first. */
static revoke_t *find(const acme_revoker_t *revokes, const char *fingerprint)
{
    revoke_t *one;

    for (one = revokes->first; one; one = one->next_one) {
        if (strcmp(one->errand->what->fingerprint, fingerprint) == 0) {
            return one;
        }
    }
    return NULL;
}

void acme_revoker_take(acme_revoker_t *revokes,
                       const acme_ctl_request_t *request)
{
    acme_revoke_order_t *errand;
    revoke_t *one = find(revokes, request->name);
    apr_pool_t *p;

    if (one && strcmp(one->id, request->id) == 0) {
        one->seen = 1;
        return;
    }
    apr_pool_create(&p, revokes->p);
    errand = acme_revoke_order_from_json(request->body, p);
    if (!errand || strcmp(errand->what->fingerprint, request->name) != 0) {
        apr_pool_destroy(p);
        return;
    }
    if (one) {
        one->outdated = 1;
    }
    one = apr_pcalloc(p, sizeof(*one));
    one->p = p;
    one->all = revokes;
    one->id = apr_pstrdup(p, request->id);
    /* The request's strings end with its pool. */
    one->errand =
        acme_revoke_order_from_json(acme_revoke_order_to_json(errand, p), p);
    one->seen = 1;
    one->next_one = revokes->first;
    revokes->first = one;
}

void acme_revoker_read_end(acme_revoker_t *revokes)
{
    revoke_t **at = &revokes->first;
    revoke_t *one;

    while (*at) {
        one = *at;
        if (one->stage != IDLE || (one->seen && !one->outdated)) {
            at = &one->next_one;
            continue;
        }
        *at = one->next_one;
        if (!one->outdated && revokes->work->state != ACME_WORKER_CTX_LOST) {
            acme_revoke_order_forget(revokes->work->vault,
                                     one->errand->what->fingerprint, one->p);
        }
        apr_pool_destroy(one->p);
    }
}

/* ---- ends ---- */

static void save(const revoke_t *one, apr_pool_t *p)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    const acme_worker_ctx_t *work = one->all->work;

    if (work->state != ACME_WORKER_CTX_LOST && !one->outdated
        && acme_revoke_order_save(one->record, work->vault, &unsaved, p)
               != APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_WARNING, unsaved.rv,
                 ACME_TAG(0845) "%s: what became of its revocation cannot be "
                                "written down, and is asked for again: %s",
                 one->errand->what->name, acme_problem_text(&unsaved, p));
    }
}

static void rest(revoke_t *one, apr_time_t next)
{
    one->stage = IDLE;
    one->next = next;
    one->all->work->moved = 1;
}

static void enter(revoke_t *one, acme_revoke_order_e state,
                  const acme_problem_t *problem)
{
    acme_revoke_order_progress_t *record = one->record;

    record->request = one->id;
    record->state = state;
    record->problem = problem ? acme_problem_dup(problem, record->p) : NULL;
    record->next_run = 0;
    if (state != ACME_REVOKE_ORDER_TICKET) {
        record->url = NULL;
        record->nonce = NULL;
    }
}

static const char *print_what(const revoke_t *one, apr_pool_t *p)
{
    const acme_blocklist_entry_t *what = one->errand->what;

    return apr_psprintf(p, "%s: certificate %s (%s)", what->name,
                        what->serial ? what->serial : what->fingerprint,
                        acme_revoke_reason_name(what->reason));
}

/* Written down first: whatever serves it is due, also when we are killed. */
static apr_status_t tell_sites(revoke_t *one, acme_problem_t *problem,
                               apr_pool_t *p)
{
    const acme_revoker_host_t *host = one->all->host;
    acme_blocklist_entry_t what = *one->errand->what;

    if (one->all->work->state == ACME_WORKER_CTX_LOST) {
        return APR_SUCCESS;
    }
    what.done = one->record->state == ACME_REVOKE_ORDER_DONE;
    return acme_blocklist_entry_is_final(&what)
               ? host->lost(host->baton, &what, problem, p)
               : APR_SUCCESS;
}

static void fail(revoke_t *one, const acme_problem_t *problem);

static void finish(revoke_t *one, acme_revoke_order_e state,
                   const acme_problem_t *problem)
{
    const acme_log_t *log = one->all->work->log;
    acme_problem_t untold = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    apr_pool_create(&p, one->p);
    enter(one, state, problem);
    if (tell_sites(one, &untold, p) != APR_SUCCESS) {
        fail(one, &untold);
        apr_pool_destroy(p);
        return;
    }
    one->record->errors = 0;
    save(one, p);
    if (state == ACME_REVOKE_ORDER_DONE) {
        acme_log(log, ACME_LOG_NOTICE, 0, ACME_TAG(0841) "%s is revoked",
                 print_what(one, p));
    }
    else {
        acme_log(log, ACME_LOG_ERR, 0,
                 ACME_TAG(0843) "%s is not revoked, the CA refuses: %s%s",
                 print_what(one, p), acme_problem_text(problem, p),
                 acme_blocklist_entry_is_compromised(one->errand->what)
                     ? "; it is replaced, since its key is compromised"
                     : "");
    }
    apr_pool_destroy(p);
    rest(one, ACME_SCHEDULE_NEVER);
}

/* Tried again, unless it is a word about the certificate. */
static void fail(revoke_t *one, const acme_problem_t *problem)
{
    acme_revoke_order_progress_t *record = one->record;
    apr_time_t now = now_of(one);
    acme_problem_t again = *problem;
    apr_time_t next;
    apr_pool_t *p;

    if (!acme_problem_is_of_ca(problem)
        && problem->retry != ACME_RETRY_INTERNAL) {
        finish(one, ACME_REVOKE_ORDER_REFUSED, problem);
        return;
    }
    apr_pool_create(&p, one->p);
    ++record->errors;
    next = acme_schedule_retry_at(&again, record->errors, RETRY_DELAY,
                                  record->fingerprint, now);
    if (again.retry != ACME_RETRY_LATER && next > now + RETRY_MAX) {
        next = now + RETRY_MAX;
    }
    enter(one, ACME_REVOKE_ORDER_ASKED, problem);
    record->next_run = next;
    save(one, p);
    acme_log(one->all->work->log, ACME_LOG_WARNING, problem->rv,
             ACME_TAG(0842) "%s is not revoked yet: %s; failure %d, trying "
                            "again in %s",
             print_what(one, p), acme_problem_text(problem, p), record->errors,
             acme_time_print_duration(next - now, p));
    apr_pool_destroy(p);
    rest(one, next);
}

/* ---- the way there ---- */

static void ticketed(void *baton, apr_status_t rv,
                     const acme_revoke_ticket_t *ticket,
                     const acme_problem_t *problem)
{
    revoke_t *one = baton;
    acme_revoke_order_progress_t *record = one->record;
    apr_pool_t *p;

    if (APR_STATUS_IS_EINTR(rv)) {
        rest(one, 0);
        return;
    }
    if (rv != APR_SUCCESS) {
        fail(one, problem);
        return;
    }
    apr_pool_create(&p, one->p);
    enter(one, ACME_REVOKE_ORDER_TICKET, NULL);
    record->url = apr_pstrdup(record->p, ticket->url);
    record->nonce = apr_pstrdup(record->p, ticket->nonce);
    save(one, p);
    acme_log(one->all->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0844) "%s: its key has to sign the revocation, acmectl "
                            "is asked for it",
             print_what(one, p));
    apr_pool_destroy(p);
    rest(one, ACME_SCHEDULE_NEVER);
}

static void ask_for_key(revoke_t *one)
{
    if (one->all->work->state != ACME_WORKER_CTX_ON) {
        rest(one, 0);
        return;
    }
    one->stage = POSTING;
    acme_revoke_ticket(one->client, ticketed, one);
}

static void answered(void *baton, apr_status_t rv,
                     const acme_problem_t *problem)
{
    revoke_t *one = baton;
    int by_key = one->record->by_key;

    if (APR_STATUS_IS_EINTR(rv)) {
        rest(one, 0);
    }
    else if (rv == APR_SUCCESS) {
        finish(one, ACME_REVOKE_ORDER_DONE, NULL);
    }
    /* A ticket is good once, and not for ever; another account does not fit
     * better by being asked again. */
    else if ((by_key && acme_problem_is(problem, "badNonce"))
             || (!by_key
                 && (acme_problem_is(problem, "unauthorized")
                     || acme_account_is_gone(problem)))) {
        ask_for_key(one);
    }
    else {
        fail(one, problem);
    }
}

static void by_account(revoke_t *one)
{
    const acme_problem_t *problem = NULL;
    apr_status_t rv =
        acme_ca_account_ready(one->ca_account, one->since, &problem);

    if (rv == APR_EAGAIN) {
        return;
    }
    if (rv == APR_SUCCESS) {
        one->stage = POSTING;
        acme_revoke(one->client, one->errand->cert, one->errand->what->reason,
                    answered, one);
    }
    /* There is no account, and none to be had: the key does without. */
    else if (!acme_problem_is_of_ca(problem)
             && problem->retry != ACME_RETRY_INTERNAL) {
        ask_for_key(one);
    }
    else {
        fail(one, problem);
    }
}

static void set_out(revoke_t *one)
{
    acme_revoker_t *all = one->all;
    const acme_revoke_order_t *errand = one->errand;

    one->since = now_of(one);
    one->ca_account = all->host->ca_account(all->host->baton, errand->ca_url,
                                            errand->what->name);
    one->client =
        one->ca_account
            ? acme_ca_account_client(one->ca_account)
            : acme_client_create(errand->ca_url, all->work->http,
                                 all->work->clock, all->work->log, all->prun);
    one->record->by_key = 0;
    if (errand->jws && one->record->url) {
        one->record->by_key = 1;
        one->stage = POSTING;
        acme_revoke_send(one->client, one->record->url, errand->jws, answered,
                         one);
    }
    else if (one->ca_account) {
        one->stage = ACCOUNT;
        by_account(one);
    }
    else {
        ask_for_key(one);
    }
}

static apr_status_t load(revoke_t *one)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_revoke_order_progress_t *record;
    apr_status_t rv;

    rv = acme_revoke_order_load(&record, one->all->work->vault,
                                one->errand->what->fingerprint, &problem,
                                one->p);
    if (rv != APR_SUCCESS) {
        rest(one, now_of(one) + RETRY_DELAY);
        return rv;
    }
    one->record = record;
    if (record->request && strcmp(record->request, one->id) == 0) {
        one->next = record->state == ACME_REVOKE_ORDER_ASKED
                        ? record->next_run
                        : ACME_SCHEDULE_NEVER;
    }
    else {
        record->errors = 0;
    }
    return APR_SUCCESS;
}

void acme_revoker_begin(acme_revoker_t *revokes, apr_pool_t *p)
{
    revokes->prun = p;
}

void acme_revoker_end(acme_revoker_t *revokes)
{
    revoke_t *one;

    for (one = revokes->first; one; one = one->next_one) {
        if (one->stage != IDLE) {
            one->stage = IDLE;
            one->next = 0;
        }
        one->record = NULL;
        one->ca_account = NULL;
        one->client = NULL;
    }
    revokes->prun = NULL;
}

apr_time_t acme_revoker_due(const acme_revoker_t *revokes)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;
    const revoke_t *one;

    for (one = revokes->first; one; one = one->next_one) {
        if (one->stage == IDLE && !one->outdated && one->next < at) {
            at = one->next;
        }
    }
    return at;
}

int acme_revoker_is_busy(const acme_revoker_t *revokes)
{
    const revoke_t *one;

    for (one = revokes->first; one && one->stage == IDLE; one = one->next_one) {
    }
    return one != NULL;
}

int acme_revoker_step(acme_revoker_t *revokes)
{
    revoke_t *one;
    int busy = 0;

    for (one = revokes->first; one; one = one->next_one) {
        if (revokes->work->state != ACME_WORKER_CTX_ON) {
            break;
        }
        if (one->stage == IDLE && !one->outdated && one->next <= now_of(one)
            && (one->record || load(one) == APR_SUCCESS)
            && one->next <= now_of(one)
            && !revokes->host->held(revokes->host->baton)) {
            set_out(one);
        }
        else if (one->stage == ACCOUNT) {
            by_account(one);
        }
        busy |= one->stage != IDLE;
    }
    return busy;
}
