/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_file.h"

static void keeps_a_plain_name_and_escapes_the_rest(void **state)
{
    static const char *const cases[][2] = {
        {"example.org", "example.org"},
        {"a-b_c.0", "a-b_c.0"},
        {"", "%"},
        {".", "%2E"},
        {"..", "%2E."},
        {".hidden", "%2Ehidden"},
        {ACME_FILE_TEMP "x", "%2Etmp-x"},
        {"a/b", "a%2Fb"},
        {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"},
        {"*.example.org", "%2A.example.org"},
        {"Example", "%45xample"},
        {"2001:db8::1", "2001%3Adb8%3A%3A1"},
        {"50%", "50%25"},
        {"%2F", "%252%46"},
        {"a~b", "a%7Eb"},
        {"\xc3\xbc\n", "%C3%BC%0A"},
        {"https://ca.example/dir?x=1",
         "https%3A%2F%2Fca.example%2Fdir%3Fx%3D1"},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(acme_file_name_encode(cases[i][0], p), cases[i][1]);
        assert_string_equal(acme_file_name_decode(cases[i][1], p), cases[i][0]);
    }
}

static void every_byte_survives(void **state)
{
    apr_pool_t *p = *state;
    char name[3];
    int i;
    int k;

    for (i = 1; i < 256; ++i) {
        for (k = 1; k < 256; k += 11) {
            const char *encoded;

            name[0] = (char)i;
            name[1] = (char)k;
            name[2] = '\0';
            encoded = acme_file_name_encode(name, p);
            assert_int_equal(strspn(encoded,
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_."
                                    "%ABCDEF"),
                             strlen(encoded));
            assert_int_not_equal(encoded[0], '.');
            assert_string_equal(acme_file_name_decode(encoded, p), name);
        }
    }
}

static void decodes_only_what_it_encodes(void **state)
{
    static const char *const bad[] = {
        "",     ".",    "..",  ".tmp-x", "A",    "a b",    "a/b", "a%",
        "a%2",  "a%2f", "%61", "%2d",    "a%00", "%00",    "%GG", "%%",
        "a%2E", "\xc3", "a~b", "a%-1",   "a% 1", "..%2Fx", "a\n",
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        if (acme_file_name_decode(bad[i], p)) {
            fail_msg("decoded: %s", bad[i]);
        }
    }
}

static void long_names_are_shortened_and_stay_apart(void **state)
{
    apr_pool_t *p = *state;
    char name[5001];
    const char *encoded;
    const char *other;
    int shift;

    /* The longest name that is not shortened. */
    memset(name, 'a', sizeof(name));
    name[200] = '\0';
    assert_string_equal(acme_file_name_encode(name, p), name);
    assert_string_equal(acme_file_name_decode(name, p), name);

    name[200] = 'a';
    name[201] = '\0';
    encoded = acme_file_name_encode(name, p);
    assert_int_equal(strlen(encoded), 200);
    assert_null(acme_file_name_decode(encoded, p));
    assert_string_equal(acme_file_name_encode(name, p), encoded);
    name[200] = 'b';
    other = acme_file_name_encode(name, p);
    assert_int_equal(strlen(other), 200);
    assert_string_not_equal(encoded, other);

    /* No %XX is cut, wherever it is. */
    for (shift = 0; shift < 3; ++shift) {
        memset(name, '*', sizeof(name));
        memset(name, 'a', (size_t)shift);
        name[5000] = '\0';
        encoded = acme_file_name_encode(name, p);
        assert_true(strlen(encoded) <= 200 && strlen(encoded) > 195);
        other = strchr(encoded, '~');
        assert_non_null(other);
        assert_int_equal(strlen(other), 41);
        assert_int_equal((other - encoded - shift) % 3, 0);
        assert_string_equal(other - 3, apr_pstrcat(p, "%2A", other, NULL));
    }
}

ACME_T_MAIN(ACME_T(keeps_a_plain_name_and_escapes_the_rest),
            ACME_T(every_byte_survives), ACME_T(decodes_only_what_it_encodes),
            ACME_T(long_names_are_shortened_and_stay_apart))
