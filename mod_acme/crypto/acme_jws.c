/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "acme_b64.h"
#include "acme_jws.h"

#define SHA256_LEN 32

/* Returns the bytes of a number in the public key, as base64url (RFC 7518
 * 6.2.1.2, 6.3.1.1).
 * @param width length with leading zeros; 0: as short as possible */
static const char *public_number(const acme_key_t *key, const char *name,
                                 int width, apr_pool_t *p)
{
    unsigned char *bytes;
    const char *text = NULL;
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(acme_key_evp(key), name, &number) == 1) {
        if (width == 0) {
            width = BN_num_bytes(number);
        }
        bytes = apr_palloc(p, (apr_size_t)width);
        if (BN_bn2binpad(number, bytes, width) == width) {
            text = acme_b64_encode(bytes, (apr_size_t)width, p);
        }
    }
    BN_free(number);
    return text;
}

/* Returns the length of a coordinate, which is that of each half of a
 * signature; 0 for RSA. */
static int coordinate_len(const acme_key_t *key)
{
    switch (acme_key_spec(key).type) {
    case ACME_KEY_P256:
        return 32;
    case ACME_KEY_P384:
        return 48;
    case ACME_KEY_RSA:
        break;
    }
    return 0;
}

/* Prints the public key as RFC 7638 3 says: the required members only, sorted,
 * no white space. The same text is the jwk of a header and is hashed for the
 * thumbprint. */
static const char *jwk_create(const acme_key_t *key, apr_pool_t *p)
{
    acme_json_t *jwk = acme_json_object(p);
    acme_key_spec_t spec = acme_key_spec(key);
    int width = coordinate_len(key);
    const char *first;
    const char *second;

    if (spec.type == ACME_KEY_RSA) {
        first = public_number(key, OSSL_PKEY_PARAM_RSA_E, 0, p);
        second = public_number(key, OSSL_PKEY_PARAM_RSA_N, 0, p);
        acme_json_set_str(jwk, "e", first);
        acme_json_set_str(jwk, "kty", "RSA");
        acme_json_set_str(jwk, "n", second);
    }
    else {
        first = public_number(key, OSSL_PKEY_PARAM_EC_PUB_X, width, p);
        second = public_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, width, p);
        acme_json_set_str(jwk, "crv",
                          spec.type == ACME_KEY_P384 ? "P-384" : "P-256");
        acme_json_set_str(jwk, "kty", "EC");
        acme_json_set_str(jwk, "x", first);
        acme_json_set_str(jwk, "y", second);
    }
    if (first == NULL || second == NULL) {
        return NULL;
    }
    return acme_json_print(jwk, 0, p);
}

static const char *alg_of(const acme_key_t *key)
{
    switch (acme_key_spec(key).type) {
    case ACME_KEY_P256:
        return "ES256";
    case ACME_KEY_P384:
        return "ES384";
    case ACME_KEY_RSA:
        break;
    }
    return "RS256";
}

apr_status_t acme_jws_signer_create(acme_jws_signer_t **signer,
                                    const acme_key_t *key,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    unsigned char hash[SHA256_LEN];
    acme_jws_signer_t *made = apr_palloc(p, sizeof(*made));

    ERR_clear_error();
    made->key = key;
    made->alg = alg_of(key);
    made->jwk = jwk_create(key, p);
    if (made->jwk == NULL
        || EVP_Digest(made->jwk, strlen(made->jwk), hash, NULL, EVP_sha256(),
                      NULL)
               != 1) {
        return acme_key_openssl_problem(problem, "reading a public key", p);
    }
    made->thumbprint = acme_b64_encode(hash, sizeof(hash), p);
    ERR_clear_error();
    *signer = made;
    return APR_SUCCESS;
}

/* Converts a signature from ECDSA-Sig-Value in DER, as OpenSSL returns it, to r
 * and s side by side, each of full length (RFC 7518 3.4). NULL on failure. */
static const char *ecdsa_raw(const unsigned char *der, size_t len, int width,
                             apr_pool_t *p)
{
    unsigned char *raw = apr_palloc(p, 2 * (apr_size_t)width);
    const char *text = NULL;
    const BIGNUM *r;
    const BIGNUM *s;
    ECDSA_SIG *sig;

    sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    if (sig != NULL) {
        ECDSA_SIG_get0(sig, &r, &s);
        if (BN_bn2binpad(r, raw, width) == width
            && BN_bn2binpad(s, raw + width, width) == width) {
            text = acme_b64_encode(raw, 2 * (apr_size_t)width, p);
        }
    }
    ECDSA_SIG_free(sig);
    return text;
}

