/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_cert.h"
#include "acme_t_x509.h"
#include "acme_time.h"

/* 2026-01-01T00:00:00Z */
#define NOW apr_time_from_sec(1767225600)

static acme_chain_t *parsed(const char *pem, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain = NULL;

    if (acme_cert_chain_parse(&chain, pem, strlen(pem), &problem, p)
        != APR_SUCCESS) {
        fail_msg("%s", problem.detail);
    }
    assert_int_equal(ERR_peek_error(), 0);
    return chain;
}

static void refuses_bytes(const char *pem, apr_size_t len, const char *detail,
                          apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain = NULL;

    assert_int_equal(acme_cert_chain_parse(&chain, pem, len, &problem, p),
                     APR_EINVAL);
    assert_null(chain);
    assert_int_equal(ERR_peek_error(), 0);
    assert_string_equal(problem.type, ACME_PROBLEM_CERTIFICATE);
    if (strstr(problem.detail, detail) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", problem.detail, detail);
    }
}

static void refuses(const char *pem, const char *detail, apr_pool_t *p)
{
    refuses_bytes(pem, strlen(pem), detail, p);
}

static acme_t_x509_t leaf(apr_pool_t *p)
{
    acme_t_x509_t t = {0};

    t.subject = "example.org";
    t.san = "DNS:example.org,DNS:www.example.org";
    t.key = acme_t_x509_key("P-256", 0, p);
    t.not_before = NOW - ACME_TIME_DAY;
    t.not_after = NOW + 89 * ACME_TIME_DAY;
    return t;
}

static const char *leaf_pem(apr_pool_t *p)
{
    acme_t_x509_t t = leaf(p);

    return acme_t_x509_pem(acme_t_x509(&t, p), p);
}

static void a_certificate_is_described(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t ca = leaf(p);
    acme_t_x509_t t = leaf(p);
    const acme_cert_info_t *info;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len;
    char hex[65];
    X509 *cert;
    int i;

    ca.subject = "Some CA";
    t.issuer = acme_t_x509(&ca, p);
    t.issuer_key = ca.key;
    cert = acme_t_x509(&t, p);
    info = acme_cert_chain_info(parsed(acme_t_x509_pem(cert, p), p));
    assert_int_equal(info->names->nelts, 2);
    assert_string_equal(apr_array_pstrcat(p, info->names, ' '),
                        "example.org www.example.org");
    assert_string_equal(info->subject, "CN=example.org");
    assert_string_equal(info->issuer, "CN=Some CA");
    assert_string_equal(info->serial, "1f2e");
    assert_string_equal(info->key_type, "P-256");
    assert_true(info->not_before == NOW - ACME_TIME_DAY);
    assert_true(info->not_after == NOW + 89 * ACME_TIME_DAY);
    X509_digest(cert, EVP_sha256(), hash, &len);
    for (i = 0; i < 32; i++) {
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    assert_string_equal(info->fingerprint, hex);
}

/* The certificate of RFC 9773, appendix A. */
static const char rfc_9773_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt\n"
    "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS\n"
    "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu\n"
    "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf\n"
    "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B\n"
    "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb\n"
    "+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK\n"
    "-----END CERTIFICATE-----\n";

static void the_example_of_rfc_9773_has_its_id(void **state)
{
    const acme_cert_info_t *info =
        acme_cert_chain_info(parsed(rfc_9773_pem, *state));

    assert_string_equal(info->ari_id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_string_equal(info->serial, "87654321");
}

static void the_top_of_a_chain_is_known_by_its_name(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t ca = leaf(p);
    acme_t_x509_t t = leaf(p);
    acme_chain_t *chain;

    ca.subject = "Some CA";
    t.issuer = acme_t_x509(&ca, p);
    t.issuer_key = ca.key;
    chain = parsed(acme_t_x509_pem(acme_t_x509(&t, p), p), p);
    assert_true(acme_cert_chain_leads_to(chain, "Some CA"));
    assert_false(acme_cert_chain_leads_to(chain, "Some C"));
    assert_false(acme_cert_chain_leads_to(chain, "Some CA "));
    assert_false(acme_cert_chain_leads_to(chain, ""));
    assert_false(acme_cert_chain_leads_to(chain, "example.org"));
}

static void without_its_issuers_key_there_is_no_id(void **state)
{
    assert_null(acme_cert_chain_info(parsed(leaf_pem(*state), *state))->ari_id);
}

static void keys_of_all_kinds_are_described(void **state)
{
    static const struct {
        const char *curve;
        int bits;
        const char *text;
    } kinds[] = {{"P-384", 0, "P-384"},
                 {NULL, 2048, "RSA 2048"},
                 {NULL, 1024, "RSA 1024"},
                 {"P-521", 0, "?"}};
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        t.key = acme_t_x509_key(kinds[i].curve, kinds[i].bits, p);
        assert_string_equal(
            acme_cert_chain_info(
                parsed(acme_t_x509_pem(acme_t_x509(&t, p), p), p))
                ->key_type,
            kinds[i].text);
    }
}

static void odd_serials_are_shown(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    unsigned char bytes[100];
    X509 *cert;

    cert = acme_t_x509_unsigned(&t, p);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 0), 1);
    acme_t_x509_signed(cert, &t);
    assert_string_equal(
        acme_cert_chain_info(parsed(acme_t_x509_pem(cert, p), p))->serial,
        "00");

    cert = acme_t_x509_unsigned(&t, p);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), -0x80), 1);
    acme_t_x509_signed(cert, &t);
    assert_string_equal(
        acme_cert_chain_info(parsed(acme_t_x509_pem(cert, p), p))->serial,
        "-80");

    cert = acme_t_x509_unsigned(&t, p);
    memset(bytes, 0x7a, sizeof(bytes));
    assert_int_equal(
        ASN1_STRING_set(X509_get_serialNumber(cert), bytes, sizeof(bytes)), 1);
    acme_t_x509_signed(cert, &t);
    assert_int_equal(
        strlen(
            acme_cert_chain_info(parsed(acme_t_x509_pem(cert, p), p))->serial),
        128);
}

