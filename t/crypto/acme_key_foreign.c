/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "acme_b64.h"
#include "acme_key_foreign.h"

static const unsigned char pass[48] = {1, 0, 255, 10, 13, 0, 7, [47] = 9};

static acme_key_t *new_key(acme_key_e type, apr_pool_t *p)
{
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;

    spec.type = type;
    spec.bits = type == ACME_KEY_RSA ? 2048 : 0;
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    return key;
}

static const char *locked_pem(const acme_key_t *key, apr_pool_t *p)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *pem;
    char *text;
    long len;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, acme_key_evp(key), EVP_aes_256_cbc(),
                         (const char *)pass, sizeof(pass), NULL, NULL),
                     1);
    len = BIO_get_mem_data(bio, &text);
    pem = apr_pstrmemdup(p, text, (apr_size_t)len);
    BIO_free(bio);
    return pem;
}

static int same(const acme_key_t *a, const acme_key_t *b)
{
    return EVP_PKEY_eq(acme_key_evp(a), acme_key_evp(b)) == 1;
}

static void encrypted_and_plain_pem(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key = new_key(ACME_KEY_P384, p), *read;
    const char *pem = locked_pem(key, p);

    assert_non_null(strstr(pem, "ENCRYPTED"));
    assert_int_equal(acme_key_foreign_locked_pem(&read, pem, strlen(pem), pass,
                                                 sizeof(pass), NULL, p),
                     0);
    assert_true(same(key, read));
    assert_int_equal(acme_key_foreign_locked_pem(&read, pem, strlen(pem), pass,
                                                 47, &problem, p),
                     APR_EINVAL);
    assert_int_equal(acme_key_foreign_locked_pem(&read, pem, strlen(pem), NULL,
                                                 0, &problem, p),
                     APR_EINVAL);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, p), 0);
    assert_int_equal(
        acme_key_foreign_locked_pem(&read, pem, strlen(pem), NULL, 0, NULL, p),
        0);
    assert_true(same(key, read));
    assert_int_equal(
        acme_key_foreign_locked_pem(&read, "x", 1, pass, 48, &problem, p),
        APR_EINVAL);
}

static void set_number(acme_json_t *jwk, const char *member,
                       const acme_key_t *key, const char *param, int len,
                       apr_pool_t *p)
{
    unsigned char bytes[1024];
    BIGNUM *number = NULL;
    int size;

    assert_int_equal(EVP_PKEY_get_bn_param(acme_key_evp(key), param, &number),
                     1);
    size = len ? len : BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, bytes, size), size);
    acme_json_set_str(jwk, member, acme_b64_encode(bytes, (apr_size_t)size, p));
    BN_free(number);
}

static acme_json_t *rsa_jwk(const acme_key_t *key, apr_pool_t *p)
{
    acme_json_t *jwk = acme_json_object(p);

    acme_json_set_str(jwk, "kty", "RSA");
    set_number(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0, p);
    set_number(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0, p);
    set_number(jwk, "d", key, OSSL_PKEY_PARAM_RSA_D, 0, p);
    set_number(jwk, "p", key, OSSL_PKEY_PARAM_RSA_FACTOR1, 0, p);
    set_number(jwk, "q", key, OSSL_PKEY_PARAM_RSA_FACTOR2, 0, p);
    set_number(jwk, "dp", key, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0, p);
    set_number(jwk, "dq", key, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0, p);
    set_number(jwk, "qi", key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0, p);
    return jwk;
}

static acme_json_t *ec_jwk(const acme_key_t *key, const char *curve, int size,
                           apr_pool_t *p)
{
    acme_json_t *jwk = acme_json_object(p);

    acme_json_set_str(jwk, "kty", "EC");
    acme_json_set_str(jwk, "crv", curve);
    set_number(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, size, p);
    set_number(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, size, p);
    set_number(jwk, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, size, p);
    return jwk;
}

static void private_jwks(void **state)
{
    apr_pool_t *p = *state;
    acme_key_t *key, *read;

    key = new_key(ACME_KEY_RSA, p);
    assert_int_equal(acme_key_foreign_jwk(&read, rsa_jwk(key, p), NULL, p), 0);
    assert_true(same(key, read));
    key = new_key(ACME_KEY_P256, p);
    assert_int_equal(
        acme_key_foreign_jwk(&read, ec_jwk(key, "P-256", 32, p), NULL, p), 0);
    assert_true(same(key, read));
    key = new_key(ACME_KEY_P384, p);
    assert_int_equal(
        acme_key_foreign_jwk(&read, ec_jwk(key, "P-384", 48, p), NULL, p), 0);
    assert_true(same(key, read));
}

static void refused(const acme_json_t *jwk, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *read;

    assert_int_equal(acme_key_foreign_jwk(&read, jwk, &problem, p), APR_EINVAL);
    assert_non_null(problem.detail);
}

static void damaged_jwks(void **state)
{
    static const char *const members[] = {"n", "d", "p", "q"};
    apr_pool_t *p = *state;
    acme_key_t *key = new_key(ACME_KEY_P256, p);
    acme_key_t *other = new_key(ACME_KEY_P256, p);
    acme_key_t *rsa = new_key(ACME_KEY_RSA, p);
    acme_json_t *jwk;
    int i;

    refused(acme_json_object(p), p);
    jwk = ec_jwk(key, "P-256", 32, p);
    acme_json_set_str(jwk, "kty", "oct");
    refused(jwk, p);
    refused(ec_jwk(key, "P-521", 32, p), p);
    refused(ec_jwk(key, "P-384", 32, p), p);
    /* The private and the public part are of two keys. */
    jwk = ec_jwk(key, "P-256", 32, p);
    set_number(jwk, "d", other, OSSL_PKEY_PARAM_PRIV_KEY, 32, p);
    refused(jwk, p);
    for (i = 0; i < 4; ++i) {
        jwk = rsa_jwk(rsa, p);
        acme_json_set_str(jwk, members[i], "AQAB");
        refused(jwk, p);
        acme_json_set_str(jwk, members[i], "");
        refused(jwk, p);
        acme_json_set_str(jwk, members[i], "not base64!");
        refused(jwk, p);
    }
}

ACME_T_MAIN(ACME_T(encrypted_and_plain_pem), ACME_T(private_jwks),
            ACME_T(damaged_jwks))
