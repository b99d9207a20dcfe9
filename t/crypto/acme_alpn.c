/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "acme_alpn.h"
#include "acme_san.h"

#define NOW           (apr_time_from_sec(1800000000))
#define AUTHORIZATION "token.thumbprint"

static const acme_key_spec_t kinds[] = {
    {ACME_KEY_P256, 0}, {ACME_KEY_P384, 0}, {ACME_KEY_RSA, 2048}};

static acme_key_t *make_key(int kind, apr_pool_t *p)
{
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &kinds[kind], NULL, NULL, NULL, p),
                     APR_SUCCESS);
    return key;
}

static X509 *parse(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    assert_non_null(cert);
    BIO_free(bio);
    return cert;
}

/* Asserts that the certificate is what RFC 8737 3 asks for. */
static void check(X509 *cert, const char *identifier, apr_pool_t *p)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int at = X509_get_ext_by_OBJ(cert, object, -1);
    const ASN1_OCTET_STRING *value;
    apr_array_header_t *names;
    X509_EXTENSION *extension;

    assert_true(at >= 0);
    assert_int_equal(X509_get_ext_by_OBJ(cert, object, at), -1);
    extension = X509_get_ext(cert, at);
    assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
    value = X509_EXTENSION_get_data(extension);
    SHA256((const unsigned char *)AUTHORIZATION, strlen(AUTHORIZATION), hash);
    assert_int_equal(ASN1_STRING_length(value), 34);
    assert_memory_equal(ASN1_STRING_get0_data(value), "\x04\x20", 2);
    assert_memory_equal(ASN1_STRING_get0_data(value) + 2, hash, sizeof(hash));
    assert_int_equal(acme_san_names(&names, cert, p), APR_SUCCESS);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), identifier);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
    ASN1_OBJECT_free(object);
}

static void a_certificate_proves_one_identifier(void **state)
{
    static const char *const identifiers[] = {"example.org", "192.0.2.1",
                                              "2001:db8::1"};
    apr_pool_t *p = *state;
    const char *pem;
    size_t i;
    X509 *cert;

    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_alpn_cert(&pem, make_key((int)i, p),
                                        identifiers[i], AUTHORIZATION, NOW,
                                        NULL, p),
                         APR_SUCCESS);
        cert = parse(pem);
        check(cert, identifiers[i], p);
        X509_free(cert);
    }
}

static void a_name_that_is_none_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem;

    assert_int_not_equal(acme_alpn_cert(&pem, make_key(0, p), "no name",
                                        AUTHORIZATION, NOW, &problem, p),
                         APR_SUCCESS);
    assert_non_null(problem.detail);
}

static acme_alpn_pair_t make_pair(int kind, apr_pool_t *p)
{
    acme_key_t *key = make_key(kind, p);
    acme_alpn_pair_t pair;

    assert_int_equal(acme_alpn_cert(&pair.cert_pem, key, "example.org",
                                    AUTHORIZATION, NOW, NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_key_to_pem(&pair.key_pem, key, NULL, p), APR_SUCCESS);
    return pair;
}

static void a_connection_serves_all_kinds(void **state)
{
    apr_pool_t *p = *state;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(ctx);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_alpn_pair_t ec = make_pair(0, p), rsa = make_pair(2, p), wrong;

    assert_null(acme_alpn_server_name(ssl));
    assert_int_equal(acme_alpn_use(ssl, &ec, &problem, p), APR_SUCCESS);
    assert_int_equal(acme_alpn_use(ssl, &rsa, &problem, p), APR_SUCCESS);
    check(SSL_get_certificate(ssl), "example.org", p);
    assert_int_equal(EVP_PKEY_get_base_id(SSL_get_privatekey(ssl)),
                     EVP_PKEY_RSA);
    wrong.cert_pem = ec.cert_pem;
    wrong.key_pem = rsa.key_pem;
    assert_int_not_equal(acme_alpn_use(ssl, &wrong, &problem, p), APR_SUCCESS);
    assert_non_null(problem.detail);
    wrong.cert_pem = "no certificate";
    assert_int_not_equal(acme_alpn_use(ssl, &wrong, &problem, p), APR_SUCCESS);
    wrong.cert_pem = ec.cert_pem;
    wrong.key_pem = "no key";
    assert_int_not_equal(acme_alpn_use(ssl, &wrong, &problem, p), APR_SUCCESS);
    /* A security level that the key does not meet. */
    SSL_set_security_level(ssl, 3);
    assert_int_not_equal(acme_alpn_use(ssl, &rsa, &problem, p), APR_SUCCESS);
    assert_int_equal(acme_alpn_use(ssl, &ec, &problem, p), APR_SUCCESS);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

ACME_T_MAIN(ACME_T(a_certificate_proves_one_identifier),
            ACME_T(a_name_that_is_none_is_a_problem),
            ACME_T(a_connection_serves_all_kinds))
