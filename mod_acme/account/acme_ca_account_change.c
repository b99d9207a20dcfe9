/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account_change.h"

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_account_change.h"
#include "acme_ca_account_private.h"

/* Ends the change with the failure that sent the account to a *_CHECK state. */
static void end_refused(acme_ca_account_t *account)
{
    acme_ca_account_state_end_change(account, APR_EGENERAL, NULL,
                                     account->refusal);
}

static void ask_for(acme_ca_account_t *account, const acme_jws_signer_t *signer)
{
    acme_account_change_find(account->client, signer,
                             acme_ca_account_state_answered,
                             acme_ca_account_state_request(account));
}

/* ---- RECOVERING ---- */

/* Deletes the account's record, so that the next order makes another account.
 * The caller enters NEW. */
static apr_status_t forget(acme_ca_account_t *account, acme_problem_t *problem,
                           apr_pool_t *p)
{
    apr_status_t rv = acme_account_record_delete(account->ctx->vault,
                                                 account->name, problem, p);

    if (rv == APR_SUCCESS) {
        account->record = NULL;
        account->signer = NULL;
        acme_client_identify(account->client, NULL, NULL);
    }
    return rv;
}

/* Goes by the record in the store, because nothing may be loaded yet. */
static apr_status_t begin_recover(acme_ca_account_t *account,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!account->record) {
        rv = acme_account_record_load(&account->record, account->ctx->vault,
                                      account->name, problem, account->p);
        if (rv != APR_SUCCESS) {
            return acme_problem_set(problem, rv, ACME_RETRY_PERMANENT,
                                    ACME_PROBLEM_STORE, p,
                                    "there is no account to be recovered; the "
                                    "next order makes one");
        }
    }
    if (account->record->deactivated) {
        rv = forget(account, problem, p);
        if (rv == APR_SUCCESS) {
            acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
            acme_ca_account_state_end_change(account, APR_SUCCESS, NULL, NULL);
        }
        return rv;
    }
    rv = acme_ca_account_state_sign(account, problem);
    if (rv == APR_SUCCESS) {
        account->with_next = account->next_signer != NULL;
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_RECOVERING);
    }
    return rv;
}

void acme_ca_account_change_plan_recover(acme_ca_account_t *account)
{
    ask_for(account,
            account->with_next ? account->next_signer : account->signer);
}

/* Forgets the account when the CA says for the second time that it is closed,
 * because nothing is lost with its key then. */
static void recover_closed(acme_ca_account_t *account,
                           const acme_problem_t *problem)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    int known = account->record->refused != 0;
    apr_status_t rv;
    apr_pool_t *p;

    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    acme_ca_account_state_refused(account);
    if (!known) {
        acme_ca_account_state_end_change(account, APR_EACCES, NULL, problem);
        return;
    }
    apr_pool_create(&p, account->p);
    rv = forget(account, &unsaved, p);
    acme_ca_account_state_end_change(account, rv, NULL,
                                     rv == APR_SUCCESS ? NULL : &unsaved);
    apr_pool_destroy(p);
}

static void note_recovered(acme_ca_account_t *account, const char *url)
{
    acme_account_record_t *record = account->record;

    record->url = apr_pstrdup(account->p, url);
    record->refused = 0;
    record->gone = 0;
    record->lost = 0;
    record->lost_at = 0;
    if (account->with_next) {
        acme_ca_account_state_use_next_key(account);
    }
    else {
        acme_ca_account_state_note(account);
    }
    acme_client_identify(account->client, account->signer, record->url);
}

void acme_ca_account_change_answer_recover(acme_ca_account_t *account,
                                           apr_status_t rv, const char *url,
                                           const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        note_recovered(account, url);
    }
    else if (acme_account_is_closed(problem)) {
        recover_closed(account, problem);
        return;
    }
    else if (account->with_next
             && acme_problem_is(problem, "accountDoesNotExist")
             && account->ctx->state == ACME_WORKER_CTX_ON) {
        acme_ca_account_state_drop_next_key(account);
        account->with_next = 0;
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_RECOVERING);
        return;
    }
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    acme_ca_account_state_end_change(
        account, rv, rv == APR_SUCCESS ? account->record->url : NULL, problem);
}

/* ---- ROLLOVER, ROLLOVER_CHECK ---- */

static apr_status_t begin_rollover(acme_ca_account_t *account,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record = account->record;
    apr_status_t rv;

    if (!acme_client_directory_get(account->client)->key_change) {
        return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_PROTOCOL, p,
                                "%s has no way to change an account's key "
                                "(keyChange)",
                                account->ca->label);
    }
    rv = acme_key_generate(&record->next_key, &kind, NULL, NULL, problem,
                           account->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_state_save(account, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_state_sign(account, problem);
    }
    if (rv != APR_SUCCESS) {
        /* Because the CA has not heard of it. */
        record->next_key = NULL;
        return rv;
    }
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_ROLLOVER);
    return APR_SUCCESS;
}

void acme_ca_account_change_plan_rollover(acme_ca_account_t *account)
{
    acme_account_change_rollover(account->client, account->next_signer,
                                 acme_ca_account_state_answered,
                                 acme_ca_account_state_request(account));
}

/* Returns non-zero when the CA may have changed the key all the same. */
static int is_unknown(const acme_problem_t *problem)
{
    return problem->status < 400 || problem->status == 429
           || problem->status >= 500 || !acme_problem_type_acme(problem->type);
}

