/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme_b64.h"
#include "test_issuer.h"

struct test_issuer_t {
    test_issuer_config_t config;
    const acme_clock_t *clock;
    apr_pool_t *p;
    EVP_PKEY *key;
    X509 *cert;
    int count;
    const char *last_key;
};

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

static apr_status_t free_cert(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    assert_non_null(key);
    return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)cn, -1,
                                                -1, 0),
                     1);
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static void set_life(X509 *cert, apr_time_t from, apr_time_t to)
{
    assert_non_null(
        ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)apr_time_sec(from)));
    assert_non_null(
        ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)apr_time_sec(to)));
}

test_issuer_t *test_issuer_create(const acme_clock_t *clock, apr_pool_t *p)
{
    return test_issuer_create_named("Test CA", clock, p);
}

test_issuer_t *test_issuer_create_named(const char *name,
                                        const acme_clock_t *clock,
                                        apr_pool_t *p)
{
    test_issuer_t *issuer = apr_pcalloc(p, sizeof(*issuer));
    apr_time_t now = acme_time_now(clock);

    issuer->p = p;
    issuer->clock = clock;
    issuer->config.life = 90 * ACME_TIME_DAY;
    issuer->key = make_key();
    issuer->cert = X509_new();
    assert_non_null(issuer->cert);
    apr_pool_cleanup_register(p, issuer->key, free_key, apr_pool_cleanup_null);
    apr_pool_cleanup_register(p, issuer->cert, free_cert,
                              apr_pool_cleanup_null);
    X509_set_version(issuer->cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(issuer->cert), 1);
    set_name(X509_get_subject_name(issuer->cert), name);
    set_name(X509_get_issuer_name(issuer->cert), name);
    set_life(issuer->cert, now - ACME_TIME_DAY, now + 3650 * ACME_TIME_DAY);
    X509_set_pubkey(issuer->cert, issuer->key);
    add_extension(issuer->cert, issuer->cert, NID_basic_constraints,
                  "critical,CA:TRUE");
    add_extension(issuer->cert, issuer->cert, NID_subject_key_identifier,
                  "hash");
    assert_true(X509_sign(issuer->cert, issuer->key, EVP_sha256()) > 0);
    return issuer;
}

test_issuer_config_t *test_issuer_config(test_issuer_t *issuer)
{
    return &issuer->config;
}

int test_issuer_count(const test_issuer_t *issuer)
{
    return issuer->count;
}

const char *test_issuer_last_key(const test_issuer_t *issuer)
{
    return issuer->last_key;
}

static void remember_key(test_issuer_t *issuer, X509_PUBKEY *key)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned char *der = NULL;
    char *text = apr_pcalloc(issuer->p, 2 * sizeof(digest) + 1);
    int len = i2d_X509_PUBKEY(key, &der);
    int i;

    assert_true(len > 0);
    SHA256(der, (size_t)len, digest);
    OPENSSL_free(der);
    for (i = 0; i < (int)sizeof(digest); ++i) {
        apr_snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    issuer->last_key = text;
}

static X509_REQ *read_csr(const char *csr, apr_pool_t *p)
{
    unsigned char *der;
    const unsigned char *at;
    apr_size_t len;
    X509_REQ *req;

    assert_int_equal(acme_b64_decode(&der, &len, csr, p), APR_SUCCESS);
    at = der;
    req = d2i_X509_REQ(NULL, &at, (long)len);
    assert_non_null(req);
    assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
    return req;
}

static void add_names(test_issuer_t *issuer, X509 *cert, X509_REQ *req)
{
    STACK_OF(X509_EXTENSION) * exts;
    int at;

    if (issuer->config.wrong_name) {
        add_extension(cert, issuer->cert, NID_subject_alt_name,
                      issuer->config.wrong_name);
        return;
    }
    exts = X509_REQ_get_extensions(req);
    at = X509v3_get_ext_by_NID(exts, NID_subject_alt_name, -1);
    assert_true(at >= 0);
    assert_int_equal(X509_add_ext(cert, X509v3_get_ext(exts, at), -1), 1);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

/* Prints a certificate, or none, and the issuer's root. */
static const char *print(const test_issuer_t *issuer, X509 *cert, apr_pool_t *p)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;
    const char *pem;

    if (cert) {
        assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    }
    assert_int_equal(PEM_write_bio_X509(bio, issuer->cert), 1);
    len = BIO_get_mem_data(bio, &text);
    pem = apr_pstrmemdup(p, text, (apr_size_t)len);
    BIO_free(bio);
    return pem;
}

const char *test_issuer_root(const test_issuer_t *issuer, apr_pool_t *p)
{
    return print(issuer, NULL, p);
}

const char *test_issuer_sign(void *baton, const char *csr, apr_pool_t *p)
{
    test_issuer_t *issuer = baton;
    apr_time_t now = acme_time_now(issuer->clock);
    EVP_PKEY *other;
    X509_REQ *req;
    const char *pem;
    X509 *cert;

    if (issuer->config.refuse) {
        return NULL;
    }
    if (issuer->config.no_certificate) {
        return "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    }
    req = read_csr(csr, p);
    remember_key(issuer, X509_REQ_get_X509_PUBKEY(req));
    cert = X509_new();
    assert_non_null(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1000 + ++issuer->count);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert));
    set_life(cert, now - ACME_TIME_HOUR, now + issuer->config.life);
    if (issuer->config.wrong_key) {
        other = make_key();
        X509_set_pubkey(cert, other);
        EVP_PKEY_free(other);
    }
    else {
        X509_set_pubkey(cert, X509_REQ_get0_pubkey(req));
    }
    add_names(issuer, cert, req);
    add_extension(cert, issuer->cert, NID_authority_key_identifier,
                  "keyid:always");
    assert_true(X509_sign(cert, issuer->key, EVP_sha256()) > 0);
    pem = print(issuer, cert, p);
    X509_free(cert);
    X509_REQ_free(req);
    return pem;
}
