/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_obtain.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_key_choice.h"
#include "acme_key_hash.h"
#include "acme_obtain_key.h"
#include "acme_obtain_private.h"
#include "acme_schedule.h"
#include "acme_solver.h"
#include "acme_text.h"

/* Before the first poll, where the CA names no time: many are done at once,
 * and the time doubles for those that are not. */
#define POLL_FIRST apr_time_from_msec(50)

/* An order whose progress cannot be saved is finished all the same: what is
 * lost with this process, or with the power, costs another order at worst. */
static apr_status_t save(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    if (order->work->state == ACME_WORKER_CTX_LOST) {
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
static int is_worth_saving(const acme_obtain_t *order, const char *url)
{
    const acme_issue_action_t *action = acme_issue_action(order->issue);

    return action->type == ACME_ACTION_FAILED
           || (action->type == ACME_ACTION_PRESENT
               && !acme_solver_sweeps(action->challenge->type))
           || !url || !order->saved_url || strcmp(url, order->saved_url) != 0;
}

/* After each transition: the snapshot, and what is worth a note. */
static void save_progress(acme_obtain_t *order)
{
    unsigned int generation = acme_issue_revision(order->issue);
    const char *url = acme_issue_url(order->issue);

    if (url) {
        order->made = 1;
        order->replaced = acme_issue_replaces(order->issue);
    }
    if (generation == order->saved || !is_worth_saving(order, url)) {
        return;
    }
    if (url && (!order->saved_url || strcmp(url, order->saved_url) != 0)) {
        order->saved_url = apr_pstrdup(order->p, url);
        acme_job_note(order->job, acme_obtain_now(order), "order-created", "%s",
                      url);
    }
    order->saved = generation;
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
                            order->work->log, acme_obtain_now(order), &problem,
                            order->p);
    if (rv != APR_SUCCESS) {
        acme_obtain_drop(order, acme_problem_text(&problem, order->ptemp));
        return 0;
    }
    url = acme_issue_url(order->issue);
    if (url) {
        order->saved_url = apr_pstrdup(order->p, url);
    }
    acme_job_note(order->job, acme_obtain_now(order), "order-resumed", NULL);
    acme_log(order->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0352) "%s: going on with its order %s", order->spec->name,
             url ? url : "");
    return 1;
}

/* The profile, where the CA offers it: else it is done without, or not at
 * all. */
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
    acme_log(order->work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0805) "%s: %s has no profile %s, ordering without one; "
                            "it has: %s",
             spec->name, acme_ca_account_ca(order->ca_account)->label,
             spec->profile, offered);
    return APR_SUCCESS;
}

apr_status_t acme_obtain_begin(acme_obtain_t *order, acme_problem_t *problem)
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
        acme_obtain_drop(order, "it belongs to an account that is gone");
    }
    order->kid = apr_pstrdup(order->p, acme_client_kid(client));
    config->name = order->spec->name;
    config->new_order_url = acme_client_directory_get(client)->new_order;
    config->names = order->names;
    config->challenge_types = order->spec->challenge_types;
    config->csr = order->csr;
    config->preferred_chain = order->spec->preferred_chain;
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
    order->issue = acme_issue_create(config, order->work->log,
                                     acme_obtain_now(order), order->p);
    order->saved = acme_issue_revision(order->issue);
    acme_job_note(order->job, acme_obtain_now(order), "order-started", "%s",
                  order->reason);
    acme_log(order->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0353) "%s: ordering a certificate from %s: %s",
             order->spec->name, acme_ca_account_ca(order->ca_account)->label,
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
    acme_obtain_t *order = baton;

    order->busy = 0;
    order->work->moved = 1;
    if (order->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_clear(order->ptemp);
    acme_issue_answer(order->issue, rv, answer, problem,
                      acme_obtain_now(order));
    save_progress(order);
}

static void solve(acme_obtain_t *order, const acme_issue_action_t *action)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_challenge_t *challenge = action->challenge;
    apr_status_t rv;

    if (action->type == ACME_ACTION_PRESENT) {
        rv =
            acme_solver_present(order->work->vault, challenge,
                                acme_obtain_now(order), &problem, order->ptemp);
        if (rv == APR_SUCCESS) {
            acme_job_note(order->job, acme_obtain_now(order),
                          "challenge-presented", "%s for %s", challenge->type,
                          challenge->identifier);
        }
    }
    else {
        rv = acme_solver_cleanup(order->work->vault, challenge, &problem,
                                 order->ptemp);
    }
    acme_issue_solved(order->issue, rv, rv == APR_SUCCESS ? NULL : &problem,
                      acme_obtain_now(order));
    save_progress(order);
}

/* Neither order nor key is worth another try. */
static void give_up(acme_obtain_t *order)
{
    acme_obtain_drop(order, "its certificate is of no use");
    acme_obtain_key_discard(order->work, order->spec, order->ptemp);
}

/* Since the order was begun: one that is used again is in use meanwhile. */
static int is_compromised(const acme_obtain_t *order)
{
    return order->key
           && acme_blocklist_has_key(order->work->revoked,
                                     acme_key_hash(order->key, order->ptemp));
}

