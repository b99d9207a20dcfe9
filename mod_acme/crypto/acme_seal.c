/* SPDX-License-Identifier: Apache-2.0 */

#include <limits.h>
#include <string.h>

#include <apr_strings.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "acme_key.h"
#include "acme_seal.h"

#define FORMAT    1
#define KEY_LEN   32
#define NONCE_LEN 12
#define TAG_LEN   16
#define HEAD_LEN  (1 + NONCE_LEN)
#define OVERHEAD  (HEAD_LEN + TAG_LEN)

/* Most bytes, because EVP counts in int. */
#define DATA_MAX (INT_MAX - OVERHEAD - 1)

/* Most bytes of a purpose and a name, because HKDF takes no longer info. */
#define LABEL_MAX 900

struct acme_seal_t {
    unsigned char secret[ACME_SEAL_SECRET_LEN];
};

acme_seal_t *acme_seal_create(const unsigned char secret[ACME_SEAL_SECRET_LEN],
                              apr_pool_t *p)
{
    acme_seal_t *seal = apr_palloc(p, sizeof(*seal));

    acme_key_wipe_with_pool(seal, sizeof(*seal), p);
    memcpy(seal->secret, secret, sizeof(seal->secret));
    return seal;
}

/* Derives the subkey of a purpose (RFC 5869). There is no salt, because the
 * secret is uniformly random. */
static int derive(unsigned char subkey[KEY_LEN], const acme_seal_t *seal,
                  const char *purpose, apr_pool_t *p)
{
    char *info = apr_pstrcat(p, "mod_acme seal: ", purpose, NULL);
    char digest[] = "SHA256";
    OSSL_PARAM params[4];
    EVP_KDF_CTX *ctx = NULL;
    EVP_KDF *kdf;
    int ok = 0;

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    if (kdf == NULL) {
        goto leave;
    }
    ctx = EVP_KDF_CTX_new(kdf);
    if (ctx == NULL) {
        goto leave;
    }
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)seal->secret, sizeof(seal->secret));
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
                                                  strlen(info));
    params[3] = OSSL_PARAM_construct_end();
    ok = EVP_KDF_derive(ctx, subkey, KEY_LEN, params) == 1;

leave:
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok;
}

static unsigned char *put_field(unsigned char *to, const char *text, size_t len)
{
    to[0] = (unsigned char)(len >> 24);
    to[1] = (unsigned char)(len >> 16);
    to[2] = (unsigned char)(len >> 8);
    to[3] = (unsigned char)len;
    memcpy(to + 4, text, len);
    return to + 4 + len;
}

/* Authenticates purpose and name, each with its length in four bytes before it,
 * because ("a", "bc") and ("ab", "c") would be the same otherwise. */
static int add_label(EVP_CIPHER_CTX *ctx, const acme_seal_label_t *label,
                     apr_pool_t *p)
{
    size_t purpose_len = strlen(label->purpose);
    size_t name_len = strlen(label->name);
    size_t len = 8 + purpose_len + name_len;
    unsigned char *aad = apr_palloc(p, len);
    int done;

    put_field(put_field(aad, label->purpose, purpose_len), label->name,
              name_len);
    return EVP_CipherUpdate(ctx, NULL, &done, aad, (int)len) == 1;
}

/* Returns a context that is ready for the bytes, NULL on failure. */
static EVP_CIPHER_CTX *start(const acme_seal_t *seal, int sealing,
                             const acme_seal_label_t *label,
                             const unsigned char *nonce, apr_pool_t *p)
{
    unsigned char subkey[KEY_LEN];
    EVP_CIPHER_CTX *ctx;

    ctx = EVP_CIPHER_CTX_new();
    /* The nonce has 12 bytes, which is the cipher's default. */
    if (ctx == NULL || !derive(subkey, seal, label->purpose, p)
        || EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), subkey, nonce, sealing,
                              NULL)
               != 1
        || !add_label(ctx, label, p)) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    acme_key_wipe(subkey, sizeof(subkey));
    return ctx;
}

static int label_fits(const acme_seal_label_t *label)
{
    return strlen(label->purpose) <= LABEL_MAX
           && strlen(label->name) <= LABEL_MAX;
}

