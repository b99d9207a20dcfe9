/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "acme_b64.h"
#include "acme_json.h"
#include "acme_jws.h"

/* The second key of RFC 7517 A.2, whose public part is that of RFC 7638 3.1. */
static const char rfc7638_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDS/HtqCh5sZxBK\n"
    "64+Isldmm032ed2tCZtcSmzZqIAVtaEzvwuFbHhxtt8AC1VPzrPC7VErto8UXG6E\n"
    "NHUvq1Khz8EkQI95tYpFeMFkKIVXifeiSeOEyy2fri1n/Zb7kmwZjgdzmf3IFcCv\n"
    "CX3eWq3v9E3nDoJ/SHhDJDm/7rlgaNBHT8UNbZC/OpjfrxBAyJwC1pKrOzwolmCd\n"
    "hv1zt3TOB0BkfO7qoxC9EvmFqOufWf3UJs6lshIPTyo0vKt2S35sVNaEAji8xAWH\n"
    "pZ5m7R8ziUV3Y1xHCvdc+Swg0dpD4b/EGeIipvDQuzWMXjj5ywUK6v6QSBTxrBqk\n"
    "nMqeoMqDAgMBAAECggEAX4cTteJY/gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoV\n"
    "H+HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT\n"
    "0/YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy/nHNKroADIkJ46pRUohsXywbReAdYaM\n"
    "wFs9tv8d/cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2j\n"
    "x4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL+Us2lG\n"
    "VkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8QKBgQDzeL7si8wZegxcKyS/\n"
    "vdMqvzrfsWI7tnbvO/yiPqltZRDIs9AFDG09WfAPbRH7rR5MOYPa6Ocy3k+ioyub\n"
    "xF+Y2FVYO2OMyYIyM6lJeJwUePtc65UhhDKpVaVYSHp03foZVliT3c3wFz29jjXH\n"
    "LwH1HPM4ZVDNe80S+fs7SdVt+wKBgQDd185H1y5ir7RL6aQUvOAi2AwR8XMHareF\n"
    "Z6Ey4bSgK6qdve+hsvK6aqNVlA7V0it3CBOcJ2ljMFw59bmvfvQAVeOJZ+380YSK\n"
    "i+ieLOEqmj1VVLvxPMWDGQh2t5xF7Oxn7WRh3+zWoNvG2QMSB8AhMAb0tScAO6fi\n"
    "8hxvrJ6XGQKBgBuLD15HOmGvcvKCVvfyC4+MbqabtJc4vx+1U5EvMY+UnV93KBNK\n"
    "IpmMMSItnpkwLntFDmuXaYBRsgSeHPLUNlReNNl0boCg0z/GpGIRaObQAO+0HvzZ\n"
    "rbmGXNwt5tyNuBthr0ebEg8VMgDds6vC35/RFJrOq2Nzm/GHoipE4gY9AoGBALPZ\n"
    "QB/X4IAbKBUfDmnNkfxNoMNvNq09pBjgIbyJZRExNXn6wOoblFLzHwXDKZ/Janlu\n"
    "r8852GOUkkBe6THQv2oCN5xvCG6dQVG9CVIq2kTalHy4XEG/3fRheA4e3u+Fm0bK\n"
    "G0aJ7o02DdcQmj+kzutY71q1/i9fLcV8OPeEP3IJAoGAGyM/p6JrXySiz1toFgKb\n"
    "WV+JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa+Bk0KWNG\n"
    "DjJHZDdDmFhW3AN7lI+puxk/mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKF\n"
    "YItdldUKGzO6Ia6zTKhAVRU=\n"
    "-----END PRIVATE KEY-----\n";

/* The key of RFC 7515 A.3. */
static const char rfc7515_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

static acme_key_t *read_key(const char *pem, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key = NULL;

    assert_int_equal(acme_key_from_pem(&key, pem, strlen(pem), &problem, p),
                     APR_SUCCESS);
    return key;
}

