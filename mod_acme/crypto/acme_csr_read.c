/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_csr.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme_b64.h"
#include "acme_ident.h"
#include "acme_key_hash.h"
#include "acme_san.h"

/* The limits of acme_key_spec_parse(). */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *why)
{
    ERR_clear_error();
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                            ACME_PROBLEM_CRYPTO, p, "the request %s", why);
}

static apr_status_t req_cleanup(void *data)
{
    X509_REQ_free(data);
    return APR_SUCCESS;
}

static X509_REQ *decode(const char *csr, apr_pool_t *p)
{
    const unsigned char *at;
    unsigned char *der;
    X509_REQ *req;
    apr_size_t len;

    if (acme_b64_decode(&der, &len, csr, p) != APR_SUCCESS
        || len > ACME_CSR_MAX) {
        return NULL;
    }
    at = der;
    req = d2i_X509_REQ(NULL, &at, (long)len);
    if (req) {
        apr_pool_cleanup_register(p, req, req_cleanup, apr_pool_cleanup_null);
    }
    return req;
}

apr_status_t acme_csr_read_to_pem(const char **pem, const char *csr,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    X509_REQ *req = decode(csr, p);
    BIO *bio = NULL;
    char *text;
    long len;

    ERR_clear_error();
    if (!req) {
        return refuse(problem, p, "cannot be read");
    }
    bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_X509_REQ(bio, req) != 1) {
        BIO_free(bio);
        return acme_key_openssl_problem(problem, "printing a request", p);
    }
    len = BIO_get_mem_data(bio, &text);
    *pem = apr_pstrmemdup(p, text, (apr_size_t)len);
    BIO_free(bio);
    return APR_SUCCESS;
}

const char *acme_csr_read_key_hash(const char *csr, apr_pool_t *p)
{
    X509_REQ *req = decode(csr, p);

    ERR_clear_error();
    return req ? acme_key_hash_of_evp(X509_REQ_get0_pubkey(req), p) : "";
}

/* Reads the names by putting the extensions into a certificate, because
 * acme_san_names() reads certificates. Returns why it fails, or NULL. */
static const char *read_names(apr_array_header_t **names, X509_REQ *req,
                              apr_pool_t *p)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    GENERAL_NAMES *san;
    X509 *cert = X509_new();
    const char *why = NULL;
    int i, at;

    at = extensions
             ? X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1)
             : -1;
    if (!cert || at < 0
        || X509_add_ext(cert, sk_X509_EXTENSION_value(extensions, at), -1) != 1
        || acme_san_names(names, cert, p) != APR_SUCCESS
        || (*names)->nelts == 0) {
        why = "has no names (subjectAltName) that a certificate can have";
    }
    else {
        san = X509_get_ext_d2i(cert, NID_subject_alt_name, &i, NULL);
        if (sk_GENERAL_NAME_num(san) != (*names)->nelts) {
            why = "has names that no certificate of a site can have";
        }
        GENERAL_NAMES_free(san);
    }
    X509_free(cert);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return why;
}

static const char *check_subject(X509_REQ *req, const apr_array_header_t *names,
                                 apr_pool_t *p)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(req);
    const char *name, *why;
    char common[256];

    if (X509_NAME_get_text_by_NID((X509_NAME *)subject, NID_commonName, common,
                                  sizeof(common))
        < 0) {
        return NULL;
    }
    if (acme_ident_canonical(&name, common, &why, p) != APR_SUCCESS
        || !acme_ident_in(names, name)) {
        return "has a common name that is not among its names";
    }
    return NULL;
}

static const char *check_key(X509_REQ *req)
{
    EVP_PKEY *evp = X509_REQ_get0_pubkey(req);
    acme_key_spec_t spec;

    if (!evp || acme_key_spec_of_evp(&spec, evp) != APR_SUCCESS
        || (spec.type == ACME_KEY_RSA
            && (spec.bits < RSA_BITS_MIN || spec.bits > RSA_BITS_MAX))) {
        return "is for a kind of key that is not supported: use P-256, P-384 "
               "or RSA with 2048 to 4096 bits";
    }
    if (X509_REQ_verify(req, evp) != 1) {
        return "is not signed with its own key";
    }
    return NULL;
}

apr_status_t acme_csr_read_pem(const char **csr, apr_array_header_t **names,
                               const char *pem, apr_size_t len,
                               acme_problem_t *problem, apr_pool_t *p)
{
    unsigned char *der = NULL;
    X509_REQ *req;
    const char *why;
    BIO *bio;
    int der_len;

    ERR_clear_error();
    if (len > 2 * ACME_CSR_MAX) {
        return refuse(problem, p, "is too large");
    }
    bio = BIO_new_mem_buf(pem, (int)len);
    req = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    if (!req) {
        return refuse(problem, p,
                      "cannot be read: it is no PEM of a signing "
                      "request (CERTIFICATE REQUEST)");
    }
    apr_pool_cleanup_register(p, req, req_cleanup, apr_pool_cleanup_null);
    why = check_key(req);
    if (!why) {
        why = read_names(names, req, p);
    }
    if (!why) {
        why = check_subject(req, *names, p);
    }
    if (why) {
        return refuse(problem, p, why);
    }
    der_len = i2d_X509_REQ(req, &der);
    if (der_len <= 0 || der_len > ACME_CSR_MAX) {
        OPENSSL_free(der);
        return refuse(problem, p, "is too large");
    }
    *csr = acme_b64_encode(der, (apr_size_t)der_len, p);
    OPENSSL_free(der);
    ERR_clear_error();
    return APR_SUCCESS;
}

apr_status_t acme_csr_read_match(const char *csr, const acme_chain_t *chain,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const acme_cert_info_t *info = acme_cert_chain_info(chain);
    X509_REQ *req = decode(csr, ptemp);
    apr_array_header_t *names;
    const char *why = NULL;
    EVP_PKEY *evp;
    int i;

    ERR_clear_error();
    evp = req ? X509_REQ_get0_pubkey(req) : NULL;
    if (!evp || read_names(&names, req, ptemp)) {
        return refuse(problem, ptemp, "cannot be read");
    }
    if (EVP_PKEY_eq(X509_get0_pubkey(acme_cert_chain_at(chain, 0)), evp) != 1) {
        why = "the certificate is for another key than the request";
    }
    for (i = 0; !why && i < names->nelts; ++i) {
        if (!acme_ident_covered(info->names,
                                APR_ARRAY_IDX(names, i, const char *))) {
            why = "the certificate does not cover all names of the request";
        }
    }
    ERR_clear_error();
    if (why) {
        acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                         ACME_PROBLEM_CERTIFICATE, ptemp, "%s", why);
        if (problem) {
            problem->to_fix =
                "tell the CA that it has issued what was not ordered; when "
                "that is mended: acmectl sign";
        }
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}
