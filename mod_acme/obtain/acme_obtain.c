/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_obtain.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_blocklist.h"
#include "acme_ca_account.h"
#include "acme_ca_clock.h"
#include "acme_csr.h"
#include "acme_issue.h"
#include "acme_key_choice.h"
#include "acme_key_hash.h"
#include "acme_obtain_result.h"
#include "acme_partial_names.h"
#include "acme_schedule.h"
#include "acme_solver.h"
#include "acme_solver_dns.h"
#include "acme_solver_item.h"
#include "acme_str.h"
#include "acme_text.h"

/* Wait before the first poll, where the CA names no time. It is short because
 * many orders are ready at once; it doubles with each poll. */
#define POLL_FIRST apr_time_from_msec(50)

typedef enum {
    ACME_OBTAIN_ACCOUNT, /* waits until the account at the CA can be used */
    ACME_OBTAIN_KEY,     /* waits for the certificate's key */
    ACME_OBTAIN_ISSUE,   /* carries out the actions of acme_issue */
    ACME_OBTAIN_STAGED,  /* waits until the certificate is on disk */
    ACME_OBTAIN_OVER
} acme_obtain_state_e;

struct acme_obtain_t {
    acme_worker_ctx_t *ctx;
    const acme_spec_t *spec;
    acme_ca_account_t *ca_account;
    acme_job_t *job;
    const char *reason;
    const char *replaces;
    const char *digest;
    const apr_array_header_t *names; /* the names that are ordered */
    const char *seed;
    apr_time_t since;
    apr_pool_t *p;
    apr_pool_t *ptemp; /* cleared at each step and response */
    acme_obtain_state_e state;
    acme_key_t *key;
    const char *key_pem;
    int key_made;        /* the key was made and saved by this order */
    unsigned int ticket; /* of the flush to wait for, or 0 */
    acme_obtain_staged_t staged;
    const char *csr;
    const char *kid; /* URL of the account that the order belongs to */
    unsigned int epoch;
    acme_issue_config_t config;
    acme_issue_t *issue;
    unsigned int saved;    /* revision of the last snapshot */
    const char *saved_url; /* URL of the order in that snapshot */
    int busy;              /* a request is under way */
    apr_time_t seen;       /* time of the last step of acme_issue */
    int renewed;           /* a stale order was replaced once */
    int named;             /* the CSR has a common name, as the CA wants */
    int resumed;           /* a process before this one has begun the order */
    int unsaved;           /* the log has said that it is not saved */
    int by_age;
    const char *instead; /* fingerprint of the live certificate, or "" */
    acme_obtain_key_live_t live_key;
    int made;     /* the CA has made the order */
    int replaced; /* the order names what it replaces */
};

acme_obtain_t *acme_obtain_create(acme_worker_ctx_t *ctx,
                                  const acme_obtain_config_t *config,
                                  apr_pool_t *p)
{
    acme_obtain_t *order = apr_pcalloc(p, sizeof(*order));

    order->ctx = ctx;
    order->spec = config->spec;
    order->ca_account = config->ca_account;
    order->job = config->job;
    order->reason = apr_pstrdup(p, config->reason);
    order->replaces = apr_pstrdup(p, config->replaces);
    order->digest = acme_spec_digest(config->spec, p);
    order->seed = apr_pstrdup(p, config->seed);
    order->since = config->since;
    order->p = p;
    apr_pool_create(&order->ptemp, p);
    order->by_age = config->by_age;
    order->instead =
        config->fingerprint ? apr_pstrdup(p, config->fingerprint) : "";
    order->live_key.hash = apr_pstrdup(p, config->live_key.hash);
    order->live_key.again = config->live_key.again;
    order->made = config->job->order != NULL;
    order->state = ACME_OBTAIN_ACCOUNT;
    return order;
}

int acme_obtain_was_made(const acme_obtain_t *order)
{
    return order->made;
}

int acme_obtain_has_replaced(const acme_obtain_t *order)
{
    return order->made && order->replaced;
}

int acme_obtain_is_over(const acme_obtain_t *order)
{
    return order->state == ACME_OBTAIN_OVER;
}