static acme_jws_signer_t *signer_of(const acme_key_t *key, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_jws_signer_t *signer = NULL;

    assert_int_equal(acme_jws_signer_create(&signer, key, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    assert_ptr_equal(signer->key, key);
    return signer;
}

static acme_jws_signer_t *new_signer(acme_key_e type, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key = NULL;

    spec.type = type;
    spec.bits = type == ACME_KEY_RSA ? 2048 : 0;
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, &problem, p),
                     APR_SUCCESS);
    return signer_of(key, p);
}

static acme_json_t *parsed(const char *text, apr_pool_t *p)
{
    acme_json_t *json = NULL;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p),
                     APR_SUCCESS);
    return json;
}

static const char *member(const acme_json_t *json, const char *key)
{
    const char *value = NULL;

    if (acme_json_get_str(&value, json, key) != APR_SUCCESS) {
        return NULL;
    }
    return value;
}

static const char *decoded(const char *text, apr_size_t *len, apr_pool_t *p)
{
    unsigned char *data = NULL;

    assert_non_null(text);
    assert_int_equal(acme_b64_decode(&data, len, text, p), APR_SUCCESS);
    return (const char *)data;
}

/* Makes a public EC key as the CA does, from the jwk alone. */
static EVP_PKEY *public_key(const acme_json_t *jwk, const char *group,
                            apr_size_t width, apr_pool_t *p)
{
    unsigned char point[1 + 2 * 48];
    EVP_PKEY_CTX *ctx;
    OSSL_PARAM params[3];
    EVP_PKEY *evp = NULL;
    apr_size_t len;

    point[0] = 4;
    memcpy(point + 1, decoded(member(jwk, "x"), &len, p), width);
    assert_int_equal(len, width);
    memcpy(point + 1 + width, decoded(member(jwk, "y"), &len, p), width);
    assert_int_equal(len, width);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 apr_pstrdup(p, group), 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, 1 + 2 * width);
    params[2] = OSSL_PARAM_construct_end();
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_PUBLIC_KEY, params),
                     1);
    EVP_PKEY_CTX_free(ctx);
    return evp;
}

static int verifies(EVP_PKEY *evp, const EVP_MD *md, const char *text,
                    const void *sig, size_t sig_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok;

    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL, evp), 1);
    ok = EVP_DigestVerify(ctx, sig, sig_len, (const unsigned char *)text,
                          strlen(text))
         == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static int verifies_raw(EVP_PKEY *evp, const EVP_MD *md, const char *text,
                        const unsigned char *raw, int width)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;
    int len;
    int ok;

    ECDSA_SIG_set0(sig, BN_bin2bn(raw, width, NULL),
                   BN_bin2bn(raw + width, width, NULL));
    len = i2d_ECDSA_SIG(sig, &der);
    assert_true(len > 0);
    ok = verifies(evp, md, text, der, (size_t)len);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return ok;
}

/* Returns the signed text, and the members of the JWS. */
static const char *signed_text(acme_json_t **header, const char **payload,
                               const char **signature, const char *jws,
                               apr_pool_t *p)
{
    acme_json_t *json = parsed(jws, p);
    apr_size_t len;
    char *text;
    size_t size;

    *header = parsed(decoded(member(json, "protected"), &len, p), p);
    *payload = decoded(member(json, "payload"), &len, p);
    *signature = member(json, "signature");
    size =
        strlen(member(json, "protected")) + strlen(member(json, "payload")) + 2;
    text = apr_palloc(p, size);
    snprintf(text, size, "%s.%s", member(json, "protected"),
             member(json, "payload"));
    return text;
}

