/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "acme_b64.h"
#include "acme_csr.h"
#include "acme_san.h"

/* Adds the only attribute of the request, an extensionRequest (RFC 2985
 * 5.4.2). */
static int add_extensions(X509_REQ *req, GENERAL_NAMES *san, int must_staple)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    X509_EXTENSION *feature = NULL;
    int ok;

    ok = X509V3_add1_i2d(&extensions, NID_subject_alt_name, san, 0,
                         X509V3_ADD_DEFAULT)
         == 1;
    if (ok && must_staple) {
        /* RFC 7633: clients refuse a handshake without an OCSP response. */
        feature =
            X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature, "status_request");
        ok =
            feature != NULL && X509v3_add_ext(&extensions, feature, -1) != NULL;
    }
    ok = ok && X509_REQ_add_extensions(req, extensions) == 1;
    X509_EXTENSION_free(feature);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok;
}

static int add_common_name(X509_REQ *req, const char *name)
{
    return strlen(name) > ub_common_name
           || X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req),
                                         NID_commonName, MBSTRING_UTF8,
                                         (const unsigned char *)name, -1, -1, 0)
                  == 1;
}

/* Makes a CSR.
 *  @param common_name or NULL */
static apr_status_t create(const char **csr, const acme_key_t *key,
                           const apr_array_header_t *names,
                           const char *common_name, int must_staple,
                           acme_problem_t *problem, apr_pool_t *p)
{
    GENERAL_NAMES *san = NULL;
    unsigned char *der = NULL;
    X509_REQ *req = NULL;
    apr_status_t rv;
    int len = -1;

    rv = acme_san_create(&san, names, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    req = X509_REQ_new();
    if (req != NULL && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1
        && (acme_key_put_public(X509_REQ_get_X509_PUBKEY(req), key)
            || X509_REQ_set_pubkey(req, acme_key_evp(key)) == 1)
        && (common_name == NULL || add_common_name(req, common_name))
        && add_extensions(req, san, must_staple)
        && X509_REQ_sign(req, acme_key_evp(key), acme_key_md(key)) > 0) {
        len = i2d_X509_REQ(req, &der);
    }
    if (len <= 0) {
        rv = acme_key_openssl_problem(problem, "making a signing request", p);
        goto leave;
    }
    *csr = acme_b64_encode(der, (apr_size_t)len, p);
    ERR_clear_error();

leave:
    OPENSSL_free(der);
    X509_REQ_free(req);
    GENERAL_NAMES_free(san);
    return rv;
}

apr_status_t acme_csr_create(const char **csr, const acme_key_t *key,
                             const apr_array_header_t *names, int must_staple,
                             acme_problem_t *problem, apr_pool_t *p)
{
    return create(csr, key, names, NULL, must_staple, problem, p);
}

apr_status_t acme_csr_create_named(const char **csr, const acme_key_t *key,
                                   const apr_array_header_t *names,
                                   int must_staple, acme_problem_t *problem,
                                   apr_pool_t *p)
{
    return create(csr, key, names, APR_ARRAY_IDX(names, 0, const char *),
                  must_staple, problem, p);
}
