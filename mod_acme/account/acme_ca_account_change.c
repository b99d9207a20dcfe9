/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account_change.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_account_change.h"
#include "acme_ca_account_private.h"

typedef struct acme_ca_account_t acme_ca_account_t;

static const char *label(const acme_ca_account_t *identity)
{
    return identity->ca->label;
}

/* Its other names have what it has. */
static void save_all(acme_ca_account_t *identity)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    acme_ca_account_note(identity);
    if (identity->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, identity->p);
    if (acme_account_record_spread(identity->record, identity->work->vault,
                                   identity->name, &problem, p)
        != APR_SUCCESS) {
        acme_log(identity->work->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0820) "%s: what became of the account cannot be "
                                "stored under its other name: %s",
                 label(identity), acme_problem_text(&problem, p));
    }
    apr_pool_destroy(p);
}

/* ---- contacts ---- */

static void updated(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;
    apr_pool_t *p;

    (void)url;
    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
        return;
    }
    identity->told = 1;
    if (rv == APR_SUCCESS) {
        identity->record->contact = identity->ca->contact;
        acme_ca_account_note(identity);
        acme_log(identity->work->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0822) "%s: the account's contact is %s now",
                 label(identity),
                 identity->ca->contact ? identity->ca->contact : "none");
    }
    else {
        /* Certificates do not wait for it. */
        apr_pool_create(&p, identity->p);
        acme_log(identity->work->log, ACME_LOG_WARNING, problem->rv,
                 ACME_TAG(0823) "%s: the CA did not take the new contact %s, "
                                "and is told again later: %s",
                 label(identity),
                 identity->ca->contact ? identity->ca->contact : "(none)",
                 acme_problem_text(problem, p));
        apr_pool_destroy(p);
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
}

void acme_ca_account_change_settle(acme_ca_account_t *identity)
{
    const apr_array_header_t *caa =
        acme_client_directory_get(identity->client)->caa;
    apr_array_header_t *contacts;
    apr_pool_t *p;

    if (identity->work->state == ACME_WORKER_CTX_ON && caa->nelts > 0
        && !identity->record->caa) {
        identity->record->caa = caa;
        acme_ca_account_note(identity);
    }
    if (identity->told || identity->work->state != ACME_WORKER_CTX_ON
        || acme_ca_account_adopt_same(identity->record->contact,
                                      identity->ca->contact)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
        return;
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_UPDATING);
    apr_pool_create(&p, identity->p);
    contacts = apr_array_make(p, 1, sizeof(const char *));
    if (identity->ca->contact) {
        APR_ARRAY_PUSH(contacts, const char *) = identity->ca->contact;
    }
    acme_account_change_update(identity->client, contacts, updated, identity);
    apr_pool_destroy(p);
}

/* ---- which of two keys? ---- */

static void use_next(acme_ca_account_t *identity)
{
    identity->record->key = identity->record->next_key;
    identity->record->next_key = NULL;
    identity->signer = identity->next_signer;
    identity->next_signer = NULL;
    save_all(identity);
    acme_client_identify(identity->client, identity->signer,
                         identity->record->url);
    acme_log(identity->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0824) "%s: the account %s has a new key", label(identity),
             identity->record->url);
}

static void drop_next(acme_ca_account_t *identity)
{
    identity->record->next_key = NULL;
    identity->next_signer = NULL;
    acme_ca_account_note(identity);
}

static void resolved(void *baton, apr_status_t rv, const char *url,
                     const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv == APR_SUCCESS) {
        identity->record->url = apr_pstrdup(identity->p, url);
        use_next(identity);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        drop_next(identity);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(identity);
        }
        acme_ca_account_fail(identity, problem);
        return;
    }
    acme_ca_account_go_on(identity);
}

void acme_ca_account_change_resolve(acme_ca_account_t *identity)
{
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_RESOLVING);
    acme_account_change_find(identity->client, identity->next_signer, resolved,
                             identity);
}

/* ---- what acmectl asks for ---- */

