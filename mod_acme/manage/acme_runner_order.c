/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_runner_order.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_ca_date.h"
#include "acme_csr.h"
#include "acme_issue.h"
#include "acme_partial.h"
#include "acme_runner_key.h"
#include "acme_runner_outcome.h"
#include "acme_schedule.h"
#include "acme_solver.h"
#include "acme_text.h"

/* Before the first poll, where the CA names no time: many are done at once,
 * and the time doubles for those that are not. */
#define POLL_FIRST apr_time_from_msec(50)

typedef enum {
    ACCOUNT, /* until the CA can be used */
    KEY,     /* until the certificate's key is there */
    ISSUE,   /* does what acme_issue wishes */
    STAGED,  /* until what was staged is on disk */
    OVER
} state_e;

struct acme_runner_order_t {
    acme_work_t *work;
    const acme_spec_t *spec;
    acme_identity_t *identity;
    acme_job_t *job;
    const char *reason;
    const char *replaces;
    const char *digest;
    const apr_array_header_t *names; /* that are ordered */
    const char *seed;
    apr_time_t since;
    apr_pool_t *p;
    apr_pool_t *ptemp; /* cleared at each step and answer */
    state_e state;
    acme_key_t *key;
    const char *key_pem;
    int key_made;        /* and saved, just now */
    unsigned int ticket; /* until then the flush is waited for, or 0 */
    acme_staged_cert_t staged;
    const char *csr;
    const char *kid; /* whose order it is */
    unsigned int epoch;
    acme_issue_config_t config;
    acme_issue_t *issue;
    unsigned int saved;    /* generation of the last snapshot */
    const char *saved_url; /* of the order, in that snapshot */
    int busy;              /* a request is under way */
    apr_time_t seen;       /* the clock, at the last step of the issue */
    int renewed;           /* a stale order was replaced already */
    int unsaved;           /* and that was said */
    int by_age;
    const char *reuse; /* hash of the key that is to be used again, or NULL */
    int made;          /* the CA has it */
};

acme_runner_order_t *
acme_runner_order_create(acme_work_t *work, const acme_spec_t *spec,
                         acme_identity_t *identity, acme_job_t *job,
                         const char *reason, const char *replaces,
                         apr_time_t since, const char *seed, apr_pool_t *p)
{
    acme_runner_order_t *order = apr_pcalloc(p, sizeof(*order));

    order->work = work;
    order->spec = spec;
    order->identity = identity;
    order->job = job;
    order->reason = apr_pstrdup(p, reason);
    order->replaces = replaces;
    order->digest = acme_spec_digest(spec, p);
    order->seed = seed;
    order->since = since;
    order->p = p;
    apr_pool_create(&order->ptemp, p);
    order->state = ACCOUNT;
    return order;
}

int acme_runner_order_was_made(const acme_runner_order_t *order)
{
    return order->made;
}

int acme_runner_order_is_over(const acme_runner_order_t *order)
{
    return order->state == OVER;
}

static apr_time_t now_of(const acme_runner_order_t *order)
{
    return acme_clock_now(order->work->clock);
}

/* An order whose progress cannot be saved is finished all the same: what is
 * lost with this process, or with the power, costs another order at worst. */
static apr_status_t save(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    if (order->work->state == ACME_WORK_LOST) {
        return APR_SUCCESS;
    }
    rv = acme_job_save(order->job, order->work->vault, ACME_STORE_LAZY,
                       &problem, order->ptemp);
    if (rv != APR_SUCCESS && !order->unsaved) {
        order->unsaved = 1;
        acme_log(order->work->log, ACME_LOG_WARNING, rv,
                 ACME_TAG(0350) "%s: its order goes on, but cannot be saved: "
                                "%s",
                 order->spec->name, acme_problem_text(&problem, order->ptemp));
    }
    return rv;
}

/* Whatever phase it was saved in, an order is resumed by asking the CA how it
 * stands. So only what the CA does not know is worth a write: where the order
 * is, what is about to be put up, and failures. */
static int is_worth_saving(const acme_runner_order_t *order, const char *url)
{
    const acme_wish_t *wish = acme_issue_wish(order->issue);

    return wish->type == ACME_WISH_FAILED
           || (wish->type == ACME_WISH_PRESENT
               && !acme_solver_sweeps(wish->challenge->type))
           || !url || !order->saved_url || strcmp(url, order->saved_url) != 0;
}

