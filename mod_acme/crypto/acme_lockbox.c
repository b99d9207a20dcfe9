/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "acme_key.h"
#include "acme_lockbox.h"

#define MAGIC     "ACMEBOX\001"
#define MAGIC_LEN 8

/* Offsets of the fields before the ciphertext. */
#define AT_LOG_N 8
#define AT_R     9
#define AT_P     10
#define AT_ZERO  11
#define AT_SALT  12
#define AT_NONCE 28
#define HEAD_LEN 40

#define SALT_LEN  16
#define NONCE_LEN 12
#define TAG_LEN   16
#define KEY_LEN   32

/* The only r that is written and read. scrypt needs 128 * N * r bytes of
 * memory. */
#define SCRYPT_R     8
#define SCRYPT_P_MAX 4

/* Memory that OpenSSL may use, with room for its own needs. */
#define SCRYPT_MAXMEM (600UL * 1024 * 1024)

static apr_status_t refuse(acme_problem_t *problem, apr_status_t rv,
                           const char *why, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_PERMANENT,
                            ACME_PROBLEM_CRYPTO, p, "%s", why);
}

int acme_lockbox_is(const void *box, apr_size_t len)
{
    return len >= MAGIC_LEN && memcmp(box, MAGIC, MAGIC_LEN) == 0;
}

static int derive(unsigned char key[KEY_LEN], const char *pass,
                  const unsigned char *head)
{
    uint64_t n = (uint64_t)1 << head[AT_LOG_N];
    uint64_t maxmem = SCRYPT_MAXMEM;
    uint32_t r = head[AT_R];
    uint32_t parallel = head[AT_P];
    OSSL_PARAM params[7];
    EVP_KDF_CTX *ctx = NULL;
    EVP_KDF *kdf;
    int ok = 0;

    kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    if (kdf == NULL) {
        goto leave;
    }
    ctx = EVP_KDF_CTX_new(kdf);
    if (ctx == NULL) {
        goto leave;
    }
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
                                                  (void *)pass, strlen(pass));
    params[1] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_SALT, (void *)(head + AT_SALT), SALT_LEN);
    params[2] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n);
    params[3] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r);
    params[4] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &parallel);
    params[5] =
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &maxmem);
    params[6] = OSSL_PARAM_construct_end();
    ok = EVP_KDF_derive(ctx, key, KEY_LEN, params) == 1;

leave:
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok;
}

/* Encrypts and writes the tag, or decrypts and compares it. */
static int crypt_bytes(unsigned char *to, const unsigned char *from,
                       apr_size_t len, unsigned char *tag,
                       const unsigned char key[KEY_LEN],
                       const unsigned char *head, int lock)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    int ok;

    ok = ctx != NULL
         && EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, head + AT_NONCE,
                               lock, NULL)
                == 1
         && EVP_CipherUpdate(ctx, NULL, &done, head, HEAD_LEN) == 1
         && EVP_CipherUpdate(ctx, to, &done, from, (int)len) == 1;
    if (ok && !lock) {
        ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1;
    }
    ok = ok && EVP_CipherFinal_ex(ctx, to + len, &done) == 1;
    if (ok && lock) {
        ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) == 1;
    }
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

apr_status_t acme_lockbox_lock(unsigned char **box, apr_size_t *box_len,
                               const char *pass, const void *data,
                               apr_size_t len, int log_n,
                               acme_problem_t *problem, apr_pool_t *p)
{
    unsigned char key[KEY_LEN];
    unsigned char *made;
    int ok;

    if (len > ACME_LOCKBOX_MAX) {
        return refuse(problem, APR_ENOSPC, "it is too large to be encrypted",
                      p);
    }
    made = apr_palloc(p, len + ACME_LOCKBOX_OVERHEAD);
    memcpy(made, MAGIC, MAGIC_LEN);
    made[AT_LOG_N] = (unsigned char)log_n;
    made[AT_R] = SCRYPT_R;
    made[AT_P] = 1;
    made[AT_ZERO] = 0;
    if (acme_key_random(made + AT_SALT, SALT_LEN + NONCE_LEN)) {
        return acme_key_openssl_problem(problem, "drawing random bytes", p);
    }
    ERR_clear_error();
    ok = derive(key, pass, made)
         && crypt_bytes(made + HEAD_LEN, data, len, made + HEAD_LEN + len, key,
                        made, 1);
    acme_key_wipe(key, sizeof(key));
    if (!ok) {
        return acme_key_openssl_problem(problem, "encrypting with a passphrase",
                                        p);
    }
    *box = made;
    *box_len = len + ACME_LOCKBOX_OVERHEAD;
    return APR_SUCCESS;
}

/* Checks the fields before anything costs time or memory. Returns what is
 * wrong, or NULL. */
static const char *check_head(const unsigned char *head, apr_size_t len)
{
    if (!acme_lockbox_is(head, len)) {
        return "this is nothing that was encrypted with a passphrase here";
    }
    if (len < ACME_LOCKBOX_OVERHEAD) {
        return "it has been cut short";
    }
    if (len > ACME_LOCKBOX_MAX + ACME_LOCKBOX_OVERHEAD) {
        return "it is too large";
    }
    if (head[AT_LOG_N] < ACME_LOCKBOX_LOG_N_MIN
        || head[AT_LOG_N] > ACME_LOCKBOX_LOG_N_MAX || head[AT_R] != SCRYPT_R
        || head[AT_P] < 1 || head[AT_P] > SCRYPT_P_MAX || head[AT_ZERO] != 0) {
        return "it asks for costs of scrypt that are not allowed: it is "
               "damaged, or not to be trusted";
    }
    return NULL;
}

apr_status_t acme_lockbox_open(char **data, apr_size_t *len, const char *pass,
                               const void *box, apr_size_t box_len,
                               acme_problem_t *problem, apr_pool_t *p)
{
    const unsigned char *head = box;
    const char *why = check_head(head, box_len);
    unsigned char key[KEY_LEN];
    unsigned char tag[TAG_LEN];
    apr_size_t inside;
    char *opened;
    int derived, ok;

    if (why) {
        return refuse(problem, APR_EINVAL, why, p);
    }
    inside = box_len - ACME_LOCKBOX_OVERHEAD;
    opened = apr_palloc(p, inside + 1);
    acme_key_wipe_with_pool(opened, inside, p);
    memcpy(tag, head + HEAD_LEN + inside, TAG_LEN);
    ERR_clear_error();
    derived = derive(key, pass, head);
    ok = derived
         && crypt_bytes((unsigned char *)opened, head + HEAD_LEN, inside, tag,
                        key, head, 0);
    acme_key_wipe(key, sizeof(key));
    if (!derived) {
        return acme_key_openssl_problem(problem, "scrypt", p);
    }
    ERR_clear_error();
    if (!ok) {
        acme_key_wipe(opened, inside);
        return refuse(problem, APR_EACCES,
                      "it does not open: the passphrase is another one, or it "
                      "has been changed or damaged",
                      p);
    }
    opened[inside] = '\0';
    *data = opened;
    *len = inside;
    return APR_SUCCESS;
}
