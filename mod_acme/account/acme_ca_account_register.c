/* SPDX-License-Identifier: Apache-2.0 */

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_account_change.h"
#include "acme_ca_account_private.h"
#include "acme_str.h"

/* ---- an account that the CA does not know ---- */

/* Returns how long to wait before the account is registered once more: 1, 10
 * and 100 minutes, then a day, because doing it over and over helps nobody. */
static apr_interval_time_t wait_of(const acme_account_record_t *record)
{
    apr_interval_time_t wait = ACME_TIME_MINUTE;
    int i;

    for (i = 1; i < record->lost && wait < ACME_TIME_DAY; ++i) {
        wait *= 10;
    }
    return wait < ACME_TIME_DAY ? wait : ACME_TIME_DAY;
}

/* Returns non-zero when the account may be registered now; else the problem
 * says from when on. */
static int may_register(const acme_ca_account_t *account,
                        acme_problem_t *problem, apr_pool_t *p)
{
    const acme_account_record_t *record = account->record;
    apr_time_t now = acme_time_now(account->ctx->clock);
    apr_time_t at = record->lost_at + wait_of(record);

    if (!record->gone || record->lost == 0 || now >= at
        || now < record->lost_at) {
        return 1;
    }
    acme_problem_set(problem, APR_ENOENT, ACME_RETRY_LATER,
                     ACME_PROBLEM_URN "accountDoesNotExist", p,
                     "the CA does not know the account, though it was "
                     "registered again at %s",
                     acme_time_print(record->lost_at, p));
    problem->retry_at = at;
    problem->to_fix = "nothing, unless it lasts: then ask the CA";
    return 0;
}

void acme_ca_account_register_forget_url(acme_ca_account_t *account)
{
    acme_log(account->ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0333) "%s: the CA does not know the account %s, "
                            "registering again with the same key",
             account->ca->label,
             account->record->url ? account->record->url : "");
    account->record->url = NULL;
    account->record->gone = 1;
    account->record->refused = 0;
    acme_ca_account_state_note(account);
    acme_client_identify(account->client, account->signer, NULL);
}

/* ---- NEW, DOWN ---- */

apr_status_t acme_ca_account_register_load(acme_ca_account_t *account,
                                           acme_problem_t *problem,
                                           apr_pool_t *p)
{
    apr_status_t rv =
        acme_account_record_load(&account->record, account->ctx->vault,
                                 account->name, problem, account->p);

    if (rv == ACME_STORE_DAMAGED) {
        acme_log(account->ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0330) "%s: the stored account key is damaged, "
                                "registering with a new one",
                 account->ca->label);
        return APR_ENOENT;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_ca_account_adopt(account, problem, p);
    }
    return rv;
}

static apr_status_t create_key(acme_ca_account_t *account,
                               acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record = apr_pcalloc(account->p, sizeof(*record));
    apr_status_t rv;

    rv =
        acme_key_generate(&record->key, &kind, NULL, NULL, problem, account->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    record->ca = account->ca->url;
    record->contact = account->ca->contact;
    record->eab_kid = account->ca->eab ? account->ca->eab->key.kid : NULL;
    record->created = acme_time_now(account->ctx->clock);
    account->record = record;
    rv = acme_ca_account_state_save(account, problem, p);
    if (rv != APR_SUCCESS) {
        /* Because a key that is not in the store must never reach the CA. */
        account->record = NULL;
    }
    return rv;
}

static apr_status_t prepare(acme_ca_account_t *account, acme_problem_t *problem,
                            apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!account->record) {
        rv = acme_ca_account_register_load(account, problem, p);
        if (APR_STATUS_IS_ENOENT(rv)) {
            rv = create_key(account, problem, p);
        }
    }
    if (rv == APR_SUCCESS && account->record->deactivated) {
        rv = acme_problem_set(
            problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG, p,
            "the account at %s was deactivated by acmectl", account->ca->label);
        problem->to_fix = "to have another one made: acmectl account recover, "
                          "then acmectl renew";
    }
    if (rv == APR_SUCCESS && !may_register(account, problem, p)) {
        rv = APR_ENOENT;
    }
    return rv == APR_SUCCESS ? acme_ca_account_state_sign(account, problem)
                             : rv;
}

