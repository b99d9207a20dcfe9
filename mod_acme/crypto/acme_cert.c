/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme_b64.h"
#include "acme_cert.h"
#include "acme_file.h"
#include "acme_key_hash.h"
#include "acme_san.h"
#include "acme_text.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

/* Most bytes of a subject or issuer that are shown. */
#define DN_MAX 1000

/* RFC 5280 4.1.2.2 allows 20. */
#define SERIAL_MAX 64

struct acme_chain_t {
    X509 *certs[ACME_CHAIN_MAX];
    int count;
    acme_cert_info_t info;
};

apr_status_t acme_cert_refuse(acme_problem_t *problem, acme_retry_e retry,
                              apr_pool_t *p, const char *fmt, ...)
{
    va_list args;
    const char *detail;

    va_start(args, fmt);
    detail = apr_pvsprintf(p, fmt, args);
    va_end(args);
    return acme_problem_set(problem, APR_EINVAL, retry,
                            ACME_PROBLEM_CERTIFICATE, p, "%s", detail);
}

static const char *name_text(const X509_NAME *name, apr_pool_t *p)
{
    const char *text = "";
    char *data;
    long len;
    BIO *bio;

    bio = BIO_new(BIO_s_mem());
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) > 0) {
        len = BIO_get_mem_data(bio, &data);
        /* The flags make OpenSSL escape what is not printable. */
        text = acme_text_bound(apr_pstrmemdup(p, data, (apr_size_t)len), DN_MAX,
                               p);
    }
    BIO_free(bio);
    return text;
}

static const char *hex_text(const unsigned char *data, int len, apr_pool_t *p)
{
    return apr_pescape_hex(p, data, (apr_size_t)len, 0);
}

static const char *serial_text(const X509 *cert, apr_pool_t *p)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    int len = ASN1_STRING_length(serial);

    if (len <= 0) {
        return "00";
    }
    return apr_pstrcat(
        p, ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "",
        hex_text(ASN1_STRING_get0_data(serial),
                 len < SERIAL_MAX ? len : SERIAL_MAX, p),
        NULL);
}

/* Returns the CertID (RFC 9773 4.1): key identifier of the issuer and serial,
 * as base64url. The serial is the content of its DER, which begins with a zero
 * if the serial would be negative otherwise. */
static const char *ari_text(const X509 *cert, apr_pool_t *p)
{
    /* Read the extensions now, because OpenSSL then stores them in the
     * certificate, and no other thread has it yet. */
    const ASN1_OCTET_STRING *issuer =
        X509_get0_authority_key_id((X509 *)(apr_uintptr_t)cert);
    unsigned char *der = NULL;
    const unsigned char *content;
    const char *text = NULL;
    long content_len = 0;
    int tag, class_of, len;

    len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der);
    content = der;
    if (issuer && ASN1_STRING_length(issuer) > 0
        && ASN1_STRING_length(issuer) <= SERIAL_MAX && len > 0
        && !(ASN1_get_object(&content, &content_len, &tag, &class_of, len)
             & 0x80)
        && content_len > 0 && content_len <= SERIAL_MAX) {
        text = apr_pstrcat(
            p,
            acme_b64_encode(ASN1_STRING_get0_data(issuer),
                            (apr_size_t)ASN1_STRING_length(issuer), p),
            ".", acme_b64_encode(content, (apr_size_t)content_len, p), NULL);
    }
    OPENSSL_free(der);
    return text;
}

static const char *key_text(const X509 *cert, apr_pool_t *p)
{
    const EVP_PKEY *evp = X509_get0_pubkey(cert);
    acme_key_spec_t spec;

    if (evp == NULL || acme_key_spec_of_evp(&spec, evp) != APR_SUCCESS) {
        return "?";
    }
    return acme_key_spec_print(&spec, p);
}

/* Converts a time, by its difference to 1970, because OpenSSL computes that for
 * all years. */
static int time_of(apr_time_t *t, const ASN1_TIME *from)
{
    ASN1_TIME *epoch;
    int days;
    int seconds;
    int ok;

    epoch = ASN1_TIME_set(NULL, 0);
    ok = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, from) == 1;
    ASN1_TIME_free(epoch);
    if (ok) {
        *t = apr_time_from_sec((apr_time_t)days * 86400 + seconds);
    }
    return ok;
}

