/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_ident.h"
#include "acme_san.h"
#include "acme_t_x509.h"

static apr_array_header_t *array_of(apr_pool_t *p, const char *first, ...)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    const char *name;
    va_list args;

    va_start(args, first);
    for (name = first; name != NULL; name = va_arg(args, const char *)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    va_end(args);
    return names;
}

static X509 *cert_with(GENERAL_NAMES *san, const char *conf, apr_pool_t *p)
{
    acme_t_x509_t t = {0};
    X509 *cert;

    t.key = acme_t_x509_key("P-256", 0, p);
    t.san = conf;
    cert = acme_t_x509_unsigned(&t, p);
    if (san != NULL) {
        assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0,
                                           X509V3_ADD_DEFAULT),
                         1);
    }
    return acme_t_x509_signed(cert, &t);
}

static void shows(const char *conf, const char *expected, apr_pool_t *p)
{
    apr_array_header_t *names = NULL;

    assert_int_equal(acme_san_names(&names, cert_with(NULL, conf, p), p),
                     APR_SUCCESS);
    assert_string_equal(apr_array_pstrcat(p, names, ' '), expected);
    assert_int_equal(ERR_peek_error(), 0);
}

static void push_dns(GENERAL_NAMES *san, const char *data, int len)
{
    ASN1_STRING *value = ASN1_IA5STRING_new();
    GENERAL_NAME *general = GENERAL_NAME_new();

    assert_int_equal(ASN1_STRING_set(value, data, len), 1);
    GENERAL_NAME_set0_value(general, GEN_DNS, value);
    assert_true(sk_GENERAL_NAME_push(san, general) > 0);
}

static void names_survive_a_certificate(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names;
    apr_array_header_t *read;
    GENERAL_NAMES *san = NULL;

    names = array_of(p, "example.org", "*.example.org", "192.0.2.7",
                     "2001:db8::1", "xn--bcher-kva.example", NULL);
    assert_int_equal(acme_san_create(&san, names, &problem, p), APR_SUCCESS);
    assert_int_equal(acme_san_names(&read, cert_with(san, NULL, p), p),
                     APR_SUCCESS);
    assert_int_equal(read->nelts, 5);
    assert_true(acme_ident_same(names, read));
    GENERAL_NAMES_free(san);
    assert_int_equal(ERR_peek_error(), 0);
}

static void addresses_are_addresses_and_names_are_names(void **state)
{
    static const unsigned char v4[] = {192, 0, 2, 7};
    static const unsigned char v6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                       0,    0,    0,    0,    0, 0, 0, 1};
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    GENERAL_NAMES *san = NULL;
    ASN1_STRING *value;
    int type;

    assert_int_equal(acme_san_create(&san,
                                     array_of(p, "192.0.2.7", "2001:db8::1",
                                              "*.example.org", NULL),
                                     &problem, p),
                     APR_SUCCESS);
    assert_int_equal(sk_GENERAL_NAME_num(san), 3);
    value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 0), &type);
    assert_int_equal(type, GEN_IPADD);
    assert_int_equal(ASN1_STRING_length(value), 4);
    assert_memory_equal(ASN1_STRING_get0_data(value), v4, 4);
    value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 1), &type);
    assert_int_equal(type, GEN_IPADD);
    assert_int_equal(ASN1_STRING_length(value), 16);
    assert_memory_equal(ASN1_STRING_get0_data(value), v6, 16);
    value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 2), &type);
    assert_int_equal(type, GEN_DNS);
    assert_int_equal(ASN1_STRING_type(value), V_ASN1_IA5STRING);
    assert_int_equal(ASN1_STRING_length(value), 13);
    assert_memory_equal(ASN1_STRING_get0_data(value), "*.example.org", 13);
    GENERAL_NAMES_free(san);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = {
        "", " ", "a b.example", "a\n.test", "b\xc3\xbc.test", "\x7f"};
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    GENERAL_NAMES *san = NULL;
    apr_array_header_t *many;
    size_t i;

    assert_int_equal(acme_san_create(&san, array_of(p, NULL), &problem, p),
                     APR_EINVAL);
    assert_non_null(strstr(problem.detail, "1 to 1000 names, not 0"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            acme_san_create(&san, array_of(p, "example.org", bad[i], NULL),
                            &problem, p),
            APR_EINVAL);
        assert_non_null(strstr(problem.detail, "no certificate can name"));
        assert_int_equal(ERR_peek_error(), 0);
    }
    many = array_of(p, NULL);
    for (i = 0; i < 1001; i++) {
        APR_ARRAY_PUSH(many, const char *) = "example.org";
    }
    assert_int_equal(acme_san_create(&san, many, &problem, p), APR_EINVAL);
    assert_null(san);
}

