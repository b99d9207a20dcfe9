/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account_change.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_account_change.h"
#include "acme_ca_account_private.h"

typedef struct acme_ca_account_t acme_ca_account_t;

static const char *label(const acme_ca_account_t *ca_account)
{
    return ca_account->ca->label;
}

/* Its other names have what it has. */
static void save_all(acme_ca_account_t *ca_account)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    acme_ca_account_note(ca_account);
    if (ca_account->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, ca_account->p);
    if (acme_account_record_spread(ca_account->record, ca_account->work->vault,
                                   ca_account->name, &problem, p)
        != APR_SUCCESS) {
        acme_log(ca_account->work->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0820) "%s: what became of the account cannot be "
                                "stored under its other name: %s",
                 label(ca_account), acme_problem_text(&problem, p));
    }
    apr_pool_destroy(p);
}

/* ---- contacts ---- */

static void updated(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;
    apr_pool_t *p;

    (void)url;
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
        return;
    }
    ca_account->told = 1;
    if (rv == APR_SUCCESS) {
        ca_account->record->contact = ca_account->ca->contact;
        acme_ca_account_note(ca_account);
        acme_log(ca_account->work->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0822) "%s: the account's contact is %s now",
                 label(ca_account),
                 ca_account->ca->contact ? ca_account->ca->contact : "none");
    }
    else {
        /* Certificates do not wait for it. */
        apr_pool_create(&p, ca_account->p);
        acme_log(ca_account->work->log, ACME_LOG_WARNING, problem->rv,
                 ACME_TAG(0823) "%s: the CA did not take the new contact %s, "
                                "and is told again later: %s",
                 label(ca_account),
                 ca_account->ca->contact ? ca_account->ca->contact : "(none)",
                 acme_problem_text(problem, p));
        apr_pool_destroy(p);
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
}

void acme_ca_account_change_settle(acme_ca_account_t *ca_account)
{
    const apr_array_header_t *caa =
        acme_client_directory_get(ca_account->client)->caa;
    apr_array_header_t *contacts;
    apr_pool_t *p;

    if (ca_account->work->state == ACME_WORKER_CTX_ON && caa->nelts > 0
        && !ca_account->record->caa) {
        ca_account->record->caa = caa;
        acme_ca_account_note(ca_account);
    }
    if (ca_account->told || ca_account->work->state != ACME_WORKER_CTX_ON
        || acme_ca_account_adopt_same(ca_account->record->contact,
                                      ca_account->ca->contact)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
        return;
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_UPDATING);
    apr_pool_create(&p, ca_account->p);
    contacts = apr_array_make(p, 1, sizeof(const char *));
    if (ca_account->ca->contact) {
        APR_ARRAY_PUSH(contacts, const char *) = ca_account->ca->contact;
    }
    acme_account_change_update(ca_account->client, contacts, updated,
                               ca_account);
    apr_pool_destroy(p);
}

/* ---- which of two keys? ---- */

static void use_next(acme_ca_account_t *ca_account)
{
    ca_account->record->key = ca_account->record->next_key;
    ca_account->record->next_key = NULL;
    ca_account->signer = ca_account->next_signer;
    ca_account->next_signer = NULL;
    save_all(ca_account);
    acme_client_identify(ca_account->client, ca_account->signer,
                         ca_account->record->url);
    acme_log(ca_account->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0824) "%s: the account %s has a new key",
             label(ca_account), ca_account->record->url);
}

static void drop_next(acme_ca_account_t *ca_account)
{
    ca_account->record->next_key = NULL;
    ca_account->next_signer = NULL;
    acme_ca_account_note(ca_account);
}

static void resolved(void *baton, apr_status_t rv, const char *url,
                     const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv == APR_SUCCESS) {
        ca_account->record->url = apr_pstrdup(ca_account->p, url);
        use_next(ca_account);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        drop_next(ca_account);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(ca_account);
        }
        acme_ca_account_fail(ca_account, problem);
        return;
    }
    acme_ca_account_go_on(ca_account);
}

void acme_ca_account_change_resolve(acme_ca_account_t *ca_account)
{
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_RESOLVING);
    acme_account_change_find(ca_account->client, ca_account->next_signer,
                             resolved, ca_account);
}

/* ---- what acmectl asks for ---- */

static void done(acme_ca_account_t *ca_account, apr_status_t rv,
                 const char *url, const acme_problem_t *problem)
{
    ca_account->done(ca_account->done_baton, rv, url, problem);
}

