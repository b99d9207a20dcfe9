/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_revoker.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_revoke.h"
#include "acme_revoke_order.h"
#include "acme_schedule.h"

#define RETRY_DELAY ACME_TIME_MINUTE

/* The longest wait for another try, because a person waits for it. */
#define RETRY_MAX ACME_TIME_HOUR

typedef enum { IDLE, ACCOUNT, POSTING } stage_e;

/* A revocation, from its request to its end. */
typedef struct revocation_t {
    struct revocation_t *following;
    acme_revoker_t *revoker;
    apr_pool_t *p;
    const char *id; /* of the request */
    acme_revoke_order_t *order;
    acme_revoke_order_progress_t *progress; /* NULL: not loaded yet */
    apr_time_t next;                        /* when there is something to do */
    int seen;                               /* the request is still there */
    int outdated; /* there is a newer request for the same certificate */

    /* Set in a run. */
    stage_e stage;
    apr_time_t since;
    acme_ca_account_t *account; /* or NULL */
    acme_client_t *client;
} revocation_t;

struct acme_revoker_t {
    acme_worker_ctx_t *ctx;
    acme_site_table_t *table;
    acme_ca_queue_set_t *queues;
    apr_pool_t *p;
    apr_pool_t *prun; /* of a run, or NULL */
    revocation_t *first;
};

acme_revoker_t *acme_revoker_create(acme_site_table_t *table,
                                    acme_ca_queue_set_t *queues, apr_pool_t *p)
{
    acme_revoker_t *revoker = apr_pcalloc(p, sizeof(*revoker));

    revoker->ctx = table->ctx;
    revoker->table = table;
    revoker->queues = queues;
    revoker->p = p;
    return revoker;
}

static apr_time_t now_of(const revocation_t *rev)
{
    return acme_time_now(rev->revoker->ctx->clock);
}

/* ---- requests ---- */

void acme_revoker_read_begin(acme_revoker_t *revoker)
{
    revocation_t *rev;

    for (rev = revoker->first; rev; rev = rev->following) {
        rev->seen = 0;
    }
}

/* Returns the newest revocation of a certificate, or NULL: new ones are put
 * first. */
static revocation_t *find(const acme_revoker_t *revoker,
                          const char *fingerprint)
{
    revocation_t *rev;

    for (rev = revoker->first; rev; rev = rev->following) {
        if (strcmp(rev->order->what->fingerprint, fingerprint) == 0) {
            return rev;
        }
    }
    return NULL;
}

void acme_revoker_take(acme_revoker_t *revoker,
                       const acme_ctl_request_t *request)
{
    acme_revoke_order_t *order;
    revocation_t *rev = find(revoker, request->name);
    apr_pool_t *p;

    if (rev && strcmp(rev->id, request->id) == 0) {
        rev->seen = 1;
        return;
    }
    apr_pool_create(&p, revoker->p);
    order = acme_revoke_order_from_json(request->body, p);
    if (!order || strcmp(order->what->fingerprint, request->name) != 0) {
        apr_pool_destroy(p);
        return;
    }
    if (rev) {
        rev->outdated = 1;
    }
    rev = apr_pcalloc(p, sizeof(*rev));
    rev->p = p;
    rev->revoker = revoker;
    rev->id = apr_pstrdup(p, request->id);
    /* Copies the order because the strings of the request end with its pool. */
    rev->order =
        acme_revoke_order_from_json(acme_revoke_order_to_json(order, p), p);
    rev->seen = 1;
    rev->following = revoker->first;
    revoker->first = rev;
}

void acme_revoker_read_end(acme_revoker_t *revoker)
{
    revocation_t **at = &revoker->first;
    revocation_t *rev;

    while (*at) {
        rev = *at;
        if (rev->stage != IDLE || (rev->seen && !rev->outdated)) {
            at = &rev->following;
            continue;
        }
        *at = rev->following;
        if (!rev->outdated && revoker->ctx->state != ACME_WORKER_CTX_LOST) {
            acme_revoke_order_forget(revoker->ctx->vault,
                                     rev->order->what->fingerprint, rev->p);
        }
        apr_pool_destroy(rev->p);
    }
}

/* ---- sites that serve a revoked certificate ---- */

static int serves(const acme_site_entry_t *site,
                  const acme_blocklist_entry_t *what)
{
    const acme_certstore_cert_t *live = site->check.inventory->live;

    return live
           && (strcmp(live->info->fingerprint, what->fingerprint) == 0
               || (acme_blocklist_entry_is_compromised(what)
                   && live->info->key_hash
                   && strcmp(live->info->key_hash, what->key_hash) == 0));
}

