/* SPDX-License-Identifier: Apache-2.0 */

#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "acme_cert.h"
#include "acme_ident.h"
#include "acme_time.h"

/* Most that our clock may be behind the CA's. */
#define SLOW_CLOCK (5 * ACME_TIME_MINUTE)

/* Most names that a message lists. */
#define LISTED_MAX 5

static apr_status_t refuse(acme_problem_t *problem, const char *to_fix,
                           apr_pool_t *p, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static apr_status_t refuse(acme_problem_t *problem, const char *to_fix,
                           apr_pool_t *p, const char *fmt, ...)
{
    va_list args;
    const char *detail;
    apr_status_t rv;

    va_start(args, fmt);
    detail = apr_pvsprintf(p, fmt, args);
    va_end(args);
    rv = acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                          ACME_PROBLEM_CERTIFICATE, p, "%s", detail);
    if (problem != NULL) {
        problem->to_fix = to_fix;
    }
    return rv;
}

static int is_for(X509 *cert, const acme_key_t *key)
{
    const EVP_PKEY *evp = X509_get0_pubkey(cert);
    int same = evp != NULL && EVP_PKEY_eq(evp, acme_key_evp(key)) == 1;

    ERR_clear_error();
    return same;
}

static apr_status_t check_key(const acme_chain_t *chain, const acme_key_t *key,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const acme_cert_info_t *info = acme_cert_chain_info(chain);
    acme_key_spec_t spec = acme_key_spec(key);
    int i;

    if (is_for(acme_cert_chain_at(chain, 0), key)) {
        return APR_SUCCESS;
    }
    for (i = 1; i < acme_cert_chain_count(chain); i++) {
        if (is_for(acme_cert_chain_at(chain, i), key)) {
            return refuse(problem, NULL, p,
                          "the chain is out of order: the certificate for our "
                          "key is number %d and must be the first",
                          i + 1);
        }
    }
    return refuse(problem, NULL, p,
                  "the certificate %s (key %s) is for another key than ours "
                  "(%s)",
                  info->serial, info->key_type, acme_key_spec_print(&spec, p));
}

/* Lists names for a message: "a, b and 3 more". */
static const char *listed(const apr_array_header_t *names, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < names->nelts && i < LISTED_MAX; i++) {
        text = apr_pstrcat(p, text, i > 0 ? ", " : "",
                           APR_ARRAY_IDX(names, i, const char *), NULL);
    }
    if (names->nelts > LISTED_MAX) {
        text =
            apr_psprintf(p, "%s and %d more", text, names->nelts - LISTED_MAX);
    }
    return names->nelts > 0 ? text : "no name";
}

static apr_status_t check_names(const acme_cert_info_t *info,
                                const apr_array_header_t *names,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *missing = apr_array_make(p, 1, sizeof(const char *));
    const char *name;
    int i;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (!acme_ident_covered(info->names, name)) {
            APR_ARRAY_PUSH(missing, const char *) = name;
        }
    }
    if (missing->nelts == 0) {
        return APR_SUCCESS;
    }
    return refuse(problem, NULL, p,
                  "the certificate %s does not cover %s, it is for %s",
                  info->serial, listed(missing, p), listed(info->names, p));
}

static apr_status_t check_dates(const acme_cert_info_t *info, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p)
{
    if (info->not_after <= now) {
        return refuse(problem, "check the clock of this machine", p,
                      "the certificate %s expired at %s, and now it is %s",
                      info->serial, acme_time_print(info->not_after, p),
                      acme_time_print(now, p));
    }
    if (info->not_before > now + SLOW_CLOCK) {
        return refuse(problem, "check the clock of this machine", p,
                      "the certificate %s is not valid before %s, and now it "
                      "is %s",
                      info->serial, acme_time_print(info->not_before, p),
                      acme_time_print(now, p));
    }
    return APR_SUCCESS;
}