static apr_status_t describe(acme_cert_info_t *info, const X509 *cert,
                             acme_problem_t *problem, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int hash_len;

    if (!time_of(&info->not_before, X509_get0_notBefore(cert))
        || !time_of(&info->not_after, X509_get0_notAfter(cert))) {
        return acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                                "the certificate's validity is unreadable");
    }
    if (acme_san_names(&info->names, cert, p) != APR_SUCCESS) {
        return acme_cert_refuse(
            problem, ACME_RETRY_BACKOFF, p,
            "the certificate's subjectAltName is unreadable or has "
            "more than %d names",
            ACME_SAN_MAX);
    }
    if (X509_digest(cert, EVP_sha256(), hash, &hash_len) != 1) {
        return acme_key_openssl_problem(problem, "hashing a certificate", p);
    }
    info->fingerprint = hex_text(hash, (int)hash_len, p);
    info->subject = name_text(X509_get_subject_name(cert), p);
    info->issuer = name_text(X509_get_issuer_name(cert), p);
    info->serial = serial_text(cert, p);
    info->key_type = key_text(cert, p);
    info->key_hash = acme_key_hash_of_evp(X509_get0_pubkey(cert), p);
    info->ari_id = ari_text(cert, p);
    return APR_SUCCESS;
}

static apr_status_t cert_cleanup(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

/* Parses one PEM block, BEGIN and END included. Returns NULL when it is no
 * certificate. */
static X509 *read_block(const char *block, apr_size_t len)
{
    unsigned char *der = NULL;
    const unsigned char *end;
    char *header = NULL;
    char *name = NULL;
    X509 *cert = NULL;
    long der_len;
    BIO *bio;

    bio = BIO_new_mem_buf(block, (int)len);
    if (bio == NULL || PEM_read_bio(bio, &name, &header, &der, &der_len) != 1) {
        goto leave;
    }
    if (header[0] != '\0') {
        goto leave;
    }
    end = der;
    cert = d2i_X509(NULL, &end, der_len);
    if (cert != NULL && end != der + der_len) {
        X509_free(cert);
        cert = NULL;
    }

leave:
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    ERR_clear_error();
    return cert;
}

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* Returns the length of the PEM block at s, or 0 unless its BEGIN and END are
 * whole lines with nothing but base64 between them. */
static apr_size_t block_len(const char *s)
{
    const char *end;
    const char *c;

    end = strstr(s, END);
    if (end == NULL || strchr("\r\n", s[strlen(BEGIN)]) == NULL) {
        return 0;
    }
    for (c = s + strlen(BEGIN); c < end; c++) {
        if (!apr_isascii(*c)
            || (!apr_isalnum(*c) && strchr("+/= \t\r\n", *c) == NULL)) {
            return 0;
        }
    }
    end += strlen(END);
    return *end == '\0' || apr_isspace(*end) ? (apr_size_t)(end - s) : 0;
}

static apr_status_t parse_all(acme_chain_t *chain, const char *text,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const char *s;
    apr_size_t len;
    X509 *cert;

    for (s = skip_space(text); *s != '\0'; s = skip_space(s + len)) {
        if (strncmp(s, BEGIN, strlen(BEGIN)) != 0) {
            return acme_cert_refuse(
                problem, ACME_RETRY_BACKOFF, p,
                "there must be nothing but certificates in PEM, but "
                "after %d of them comes \"%s\"",
                chain->count,
                acme_text_escape(apr_pstrndup(p, s, strcspn(s, "\n")), 60, p));
        }
        if (chain->count == ACME_CHAIN_MAX) {
            return acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                                    "more than %d certificates in a chain",
                                    ACME_CHAIN_MAX);
        }
        len = block_len(s);
        cert = len > 0 ? read_block(s, len) : NULL;
        if (cert == NULL) {
            return acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                                    "certificate %d of the chain is damaged",
                                    chain->count + 1);
        }
        apr_pool_cleanup_register(p, cert, cert_cleanup, apr_pool_cleanup_null);
        chain->certs[chain->count] = cert;
        chain->count++;
    }
    if (chain->count == 0) {
        return acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                                "there is no certificate, the text is empty");
    }
    return APR_SUCCESS;
}

