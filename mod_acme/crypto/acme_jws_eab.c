/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_jws_eab.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "acme_b64.h"

/* Algorithms, and the shortest key of each. RFC 7518 3.2 asks for as many bytes
 * as the hash has, but for HS256 some CAs give shorter keys. */
static const struct {
    const char *name;
    const EVP_MD *(*md)(void);
    apr_size_t least;
} algs[] = {
    {"HS256", EVP_sha256, 16},
    {"HS384", EVP_sha384, 48},
    {"HS512", EVP_sha512, 64},
};

#define ALGS (int)(sizeof(algs) / sizeof(algs[0]))

/* Most bytes of a key and of its name, more than any CA gives. */
#define KEY_MAX 512

#define KID_MAX 512

static int find_alg(const char *name)
{
    int i;

    for (i = 0; i < ALGS; ++i) {
        if (strcmp(algs[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int is_kid(const char *kid)
{
    apr_size_t len;

    for (len = 0; kid[len]; ++len) {
        if (len >= KID_MAX || !apr_isascii(kid[len]) || !apr_isgraph(kid[len])
            || kid[len] == '"' || kid[len] == '\\') {
            return 0;
        }
    }
    return len > 0;
}

apr_status_t acme_jws_eab_read(acme_jws_eab_t *eab, const char *kid,
                               const char *hmac, const char *alg,
                               const char **why, apr_pool_t *p)
{
    int which = find_alg(alg ? alg : algs[0].name);
    unsigned char *key;
    apr_size_t len;

    if (!is_kid(kid)) {
        *why = "the key identifier must be 1 to 512 printable characters "
               "without quotes, as the authority gave it";
        return APR_EINVAL;
    }
    if (which < 0) {
        *why = "the algorithm is HS256, HS384 or HS512";
        return APR_EINVAL;
    }
    if (acme_b64_decode_copied(&key, &len, hmac, p) != APR_SUCCESS
        || len > KEY_MAX) {
        *why = "the HMAC key must be base64url, as the authority gave it";
        return APR_EINVAL;
    }
    hmac = acme_b64_encode(key, len, p);
    acme_key_wipe((char *)key, len);
    if (len < algs[which].least) {
        *why = apr_psprintf(p,
                            "the HMAC key has %" APR_SIZE_T_FMT " bytes, and "
                            "%s needs %" APR_SIZE_T_FMT,
                            len, algs[which].name, algs[which].least);
        return APR_EINVAL;
    }
    eab->kid = apr_pstrdup(p, kid);
    eab->hmac = hmac;
    eab->alg = algs[which].name;
    return APR_SUCCESS;
}

/* Returns the HMAC of the text as base64url, or NULL on failure. */
static const char *mac(const acme_jws_eab_t *eab, const char *text,
                       apr_pool_t *p)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    unsigned char *key;
    apr_size_t key_len;
    int which = find_alg(eab->alg);
    int done;

    if (which < 0
        || acme_b64_decode(&key, &key_len, eab->hmac, p) != APR_SUCCESS) {
        return NULL;
    }
    done = HMAC(algs[which].md(), key, (int)key_len,
                (const unsigned char *)text, strlen(text), bytes, &len)
           != NULL;
    acme_key_wipe((char *)key, key_len);
    return done ? acme_b64_encode(bytes, len, p) : NULL;
}

apr_status_t acme_jws_eab_sign(const char **jws, const acme_jws_eab_t *eab,
                               const acme_jws_signer_t *signer, const char *url,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *header = acme_json_object(p);
    acme_json_t *json = acme_json_object(p);
    const char *text, *payload, *signature;

    acme_json_set_str(header, "alg", eab->alg);
    acme_json_set_str(header, "kid", eab->kid);
    acme_json_set_str(header, "url", url);
    text = acme_json_print(header, 0, p);
    text = acme_b64_encode(text, strlen(text), p);
    payload = acme_b64_encode(signer->jwk, strlen(signer->jwk), p);
    ERR_clear_error();
    signature = mac(eab, apr_pstrcat(p, text, ".", payload, NULL), p);
    if (signature == NULL) {
        return acme_key_openssl_problem(problem, "binding an account", p);
    }
    acme_json_set_str(json, "protected", text);
    acme_json_set_str(json, "payload", payload);
    acme_json_set_str(json, "signature", signature);
    *jws = acme_json_print(json, 0, p);
    return APR_SUCCESS;
}
