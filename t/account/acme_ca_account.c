/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account.h"
#include "account_world.h"

static void ca_and_contact_make_the_name(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t a = {.url = "https://a.test/dir", .label = "a", .agreed = 1};
    acme_ca_spec_t b = a;

    assert_string_equal(acme_ca_account_name(&a, p),
                        acme_ca_account_name(&b, p));
    b.label = "other";
    b.agreed = 0;
    assert_string_equal(acme_ca_account_name(&a, p),
                        acme_ca_account_name(&b, p));
    b.contact = "mailto:x@example.org";
    assert_string_not_equal(acme_ca_account_name(&a, p),
                            acme_ca_account_name(&b, p));
    b = a;
    b.url = "https://b.test/dir";
    assert_string_not_equal(acme_ca_account_name(&a, p),
                            acme_ca_account_name(&b, p));
}

static void all_who_wait_share_a_failure_and_it_is_reported_once(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;
    apr_time_t since = w->clock->now;
    int i;

    w->ca->unreachable = 1;
    assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_ca_account_ready(account, since, &problem),
                         APR_EGENERAL);
        assert_string_equal(problem->type, ACME_PROBLEM_NETWORK);
        assert_int_equal(acme_ca_account_report(account), i == 0);
    }
    assert_int_equal(w->ca->requests, 1);
    /* a later caller starts another try */
    fake_clock_turn(w->clock, 1);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
}

static void it_is_registered_again_once_and_not_twice(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(acme_ca_account_epoch(account), 0);
    apr_hash_clear(w->ca->account_by_jwk);
    assert_true(acme_ca_account_lost(account, 0, &account_unknown));
    assert_int_equal(acme_ca_account_epoch(account), 1);
    /* another order that had the same account is told to wait */
    assert_true(acme_ca_account_lost(account, 0, &account_unknown));
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 2);
    assert_false(acme_ca_account_lost(account, 1, &account_unknown));
    assert_int_equal(w->ca->accounts, 2);
    /* the next caller gets the reason, and when it is registered again */
    assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
    assert_true(acme_problem_is(problem, "accountDoesNotExist"));
    assert_int_equal(problem->retry, ACME_RETRY_LATER);
    assert_int_equal(w->ca->accounts, 2);
}

static void while_it_lasts_one_order_asks_for_another_account(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    const acme_problem_t *problem;
    unsigned int epoch;
    int i;

    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_true(acme_ca_account_lost(account, 0, &account_unknown));
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    /* the CA is slow, and other orders use the same account meanwhile */
    fake_clock_turn(w->clock, ACME_TIME_MINUTE);
    epoch = acme_ca_account_epoch(account);
    apr_hash_clear(w->ca->account_by_jwk);
    assert_false(acme_ca_account_lost(account, epoch, &account_unknown));
    for (i = 0; i < 3; ++i) {
        assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
        assert_non_null(acme_client_kid(acme_ca_account_client(account)));
        assert_true(acme_ca_account_lost(account, epoch, &account_unknown));
    }
    assert_int_equal(w->ca->accounts, 2);
}

static void what_does_not_help_is_done_ever_more_rarely(void **state)
{
    static const apr_interval_time_t waits[] = {
        ACME_TIME_MINUTE, 10 * ACME_TIME_MINUTE, 100 * ACME_TIME_MINUTE,
        1000 * ACME_TIME_MINUTE, ACME_TIME_DAY};
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    int i, requests;

    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    apr_hash_clear(w->ca->account_by_jwk);
    assert_true(acme_ca_account_lost(account, 0, &account_unknown));
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    for (i = 0; i < 5; ++i) {
        apr_hash_clear(w->ca->account_by_jwk);
        (void)acme_ca_account_lost(account, acme_ca_account_epoch(account),
                                   &account_unknown);
        requests = w->ca->requests;
        assert_int_equal(account_restart(&account, ctx, w, &problem),
                         APR_EGENERAL);
        assert_true(acme_problem_is(problem, "accountDoesNotExist"));
        assert_int_equal(problem->retry, ACME_RETRY_LATER);
        assert_true(problem->retry_at == w->clock->now + waits[i]);
        fake_clock_turn(w->clock, waits[i] - 1);
        assert_int_equal(account_restart(&account, ctx, w, &problem),
                         APR_EGENERAL);
        assert_int_equal(w->ca->requests, requests);
        assert_int_equal(w->ca->accounts, i + 2);
        fake_clock_turn(w->clock, 1);
        assert_int_equal(account_restart(&account, ctx, w, &problem),
                         APR_SUCCESS);
        assert_int_equal(w->ca->accounts, i + 3);
    }
}