/* After each transition: the snapshot, and what is worth a note. */
static void save_progress(acme_runner_order_t *order)
{
    unsigned int generation = acme_issue_generation(order->issue);
    const char *url = acme_issue_order_url(order->issue);

    order->made |= url != NULL;
    if (generation == order->saved || !is_worth_saving(order, url)) {
        return;
    }
    if (url && (!order->saved_url || strcmp(url, order->saved_url) != 0)) {
        order->saved_url = apr_pstrdup(order->p, url);
        acme_job_note(order->job, now_of(order), "order-created", "%s", url);
    }
    order->saved = generation;
    order->job->order = acme_issue_snapshot(order->issue, order->p);
    (void)save(order);
}

static void end(acme_runner_order_t *order)
{
    order->state = OVER;
    order->work->moved = 1;
}

static void fail(acme_runner_order_t *order, const acme_problem_t *problem,
                 acme_failure_e whose)
{
    acme_runner_outcome_failed(
        order->job, order->work, order->spec, problem, whose,
        whose == ACME_FAILURE_OWN ? order->spec->name : order->seed,
        order->ptemp);
    end(order);
}

static void drop(acme_runner_order_t *order, const char *why)
{
    if (order->job->order) {
        acme_log(order->work->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0351) "%s: its order is given up: %s",
                 order->spec->name, why);
        acme_job_note(order->job, now_of(order), "order-dropped", "%s", why);
        order->job->order = NULL;
    }
    order->saved_url = NULL;
}

static int is_ours(const acme_runner_order_t *order)
{
    return order->job->digest && strcmp(order->job->digest, order->digest) == 0;
}

/* What the job remembers of another try ends here. */
static void adopt_spec(acme_runner_order_t *order)
{
    acme_job_t *job = order->job;

    if (!is_ours(order)) {
        drop(order, "its names, CA or kind of key have changed");
        if (job->digest) {
            job->errors = 0;
        }
        job->ca = NULL;
        job->ca_errors = 0;
        job->barred = 0;
        job->digest = order->digest;
    }
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        job->errors = 0;
    }
    if (!job->order) {
        job->reason = order->reason;
        if (!job->errors) {
            acme_partial_forget(job);
        }
    }
    order->names = acme_partial_names(job, order->spec, order->p);
    job->next_run = 0;
    job->config = NULL;
    job->last_run = now_of(order);
}

static int restore(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *url;
    apr_status_t rv;

    rv =
        acme_issue_restore(&order->issue, &order->config, order->job->order,
                           order->work->log, now_of(order), &problem, order->p);
    if (rv != APR_SUCCESS) {
        drop(order, acme_problem_text(&problem, order->ptemp));
        return 0;
    }
    url = acme_issue_order_url(order->issue);
    if (url) {
        order->saved_url = apr_pstrdup(order->p, url);
    }
    acme_job_note(order->job, now_of(order), "order-resumed", NULL);
    acme_log(order->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0352) "%s: going on with its order %s", order->spec->name,
             url ? url : "");
    return 1;
}

/* The profile, where the CA offers it: else it is done without, or not at
 * all. */
static apr_status_t choose_profile(acme_runner_order_t *order,
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
            acme_identity_ca(order->identity)->label, spec->profile, offered);
    }
    acme_log(order->work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0805) "%s: %s has no profile %s, ordering without one; "
                            "it has: %s",
             spec->name, acme_identity_ca(order->identity)->label,
             spec->profile, offered);
    return APR_SUCCESS;
}

/* Whatever is to be ordered, saved first: what cannot be is not begun. */
static apr_status_t begin_issue(acme_runner_order_t *order,
                                acme_problem_t *problem)
{
    acme_client_t *client = acme_identity_client(order->identity);
    acme_issue_config_t *config = &order->config;
    apr_status_t rv;

    rv = choose_profile(order, acme_client_directory(client), problem);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    order->epoch = acme_identity_epoch(order->identity);
    if (order->kid && strcmp(order->kid, acme_client_kid(client)) != 0) {
        drop(order, "it belongs to an account that is gone");
    }
    order->kid = apr_pstrdup(order->p, acme_client_kid(client));
    config->name = order->spec->name;
    config->new_order_url = acme_client_directory(client)->new_order;
    config->names = order->names;
    config->challenge_types = order->spec->challenge_types;
    config->csr = order->csr;
    config->preferred_chain = order->spec->preferred_chain;
    config->replaces =
        acme_client_directory(client)->renewal_info ? order->replaces : NULL;
    config->signer = acme_client_signer(client);
    config->poll_first = POLL_FIRST;
    order->state = ISSUE;
    if (order->job->order && restore(order)) {
        order->saved = acme_issue_generation(order->issue);
        return APR_SUCCESS;
    }
    order->issue =
        acme_issue_create(config, order->work->log, now_of(order), order->p);
    order->saved = acme_issue_generation(order->issue);
    acme_job_note(order->job, now_of(order), "order-started", "%s",
                  order->reason);
    acme_log(order->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0353) "%s: ordering a certificate from %s: %s",
             order->spec->name, acme_identity_ca(order->identity)->label,
             order->reason);
    if (order->key_made) {
        return APR_SUCCESS; /* the store has just shown that it works */
    }
    return acme_job_save(order->job, order->work->vault, ACME_STORE_LAZY,
                         problem, order->ptemp);
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    acme_runner_order_t *order = baton;

    order->busy = 0;
    order->work->moved = 1;
    if (order->work->state == ACME_WORK_LOST) {
        return;
    }
    apr_pool_clear(order->ptemp);
    acme_issue_answer(order->issue, rv, answer, problem, now_of(order));
    save_progress(order);
}

