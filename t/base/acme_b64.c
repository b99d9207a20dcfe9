/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_b64.h"

static void check_pair(apr_pool_t *p, const char *bytes, apr_size_t n,
                       const char *text)
{
    unsigned char *data;
    apr_size_t len;

    assert_string_equal(acme_b64_encode(bytes, n, p), text);
    assert_int_equal(acme_b64_decode(&data, &len, text, p), APR_SUCCESS);
    assert_int_equal(len, n);
    assert_memory_equal(data, bytes, n);
    assert_int_equal(data[len], 0);
}

static void keeps_what_it_encodes(void **state)
{
    check_pair(*state, "", 0, "");
    check_pair(*state, "f", 1, "Zg");
    check_pair(*state, "fo", 2, "Zm8");
    check_pair(*state, "foo", 3, "Zm9v");
    check_pair(*state, "foob", 4, "Zm9vYg");
    check_pair(*state, "fooba", 5, "Zm9vYmE");
    check_pair(*state, "foobar", 6, "Zm9vYmFy");
    /* RFC 7515 appendix C */
    check_pair(*state, "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME");
    check_pair(*state, "\0\0\0", 3, "AAAA");
    check_pair(*state, "\xff\xff\xff", 3, "____");
    check_pair(*state, "\xfb\xef\xbe", 3, "----");
}

static void keeps_every_length_of_every_byte(void **state)
{
    apr_pool_t *p = *state;
    unsigned char bytes[256];
    unsigned char *data;
    apr_size_t len;
    int i;

    for (i = 0; i < 256; ++i) {
        bytes[i] = (unsigned char)(255 - i);
    }
    for (i = 0; i <= 256; ++i) {
        const char *text = acme_b64_encode(bytes, (apr_size_t)i, p);

        assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
                                      "nopqrstuvwxyz0123456789-_"),
                         strlen(text));
        assert_int_equal(acme_b64_decode(&data, &len, text, p), APR_SUCCESS);
        assert_int_equal(len, i);
        assert_memory_equal(data, bytes, len);
    }
}

static void refuses_what_is_not_strict(void **state)
{
    static const char *const bad[] = {
        "Zg==",  "Zg=",    "Zm8=",   "=",    "A",    "AAAAA", "Zm9v Y",
        " Zm9v", "Zm9v\n", "Zm\n9v", "A+z/", "A-z/", "Zm9v.", "Zm9\xc3",
        "Zh",    "Zm9",    "Zm9vYh", "~~~~", "Zg\t", "Zm9vZ", "\xff\xff",
    };
    unsigned char *data;
    apr_size_t len;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        if (acme_b64_decode(&data, &len, bad[i], *state) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void takes_what_people_copy(void **state)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: none */
    } cases[] = {
        {"Zg==", "f"},      {"Zg=", "f"},       {"Zh", "f"},
        {"Zm9=", "fo"},     {"Zm9v", "foo"},    {"Zm9vYh==", "foob"},
        {" Zm9v\n", "foo"}, {"Pz8_", "???"},    {"Pz8/", "???"},
        {"", ""},           {"=", ""},          {"A", NULL},
        {"Zm9vY", NULL},    {"Zm 9v", NULL},    {"Zm9v.", NULL},
        {"Z=g", NULL},      {"\xff\xff", NULL},
    };
    unsigned char *data;
    apr_size_t len;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_status_t rv =
            acme_b64_decode_copied(&data, &len, cases[i].text, *state);

        if (rv != (cases[i].bytes ? APR_SUCCESS : APR_EINVAL)) {
            fail_msg("%s", cases[i].text);
        }
        if (cases[i].bytes) {
            assert_int_equal(len, strlen(cases[i].bytes));
            assert_string_equal((char *)data, cases[i].bytes);
        }
    }
}

ACME_T_MAIN(ACME_T(keeps_what_it_encodes),
            ACME_T(keeps_every_length_of_every_byte),
            ACME_T(refuses_what_is_not_strict), ACME_T(takes_what_people_copy))