static apr_time_t now_of(const acme_obtain_t *order)
{
    return acme_time_now(order->ctx->clock);
}

static void end(acme_obtain_t *order)
{
    order->state = ACME_OBTAIN_OVER;
    order->ctx->moved = 1;
}

static void fail(acme_obtain_t *order, const acme_problem_t *problem,
                 acme_obtain_failure_e whose)
{
    acme_obtain_result_failed(
        order->job, order->ctx, order->spec, problem, whose,
        whose == ACME_OBTAIN_FAILURE_OWN || whose == ACME_OBTAIN_FAILURE_WRONG
            ? order->spec->name
            : order->seed,
        order->ptemp);
    end(order);
}

/* Removes the answers to challenges that another process has put up for the
 * order, because the snapshot need not know them. */
static void forget_answers(acme_obtain_t *order)
{
    if (order->ctx->state != ACME_WORKER_CTX_LOST) {
        acme_solver_item_forget(order->ctx->vault, order->spec->name,
                                order->ptemp);
    }
    order->resumed = 0;
}

static void drop(acme_obtain_t *order, const char *why)
{
    if (order->job->order && (order->resumed || !order->issue)) {
        forget_answers(order);
    }
    if (order->job->order) {
        acme_log(order->ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0351) "%s: its order is given up: %s",
                 order->spec->name, why);
        acme_job_note(order->job, now_of(order), "order-dropped", "%s", why);
        acme_job_order_dropped(order->job);
        acme_solver_dns_forget(order->ctx, order->spec, order->ptemp);
    }
    order->saved_url = NULL;
}

static int is_ours(const acme_obtain_t *order)
{
    return order->job->digest && strcmp(order->job->digest, order->digest) == 0;
}

/* Begins the try in the job. An order for another spec is dropped. */
static void adopt_spec(acme_obtain_t *order)
{
    if (!is_ours(order)) {
        drop(order, "its names, CA or kind of key have changed");
        order->made = 0;
    }
    acme_job_begin(order->job, order->digest, order->reason, order->instead,
                   now_of(order));
    order->names = acme_partial_names(order->job, order->spec, order->p);
}

/* Notes the CA's time, for root; a failure is only logged. */
static void note_clock(acme_worker_ctx_t *ctx, apr_interval_time_t off,
                       apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (ctx->state != ACME_WORKER_CTX_LOST
        && acme_ca_clock_note(ctx->vault, acme_time_now(ctx->clock) + off,
                              &problem, ptemp)
               != APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_DEBUG, problem.rv,
                 ACME_TAG(0365) "the CA's time is not noted: %s",
                 acme_problem_text(&problem, ptemp));
    }
}

/* Saves the job. An order goes on if it cannot be saved, because the loss of
 * its progress costs another order at worst. */
static apr_status_t save(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    if (order->ctx->state == ACME_WORKER_CTX_LOST) {
        return APR_SUCCESS;
    }
    rv = acme_job_save(order->job, order->ctx->vault, ACME_STORE_LAZY, &problem,
                       order->ptemp);
    if (rv != APR_SUCCESS && !order->unsaved) {
        order->unsaved = 1;
        acme_log(order->ctx->log, ACME_LOG_WARNING, rv,
                 ACME_TAG(0350) "%s: its order goes on, but cannot be saved: "
                                "%s",
                 order->spec->name, acme_problem_text(&problem, order->ptemp));
    }
    return rv;
}

/* Returns non-zero if the next snapshot is worth a write. An order is resumed
 * by asking the CA for its status, in whatever phase it was saved. So only
 * those things are saved that the CA does not know: the order's URL, a
 * challenge before it is presented, and failures. */
static int is_worth_saving(const acme_obtain_t *order, const char *url)
{
    const acme_issue_action_t *action = acme_issue_action(order->issue);

    return action->type == ACME_ACTION_FAILED
           || (action->type == ACME_ACTION_PRESENT
               && !acme_solver_sweeps(action->challenge->type))
           || !url || !order->saved_url || strcmp(url, order->saved_url) != 0;
}

