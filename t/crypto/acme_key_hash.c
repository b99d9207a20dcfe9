/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <string.h>

#include <apr_escape.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "acme_cert.h"
#include "acme_csr.h"
#include "acme_ident.h"
#include "acme_key_hash.h"
#include "acme_time.h"

static acme_key_t *make_key(acme_key_e type, int bits, apr_pool_t *p)
{
    acme_key_spec_t spec;
    acme_key_t *key;

    spec.type = type;
    spec.bits = bits;
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    return key;
}

static void a_key_its_certificate_and_its_request_have_the_same(void **state)
{
    static const acme_key_spec_t kinds[] = {
        {ACME_KEY_P256, 0}, {ACME_KEY_P384, 0}, {ACME_KEY_RSA, 2048}};
    apr_pool_t *p = *state;
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    const char *hash, *pem, *csr;
    acme_chain_t *chain;
    acme_key_t *key, *again;
    size_t i;

    acme_ident_add(names, "a.example");
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        key = make_key(kinds[i].type, kinds[i].bits, p);
        hash = acme_key_hash(key, p);
        assert_int_equal(strlen(hash), 64);
        assert_int_equal(strspn(hash, "0123456789abcdef"), 64);
        assert_int_equal(acme_cert_placeholder(&pem, key, "a.example",
                                               apr_time_now(), ACME_TIME_DAY,
                                               NULL, p),
                         0);
        assert_int_equal(
            acme_cert_chain_parse(&chain, pem, strlen(pem), NULL, p), 0);
        assert_string_equal(acme_cert_chain_info(chain)->key_hash, hash);
        assert_int_equal(acme_csr_create(&csr, key, names, 0, NULL, p), 0);
        assert_string_equal(acme_csr_read_key_hash(csr, p), hash);
        assert_int_equal(acme_key_to_pem(&pem, key, NULL, p), 0);
        assert_int_equal(acme_key_from_pem(&again, pem, strlen(pem), NULL, p),
                         0);
        assert_string_equal(acme_key_hash(again, p), hash);
    }
}

/* SHA-256 of what OpenSSL encodes. */
static const char *hash_of_encoding(const EVP_PKEY *evp, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int hash_len = 0;
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(evp, &der);

    assert_true(len > 0);
    assert_int_equal(
        EVP_Digest(der, (size_t)len, hash, &hash_len, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    return apr_pescape_hex(p, hash, hash_len, 0);
}

static EVP_PKEY *make_curve(const char *curve, const char *form)
{
    EVP_PKEY *evp = EVP_EC_gen(curve);

    assert_non_null(evp);
    if (form) {
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(
                evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form),
            1);
    }
    return evp;
}

static void it_is_that_of_the_public_key_info(void **state)
{
    static const char *const curves[] = {"P-256", "P-384", "P-521",
                                         "secp256k1"};
    static const char *const forms[] = {NULL, "uncompressed", "compressed",
                                        "hybrid"};
    apr_pool_t *p = *state;
    EVP_PKEY *evp;
    size_t i, k;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        for (k = 0; k < sizeof(forms) / sizeof(forms[0]); k++) {
            evp = make_curve(curves[i], forms[k]);
            assert_string_equal(acme_key_hash_of_evp(evp, p),
                                hash_of_encoding(evp, p));
            EVP_PKEY_free(evp);
        }
    }
    evp = EVP_RSA_gen(2048);
    assert_string_equal(acme_key_hash_of_evp(evp, p), hash_of_encoding(evp, p));
    EVP_PKEY_free(evp);
    evp = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_string_equal(acme_key_hash_of_evp(evp, p), hash_of_encoding(evp, p));
    EVP_PKEY_free(evp);
}

static void another_key_has_another(void **state)
{
    apr_pool_t *p = *state;

    assert_string_not_equal(acme_key_hash(make_key(ACME_KEY_P256, 0, p), p),
                            acme_key_hash(make_key(ACME_KEY_P256, 0, p), p));
}

static void what_is_no_key_has_none(void **state)
{
    assert_string_equal(acme_key_hash_of_evp(NULL, *state), "");
    assert_string_equal(acme_csr_read_key_hash("", *state), "");
    assert_string_equal(acme_csr_read_key_hash("AAAA", *state), "");
    assert_string_equal(acme_csr_read_key_hash("no base64 at all", *state), "");
}

ACME_T_MAIN(ACME_T(a_key_its_certificate_and_its_request_have_the_same),
            ACME_T(it_is_that_of_the_public_key_info),
            ACME_T(another_key_has_another), ACME_T(what_is_no_key_has_none))