static void distinguished_names_are_printable_and_bounded(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    const acme_cert_info_t *info;
    char *text = apr_pcalloc(p, 64);
    X509_NAME *name;
    X509 *cert;
    const char *c;
    int i;

    t.subject = "a\n\x1b[2J\x7f,\xc3\xbc\"<b>";
    info =
        acme_cert_chain_info(parsed(acme_t_x509_pem(acme_t_x509(&t, p), p), p));
    assert_string_equal(info->subject,
                        "CN=a\\0A\\1B[2J\\7F\\,\\C3\\BC\\\"\\<b\\>");
    t.subject = NULL;
    info =
        acme_cert_chain_info(parsed(acme_t_x509_pem(acme_t_x509(&t, p), p), p));
    assert_string_equal(info->subject, "");
    assert_string_equal(info->issuer, "");

    memset(text, 'x', 63);
    name = X509_NAME_new();
    for (i = 0; i < 200; i++) {
        assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
                                                    (unsigned char *)text, -1,
                                                    -1, 0),
                         1);
    }
    cert = acme_t_x509_unsigned(&t, p);
    assert_int_equal(X509_set_subject_name(cert, name), 1);
    X509_NAME_free(name);
    acme_t_x509_signed(cert, &t);
    info = acme_cert_chain_info(parsed(acme_t_x509_pem(cert, p), p));
    assert_true(strlen(info->subject) <= 1000);
    assert_true(strlen(info->subject) > 900);
    for (c = info->subject; *c != '\0'; c++) {
        assert_in_range((unsigned char)*c, 0x20, 0x7e);
    }
}

static void times_far_away_are_read(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    const acme_cert_info_t *info;

    /* 1950-01-01 and 9999-12-31T23:59:59Z */
    t.not_before = apr_time_from_sec(-631152000);
    t.not_after = apr_time_from_sec(APR_INT64_C(253402300799));
    info =
        acme_cert_chain_info(parsed(acme_t_x509_pem(acme_t_x509(&t, p), p), p));
    assert_true(info->not_before == t.not_before);
    assert_true(info->not_after == t.not_after);
}

