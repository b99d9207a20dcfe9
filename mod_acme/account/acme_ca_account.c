/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ca_account_private.h"

#define TO(state) (1u << ACME_CA_ACCOUNT_STATE_##state)
/* May follow each look-up on the way to READY. */
#define TO_ONWARD (TO(REGISTERING) | TO(UPDATING) | TO(READY) | TO(DOWN))

/* Every state that waits for an answer leads to NEW, because requests can be
 * cancelled. */
static const acme_ca_account_state_t states[ACME_CA_ACCOUNT_STATE_COUNT] = {
    [ACME_CA_ACCOUNT_STATE_NEW] =
        {
            "new",
            TO(NEW) | TO(OPENING) | TO(RECOVERING) | TO(DOWN),
            NULL,
            NULL,
        },
    [ACME_CA_ACCOUNT_STATE_OPENING] =
        {
            "opening",
            TO(NEW) | TO(RESOLVING) | TO(CHECKING) | TO_ONWARD,
            acme_ca_account_register_plan_open,
            acme_ca_account_register_answer_open,
        },
    [ACME_CA_ACCOUNT_STATE_RESOLVING] =
        {
            "resolving",
            TO(NEW) | TO(CHECKING) | TO_ONWARD,
            acme_ca_account_register_plan_resolve,
            acme_ca_account_register_answer_resolve,
        },
    [ACME_CA_ACCOUNT_STATE_CHECKING] =
        {
            "checking",
            TO(NEW) | TO_ONWARD,
            acme_ca_account_register_plan_check,
            acme_ca_account_register_answer_check,
        },
    [ACME_CA_ACCOUNT_STATE_REGISTERING] =
        {
            "registering",
            TO(NEW) | TO(READY) | TO(DOWN),
            acme_ca_account_register_plan_register,
            acme_ca_account_register_answer_register,
        },
    [ACME_CA_ACCOUNT_STATE_UPDATING] =
        {
            "updating",
            TO(NEW) | TO(READY),
            acme_ca_account_register_plan_update,
            acme_ca_account_register_answer_update,
        },
    [ACME_CA_ACCOUNT_STATE_RECOVERING] =
        {
            "recovering",
            TO(NEW) | TO(RECOVERING),
            acme_ca_account_change_plan_recover,
            acme_ca_account_change_answer_recover,
        },
    [ACME_CA_ACCOUNT_STATE_ROLLOVER] =
        {
            "rollover",
            TO(NEW) | TO(ROLLOVER_CHECK) | TO(READY),
            acme_ca_account_change_plan_rollover,
            acme_ca_account_change_answer_rollover,
        },
    [ACME_CA_ACCOUNT_STATE_ROLLOVER_CHECK] =
        {
            "rollover-check",
            TO(NEW) | TO(READY),
            acme_ca_account_change_plan_rollover_check,
            acme_ca_account_change_answer_rollover_check,
        },
    [ACME_CA_ACCOUNT_STATE_DEACTIVATING] =
        {
            "deactivating",
            TO(NEW) | TO(DEACTIVATE_CHECK),
            acme_ca_account_change_plan_deactivate,
            acme_ca_account_change_answer_deactivate,
        },
    [ACME_CA_ACCOUNT_STATE_DEACTIVATE_CHECK] =
        {
            "deactivate-check",
            TO(NEW),
            acme_ca_account_change_plan_deactivate_check,
            acme_ca_account_change_answer_deactivate_check,
        },
    [ACME_CA_ACCOUNT_STATE_READY] =
        {
            "ready",
            TO(NEW) | TO(RECOVERING) | TO(ROLLOVER) | TO(DEACTIVATING),
            NULL,
            NULL,
        },
    [ACME_CA_ACCOUNT_STATE_DOWN] =
        {
            "down",
            TO(NEW) | TO(OPENING) | TO(RECOVERING) | TO(DOWN),
            NULL,
            NULL,
        },
};