apr_status_t acme_seal(unsigned char **sealed, apr_size_t *sealed_len,
                       const acme_seal_t *seal, const acme_seal_label_t *label,
                       const void *data, apr_size_t len,
                       acme_problem_t *problem, apr_pool_t *p)
{
    EVP_CIPHER_CTX *ctx = NULL;
    unsigned char *bytes;
    apr_status_t rv = APR_SUCCESS;
    int done = 0;

    if (len > DATA_MAX || !label_fits(label)) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CRYPTO, p,
                                "the %.100s of %.300s (%" APR_SIZE_T_FMT
                                " bytes) or its name is too long to be sealed",
                                label->purpose, label->name, len);
    }
    ERR_clear_error();
    bytes = apr_palloc(p, len + OVERHEAD);
    bytes[0] = FORMAT;
    if (acme_key_random(bytes + 1, NONCE_LEN) == APR_SUCCESS) {
        ctx = start(seal, 1, label, bytes + 1, p);
    }
    if (ctx == NULL
        || (len > 0
            && EVP_EncryptUpdate(ctx, bytes + HEAD_LEN, &done, data, (int)len)
                   != 1)
        || EVP_EncryptFinal_ex(ctx, bytes + HEAD_LEN + done, &done) != 1
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
                               bytes + HEAD_LEN + len)
               != 1) {
        rv = acme_key_openssl_problem(problem, "sealing", p);
        goto leave;
    }
    *sealed = bytes;
    *sealed_len = len + OVERHEAD;
    ERR_clear_error();

leave:
    EVP_CIPHER_CTX_free(ctx);
    return rv;
}

static apr_status_t refuse(const acme_seal_label_t *label, const char *why,
                           acme_problem_t *problem, apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EACCES, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "the sealed %.100s of %.300s does not open: %s",
                            label->purpose, label->name, why);
}

apr_status_t acme_seal_open(char **data, apr_size_t *len,
                            const acme_seal_t *seal,
                            const acme_seal_label_t *label, const void *sealed,
                            apr_size_t sealed_len, acme_problem_t *problem,
                            apr_pool_t *p)
{
    const unsigned char *bytes = sealed;
    unsigned char tag[TAG_LEN];
    EVP_CIPHER_CTX *ctx = NULL;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t opened_len;
    unsigned char *opened;
    int done = 0;

    if (!label_fits(label)) {
        return refuse(label, "nothing has so long a name", problem, p);
    }
    if (sealed_len < OVERHEAD || sealed_len - OVERHEAD > DATA_MAX) {
        return refuse(label, "it is not of a possible length", problem, p);
    }
    if (bytes[0] != FORMAT) {
        return refuse(label, "it is of an unknown format", problem, p);
    }
    ERR_clear_error();
    opened_len = sealed_len - OVERHEAD;
    opened = apr_palloc(p, opened_len + 1);
    acme_key_wipe_with_pool(opened, opened_len, p);
    memcpy(tag, bytes + sealed_len - TAG_LEN, TAG_LEN);
    ctx = start(seal, 0, label, bytes + 1, p);
    if (ctx == NULL
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1
        || (opened_len > 0
            && EVP_DecryptUpdate(ctx, opened, &done, bytes + HEAD_LEN,
                                 (int)opened_len)
                   != 1)) {
        rv = acme_key_openssl_problem(problem, "opening what was sealed", p);
        goto leave;
    }
    if (EVP_DecryptFinal_ex(ctx, opened + done, &done) != 1) {
        /* Wipe bytes that are not authentic, so that nothing uses them. */
        acme_key_wipe(opened, opened_len);
        ERR_clear_error();
        rv = refuse(label,
                    "it was changed, or not sealed as that by this server",
                    problem, p);
        goto leave;
    }
    opened[opened_len] = '\0';
    *data = (char *)opened;
    *len = opened_len;
    ERR_clear_error();

leave:
    EVP_CIPHER_CTX_free(ctx);
    return rv;
}

apr_status_t acme_seal_mac(unsigned char mac[ACME_SEAL_MAC_LEN],
                           const acme_seal_t *seal,
                           const acme_seal_label_t *label, const void *data,
                           apr_size_t len, acme_problem_t *problem,
                           apr_pool_t *p)
{
    const char *purpose = apr_pstrcat(p, "mac: ", label->purpose, NULL);
    size_t name_len = strlen(label->name);
    unsigned char subkey[KEY_LEN];
    unsigned char *bytes;
    unsigned int mac_len = 0;
    int ok;

    if (len > DATA_MAX || !label_fits(label) || strlen(purpose) > LABEL_MAX) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CRYPTO, p,
                                "the %.100s of %.300s is too long to be "
                                "authenticated",
                                label->purpose, label->name);
    }
    ERR_clear_error();
    bytes = apr_palloc(p, 4 + name_len + len);
    memcpy(put_field(bytes, label->name, name_len), data, len);
    ok = derive(subkey, seal, purpose, p)
         && HMAC(EVP_sha256(), subkey, KEY_LEN, bytes, 4 + name_len + len, mac,
                 &mac_len)
                != NULL
         && mac_len == ACME_SEAL_MAC_LEN;
    acme_key_wipe(subkey, sizeof(subkey));
    return ok ? APR_SUCCESS
              : acme_key_openssl_problem(problem, "authenticating", p);
}
