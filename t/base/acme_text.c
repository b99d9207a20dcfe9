/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_text.h"

static void knows_characters_from_other_bytes(void **state)
{
    static const struct {
        const char *s;
        int len;
    } cases[] = {
        {"", 0},
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc3", 0},
        {"\xc3(", 0},
        {"\xe0\x80\x80", 0},
        {"\xe2\x82", 0},
        {"\xed\xa0\x80", 0},
        {"\xf0\x80\x80\x80", 0},
        {"\xf0\x9f\x98", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *alone = cases[i].s;
        const char *before = apr_pstrcat(*state, alone, "z", NULL);
        int is_utf8 = (size_t)cases[i].len == strlen(alone);

        /* The text itself is returned when no byte of it is replaced. The text
         * with another character behind it shows that the function does not
         * take that character for a part of the first. */
        assert_int_equal(acme_text_utf8(alone, *state) == alone, is_utf8);
        assert_int_equal(acme_text_utf8(before, *state) == before, is_utf8);
    }
}

static void replaces_only_bytes_that_are_no_utf8(void **state)
{
    const char *fine = "gr\xc3\xbc\xc3\x9f";

    assert_ptr_equal(acme_text_utf8(fine, *state), fine);
    assert_string_equal(acme_text_utf8("", *state), "");
    assert_string_equal(acme_text_utf8("a\xff"
                                       "b\xc3",
                                       *state),
                        "a\xef\xbf\xbd"
                        "b\xef\xbf\xbd");
    assert_string_equal(acme_text_utf8("\xe2\x82", *state),
                        "\xef\xbf\xbd\xef\xbf\xbd");
}

static void cuts_between_characters(void **state)
{
    assert_string_equal(acme_text_bound("abcdefgh", 8, *state), "abcdefgh");
    assert_string_equal(acme_text_bound("abcdefghi", 8, *state), "abcde...");
    assert_string_equal(acme_text_bound("abcd\xc3\xbc"
                                        "fghi",
                                        8, *state),
                        "abcd...");
    assert_string_equal(acme_text_bound("\xf0\x9f\x98\x80xyz", 6, *state),
                        "...");
}

static void escapes_what_could_forge_a_line(void **state)
{
    static const char *const cases[][2] = {
        {"plain text: 100% \"fine\" 'too'", "plain text: 100% \"fine\" 'too'"},
        {"", ""},
        {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"\x7f\x01", "\\x7f\\x01"},
        {"C:\\new", "C:\\\\new"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"\xff\xc3(", "\\xff\\xc3("},
        {"\xe2\x80\xa8\xe2\x80\xae", "\\xe2\\x80\\xa8\\xe2\\x80\\xae"},
        {"\xe2\x81\xa6\xd8\x9c", "\\xe2\\x81\\xa6\\xd8\\x9c"},
        {"\xef\xbb\xbf\xf3\xa0\x80\xa0", "\\xef\\xbb\\xbf\\xf3\\xa0\\x80\\xa0"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(acme_text_escape(cases[i][0], 200, *state),
                            cases[i][1]);
    }
}

static void never_exceeds_the_bound_nor_cuts_an_escape(void **state)
{
    const char *text = "ab\n\xc3\xbc\\cd\x1b"
                       "efghij";
    const char *whole = acme_text_escape(text, 100, *state);
    apr_size_t max;

    assert_string_equal(whole, "ab\\x0a\xc3\xbc\\\\cd\\x1befghij");
    for (max = 4; max < strlen(whole); ++max) {
        const char *cut = acme_text_escape(text, max, *state);
        apr_size_t len = strlen(cut);

        assert_true(len <= max);
        assert_string_equal(cut + len - 3, "...");
        assert_memory_equal(cut, whole, len - 3);
        assert_true(len - 3 == 0 || len - 3 == 1 || len - 3 == 2 || len - 3 == 6
                    || len - 3 == 8 || len - 3 == 10 || len - 3 == 11
                    || len - 3 == 12 || len - 3 >= 16);
    }
    assert_string_equal(acme_text_escape(text, strlen(whole), *state), whole);
}

ACME_T_MAIN(ACME_T(knows_characters_from_other_bytes),
            ACME_T(replaces_only_bytes_that_are_no_utf8),
            ACME_T(cuts_between_characters),
            ACME_T(escapes_what_could_forge_a_line),
            ACME_T(never_exceeds_the_bound_nor_cuts_an_escape))