apr_status_t acme_cert_chain_parse(acme_chain_t **chain, const char *pem,
                                   apr_size_t len, acme_problem_t *problem,
                                   apr_pool_t *p)
{
    acme_chain_t *parsed = apr_pcalloc(p, sizeof(*parsed));
    apr_status_t rv;

    if (len > ACME_FILE_MAX) {
        return acme_cert_refuse(
            problem, ACME_RETRY_BACKOFF, p,
            "%" APR_SIZE_T_FMT " bytes are too many for a chain", len);
    }
    if (len > 0 && memchr(pem, '\0', len) != NULL) {
        return acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                                "there are zero bytes in the certificates");
    }
    ERR_clear_error();
    rv = parse_all(parsed, len > 0 ? apr_pstrmemdup(p, pem, len) : "", problem,
                   p);
    if (rv == APR_SUCCESS) {
        rv = describe(&parsed->info, parsed->certs[0], problem, p);
    }
    ERR_clear_error();
    if (rv == APR_SUCCESS) {
        *chain = parsed;
    }
    return rv;
}

void acme_cert_chain_add(acme_chain_t **chain, const acme_chain_t *one,
                         apr_pool_t *p)
{
    acme_chain_t *to = *chain;

    if (!to) {
        to = *chain = apr_pmemdup(p, one, sizeof(*one));
        to->count = 0;
    }
    if (to->count < ACME_CHAIN_MAX) {
        to->certs[to->count] = one->certs[0];
        to->count++;
    }
}

const acme_cert_info_t *acme_cert_chain_info(const acme_chain_t *chain)
{
    return &chain->info;
}

int acme_cert_chain_leads_to(const acme_chain_t *chain, const char *name)
{
    const X509_NAME *issuer =
        X509_get_issuer_name(chain->certs[chain->count - 1]);
    apr_size_t len = strlen(name);
    unsigned char *text;
    int at, text_len, same = 0;

    for (at = X509_NAME_get_index_by_NID(issuer, NID_commonName, -1);
         at >= 0 && !same;
         at = X509_NAME_get_index_by_NID(issuer, NID_commonName, at)) {
        text_len = ASN1_STRING_to_UTF8(
            &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at)));
        if (text_len >= 0) {
            same = (apr_size_t)text_len == len && memcmp(text, name, len) == 0;
            OPENSSL_free(text);
        }
    }
    ERR_clear_error();
    return same;
}

int acme_cert_chain_count(const acme_chain_t *chain)
{
    return chain->count;
}

apr_status_t acme_cert_chain_leaf(const char **leaf, const acme_chain_t *chain,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    unsigned char *der = NULL;
    int len = i2d_X509(chain->certs[0], &der);

    if (len <= 0) {
        return acme_key_openssl_problem(problem, "printing a certificate", p);
    }
    *leaf = acme_b64_encode(der, (apr_size_t)len, p);
    OPENSSL_free(der);
    return APR_SUCCESS;
}

struct x509_st *acme_cert_chain_at(const acme_chain_t *chain, int i)
{
    return i >= 0 && i < chain->count ? chain->certs[i] : NULL;
}

apr_status_t acme_cert_chain_print(const char **leaf, const char **rest,
                                   const char **full, const acme_chain_t *chain,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t leaf_len = 0;
    const char *all;
    char *data;
    long len;
    BIO *bio;
    int i;

    ERR_clear_error();
    bio = BIO_new(BIO_s_mem());
    for (i = 0; bio != NULL && i < chain->count; i++) {
        if (PEM_write_bio_X509(bio, chain->certs[i]) != 1) {
            break;
        }
        if (i == 0) {
            leaf_len = (apr_size_t)BIO_get_mem_data(bio, &data);
        }
    }
    if (i < chain->count) {
        rv = acme_key_openssl_problem(problem, "printing a certificate", p);
        goto leave;
    }
    len = BIO_get_mem_data(bio, &data);
    all = apr_pstrmemdup(p, data, (apr_size_t)len);
    *leaf = apr_pstrmemdup(p, all, leaf_len);
    *rest = all + leaf_len;
    *full = all;
    ERR_clear_error();

leave:
    BIO_free(bio);
    return rv;
}
