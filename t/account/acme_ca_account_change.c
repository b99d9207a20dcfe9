/* SPDX-License-Identifier: Apache-2.0 */

#include "account_world.h"

static const char *jwk_of(acme_ca_account_t *account)
{
    return acme_client_signer(acme_ca_account_client(account))->jwk;
}

static void the_key_can_be_changed(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    const acme_problem_t *problem;
    const char *old = jwk_of(account);
    account_heard_t heard;

    account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    assert_int_equal(w->ca->changes, 1);
    assert_string_not_equal(jwk_of(account), old);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_non_null(apr_hash_get(w->ca->account_by_jwk, jwk_of(account),
                                 APR_HASH_KEY_STRING));
    /* the new key is the stored one */
    assert_string_equal(jwk_of(account_open(w, ctx)), jwk_of(account));
    assert_int_equal(w->ca->accounts, 1);
}

static void a_change_that_is_refused_leaves_the_old_key(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    const char *old = jwk_of(account);
    account_heard_t heard;

    w->ca->refuse_changes = 1;
    account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_non_null(strstr(heard.detail, "taken"));
    assert_string_equal(jwk_of(account), old);
    assert_string_equal(jwk_of(account_open(w, ctx)), old);
}

static void a_change_that_is_refused_since_it_is_done_is_done(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    const char *old = jwk_of(account);
    account_heard_t heard;

    w->ca->repeats_changes = 1;
    account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    assert_string_not_equal(jwk_of(account), old);
    assert_string_equal(jwk_of(account_open(w, ctx)), jwk_of(account));
    assert_int_equal(w->ca->accounts, 1);
}

static void a_change_whose_answer_is_lost_is_found_out(void **state)
{
    int acted;

    for (acted = 0; acted < 2; ++acted) {
        world_t *w = world_create(*state);
        acme_worker_ctx_t *ctx = account_ctx(w);
        acme_ca_account_t *account = account_open(w, ctx);
        const char *old = jwk_of(account);
        account_heard_t heard;

        if (acted) {
            w->ca->lose_after = 1;
        }
        else {
            w->ca->unreachable = 5;
        }
        account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
        assert_int_not_equal(heard.rv, APR_SUCCESS);
        assert_int_equal(w->ca->changes, acted);
        w->ca->unreachable = 0;
        /* found out by this process, or by another one */
        account = account_open(w, ctx);
        assert_int_equal(strcmp(jwk_of(account), old) != 0, acted);
        assert_non_null(apr_hash_get(w->ca->account_by_jwk, jwk_of(account),
                                     APR_HASH_KEY_STRING));
        assert_string_equal(jwk_of(account_open(w, ctx)), jwk_of(account));
        assert_int_equal(w->ca->accounts, 1);
    }
}

static void a_new_key_is_stored_before_the_ca_hears_of_it(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    const acme_problem_t *problem;
    int requests = w->ca->requests;
    account_heard_t heard;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_int_equal(w->ca->requests, requests);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
}

static void what_was_deactivated_stays_so_until_it_is_recovered(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    const acme_problem_t *problem;
    account_heard_t heard;
    int i, requests;

    account_change(w, account, ACME_CA_ACCOUNT_DEACTIVATE, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    requests = w->ca->requests;
    for (i = 0; i < 3; ++i) {
        fake_clock_turn(w->clock, ACME_TIME_DAY);
        account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
        assert_int_equal(account_settle(account, w, &problem), APR_EGENERAL);
        assert_int_equal(problem->retry, ACME_RETRY_CONFIG);
        assert_non_null(strstr(problem->to_fix, "acmectl account recover"));
    }
    assert_int_equal(w->ca->requests, requests);
    assert_int_equal(w->ca->accounts, 1);
    account_change(w, account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_null(heard.url);
    account_open(w, ctx);
    assert_int_equal(w->ca->accounts, 2);
}

static void an_account_is_found_by_its_key(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account = account_open(w, ctx);
    account_heard_t heard;

    account_change(w, account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    apr_hash_clear(w->ca->account_by_jwk);
    account_change(w, account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_non_null(strstr(heard.detail, "no such key"));
    assert_int_equal(w->ca->accounts, 1);
}

static void there_is_nothing_to_recover_where_nothing_was(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    account_heard_t heard;

    account_change(w, acme_ca_account_create(ctx, &w->ca_spec, w->p),
                   ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_int_equal(w->ca->requests, 0);
}

ACME_T_MAIN(ACME_T(the_key_can_be_changed),
            ACME_T(a_change_that_is_refused_leaves_the_old_key),
            ACME_T(a_change_that_is_refused_since_it_is_done_is_done),
            ACME_T(a_change_whose_answer_is_lost_is_found_out),
            ACME_T(a_new_key_is_stored_before_the_ca_hears_of_it),
            ACME_T(what_was_deactivated_stays_so_until_it_is_recovered),
            ACME_T(an_account_is_found_by_its_key),
            ACME_T(there_is_nothing_to_recover_where_nothing_was))
