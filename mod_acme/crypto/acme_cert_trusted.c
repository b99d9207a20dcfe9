/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_cert_trusted.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

/* Verifies certificate `of` of the chain; the certificates behind it may help
 * to find the way to a root. */
static apr_status_t verify(X509_STORE *store, X509_STORE_CTX *ctx,
                           STACK_OF(X509) * others, const acme_chain_t *chain,
                           int of, apr_time_t now, acme_problem_t *problem,
                           apr_pool_t *p)
{
    int i;

    for (i = of + 1; i < acme_cert_chain_count(chain); i++) {
        if (!sk_X509_push(others, acme_cert_chain_at(chain, i))) {
            return acme_key_openssl_problem(problem, "checking a chain", p);
        }
    }
    if (!X509_STORE_set_default_paths(store)
        || !X509_STORE_CTX_init(ctx, store, acme_cert_chain_at(chain, of),
                                others)) {
        return acme_key_openssl_problem(problem, "checking a chain", p);
    }
    X509_STORE_CTX_set_time(ctx, 0, (time_t)apr_time_sec(now));
    if (X509_verify_cert(ctx) == 1) {
        return APR_SUCCESS;
    }
    return acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_PERMANENT, ACME_PROBLEM_CERTIFICATE, p,
        "the certificate %s, issued by %s, does not lead to a root that this "
        "machine trusts: %s",
        acme_cert_chain_info(chain)->serial,
        acme_cert_chain_info(chain)->issuer,
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
}

static apr_status_t check(const acme_chain_t *chain, int of, apr_time_t now,
                          acme_problem_t *problem, apr_pool_t *ptemp)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    apr_status_t rv;

    if (store && ctx && others) {
        rv = verify(store, ctx, others, chain, of, now, problem, ptemp);
    }
    else {
        rv = acme_key_openssl_problem(problem, "checking a chain", ptemp);
    }
    sk_X509_free(others);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return rv;
}

apr_status_t acme_cert_trusted_check(const acme_chain_t *chain, apr_time_t now,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    return check(chain, 0, now, problem, ptemp);
}

int acme_cert_trusted_is_whole(const acme_chain_t *chain, apr_time_t now,
                               apr_pool_t *ptemp)
{
    int top = acme_cert_chain_count(chain) - 1;

    return check(chain, top, now, NULL, ptemp) == APR_SUCCESS
           && (top == 0 || check(chain, 0, now, NULL, ptemp) == APR_SUCCESS);
}
