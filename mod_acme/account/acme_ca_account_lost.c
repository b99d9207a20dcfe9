/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "acme_account_change.h"
#include "acme_ca_account.h"
#include "acme_ca_account_private.h"

/* Until it is registered once more. */
static apr_interval_time_t wait_of(const acme_account_record_t *record)
{
    apr_interval_time_t wait = ACME_TIME_MINUTE;
    int i;

    for (i = 1; i < record->lost && wait < ACME_TIME_DAY; ++i) {
        wait *= 10;
    }
    return wait < ACME_TIME_DAY ? wait : ACME_TIME_DAY;
}

int acme_ca_account_lost_may_register(const acme_ca_account_t *identity,
                                      acme_problem_t *problem, apr_pool_t *p)
{
    const acme_account_record_t *record = identity->record;
    apr_time_t now = acme_time_now(identity->work->clock);
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

void acme_ca_account_lost_registered(acme_ca_account_t *identity)
{
    acme_account_record_t *record = identity->record;

    if (record->gone) {
        ++record->lost;
        record->lost_at = acme_time_now(identity->work->clock);
    }
    record->gone = 0;
    record->refused = 0;
}

static void forget_url(acme_ca_account_t *identity)
{
    acme_log(identity->work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0333) "%s: the CA does not know the account %s, "
                            "registering again with the same key",
             identity->ca->label,
             identity->record->url ? identity->record->url : "");
    identity->record->url = NULL;
    identity->record->gone = 1;
    identity->record->refused = 0;
    acme_ca_account_note(identity);
    acme_client_identify(identity->client, identity->signer, NULL);
}

int acme_ca_account_lost(acme_ca_account_t *identity, unsigned int epoch,
                         const acme_problem_t *problem)
{
    int is_first = identity->epoch == 0;

    if (epoch < identity->epoch) {
        return 1;
    }
    if (acme_problem_is(problem, "accountDoesNotExist")) {
        forget_url(identity);
    }
    else {
        identity->suspect = 1;
    }
    /* Nobody can go on without one, so that whoever comes next makes it, or
     * hears when it may be made. */
    if (is_first || !identity->record->url) {
        ++identity->epoch;
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
    }
    return is_first;
}

void acme_ca_account_lost_refused(acme_ca_account_t *identity)
{
    acme_account_record_t *record = identity->record;

    if (record->refused) {
        return;
    }
    record->refused = acme_time_now(identity->work->clock);
    acme_ca_account_note(identity);
    acme_log(identity->work->log, ACME_LOG_ERR, 0,
             ACME_TAG(0828) "%s: the CA has deactivated the account %s; no "
                            "other one is made by itself; what to do: acmectl "
                            "account recover, then acmectl renew",
             identity->ca->label, record->url ? record->url : "");
}

static void checked(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *identity = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(identity, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv == APR_SUCCESS) {
        identity->record->url = apr_pstrdup(identity->p, url);
        identity->record->refused = 0;
        identity->record->gone = 0;
        acme_ca_account_note(identity);
        acme_client_identify(identity->client, identity->signer,
                             identity->record->url);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        forget_url(identity);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(identity);
        }
        acme_ca_account_fail(identity, problem);
        return;
    }
    identity->suspect = 0;
    acme_ca_account_go_on(identity);
}

void acme_ca_account_lost_check(acme_ca_account_t *identity)
{
    acme_ca_account_enter(identity, ACME_CA_ACCOUNT_CHECKING);
    acme_account_change_find(identity->client, identity->signer, checked,
                             identity);
}

void acme_ca_account_lost_proved(acme_ca_account_t *identity)
{
    acme_account_record_t *record = identity->record;

    if (record && record->lost > 0) {
        record->lost = 0;
        record->lost_at = 0;
        acme_ca_account_note(identity);
    }
}

int acme_ca_account_lost_is_closed(const acme_ca_account_t *identity)
{
    const acme_account_record_t *record = identity->record;

    return record && (record->deactivated || record->refused);
}