void acme_ca_account_register_begin(acme_ca_account_t *account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_eab_t *eab = account->ca->eab;
    apr_pool_t *p;

    if (eab && eab->problem) {
        acme_ca_account_state_fail(account, eab->problem);
        return;
    }
    apr_pool_create(&p, account->p);
    if (prepare(account, &problem, p) == APR_SUCCESS) {
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_OPENING);
    }
    else {
        acme_ca_account_state_fail(account, &problem);
    }
    apr_pool_destroy(p);
}

/* ---- OPENING ---- */

/* Notes the CA's names in CAA records, once they are known. */
static void note_caa(acme_ca_account_t *account)
{
    const apr_array_header_t *caa =
        acme_client_directory_get(account->client)->caa;

    if (account->ctx->state == ACME_WORKER_CTX_ON && caa->nelts > 0
        && !account->record->caa) {
        account->record->caa = caa;
        acme_ca_account_state_note(account);
    }
}

/* Enters the first state on the way to READY that still has something to do.
 * The directory is open. */
static void go_on(acme_ca_account_t *account)
{
    const acme_account_record_t *record = account->record;
    acme_ca_account_state_e next = ACME_CA_ACCOUNT_STATE_READY;

    if (account->ctx->state != ACME_WORKER_CTX_ON) {
        next = record->url ? ACME_CA_ACCOUNT_STATE_READY
                           : ACME_CA_ACCOUNT_STATE_NEW;
    }
    else if (record->next_key) {
        next = ACME_CA_ACCOUNT_STATE_RESOLVING;
    }
    else if (account->suspect || record->refused) {
        next = ACME_CA_ACCOUNT_STATE_CHECKING;
    }
    else if (!record->url) {
        next = ACME_CA_ACCOUNT_STATE_REGISTERING;
    }
    else {
        note_caa(account);
        if (!account->told
            && !acme_str_same(record->contact, account->ca->contact)) {
            next = ACME_CA_ACCOUNT_STATE_UPDATING;
        }
    }
    acme_ca_account_state_enter(account, next);
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    (void)answer;
    acme_ca_account_state_answered(baton, rv, NULL, problem);
}

void acme_ca_account_register_plan_open(acme_ca_account_t *account)
{
    acme_client_directory_open(account->client, opened,
                               acme_ca_account_state_request(account));
}

void acme_ca_account_register_answer_open(acme_ca_account_t *account,
                                          apr_status_t rv, const char *url,
                                          const acme_problem_t *problem)
{
    (void)url;
    if (rv != APR_SUCCESS) {
        acme_ca_account_state_fail(account, problem);
        return;
    }
    go_on(account);
}

/* ---- RESOLVING ---- */

void acme_ca_account_register_plan_resolve(acme_ca_account_t *account)
{
    acme_account_change_find(account->client, account->next_signer,
                             acme_ca_account_state_answered,
                             acme_ca_account_state_request(account));
}

void acme_ca_account_register_answer_resolve(acme_ca_account_t *account,
                                             apr_status_t rv, const char *url,
                                             const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        account->record->url = apr_pstrdup(account->p, url);
        acme_ca_account_state_use_next_key(account);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        acme_ca_account_state_drop_next_key(account);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_state_refused(account);
        }
        acme_ca_account_state_fail(account, problem);
        return;
    }
    go_on(account);
}

/* ---- CHECKING ---- */

void acme_ca_account_register_plan_check(acme_ca_account_t *account)
{
    acme_account_change_find(account->client, account->signer,
                             acme_ca_account_state_answered,
                             acme_ca_account_state_request(account));
}

