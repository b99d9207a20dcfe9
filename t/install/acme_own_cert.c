/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_own_cert.h"

#define LIFE (90 * ACME_TIME_DAY)

typedef struct pair_t {
    apr_array_header_t *certs, *keys;
    const char *cert, *key;
    acme_bundle_t *bundle;
} pair_t;

static pair_t *make_pair(const char *dir, apr_time_t at, apr_pool_t *p)
{
    pair_t *pair = apr_pcalloc(p, sizeof(*pair));

    pair->bundle =
        acme_t_bundle_for("a.test", "a.test", at, 30 * ACME_TIME_DAY, p);
    pair->cert = apr_pstrcat(p, dir, "/cert.pem", NULL);
    pair->key = apr_pstrcat(p, dir, "/key.pem", NULL);
    acme_t_write(pair->cert, pair->bundle->chain_pem, p);
    acme_t_write(pair->key, pair->bundle->key_pem, p);
    pair->certs = apr_array_make(p, 2, sizeof(const char *));
    pair->keys = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(pair->certs, const char *) = pair->cert;
    APR_ARRAY_PUSH(pair->keys, const char *) = pair->key;
    return pair;
}

static void a_good_pair_is_valid(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair(acme_t_dir(p), ACME_T_NOW, p);

    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_VALID);
}

static void one_file_may_have_all(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair(acme_t_dir(p), ACME_T_NOW, p);

    acme_t_write(pair->cert,
                 apr_pstrcat(p,
                             "some words\n-----BEGIN EC PARAMETERS-----\n"
                             "BggqhkjOPQMBBw==\n-----END EC PARAMETERS-----"
                             "\n",
                             pair->bundle->key_pem, pair->bundle->chain_pem,
                             NULL),
                 p);
    apr_array_clear(pair->keys);
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_VALID);
}

static void a_link_is_followed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    pair_t *pair = make_pair(dir, ACME_T_NOW, p);
    const char *link = apr_pstrcat(p, dir, "/link.pem", NULL);

    assert_int_equal(symlink(pair->cert, link), 0);
    APR_ARRAY_IDX(pair->certs, 0, const char *) = link;
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_VALID);
}

static void an_expired_one_is_told_from_a_damaged_one(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair(acme_t_dir(p), ACME_T_NOW - 60 * ACME_TIME_DAY, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, &problem, p),
        ACME_OWN_CERT_EXPIRED);
    acme_t_contains(problem.detail, "expired");
}

static void what_cannot_be_read_is_unknown(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    pair_t *pair = make_pair(dir, ACME_T_NOW, p);
    static const char *const texts[] = {
        "",
        "x",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN -----END -----BEGIN CERTIFICATE",
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
         "-----END ENCRYPTED PRIVATE KEY-----\n")};
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        acme_t_write(pair->cert, texts[i], p);
        assert_int_equal(acme_own_cert_check(pair->certs, pair->keys,
                                             ACME_T_NOW, &problem, p),
                         ACME_OWN_CERT_UNKNOWN);
        acme_t_contains(problem.detail, pair->cert);
        acme_t_write(pair->cert, pair->bundle->chain_pem, p);
        acme_t_write(pair->key, texts[i], p);
        assert_int_equal(acme_own_cert_check(pair->certs, pair->keys,
                                             ACME_T_NOW, &problem, p),
                         ACME_OWN_CERT_UNKNOWN);
        acme_t_write(pair->key, pair->bundle->key_pem, p);
    }
    unlink(pair->key);
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_UNKNOWN);
    assert_int_equal(mkfifo(pair->key, 0600), 0);
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_UNKNOWN);
}

static void the_key_must_be_the_certificates(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair(acme_t_dir(p), ACME_T_NOW, p);

    acme_t_write(pair->key, acme_t_key_pem(p), p);
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_UNKNOWN);
}

