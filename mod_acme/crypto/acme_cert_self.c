/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme_cert_self.h"
#include "acme_san.h"

/* ub-common-name of RFC 5280 */
#define COMMON_NAME_MAX 64

#define SERIAL_LEN 16

static int set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_LEN];
    ASN1_INTEGER *serial = NULL;
    BIGNUM *number = NULL;
    int ok = 0;

    if (acme_key_random(bytes, sizeof(bytes)) != APR_SUCCESS) {
        return 0;
    }
    /* Keep the number positive and always of this length. */
    bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    if (number != NULL) {
        serial = BN_to_ASN1_INTEGER(number, NULL);
    }
    if (serial != NULL) {
        ok = X509_set_serialNumber(cert, serial) == 1;
    }
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return ok;
}

/* Sets subject and issuer, which tell people what the certificate is, also when
 * the name is too long for a common name. */
static int set_subject(X509 *cert, const char *organization, const char *name)
{
    X509_NAME *subject;
    int ok;

    subject = X509_NAME_new();
    ok = subject != NULL
         && X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                                       (const unsigned char *)organization, -1,
                                       -1, 0)
                == 1;
    if (ok && strlen(name) <= COMMON_NAME_MAX) {
        ok = X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)name, -1, -1, 0)
             == 1;
    }
    ok = ok && X509_set_subject_name(cert, subject) == 1
         && X509_set_issuer_name(cert, subject) == 1;
    X509_NAME_free(subject);
    return ok;
}

static int set_time(X509 *cert, apr_time_t t,
                    int (*set)(X509 *, const ASN1_TIME *))
{
    ASN1_TIME *value;
    int ok;

    value = ASN1_TIME_set(NULL, (time_t)apr_time_sec(t));
    ok = value != NULL && set(cert, value) == 1;
    ASN1_TIME_free(value);
    return ok;
}

static int add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension;
    int ok;

    extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static int sign_and_print(const char **pem, X509 *cert, const acme_key_t *key,
                          apr_pool_t *p)
{
    char *data;
    long len;
    BIO *bio;
    int ok;

    bio = BIO_new(BIO_s_mem());
    ok = bio != NULL && X509_sign(cert, acme_key_evp(key), acme_key_md(key)) > 0
         && PEM_write_bio_X509(bio, cert) == 1;
    if (ok) {
        len = BIO_get_mem_data(bio, &data);
        *pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    }
    BIO_free(bio);
    return ok;
}

apr_status_t acme_cert_self(const char **pem, const acme_cert_self_t *self,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    const acme_key_t *key = self->key;
    GENERAL_NAMES *san = NULL;
    X509 *cert = NULL;
    apr_status_t rv;

    APR_ARRAY_PUSH(names, const char *) = self->name;
    rv = acme_san_create(&san, names, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    cert = X509_new();
    if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1
        || !set_serial(cert)
        || !set_subject(cert, self->organization, self->name)
        || !set_time(cert, self->not_before, X509_set1_notBefore)
        || !set_time(cert, self->not_after, X509_set1_notAfter)
        || (!acme_key_put_public(X509_get_X509_PUBKEY(cert), key)
            && X509_set_pubkey(cert, acme_key_evp(key)) != 1)
        || !add_extension(cert, NID_basic_constraints, "critical,CA:FALSE")
        || !add_extension(cert, NID_ext_key_usage, "serverAuth")
        || X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0,
                             X509V3_ADD_DEFAULT)
               != 1
        || (self->extension && X509_add_ext(cert, self->extension, -1) != 1)
        || !sign_and_print(pem, cert, key, p)) {
        rv = acme_key_openssl_problem(
            problem, apr_pstrcat(p, "making a ", self->what, NULL), p);
    }
    ERR_clear_error();
    X509_free(cert);
    GENERAL_NAMES_free(san);
    return rv;
}
