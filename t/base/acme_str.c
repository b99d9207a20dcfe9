/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_str.h"

static apr_array_header_t *list(const char *const *strings, apr_pool_t *p)
{
    apr_array_header_t *made = apr_array_make(p, 1, sizeof(const char *));

    for (; *strings; ++strings) {
        APR_ARRAY_PUSH(made, const char *) = *strings;
    }
    return made;
}

static void null_is_the_same_as_null_only(void **state)
{
    const char *copy = apr_pstrdup(*state, "a");

    assert_true(acme_str_same(NULL, NULL));
    assert_true(acme_str_same("a", copy));
    assert_false(acme_str_same("a", "A"));
    assert_false(acme_str_same("a", NULL));
    assert_false(acme_str_same(NULL, ""));
}

static void lower_case_is_of_ascii_alone(void **state)
{
    const char *text = "AZ az [@`{ 09 \xc3\x84";

    assert_string_equal(acme_str_lower(text, *state), "az az [@`{ 09 \xc3\x84");
    assert_string_equal(acme_str_lower("", *state), "");
}

static void a_copy_has_strings_of_its_own(void **state)
{
    static const char *const none[] = {NULL};
    char text[] = "b";
    const char *const strings[] = {text, "a", NULL};
    apr_array_header_t *copy =
        acme_str_array_dup(list(strings, *state), *state);

    text[0] = 'x';
    assert_int_equal(copy->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(copy, 0, const char *), "b");
    assert_string_equal(APR_ARRAY_IDX(copy, 1, const char *), "a");
    APR_ARRAY_PUSH(copy, const char *) = "c";
    copy = acme_str_array_dup(list(none, *state), *state);
    assert_int_equal(copy->nelts, 0);
    APR_ARRAY_PUSH(copy, const char *) = "c";
}

static void bytes_are_the_order(void **state)
{
    static const char *const strings[] = {"b",  "\xc3\xa4", "B", "",
                                          "ab", "a",        NULL};
    apr_array_header_t *sorted = list(strings, *state);

    acme_str_array_sort(sorted);
    assert_string_equal(apr_array_pstrcat(*state, sorted, ' '),
                        " B a ab b \xc3\xa4");
}

ACME_T_MAIN(ACME_T(null_is_the_same_as_null_only),
            ACME_T(lower_case_is_of_ascii_alone),
            ACME_T(a_copy_has_strings_of_its_own), ACME_T(bytes_are_the_order))
