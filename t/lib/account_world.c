/* SPDX-License-Identifier: Apache-2.0 */

#include "account_world.h"

const acme_problem_t account_unknown = {APR_EGENERAL,
                                        400,
                                        ACME_RETRY_BACKOFF,
                                        0,
                                        ACME_PROBLEM_URN "accountDoesNotExist",
                                        "no such account",
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};
const acme_problem_t account_refused = {APR_EGENERAL,
                                        401,
                                        ACME_RETRY_BACKOFF,
                                        0,
                                        ACME_PROBLEM_URN "unauthorized",
                                        "not you",
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

acme_worker_ctx_t *account_ctx(world_t *w)
{
    acme_worker_ctx_t *ctx = apr_pcalloc(w->p, sizeof(*ctx));

    world_boot(w);
    ctx->vault = w->config.vault;
    ctx->http = w->config.http;
    ctx->clock = &w->clock->clock;
    ctx->log = &w->log;
    return ctx;
}

apr_status_t account_settle(acme_ca_account_t *account, world_t *w,
                            const acme_problem_t **problem)
{
    apr_time_t since = w->clock->now;
    apr_status_t rv;

    rv = acme_ca_account_ready(account, since, problem);
    script_http_drain(w->script);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        rv = acme_ca_account_ready(account, since, problem);
    }
    return rv;
}

apr_status_t account_restart(acme_ca_account_t **account,
                             acme_worker_ctx_t *ctx, world_t *w,
                             const acme_problem_t **problem)
{
    *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    return account_settle(*account, w, problem);
}

acme_ca_account_t *account_open(world_t *w, acme_worker_ctx_t *ctx)
{
    acme_ca_account_t *account;
    const acme_problem_t *problem;

    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    return account;
}

void account_hear(void *baton, apr_status_t rv, const char *url,
                  const acme_problem_t *problem)
{
    account_heard_t *heard = baton;

    ++heard->times;
    heard->rv = rv;
    heard->url = url;
    heard->detail = problem ? problem->detail : NULL;
}

void account_change(world_t *w, acme_ca_account_t *account,
                    acme_ca_account_change_e change, account_heard_t *heard)
{
    memset(heard, 0, sizeof(*heard));
    acme_ca_account_change(account, change, account_hear, heard);
    script_http_drain(w->script);
    assert_int_equal(heard->times, 1);
}
