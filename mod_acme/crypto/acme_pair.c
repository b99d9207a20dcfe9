/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_pair.h"

#include <apr_strings.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "acme_key.h"

static int no_pass_phrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(int *)data = 1;
    return 0;
}

static apr_status_t failed(acme_problem_t *problem, const char *what,
                           apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;

    acme_key_openssl_problem(&why, what, p);
    ERR_clear_error();
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                            ACME_PROBLEM_CERTIFICATE, p, "%s", why.detail);
}

apr_status_t acme_pair_check(const char *cert_file, const char *key_file,
                             int level, acme_problem_t *problem, apr_pool_t *p)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    const char *what = NULL;
    int asked = 0;

    ERR_clear_error();
    if (ctx == NULL) {
        return failed(problem, "making an SSL_CTX", p);
    }
    SSL_CTX_set_security_level(ctx, level);
    SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1) {
        what = apr_psprintf(p, "loading the certificate %s", cert_file);
    }
    else if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM)
             != 1) {
        what = apr_psprintf(p, "loading the key %s", key_file);
    }
    else if (SSL_CTX_check_private_key(ctx) != 1) {
        what = apr_psprintf(p, "matching the key %s with the certificate %s",
                            key_file, cert_file);
    }
    SSL_CTX_free(ctx);
    if (what != NULL && !asked) {
        return failed(problem, what, p);
    }
    ERR_clear_error();
    return APR_SUCCESS;
}

apr_status_t acme_pair_check_pem(const char *cert_pem, const char *key_pem,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    BIO *cert_bio = BIO_new_mem_buf(cert_pem, (int)strlen(cert_pem));
    BIO *key_bio = BIO_new_mem_buf(key_pem, (int)strlen(key_pem));
    const char *what = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    int asked = 0;

    ERR_clear_error();
    if (cert_bio && key_bio) {
        cert = PEM_read_bio_X509(cert_bio, NULL, no_pass_phrase, &asked);
        key = PEM_read_bio_PrivateKey(key_bio, NULL, no_pass_phrase, &asked);
    }
    if (!ctx || !cert || SSL_CTX_use_certificate(ctx, cert) != 1) {
        what = "loading the certificate";
    }
    else if (!key || SSL_CTX_use_PrivateKey(ctx, key) != 1
             || SSL_CTX_check_private_key(ctx) != 1) {
        what = "loading its key";
    }
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    SSL_CTX_free(ctx);
    if (what) {
        return failed(problem, what, p);
    }
    ERR_clear_error();
    return APR_SUCCESS;
}