static void done(acme_ca_account_t *identity, apr_status_t rv, const char *url,
                 const acme_problem_t *problem)
{
    identity->done(identity->done_baton, rv, url, problem);
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
    acme_ca_account_t *identity = baton;

    if (rv == APR_SUCCESS) {
        identity->record->url = apr_pstrdup(identity->p, url);
        use_next(identity);
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
        done(identity, APR_SUCCESS, identity->record->url, NULL);
        return;
    }
    if (!APR_STATUS_IS_EINTR(rv)
        && acme_problem_is(problem, "accountDoesNotExist")) {
        drop_next(identity);
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
    }
    else {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    }
    if (APR_STATUS_IS_EINTR(rv)) {
        done(identity, rv, NULL, NULL);
    }
    else {
        done(identity, APR_EGENERAL, NULL, identity->why);
    }
}

static void rolled(acme_ca_account_t *identity, apr_status_t rv,
                   const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS) {
        use_next(identity);
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_READY);
        done(identity, rv, identity->record->url, NULL);
    }
    else if (is_unknown(rv, problem)
             || identity->work->state != ACME_WORKER_CTX_ON) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
        done(identity, rv, NULL, problem);
    }
    else {
        identity->why = acme_problem_dup(problem, identity->p);
        acme_account_change_find(identity->client, identity->next_signer,
                                 rolled_all_the_same, identity);
    }
}

static void deactivated(acme_ca_account_t *identity)
{
    identity->record->deactivated = acme_time_now(identity->work->clock);
    save_all(identity);
    acme_log(identity->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0825) "%s: the account %s is deactivated; nothing is "
                            "ordered there until acmectl account recover",
             label(identity), identity->record->url);
}

static apr_status_t forget(acme_ca_account_t *identity, acme_problem_t *problem,
                           apr_pool_t *p);

/* The CA has said twice that it is closed: nothing is lost with its key. */
static void recover_closed(acme_ca_account_t *identity,
                           const acme_problem_t *problem)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    int known = identity->record->refused != 0;
    apr_status_t rv;
    apr_pool_t *p;

    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    acme_ca_account_lost_refused(identity);
    if (!known) {
        done(identity, APR_EACCES, NULL, problem);
        return;
    }
    apr_pool_create(&p, identity->p);
    rv = forget(identity, &unsaved, p);
    done(identity, rv, NULL, rv == APR_SUCCESS ? NULL : &unsaved);
    apr_pool_destroy(p);
}