static void solve(acme_runner_order_t *order, const acme_wish_t *wish)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_challenge_t *challenge = wish->challenge;
    apr_status_t rv;

    if (wish->type == ACME_WISH_PRESENT) {
        rv = acme_solver_present(order->work->vault, challenge, now_of(order),
                                 &problem, order->ptemp);
        if (rv == APR_SUCCESS) {
            acme_job_note(order->job, now_of(order), "challenge-presented",
                          "%s for %s", challenge->type, challenge->identifier);
        }
    }
    else {
        rv = acme_solver_cleanup(order->work->vault, challenge, &problem,
                                 order->ptemp);
    }
    acme_issue_solved(order->issue, rv, rv == APR_SUCCESS ? NULL : &problem,
                      now_of(order));
    save_progress(order);
}

/* Neither order nor key is worth another try. */
static void give_up(acme_runner_order_t *order)
{
    drop(order, "its certificate is of no use");
    acme_runner_key_discard(order->work, order->spec, order->ptemp);
}

static void finish(acme_runner_order_t *order, const acme_wish_t *wish)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t bundle = {0};
    apr_status_t rv;

    bundle.name = order->spec->name;
    bundle.key_pem = order->key_pem;
    bundle.key = order->key;
    bundle.chain_pem =
        apr_pstrmemdup(order->ptemp, wish->chain, wish->chain_len);
    bundle.ca_url = acme_identity_ca(order->identity)->url;
    bundle.profile = order->spec->profile;
    bundle.order_url = acme_issue_order_url(order->issue);
    bundle.obtained = now_of(order);
    rv = acme_runner_outcome_done(&order->staged, order->job, order->work,
                                  order->spec, order->names, &bundle, &problem,
                                  order->p, order->ptemp);
    if (rv == APR_SUCCESS) {
        acme_identity_proved(order->identity);
    }
    if (rv == APR_SUCCESS && order->staged.fingerprint) {
        order->ticket = acme_flush_want(&order->work->flush);
        order->state = STAGED;
        return;
    }
    if (rv == APR_SUCCESS) {
        end(order);
        return;
    }
    if (strcmp(problem.type, ACME_PROBLEM_CERTIFICATE) == 0) {
        give_up(order);
    }
    fail(order, &problem, ACME_FAILURE_OWN);
}

/* Begins anew with what is left; not while it could go on for ever. */
static void start_over(acme_runner_order_t *order)
{
    order->issue = NULL;
    order->since = now_of(order);
    order->state = ACCOUNT;
}

static void issue_failed(acme_runner_order_t *order,
                         const acme_problem_t *failure)
{
    acme_problem_t *problem = acme_problem_dup(failure, order->p);
    int resumable = acme_issue_resumable(order->issue);

    if (acme_issue_stale(order->issue) && !order->renewed) {
        order->renewed = 1;
        drop(order, "the CA has given it up");
        start_over(order);
        return;
    }
    if (acme_account_is_gone(problem)
        || (!acme_issue_order_url(order->issue) && problem->status == 403
            && acme_problem_is(problem, "unauthorized"))) {
        if (!resumable) {
            drop(order, "the CA refuses the account");
        }
        if (acme_identity_lost(order->identity, order->epoch, problem)) {
            start_over(order);
            return;
        }
    }
    else if (!resumable) {
        drop(order, "it has failed");
    }
    if (acme_problem_is(problem, "badCSR")
        || acme_problem_is(problem, "badPublicKey")) {
        acme_runner_key_discard(order->work, order->spec, order->ptemp);
    }
    fail(order, problem, ACME_FAILURE_OWN);
}

/* Whether what was put is on disk. Where it cannot be, the order is over. */
static int is_flushed(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = acme_flush_rv(&order->work->flush, order->ticket,
                                    &problem, order->ptemp);

    if (rv == APR_SUCCESS) {
        order->ticket = 0;
        return 1;
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        fail(order, &problem, ACME_FAILURE_OWN);
    }
    return 0;
}

