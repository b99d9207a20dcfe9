/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme_cert.h"
#include "acme_file.h"
#include "acme_text.h"

#define LINE_BEGIN  "-----BEGIN "
#define LINE_END    "-----END CERTIFICATE-----"
#define DASHES      "-----"
#define CERTIFICATE "CERTIFICATE"
#define PRIVATE_KEY "PRIVATE KEY"

/* Certificates in an answer, doubles included. */
#define ANSWER_MAX (4 * ACME_CHAIN_MAX)

/* Characters of a text without certificates that are shown. */
#define SHOWN_MAX 60

/* A certificate of the answer. */
typedef struct found_t {
    const acme_chain_t *chain; /* it alone */
    X509 *cert;
    int used;
} found_t;

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *fmt, ...)
{
    va_list args;
    const char *detail;

    va_start(args, fmt);
    detail = apr_pvsprintf(p, fmt, args);
    va_end(args);
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_PROTOCOL, p, "%s", detail);
}

static apr_status_t refuse_secret(acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                     ACME_PROBLEM_CERTIFICATE, p,
                     "a private key is in the CA's answer with the "
                     "certificate, so the answer is not used");
    if (problem) {
        problem->to_fix =
            "ask the CA why it has that key, because a CA must not know it; "
            "then: acmectl renew";
    }
    return APR_EACCES;
}

/* Returns non-zero when the label of a PEM block, up to `end`, is of a private
 * key: "RSA PRIVATE KEY". */
static int is_secret(const char *label, const char *end)
{
    apr_size_t len = strlen(PRIVATE_KEY);

    return (apr_size_t)(end - label) >= len
           && strncmp(end - len, PRIVATE_KEY, len) == 0;
}

/* Adds a certificate, unless it is there already. */
static apr_status_t add(apr_array_header_t *all, const char *block,
                        apr_size_t len, acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    acme_chain_t *chain;
    found_t *found;
    int i;

    if (all->nelts == ANSWER_MAX) {
        return refuse(problem, p,
                      "more than %d certificates are in the CA's answer",
                      ANSWER_MAX);
    }
    if (acme_cert_chain_parse(&chain, block, len, &why, p) != APR_SUCCESS) {
        return refuse(problem, p,
                      "certificate %d of the CA's answer is damaged: %s",
                      all->nelts + 1, why.detail);
    }
    for (i = 0; i < all->nelts; ++i) {
        found = &APR_ARRAY_IDX(all, i, found_t);
        if (strcmp(acme_cert_chain_info(found->chain)->fingerprint,
                   acme_cert_chain_info(chain)->fingerprint)
            == 0) {
            return APR_SUCCESS;
        }
    }
    found = apr_array_push(all);
    found->chain = chain;
    found->cert = acme_cert_chain_at(chain, 0);
    found->used = 0;
    return APR_SUCCESS;
}

