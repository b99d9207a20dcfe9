/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_ca_account_private.h"

const char *acme_ca_account_name(const acme_ca_spec_t *ca, apr_pool_t *p)
{
    return acme_jws_sha256_hex(
        apr_pstrcat(p, ca->url, "\n", ca->contact ? ca->contact : "",
                    ca->eab ? "\n" : "", acme_eab_name(ca->eab, p), NULL),
        p);
}

acme_ca_account_t *acme_ca_account_create(acme_worker_ctx_t *work,
                                          const acme_ca_spec_t *ca,
                                          apr_pool_t *p)
{
    acme_ca_account_t *ca_account = apr_pcalloc(p, sizeof(*ca_account));

    ca_account->work = work;
    ca_account->ca = ca;
    ca_account->name = acme_ca_account_name(ca, p);
    ca_account->p = p;
    apr_pool_create(&ca_account->pproblem, p);
    ca_account->client =
        acme_client_create(ca->url, work->http, work->clock, work->log, p);
    acme_client_trust(ca_account->client, ca->ca_file);
    acme_client_route(ca_account->client, ca->proxy, ca->proxy_ca_file);
    return ca_account;
}

void acme_ca_account_succeeds(acme_ca_account_t *ca_account,
                              acme_ca_account_used_fn *used, void *baton)
{
    ca_account->used = used;
    ca_account->used_baton = baton;
}

void acme_ca_account_enter(acme_ca_account_t *ca_account,
                           acme_ca_account_state_e state)
{
    ca_account->state = state;
    ca_account->work->moved = 1;
}

void acme_ca_account_fail(acme_ca_account_t *ca_account,
                          const acme_problem_t *problem)
{
    acme_problem_t *copy;
    apr_pool_t *old = ca_account->pproblem;

    /* The new one may have been made from the old one's strings. */
    apr_pool_create(&ca_account->pproblem, ca_account->p);
    copy = acme_problem_dup(problem, ca_account->pproblem);
    if (!copy->activity) {
        copy->activity = "preparing the account";
    }
    apr_pool_destroy(old);
    ca_account->problem = copy;
    ca_account->failed_at = acme_time_now(ca_account->work->clock);
    ca_account->reported = 0;
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_DOWN);
}

apr_status_t acme_ca_account_save(acme_ca_account_t *ca_account,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    return acme_account_record_save(ca_account->record, ca_account->work->vault,
                                    ca_account->name, problem, p);
}

void acme_ca_account_note(acme_ca_account_t *ca_account)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    if (ca_account->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, ca_account->p);
    if (acme_ca_account_save(ca_account, &unsaved, p) != APR_SUCCESS) {
        acme_log(ca_account->work->log, ACME_LOG_WARNING, unsaved.rv,
                 ACME_TAG(0331) "%s: what is new of the account cannot be "
                                "stored, the CA will be asked again: %s",
                 ca_account->ca->label, acme_problem_text(&unsaved, p));
    }
    apr_pool_destroy(p);
}

/* A record without a usable key is none. */
static apr_status_t load(acme_ca_account_t *ca_account, acme_problem_t *problem,
                         apr_pool_t *p)
{
    apr_status_t rv =
        acme_account_record_load(&ca_account->record, ca_account->work->vault,
                                 ca_account->name, problem, ca_account->p);

    if (rv == ACME_STORE_DAMAGED) {
        acme_log(ca_account->work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0330) "%s: the stored account key is damaged, "
                                "registering with a new one",
                 ca_account->ca->label);
        return APR_ENOENT;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_ca_account_adopt(ca_account, problem, p);
    }
    return rv;
}

apr_status_t acme_ca_account_load(acme_ca_account_t *ca_account,
                                  acme_account_record_t **record)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;
    apr_status_t rv = APR_SUCCESS;

    if (!ca_account->record) {
        apr_pool_create(&p, ca_account->p);
        rv = load(ca_account, &problem, p);
        apr_pool_destroy(p);
    }
    *record = ca_account->record;
    return rv;
}

