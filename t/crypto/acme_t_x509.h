/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t_x509.h
 * @brief A small CA for tests, which makes good and bad certificates.
 */
#ifndef ACME_T_X509_H
#define ACME_T_X509_H

#include "acme_t.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/** A certificate to be made. Members that are zero get the value of a good
 *  leaf. */
typedef struct {
    const char *subject; /**< common name; NULL: no subject at all */
    const char *san;     /**< as in openssl.cnf, or NULL */
    const char *basic;   /**< basicConstraints, or NULL */
    EVP_PKEY *key;
    X509 *issuer;         /**< NULL: self-signed */
    EVP_PKEY *issuer_key; /**< NULL: key */
    apr_time_t not_before;
    apr_time_t not_after;
} acme_t_x509_t;

static inline apr_status_t acme_t_x509_free(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static inline apr_status_t acme_t_x509_free_key(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

/** Makes a key that p frees: on a curve ("P-256"), or for NULL RSA with so many
 *  bits. */
static inline EVP_PKEY *acme_t_x509_key(const char *curve, int bits,
                                        apr_pool_t *p)
{
    EVP_PKEY *evp;

    evp = curve ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve)
                : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    assert_non_null(evp);
    apr_pool_cleanup_register(p, evp, acme_t_x509_free_key,
                              apr_pool_cleanup_null);
    return evp;
}

static inline void acme_t_x509_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension;

    if (value != NULL) {
        extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(cert, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
}

/** Makes a certificate without its signature; p frees it. */
static inline X509 *acme_t_x509_unsigned(const acme_t_x509_t *t, apr_pool_t *p)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    ASN1_TIME *when;

    assert_non_null(cert);
    apr_pool_cleanup_register(p, cert, acme_t_x509_free, apr_pool_cleanup_null);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1f2e), 1);
    if (t->subject != NULL) {
        assert_int_equal(X509_NAME_add_entry_by_txt(
                             name, "CN", MBSTRING_UTF8,
                             (const unsigned char *)t->subject, -1, -1, 0),
                         1);
    }
    assert_int_equal(X509_set_subject_name(cert, name), 1);
    assert_int_equal(
        X509_set_issuer_name(cert, t->issuer ? X509_get_subject_name(t->issuer)
                                             : name),
        1);
    X509_NAME_free(name);
    when = ASN1_TIME_set(NULL, (time_t)apr_time_sec(t->not_before));
    assert_int_equal(X509_set1_notBefore(cert, when), 1);
    ASN1_TIME_free(when);
    when = ASN1_TIME_set(NULL, (time_t)apr_time_sec(t->not_after));
    assert_int_equal(X509_set1_notAfter(cert, when), 1);
    ASN1_TIME_free(when);
    assert_int_equal(X509_set_pubkey(cert, t->key), 1);
    acme_t_x509_extension(cert, NID_basic_constraints, t->basic);
    acme_t_x509_extension(cert, NID_subject_alt_name, t->san);
    return cert;
}

static inline X509 *acme_t_x509_signed(X509 *cert, const acme_t_x509_t *t)
{
    assert_true(
        X509_sign(cert, t->issuer_key ? t->issuer_key : t->key, EVP_sha256())
        > 0);
    return cert;
}

static inline X509 *acme_t_x509(const acme_t_x509_t *t, apr_pool_t *p)
{
    return acme_t_x509_signed(acme_t_x509_unsigned(t, p), t);
}

static inline const char *acme_t_x509_pem(X509 *cert, apr_pool_t *p)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *pem;
    char *data;
    long len;

    assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    len = BIO_get_mem_data(bio, &data);
    pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    return pem;
}

#endif