void acme_ca_account_change_answer_rollover(acme_ca_account_t *account,
                                            apr_status_t rv, const char *url,
                                            const acme_problem_t *problem)
{
    (void)url;
    if (rv == APR_SUCCESS) {
        acme_ca_account_state_use_next_key(account);
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_READY);
        acme_ca_account_state_end_change(account, rv, account->record->url,
                                         NULL);
    }
    else if (is_unknown(problem) || account->ctx->state != ACME_WORKER_CTX_ON) {
        /* RESOLVING finds out, because the next key stays in the record. */
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
        acme_ca_account_state_end_change(account, rv, NULL, problem);
    }
    else {
        account->refusal = acme_problem_dup(problem, account->p);
        acme_ca_account_state_enter(account,
                                    ACME_CA_ACCOUNT_STATE_ROLLOVER_CHECK);
    }
}

/* Asks because the refusal may mean that the key is changed already: the
 * request was sent again on another connection when the first one broke. */
void acme_ca_account_change_plan_rollover_check(acme_ca_account_t *account)
{
    ask_for(account, account->next_signer);
}

void acme_ca_account_change_answer_rollover_check(acme_ca_account_t *account,
                                                  apr_status_t rv,
                                                  const char *url,
                                                  const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        account->record->url = apr_pstrdup(account->p, url);
        acme_ca_account_state_use_next_key(account);
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_READY);
        acme_ca_account_state_end_change(account, APR_SUCCESS,
                                         account->record->url, NULL);
        return;
    }
    if (acme_problem_is(problem, "accountDoesNotExist")) {
        acme_ca_account_state_drop_next_key(account);
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_READY);
    }
    else {
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    }
    end_refused(account);
}

/* ---- DEACTIVATING, DEACTIVATE_CHECK ---- */

static void note_deactivated(acme_ca_account_t *account)
{
    account->record->deactivated = acme_time_now(account->ctx->clock);
    acme_ca_account_state_spread(account);
    acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0825) "%s: the account %s is deactivated; nothing is "
                            "ordered there until acmectl account recover",
             account->ca->label, account->record->url);
}

/* Tells the CA nothing when the account is closed there already. */
static void begin_deactivate(acme_ca_account_t *account)
{
    const acme_account_record_t *record = account->record;

    if (!record->deactivated && !record->refused) {
        acme_ca_account_state_enter(account,
                                    ACME_CA_ACCOUNT_STATE_DEACTIVATING);
        return;
    }
    if (!record->deactivated) {
        note_deactivated(account);
    }
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    acme_ca_account_state_end_change(account, APR_SUCCESS, NULL, NULL);
}

void acme_ca_account_change_plan_deactivate(acme_ca_account_t *account)
{
    acme_account_change_deactivate(account->client,
                                   acme_ca_account_state_answered,
                                   acme_ca_account_state_request(account));
}

void acme_ca_account_change_answer_deactivate(acme_ca_account_t *account,
                                              apr_status_t rv, const char *url,
                                              const acme_problem_t *problem)
{
    (void)url;
    if (rv != APR_SUCCESS && acme_problem_is(problem, "unauthorized")
        && account->ctx->state == ACME_WORKER_CTX_ON) {
        account->refusal = acme_problem_dup(problem, account->p);
        acme_ca_account_state_enter(account,
                                    ACME_CA_ACCOUNT_STATE_DEACTIVATE_CHECK);
        return;
    }
    if (rv == APR_SUCCESS) {
        note_deactivated(account);
    }
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    acme_ca_account_state_end_change(
        account, rv, rv == APR_SUCCESS ? account->record->url : NULL, problem);
}

/* Asks because the refusal may mean that the account is closed already, by a
 * worker that was killed before it could note that. */
void acme_ca_account_change_plan_deactivate_check(acme_ca_account_t *account)
{
    ask_for(account, account->signer);
}

void acme_ca_account_change_answer_deactivate_check(
    acme_ca_account_t *account, apr_status_t rv, const char *url,
    const acme_problem_t *problem)
{
    (void)url;
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    if (rv != APR_SUCCESS && acme_account_is_closed(problem)) {
        note_deactivated(account);
        acme_ca_account_state_end_change(account, APR_SUCCESS,
                                         account->record->url, NULL);
    }
    else {
        end_refused(account);
    }
}

/* ---- the entry ---- */

void acme_ca_account_change(acme_ca_account_t *account,
                            acme_ca_account_change_e change,
                            acme_ca_account_done_fn *done, void *baton)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    account->done = done;
    account->done_baton = baton;
    account->ctx->moved = 1;
    apr_pool_create(&p, account->p);
    switch (change) {
    case ACME_CA_ACCOUNT_RECOVER:
        rv = begin_recover(account, &problem, p);
        break;
    case ACME_CA_ACCOUNT_ROLLOVER:
        rv = begin_rollover(account, &problem, p);
        break;
    case ACME_CA_ACCOUNT_DEACTIVATE:
        begin_deactivate(account);
        break;
    }
    if (rv != APR_SUCCESS) {
        /* The state is still the one before, because begin_*() enters another
         * only when nothing can fail any more. */
        acme_ca_account_state_end_change(account, rv, NULL, &problem);
    }
    apr_pool_destroy(p);
}
