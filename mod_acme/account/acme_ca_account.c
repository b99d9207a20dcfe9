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
    acme_ca_account_t *identity = apr_pcalloc(p, sizeof(*identity));

    identity->work = work;
    identity->ca = ca;
    identity->name = acme_ca_account_name(ca, p);
    identity->p = p;
    apr_pool_create(&identity->pproblem, p);
    identity->client =
        acme_client_create(ca->url, work->http, work->clock, work->log, p);
    acme_client_trust(identity->client, ca->ca_file);
    acme_client_route(identity->client, ca->proxy, ca->proxy_ca_file);
    return identity;
}

void acme_ca_account_succeeds(acme_ca_account_t *identity,
                              acme_ca_account_used_fn *used, void *baton)
{
    identity->used = used;
    identity->used_baton = baton;
}

void acme_ca_account_enter(acme_ca_account_t *identity,
                           acme_ca_account_state_e state)
{
    identity->state = state;
    identity->work->moved = 1;
}

void acme_ca_account_fail(acme_ca_account_t *identity,
                          const acme_problem_t *problem)
{
    acme_problem_t *copy;
    apr_pool_t *old = identity->pproblem;

    /* The new one may have been made from the old one's strings. */
    apr_pool_create(&identity->pproblem, identity->p);
    copy = acme_problem_dup(problem, identity->pproblem);
    if (!copy->activity) {
        copy->activity = "preparing the account";
    }
    apr_pool_destroy(old);
    identity->problem = copy;
    identity->failed_at = acme_time_now(identity->work->clock);
    identity->reported = 0;
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_DOWN);
}

apr_status_t acme_ca_account_save(acme_ca_account_t *identity,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    return acme_account_record_save(identity->record, identity->work->vault,
                                    identity->name, problem, p);
}

void acme_ca_account_note(acme_ca_account_t *identity)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    if (identity->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, identity->p);
    if (acme_ca_account_save(identity, &unsaved, p) != APR_SUCCESS) {
        acme_log(identity->work->log, ACME_LOG_WARNING, unsaved.rv,
                 ACME_TAG(0331) "%s: what is new of the account cannot be "
                                "stored, the CA will be asked again: %s",
                 identity->ca->label, acme_problem_text(&unsaved, p));
    }
    apr_pool_destroy(p);
}

/* A record without a usable key is none. */
static apr_status_t load(acme_ca_account_t *identity, acme_problem_t *problem,
                         apr_pool_t *p)
{
    apr_status_t rv =
        acme_account_record_load(&identity->record, identity->work->vault,
                                 identity->name, problem, identity->p);

    if (rv == ACME_STORE_DAMAGED) {
        acme_log(identity->work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0330) "%s: the stored account key is damaged, "
                                "registering with a new one",
                 identity->ca->label);
        return APR_ENOENT;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_ca_account_adopt(identity, problem, p);
    }
    return rv;
}

apr_status_t acme_ca_account_load(acme_ca_account_t *identity,
                                  acme_account_record_t **record)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;
    apr_status_t rv = APR_SUCCESS;

    if (!identity->record) {
        apr_pool_create(&p, identity->p);
        rv = load(identity, &problem, p);
        apr_pool_destroy(p);
    }
    *record = identity->record;
    return rv;
}

static apr_status_t create_key(acme_ca_account_t *identity,
                               acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record =
        apr_pcalloc(identity->p, sizeof(*identity->record));
    apr_status_t rv;

    rv = acme_key_generate(&record->key, &kind, NULL, NULL, problem,
                           identity->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    record->ca = identity->ca->url;
    record->contact = identity->ca->contact;
    record->eab_kid = identity->ca->eab ? identity->ca->eab->key.kid : NULL;
    record->created = acme_time_now(identity->work->clock);
    identity->record = record;
    rv = acme_ca_account_save(identity, problem, p);
    if (rv != APR_SUCCESS) {
        /* One that the store does not have must never reach the CA. */
        identity->record = NULL;
    }
    return rv;
}

static apr_status_t sign_with(acme_jws_signer_t **signer, const acme_key_t *key,
                              const acme_ca_account_t *identity,
                              acme_problem_t *problem)
{
    if (*signer || !key) {
        return APR_SUCCESS;
    }
    return acme_jws_signer_create(signer, key, problem, identity->p);
}

apr_status_t acme_ca_account_sign(acme_ca_account_t *identity,
                                  acme_problem_t *problem)
{
    const acme_account_record_t *record = identity->record;
    apr_status_t rv;

    rv = sign_with(&identity->signer, record->key, identity, problem);
    if (rv == APR_SUCCESS) {
        rv = sign_with(&identity->next_signer, record->next_key, identity,
                       problem);
    }
    if (rv == APR_SUCCESS) {
        acme_client_identify(identity->client, identity->signer, record->url);
    }
    return rv;
}

static apr_status_t prepare(acme_ca_account_t *identity,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!identity->record) {
        rv = load(identity, problem, p);
        if (APR_STATUS_IS_ENOENT(rv)) {
            rv = create_key(identity, problem, p);
        }
    }
    if (rv == APR_SUCCESS && identity->record->deactivated) {
        rv = acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                              ACME_PROBLEM_CONFIG, p,
                              "the account at %s was deactivated by acmectl",
                              identity->ca->label);
        problem->to_fix = "to have another one made: acmectl account recover, "
                          "then acmectl renew";
    }
    if (rv == APR_SUCCESS
        && !acme_ca_account_lost_may_register(identity, problem, p)) {
        rv = APR_ENOENT;
    }
    return rv == APR_SUCCESS ? acme_ca_account_sign(identity, problem) : rv;
}