/* Saves a snapshot after a transition, and notes that the order was made. */
static void save_progress(acme_obtain_t *order)
{
    unsigned int revision = acme_issue_revision(order->issue);
    const char *url = acme_issue_url(order->issue);

    if (url) {
        order->made = 1;
        order->replaced = acme_issue_replaces(order->issue);
    }
    if (revision == order->saved || !is_worth_saving(order, url)) {
        return;
    }
    if (url && (!order->saved_url || strcmp(url, order->saved_url) != 0)) {
        order->saved_url = apr_pstrdup(order->p, url);
        acme_job_note(order->job, now_of(order), "order-created", "%s", url);
    }
    order->saved = revision;
    acme_job_order_made(order->job,
                        acme_issue_snapshot(order->issue, order->p));
    (void)save(order);
}

static int restore(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *url;
    apr_status_t rv;

    rv = acme_issue_restore(&order->issue, &order->config, order->job->order,
                            order->ctx->log, now_of(order), &problem, order->p);
    if (rv != APR_SUCCESS) {
        drop(order, acme_problem_text(&problem, order->ptemp));
        return 0;
    }
    url = acme_issue_url(order->issue);
    if (url) {
        order->saved_url = apr_pstrdup(order->p, url);
    }
    order->resumed = 1;
    acme_job_note(order->job, now_of(order), "order-resumed", NULL);
    acme_log(order->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0352) "%s: going on with its order %s", order->spec->name,
             url ? url : "");
    return 1;
}

/* Uses the profile if the CA offers it. Without it, orders no profile, or fails
 * if the profile is mandatory. */
static apr_status_t choose_profile(acme_obtain_t *order,
                                   const acme_directory_t *directory,
                                   acme_problem_t *problem)
{
    const acme_spec_t *spec = order->spec;
    const char *offered = apr_array_pstrcat(order->p, directory->profiles, ' ');

    order->config.profile = NULL;
    order->config.profile_mandatory = spec->profile_mandatory;
    if (!spec->profile) {
        return APR_SUCCESS;
    }
    if (acme_directory_has_profile(directory, spec->profile)) {
        order->config.profile = spec->profile;
        return APR_SUCCESS;
    }
    offered = acme_text_escape(*offered ? offered : "none", 300, order->p);
    if (spec->profile_mandatory) {
        return acme_problem_set(
            problem, APR_EINVAL, ACME_RETRY_CONFIG,
            ACME_PROBLEM_URN "invalidProfile", order->p,
            "%s has no profile %s, which is mandatory; it has: %s",
            acme_ca_account_ca(order->ca_account)->label, spec->profile,
            offered);
    }
    acme_log(order->ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0805) "%s: %s has no profile %s, ordering without one; "
                            "it has: %s",
             spec->name, acme_ca_account_ca(order->ca_account)->label,
             spec->profile, offered);
    return APR_SUCCESS;
}

static const char *named_csr(void *baton, apr_pool_t *p)
{
    const acme_obtain_t *order = baton;
    const char *csr = NULL;

    return acme_csr_create_named(&csr, order->key, order->names,
                                 order->spec->must_staple, NULL, p)
                   == APR_SUCCESS
               ? csr
               : NULL;
}

