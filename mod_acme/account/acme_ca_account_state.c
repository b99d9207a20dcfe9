/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account_private.h"

static void record_failure(acme_ca_account_t *account,
                           const acme_problem_t *problem)
{
    acme_problem_t *copy;
    apr_pool_t *old = account->pproblem;

    /* The old pool goes last because the new problem may have been made from
     * the old one's strings. */
    apr_pool_create(&account->pproblem, account->p);
    copy = acme_problem_dup(problem, account->pproblem);
    if (!copy->activity) {
        copy->activity = "preparing the account";
    }
    apr_pool_destroy(old);
    account->problem = copy;
    account->failed_at = acme_time_now(account->ctx->clock);
    account->reported = 0;
}

/* Returns zero when the table does not allow the move: that is the account's
 * failure. */
static int may_enter(acme_ca_account_t *account, acme_ca_account_state_e state)
{
    const acme_ca_account_state_t *from = &account->states[account->state];
    const acme_ca_account_state_t *to = &account->states[state];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    if (from->successors & (1u << state)) {
        return 1;
    }
    apr_pool_create(&p, account->p);
    acme_problem_set(
        &problem, APR_EGENERAL, ACME_RETRY_INTERNAL, ACME_PROBLEM_PROTOCOL, p,
        "%s may not follow %s in an account", to->name, from->name);
    acme_log(account->ctx->log, ACME_LOG_ERR, 0,
             ACME_TAG(0334) "%s: %s may not follow %s, the account is given "
                            "up for now",
             account->ca->label, to->name, from->name);
    record_failure(account, &problem);
    apr_pool_destroy(p);
    return 0;
}

void acme_ca_account_state_enter(acme_ca_account_t *account,
                                 acme_ca_account_state_e state)
{
    int allowed = may_enter(account, state);

    if (!allowed) {
        state = ACME_CA_ACCOUNT_STATE_DOWN;
    }
    acme_log(account->ctx->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0335) "%s: account: %s -> %s", account->ca->label,
             account->states[account->state].name, account->states[state].name);
    account->state = state;
    account->ctx->moved = 1;
    if (!allowed) {
        acme_ca_account_state_end_change(account, APR_EGENERAL, NULL,
                                         account->problem);
    }
    else if (account->states[state].plan) {
        account->states[state].plan(account);
    }
}

void acme_ca_account_state_fail(acme_ca_account_t *account,
                                const acme_problem_t *problem)
{
    record_failure(account, problem);
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_DOWN);
}

acme_ca_account_request_t *
acme_ca_account_state_request(acme_ca_account_t *account)
{
    acme_ca_account_request_t *request = &account->requests[account->state];

    request->account = account;
    request->state = account->state;
    return request;
}

void acme_ca_account_state_answered(void *baton, apr_status_t rv,
                                    const char *url,
                                    const acme_problem_t *problem)
{
    const acme_ca_account_request_t *request = baton;
    acme_ca_account_t *account = request->account;

    if (account->state != request->state) {
        acme_log(account->ctx->log, ACME_LOG_DEBUG, 0,
                 ACME_TAG(0336) "%s: account: an answer to %s is ignored in %s",
                 account->ca->label, account->states[request->state].name,
                 account->states[account->state].name);
        return;
    }
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
        acme_ca_account_state_end_change(account, rv, NULL, problem);
        return;
    }
    account->states[account->state].answer(account, rv, url, problem);
}

void acme_ca_account_state_end_change(acme_ca_account_t *account,
                                      apr_status_t rv, const char *url,
                                      const acme_problem_t *problem)
{
    acme_ca_account_done_fn *done = account->done;

    if (done) {
        account->done = NULL;
        done(account->done_baton, rv, url, problem);
    }
}

apr_status_t acme_ca_account_state_save(acme_ca_account_t *account,
                                        acme_problem_t *problem, apr_pool_t *p)
{
    return acme_account_record_save(account->record, account->ctx->vault,
                                    account->name, problem, p);
}

void acme_ca_account_state_note(acme_ca_account_t *account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    if (account->ctx->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, account->p);
    if (acme_ca_account_state_save(account, &problem, p) != APR_SUCCESS) {
        acme_log(account->ctx->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0331) "%s: the changed account cannot be stored, so "
                                "the CA is asked again: %s",
                 account->ca->label, acme_problem_text(&problem, p));
    }
    apr_pool_destroy(p);
}

void acme_ca_account_state_spread(acme_ca_account_t *account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    acme_ca_account_state_note(account);
    if (account->ctx->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, account->p);
    if (acme_account_record_spread(account->record, account->ctx->vault,
                                   account->name, &problem, p)
        != APR_SUCCESS) {
        acme_log(account->ctx->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0820) "%s: the account cannot be stored under its "
                                "other name: %s",
                 account->ca->label, acme_problem_text(&problem, p));
    }
    apr_pool_destroy(p);
}

static apr_status_t sign_with(acme_jws_signer_t **signer, const acme_key_t *key,
                              const acme_ca_account_t *account,
                              acme_problem_t *problem)
{
    if (*signer || !key) {
        return APR_SUCCESS;
    }
    return acme_jws_signer_create(signer, key, problem, account->p);
}

apr_status_t acme_ca_account_state_sign(acme_ca_account_t *account,
                                        acme_problem_t *problem)
{
    const acme_account_record_t *record = account->record;
    apr_status_t rv;

    rv = sign_with(&account->signer, record->key, account, problem);
    if (rv == APR_SUCCESS) {
        rv = sign_with(&account->next_signer, record->next_key, account,
                       problem);
    }
    if (rv == APR_SUCCESS) {
        acme_client_identify(account->client, account->signer, record->url);
    }
    return rv;
}

void acme_ca_account_state_use_next_key(acme_ca_account_t *account)
{
    account->record->key = account->record->next_key;
    account->record->next_key = NULL;
    account->signer = account->next_signer;
    account->next_signer = NULL;
    acme_ca_account_state_spread(account);
    acme_client_identify(account->client, account->signer,
                         account->record->url);
    acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0824) "%s: the account %s has a new key",
             account->ca->label, account->record->url);
}

void acme_ca_account_state_drop_next_key(acme_ca_account_t *account)
{
    account->record->next_key = NULL;
    account->next_signer = NULL;
    acme_ca_account_state_note(account);
}

void acme_ca_account_state_refused(acme_ca_account_t *account)
{
    acme_account_record_t *record = account->record;

    if (record->refused) {
        return;
    }
    record->refused = acme_time_now(account->ctx->clock);
    acme_ca_account_state_note(account);
    acme_log(account->ctx->log, ACME_LOG_ERR, 0,
             ACME_TAG(0828) "%s: the CA has deactivated the account %s; no "
                            "other one is made by itself; what to do: acmectl "
                            "account recover, then acmectl renew",
             account->ca->label, record->url ? record->url : "");
}
