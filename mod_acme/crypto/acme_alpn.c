/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_alpn.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "acme_cert_self.h"
#include "acme_time.h"

/* OpenSSL has no name for it. */
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

/* A CA does not look at it, but people do. */
#define LIFETIME (7 * ACME_TIME_DAY)

/* The hash is in an OCTET STRING of its own, inside that of the extension. */
#define DER_TAG    0x04
#define DER_LENGTH SHA256_DIGEST_LENGTH

static X509_EXTENSION *make_extension(const char *key_authorization)
{
    unsigned char der[2 + SHA256_DIGEST_LENGTH] = {DER_TAG, DER_LENGTH};
    ASN1_OBJECT *object = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;

    if (object && value
        && SHA256((const unsigned char *)key_authorization,
                  strlen(key_authorization), der + 2)
        && ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1) {
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    }
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
    return extension;
}

apr_status_t acme_alpn_cert(const char **pem, const acme_key_t *key,
                            const char *identifier,
                            const char *key_authorization, apr_time_t now,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_cert_self_t self = {
        .what = "challenge certificate",
        .key = key,
        .organization = "mod_acme tls-alpn-01",
        .name = identifier,
        .not_before = now - ACME_TIME_HOUR,
        .not_after = now + LIFETIME,
    };
    apr_status_t rv;

    ERR_clear_error();
    self.extension = make_extension(key_authorization);
    if (!self.extension) {
        return acme_key_openssl_problem(problem, "making acmeIdentifier", p);
    }
    rv = acme_cert_self(pem, &self, problem, p);
    X509_EXTENSION_free(self.extension);
    return rv;
}

const char *acme_alpn_server_name(const SSL *ssl)
{
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
}

apr_status_t acme_alpn_use(SSL *ssl, const acme_alpn_pair_t *pair,
                           acme_problem_t *problem, apr_pool_t *p)
{
    BIO *bio = BIO_new_mem_buf(pair->cert_pem, -1);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    apr_status_t rv = APR_SUCCESS;
    acme_key_t *key;

    BIO_free(bio);
    if (!cert) {
        return acme_key_openssl_problem(problem,
                                        "reading a challenge certificate", p);
    }
    rv = acme_key_from_pem(&key, pair->key_pem, strlen(pair->key_pem), problem,
                           p);
    if (rv == APR_SUCCESS
        && SSL_use_cert_and_key(ssl, cert, acme_key_evp(key), NULL, 1) != 1) {
        rv = acme_key_openssl_problem(problem,
                                      "serving a challenge certificate", p);
    }
    ERR_clear_error();
    X509_free(cert);
    return rv;
}