const char *acme_ca_account_name(const acme_ca_spec_t *ca, apr_pool_t *p)
{
    return acme_jws_sha256_hex(
        apr_pstrcat(p, ca->url, "\n", ca->contact ? ca->contact : "",
                    ca->eab ? "\n" : "", acme_eab_name(ca->eab, p), NULL),
        p);
}

acme_ca_account_t *acme_ca_account_create(acme_worker_ctx_t *ctx,
                                          const acme_ca_spec_t *ca,
                                          apr_pool_t *p)
{
    acme_ca_account_t *account = apr_pcalloc(p, sizeof(*account));

    account->states = states;
    account->state = ACME_CA_ACCOUNT_STATE_NEW;
    account->ctx = ctx;
    account->ca = ca;
    account->name = acme_ca_account_name(ca, p);
    account->p = p;
    apr_pool_create(&account->pproblem, p);
    account->client = acme_client_create(
        ca->url, acme_crash_http(&ctx->crash, ctx->http, ca->url, p),
        ctx->clock, ctx->log, p);
    acme_client_trust(account->client, ca->ca_file);
    acme_client_route(account->client, ca->proxy, ca->proxy_ca_file);
    return account;
}

void acme_ca_account_succeeds(acme_ca_account_t *account,
                              acme_ca_account_used_fn *used, void *baton)
{
    account->used = used;
    account->used_baton = baton;
}

apr_status_t acme_ca_account_ready(acme_ca_account_t *account, apr_time_t since,
                                   const acme_problem_t **problem)
{
    if (account->state == ACME_CA_ACCOUNT_STATE_NEW
        || (account->state == ACME_CA_ACCOUNT_STATE_DOWN
            && since > account->failed_at)) {
        acme_ca_account_register_begin(account);
    }
    if (account->state == ACME_CA_ACCOUNT_STATE_READY) {
        return APR_SUCCESS;
    }
    if (account->state == ACME_CA_ACCOUNT_STATE_DOWN) {
        *problem = account->problem;
        return APR_EGENERAL;
    }
    return APR_EAGAIN;
}

acme_client_t *acme_ca_account_client(const acme_ca_account_t *account)
{
    return account->client;
}

const acme_ca_spec_t *acme_ca_account_ca(const acme_ca_account_t *account)
{
    return account->ca;
}

unsigned int acme_ca_account_epoch(const acme_ca_account_t *account)
{
    return account->epoch;
}

int acme_ca_account_lost(acme_ca_account_t *account, unsigned int epoch,
                         const acme_problem_t *problem)
{
    int is_first = account->epoch == 0;

    if (epoch < account->epoch) {
        return 1;
    }
    if (acme_problem_is(problem, "accountDoesNotExist")) {
        acme_ca_account_register_forget_url(account);
    }
    else {
        account->suspect = 1;
    }
    /* Without a URL always, because no order can go on then: the next one
     * registers the account, or gets the time when it may be registered. */
    if (is_first || !account->record->url) {
        ++account->epoch;
        acme_ca_account_state_enter(account, ACME_CA_ACCOUNT_STATE_NEW);
    }
    return is_first;
}

void acme_ca_account_lost_proved(acme_ca_account_t *account)
{
    acme_account_record_t *record = account->record;

    if (record && record->lost > 0) {
        record->lost = 0;
        record->lost_at = 0;
        acme_ca_account_state_note(account);
    }
}

int acme_ca_account_lost_is_closed(const acme_ca_account_t *account)
{
    const acme_account_record_t *record = account->record;

    return record && (record->deactivated || record->refused);
}

apr_status_t acme_ca_account_load(acme_ca_account_t *account,
                                  acme_account_record_t **record)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;
    apr_status_t rv = APR_SUCCESS;

    if (!account->record) {
        apr_pool_create(&p, account->p);
        rv = acme_ca_account_register_load(account, &problem, p);
        apr_pool_destroy(p);
    }
    *record = account->record;
    return rv;
}

int acme_ca_account_report(acme_ca_account_t *account)
{
    if (account->reported) {
        return 0;
    }
    account->reported = 1;
    return 1;
}
