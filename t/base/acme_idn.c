/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_idn.h"
#include "config.h"

#ifdef HAVE_LIBIDN2
static void writes_whole_names_in_lower_case(void **state)
{
    static const char *const names[][2] = {
        {"B\xc3\x9c"
         "cher.Example",
         "xn--bcher-kva.example"},
        {"www.m\xc3\xbcnchen.de.", "www.xn--mnchen-3ya.de."},
        {"\xce\x95\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1.gr",
         "xn--hxakic4aa.gr"},
        {"\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2.\xd1\x80\xd1\x84",
         "xn--b1agh1afp.xn--p1ai"},
        {"stra\xc3\x9f"
         "e.de",
         "xn--strae-oqa.de"},
        {"\xe4\xbe\x8b\xe3\x81\x88.jp", "xn--r8jz45g.jp"},
        /* u and a combining diaeresis */
        {"bu\xcc\x88"
         "cher.example",
         "xn--bcher-kva.example"},
        /* an ideographic full stop */
        {"b\xc3\xbc"
         "cher\xe3\x80\x82"
         "example",
         "xn--bcher-kva.example"},
        {"\xef\xbc\xa1.example", "a.example"}, /* full width */
        {"plain.example", "plain.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    };
    const char *name;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_equal(acme_idn_to_ascii(&name, names[i][0], *state),
                         APR_SUCCESS);
        assert_string_equal(name, names[i][1]);
    }
}

static void a_name_that_cannot_be_is_refused(void **state)
{
    static const char *const names[] = {
        "\xc3",
        "\xc3(",
        "\x80.example",
        "\xed\xa0\x80.example",
        "\xff.example",
        "a\xe2\x80\x8d"
        "b.example", /* a joiner */
        "\xc2\xa0.example",
        "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
    };
    const char *name;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_equal(acme_idn_to_ascii(&name, names[i], *state),
                         APR_EINVAL);
    }
}

ACME_T_MAIN(ACME_T(writes_whole_names_in_lower_case),
            ACME_T(a_name_that_cannot_be_is_refused))
#else
static void without_libidn2_no_name_is_computed(void **state)
{
    const char *name;

    assert_int_equal(acme_idn_to_ascii(&name, "example.org", *state),
                     APR_ENOTIMPL);
}

ACME_T_MAIN(ACME_T(without_libidn2_no_name_is_computed))
#endif