static apr_status_t begin(acme_obtain_t *order, acme_problem_t *problem)
{
    acme_client_t *client = acme_ca_account_client(order->ca_account);
    acme_issue_config_t *config = &order->config;
    apr_status_t rv;

    rv = choose_profile(order, acme_client_directory_get(client), problem);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    order->epoch = acme_ca_account_epoch(order->ca_account);
    if (order->kid && strcmp(order->kid, acme_client_kid(client)) != 0) {
        drop(order, "it belongs to an account that is gone");
    }
    order->kid = apr_pstrdup(order->p, acme_client_kid(client));
    config->name = order->spec->name;
    config->new_order_url = acme_client_directory_get(client)->new_order;
    config->directory_url = acme_client_url(client);
    config->names = order->names;
    config->challenge_types = acme_spec_challenges(
        order->spec, order->job->failed_challenge, order->p);
    config->challenge_faults = order->spec->challenge_faults;
    config->csr = order->csr;
    config->named_csr = order->key && !order->named ? named_csr : NULL;
    config->named_csr_baton = order;
    config->key_hash = order->key
                           ? acme_key_hash(order->key, order->p)
                           : acme_csr_read_key_hash(order->csr, order->p);
    config->preferred_chains = order->spec->preferred_chains;
    config->trusted_chain = order->spec->trusted_chain;
    config->replaces = acme_client_directory_get(client)->renewal_info
                           ? order->replaces
                           : NULL;
    config->signer = acme_client_signer(client);
    config->poll_first = POLL_FIRST;
    order->state = ACME_OBTAIN_ISSUE;
    if (order->job->order && restore(order)) {
        order->saved = acme_issue_revision(order->issue);
        return APR_SUCCESS;
    }
    order->issue =
        acme_issue_create(config, order->ctx->log, now_of(order), order->p);
    order->saved = acme_issue_revision(order->issue);
    acme_job_note(order->job, now_of(order), "order-started", "%s",
                  order->reason);
    acme_log(order->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0353) "%s: ordering a certificate from %s: %s",
             order->spec->name, acme_ca_account_ca(order->ca_account)->label,
             order->reason);
    if (order->key_made) {
        return APR_SUCCESS; /* the key was saved, so the store works */
    }
    return acme_job_save(order->job, order->ctx->vault, ACME_STORE_LAZY,
                         problem, order->ptemp);
}

/* Returns what a record of dns-01 is waited for, or NULL. */
static const acme_problem_t *unseen(const acme_obtain_t *order)
{
    const acme_problem_t *missing = NULL;

    if (acme_issue_waits_to_be_seen(order->issue)) {
        (void)acme_solver_dns_seen(order->ctx, order->spec, &missing);
    }
    return missing;
}

/* Notes in the job that the order makes no progress, and that it does again, so
 * that the status shows it while it lasts. */
static void note_hindrance(acme_obtain_t *order)
{
    const acme_problem_t *trouble = acme_issue_trouble(order->issue);

    trouble = trouble ? trouble : unseen(order);
    if (trouble
        && (!order->job->hindrance
            || !acme_str_same(trouble->detail,
                              order->job->hindrance->detail))) {
        acme_job_hindered(order->job, trouble, now_of(order));
        (void)save(order);
    }
    else if (!trouble && order->job->hindrance) {
        acme_job_unhindered(order->job);
        (void)save(order);
    }
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    acme_obtain_t *order = baton;
    acme_crash_mark_t before;

    order->busy = 0;
    order->ctx->moved = 1;
    if (order->ctx->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    before = acme_crash_enter(&order->ctx->crash, ACME_CRASH_SITE,
                              order->spec->name);
    apr_pool_clear(order->ptemp);
    acme_issue_answer(order->issue, rv, answer, problem, now_of(order));
    save_progress(order);
    note_hindrance(order);
    acme_crash_leave(&order->ctx->crash, before);
}

/* Presents a challenge, or removes it. Returns zero, with `*again` set, while
 * its answer is being made. */
static int solve(acme_obtain_t *order, const acme_issue_action_t *action,
                 apr_time_t *again)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_challenge_t *challenge = action->challenge;
    apr_time_t visible = 0;
    const acme_solver_means_t means = {
        .vault = order->ctx->vault,
        .keygen = order->ctx->keygen,
        .security_level = order->spec->security_level,
        .now = now_of(order),
        .dns = order->ctx->dns,
        .spec = order->spec,
        .visible = &visible,
    };
    apr_status_t rv;

    if (action->type == ACME_ACTION_PRESENT) {
        rv = acme_solver_present(&means, challenge, &problem, order->ptemp);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            *again = acme_solver_again(&means, challenge);
            return 0;
        }
        if (rv == APR_SUCCESS) {
            acme_issue_visible_at(order->issue, visible);
            acme_job_note(order->job, now_of(order), "challenge-presented",
                          "%s for %s", challenge->type, challenge->identifier);
        }
    }
    else {
        rv = acme_solver_cleanup(&means, challenge, &problem, order->ptemp);
    }
    acme_issue_solved(order->issue, rv, rv == APR_SUCCESS ? NULL : &problem,
                      now_of(order));
    save_progress(order);
    return 1;
}

