/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_own_cert_read.h"

#define LIFE (90 * ACME_TIME_DAY)

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

    assert_int_not_equal(acme_own_cert_read_read(&info, cert, key, &problem, p),
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
        assert_int_equal(acme_own_cert_read_read(&info,
                                                 put(dir, "cert", texts[i], p),
                                                 key, &problem, p),
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
        acme_own_cert_read_read(&info, put(dir, "cert", b->chain_pem, p),
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
    assert_refused(put(dir, "empty", "", p), key, "of no use", p);
    assert_refused(key, key, "of no use", p);
    assert_refused(cert, cert, "no private key", p);
    assert_refused(cert, put(dir, "other", acme_t_key_pem(p), p),
                   "for another key", p);
    assert_refused(put(dir, "bad",
                       "-----BEGIN CERTIFICATE-----\nAAAA\n"
                       "-----END CERTIFICATE-----\n",
                       p),
                   key, "of no use", p);
    /* a damaged one behind the leaf: mod_ssl reads them all */
    assert_refused(put(dir, "tail",
                       apr_pstrcat(p, b->chain_pem,
                                   "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                   "-----END CERTIFICATE-----\n",
                                   NULL),
                       p),
                   key, "of no use", p);
    assert_refused(
        put(dir, "cut",
            apr_pstrmemdup(p, b->chain_pem, strlen(b->chain_pem) / 2), p),
        key, "of no use", p);
}

ACME_T_MAIN(ACME_T(reads_what_mod_ssl_would_read),
            ACME_T(one_that_has_expired_is_still_read),
            ACME_T(what_would_stop_the_server_is_refused))