static void one_that_has_worked_since_is_registered_at_once(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    int i;

    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    for (i = 0; i < 3; ++i) {
        apr_hash_clear(w->ca->account_by_jwk);
        assert_true(acme_ca_account_lost(account, 0, &account_unknown));
        assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
        acme_ca_account_lost_proved(account);
        assert_int_equal(account_restart(&account, ctx, w, &problem),
                         APR_SUCCESS);
    }
    assert_int_equal(w->ca->accounts, 4);
}

static void
one_that_was_deactivated_is_one_error_and_no_other_account(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    int style, i, requests;

    for (style = 0; style < 2; ++style) {
        w->ca->shows_ended = style;
        w->ca_spec.contact = style ? "mailto:b@example.org" : NULL;
        assert_int_equal(account_restart(&account, ctx, w, &problem),
                         APR_SUCCESS);
        apr_hash_set(
            w->ca->ended,
            apr_psprintf(w->p, "https://ca.test/account/%d", style + 1),
            APR_HASH_KEY_STRING, "");
        assert_true(acme_ca_account_lost(account, 0, &account_refused));
        for (i = 0; i < 3; ++i) {
            assert_int_equal(account_settle(account, w, &problem),
                             APR_EGENERAL);
            assert_true(acme_account_is_closed(problem));
            assert_non_null(strstr(problem->to_fix, "acmectl account recover"));
            requests = w->ca->requests;
            account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
            assert_int_equal(account_settle(account, w, &problem),
                             APR_EGENERAL);
            /* the directory, perhaps a nonce, and the look-up */
            assert_in_range(w->ca->requests - requests, 2, 3);
        }
        assert_int_equal(w->ca->accounts, style + 1);
        assert_int_equal(world_said(w, ACME_LOG_ERR, "deactivated"), style + 1);
    }
}

static void one_that_the_ca_wants_again_goes_on(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    int lookups;

    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    apr_hash_set(w->ca->ended, "https://ca.test/account/1", APR_HASH_KEY_STRING,
                 "");
    assert_true(acme_ca_account_lost(account, 0, &account_refused));
    assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
    apr_hash_clear(w->ca->ended);
    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
    lookups = w->ca->requests;
    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    /* the directory, and nothing else */
    assert_int_equal(w->ca->requests, lookups + 1);
}

static void a_refusal_of_something_else_is_no_loss(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;

    assert_int_equal(account_restart(&account, ctx, w, &problem), APR_SUCCESS);
    assert_true(acme_ca_account_lost(account, 0, &account_refused));
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_false(acme_ca_account_lost(account, 1, &account_refused));
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 0);
}

static int orders; /* that the CA was asked for */

/* The CA forgets each account at once, and answers the second order, that of
 * another site, when the first has had a new account and lost that too. */
static void forget_accounts(world_t *w, const script_request_t *request)
{
    apr_hash_clear(w->ca->account_by_jwk);
    orders += strcmp(request->url, "https://ca.test/order") == 0;
    w->ca->delay = orders == 1 && strcmp(request->method, "HEAD") == 0
                       ? apr_time_from_sec(10)
                       : 0;
}

static void
orders_that_lose_it_one_after_the_other_wait_for_another(void **state)
{
    world_t *w = world_create(*state);
    const acme_job_t *job;

    world_add(w, "a.example");
    world_add(w, "b.example");
    orders = 0;
    w->on_request = forget_accounts;
    assert_true(world_run(w));
    assert_int_equal(orders, 3);
    assert_int_equal(w->ca->accounts, 2);
    job = world_job(w, "b.example");
    assert_true(acme_problem_is(job->problem, "accountDoesNotExist"));
    assert_int_equal(job->problem->retry, ACME_RETRY_LATER);
    w->on_request = NULL;
    world_live(w, 2 * ACME_TIME_MINUTE);
    world_assert_staged(w, "a.example");
    world_assert_staged(w, "b.example");
    assert_int_equal(w->ca->accounts, 3);
}

ACME_T_MAIN(ACME_T(ca_and_contact_make_the_name),
            ACME_T(all_who_wait_share_a_failure_and_it_is_reported_once),
            ACME_T(it_is_registered_again_once_and_not_twice),
            ACME_T(while_it_lasts_one_order_asks_for_another_account),
            ACME_T(what_does_not_help_is_done_ever_more_rarely),
            ACME_T(one_that_has_worked_since_is_registered_at_once),
            ACME_T(one_that_was_deactivated_is_one_error_and_no_other_account),
            ACME_T(one_that_the_ca_wants_again_goes_on),
            ACME_T(a_refusal_of_something_else_is_no_loss),
            ACME_T(orders_that_lose_it_one_after_the_other_wait_for_another))