/* Refuses the certificate of an order. Its order stays, so that the next try
 * downloads it again, unless the refusal is for good. */
static void reject(acme_obtain_t *order, const acme_problem_t *problem)
{
    acme_issue_reject(order->issue, problem,
                      problem->retry != ACME_RETRY_CONFIG
                          && problem->retry != ACME_RETRY_PERMANENT,
                      now_of(order));
    save_progress(order);
}

/* Gives up order and key, because another try with them would fail again. */
static void give_up(acme_obtain_t *order)
{
    drop(order, "its certificate cannot be used");
    acme_obtain_key_discard(order->ctx, order->spec, order->ptemp);
}

/* Returns non-zero if the key was compromised while the order was running, as a
 * key that is used again may be. */
static int is_compromised(const acme_obtain_t *order)
{
    return order->key
           && acme_blocklist_has_key(order->ctx->revoked,
                                     order->config.key_hash);
}

static void finish(acme_obtain_t *order, const acme_issue_action_t *action)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t bundle = {0};
    const acme_stage_issued_t issued = {
        .spec = order->spec,
        .names = order->names,
        .bundle = &bundle,
    };
    apr_status_t rv;

    if (is_compromised(order)) {
        acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_CERTIFICATE, order->ptemp,
                         "the certificate came, but its key was compromised "
                         "meanwhile");
        give_up(order);
        fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
        return;
    }
    bundle.name = order->spec->name;
    bundle.key_pem = order->key_pem;
    bundle.key = order->key;
    bundle.chain_pem =
        apr_pstrmemdup(order->ptemp, action->chain, action->chain_len);
    bundle.chain = action->parsed;
    bundle.ca_url = acme_ca_account_ca(order->ca_account)->url;
    bundle.profile = order->spec->profile;
    bundle.order_url = acme_issue_url(order->issue);
    bundle.obtained = now_of(order);
    rv = acme_obtain_result_done(&order->staged, order->job, order->ctx,
                                 &issued, &problem, order->p, order->ptemp);
    if (rv == APR_SUCCESS) {
        acme_ca_account_lost_proved(order->ca_account);
    }
    if (rv == APR_SUCCESS && order->staged.fingerprint) {
        order->ticket = acme_flush_want(&order->ctx->flush);
        order->state = ACME_OBTAIN_STAGED;
        return;
    }
    if (rv == APR_SUCCESS) {
        end(order);
        return;
    }
    if (strcmp(problem.type, ACME_PROBLEM_CERTIFICATE) == 0) {
        reject(order, &problem);
        return;
    }
    fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
}

/* Begins a new order. Each caller makes sure that this cannot repeat for
 * ever. */
static void start_over(acme_obtain_t *order)
{
    order->issue = NULL;
    order->made = 0;
    order->since = now_of(order);
    order->state = ACME_OBTAIN_ACCOUNT;
}

/* Discards the key, so that the next order is for another one. If it was a key
 * that is used again, the problem may be that key only, so the next try comes
 * soon; a CA that refuses a new key refuses all keys of its kind. */
static void refuse_key(acme_obtain_t *order, acme_problem_t *problem)
{
    acme_obtain_key_discard(order->ctx, order->spec, order->ptemp);
    if (!order->live_key.again || !order->key || !order->live_key.hash
        || strcmp(acme_key_hash(order->key, order->ptemp), order->live_key.hash)
               != 0) {
        return;
    }
    problem->retry = ACME_RETRY_BACKOFF;
    acme_log(order->ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0853) "%s: the CA refuses an order for the key that was "
                            "to be used again (ACMEKeyReuse), the next one is "
                            "for a new key",
             order->spec->name);
}

/* Makes the next order, in this try, one with a common name in its CSR, because
 * the CA has made this one invalid for its CSR. */
