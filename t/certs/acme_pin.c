/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_pin.h"

static void a_pin_is_set_read_and_removed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);

    assert_int_equal(acme_pin_get(dir, "a.example", p), 0);
    assert_int_equal(acme_pin_remove(dir, "a.example", NULL, p), 0);
    assert_int_equal(acme_pin_set(dir, "a.example", 7, NULL, p), 0);
    assert_int_equal(acme_pin_set(dir, "*.b.example", 9, NULL, p), 0);
    assert_int_equal(acme_pin_get(dir, "a.example", p), 7);
    assert_int_equal(acme_pin_get(dir, "*.b.example", p), 9);
    assert_int_equal(acme_pin_set(dir, "a.example", 12, NULL, p), 0);
    assert_int_equal(acme_pin_get(dir, "a.example", p), 12);
    assert_int_equal(acme_pin_remove(dir, "a.example", NULL, p), 0);
    assert_int_equal(acme_pin_get(dir, "a.example", p), 0);
}

static void what_is_no_number_is_no_pin(void **state)
{
    static const char *const bad[] = {"",   "0",           "-1", "x",
                                      "1x", "99999999999", "1\n"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    int i;

    assert_int_equal(acme_pin_set(dir, "a.example", 7, NULL, p), 0);
    for (i = 0; i < 7; ++i) {
        acme_t_write(apr_pstrcat(p, dir, "/pinned/a.example", NULL), bad[i], p);
        assert_int_equal(acme_pin_get(dir, "a.example", p), 0);
    }
}

static void a_store_that_cannot_be_written_is_a_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_not_equal(
        acme_pin_set("/nowhere", "a.example", 1, &problem, *state), 0);
    assert_non_null(problem.detail);
}

ACME_T_MAIN(ACME_T(a_pin_is_set_read_and_removed),
            ACME_T(what_is_no_number_is_no_pin),
            ACME_T(a_store_that_cannot_be_written_is_a_problem))