/* Nobody knows whether the CA has done it, and it is not asked now. */
static int is_unknown(apr_status_t rv, const acme_problem_t *problem)
{
    return APR_STATUS_IS_EINTR(rv) || problem->status < 400
           || problem->status == 429 || problem->status >= 500
           || !acme_problem_type_acme(problem->type);
}

/* The CA refused it: perhaps since it was done, and sent again on another
 * connection when the first one broke. */
static void rolled_all_the_same(void *baton, apr_status_t rv, const char *url,
                                const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    if (rv == APR_SUCCESS) {
        ca_account->record->url = apr_pstrdup(ca_account->p, url);
        use_next(ca_account);
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
        done(ca_account, APR_SUCCESS, ca_account->record->url, NULL);
        return;
    }
    if (!APR_STATUS_IS_EINTR(rv)
        && acme_problem_is(problem, "accountDoesNotExist")) {
        drop_next(ca_account);
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
    }
    else {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    }
    if (APR_STATUS_IS_EINTR(rv)) {
        done(ca_account, rv, NULL, NULL);
    }
    else {
        done(ca_account, APR_EGENERAL, NULL, ca_account->why);
    }
}

static void rolled(acme_ca_account_t *ca_account, apr_status_t rv,
                   const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        use_next(ca_account);
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_READY);
        done(ca_account, rv, ca_account->record->url, NULL);
    }
    else if (is_unknown(rv, problem)
             || ca_account->work->state != ACME_WORKER_CTX_ON) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
        done(ca_account, rv, NULL, problem);
    }
    else {
        ca_account->why = acme_problem_dup(problem, ca_account->p);
        acme_account_change_find(ca_account->client, ca_account->next_signer,
                                 rolled_all_the_same, ca_account);
    }
}

static void deactivated(acme_ca_account_t *ca_account)
{
    ca_account->record->deactivated = acme_time_now(ca_account->work->clock);
    save_all(ca_account);
    acme_log(ca_account->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0825) "%s: the account %s is deactivated; nothing is "
                            "ordered there until acmectl account recover",
             label(ca_account), ca_account->record->url);
}

static apr_status_t forget(acme_ca_account_t *ca_account,
                           acme_problem_t *problem, apr_pool_t *p);

/* The CA has said twice that it is closed: nothing is lost with its key. */
static void recover_closed(acme_ca_account_t *ca_account,
                           const acme_problem_t *problem)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    int known = ca_account->record->refused != 0;
    apr_status_t rv;
    apr_pool_t *p;

    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    acme_ca_account_lost_refused(ca_account);
    if (!known) {
        done(ca_account, APR_EACCES, NULL, problem);
        return;
    }
    apr_pool_create(&p, ca_account->p);
    rv = forget(ca_account, &unsaved, p);
    done(ca_account, rv, NULL, rv == APR_SUCCESS ? NULL : &unsaved);
    apr_pool_destroy(p);
}

static void recovered(void *baton, apr_status_t rv, const char *url,
                      const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;
    acme_account_record_t *record = ca_account->record;

    if (rv == APR_SUCCESS) {
        record->url = apr_pstrdup(ca_account->p, url);
        record->refused = 0;
        record->gone = 0;
        record->lost = 0;
        record->lost_at = 0;
        if (ca_account->with_next) {
            use_next(ca_account);
        }
        else {
            acme_ca_account_note(ca_account);
        }
        acme_client_identify(ca_account->client, ca_account->signer,
                             record->url);
    }
    else if (!APR_STATUS_IS_EINTR(rv) && acme_account_is_closed(problem)) {
        recover_closed(ca_account, problem);
        return;
    }
    else if (ca_account->with_next && !APR_STATUS_IS_EINTR(rv)
             && acme_problem_is(problem, "accountDoesNotExist")
             && ca_account->work->state == ACME_WORKER_CTX_ON) {
        drop_next(ca_account);
        ca_account->with_next = 0;
        acme_account_change_find(ca_account->client, ca_account->signer,
                                 recovered, ca_account);
        return;
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    done(ca_account, rv, rv == APR_SUCCESS ? record->url : NULL, problem);
}

/* It was refused: perhaps since a worker that was killed has done it. */
static void looked_into(void *baton, apr_status_t rv, const char *url,
                        const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    (void)url;
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    if (APR_STATUS_IS_EINTR(rv)) {
        done(ca_account, rv, NULL, NULL);
    }
    else if (rv != APR_SUCCESS && acme_account_is_closed(problem)) {
        deactivated(ca_account);
        done(ca_account, APR_SUCCESS, ca_account->record->url, NULL);
    }
    else {
        done(ca_account, APR_EGENERAL, NULL, ca_account->why);
    }
}

/* Nonzero: it is being looked into. */
static int look_into(acme_ca_account_t *ca_account, apr_status_t rv,
                     const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS || APR_STATUS_IS_EINTR(rv)
        || !acme_problem_is(problem, "unauthorized")
        || ca_account->work->state != ACME_WORKER_CTX_ON) {
        return 0;
    }
    ca_account->why = acme_problem_dup(problem, ca_account->p);
    acme_account_change_find(ca_account->client, ca_account->signer,
                             looked_into, ca_account);
    return 1;
}

