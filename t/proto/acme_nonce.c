/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_nonce.h"

#define NOW apr_time_from_sec(1893456000)

static void an_empty_pool_gives_none(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);

    assert_null(acme_nonce_take(nonces, NOW, *state));
}

static void the_newest_comes_first_and_each_once(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);

    acme_nonce_add(nonces, "one", NOW);
    acme_nonce_add(nonces, "two", NOW + 1);
    assert_string_equal(acme_nonce_take(nonces, NOW + 2, *state), "two");
    acme_nonce_add(nonces, "three", NOW + 2);
    assert_string_equal(acme_nonce_take(nonces, NOW + 2, *state), "three");
    assert_string_equal(acme_nonce_take(nonces, NOW + 2, *state), "one");
    assert_null(acme_nonce_take(nonces, NOW + 2, *state));
}

static void a_nonce_taken_outlives_its_slot(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);
    const char *taken;

    acme_nonce_add(nonces, "one", NOW);
    taken = acme_nonce_take(nonces, NOW, *state);
    acme_nonce_add(nonces, "two", NOW);
    assert_string_equal(taken, "one");
}

static void old_ones_are_dropped(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);

    acme_nonce_add(nonces, "old", NOW);
    acme_nonce_add(nonces, "new", NOW + ACME_NONCE_MAX_AGE);
    assert_string_equal(
        acme_nonce_take(nonces, NOW + ACME_NONCE_MAX_AGE + 1, *state), "new");
    assert_null(acme_nonce_take(nonces, NOW + ACME_NONCE_MAX_AGE + 1, *state));
    assert_null(acme_nonce_take(nonces, NOW, *state));
}

static void a_clock_set_back_drops_nothing(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);

    acme_nonce_add(nonces, "one", NOW);
    assert_string_equal(acme_nonce_take(nonces, 0, *state), "one");
}

static void too_many_push_out_the_oldest(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);
    int i;

    for (i = 0; i < 1000; ++i) {
        acme_nonce_add(nonces, apr_itoa(*state, i), NOW + i);
    }
    for (i = 0; i < ACME_NONCE_MAX; ++i) {
        assert_string_equal(acme_nonce_take(nonces, NOW + 1000, *state),
                            apr_itoa(*state, 999 - i));
    }
    assert_null(acme_nonce_take(nonces, NOW + 1000, *state));
}

static void what_is_no_nonce_is_ignored(void **state)
{
    acme_nonce_pool_t *nonces = acme_nonce_pool_create(*state);
    char text[1026];

    assert_false(acme_nonce_add(nonces, NULL, NOW));
    acme_nonce_add(nonces, "", NOW);
    acme_nonce_add(nonces, "a b", NOW);
    acme_nonce_add(nonces, "one, two", NOW);
    acme_nonce_add(nonces, "a=", NOW);
    acme_nonce_add(nonces, "a+b/c", NOW);
    acme_nonce_add(nonces, "a\"b", NOW);
    acme_nonce_add(nonces, "\xc3\xa4", NOW);
    memset(text, 'a', 1025);
    text[1025] = '\0';
    assert_false(acme_nonce_add(nonces, text, NOW));
    assert_null(acme_nonce_take(nonces, NOW, *state));
    text[1024] = '\0';
    assert_true(acme_nonce_add(nonces, text, NOW));
    assert_string_equal(acme_nonce_take(nonces, NOW, *state), text);
}

ACME_T_MAIN(ACME_T(an_empty_pool_gives_none),
            ACME_T(the_newest_comes_first_and_each_once),
            ACME_T(a_nonce_taken_outlives_its_slot),
            ACME_T(old_ones_are_dropped),
            ACME_T(a_clock_set_back_drops_nothing),
            ACME_T(too_many_push_out_the_oldest),
            ACME_T(what_is_no_nonce_is_ignored))
