/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/evp.h>

#include "acme_b64.h"
#include "acme_jws_eab.h"

#define URL "https://ca.test/account"

/* A key of 64 bytes, which is enough for every algorithm. */
#define KEY                                                                    \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUu" \
    "TwjAzZr1Z9CAow"

static acme_jws_signer_t *signer_create(apr_pool_t *p)
{
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_jws_signer_t *signer;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    return signer;
}

static const char *member(const acme_json_t *json, const char *key)
{
    const char *value = NULL;

    assert_int_equal(acme_json_get_str(&value, json, key), APR_SUCCESS);
    return value;
}

static const char *decoded(const char *text, apr_size_t *len, apr_pool_t *p)
{
    unsigned char *data = NULL;

    assert_int_equal(acme_b64_decode(&data, len, text, p), APR_SUCCESS);
    return (const char *)data;
}

static void a_binding_is_as_rfc_8555_has_it(void **state)
{
    static const struct {
        const char *alg, *digest;
        size_t len;
    } cases[] = {{"HS256", "SHA256", 32},
                 {"HS384", "SHA384", 48},
                 {"HS512", "SHA512", 64}};
    apr_pool_t *p = *state;
    acme_jws_signer_t *signer = signer_create(p);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        unsigned char mac[EVP_MAX_MD_SIZE];
        const char *jws, *why = NULL, *text, *got;
        acme_jws_eab_t eab;
        acme_json_t *json;
        apr_size_t len, key_len;
        size_t mac_len;
        const char *key = decoded(KEY, &key_len, p);

        assert_int_equal(
            acme_jws_eab_read(&eab, "kid-1", KEY, cases[i].alg, &why, p), 0);
        assert_int_equal(
            acme_jws_eab_sign(&jws, &eab, signer, URL, &problem, p), 0);
        assert_int_equal(acme_json_parse(&json, jws, strlen(jws), NULL, p), 0);
        assert_string_equal(
            decoded(member(json, "protected"), &len, p),
            apr_psprintf(
                p, "{\"alg\":\"%s\",\"kid\":\"kid-1\",\"url\":\"" URL "\"}",
                cases[i].alg));
        assert_string_equal(decoded(member(json, "payload"), &len, p),
                            signer->jwk);
        text = apr_pstrcat(p, member(json, "protected"), ".",
                           member(json, "payload"), NULL);
        assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, cases[i].digest, NULL,
                                  key, key_len, (const unsigned char *)text,
                                  strlen(text), mac, sizeof(mac), &mac_len));
        got = decoded(member(json, "signature"), &len, p);
        assert_int_equal(len, cases[i].len);
        assert_int_equal(mac_len, len);
        assert_memory_equal(got, mac, len);
    }
}

static void other_forms_of_base64_are_taken(void **state)
{
    acme_jws_eab_t eab;
    const char *why = NULL;

    assert_int_equal(acme_jws_eab_read(&eab, "k", "+/+/+/+/+/+/+/+/+/+/+w==",
                                       NULL, &why, *state),
                     0);
    assert_string_equal(eab.hmac, "-_-_-_-_-_-_-_-_-_-_-w");
    assert_string_equal(eab.alg, "HS256");
    /* Bits that belong to no byte, and what came along. */
    assert_int_equal(acme_jws_eab_read(&eab, "k", "-_-_-_-_-_-_-_-_-_-_-x=\n",
                                       NULL, &why, *state),
                     0);
    assert_string_equal(eab.hmac, "-_-_-_-_-_-_-_-_-_-_-w");
}

static void what_is_wrong_is_said_without_the_key(void **state)
{
    static const struct {
        const char *kid, *hmac, *alg, *named;
    } cases[] = {
        {"", KEY, NULL, "key identifier"},
        {"a b", KEY, NULL, "key identifier"},
        {"a\"b", KEY, NULL, "key identifier"},
        {"\xc3\xa4", KEY, NULL, "key identifier"},
        {"k", KEY, "RS256", "HS256, HS384 or HS512"},
        {"k", KEY, "", "HS256, HS384 or HS512"},
        {"k", "secret%secret%secret%", NULL, "base64url"},
        {"k", "", NULL, "0 bytes"},
        {"k", "c2VjcmV0", NULL, "6 bytes"},
        {"k", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS384", "needs 48"},
        {"k", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS512", "needs 64"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_jws_eab_t eab = {NULL, NULL, NULL};
        const char *why = NULL;

        assert_int_equal(acme_jws_eab_read(&eab, cases[i].kid, cases[i].hmac,
                                           cases[i].alg, &why, *state),
                         APR_EINVAL);
        if (!strstr(why, cases[i].named)) {
            fail_msg("\"%s\" lacks \"%s\"", why, cases[i].named);
        }
        assert_null(strstr(why, "c2Vj"));
        assert_null(strstr(why, "secret"));
        assert_null(eab.kid);
    }
    assert_int_equal(
        acme_jws_eab_read(&(acme_jws_eab_t){NULL, NULL, NULL}, "k",
                          apr_pstrcat(*state, KEY, KEY, KEY, KEY, KEY, KEY, KEY,
                                      KEY, KEY, NULL),
                          NULL, &(const char *){NULL}, *state),
        APR_EINVAL);
}

ACME_T_MAIN(ACME_T(a_binding_is_as_rfc_8555_has_it),
            ACME_T(other_forms_of_base64_are_taken),
            ACME_T(what_is_wrong_is_said_without_the_key))