static void changed(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    (void)url;
    if (ca_account->change == ACME_CA_ACCOUNT_ROLLOVER) {
        rolled(ca_account, rv, problem);
        return;
    }
    if (look_into(ca_account, rv, problem)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        deactivated(ca_account);
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    done(ca_account, rv, rv == APR_SUCCESS ? ca_account->record->url : NULL,
         problem);
}

static apr_status_t forget(acme_ca_account_t *ca_account,
                           acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = acme_account_record_delete(ca_account->work->vault,
                                                 ca_account->name, problem, p);

    if (rv == APR_SUCCESS) {
        ca_account->record = NULL;
        ca_account->signer = NULL;
        acme_client_identify(ca_account->client, NULL, NULL);
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    }
    return rv;
}

/* Goes by what the store has: nothing may have been loaded yet. */
static apr_status_t recover(acme_ca_account_t *ca_account, int *over,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!ca_account->record) {
        rv = acme_account_record_load(&ca_account->record,
                                      ca_account->work->vault, ca_account->name,
                                      problem, ca_account->p);
        if (rv != APR_SUCCESS) {
            return acme_problem_set(problem, rv, ACME_RETRY_PERMANENT,
                                    ACME_PROBLEM_STORE, p,
                                    "there is no account to be recovered; the "
                                    "next order makes one");
        }
    }
    if (ca_account->record->deactivated) {
        *over = 1;
        return forget(ca_account, problem, p);
    }
    rv = acme_ca_account_sign(ca_account, problem);
    if (rv == APR_SUCCESS) {
        ca_account->with_next = ca_account->next_signer != NULL;
        acme_account_change_find(ca_account->client,
                                 ca_account->with_next ? ca_account->next_signer
                                                       : ca_account->signer,
                                 recovered, ca_account);
    }
    return rv;
}

/* One that is closed already has nothing left to be told. */
static void end_account(acme_ca_account_t *ca_account, int *over)
{
    if (!ca_account->record->deactivated && !ca_account->record->refused) {
        acme_account_change_deactivate(ca_account->client, changed, ca_account);
        return;
    }
    if (!ca_account->record->deactivated) {
        deactivated(ca_account);
    }
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    *over = 1;
}

static apr_status_t roll_over(acme_ca_account_t *ca_account,
                              acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record = ca_account->record;
    apr_status_t rv;

    if (!acme_client_directory_get(ca_account->client)->key_change) {
        return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_PROTOCOL, p,
                                "%s has no way to change an account's key "
                                "(keyChange)",
                                label(ca_account));
    }
    rv = acme_key_generate(&record->next_key, &kind, NULL, NULL, problem,
                           ca_account->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_save(ca_account, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_sign(ca_account, problem);
    }
    if (rv != APR_SUCCESS) {
        /* The CA has not heard of it. */
        record->next_key = NULL;
        return rv;
    }
    acme_account_change_rollover(ca_account->client, ca_account->next_signer,
                                 changed, ca_account);
    return APR_SUCCESS;
}

void acme_ca_account_change(acme_ca_account_t *ca_account,
                            acme_ca_account_change_e change,
                            acme_ca_account_done_fn *fn, void *baton)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ca_account_state_e before = ca_account->state;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;
    int over = 0;

    ca_account->change = change;
    ca_account->done = fn;
    ca_account->done_baton = baton;
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_CHANGING);
    apr_pool_create(&p, ca_account->p);
    switch (change) {
    case ACME_CA_ACCOUNT_RECOVER:
        rv = recover(ca_account, &over, &problem, p);
        break;
    case ACME_CA_ACCOUNT_ROLLOVER:
        rv = roll_over(ca_account, &problem, p);
        break;
    case ACME_CA_ACCOUNT_DEACTIVATE:
        end_account(ca_account, &over);
        break;
    }
    if (rv != APR_SUCCESS) {
        acme_ca_account_enter(ca_account, before);
        done(ca_account, rv, NULL, &problem);
    }
    else if (over) {
        done(ca_account, APR_SUCCESS, NULL, NULL);
    }
    apr_pool_destroy(p);
}
