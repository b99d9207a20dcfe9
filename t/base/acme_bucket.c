/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_bucket.h"

/* 4 tokens; a token comes back every 25. */
static const acme_bucket_limit_t limit = {4, 100};

/* Takes tokens while there are more than `left`. Returns how many it took. */
static int drain(apr_time_t *full, int left, apr_time_t now)
{
    int n = 0;

    while (acme_bucket_when(*full, &limit, left, now) <= now) {
        *full = acme_bucket_take(*full, &limit, now);
        ++n;
    }
    return n;
}

static void a_new_bucket_is_full(void **state)
{
    apr_time_t full = 0;

    (void)state;
    assert_int_equal(acme_bucket_token(&limit), 25);
    assert_int_equal(drain(&full, 0, 1000), 4);
    assert_int_equal(full, 1100);
}

static void a_token_comes_back_at_a_time(void **state)
{
    apr_time_t full = 0;

    (void)state;
    (void)drain(&full, 0, 1000);
    assert_int_equal(acme_bucket_when(full, &limit, 0, 1000), 1025);
    assert_int_equal(drain(&full, 0, 1024), 0);
    assert_int_equal(drain(&full, 0, 1025), 1);
    assert_int_equal(drain(&full, 0, 1050), 1);
    assert_int_equal(drain(&full, 0, 5000), 4);
}

static void some_tokens_stay_for_others(void **state)
{
    apr_time_t full = 0;

    (void)state;
    assert_int_equal(drain(&full, 1, 1000), 3);
    assert_int_equal(acme_bucket_when(full, &limit, 1, 1000), 1025);
    assert_int_equal(acme_bucket_when(full, &limit, 0, 1000), 1000);
    assert_int_equal(drain(&full, 0, 1000), 1);
}

static void more_than_a_bucket_holds_is_there_when_it_is_full(void **state)
{
    (void)state;
    assert_int_equal(acme_bucket_when(1000, &limit, 4, 1000), 1000);
    assert_true(acme_bucket_when(1001, &limit, 4, 1000) > 1000);
}

static void a_token_is_put_back(void **state)
{
    apr_time_t full = 0;

    (void)state;
    (void)drain(&full, 0, 1000);
    full = acme_bucket_give(full, &limit);
    assert_int_equal(drain(&full, 0, 1000), 1);
}

static void a_bucket_is_empty_until_a_time(void **state)
{
    apr_time_t full = acme_bucket_empty_until(1040, &limit);

    (void)state;
    assert_int_equal(acme_bucket_when(full, &limit, 0, 1000), 1040);
    assert_int_equal(drain(&full, 0, 1040), 1);
}

static void a_clock_set_back_makes_no_bucket_emptier_than_empty(void **state)
{
    apr_time_t full = 0;

    (void)state;
    (void)drain(&full, 0, 100000);
    assert_int_equal(acme_bucket_bounded(full, &limit, 1000), 1100);
    assert_int_equal(acme_bucket_bounded(1050, &limit, 1000), 1050);
    assert_int_equal(acme_bucket_take(full, &limit, 1000), 1125);
}

static void a_period_need_not_be_a_multiple_of_its_tokens(void **state)
{
    static const acme_bucket_limit_t odd = {3, 100};
    apr_time_t full = 0;
    int i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_bucket_when(full, &odd, 0, 1000), 1000);
        full = acme_bucket_take(full, &odd, 1000);
    }
    assert_int_equal(full, 1099);
    assert_int_equal(acme_bucket_when(full, &odd, 0, 1000), 1032);
}

ACME_T_MAIN(ACME_T(a_new_bucket_is_full), ACME_T(a_token_comes_back_at_a_time),
            ACME_T(some_tokens_stay_for_others),
            ACME_T(more_than_a_bucket_holds_is_there_when_it_is_full),
            ACME_T(a_token_is_put_back), ACME_T(a_bucket_is_empty_until_a_time),
            ACME_T(a_clock_set_back_makes_no_bucket_emptier_than_empty),
            ACME_T(a_period_need_not_be_a_multiple_of_its_tokens))
