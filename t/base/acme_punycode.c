/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_punycode.h"

/* RFC 3492 7.1, as UTF-8. The case of an encoded character is not kept: those
 * that show it there are in lower case here. */
static void encodes_the_samples_of_the_rfc(void **state)
{
    static const char *const samples[][2] = {
        /* (A) Arabic (Egyptian) */
        {"\xd9\x84\xd9\x8a\xd9\x87\xd9\x85\xd8\xa7\xd8\xa8\xd8\xaa\xd9\x83"
         "\xd9\x84\xd9\x85\xd9\x88\xd8\xb4\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a"
         "\xd8\x9f",
         "egbpdaj6bu4bxfgehfvwxn"},
        /* (B) Chinese (simplified) */
        {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8"
         "\x8d\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
         "ihqwcrb4cv8a8dqg056pqjye"},
        /* (D) Czech */
        {"Pro\xc4\x8dprost\xc4\x9bnemluv\xc3\xad\xc4\x8d"
         "esky",
         "Proprostnemluvesky-uyb24dma41a"},
        /* (I) Russian */
        {"\xd0\xbf\xd0\xbe\xd1\x87\xd0\xb5\xd0\xbc\xd1\x83\xd0\xb6\xd0\xb5\xd0"
         "\xbe\xd0\xbd\xd0\xb8\xd0\xbd\xd0\xb5\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe"
         "\xd1\x80\xd1\x8f\xd1\x82\xd0\xbf\xd0\xbe\xd1\x80\xd1\x83\xd1\x81\xd1"
         "\x81\xd0\xba\xd0\xb8",
         "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
        /* (J) Spanish */
        {"Porqu\xc3\xa9nopuedensimplementehablarenEspa\xc3\xb1ol",
         "PorqunopuedensimplementehablarenEspaol-fmd56a"},
        /* (L) 3<nen>B<gumi><kinpachi><sensei> */
        {"3\xe5\xb9\xb4"
         "B\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
         "3B-ww4c5e180e575a65lsy2b"},
        /* (N) Hello-Another-Way-<sorezore><no><basho> */
        {"Hello-Another-Way-\xe3\x81\x9d\xe3\x82\x8c\xe3\x81\x9e\xe3\x82\x8c"
         "\xe3\x81\xae\xe5\xa0\xb4\xe6\x89\x80",
         "Hello-Another-Way--fc4qua05auwb3674vfr0b"},
        /* (P) Maji<de>Koi<suru>5<byou><mae> */
        {"Maji\xe3\x81\xa7Koi\xe3\x81\x99\xe3\x82\x8b"
         "5\xe7\xa7\x92\xe5\x89\x8d",
         "MajiKoi5-783gue6qz075azm5e"},
        /* (R) <sono><supiido><de> */
        {"\xe3\x81\x9d\xe3\x81\xae\xe3\x82\xb9\xe3\x83\x94\xe3\x83\xbc\xe3\x83"
         "\x89\xe3\x81\xa7",
         "d9juau41awczczp"},
        /* (S) */
        {"-> $1.00 <-", "-> $1.00 <--"},
        {"b\xc3\xbc"
         "cher",
         "bcher-kva"},
        {"", ""},
    };
    const char *label;
    size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); ++i) {
        assert_int_equal(acme_punycode_encode(&label, samples[i][0], *state),
                         APR_SUCCESS);
        assert_string_equal(label, samples[i][1]);
    }
}

static void refuses_what_is_no_utf8_or_too_long(void **state)
{
    static const char *const bad[] = {
        "\xc3",
        "\xc3(",
        "\x80",
        "\xc0\xaf",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xff",
        "a\xe2\x82",
        "\xf0\x9f\x98",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    const char *label;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(acme_punycode_encode(&label, bad[i], *state),
                         APR_EINVAL);
        assert_int_equal(acme_punycode_name(&label, bad[i], *state),
                         APR_EINVAL);
    }
}

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
        {"plain.example", "plain.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    };
    const char *name;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_equal(acme_punycode_name(&name, names[i][0], *state),
                         APR_SUCCESS);
        assert_string_equal(name, names[i][1]);
    }
}

/* A wrong A-label is worse than none. */
static void says_nothing_when_in_doubt(void **state)
{
    static const char *const names[] = {
        "bu\xcc\x88"
        "cher.example", /* u and a combining diaeresis */
        "b\xc3\xbc"
        "cher\xe3\x80\x82"
        "example", /* an ideographic full stop */
        "a\xe2\x80\x8d"
        "b.example",            /* a joiner */
        "\xef\xbc\xa1.example", /* full width */
        "\xc2\xa0.example",
        "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
    };
    const char *name;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_equal(acme_punycode_name(&name, names[i], *state),
                         APR_EINVAL);
    }
}

ACME_T_MAIN(ACME_T(encodes_the_samples_of_the_rfc),
            ACME_T(refuses_what_is_no_utf8_or_too_long),
            ACME_T(writes_whole_names_in_lower_case),
            ACME_T(says_nothing_when_in_doubt))
