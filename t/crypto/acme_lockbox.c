/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_lockbox.h"

#define CHEAP ACME_LOCKBOX_LOG_N_MIN

static unsigned char *locked(apr_size_t *len, const char *pass,
                             const char *text, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned char *box;

    assert_int_equal(acme_lockbox_lock(&box, len, pass, text, strlen(text),
                                       CHEAP, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(*len, strlen(text) + ACME_LOCKBOX_OVERHEAD);
    assert_true(acme_lockbox_is(box, *len));
    return box;
}

static apr_status_t open_box(const char **text, const char *pass,
                             const void *box, apr_size_t len, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_size_t inside;
    char *data = NULL;
    apr_status_t rv =
        acme_lockbox_open(&data, &inside, pass, box, len, &problem, p);

    if (rv == APR_SUCCESS) {
        assert_int_equal(data[inside], '\0');
        assert_int_equal(strlen(data), inside);
    }
    else {
        assert_non_null(problem.detail);
    }
    *text = data;
    return rv;
}

static void what_is_locked_opens(void **state)
{
    static const char *const texts[] = {"", "x", "a key, or several"};
    const char *text;
    unsigned char *box;
    apr_size_t len;
    int i;

    for (i = 0; i < 3; ++i) {
        box = locked(&len, "passphrase", texts[i], *state);
        assert_int_equal(open_box(&text, "passphrase", box, len, *state),
                         APR_SUCCESS);
        assert_string_equal(text, texts[i]);
    }
}

static void the_usual_cost_works(void **state)
{
    unsigned char *box;
    const char *text;
    apr_size_t len;

    assert_int_equal(acme_lockbox_lock(&box, &len, "p", "secret", 6,
                                       ACME_LOCKBOX_LOG_N, NULL, *state),
                     APR_SUCCESS);
    assert_int_equal(box[8], 17);
    assert_int_equal(open_box(&text, "p", box, len, *state), APR_SUCCESS);
    assert_string_equal(text, "secret");
}

static void two_boxes_are_never_the_same(void **state)
{
    apr_size_t len;
    unsigned char *a = locked(&len, "passphrase", "the same", *state);
    unsigned char *b = locked(&len, "passphrase", "the same", *state);

    assert_memory_not_equal(a + 12, b + 12, len - 12);
}

static void another_passphrase_does_not_open(void **state)
{
    static const char *const others[] = {"Passphrase", "passphras", "p",
                                         "passphrase "};
    const char *text;
    apr_size_t len;
    unsigned char *box = locked(&len, "passphrase", "secret", *state);
    int i;

    for (i = 0; i < 4; ++i) {
        assert_int_equal(open_box(&text, others[i], box, len, *state),
                         APR_EACCES);
        assert_null(text);
    }
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
    const char *text;
    apr_size_t len, i;
    unsigned char *box = locked(&len, "passphrase", "secret", *state);
    apr_pool_t *p;

    apr_pool_create(&p, *state);
    for (i = 0; i < len; ++i) {
        box[i] ^= 1;
        assert_int_not_equal(open_box(&text, "passphrase", box, len, p),
                             APR_SUCCESS);
        box[i] ^= 1;
        apr_pool_clear(p);
    }
    assert_int_equal(open_box(&text, "passphrase", box, len, p), APR_SUCCESS);
}

static void a_box_that_was_cut_is_refused(void **state)
{
    const char *text;
    apr_size_t len, i;
    unsigned char *box = locked(&len, "passphrase", "secret", *state);

    for (i = 0; i < ACME_LOCKBOX_OVERHEAD; ++i) {
        assert_int_equal(open_box(&text, "passphrase", box, i, *state),
                         APR_EINVAL);
    }
    for (; i < len; ++i) {
        assert_int_equal(open_box(&text, "passphrase", box, i, *state),
                         APR_EACCES);
    }
}

static void absurd_costs_are_refused_before_they_cost(void **state)
{
    static const struct {
        int at;
        unsigned char value;
    } cases[] = {{8, 0},   {8, 13}, {8, 19},   {8, 63}, {8, 64},
                 {8, 255}, {9, 0},  {9, 1},    {9, 9},  {9, 255},
                 {10, 0},  {10, 5}, {10, 255}, {11, 1}};
    const char *text;
    apr_size_t len;
    unsigned char *box = locked(&len, "passphrase", "secret", *state);
    unsigned char old;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        old = box[cases[i].at];
        box[cases[i].at] = cases[i].value;
        assert_int_equal(open_box(&text, "passphrase", box, len, *state),
                         APR_EINVAL);
        box[cases[i].at] = old;
    }
}

static void only_boxes_are_boxes(void **state)
{
    (void)state;
    assert_false(acme_lockbox_is("", 0));
    assert_false(acme_lockbox_is("ACMEBOX", 7));
    assert_false(acme_lockbox_is("ACMEBOX\002", 8));
    assert_false(acme_lockbox_is("{\"format\":", 10));
    assert_true(acme_lockbox_is("ACMEBOX\001", 8));
}

ACME_T_MAIN(ACME_T(what_is_locked_opens), ACME_T(the_usual_cost_works),
            ACME_T(two_boxes_are_never_the_same),
            ACME_T(another_passphrase_does_not_open),
            ACME_T(a_changed_bit_anywhere_is_noticed),
            ACME_T(a_box_that_was_cut_is_refused),
            ACME_T(absurd_costs_are_refused_before_they_cost),
            ACME_T(only_boxes_are_boxes))