/* Writes down in the job that the certificate has to be replaced. One that is
 * staged already, or ordered, replaces it, and becomes urgent. */
static apr_status_t mark(const acme_worker_ctx_t *ctx,
                         const acme_site_entry_t *site, acme_job_t *job,
                         const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_blocklist_entry_t own = *what;
    apr_time_t now = acme_time_now(ctx->clock);

    /* The site may serve another certificate with the same key. */
    own.fingerprint = site->check.inventory->live->info->fingerprint;
    acme_job_must_replace(job, &own);
    acme_job_note(job, now, "revoked", "%s",
                  acme_blocklist_entry_text(&own, p));
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, p);
}

static apr_status_t mark_site(const acme_revoker_t *revoker,
                              acme_site_entry_t *site,
                              const acme_blocklist_entry_t *what,
                              acme_problem_t *problem, apr_pool_t *p)
{
    acme_job_t *job = site->running_job;
    apr_status_t rv = APR_SUCCESS;

    /* Changes the job of the running task, because the task saves it again. */
    if (job) {
        return mark(revoker->ctx, site, job, what, problem, p);
    }
    rv = acme_job_load(&job, revoker->ctx->vault, site->check.spec->name,
                       problem, p);
    if (rv == APR_SUCCESS) {
        rv = mark(revoker->ctx, site, job, what, problem, p);
    }
    if (rv == APR_SUCCESS && !site->check.queued) {
        acme_site_table_set_due(revoker->table, site, 0);
    }
    return rv;
}

/* Marks all sites that serve the certificate, if it has to be replaced. That is
 * on disk before the end of the revocation is, so that a kill between the two
 * loses nothing. */
static apr_status_t mark_sites(const revocation_t *rev, acme_problem_t *problem,
                               apr_pool_t *p)
{
    const acme_revoker_t *revoker = rev->revoker;
    acme_blocklist_entry_t what = *rev->order->what;
    acme_site_entry_t *site;
    apr_status_t rv = APR_SUCCESS;
    int i;

    what.done = rev->progress->state == ACME_REVOKE_ORDER_DONE;
    if (revoker->ctx->state == ACME_WORKER_CTX_LOST
        || !acme_blocklist_entry_is_final(&what)) {
        return APR_SUCCESS;
    }
    for (i = 0; rv == APR_SUCCESS && i < revoker->table->sites->nelts; ++i) {
        site = acme_site_table_at(revoker->table, i);
        if (serves(site, &what)) {
            rv = mark_site(revoker, site, &what, problem, p);
        }
    }
    return rv;
}

/* ---- ends ---- */

static void save(const revocation_t *rev, apr_pool_t *p)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    const acme_worker_ctx_t *ctx = rev->revoker->ctx;

    if (ctx->state != ACME_WORKER_CTX_LOST && !rev->outdated
        && acme_revoke_order_save(rev->progress, ctx->vault, &unsaved, p)
               != APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_WARNING, unsaved.rv,
                 ACME_TAG(0845) "%s: the outcome of its revocation cannot be "
                                "stored, so the CA is asked again: %s",
                 rev->order->what->name, acme_problem_text(&unsaved, p));
    }
}

static void rest(revocation_t *rev, apr_time_t next)
{
    rev->stage = IDLE;
    rev->next = next;
    rev->revoker->ctx->moved = 1;
}

static void enter(revocation_t *rev, acme_revoke_order_e state,
                  const acme_problem_t *problem)
{
    acme_revoke_order_progress_t *progress = rev->progress;

    progress->request = rev->id;
    progress->state = state;
    progress->problem = problem ? acme_problem_dup(problem, progress->p) : NULL;
    progress->next_run = 0;
    if (state != ACME_REVOKE_ORDER_TICKET) {
        progress->url = NULL;
        progress->nonce = NULL;
    }
}

static const char *print_what(const revocation_t *rev, apr_pool_t *p)
{
    const acme_blocklist_entry_t *what = rev->order->what;

    return apr_psprintf(p, "%s: certificate %s (%s)", what->name,
                        what->serial ? what->serial : what->fingerprint,
                        acme_revoke_reason_name(what->reason));
}

static void fail(revocation_t *rev, const acme_problem_t *problem);

