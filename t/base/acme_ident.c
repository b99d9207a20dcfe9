/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_ident.h"

static void check_good(apr_pool_t *p, const char *text, const char *expected,
                       acme_ident_e type)
{
    const char *name = NULL;
    const char *why = NULL;

    if (acme_ident_canonical(&name, text, &why, p) != APR_SUCCESS) {
        fail_msg("%s: %s", text, why);
    }
    assert_string_equal(name, expected);
    assert_int_equal(acme_ident_type(name), type);
    /* A canonical name stays the same. */
    assert_int_equal(acme_ident_canonical(&name, expected, &why, p),
                     APR_SUCCESS);
    assert_string_equal(name, expected);
}

static void brings_names_into_canonical_form(void **state)
{
    static const char *const cases[][2] = {
        {"example.org", "example.org"},
        {"WWW.Example.ORG", "www.example.org"},
        {"example.org.", "example.org"},
        {"*.Example.org", "*.example.org"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"a-b.1.example", "a-b.1.example"},
        {"1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa"},
        {"1.2.3.a4", "1.2.3.a4"},
        {"0.example", "0.example"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        check_good(*state, cases[i][0], cases[i][1], ACME_IDENT_DNS);
    }
}

static void brings_addresses_into_canonical_form(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:db8:0:0:0:0:0:1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"::", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        check_good(*state, cases[i][0], cases[i][1], ACME_IDENT_IP);
    }
}

static void refuses_what_no_certificate_names_and_says_why(void **state)
{
    static const char *const cases[][2] = {
        {"", "empty"},
        {".", "nothing before"},
        {"..", "nothing before"},
        {".example.org", "nothing before"},
        {"a..example.org", "nothing before"},
        {"example.org..", "nothing before"},
        {"localhost", "single label"},
        {"org.", "single label"},
        {"*.org", "single label"},
        {"*", "asterisk"},
        {"*.", "asterisk"},
        {"*.*.example.org", "asterisk"},
        {"w*.example.org", "asterisk"},
        {"www.*.org", "asterisk"},
        {"example.*", "asterisk"},
        {"my_host.example.org", "'_'"},
        {"a b.example.org", "only letters"},
        {" example.org", "only letters"},
        {"a\nb.example.org", "only letters"},
        {"$x.example.org", "'$'"},
        {"${x}.example.org", "'$'"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--"},
        {"b\xfc"
         "cher.example",
         "xn--"},
        {"-a.example.org", "hyphen"},
        {"a-.example.org", "hyphen"},
        {"*.-a.example.org", "hyphen"},
        {"https://example.org/", "without a scheme"},
        {"example.org/x", "without a scheme"},
        {"example.org:443", "port"},
        {"1.2.3", "last label is a number"},
        {"1.2.3.4.5", "last label is a number"},
        {"1.2.3.256", "last label is a number"},
        {"01.2.3.4", "last label is a number"},
        {"host.1", "last label is a number"},
        {"12345", "last label is a number"},
        {"*.1.2.3.4", "no wildcards for IP"},
        {"2001:db8:::1", "no IP address"},
        {"fe80::1%eth0", "no IP address"},
        {"[2001:db8::1", "no IP address"},
        {"[::1]:443", "no IP address"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *name = NULL;
        const char *why = NULL;

        if (acme_ident_canonical(&name, cases[i][0], &why, *state) != APR_EINVAL
            || name || !why || !strstr(why, cases[i][1]) || strchr(why, '\n')) {
            fail_msg("'%s' gives %s: %s", cases[i][0], name ? name : "nothing",
                     why ? why : "no reason");
        }
    }
}

static char *repeat(apr_pool_t *p, char c, int n)
{
    char *s = apr_palloc(p, (apr_size_t)n + 1);

    memset(s, c, (size_t)n);
    s[n] = '\0';
    return s;
}

static void bounds_labels_and_names(void **state)
{
    apr_pool_t *p = *state;
    const char *l63 = repeat(p, 'a', 63);
    const char *name;
    const char *why;
    const char *text;

    text = apr_pstrcat(p, l63, ".example", NULL);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_SUCCESS);
    text = apr_pstrcat(p, l63, "a.example", NULL);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_EINVAL);
    assert_non_null(strstr(why, "63"));

    text =
        apr_pstrcat(p, l63, ".", l63, ".", l63, ".", repeat(p, 'b', 61), NULL);
    assert_int_equal(strlen(text), 253);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_SUCCESS);
    text = apr_pstrcat(p, text, ".", NULL);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_SUCCESS);
    text =
        apr_pstrcat(p, l63, ".", l63, ".", l63, ".", repeat(p, 'b', 62), NULL);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_EINVAL);
    assert_non_null(strstr(why, "253"));

    /* The message stays short, however long the name is. */
    text = repeat(p, '\n', 100000);
    assert_int_equal(acme_ident_canonical(&name, text, &why, p), APR_EINVAL);
    assert_true(strlen(why) < 600);
}