/* Finds the certificates in a text. */
static apr_status_t find_all(apr_array_header_t *all, const char *text,
                             acme_problem_t *problem, apr_pool_t *p)
{
    apr_size_t len = strlen(CERTIFICATE);
    const char *at = text;
    const char *label, *end;
    apr_status_t rv;

    while ((at = strstr(at, LINE_BEGIN)) != NULL) {
        label = at + strlen(LINE_BEGIN);
        end = strstr(label, DASHES);
        if (!end) {
            break;
        }
        if (is_secret(label, end)) {
            return refuse_secret(problem, p);
        }
        if ((apr_size_t)(end - label) != len
            || strncmp(label, CERTIFICATE, len) != 0) {
            at = label; /* a block of another kind is text */
            continue;
        }
        end = strstr(end, LINE_END);
        if (!end) {
            return refuse(problem, p,
                          "certificate %d of the CA's answer has no end",
                          all->nelts + 1);
        }
        end += strlen(LINE_END);
        rv = add(all, at, (apr_size_t)(end - at), problem, p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        at = end;
    }
    if (all->nelts == 0) {
        return refuse(
            problem, p,
            "no certificate is in the CA's answer, which begins "
            "with: %s",
            *text ? acme_text_escape(
                apr_pstrndup(p, text, strcspn(text, "\r\n")), SHOWN_MAX, p)
                  : "(it is empty)");
    }
    return APR_SUCCESS;
}

static int has_issued(X509 *issuer, X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    int issued = key != NULL && X509_check_issued(issuer, cert) == X509_V_OK
                 && X509_verify(cert, key) == 1;

    ERR_clear_error();
    return issued;
}

/* Returns the index of the first unused certificate that has issued this one,
 * or -1. */
static int find_issuer(const apr_array_header_t *all, const found_t *of)
{
    int i;

    for (i = 0; i < all->nelts; ++i) {
        const found_t *found = &APR_ARRAY_IDX(all, i, found_t);

        if (!found->used && found != of && has_issued(found->cert, of->cert)) {
            return i;
        }
    }
    return -1;
}

/* Returns the index of the certificate for our key; if there is none, of the
 * first one that has issued no other. */
static int find_leaf(const apr_array_header_t *all, const char *key_hash)
{
    int i, j;

    for (i = 0; key_hash && i < all->nelts; ++i) {
        const found_t *found = &APR_ARRAY_IDX(all, i, found_t);

        if (strcmp(acme_cert_chain_info(found->chain)->key_hash, key_hash)
            == 0) {
            return i;
        }
    }
    for (i = 0; i < all->nelts; ++i) {
        for (j = 0; j < all->nelts; ++j) {
            if (i != j
                && has_issued(APR_ARRAY_IDX(all, i, found_t).cert,
                              APR_ARRAY_IDX(all, j, found_t).cert)) {
                break;
            }
        }
        if (j == all->nelts) {
            return i;
        }
    }
    return 0;
}

/* A chain while it is put together. */
typedef struct sorted_t {
    const char *pem;
    acme_chain_t *chain;
    int count;
} sorted_t;

static apr_status_t take(sorted_t *sorted, found_t *found,
                         acme_problem_t *problem, apr_pool_t *p)
{
    const char *leaf, *rest, *full;
    apr_status_t rv;

    rv = acme_cert_chain_print(&leaf, &rest, &full, found->chain, problem, p);
    if (rv == APR_SUCCESS) {
        found->used = 1;
        sorted->pem = apr_pstrcat(p, sorted->pem, full, NULL);
        acme_cert_chain_add(&sorted->chain, found->chain, p);
        sorted->count++;
    }
    return rv;
}

apr_status_t acme_cert_sort(const char **pem, acme_chain_t **chain,
                            const char *text, apr_size_t len,
                            const char *key_hash, acme_problem_t *problem,
                            apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 4, sizeof(found_t));
    sorted_t sorted = {"", NULL, 0};
    found_t *found;
    apr_status_t rv;
    int at;

    if (len > ACME_FILE_MAX) {
        return refuse(problem, p,
                      "%" APR_SIZE_T_FMT " bytes are too many for a chain",
                      len);
    }
    if (len > 0 && memchr(text, '\0', len) != NULL) {
        return refuse(problem, p,
                      "zero bytes are in the CA's answer with the "
                      "certificate");
    }
    ERR_clear_error();
    rv = find_all(all, len > 0 ? apr_pstrmemdup(p, text, len) : "", problem, p);
    for (at = rv == APR_SUCCESS ? find_leaf(all, key_hash) : -1;
         at >= 0 && rv == APR_SUCCESS && sorted.count < ACME_CHAIN_MAX;) {
        found = &APR_ARRAY_IDX(all, at, found_t);
        rv = take(&sorted, found, problem, p);
        at = find_issuer(all, found);
    }
    /* An issuer that is not there is an error of the chain: show what there is
     * to acme_cert_check(). Certificates beside a chain are left out. */
    if (rv == APR_SUCCESS && sorted.count == 1) {
        for (at = 0; at < all->nelts && sorted.count < ACME_CHAIN_MAX
                     && rv == APR_SUCCESS;
             ++at) {
            found = &APR_ARRAY_IDX(all, at, found_t);
            rv = found->used ? rv : take(&sorted, found, problem, p);
        }
    }
    ERR_clear_error();
    *pem = sorted.pem;
    if (chain) {
        *chain = sorted.chain;
    }
    return rv;
}