static void finish(revocation_t *rev, acme_revoke_order_e state,
                   const acme_problem_t *problem)
{
    const acme_log_t *log = rev->revoker->ctx->log;
    acme_problem_t unmarked = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    apr_pool_create(&p, rev->p);
    enter(rev, state, problem);
    if (mark_sites(rev, &unmarked, p) != APR_SUCCESS) {
        fail(rev, &unmarked);
        apr_pool_destroy(p);
        return;
    }
    rev->progress->errors = 0;
    save(rev, p);
    if (state == ACME_REVOKE_ORDER_DONE) {
        acme_log(log, ACME_LOG_NOTICE, 0, ACME_TAG(0841) "%s is revoked",
                 print_what(rev, p));
    }
    else {
        acme_log(log, ACME_LOG_ERR, 0,
                 ACME_TAG(0843) "%s is not revoked, the CA refuses: %s%s",
                 print_what(rev, p), acme_problem_text(problem, p),
                 acme_blocklist_entry_is_compromised(rev->order->what)
                     ? "; it is replaced, since its key is compromised"
                     : "");
    }
    apr_pool_destroy(p);
    rest(rev, ACME_SCHEDULE_NEVER);
}

/* Tries again later, unless the problem is the certificate's: that would be
 * refused again. */
static void fail(revocation_t *rev, const acme_problem_t *problem)
{
    acme_revoke_order_progress_t *progress = rev->progress;
    apr_time_t now = now_of(rev);
    acme_problem_t again = *problem;
    apr_time_t next;
    apr_pool_t *p;

    if (!acme_problem_is_of_ca(problem)
        && problem->retry != ACME_RETRY_INTERNAL) {
        finish(rev, ACME_REVOKE_ORDER_REFUSED, problem);
        return;
    }
    apr_pool_create(&p, rev->p);
    ++progress->errors;
    next = acme_schedule_retry_at(&again, progress->errors, RETRY_DELAY,
                                  progress->fingerprint, now);
    if (again.retry != ACME_RETRY_LATER && next > now + RETRY_MAX) {
        next = now + RETRY_MAX;
    }
    enter(rev, ACME_REVOKE_ORDER_ASKED, problem);
    progress->next_run = next;
    save(rev, p);
    acme_log(rev->revoker->ctx->log, ACME_LOG_WARNING, problem->rv,
             ACME_TAG(0842) "%s is not revoked yet: %s; failure %d, trying "
                            "again in %s",
             print_what(rev, p), acme_problem_text(problem, p),
             progress->errors, acme_time_print_duration(next - now, p));
    apr_pool_destroy(p);
    rest(rev, next);
}

/* ---- steps ---- */

static void ticketed(void *baton, apr_status_t rv,
                     const acme_revoke_ticket_t *ticket,
                     const acme_problem_t *problem)
{
    revocation_t *rev = baton;
    acme_revoke_order_progress_t *progress = rev->progress;
    apr_pool_t *p;

    if (APR_STATUS_IS_EINTR(rv)) {
        rest(rev, 0);
        return;
    }
    if (rv != APR_SUCCESS) {
        fail(rev, problem);
        return;
    }
    apr_pool_create(&p, rev->p);
    enter(rev, ACME_REVOKE_ORDER_TICKET, NULL);
    progress->url = apr_pstrdup(progress->p, ticket->url);
    progress->nonce = apr_pstrdup(progress->p, ticket->nonce);
    save(rev, p);
    acme_log(rev->revoker->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0844) "%s: its key has to sign the revocation, acmectl "
                            "is asked for it",
             print_what(rev, p));
    apr_pool_destroy(p);
    rest(rev, ACME_SCHEDULE_NEVER);
}

static void ask_for_key(revocation_t *rev)
{
    if (rev->revoker->ctx->state != ACME_WORKER_CTX_ON) {
        rest(rev, 0);
        return;
    }
    rev->stage = POSTING;
    acme_revoke_ticket(rev->client, ticketed, rev);
}

/* Returns non-zero when another signature may do what this one did not: a
 * ticket can be used once and expires, and an account that is not entitled to
 * revoke the certificate does not become so. */
static int needs_key(const revocation_t *rev, const acme_problem_t *problem)
{
    if (rev->progress->by_key) {
        return acme_problem_is(problem, "badNonce");
    }
    return acme_problem_is(problem, "unauthorized")
           || acme_account_is_gone(problem);
}

static void answered(void *baton, apr_status_t rv,
                     const acme_problem_t *problem)
{
    revocation_t *rev = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        rest(rev, 0);
    }
    else if (rv == APR_SUCCESS) {
        finish(rev, ACME_REVOKE_ORDER_DONE, NULL);
    }
    else if (needs_key(rev, problem)) {
        ask_for_key(rev);
    }
    else {
        fail(rev, problem);
    }
}

static void send_by_account(revocation_t *rev)
{
    const acme_problem_t *problem = NULL;
    apr_status_t rv = acme_ca_account_ready(rev->account, rev->since, &problem);

    if (rv == APR_EAGAIN) {
        return;
    }
    if (rv == APR_SUCCESS) {
        rev->stage = POSTING;
        acme_revoke(rev->client, rev->order->cert, rev->order->what->reason,
                    answered, rev);
    }
    /* There is no account and there will be none, so the key has to sign. */
    else if (!acme_problem_is_of_ca(problem)
             && problem->retry != ACME_RETRY_INTERNAL) {
        ask_for_key(rev);
    }
    else {
        fail(rev, problem);
    }
}