static int step_staged(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!is_flushed(order)) {
        return order->state == OVER;
    }
    if (acme_runner_outcome_staged(order->job, order->work, &order->staged,
                                   &problem, order->ptemp)
        == APR_SUCCESS) {
        end(order);
    }
    else {
        fail(order, &problem, ACME_FAILURE_OWN);
    }
    return 1;
}

/* Nonzero: there is more to do at once; zero: at *again. */
static int step_issue(acme_runner_order_t *order, apr_time_t *again)
{
    acme_client_t *client = acme_identity_client(order->identity);
    const acme_wish_t *wish = acme_issue_wish(order->issue);
    apr_time_t now = now_of(order);
    int turned_back = now < order->seen;

    order->seen = now;
    *again = ACME_SCHEDULE_NEVER;
    switch (wish->type) {
    case ACME_WISH_POST:
        /* The CA is told nothing of a key that could still be lost. */
        if (order->ticket && !is_flushed(order)) {
            return order->state == OVER;
        }
        order->busy = 1;
        acme_client_post(client, wish->url, wish->payload, wish->repeatable,
                         answered, order);
        return 0;
    case ACME_WISH_PRESENT:
    case ACME_WISH_CLEANUP:
        solve(order, wish);
        return 1;
    case ACME_WISH_WAIT:
        if (wish->until > now && !turned_back) {
            *again = wish->until;
            return 0;
        }
        acme_issue_woken(order->issue, now);
        save_progress(order);
        return 1;
    case ACME_WISH_DONE:
        finish(order, wish);
        return 1;
    case ACME_WISH_FAILED:
        issue_failed(order, wish->problem);
        return 1;
    }
    return 0;
}

void acme_runner_order_by_age(acme_runner_order_t *order)
{
    order->by_age = 1;
}

void acme_runner_order_reuse(acme_runner_order_t *order, const char *key_hash)
{
    order->reuse = apr_pstrdup(order->p, key_hash);
}

/* The CA has been heard of. Root is told what its clock says. Returns nonzero
 * when the order is not to be made. */
static int check_clock(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_interval_time_t off;
    const char *doubt;

    if (!acme_client_clock(acme_identity_client(order->identity), &off)) {
        return 0;
    }
    acme_ca_date_heard(order->work, off, order->ptemp);
    doubt = order->by_age ? acme_ca_date_doubt(off, order->ptemp) : NULL;
    if (!doubt) {
        return 0;
    }
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_CONFIG, order->ptemp, "%s", doubt);
    problem.to_fix = "set the clock of this machine (timedatectl set-ntp true)";
    adopt_spec(order);
    fail(order, &problem, ACME_FAILURE_OWN);
    return 1;
}

/* Until the CA can be used. */
static int step_account(acme_runner_order_t *order)
{
    const acme_problem_t *problem;
    apr_status_t rv;

    rv = acme_identity_ready(order->identity, order->since, &problem);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return 0;
    }
    if (rv == APR_SUCCESS) {
        if (!check_clock(order)) {
            order->state = KEY;
        }
    }
    else {
        adopt_spec(order);
        fail(order, problem,
             acme_identity_report(order->identity) ? ACME_FAILURE_FIRST
                                                   : ACME_FAILURE_SHARED);
    }
    return 1;
}

static int step_key(acme_runner_order_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;

    if (order->spec->csr) {
        order->csr = order->spec->csr;
        adopt_spec(order);
    }
    else if (!order->key) {
        rv = acme_runner_key(&order->key, &order->key_pem, &order->key_made,
                             order->work, order->spec, order->reuse, &problem,
                             order->p);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            return 0;
        }
        adopt_spec(order);
        if (rv == APR_SUCCESS) {
            order->ticket = acme_flush_want(&order->work->flush);
            rv = acme_csr_create(&order->csr, order->key, order->names,
                                 order->spec->must_staple, &problem, order->p);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = begin_issue(order, &problem);
    }
    if (rv != APR_SUCCESS) {
        fail(order, &problem, ACME_FAILURE_OWN);
    }
    return 1;
}

apr_time_t acme_runner_order_step(acme_runner_order_t *order)
{
    apr_time_t again = ACME_SCHEDULE_NEVER;
    int more = 1;

    while (more && !order->busy && order->state != OVER
           && order->work->state == ACME_WORK_ON) {
        apr_pool_clear(order->ptemp);
        switch (order->state) {
        case ACCOUNT:
            more = step_account(order);
            break;
        case KEY:
            more = step_key(order);
            break;
        case ISSUE:
            more = step_issue(order, &again);
            break;
        case STAGED:
            more = step_staged(order);
            break;
        case OVER:
            more = 0;
            break;
        }
    }
    return again;
}