static void a_chain_prints_as_it_was(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    const char *first = leaf_pem(p);
    const char *second = leaf_pem(p);
    const char *third = leaf_pem(p);
    const char *leaf_text;
    const char *rest;
    const char *full;
    acme_chain_t *chain;

    chain = parsed(apr_pstrcat(p, first, second, third, NULL), p);
    assert_int_equal(acme_cert_chain_count(chain), 3);
    assert_non_null(acme_cert_chain_at(chain, 2));
    assert_null(acme_cert_chain_at(chain, 3));
    assert_null(acme_cert_chain_at(chain, -1));
    assert_int_equal(
        acme_cert_chain_print(&leaf_text, &rest, &full, chain, &problem, p),
        APR_SUCCESS);
    assert_string_equal(leaf_text, first);
    assert_string_equal(rest, apr_pstrcat(p, second, third, NULL));
    assert_string_equal(full, apr_pstrcat(p, first, second, third, NULL));

    chain = parsed(first, p);
    assert_int_equal(
        acme_cert_chain_print(&leaf_text, &rest, &full, chain, &problem, p),
        APR_SUCCESS);
    assert_string_equal(leaf_text, first);
    assert_string_equal(rest, "");
    assert_string_equal(full, first);
}

/* Returns the text with CRLF instead of LF. */
static const char *with_crlf(const char *pem, apr_pool_t *p)
{
    char *text = apr_palloc(p, 2 * strlen(pem) + 1);
    char *to = text;

    for (; *pem != '\0'; pem++) {
        if (*pem == '\n') {
            *to++ = '\r';
        }
        *to++ = *pem;
    }
    *to = '\0';
    return text;
}

static void white_space_between_certificates_is_allowed(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = leaf_pem(p);
    acme_chain_t *chain;

    chain = parsed(apr_pstrcat(p, "\n \t\r\n", pem, "\n\n\n", with_crlf(pem, p),
                               "\r\n  ", NULL),
                   p);
    assert_int_equal(acme_cert_chain_count(chain), 2);
    /* The last line needs no end. */
    chain = parsed(apr_pstrmemdup(p, pem, strlen(pem) - 1), p);
    assert_int_equal(acme_cert_chain_count(chain), 1);
}

static void anything_else_between_certificates_is_refused(void **state)
{
    static const char *const others[] = {
        "<html>",
        "x",
        "0",
        "-----",
        "# comment",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN TRUSTED CERTIFICATE-----\n",
        "-----BEGIN X509 CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE----\n"};
    apr_pool_t *p = *state;
    const char *pem = leaf_pem(p);
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        refuses(apr_pstrcat(p, others[i], "\n", pem, NULL),
                "after 0 of them comes", p);
        refuses(apr_pstrcat(p, pem, others[i], "\n", pem, NULL),
                "after 1 of them comes", p);
        refuses(apr_pstrcat(p, pem, others[i], NULL), "after 1 of them comes",
                p);
    }
    refuses(apr_pstrcat(p, pem, "a\x1b\nb", NULL), "comes \"a\\x1", p);
}

static void nothing_is_no_chain(void **state)
{
    refuses_bytes(NULL, 0, "text is empty", *state);
    refuses("", "text is empty", *state);
    refuses(" \r\n\t", "text is empty", *state);
}

static void zero_bytes_are_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = leaf_pem(p);
    apr_size_t len = strlen(pem);

    refuses_bytes(pem, len + 1, "zero bytes", p);
    refuses_bytes("\0", 1, "zero bytes", p);
}

static void too_much_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = leaf_pem(p);
    const char *text = "";
    char *large;
    int i;

    for (i = 0; i < ACME_CHAIN_MAX; i++) {
        text = apr_pstrcat(p, text, pem, NULL);
    }
    assert_int_equal(acme_cert_chain_count(parsed(text, p)), ACME_CHAIN_MAX);
    refuses(apr_pstrcat(p, text, pem, NULL), "more than 16 certificates", p);
    large = apr_palloc(p, 2 * 1024 * 1024);
    memset(large, ' ', 2 * 1024 * 1024);
    refuses_bytes(large, 2 * 1024 * 1024, "too many", p);
}