static void registered(void *baton, apr_status_t rv, const char *url,
                       const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv != APR_SUCCESS) {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(identity);
        }
        acme_ca_account_fail(identity, problem);
        return;
    }
    acme_ca_account_lost_registered(identity);
    identity->record->url = apr_pstrdup(identity->p, url);
    identity->record->contact = identity->ca->contact;
    identity->record->caa = acme_client_directory_get(identity->client)->caa;
    acme_ca_account_note(identity);
    acme_log(identity->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0332) "%s: the account is %s", identity->ca->label, url);
    acme_client_identify(identity->client, identity->signer,
                         identity->record->url);
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
}

static void ensure(acme_ca_account_t *identity)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_account_request_t request;
    apr_pool_t *p;

    apr_pool_create(&p, identity->p);
    if (!acme_ca_account_lost_may_register(identity, &problem, p)) {
        acme_ca_account_fail(identity, &problem);
        apr_pool_destroy(p);
        return;
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_REGISTERING);
    request.contacts = apr_array_make(p, 1, sizeof(const char *));
    if (identity->ca->contact) {
        APR_ARRAY_PUSH((apr_array_header_t *)request.contacts, const char *) =
            identity->ca->contact;
    }
    request.agreed = identity->ca->agreed;
    request.eab = NULL;
    if (identity->ca->eab
        && (!identity->ca->eab_if_required
            || acme_client_directory_get(identity->client)->account_required)) {
        request.eab = &identity->ca->eab->key;
    }
    acme_account_ensure(identity->client, &request, registered, identity);
    apr_pool_destroy(p);
}

void acme_ca_account_go_on(acme_ca_account_t *identity)
{
    const acme_account_record_t *record = identity->record;

    if (identity->work->state != ACME_WORKER_CTX_ON) {
        acme_ca_account_enter(identity, record->url ? ACME_CA_ACCOUNT_READY
                                                    : ACME_CA_ACCOUNT_NEW);
    }
    else if (record->next_key) {
        acme_ca_account_change_resolve(identity);
    }
    else if (identity->suspect || record->refused) {
        acme_ca_account_lost_check(identity);
    }
    else if (!record->url) {
        ensure(identity);
    }
    else {
        acme_ca_account_change_settle(identity);
    }
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    (void)answer;
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    }
    else if (rv != APR_SUCCESS) {
        acme_ca_account_fail(identity, problem);
    }
    else {
        acme_ca_account_go_on(identity);
    }
}

static void begin(acme_ca_account_t *identity)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_eab_t *eab = identity->ca->eab;
    apr_pool_t *p;
    apr_status_t rv;

    if (eab && eab->problem) {
        acme_ca_account_fail(identity, eab->problem);
        return;
    }
    apr_pool_create(&p, identity->p);
    rv = prepare(identity, &problem, p);
    if (rv == APR_SUCCESS) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_OPENING);
        acme_client_directory_open(identity->client, opened, identity);
    }
    else {
        acme_ca_account_fail(identity, &problem);
    }
    apr_pool_destroy(p);
}

apr_status_t acme_ca_account_ready(acme_ca_account_t *identity,
                                   apr_time_t since,
                                   const acme_problem_t **problem)
{
    if (identity->state == ACME_CA_ACCOUNT_NEW
        || (identity->state == ACME_CA_ACCOUNT_DOWN
            && since > identity->failed_at)) {
        begin(identity);
    }
    if (identity->state == ACME_CA_ACCOUNT_READY) {
        return APR_SUCCESS;
    }
    if (identity->state == ACME_CA_ACCOUNT_DOWN) {
        *problem = identity->problem;
        return APR_EGENERAL;
    }
    return APR_EAGAIN;
}

acme_client_t *acme_ca_account_client(const acme_ca_account_t *identity)
{
    return identity->client;
}

const acme_ca_spec_t *acme_ca_account_ca(const acme_ca_account_t *identity)
{
    return identity->ca;
}

unsigned int acme_ca_account_epoch(const acme_ca_account_t *identity)
{
    return identity->epoch;
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

int acme_ca_account_report(acme_ca_account_t *identity)
{
    if (identity->reported) {
        return 0;
    }
    identity->reported = 1;
    return 1;
}