static apr_status_t create_key(acme_ca_account_t *ca_account,
                               acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record =
        apr_pcalloc(ca_account->p, sizeof(*ca_account->record));
    apr_status_t rv;

    rv = acme_key_generate(&record->key, &kind, NULL, NULL, problem,
                           ca_account->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    record->ca = ca_account->ca->url;
    record->contact = ca_account->ca->contact;
    record->eab_kid = ca_account->ca->eab ? ca_account->ca->eab->key.kid : NULL;
    record->created = acme_time_now(ca_account->work->clock);
    ca_account->record = record;
    rv = acme_ca_account_save(ca_account, problem, p);
    if (rv != APR_SUCCESS) {
        /* One that the store does not have must never reach the CA. */
        ca_account->record = NULL;
    }
    return rv;
}

static apr_status_t sign_with(acme_jws_signer_t **signer, const acme_key_t *key,
                              const acme_ca_account_t *ca_account,
                              acme_problem_t *problem)
{
    if (*signer || !key) {
        return APR_SUCCESS;
    }
    return acme_jws_signer_create(signer, key, problem, ca_account->p);
}

apr_status_t acme_ca_account_sign(acme_ca_account_t *ca_account,
                                  acme_problem_t *problem)
{
    const acme_account_record_t *record = ca_account->record;
    apr_status_t rv;

    rv = sign_with(&ca_account->signer, record->key, ca_account, problem);
    if (rv == APR_SUCCESS) {
        rv = sign_with(&ca_account->next_signer, record->next_key, ca_account,
                       problem);
    }
    if (rv == APR_SUCCESS) {
        acme_client_identify(ca_account->client, ca_account->signer,
                             record->url);
    }
    return rv;
}

static apr_status_t prepare(acme_ca_account_t *ca_account,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!ca_account->record) {
        rv = load(ca_account, problem, p);
        if (APR_STATUS_IS_ENOENT(rv)) {
            rv = create_key(ca_account, problem, p);
        }
    }
    if (rv == APR_SUCCESS && ca_account->record->deactivated) {
        rv = acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                              ACME_PROBLEM_CONFIG, p,
                              "the account at %s was deactivated by acmectl",
                              ca_account->ca->label);
        problem->to_fix = "to have another one made: acmectl account recover, "
                          "then acmectl renew";
    }
    if (rv == APR_SUCCESS
        && !acme_ca_account_lost_may_register(ca_account, problem, p)) {
        rv = APR_ENOENT;
    }
    return rv == APR_SUCCESS ? acme_ca_account_sign(ca_account, problem) : rv;
}

static void registered(void *baton, apr_status_t rv, const char *url,
                       const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv != APR_SUCCESS) {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(ca_account);
        }
        acme_ca_account_fail(ca_account, problem);
        return;
    }
    acme_ca_account_lost_registered(ca_account);
    ca_account->record->url = apr_pstrdup(ca_account->p, url);
    ca_account->record->contact = ca_account->ca->contact;
    ca_account->record->caa =
        acme_client_directory_get(ca_account->client)->caa;
    acme_ca_account_note(ca_account);
    acme_log(ca_account->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0332) "%s: the account is %s", ca_account->ca->label,
             url);
    acme_client_identify(ca_account->client, ca_account->signer,
                         ca_account->record->url);
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
}

static void ensure(acme_ca_account_t *ca_account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_account_request_t request;
    apr_pool_t *p;

    apr_pool_create(&p, ca_account->p);
    if (!acme_ca_account_lost_may_register(ca_account, &problem, p)) {
        acme_ca_account_fail(ca_account, &problem);
        apr_pool_destroy(p);
        return;
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_REGISTERING);
    request.contacts = apr_array_make(p, 1, sizeof(const char *));
    if (ca_account->ca->contact) {
        APR_ARRAY_PUSH((apr_array_header_t *)request.contacts, const char *) =
            ca_account->ca->contact;
    }
    request.agreed = ca_account->ca->agreed;
    request.eab = NULL;
    if (ca_account->ca->eab
        && (!ca_account->ca->eab_if_required
            || acme_client_directory_get(ca_account->client)
                   ->account_required)) {
        request.eab = &ca_account->ca->eab->key;
    }
    acme_account_ensure(ca_account->client, &request, registered, ca_account);
    apr_pool_destroy(p);
}