/* Returns our account at the CA of a revocation, or NULL: that of the site if
 * the site orders there, else any. */
static acme_ca_account_t *find_account(const revocation_t *rev)
{
    const acme_revoker_t *revoker = rev->revoker;
    const char *ca_url = rev->order->ca_url;
    const acme_site_entry_t *site =
        acme_site_table_find(revoker->table, rev->order->what->name);
    int i = site ? acme_spec_find_ca(site->check.spec, ca_url) : -1;
    acme_ca_queue_t *queue =
        i >= 0 ? site->ca_queues[i]
               : acme_ca_queue_find_url(revoker->queues, ca_url);

    return queue ? acme_ca_queue_account(revoker->queues, queue) : NULL;
}

static void begin(revocation_t *rev)
{
    acme_revoker_t *revoker = rev->revoker;
    const acme_revoke_order_t *order = rev->order;

    rev->since = now_of(rev);
    rev->account = find_account(rev);
    rev->client = rev->account
                      ? acme_ca_account_client(rev->account)
                      : acme_client_create(order->ca_url, revoker->ctx->http,
                                           revoker->ctx->clock,
                                           revoker->ctx->log, revoker->prun);
    rev->progress->by_key = 0;
    if (order->jws && rev->progress->url) {
        rev->progress->by_key = 1;
        rev->stage = POSTING;
        acme_revoke_send(rev->client, rev->progress->url, order->jws, answered,
                         rev);
    }
    else if (rev->account) {
        rev->stage = ACCOUNT;
        send_by_account(rev);
    }
    else {
        ask_for_key(rev);
    }
}

/* Reads how far it has come. It is tried again while the store fails, in a pool
 * of its own, so that the revocation's does not grow. */
static apr_status_t load(revocation_t *rev)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_revoke_order_progress_t *progress;
    apr_status_t rv;
    apr_pool_t *p;

    apr_pool_create(&p, rev->p);
    rv = acme_revoke_order_load(&progress, rev->revoker->ctx->vault,
                                rev->order->what->fingerprint, &problem, p);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(p);
        rest(rev, now_of(rev) + RETRY_DELAY);
        return rv;
    }
    rev->progress = progress;
    if (progress->request && strcmp(progress->request, rev->id) == 0) {
        rev->next = progress->state == ACME_REVOKE_ORDER_ASKED
                        ? progress->next_run
                        : ACME_SCHEDULE_NEVER;
    }
    else {
        progress->errors = 0;
    }
    return APR_SUCCESS;
}

void acme_revoker_begin(acme_revoker_t *revoker, apr_pool_t *prun)
{
    revoker->prun = prun;
}

void acme_revoker_end(acme_revoker_t *revoker)
{
    revocation_t *rev;

    for (rev = revoker->first; rev; rev = rev->following) {
        if (rev->stage != IDLE) {
            rev->stage = IDLE;
            rev->next = 0;
        }
        rev->progress = NULL;
        rev->account = NULL;
        rev->client = NULL;
    }
    revoker->prun = NULL;
}

apr_time_t acme_revoker_due(const acme_revoker_t *revoker)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;
    const revocation_t *rev;

    for (rev = revoker->first; rev; rev = rev->following) {
        if (rev->stage == IDLE && !rev->outdated && rev->next < at) {
            at = rev->next;
        }
    }
    return at;
}

int acme_revoker_is_busy(const acme_revoker_t *revoker)
{
    const revocation_t *rev;

    for (rev = revoker->first; rev; rev = rev->following) {
        if (rev->stage != IDLE) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when the revocation is due, after its progress was
 * loaded. */
static int is_due(revocation_t *rev)
{
    return rev->stage == IDLE && !rev->outdated && rev->next <= now_of(rev)
           && (rev->progress || load(rev) == APR_SUCCESS)
           && rev->next <= now_of(rev);
}

int acme_revoker_step(acme_revoker_t *revoker)
{
    revocation_t *rev;
    int busy = 0;

    for (rev = revoker->first; rev; rev = rev->following) {
        if (revoker->ctx->state != ACME_WORKER_CTX_ON) {
            break;
        }
        if (is_due(rev) && !acme_ca_queue_any_is_held(revoker->queues)) {
            begin(rev);
        }
        else if (rev->stage == ACCOUNT) {
            send_by_account(rev);
        }
        busy |= rev->stage != IDLE;
    }
    return busy;
}