static void each_of_several_must_be_valid(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair(acme_t_dir(p), ACME_T_NOW, p);
    pair_t *old = make_pair(acme_t_dir(p), ACME_T_NOW - 60 * ACME_TIME_DAY, p);

    APR_ARRAY_PUSH(pair->certs, const char *) = old->cert;
    APR_ARRAY_PUSH(pair->keys, const char *) = old->key;
    assert_int_equal(
        acme_own_cert_check(pair->certs, pair->keys, ACME_T_NOW, NULL, p),
        ACME_OWN_CERT_EXPIRED);
}

/* ---- files of ACMECertificateFile ---- */

static const char *put(const char *dir, const char *name, const char *text,
                       apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/", name, NULL);

    assert_int_equal(acme_file_write(path, text, strlen(text),
                                     APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                     ACME_FILE_LAZY, p),
                     APR_SUCCESS);
    return path;
}

static void assert_refused(const char *cert, const char *key, const char *why,
                           apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info = NULL;

    assert_int_not_equal(acme_own_cert_read(&info, cert, key, &problem, p),
                         APR_SUCCESS);
    assert_non_null(strstr(problem.detail, why));
    assert_non_null(strstr(problem.detail, "/"));
}

static void reads_what_mod_ssl_would_read(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_bundle_t *b = acme_t_bundle("a.example", ACME_T_NOW, p);
    const acme_cert_info_t *info;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *key = put(dir, "key", b->key_pem, p);
    const char *texts[3];
    int i;

    texts[0] = b->chain_pem;
    texts[1] = apr_pstrcat(p, "a.example\n", b->key_pem, b->chain_pem, NULL);
    texts[2] =
        apr_pstrcat(p, b->chain_pem, b->chain_pem, "\n\nthe end\n", NULL);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_own_cert_read(&info,
                                            put(dir, "cert", texts[i], p), key,
                                            &problem, p),
                         APR_SUCCESS);
        assert_string_equal(APR_ARRAY_IDX(info->names, 0, const char *),
                            "a.example");
    }
}

static void one_that_has_expired_is_still_read(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_bundle_t *b = acme_t_bundle_for("a.example", "a.example",
                                         ACME_T_NOW - 2 * LIFE, LIFE, p);
    const acme_cert_info_t *info;

    assert_int_equal(
        acme_own_cert_read(&info, put(dir, "cert", b->chain_pem, p),
                           put(dir, "key", b->key_pem, p), NULL, p),
        APR_SUCCESS);
    assert_true(info->not_after < ACME_T_NOW);
}

static void what_would_stop_the_server_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_bundle_t *b = acme_t_bundle("a.example", ACME_T_NOW, p);
    const char *cert = put(dir, "cert", b->chain_pem, p);
    const char *key = put(dir, "key", b->key_pem, p);

    assert_refused(apr_pstrcat(p, dir, "/none", NULL), key, "cannot be read",
                   p);
    assert_refused(cert, apr_pstrcat(p, dir, "/none", NULL), "cannot be read",
                   p);
    assert_refused(dir, key, "cannot be read", p);
    assert_refused(put(dir, "empty", "", p), key, "cannot be used", p);
    assert_refused(key, key, "cannot be used", p);
    assert_refused(cert, cert, "no private key", p);
    assert_refused(cert, put(dir, "other", acme_t_key_pem(p), p),
                   "for another key", p);
    assert_refused(put(dir, "bad",
                       "-----BEGIN CERTIFICATE-----\nAAAA\n"
                       "-----END CERTIFICATE-----\n",
                       p),
                   key, "cannot be used", p);
    /* a damaged one behind the leaf: mod_ssl reads them all */
    assert_refused(put(dir, "tail",
                       apr_pstrcat(p, b->chain_pem,
                                   "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                   "-----END CERTIFICATE-----\n",
                                   NULL),
                       p),
                   key, "cannot be used", p);
    assert_refused(
        put(dir, "cut",
            apr_pstrmemdup(p, b->chain_pem, strlen(b->chain_pem) / 2), p),
        key, "cannot be used", p);
}