/* Returns the signature of a text as base64url, NULL on failure. */
static const char *sign(const acme_key_t *key, const char *text, apr_pool_t *p)
{
    const unsigned char *data = (const unsigned char *)text;
    const char *signature = NULL;
    unsigned char *bytes;
    EVP_MD_CTX *ctx;
    size_t len = 0;
    int width = coordinate_len(key);

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL
        || EVP_DigestSignInit(ctx, NULL, acme_key_md(key), NULL,
                              acme_key_evp(key))
               != 1
        || EVP_DigestSign(ctx, NULL, &len, data, strlen(text)) != 1) {
        goto leave;
    }
    bytes = apr_palloc(p, len);
    if (EVP_DigestSign(ctx, bytes, &len, data, strlen(text)) != 1) {
        goto leave;
    }
    signature = width > 0 ? ecdsa_raw(bytes, len, width, p)
                          : acme_b64_encode(bytes, len, p);

leave:
    EVP_MD_CTX_free(ctx);
    return signature;
}

/* Returns the protected header (RFC 8555 6.2), NULL on failure. */
static const char *header_create(const acme_jws_signer_t *signer,
                                 const char *kid, const char *nonce,
                                 const char *url, apr_pool_t *p)
{
    acme_json_t *header = acme_json_object(p);
    acme_json_t *jwk;

    acme_json_set_str(header, "alg", signer->alg);
    if (kid != NULL) {
        acme_json_set_str(header, "kid", kid);
    }
    else {
        if (acme_json_parse(&jwk, signer->jwk, strlen(signer->jwk), NULL, p)
            != APR_SUCCESS) {
            return NULL;
        }
        acme_json_set(header, "jwk", jwk);
    }
    acme_json_set_str(header, "nonce", nonce);
    acme_json_set_str(header, "url", url);
    return acme_json_print(header, 0, p);
}

apr_status_t acme_jws_sign(const char **jws, const acme_jws_signer_t *signer,
                           const char *kid, const char *nonce, const char *url,
                           const char *payload, acme_problem_t *problem,
                           apr_pool_t *p)
{
    const char *header = header_create(signer, kid, nonce, url, p);
    const char *signature;
    acme_json_t *json;

    if (header == NULL) {
        return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_CRYPTO, p,
                                "the signer's public key is no JSON");
    }
    ERR_clear_error();
    header = acme_b64_encode(header, strlen(header), p);
    payload = acme_b64_encode(payload, strlen(payload), p);
    signature =
        sign(signer->key, apr_pstrcat(p, header, ".", payload, NULL), p);
    if (signature == NULL) {
        return acme_key_openssl_problem(problem, "signing a request", p);
    }
    ERR_clear_error();
    json = acme_json_object(p);
    acme_json_set_str(json, "protected", header);
    acme_json_set_str(json, "payload", payload);
    acme_json_set_str(json, "signature", signature);
    *jws = acme_json_print(json, 0, p);
    return APR_SUCCESS;
}

const char *acme_jws_key_authorization(const acme_jws_signer_t *signer,
                                       const char *token, apr_pool_t *p)
{
    return apr_pstrcat(p, token, ".", signer->thumbprint, NULL);
}

static void hash_text(unsigned char hash[SHA256_LEN], const char *text)
{
    /* This fails only when memory is exhausted, and then pools abort as well.
     */
    if (EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
}

const char *acme_jws_sha256_hex(const char *text, apr_pool_t *p)
{
    unsigned char hash[SHA256_LEN];
    char *hex = apr_palloc(p, 2 * SHA256_LEN + 1);

    hash_text(hash, text);
    apr_escape_hex(hex, hash, SHA256_LEN, 0, NULL);
    return hex;
}

const char *acme_jws_sha256_b64(const char *text, apr_pool_t *p)
{
    unsigned char hash[SHA256_LEN];

    hash_text(hash, text);
    return acme_b64_encode(hash, sizeof(hash), p);
}