static int take_named_csr(acme_obtain_t *order)
{
    const char *csr = named_csr(order, order->p);

    if (!csr) {
        return 0;
    }
    order->csr = csr;
    order->named = 1;
    drop(order, "the CA refuses its signing request, the next one has the "
                "first name as common name");
    return 1;
}

/* Returns non-zero when the account may be the reason of a failure, so that it
 * is checked: newOrder is the first request that the CA refuses to an account
 * it does not take. It calls a signature malformed that another key than the
 * account's has made, which is so with a store of before a change of keys. */
static int is_about_account(const acme_obtain_t *order,
                            const acme_problem_t *problem)
{
    return acme_account_is_gone(problem)
           || (!acme_issue_url(order->issue)
               && ((problem->status == 403
                    && acme_problem_is(problem, "unauthorized"))
                   || acme_problem_is(problem, "malformed")));
}

static void issue_failed(acme_obtain_t *order, const acme_problem_t *failure)
{
    acme_problem_t *problem = acme_problem_dup(failure, order->p);
    int resumable = acme_issue_resumable(order->issue);
    int is_wrong = strcmp(problem->type, ACME_PROBLEM_CERTIFICATE) == 0;
    const char *challenge = acme_issue_failed_challenge(order->issue);

    if (challenge) {
        acme_job_challenge_failed(order->job, challenge);
    }
    if (acme_issue_stale(order->issue) && !order->renewed) {
        order->renewed = 1;
        drop(order, "the CA has given it up");
        start_over(order);
        return;
    }
    if (acme_issue_wants_named_csr(order->issue) && take_named_csr(order)) {
        start_over(order);
        return;
    }
    if (is_about_account(order, problem)) {
        if (!resumable) {
            drop(order, "the CA refuses the account");
        }
        if (acme_ca_account_lost(order->ca_account, order->epoch, problem)) {
            start_over(order);
            return;
        }
    }
    else if (!resumable && is_wrong) {
        give_up(order);
    }
    else if (!resumable) {
        drop(order, "it has failed");
    }
    if (acme_key_choice_is_refused(problem)) {
        refuse_key(order, problem);
    }
    fail(order, problem,
         is_wrong && !resumable ? ACME_OBTAIN_FAILURE_WRONG
                                : ACME_OBTAIN_FAILURE_OWN);
}

/* Returns non-zero when the flush that the order waits for is done. Ends the
 * order if the flush has failed. */