static void a_chain_file_is_joined_with_the_certificate(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    pair_t *pair = make_pair(dir, ACME_T_NOW, p);
    const char *leaf = pair->bundle->chain_pem;
    const char *chain = apr_pstrcat(p, dir, "/chain.pem", NULL);
    const char *ca = acme_t_bundle_for("ca.test", "ca.test", ACME_T_NOW,
                                       30 * ACME_TIME_DAY, p)
                         ->chain_pem;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem;

    assert_false(acme_own_cert_has_chain(pair->cert, p));
    /* a key beside the certificate stays where it is */
    acme_t_write(pair->cert, apr_pstrcat(p, pair->bundle->key_pem, leaf, NULL),
                 p);
    acme_t_write(chain, apr_pstrcat(p, "some words\n", ca, NULL), p);
    assert_int_equal(acme_own_cert_join(&pem, pair->cert, chain, 0, NULL, p),
                     0);
    assert_string_equal(pem, apr_pstrcat(p, leaf, ca, NULL));
    acme_t_write(chain, "nothing\n", p);
    assert_int_not_equal(
        acme_own_cert_join(&pem, pair->cert, chain, 0, &problem, p), 0);
    acme_t_contains(problem.detail, "there is no certificate in");
    assert_false(acme_own_cert_has_chain(chain, p));
    unlink(chain);
    assert_int_not_equal(
        acme_own_cert_join(&pem, pair->cert, chain, 0, &problem, p), 0);
    acme_t_contains(problem.detail, "cannot be read");
    assert_false(acme_own_cert_has_chain(chain, p));
    /* mod_ssl takes the first certificate alone when there is a chain file */
    acme_t_write(pair->cert, apr_pstrcat(p, leaf, ca, NULL), p);
    acme_t_write(chain, leaf, p);
    assert_true(acme_own_cert_has_chain(pair->cert, p));
    assert_int_equal(acme_own_cert_join(&pem, pair->cert, chain, 0, NULL, p),
                     0);
    assert_string_equal(pem, apr_pstrcat(p, leaf, leaf, NULL));
    /* but not the first of a chain file that is a certificate's as well */
    acme_t_write(chain, apr_pstrcat(p, leaf, ca, NULL), p);
    assert_int_equal(acme_own_cert_join(&pem, pair->cert, chain, 1, NULL, p),
                     0);
    assert_string_equal(pem, apr_pstrcat(p, leaf, ca, NULL));
}

static void the_certificates_alone_are_taken(void **state)
{
    apr_pool_t *p = *state;
    acme_bundle_t *b = acme_t_bundle("a.example", ACME_T_NOW, p);

    assert_string_equal(acme_own_cert_only(b->chain_pem, p), b->chain_pem);
    assert_string_equal(
        acme_own_cert_only(apr_pstrcat(p, "Bag Attributes\n", b->key_pem,
                                       b->chain_pem, "\nwords", NULL),
                           p),
        b->chain_pem);
    /* the reason for refusing it is to name what is there instead */
    assert_string_equal(acme_own_cert_only("words", p), "words");
}

ACME_T_MAIN(ACME_T(the_certificates_alone_are_taken),
            ACME_T(a_good_pair_is_valid), ACME_T(one_file_may_have_all),
            ACME_T(a_link_is_followed),
            ACME_T(an_expired_one_is_told_from_a_damaged_one),
            ACME_T(what_cannot_be_read_is_unknown),
            ACME_T(the_key_must_be_the_certificates),
            ACME_T(each_of_several_must_be_valid),
            ACME_T(a_chain_file_is_joined_with_the_certificate),
            ACME_T(reads_what_mod_ssl_would_read),
            ACME_T(one_that_has_expired_is_still_read),
            ACME_T(what_would_stop_the_server_is_refused))
