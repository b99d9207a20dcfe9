/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_hash.h"

#include <string.h>

#include <apr_escape.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* SubjectPublicKeyInfo (RFC 5480) of a P-256 key, and of a P-384 key, up to the
 * point. */
static const unsigned char p256[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                     0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                     0x01, 0x07, 0x03, 0x42, 0x00};
static const unsigned char p384[] = {
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00};

/* An uncompressed point has two coordinates behind a 4. */
#define POINT_LEN(bits) (1 + 2 * (size_t)(bits) / 8)
#define UNCOMPRESSED    4

/* Most bytes of the beginning and an uncompressed point. */
#define EC_MAX 128

/* Encodes a key on one of the two curves, because i2d_PUBKEY() costs more than
 * a signature. Returns 0 for any other key. */
static size_t encode_ec(unsigned char der[EC_MAX], const EVP_PKEY *evp)
{
    const unsigned char *head = p256;
    size_t head_len = sizeof(p256);
    size_t point_len = POINT_LEN(256);
    acme_key_spec_t spec;
    size_t len = 0;

    if (acme_key_spec_of_evp(&spec, evp) != APR_SUCCESS
        || spec.type == ACME_KEY_RSA) {
        return 0;
    }
    if (spec.type == ACME_KEY_P384) {
        head = p384;
        head_len = sizeof(p384);
        point_len = POINT_LEN(384);
    }
    if (EVP_PKEY_get_octet_string_param(evp, OSSL_PKEY_PARAM_PUB_KEY,
                                        der + head_len, EC_MAX - head_len, &len)
            != 1
        || len != point_len || der[head_len] != UNCOMPRESSED) {
        return 0;
    }
    memcpy(der, head, head_len);
    return head_len + len;
}

const char *acme_key_hash_of_evp(const struct evp_pkey_st *evp, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned char ec[EC_MAX];
    unsigned int hash_len = 0;
    unsigned char *der = NULL;
    const char *text = "";
    size_t len;
    int any_len;

    ERR_clear_error();
    len = evp ? encode_ec(ec, evp) : 0;
    if (evp && !len) {
        any_len = i2d_PUBKEY(evp, &der);
        len = any_len > 0 ? (size_t)any_len : 0;
    }
    if (len > 0
        && EVP_Digest(der ? der : ec, len, hash, &hash_len, EVP_sha256(), NULL)
               == 1) {
        text = apr_pescape_hex(p, hash, hash_len, 0);
    }
    OPENSSL_free(der);
    ERR_clear_error();
    return text;
}

const char *acme_key_hash(const acme_key_t *key, apr_pool_t *p)
{
    return acme_key_hash_of_evp(acme_key_evp(key), p);
}