static int covers(apr_pool_t *p, const char *pattern, const char *name)
{
    apr_array_header_t *set = apr_array_make(p, 1, sizeof(const char *));

    acme_ident_add(set, pattern);
    return acme_ident_covered(set, name);
}

static void wildcards_cover_one_label(void **state)
{
    assert_true(acme_ident_is_wildcard("*.example.org"));
    assert_false(acme_ident_is_wildcard("a.example.org"));
    assert_true(covers(*state, "example.org", "example.org"));
    assert_false(covers(*state, "example.org", "www.example.org"));
    assert_true(covers(*state, "*.example.org", "www.example.org"));
    assert_true(covers(*state, "*.example.org", "*.example.org"));
    assert_false(covers(*state, "*.example.org", "example.org"));
    assert_false(covers(*state, "*.example.org", "a.b.example.org"));
    assert_false(covers(*state, "*.example.org", "wwwexample.org"));
    assert_false(covers(*state, "*.example.org", ".example.org"));
    assert_false(covers(*state, "*.b.example.org", "*.example.org"));
    assert_false(covers(*state, "www.example.org", "*.example.org"));
    assert_false(covers(*state, "*.2.3.4", "1.2.3.4"));
    assert_true(covers(*state, "1.2.3.4", "1.2.3.4"));
    assert_false(covers(*state, "*.example.org", ""));
}

static void sets_have_no_repetition_and_no_order(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *a = apr_array_make(p, 1, sizeof(const char *));
    apr_array_header_t *b = apr_array_make(p, 1, sizeof(const char *));

    assert_true(acme_ident_same(a, b));
    acme_ident_add(a, "example.org");
    acme_ident_add(a, "*.example.org");
    acme_ident_add(a, apr_pstrdup(p, "example.org"));
    assert_int_equal(a->nelts, 2);
    assert_false(acme_ident_same(a, b));
    acme_ident_add(b, "*.example.org");
    assert_false(acme_ident_same(a, b));
    acme_ident_add(b, "example.org");
    assert_true(acme_ident_same(a, b));
    acme_ident_add(b, "example.net");
    assert_false(acme_ident_same(a, b));
    assert_false(acme_ident_same(b, a));
    acme_ident_add(a, "example.com");
    assert_false(acme_ident_same(a, b));

    assert_true(acme_ident_in(a, "example.org"));
    assert_false(acme_ident_in(a, "www.example.org"));
    assert_true(acme_ident_covered(a, "www.example.org"));
    assert_false(acme_ident_covered(a, "www.example.net"));
}

static void types_have_the_names_of_the_order(void **state)
{
    (void)state;
    assert_string_equal(acme_ident_type_name(ACME_IDENT_DNS), "dns");
    assert_string_equal(acme_ident_type_name(ACME_IDENT_IP), "ip");
}

static void the_reason_is_optional(void **state)
{
    static const char *const bad[] = {"",    "internal-ca", "a b.test",
                                      "::g", "*.",          "a..test"};
    const char *name = "unset";
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(acme_ident_canonical(&name, bad[i], NULL, *state),
                         APR_EINVAL);
        assert_string_equal(name, "unset");
    }
    assert_int_equal(acme_ident_canonical(&name, "A.test", NULL, *state),
                     APR_SUCCESS);
    assert_string_equal(name, "a.test");
}

static void a_server_name_is_one_that_tls_can_ask_for(void **state)
{
    static const char *const cases[][2] = {
        {"example.org", "example.org"},
        {"192.0.2.10", "10.2.0.192.in-addr.arpa"},
        {"::", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
               "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"},
        /* RFC 8738 has this one. */
        {"2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                        "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
        {"::ffff:192.0.2.1", "1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0."
                             "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *name = acme_ident_server_name(cases[i][0], *state);
        const char *same;

        assert_string_equal(name, cases[i][1]);
        assert_int_equal(acme_ident_canonical(&same, name, NULL, *state),
                         APR_SUCCESS);
        assert_string_equal(same, name);
    }
}

ACME_T_MAIN(ACME_T(a_server_name_is_one_that_tls_can_ask_for),
            ACME_T(brings_names_into_canonical_form),
            ACME_T(brings_addresses_into_canonical_form),
            ACME_T(refuses_what_no_certificate_names_and_says_why),
            ACME_T(bounds_labels_and_names), ACME_T(wildcards_cover_one_label),
            ACME_T(sets_have_no_repetition_and_no_order),
            ACME_T(types_have_the_names_of_the_order),
            ACME_T(the_reason_is_optional))