void acme_ca_account_register_answer_check(acme_ca_account_t *account,
                                           apr_status_t rv, const char *url,
                                           const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        account->record->url = apr_pstrdup(account->p, url);
        account->record->refused = 0;
        account->record->gone = 0;
        acme_ca_account_state_note(account);
        acme_client_identify(account->client, account->signer,
                             account->record->url);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        acme_ca_account_register_forget_url(account);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_state_refused(account);
        }
        acme_ca_account_state_fail(account, problem);
        return;
    }
    account->suspect = 0;
    go_on(account);
}

/* ---- REGISTERING ---- */

static apr_array_header_t *contacts_of(const acme_ca_account_t *account,
                                       apr_pool_t *p)
{
    apr_array_header_t *contacts = apr_array_make(p, 1, sizeof(const char *));

    if (account->ca->contact) {
        APR_ARRAY_PUSH(contacts, const char *) = account->ca->contact;
    }
    return contacts;
}

void acme_ca_account_register_plan_register(acme_ca_account_t *account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_eab_t *eab = account->ca->eab;
    acme_account_request_t request;
    apr_pool_t *p;

    apr_pool_create(&p, account->p);
    if (!may_register(account, &problem, p)) {
        acme_ca_account_state_fail(account, &problem);
        apr_pool_destroy(p);
        return;
    }
    request.contacts = contacts_of(account, p);
    request.agreed = account->ca->agreed;
    request.eab = NULL;
    if (eab
        && (!account->ca->eab_if_required
            || acme_client_directory_get(account->client)->account_required)) {
        request.eab = &eab->key;
    }
    acme_account_ensure(account->client, &request,
                        acme_ca_account_state_answered,
                        acme_ca_account_state_request(account));
    apr_pool_destroy(p);
}

void acme_ca_account_register_answer_register(acme_ca_account_t *account,
                                              apr_status_t rv, const char *url,
                                              const acme_problem_t *problem)
{
    acme_account_record_t *record = account->record;

    if (rv != APR_SUCCESS) {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_state_refused(account);
        }
        acme_ca_account_state_fail(account, problem);
        return;
    }
    if (record->gone) {
        ++record->lost;
        record->lost_at = acme_time_now(account->ctx->clock);
    }
    record->gone = 0;
    record->refused = 0;
    record->url = apr_pstrdup(account->p, url);
    record->contact = account->ca->contact;
    record->caa = acme_client_directory_get(account->client)->caa;
    acme_ca_account_state_note(account);
    acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0332) "%s: the account is %s", account->ca->label, url);
    acme_client_identify(account->client, account->signer, record->url);
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_READY);
}

/* ---- UPDATING ---- */

void acme_ca_account_register_plan_update(acme_ca_account_t *account)
{
    apr_pool_t *p;

    apr_pool_create(&p, account->p);
    acme_account_change_update(account->client, contacts_of(account, p),
                               acme_ca_account_state_answered,
                               acme_ca_account_state_request(account));
    apr_pool_destroy(p);
}

void acme_ca_account_register_answer_update(acme_ca_account_t *account,
                                            apr_status_t rv, const char *url,
                                            const acme_problem_t *problem)
{
    const char *contact = account->ca->contact;
    apr_pool_t *p;

    (void)url;
    account->told = 1;
    if (rv == APR_SUCCESS) {
        account->record->contact = contact;
        acme_ca_account_state_note(account);
        acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0822) "%s: the account's contact is %s now",
                 account->ca->label, contact ? contact : "none");
    }
    else {
        apr_pool_create(&p, account->p);
        acme_log(account->ctx->log, ACME_LOG_WARNING, problem->rv,
                 ACME_TAG(0823) "%s: the CA did not take the new contact %s, "
                                "and is told again later: %s",
                 account->ca->label, contact ? contact : "(none)",
                 acme_problem_text(problem, p));
        apr_pool_destroy(p);
    }
    /* READY in both cases, because certificates do not wait for a contact. */
    acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_READY);
}