static void finish(acme_obtain_t *order, const acme_issue_action_t *action)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t bundle = {0};
    apr_status_t rv;

    if (is_compromised(order)) {
        acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_CERTIFICATE, order->ptemp,
                         "the certificate came, but its key was compromised "
                         "meanwhile");
        give_up(order);
        acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
        return;
    }
    bundle.name = order->spec->name;
    bundle.key_pem = order->key_pem;
    bundle.key = order->key;
    bundle.chain_pem =
        apr_pstrmemdup(order->ptemp, action->chain, action->chain_len);
    bundle.ca_url = acme_ca_account_ca(order->ca_account)->url;
    bundle.profile = order->spec->profile;
    bundle.order_url = acme_issue_url(order->issue);
    bundle.obtained = acme_obtain_now(order);
    rv = acme_obtain_result_done(&order->staged, order->job, order->work,
                                 order->spec, order->names, &bundle, &problem,
                                 order->p, order->ptemp);
    if (rv == APR_SUCCESS) {
        acme_ca_account_lost_proved(order->ca_account);
    }
    if (rv == APR_SUCCESS && order->staged.fingerprint) {
        order->ticket = acme_flush_want(&order->work->flush);
        order->state = ACME_OBTAIN_STAGED;
        return;
    }
    if (rv == APR_SUCCESS) {
        acme_obtain_end(order);
        return;
    }
    if (strcmp(problem.type, ACME_PROBLEM_CERTIFICATE) == 0) {
        give_up(order);
    }
    acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
}

/* Begins anew with what is left; not while it could go on for ever. */
static void start_over(acme_obtain_t *order)
{
    order->issue = NULL;
    order->made = 0;
    order->since = acme_obtain_now(order);
    order->state = ACME_OBTAIN_ACCOUNT;
}

/* The next order is for another key. One that was used again may be all that
 * the CA minds; a new one of the same kind is refused as well. */
static void refuse_key(acme_obtain_t *order, acme_problem_t *problem)
{
    acme_obtain_key_discard(order->work, order->spec, order->ptemp);
    if (!order->again || !order->key || !order->live_key
        || strcmp(acme_key_hash(order->key, order->ptemp), order->live_key)
               != 0) {
        return;
    }
    problem->retry = ACME_RETRY_BACKOFF;
    acme_log(order->work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0853) "%s: the CA refuses an order for the key that was "
                            "to be used again (ACMEKeyReuse), the next one is "
                            "for a new key",
             order->spec->name);
}

static void issue_failed(acme_obtain_t *order, const acme_problem_t *failure)
{
    acme_problem_t *problem = acme_problem_dup(failure, order->p);
    int resumable = acme_issue_resumable(order->issue);

    if (acme_issue_stale(order->issue) && !order->renewed) {
        order->renewed = 1;
        acme_obtain_drop(order, "the CA has given it up");
        start_over(order);
        return;
    }
    if (acme_account_is_gone(problem)
        || (!acme_issue_url(order->issue) && problem->status == 403
            && acme_problem_is(problem, "unauthorized"))) {
        if (!resumable) {
            acme_obtain_drop(order, "the CA refuses the account");
        }
        if (acme_ca_account_lost(order->ca_account, order->epoch, problem)) {
            start_over(order);
            return;
        }
    }
    else if (!resumable) {
        acme_obtain_drop(order, "it has failed");
    }
    if (acme_key_choice_is_refused(problem)) {
        refuse_key(order, problem);
    }
    acme_obtain_fail(order, problem, ACME_OBTAIN_FAILURE_OWN);
}

/* Whether what was put is on disk. Where it cannot be, the order is over. */
static int is_flushed(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = acme_flush_rv(&order->work->flush, order->ticket,
                                    &problem, order->ptemp);

    if (rv == APR_SUCCESS) {
        order->ticket = 0;
        return 1;
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 0;
}

int acme_obtain_issue_step_staged(acme_obtain_t *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!is_flushed(order)) {
        return order->state == ACME_OBTAIN_OVER;
    }
    if (acme_obtain_result_staged(order->job, order->work, &order->staged,
                                  &problem, order->ptemp)
        == APR_SUCCESS) {
        acme_obtain_end(order);
    }
    else {
        acme_obtain_fail(order, &problem, ACME_OBTAIN_FAILURE_OWN);
    }
    return 1;
}

int acme_obtain_issue_step(acme_obtain_t *order, apr_time_t *again)
{
    acme_client_t *client = acme_ca_account_client(order->ca_account);
    const acme_issue_action_t *action = acme_issue_action(order->issue);
    apr_time_t now = acme_obtain_now(order);
    int turned_back = now < order->seen;

    order->seen = now;
    *again = ACME_SCHEDULE_NEVER;
    switch (action->type) {
    case ACME_ACTION_POST:
        /* The CA is told nothing of a key that could still be lost. */
        if (order->ticket && !is_flushed(order)) {
            return order->state == ACME_OBTAIN_OVER;
        }
        order->busy = 1;
        acme_client_post(client, action->url, action->payload,
                         action->repeatable, answered, order);
        return 0;
    case ACME_ACTION_PRESENT:
    case ACME_ACTION_CLEANUP:
        solve(order, action);
        return 1;
    case ACME_ACTION_WAIT:
        if (action->until > now && !turned_back) {
            *again = action->until;
            return 0;
        }
        acme_issue_timer(order->issue, now);
        save_progress(order);
        return 1;
    case ACME_ACTION_DONE:
        finish(order, action);
        return 1;
    case ACME_ACTION_FAILED:
        issue_failed(order, action->problem);
        return 1;
    }
    return 0;
}
