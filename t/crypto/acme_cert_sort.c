/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_cert.h"
#include "acme_key_hash.h"
#include "acme_t_x509.h"
#include "acme_time.h"

/* 2026-01-01T00:00:00Z */
#define NOW apr_time_from_sec(1767225600)

/* Certificates by letter: root, middle, leaf; a foreign leaf; and the middle
 * once more, issued by another root (x). */
typedef struct pki_t {
    const char *pem[128];
    const char *key_hash;
} pki_t;

static acme_t_x509_t make(const char *subject, const acme_t_x509_t *issuer,
                          struct evp_pkey_st *key, apr_pool_t *p)
{
    acme_t_x509_t made;

    memset(&made, 0, sizeof(made));
    made.subject = subject;
    made.key = key ? key : acme_t_x509_key("P-256", 0, p);
    made.not_before = NOW - ACME_TIME_DAY;
    made.not_after = NOW + 89 * ACME_TIME_DAY;
    if (issuer) {
        made.issuer = acme_t_x509(issuer, p);
        made.issuer_key = issuer->key;
    }
    return made;
}

static pki_t *pki_create(apr_pool_t *p)
{
    pki_t *pki = apr_pcalloc(p, sizeof(*pki));
    acme_t_x509_t root = make("Root", NULL, NULL, p);
    acme_t_x509_t other = make("Other", NULL, NULL, p);
    acme_t_x509_t middle, cross, leaf, foreign;

    root.basic = "critical,CA:TRUE";
    other.basic = root.basic;
    middle = make("Middle", &root, NULL, p);
    middle.basic = root.basic;
    cross = make("Middle", &other, middle.key, p);
    cross.basic = root.basic;
    leaf = make(NULL, &middle, NULL, p);
    leaf.san = "DNS:a.example";
    foreign = make(NULL, &other, NULL, p);
    foreign.san = "DNS:b.example";
    pki->pem['r'] = acme_t_x509_pem(acme_t_x509(&root, p), p);
    pki->pem['m'] = acme_t_x509_pem(acme_t_x509(&middle, p), p);
    pki->pem['x'] = acme_t_x509_pem(acme_t_x509(&cross, p), p);
    pki->pem['l'] = acme_t_x509_pem(acme_t_x509(&leaf, p), p);
    pki->pem['f'] = acme_t_x509_pem(acme_t_x509(&foreign, p), p);
    pki->key_hash = acme_key_hash_of_evp(leaf.key, p);
    return pki;
}

static const char *text_of(const pki_t *pki, const char *letters, apr_pool_t *p)
{
    const char *text = "";

    for (; *letters; ++letters) {
        text = apr_pstrcat(p, text, pki->pem[(int)*letters], NULL);
    }
    return text;
}

/** The chain is what parsing the text makes. */
static void is_parsed(const acme_chain_t *chain, const char *pem, apr_pool_t *p)
{
    const acme_cert_info_t *info = acme_cert_chain_info(chain);
    const acme_cert_info_t *other_info;
    const char *leaf, *rest, *full;
    acme_chain_t *other;

    assert_int_equal(acme_cert_chain_parse(&other, pem, strlen(pem), NULL, p),
                     0);
    other_info = acme_cert_chain_info(other);
    assert_int_equal(acme_cert_chain_count(chain),
                     acme_cert_chain_count(other));
    assert_int_equal(acme_cert_chain_print(&leaf, &rest, &full, chain, NULL, p),
                     0);
    assert_string_equal(full, pem);
    assert_string_equal(info->fingerprint, other_info->fingerprint);
    assert_string_equal(info->key_hash, other_info->key_hash);
    assert_string_equal(info->serial, other_info->serial);
    assert_true(info->not_after == other_info->not_after);
}

