/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_hash.h"

#include <apr_escape.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

const char *acme_key_hash_of_evp(const struct evp_pkey_st *evp, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int hash_len = 0;
    unsigned char *der = NULL;
    const char *text = "";
    int len;

    ERR_clear_error();
    len = evp ? i2d_PUBKEY(evp, &der) : -1;
    if (len > 0
        && EVP_Digest(der, (size_t)len, hash, &hash_len, EVP_sha256(), NULL)
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