/* Returns why `cert` was not issued by `issuer`, or NULL when it was. */
static const char *not_issued(X509 *cert, X509 *issuer)
{
    EVP_PKEY *evp;
    int code;

    code = X509_check_issued(issuer, cert);
    if (code != X509_V_OK) {
        return X509_verify_cert_error_string(code);
    }
    evp = X509_get0_pubkey(issuer);
    if (evp == NULL || X509_verify(cert, evp) != 1) {
        return "its signature is by another key";
    }
    return NULL;
}

apr_status_t acme_cert_check_order(const acme_chain_t *chain,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const char *why;
    int i;

    for (i = 0; i + 1 < acme_cert_chain_count(chain); i++) {
        why = not_issued(acme_cert_chain_at(chain, i),
                         acme_cert_chain_at(chain, i + 1));
        ERR_clear_error();
        if (why != NULL) {
            return refuse(problem, NULL, p,
                          "the chain is broken: certificate %d was not issued "
                          "by certificate %d (%s)",
                          i + 1, i + 2, why);
        }
    }
    return APR_SUCCESS;
}

/* Does what mod_ssl does with the files (SSL_CTX_use_certificate_chain_file(),
 * the key, SSL_CTX_check_private_key()), because a certificate that fails there
 * ends the server. */
apr_status_t acme_cert_check_loads(const acme_chain_t *chain,
                                   const acme_key_t *key, int level,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t refused = ACME_PROBLEM_INIT;
    SSL_CTX *ctx;
    int ok;
    int i;

    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        return acme_key_openssl_problem(problem, "making an SSL_CTX", p);
    }
    if (SSL_CTX_get_security_level(ctx) < level) {
        SSL_CTX_set_security_level(ctx, level);
    }
    ok = SSL_CTX_use_certificate(ctx, acme_cert_chain_at(chain, 0)) == 1;
    for (i = 1; ok && i < acme_cert_chain_count(chain); i++) {
        ok = SSL_CTX_add1_chain_cert(ctx, acme_cert_chain_at(chain, i)) == 1;
    }
    ok = ok && SSL_CTX_use_PrivateKey(ctx, acme_key_evp(key)) == 1
         && SSL_CTX_check_private_key(ctx) == 1;
    SSL_CTX_free(ctx);
    if (ok) {
        return APR_SUCCESS;
    }
    acme_key_openssl_problem(&refused, "loading it into an SSL_CTX", p);
    ERR_clear_error();
    if (level) {
        return refuse(problem,
                      "lower SECLEVEL in SSLCipherSuite, or see "
                      "ACMEPrivateKeys and what the CA offers",
                      p,
                      "with SECLEVEL=%d no server could serve the "
                      "certificate %s, %s",
                      level, acme_cert_chain_info(chain)->serial,
                      refused.detail);
    }
    return refuse(problem, "see ACMEPrivateKeys and what the CA offers", p,
                  "no server could serve the certificate %s, %s",
                  acme_cert_chain_info(chain)->serial, refused.detail);
}

const char *acme_cert_check_loader(apr_pool_t *p)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int level = ctx == NULL ? -1 : SSL_CTX_get_security_level(ctx);

    SSL_CTX_free(ctx);
    ERR_clear_error();
    return apr_psprintf(p, "%s, level %d", OpenSSL_version(OPENSSL_VERSION),
                        level);
}

apr_status_t acme_cert_check_ordered(const acme_chain_t *chain,
                                     const acme_key_t *key,
                                     const apr_array_header_t *names,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    ERR_clear_error();
    rv = check_key(chain, key, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = check_names(acme_cert_chain_info(chain), names, problem, ptemp);
    }
    return rv;
}

apr_status_t acme_cert_check_valid(const acme_chain_t *chain, apr_time_t now,
                                   acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    rv = check_dates(acme_cert_chain_info(chain), now, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_cert_check_order(chain, problem, ptemp);
    }
    ERR_clear_error();
    return rv;
}

apr_status_t acme_cert_check(const acme_chain_t *chain, const acme_key_t *key,
                             const apr_array_header_t *names, apr_time_t now,
                             acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    rv = acme_cert_check_ordered(chain, key, names, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_cert_check_valid(chain, now, problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_check_loads(chain, key, 0, problem, ptemp);
    }
    ERR_clear_error();
    return rv;
}