static void a_chain_is_put_in_order(void **state)
{
    static const struct {
        const char *sent;
        const char *sorted;
        int by_key; /* only */
    } cases[] = {
        {"l", "l", 0},
        {"lm", "lm", 0},
        {"lmr", "lmr", 0},
        {"ml", "lm", 0},
        {"rml", "lmr", 0},
        {"lrm", "lmr", 0},
        {"mrl", "lmr", 0},
        {"llm", "lm", 0},
        {"lmm", "lm", 0},
        {"lml", "lm", 0},
        {"flm", "lm", 1},
        {"lmf", "lm", 1},
        {"lmx", "lm", 0},
        {"lxm", "lx", 0},
        {"lmxr", "lmr", 0},
        {"lmlmlm", "lm", 0},
        /* nothing to put in order: acme_cert_check() is to refuse it */
        {"lr", "lr", 0},
        {"rl", "lr", 1},
        {"fr", "fr", 1},
    };
    pki_t *pki = pki_create(*state);
    size_t i;
    int known;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        for (known = 0; known <= 1; ++known) {
            acme_problem_t problem = ACME_PROBLEM_INIT;
            const char *text = text_of(pki, cases[i].sent, *state);
            const char *pem = NULL;
            acme_chain_t *chain = NULL;

            if (!known && cases[i].by_key) {
                continue; /* which one is ours is not to be seen */
            }
            assert_int_equal(acme_cert_sort(&pem, &chain, text, strlen(text),
                                            known ? pki->key_hash : NULL,
                                            &problem, *state),
                             0);
            if (strcmp(pem, text_of(pki, cases[i].sorted, *state)) != 0) {
                fail_msg("%s is not sorted to %s", cases[i].sent,
                         cases[i].sorted);
            }
            is_parsed(chain, pem, *state);
        }
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void what_stands_beside_certificates_is_text(void **state)
{
    pki_t *pki = pki_create(*state);
    const char *l = pki->pem['l'];
    const char *m = pki->pem['m'];
    const char *bare = apr_pstrmemdup(*state, l, strlen(l) - 1);
    const char *const texts[] = {
        apr_pstrcat(*state, "subject=a\n", l, "issuer=m\n\n", m, "end", NULL),
        apr_pstrcat(*state, "\xef\xbb\xbf", l, m, NULL),
        apr_pstrcat(*state, "\r\n\r\n", l, "\r\n", m, "\r\n", NULL),
        apr_pstrcat(*state, bare, m, NULL), /* no end of line between */
        apr_pstrcat(*state, l,
                    "-----BEGIN X509 CRL-----\nAAAA\n"
                    "-----END X509 CRL-----\n",
                    m, "-----BEGIN", NULL),
        apr_pstrcat(*state, l, m,
                    "-----BEGIN PUBLIC KEY-----\nAAAA\n"
                    "-----END PUBLIC KEY-----\n",
                    NULL),
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *pem = NULL;

        assert_int_equal(acme_cert_sort(&pem, NULL, texts[i], strlen(texts[i]),
                                        pki->key_hash, &problem, *state),
                         0);
        assert_string_equal(pem, apr_pstrcat(*state, l, m, NULL));
    }
}

static void what_has_no_certificate_is_refused(void **state)
{
    pki_t *pki = pki_create(*state);
    const char *l = pki->pem['l'];
    const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"", "it is empty"},
        {"<html>\n<title>", "begins with: <html>"},
        {"{\"status\":\"valid\"}", "no certificate"},
        {apr_pstrmemdup(*state, l, strlen(l) / 2), "has no end"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
         "certificate 1 of the CA's answer is damaged"},
        {apr_pstrcat(*state, l, "-----BEGIN CERTIFICATE-----\n", NULL),
         "certificate 2 of the CA's answer has no end"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *pem = NULL;

        assert_int_equal(acme_cert_sort(&pem, NULL, cases[i].text,
                                        strlen(cases[i].text), NULL, &problem,
                                        *state),
                         APR_EINVAL);
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
        if (!strstr(problem.detail, cases[i].named)) {
            fail_msg("%s: %s", cases[i].text, problem.detail);
        }
    }
}

static void zero_bytes_and_too_much_are_refused(void **state)
{
    pki_t *pki = pki_create(*state);
    const char *text = pki->pem['l'];
    apr_size_t len = 4 * 1024 * 1024;
    char *much = apr_palloc(*state, len);
    const char *pem;

    assert_int_equal(
        acme_cert_sort(&pem, NULL, text, strlen(text) + 1, NULL, NULL, *state),
        APR_EINVAL);
    memset(much, ' ', len);
    assert_int_equal(acme_cert_sort(&pem, NULL, much, len, NULL, NULL, *state),
                     APR_EINVAL);
    text = "";
    for (len = 0; len < 65; ++len) {
        text = apr_pstrcat(*state, text, pki->pem[len % 2 ? 'l' : 'm'], NULL);
    }
    assert_int_equal(
        acme_cert_sort(&pem, NULL, text, strlen(text), NULL, NULL, *state), 0);
    assert_string_equal(pem, text_of(pki, "lm", *state));
}

static void a_private_key_is_refused_for_good(void **state)
{
    static const char *const labels[] = {"PRIVATE KEY", "EC PRIVATE KEY",
                                         "ENCRYPTED PRIVATE KEY",
                                         "RSA PRIVATE KEY"};
    pki_t *pki = pki_create(*state);
    size_t i;
    int first;

    for (i = 0; i < 4; ++i) {
        for (first = 0; first <= 1; ++first) {
            acme_problem_t problem = ACME_PROBLEM_INIT;
            const char *key = apr_pstrcat(*state, "-----BEGIN ", labels[i],
                                          "-----\nc2VjcmV0\n-----END ",
                                          labels[i], "-----\n", NULL);
            const char *text = apr_pstrcat(*state, first ? key : pki->pem['l'],
                                           first ? pki->pem['l'] : key, NULL);
            const char *pem;

            assert_int_equal(acme_cert_sort(&pem, NULL, text, strlen(text),
                                            pki->key_hash, &problem, *state),
                             APR_EACCES);
            assert_int_equal(problem.retry, ACME_RETRY_CONFIG);
            assert_string_equal(problem.type, ACME_PROBLEM_CERTIFICATE);
            assert_null(strstr(problem.detail, "c2VjcmV0"));
            assert_non_null(strstr(problem.to_fix, "acmectl renew"));
        }
    }
}

ACME_T_MAIN(ACME_T(a_chain_is_put_in_order),
            ACME_T(what_stands_beside_certificates_is_text),
            ACME_T(what_has_no_certificate_is_refused),
            ACME_T(zero_bytes_and_too_much_are_refused),
            ACME_T(a_private_key_is_refused_for_good))