static void recovered(void *baton, apr_status_t rv, const char *url,
                      const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;
    acme_account_record_t *record = identity->record;

    if (rv == APR_SUCCESS) {
        record->url = apr_pstrdup(identity->p, url);
        record->refused = 0;
        record->gone = 0;
        record->lost = 0;
        record->lost_at = 0;
        if (identity->with_next) {
            use_next(identity);
        }
        else {
            acme_ca_account_note(identity);
        }
        acme_client_identify(identity->client, identity->signer, record->url);
    }
    else if (!APR_STATUS_IS_EINTR(rv) && acme_account_is_closed(problem)) {
        recover_closed(identity, problem);
        return;
    }
    else if (identity->with_next && !APR_STATUS_IS_EINTR(rv)
             && acme_problem_is(problem, "accountDoesNotExist")
             && identity->work->state == ACME_WORKER_CTX_ON) {
        drop_next(identity);
        identity->with_next = 0;
        acme_account_change_find(identity->client, identity->signer, recovered,
                                 identity);
        return;
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    done(identity, rv, rv == APR_SUCCESS ? record->url : NULL, problem);
}

/* It was refused: perhaps since a worker that was killed has done it. */
static void looked_into(void *baton, apr_status_t rv, const char *url,
                        const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    (void)url;
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    if (APR_STATUS_IS_EINTR(rv)) {
        done(identity, rv, NULL, NULL);
    }
    else if (rv != APR_SUCCESS && acme_account_is_closed(problem)) {
        deactivated(identity);
        done(identity, APR_SUCCESS, identity->record->url, NULL);
    }
    else {
        done(identity, APR_EGENERAL, NULL, identity->why);
    }
}

/* Nonzero: it is being looked into. */
static int look_into(acme_ca_account_t *identity, apr_status_t rv,
                     const acme_problem_t *problem)
{
    if (rv == APR_SUCCESS || APR_STATUS_IS_EINTR(rv)
        || !acme_problem_is(problem, "unauthorized")
        || identity->work->state != ACME_WORKER_CTX_ON) {
        return 0;
    }
    identity->why = acme_problem_dup(problem, identity->p);
    acme_account_change_find(identity->client, identity->signer, looked_into,
                             identity);
    return 1;
}

static void changed(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    (void)url;
    if (identity->change == ACME_CA_ACCOUNT_ROLLOVER) {
        rolled(identity, rv, problem);
        return;
    }
    if (look_into(identity, rv, problem)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        deactivated(identity);
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    done(identity, rv, rv == APR_SUCCESS ? identity->record->url : NULL,
         problem);
}

static apr_status_t forget(acme_ca_account_t *identity, acme_problem_t *problem,
                           apr_pool_t *p)
{
    apr_status_t rv = acme_account_record_delete(identity->work->vault,
                                                 identity->name, problem, p);

    if (rv == APR_SUCCESS) {
        identity->record = NULL;
        identity->signer = NULL;
        acme_client_identify(identity->client, NULL, NULL);
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    }
    return rv;
}

/* Goes by what the store has: nothing may have been loaded yet. */
static apr_status_t recover(acme_ca_account_t *identity, int *over,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (!identity->record) {
        rv = acme_account_record_load(&identity->record, identity->work->vault,
                                      identity->name, problem, identity->p);
        if (rv != APR_SUCCESS) {
            return acme_problem_set(problem, rv, ACME_RETRY_PERMANENT,
                                    ACME_PROBLEM_STORE, p,
                                    "there is no account to be recovered; the "
                                    "next order makes one");
        }
    }
    if (identity->record->deactivated) {
        *over = 1;
        return forget(identity, problem, p);
    }
    rv = acme_ca_account_sign(identity, problem);
    if (rv == APR_SUCCESS) {
        identity->with_next = identity->next_signer != NULL;
        acme_account_change_find(identity->client,
                                 identity->with_next ? identity->next_signer
                                                     : identity->signer,
                                 recovered, identity);
    }
    return rv;
}

/* One that is closed already has nothing left to be told. */
static void end_account(acme_ca_account_t *identity, int *over)
{
    if (!identity->record->deactivated && !identity->record->refused) {
        acme_account_change_deactivate(identity->client, changed, identity);
        return;
    }
    if (!identity->record->deactivated) {
        deactivated(identity);
    }
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    *over = 1;
}

static apr_status_t roll_over(acme_ca_account_t *identity,
                              acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_record_t *record = identity->record;
    apr_status_t rv;

    if (!acme_client_directory_get(identity->client)->key_change) {
        return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_PROTOCOL, p,
                                "%s has no way to change an account's key "
                                "(keyChange)",
                                label(identity));
    }
    rv = acme_key_generate(&record->next_key, &kind, NULL, NULL, problem,
                           identity->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_save(identity, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_sign(identity, problem);
    }
    if (rv != APR_SUCCESS) {
        /* The CA has not heard of it. */
        record->next_key = NULL;
        return rv;
    }
    acme_account_change_rollover(identity->client, identity->next_signer,
                                 changed, identity);
    return APR_SUCCESS;
}

void acme_ca_account_change(acme_ca_account_t *identity,
                            acme_ca_account_change_e change,
                            acme_ca_account_done_fn *fn, void *baton)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ca_account_state_e before = identity->state;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;
    int over = 0;

    identity->change = change;
    identity->done = fn;
    identity->done_baton = baton;
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_CHANGING);
    apr_pool_create(&p, identity->p);
    switch (change) {
    case ACME_CA_ACCOUNT_RECOVER:
        rv = recover(identity, &over, &problem, p);
        break;
    case ACME_CA_ACCOUNT_ROLLOVER:
        rv = roll_over(identity, &problem, p);
        break;
    case ACME_CA_ACCOUNT_DEACTIVATE:
        end_account(identity, &over);
        break;
    }
    if (rv != APR_SUCCESS) {
        acme_ca_account_enter(identity, before);
        done(identity, rv, NULL, &problem);
    }
    else if (over) {
        done(identity, APR_SUCCESS, NULL, NULL);
    }
    apr_pool_destroy(p);
}