static const char *jws_of(const acme_jws_signer_t *signer, const char *kid,
                          const char *nonce, const char *payload, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *jws = NULL;

    assert_int_equal(acme_jws_sign(&jws, signer, kid, nonce,
                                   "https://ca.example/acme/order", payload,
                                   &problem, p),
                     APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    return jws;
}

static void the_thumbprint_of_rfc_7638(void **state)
{
    acme_jws_signer_t *signer =
        signer_of(read_key(rfc7638_pem, *state), *state);

    assert_string_equal(signer->alg, "RS256");
    assert_string_equal(signer->thumbprint,
                        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_string_equal(
        signer->jwk,
        "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\""
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu"
        "1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc"
        "5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
        "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ"
        "Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ"
        "zKnqDKgw\"}");
}

static void the_key_of_rfc_7515(void **state)
{
    acme_jws_signer_t *signer =
        signer_of(read_key(rfc7515_pem, *state), *state);

    assert_string_equal(signer->alg, "ES256");
    assert_string_equal(
        signer->jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\","
                     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
    assert_string_equal(signer->thumbprint,
                        "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

static void a_key_authorization_joins_token_and_thumbprint(void **state)
{
    acme_jws_signer_t *signer =
        signer_of(read_key(rfc7515_pem, *state), *state);

    assert_string_equal(
        acme_jws_key_authorization(signer, "DGyRejmCefe7v4NfDGDKfA", *state),
        "DGyRejmCefe7v4NfDGDKfA.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

static void the_header_has_the_key_where_there_is_no_account(void **state)
{
    acme_jws_signer_t *signer = new_signer(ACME_KEY_P256, *state);
    const char *signature;
    const char *payload;
    acme_json_t *header;
    acme_json_t *jwk = NULL;

    signed_text(
        &header, &payload, &signature,
        jws_of(signer, NULL, "6S8IqOGY7eL2lsGoTZYifg", "{\"a\":1}", *state),
        *state);
    assert_string_equal(member(header, "alg"), "ES256");
    assert_string_equal(member(header, "nonce"), "6S8IqOGY7eL2lsGoTZYifg");
    assert_string_equal(member(header, "url"), "https://ca.example/acme/order");
    assert_null(member(header, "kid"));
    assert_int_equal(acme_json_get(&jwk, header, "jwk"), APR_SUCCESS);
    assert_string_equal(acme_json_print(jwk, 0, *state), signer->jwk);
    assert_string_equal(payload, "{\"a\":1}");
}

static void the_header_has_the_account_where_there_is_one(void **state)
{
    const char *signature;
    const char *payload;
    acme_json_t *header;
    acme_json_t *jwk = NULL;

    signed_text(&header, &payload, &signature,
                jws_of(new_signer(ACME_KEY_P384, *state),
                       "https://ca.example/acct/\"1\"", NULL, "", *state),
                *state);
    assert_string_equal(member(header, "alg"), "ES384");
    assert_string_equal(member(header, "kid"), "https://ca.example/acct/\"1\"");
    assert_null(member(header, "nonce"));
    assert_int_equal(acme_json_get(&jwk, header, "jwk"), APR_NOTFOUND);
}

static void post_as_get_has_an_empty_payload(void **state)
{
    acme_json_t *json = parsed(
        jws_of(new_signer(ACME_KEY_P256, *state), "kid", "nonce", "", *state),
        *state);

    /* The member is the empty string: it is neither absent nor "{}". */
    assert_string_equal(member(json, "payload"), "");
}

/* Verifies many signatures, so that r and s with leading zeros are among
 * them. */
static void verify_ecdsa(acme_key_e type, const char *group, const EVP_MD *md,
                         int width, int rounds, apr_pool_t *p)
{
    acme_jws_signer_t *signer = new_signer(type, p);
    const unsigned char *raw = NULL;
    const char *signature;
    const char *payload;
    const char *text = NULL;
    acme_json_t *header;
    EVP_PKEY *evp;
    EVP_PKEY *other;
    apr_size_t len;
    int i;

    evp = public_key(parsed(signer->jwk, p), group, (apr_size_t)width, p);
    other = public_key(parsed(new_signer(type, p)->jwk, p), group,
                       (apr_size_t)width, p);
    for (i = 0; i < rounds; i++) {
        text = signed_text(&header, &payload, &signature,
                           jws_of(signer, NULL, "nonce", "{}", p), p);
        raw = (const unsigned char *)decoded(signature, &len, p);
        assert_int_equal(len, 2 * width);
        assert_true(verifies_raw(evp, md, text, raw, width));
    }
    assert_false(verifies_raw(evp, md, "something else", raw, width));
    assert_false(verifies_raw(other, md, text, raw, width));
    EVP_PKEY_free(evp);
    EVP_PKEY_free(other);
}

static void es256_signatures_verify(void **state)
{
    verify_ecdsa(ACME_KEY_P256, "P-256", EVP_sha256(), 32, 600, *state);
}

static void es384_signatures_verify(void **state)
{
    verify_ecdsa(ACME_KEY_P384, "P-384", EVP_sha384(), 48, 50, *state);
}

static void coordinates_keep_their_leading_zeros(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_jws_signer_t *signer;
    const char *bytes = "x";
    apr_pool_t *p;
    acme_key_t *key;
    apr_size_t len;
    int i;

    apr_pool_create(&p, *state);
    /* An x of 256 starts with zeros: 4,000 keys without one come once in 10^7
     * tries. */
    for (i = 0; i < 4000 && bytes[0] != '\0'; i++) {
        apr_pool_clear(p);
        assert_int_equal(
            acme_key_generate(&key, &spec, NULL, NULL, &problem, p),
            APR_SUCCESS);
        signer = signer_of(key, p);
        bytes = decoded(member(parsed(signer->jwk, p), "x"), &len, p);
        assert_int_equal(len, 32);
    }
    assert_int_equal(bytes[0], '\0');
}

static void rs256_signatures_verify(void **state)
{
    acme_jws_signer_t *signer =
        signer_of(read_key(rfc7638_pem, *state), *state);
    const char *signature;
    const char *payload;
    const char *bytes;
    const char *text;
    acme_json_t *header;
    apr_size_t len;

    text = signed_text(&header, &payload, &signature,
                       jws_of(signer, NULL, "nonce", "{}", *state), *state);
    assert_string_equal(member(header, "alg"), "RS256");
    bytes = decoded(signature, &len, *state);
    assert_int_equal(len, 256);
    assert_true(
        verifies(acme_key_evp(signer->key), EVP_sha256(), text, bytes, len));
    assert_false(
        verifies(acme_key_evp(signer->key), EVP_sha256(), "x", bytes, len));
}

static void the_members_are_in_the_flattened_form(void **state)
{
    const char *jws =
        jws_of(new_signer(ACME_KEY_P256, *state), "k", "n", "{}", *state);
    acme_json_t *json = parsed(jws, *state);

    assert_true(acme_json_is_object(json));
    assert_null(strchr(jws, '\n'));
    assert_null(strchr(jws, '='));
    assert_int_equal(strncmp(jws, "{\"protected\":\"", 14), 0);
    assert_string_equal(member(json, "payload"), "e30");
    assert_null(member(json, "header"));
}

static void sha_256_as_hex(void **state)
{
    assert_string_equal(
        acme_jws_sha256_hex("", *state),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(
        acme_jws_sha256_hex("abc", *state),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

ACME_T_MAIN(ACME_T(the_thumbprint_of_rfc_7638), ACME_T(the_key_of_rfc_7515),
            ACME_T(a_key_authorization_joins_token_and_thumbprint),
            ACME_T(the_header_has_the_key_where_there_is_no_account),
            ACME_T(the_header_has_the_account_where_there_is_one),
            ACME_T(post_as_get_has_an_empty_payload),
            ACME_T(es256_signatures_verify), ACME_T(es384_signatures_verify),
            ACME_T(coordinates_keep_their_leading_zeros),
            ACME_T(rs256_signatures_verify),
            ACME_T(the_members_are_in_the_flattened_form),
            ACME_T(sha_256_as_hex))