static int is_flushed(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = acme_flush_rv(&order->ctx->flush, order->ticket, &problem,
                                    order->ptemp);

    if (rv == APR_SUCCESS) {
        order->ticket = 0;
        return 1;
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 0;
}

static int step_staged(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!is_flushed(order)) {
        return order->state == ACME_OBTAIN_OVER;
    }
    if (acme_obtain_result_staged(order->job, order->ctx, &order->staged,
                                  &problem, order->ptemp)
        == APR_SUCCESS) {
        end(order);
    }
    else {
        fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 1;
}

static void end_issue(acme_obtain_t *order, const acme_issue_action_t *action)
{
    if (order->resumed) {
        forget_answers(order);
    }
    if (action->type == ACME_ACTION_DONE) {
        finish(order, action);
    }
    else {
        issue_failed(order, action->problem);
    }
}

/* Returns when a WAIT is over: at once when it is for records in the DNS, and
 * their name servers have them. */
static apr_time_t when_over(const acme_obtain_t *order,
                            const acme_issue_action_t *action)
{
    const acme_problem_t *missing;
    apr_time_t seen;

    if (!acme_issue_waits_to_be_seen(order->issue)) {
        return action->until;
    }
    seen = acme_solver_dns_seen(order->ctx, order->spec, &missing);
    return seen < action->until ? seen : action->until;
}

static int step_issue(acme_obtain_t *order, apr_time_t *again)
{
    acme_client_t *client = acme_ca_account_client(order->ca_account);
    const acme_issue_action_t *action = acme_issue_action(order->issue);
    apr_time_t now = now_of(order);
    int turned_back = now < order->seen;

    order->seen = now;
    *again = ACME_SCHEDULE_NEVER;
    switch (action->type) {
    case ACME_ACTION_POST:
        /* Sends nothing before the key is on disk, because a key that the CA
         * knows must not get lost. */
        if (order->ticket && !is_flushed(order)) {
            return order->state == ACME_OBTAIN_OVER;
        }
        order->busy = 1;
        acme_client_post(client, action->url, action->payload,
                         action->repeatable, answered, order);
        return 0;
    case ACME_ACTION_PRESENT:
    case ACME_ACTION_CLEANUP:
        return solve(order, action, again);
    case ACME_ACTION_WAIT:
        note_hindrance(order);
        if (when_over(order, action) > now && !turned_back) {
            *again = when_over(order, action);
            return 0;
        }
        acme_issue_timer(order->issue, now);
        save_progress(order);
        return 1;
    case ACME_ACTION_DONE:
    case ACME_ACTION_FAILED:
        end_issue(order, action);
        return 1;
    }
    return 0;
}

/* Compares our clock with the CA's, which is known after its first response,
 * and notes the CA's time, but not for a dry run, whose CA may be a test
 * service. Returns non-zero, with the order failed, when our clock is not to be
 * trusted. */
static int check_clock(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_interval_time_t off;
    const char *doubt;

    if (!acme_client_clock(acme_ca_account_client(order->ca_account), &off)) {
        return 0;
    }
    if (!order->spec->dry_run) {
        note_clock(order->ctx, off, order->ptemp);
    }
    doubt = order->by_age ? acme_ca_clock_doubt(off, order->ptemp) : NULL;
    if (!doubt) {
        return 0;
    }
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_CONFIG, order->ptemp, "%s", doubt);
    problem.to_fix = "set the clock of this machine (timedatectl set-ntp true)";
    adopt_spec(order);
    fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    return 1;
}

/* Waits until the account at the CA can be used. */
static int step_account(acme_obtain_t *order)
{
    const acme_problem_t *problem;
    apr_status_t rv;

    rv = acme_ca_account_ready(order->ca_account, order->since, &problem);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return 0;
    }
    if (rv == APR_SUCCESS) {
        if (!check_clock(order)) {
            order->state = ACME_OBTAIN_KEY;
        }
    }
    else {
        adopt_spec(order);
        fail(order, problem,
             acme_ca_account_report(order->ca_account)
                 ? ACME_OBTAIN_FAILURE_FIRST
                 : ACME_OBTAIN_FAILURE_SHARED);
    }
    return 1;
}

static int step_key(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;

    if (order->spec->csr) {
        order->csr = order->spec->csr;
        adopt_spec(order);
    }
    else if (!order->key) {
        rv = acme_obtain_key(&order->key, &order->key_pem, &order->key_made,
                             order->ctx, order->spec, &order->live_key,
                             &problem, order->p);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            return 0;
        }
        adopt_spec(order);
        if (rv == APR_SUCCESS) {
            order->ticket = acme_flush_want(&order->ctx->flush);
            rv = acme_csr_create(&order->csr, order->key, order->names,
                                 order->spec->must_staple, &problem, order->p);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = begin(order, &problem);
    }
    if (rv != APR_SUCCESS) {
        fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 1;
}

apr_time_t acme_obtain_step(acme_obtain_t *order)
{
    apr_time_t again = ACME_SCHEDULE_NEVER;
    int more = 1;

    while (more && !order->busy && order->state != ACME_OBTAIN_OVER
           && order->ctx->state == ACME_WORKER_CTX_ON) {
        apr_pool_clear(order->ptemp);
        switch (order->state) {
        case ACME_OBTAIN_ACCOUNT:
            more = step_account(order);
            break;
        case ACME_OBTAIN_KEY:
            more = step_key(order);
            break;
        case ACME_OBTAIN_ISSUE:
            more = step_issue(order, &again);
            break;
        case ACME_OBTAIN_STAGED:
            more = step_staged(order);
            break;
        case ACME_OBTAIN_OVER:
            more = 0;
            break;
        }
    }
    return again;
}
