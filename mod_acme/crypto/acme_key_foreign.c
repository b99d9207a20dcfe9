/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_foreign.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "acme_b64.h"

/* Most bytes of a number of a key; with RSA of 4096 bits it has 512. */
#define NUMBER_MAX 1024

typedef struct pass_t {
    const void *bytes;
    apr_size_t len;
} pass_t;

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *why)
{
    ERR_clear_error();
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                            ACME_PROBLEM_CRYPTO, p, "%s", why);
}

static int give_pass(char *buffer, int size, int writing, void *baton)
{
    const pass_t *pass = baton;

    (void)writing;
    if (!pass->bytes || pass->len > (apr_size_t)size) {
        return -1;
    }
    memcpy(buffer, pass->bytes, pass->len);
    return (int)pass->len;
}

/* Makes a key by printing and reading its PEM, because acme_key_from_pem() has
 * all checks. */
static apr_status_t adopt(acme_key_t **key, EVP_PKEY *evp,
                          acme_problem_t *problem, apr_pool_t *p)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    apr_status_t rv;
    char *text;
    long len;

    if (!bio
        || PEM_write_bio_PKCS8PrivateKey(bio, evp, NULL, NULL, 0, NULL, NULL)
               != 1) {
        BIO_free(bio);
        return acme_key_openssl_problem(problem, "converting a key", p);
    }
    len = BIO_get_mem_data(bio, &text);
    rv = acme_key_from_pem(key, text, (apr_size_t)len, problem, p);
    OPENSSL_cleanse(text, (size_t)len);
    BIO_free(bio);
    return rv;
}

apr_status_t acme_key_foreign_locked_pem(acme_key_t **key, const char *pem,
                                         apr_size_t len, const void *pass,
                                         apr_size_t pass_len,
                                         acme_problem_t *problem, apr_pool_t *p)
{
    pass_t given = {pass, pass_len};
    EVP_PKEY *evp;
    apr_status_t rv;
    BIO *bio;

    if (len > 64 * 1024) {
        return refuse(problem, p, "the key's file is too large");
    }
    ERR_clear_error();
    bio = BIO_new_mem_buf(pem, (int)len);
    evp = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_pass, &given) : NULL;
    BIO_free(bio);
    if (!evp) {
        return refuse(problem, p,
                      "the key does not open: it is no key, damaged, or "
                      "encrypted with another passphrase");
    }
    rv = adopt(key, evp, problem, p);
    EVP_PKEY_free(evp);
    return rv;
}

/* ---- JWK ---- */

typedef struct number_t {
    const char *member;
    const char *param;
} number_t;

static const number_t rsa_numbers[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},
    {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

#define N_RSA ((int)(sizeof(rsa_numbers) / sizeof(rsa_numbers[0])))

static int get_bytes(unsigned char **bytes, apr_size_t *len,
                     const acme_json_t *jwk, const char *member, apr_pool_t *p)
{
    const char *text;

    if (acme_json_get_str(&text, jwk, member) != APR_SUCCESS
        || strlen(text) > 2 * NUMBER_MAX
        || acme_b64_decode(bytes, len, text, p) != APR_SUCCESS || *len == 0) {
        return 0;
    }
    acme_key_wipe_with_pool(*bytes, *len, p);
    return 1;
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *evp = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_KEYPAIR, params) != 1) {
        evp = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return evp;
}

static EVP_PKEY *read_rsa(const acme_json_t *jwk, apr_pool_t *p)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[N_RSA] = {NULL};
    EVP_PKEY *evp = NULL;
    unsigned char *bytes;
    apr_size_t len;
    int ok = builder != NULL;
    int i;

    for (i = 0; ok && i < N_RSA; ++i) {
        ok = get_bytes(&bytes, &len, jwk, rsa_numbers[i].member, p);
        if (ok) {
            numbers[i] = BN_secure_new();
            ok = numbers[i] && BN_bin2bn(bytes, (int)len, numbers[i])
                 && OSSL_PARAM_BLD_push_BN(builder, rsa_numbers[i].param,
                                           numbers[i])
                        == 1;
        }
    }
    if (ok) {
        evp = build("RSA", builder);
    }
    for (i = 0; i < N_RSA; ++i) {
        BN_clear_free(numbers[i]);
    }
    OSSL_PARAM_BLD_free(builder);
    return evp;
}

static EVP_PKEY *read_ec(const acme_json_t *jwk, apr_pool_t *p)
{
    OSSL_PARAM_BLD *builder = NULL;
    EVP_PKEY *evp = NULL;
    BIGNUM *number = NULL;
    const char *curve, *group;
    unsigned char *x, *y, *d, point[1 + 2 * 48];
    apr_size_t x_len, y_len, d_len, size;

    if (acme_json_get_str(&curve, jwk, "crv") != APR_SUCCESS
        || !get_bytes(&x, &x_len, jwk, "x", p)
        || !get_bytes(&y, &y_len, jwk, "y", p)
        || !get_bytes(&d, &d_len, jwk, "d", p)) {
        return NULL;
    }
    size = strcmp(curve, "P-256") == 0   ? 32
           : strcmp(curve, "P-384") == 0 ? 48
                                         : 0;
    group = size == 32 ? "prime256v1" : "secp384r1";
    if (size == 0 || x_len != size || y_len != size || d_len != size) {
        return NULL;
    }
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x, size);
    memcpy(point + 1 + size, y, size);
    builder = OSSL_PARAM_BLD_new();
    number = BN_secure_new();
    if (builder && number && BN_bin2bn(d, (int)size, number)
        && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
                                           group, 0)
               == 1
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + 2 * size)
               == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number)
               == 1) {
        evp = build("EC", builder);
    }
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(builder);
    return evp;
}

static int is_sound(EVP_PKEY *evp)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);
    int ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

apr_status_t acme_key_foreign_jwk(acme_key_t **key, const acme_json_t *jwk,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    EVP_PKEY *evp = NULL;
    const char *type;
    apr_status_t rv;

    ERR_clear_error();
    if (acme_json_get_str(&type, jwk, "kty") == APR_SUCCESS) {
        evp = strcmp(type, "RSA") == 0  ? read_rsa(jwk, p)
              : strcmp(type, "EC") == 0 ? read_ec(jwk, p)
                                        : NULL;
    }
    if (!evp || !is_sound(evp)) {
        EVP_PKEY_free(evp);
        return refuse(problem, p,
                      "the JWK is damaged, or no private RSA, P-256 or P-384 "
                      "key");
    }
    rv = adopt(key, evp, problem, p);
    EVP_PKEY_free(evp);
    return rv;
}
