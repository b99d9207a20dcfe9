/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_own_cert.h"

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

ACME_T_MAIN(ACME_T(a_good_pair_is_valid), ACME_T(one_file_may_have_all),
            ACME_T(a_link_is_followed),
            ACME_T(an_expired_one_is_told_from_a_damaged_one),
            ACME_T(what_cannot_be_read_is_unknown),
            ACME_T(the_key_must_be_the_certificates),
            ACME_T(each_of_several_must_be_valid))