static void names_become_canonical_and_appear_once(void **state)
{
    shows("DNS:WWW.Example.ORG,DNS:www.example.org,DNS:*.Example.org",
          "www.example.org *.example.org", *state);
    shows("IP:2001:0DB8:0:0:0:0:0:1,IP:192.0.2.7", "2001:db8::1 192.0.2.7",
          *state);
}

static void names_of_other_types_are_left_out(void **state)
{
    shows("DNS:example.org,email:a@example.com,URI:https://example.net/",
          "example.org", *state);
    shows("email:a@example.com", "", *state);
}

static void names_that_no_site_has_are_left_out(void **state)
{
    static const char *const odd[] = {
        "a b.example",   "*.*.example",  "..",        "a,b.example",
        "b\xfc.example", "a\nb.example", "ok.example"};
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
    apr_array_header_t *names;
    size_t i;

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        push_dns(san, odd[i], -1);
    }
    assert_int_equal(
        acme_san_names(&names, cert_with(san, NULL, *state), *state),
        APR_SUCCESS);
    assert_string_equal(apr_array_pstrcat(*state, names, ' '), "ok.example");
    GENERAL_NAMES_free(san);
}

static void a_certificate_without_names_has_none(void **state)
{
    shows(NULL, "", *state);
}

static void a_name_with_a_nul_inside_is_left_out(void **state)
{
    static const char trick[] = "example.org\0.attacker.example";
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
    apr_array_header_t *names;

    push_dns(san, trick, (int)sizeof(trick) - 1);
    push_dns(san, "example.com\0", 12);
    push_dns(san, "\0", 1);
    push_dns(san, "", 0);
    push_dns(san, "good.example", 12);
    assert_int_equal(
        acme_san_names(&names, cert_with(san, NULL, *state), *state),
        APR_SUCCESS);
    assert_string_equal(apr_array_pstrcat(*state, names, ' '), "good.example");
    GENERAL_NAMES_free(san);
}

static void addresses_of_odd_length_are_left_out(void **state)
{
    static const int lengths[] = {0, 3, 5, 8, 15, 17, 32};
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
    unsigned char bytes[32] = {0};
    apr_array_header_t *names;
    GENERAL_NAME *general;
    ASN1_STRING *value;
    size_t i;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        value = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_STRING_set(value, bytes, lengths[i]), 1);
        general = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(general, GEN_IPADD, value);
        assert_true(sk_GENERAL_NAME_push(san, general) > 0);
    }
    assert_int_equal(
        acme_san_names(&names, cert_with(san, NULL, *state), *state),
        APR_SUCCESS);
    assert_int_equal(names->nelts, 0);
    GENERAL_NAMES_free(san);
}

static void an_unreadable_extension_is_an_error(void **state)
{
    acme_t_x509_t t = {0};
    ASN1_OCTET_STRING *garbage = ASN1_OCTET_STRING_new();
    apr_array_header_t *names = NULL;
    X509_EXTENSION *extension;
    X509 *cert;

    t.key = acme_t_x509_key("P-256", 0, *state);
    cert = acme_t_x509_unsigned(&t, *state);
    assert_int_equal(
        ASN1_OCTET_STRING_set(garbage, (const unsigned char *)"garbage", 7), 1);
    extension =
        X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, garbage);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    assert_int_equal(acme_san_names(&names, cert, *state), APR_EINVAL);
    assert_null(names);
    assert_int_equal(ERR_peek_error(), 0);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(garbage);
}

static void too_many_names_are_an_error(void **state)
{
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
    apr_array_header_t *names = NULL;
    char name[32];
    int i;

    for (i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "n%d.example", i);
        push_dns(san, name, -1);
    }
    assert_int_equal(
        acme_san_names(&names, cert_with(san, NULL, *state), *state),
        APR_SUCCESS);
    assert_int_equal(names->nelts, 1000);
    push_dns(san, "one.more.example", -1);
    names = NULL;
    assert_int_equal(
        acme_san_names(&names, cert_with(san, NULL, *state), *state),
        APR_EINVAL);
    assert_null(names);
    GENERAL_NAMES_free(san);
}

ACME_T_MAIN(ACME_T(names_survive_a_certificate),
            ACME_T(addresses_are_addresses_and_names_are_names),
            ACME_T(what_is_no_name_is_refused),
            ACME_T(names_become_canonical_and_appear_once),
            ACME_T(names_of_other_types_are_left_out),
            ACME_T(names_that_no_site_has_are_left_out),
            ACME_T(a_certificate_without_names_has_none),
            ACME_T(a_name_with_a_nul_inside_is_left_out),
            ACME_T(addresses_of_odd_length_are_left_out),
            ACME_T(an_unreadable_extension_is_an_error),
            ACME_T(too_many_names_are_an_error))