static void damaged_certificates_are_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = leaf_pem(p);
    const char *second;
    apr_size_t len = strlen(pem);
    apr_size_t i;
    char *text;

    /* Cut it anywhere. The last byte is the end of the last line. */
    for (i = 1; i + 1 < len; i++) {
        refuses_bytes(pem, i, "", p);
    }
    for (i = 27; i < len - 27; i += 7) {
        text = apr_pstrdup(p, pem);
        text[i] = '!';
        refuses(text, "certificate 1 of the chain is damaged", p);
    }
    text = apr_pstrdup(p, pem);
    text[60] = '\xfc';
    refuses(text, "damaged", p);
    second = apr_pstrcat(p, pem,
                         "-----BEGIN CERTIFICATE-----\n"
                         "-----END CERTIFICATE-----\n",
                         NULL);
    refuses(second, "certificate 2 of the chain is damaged", p);
    refuses("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "damaged", p);
    refuses("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
            "DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END CERTIFICATE-----\n",
            "damaged", p);
    refuses("-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----",
            "damaged", p);
    refuses("-----BEGIN CERTIFICATE-----", "damaged", p);
}

static void bytes_behind_the_certificate_are_refused(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    unsigned char *der = NULL;
    unsigned char *longer;
    const char *pem;
    char *data;
    BIO *bio;
    long text_len;
    int len;

    len = i2d_X509(acme_t_x509(&t, p), &der);
    assert_true(len > 0);
    longer = apr_pcalloc(p, (apr_size_t)len + 2);
    memcpy(longer, der, (size_t)len);
    OPENSSL_free(der);
    bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio(bio, "CERTIFICATE", "", longer, len + 2) > 0);
    text_len = BIO_get_mem_data(bio, &data);
    pem = apr_pstrmemdup(p, data, (apr_size_t)text_len);
    BIO_free(bio);
    refuses(pem, "damaged", p);
}

static void an_unreadable_extension_is_refused(void **state)
{
    apr_pool_t *p = *state;
    acme_t_x509_t t = leaf(p);
    ASN1_OCTET_STRING *garbage = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;
    X509 *cert;

    t.san = NULL;
    cert = acme_t_x509_unsigned(&t, p);
    ASN1_OCTET_STRING_set(garbage, (const unsigned char *)"garbage", 7);
    extension =
        X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, garbage);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(garbage);
    acme_t_x509_signed(cert, &t);
    refuses(acme_t_x509_pem(cert, p), "subjectAltName", p);
}

/* Changes each byte of the DER: it is refused or read, but nothing crashes. */
static void changed_bytes_never_crash(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_t_x509_t t = leaf(*state);
    unsigned char *der = NULL;
    acme_chain_t *chain;
    apr_pool_t *p;
    char *data;
    BIO *bio;
    long text_len;
    int len;
    int i;

    len = i2d_X509(acme_t_x509(&t, *state), &der);
    assert_true(len > 0);
    apr_pool_create(&p, *state);
    for (i = 0; i < 3 * len; i++) {
        unsigned char kept = der[i / 3];

        der[i / 3] = (unsigned char)(kept
                                     ^ (i % 3 == 0   ? 0x01
                                        : i % 3 == 1 ? 0x80
                                                     : 0xff));
        bio = BIO_new(BIO_s_mem());
        PEM_write_bio(bio, "CERTIFICATE", "", der, len);
        text_len = BIO_get_mem_data(bio, &data);
        (void)acme_cert_chain_parse(&chain, data, (apr_size_t)text_len,
                                    &problem, p);
        assert_int_equal(ERR_peek_error(), 0);
        BIO_free(bio);
        der[i / 3] = kept;
        apr_pool_clear(p);
    }
    OPENSSL_free(der);
}

ACME_T_MAIN(ACME_T(a_certificate_is_described),
            ACME_T(the_example_of_rfc_9773_has_its_id),
            ACME_T(the_top_of_a_chain_is_known_by_its_name),
            ACME_T(without_its_issuers_key_there_is_no_id),
            ACME_T(keys_of_all_kinds_are_described),
            ACME_T(odd_serials_are_shown),
            ACME_T(distinguished_names_are_printable_and_bounded),
            ACME_T(times_far_away_are_read), ACME_T(a_chain_prints_as_it_was),
            ACME_T(white_space_between_certificates_is_allowed),
            ACME_T(anything_else_between_certificates_is_refused),
            ACME_T(nothing_is_no_chain), ACME_T(zero_bytes_are_refused),
            ACME_T(too_much_is_refused),
            ACME_T(damaged_certificates_are_refused),
            ACME_T(bytes_behind_the_certificate_are_refused),
            ACME_T(an_unreadable_extension_is_refused),
            ACME_T(changed_bytes_never_crash))
