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

int acme_ca_account_lost_may_register(const acme_ca_account_t *ca_account,
                                      acme_problem_t *problem, apr_pool_t *p)
{
    const acme_account_record_t *record = ca_account->record;
    apr_time_t now = acme_time_now(ca_account->work->clock);
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

void acme_ca_account_lost_registered(acme_ca_account_t *ca_account)
{
    acme_account_record_t *record = ca_account->record;

    if (record->gone) {
        ++record->lost;
        record->lost_at = acme_time_now(ca_account->work->clock);
    }
    record->gone = 0;
    record->refused = 0;
}

static void forget_url(acme_ca_account_t *ca_account)
{
    acme_log(ca_account->work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0333) "%s: the CA does not know the account %s, "
                            "registering again with the same key",
             ca_account->ca->label,
             ca_account->record->url ? ca_account->record->url : "");
    ca_account->record->url = NULL;
    ca_account->record->gone = 1;
    ca_account->record->refused = 0;
    acme_ca_account_note(ca_account);
    acme_client_identify(ca_account->client, ca_account->signer, NULL);
}

int acme_ca_account_lost(acme_ca_account_t *ca_account, unsigned int epoch,
                         const acme_problem_t *problem)
{
    int is_first = ca_account->epoch == 0;

    if (epoch < ca_account->epoch) {
        return 1;
    }
    if (acme_problem_is(problem, "accountDoesNotExist")) {
        forget_url(ca_account);
    }
    else {
        ca_account->suspect = 1;
    }
    /* Nobody can go on without one, so that whoever comes next makes it, or
     * hears when it may be made. */
    if (is_first || !ca_account->record->url) {
        ++ca_account->epoch;
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
    }
    return is_first;
}

void acme_ca_account_lost_refused(acme_ca_account_t *ca_account)
{
    acme_account_record_t *record = ca_account->record;

    if (record->refused) {
        return;
    }
    record->refused = acme_time_now(ca_account->work->clock);
    acme_ca_account_note(ca_account);
    acme_log(ca_account->work->log, ACME_LOG_ERR, 0,
             ACME_TAG(0828) "%s: the CA has deactivated the account %s; no "
                            "other one is made by itself; what to do: acmectl "
                            "account recover, then acmectl renew",
             ca_account->ca->label, record->url ? record->url : "");
}

static void checked(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    acme_ca_account_t *ca_account = baton;

    if (APR_STATUS_IS_EINTR(rv)) {
        acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_NEW);
        return;
    }
    if (rv == APR_SUCCESS) {
        ca_account->record->url = apr_pstrdup(ca_account->p, url);
        ca_account->record->refused = 0;
        ca_account->record->gone = 0;
        acme_ca_account_note(ca_account);
        acme_client_identify(ca_account->client, ca_account->signer,
                             ca_account->record->url);
    }
    else if (acme_problem_is(problem, "accountDoesNotExist")) {
        forget_url(ca_account);
    }
    else {
        if (acme_account_is_closed(problem)) {
            acme_ca_account_lost_refused(ca_account);
        }
        acme_ca_account_fail(ca_account, problem);
        return;
    }
    ca_account->suspect = 0;
    acme_ca_account_go_on(ca_account);
}

void acme_ca_account_lost_check(acme_ca_account_t *ca_account)
{
    acme_ca_account_enter(ca_account, ACME_CA_ACCOUNT_CHECKING);
    acme_account_change_find(ca_account->client, ca_account->signer, checked,
                             ca_account);
}

void acme_ca_account_lost_proved(acme_ca_account_t *ca_account)
{
    acme_account_record_t *record = ca_account->record;

    if (record && record->lost > 0) {
        record->lost = 0;
        record->lost_at = 0;
        acme_ca_account_note(ca_account);
    }
}

int acme_ca_account_lost_is_closed(const acme_ca_account_t *ca_account)
{
    const acme_account_record_t *record = ca_account->record;

    return record && (record->deactivated || record->refused);
}