void acme_ca_account_go_on(acme_ca_account_t *ca_account)
{
    const acme_account_record_t *record = ca_account->record;

    if (ca_account->work->state != ACME_WORKER_CTX_ON) {
        acme_ca_account_enter(ca_account, record->url ? ACME_CA_ACCOUNT_READY
                                                      : ACME_CA_ACCOUNT_NEW);
    }
    else if (record->next_key) {
        acme_ca_account_change_resolve(ca_account);
    }
    else if (ca_account->suspect || record->refused) {
        acme_ca_account_lost_check(ca_account);
    }
    else if (!record->url) {
        ensure(ca_account);
    }
    else {
        acme_ca_account_change_settle(ca_account);
    }
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    (void)answer;
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    }
    else if (rv != APR_SUCCESS) {
        acme_ca_account_fail(ca_account, problem);
    }
    else {
        acme_ca_account_go_on(ca_account);
    }
}

static void begin(acme_ca_account_t *ca_account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_eab_t *eab = ca_account->ca->eab;
    apr_pool_t *p;
    apr_status_t rv;

    if (eab && eab->problem) {
        acme_ca_account_fail(ca_account, eab->problem);
        return;
    }
    apr_pool_create(&p, ca_account->p);
    rv = prepare(ca_account, &problem, p);
    if (rv == APR_SUCCESS) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_OPENING);
        acme_client_directory_open(ca_account->client, opened, ca_account);
    }
    else {
        acme_ca_account_fail(ca_account, &problem);
    }
    apr_pool_destroy(p);
}

apr_status_t acme_ca_account_ready(acme_ca_account_t *ca_account,
                                   apr_time_t since,
                                   const acme_problem_t **problem)
{
    if (ca_account->state == ACME_CA_ACCOUNT_NEW
        || (ca_account->state == ACME_CA_ACCOUNT_DOWN
            && since > ca_account->failed_at)) {
        begin(ca_account);
    }
    if (ca_account->state == ACME_CA_ACCOUNT_READY) {
        return APR_SUCCESS;
    }
    if (ca_account->state == ACME_CA_ACCOUNT_DOWN) {
        *problem = ca_account->problem;
        return APR_EGENERAL;
    }
    return APR_EAGAIN;
}

acme_client_t *acme_ca_account_client(const acme_ca_account_t *ca_account)
{
    return ca_account->client;
}

const acme_ca_spec_t *acme_ca_account_ca(const acme_ca_account_t *ca_account)
{
    return ca_account->ca;
}

unsigned int acme_ca_account_epoch(const acme_ca_account_t *ca_account)
{
    return ca_account->epoch;
}

apr_status_t acme_ca_account_keep(acme_worker_ctx_t *work, const char *name,
                                  const acme_json_t *record,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *text = acme_json_print(record, 0, ptemp);
    const char *pem, *ca;
    acme_key_t *key;
    apr_status_t rv;

    if (acme_json_get_str(&pem, record, "key") != APR_SUCCESS
        || acme_json_get_str(&ca, record, "ca") != APR_SUCCESS) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_STORE, ptemp,
                                "the account has no key or no CA");
    }
    rv = acme_key_from_pem(&key, pem, strlen(pem), problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_vault_put(NULL, work->vault, ACME_STORE_ACCOUNTS, name, text,
                            strlen(text), ACME_STORE_ABSENT, ACME_STORE_SYNC,
                            problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0362) "%s: an imported account is used there", ca);
    }
    return rv;
}

int acme_ca_account_report(acme_ca_account_t *ca_account)
{
    if (ca_account->reported) {
        return 0;
    }
    ca_account->reported = 1;
    return 1;
}
