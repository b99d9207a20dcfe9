/* SPDX-License-Identifier: Apache-2.0 */

#include "account_world.h"
#include "acme_t_bundle.h"

static void it_registers_once_and_is_known_from_then_on(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    const char *kid;
    int i;

    for (i = 0; i < 3; ++i) {
        account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
        assert_int_equal(w->ca->directories, i);
        assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
        assert_int_equal(w->ca->directories, i + 1);
        assert_int_equal(w->ca->accounts, 1);
        kid = acme_client_kid(acme_ca_account_client(account));
        assert_string_equal(kid, "https://ca.test/account/1");
    }
    /* directory, nonce, newAccount; then only the directory */
    assert_int_equal(w->ca->requests, 5);
}

static void each_external_account_has_an_account_of_its_own(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_eab_t eabs[] = {
        {{"one", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS256"}, NULL, NULL, NULL},
        {{"two", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS256"}, NULL, NULL, NULL}};
    acme_ca_spec_t ca = w->ca_spec;
    int i;

    w->ca->account_required = 1;
    for (i = 0; i < 2; ++i) {
        ca.eab = &eabs[i];
        assert_int_equal(
            account_settle(acme_ca_account_create(ctx, &ca, w->p), w, &problem),
            APR_SUCCESS);
        assert_string_equal(w->ca->eab_kid, eabs[i].key.kid);
        assert_int_equal(w->ca->accounts, i + 1);
    }
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 2);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "c2Vj"), 0);
}

static void a_binding_that_cannot_be_read_orders_nothing(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_problem_t why = ACME_PROBLEM_INIT;
    acme_eab_t eab = {{NULL, NULL, NULL}, "/nowhere", &why, NULL};
    acme_ca_spec_t ca = w->ca_spec;

    acme_problem_set(&why, APR_ENOENT, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
                     w->p, "/nowhere cannot be read");
    ca.eab = &eab;
    assert_int_equal(
        account_settle(acme_ca_account_create(ctx, &ca, w->p), w, &problem),
        APR_EGENERAL);
    assert_string_equal(problem->detail, "/nowhere cannot be read");
    assert_int_equal(w->ca->requests, 0);
}

static void the_key_is_stored_before_the_ca_hears_of_it(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
    assert_string_equal(problem->type, ACME_PROBLEM_STORE);
    assert_int_equal(w->ca->requests, 0);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    fake_clock_turn(w->clock, 1);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void break_store(world_t *w, const script_request_t *request)
{
    if (strstr(request->url, "/account")) {
        acme_store_mem_break(w->mem, APR_ENOSPC);
    }
}

static void an_url_that_cannot_be_stored_is_asked_for_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    w->on_request = break_store;
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "cannot be stored, so the CA"), 1);
    w->on_request = NULL;
    acme_store_mem_break(w->mem, APR_SUCCESS);
    account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void terms_that_nobody_accepted_are_a_mistake(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;

    w->ca->terms = "https://ca.test/terms";
    w->ca_spec.agreed = 0;
    assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
    assert_int_equal(problem->retry, ACME_RETRY_CONFIG);
    assert_non_null(problem->to_fix);
    assert_int_equal(w->ca->accounts, 0);
}

static void a_record_that_is_no_use_is_replaced(void **state)
{
    static const char *const records[] = {
        "{}", "{\"key\":7}", "{\"key\":\"-----BEGIN PRIVATE KEY-----\"}", "[1]",
        "nothing at all"};
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    int i;

    for (i = 0; i < 5; ++i) {
        acme_t_put(w->vault, ACME_STORE_ACCOUNTS,
                   acme_ca_account_name(&w->ca_spec, w->p), records[i], w->p);
        assert_int_equal(
            account_settle(acme_ca_account_create(ctx, &w->ca_spec, w->p), w,
                           &problem),
            APR_SUCCESS);
        assert_int_equal(w->ca->accounts, i + 1);
    }
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "key is damaged"), 3);
}

static void a_stop_on_the_way_is_no_failure(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem;
    apr_time_t now = w->clock->now;

    assert_int_equal(acme_ca_account_ready(account, now, &problem), APR_EAGAIN);
    ctx->http->cancel(ctx->http, 1);
    assert_int_equal(ctx->http->pending(ctx->http), 0);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

ACME_T_MAIN(ACME_T(it_registers_once_and_is_known_from_then_on),
            ACME_T(each_external_account_has_an_account_of_its_own),
            ACME_T(a_binding_that_cannot_be_read_orders_nothing),
            ACME_T(the_key_is_stored_before_the_ca_hears_of_it),
            ACME_T(an_url_that_cannot_be_stored_is_asked_for_again),
            ACME_T(terms_that_nobody_accepted_are_a_mistake),
            ACME_T(a_record_that_is_no_use_is_replaced),
            ACME_T(a_stop_on_the_way_is_no_failure))
