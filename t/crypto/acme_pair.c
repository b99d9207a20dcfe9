/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "acme_cert.h"
#include "acme_file.h"
#include "acme_pair.h"

static const char *put(const char *name, const char *text, apr_pool_t *p)
{
    const char *dir;
    const char *path;

    assert_int_equal(apr_temp_dir_get(&dir, p), 0);
    path = apr_psprintf(p, "%s/acme-pair-%ld-%s", dir, (long)getpid(), name);
    assert_int_equal(acme_file_write(path, text, strlen(text),
                                     APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                     ACME_FILE_LAZY, p),
                     0);
    return path;
}

static void only_a_pair_that_belongs_together_passes(void **state)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key, *another;
    const char *pem, *cert, *good, *bad, *none;

    acme_key_generate(&key, &spec, NULL, NULL, NULL, p);
    acme_key_generate(&another, &spec, NULL, NULL, NULL, p);
    acme_cert_placeholder(&pem, key, "a.example", apr_time_now(),
                          apr_time_from_sec(900), NULL, p);
    cert = put("cert", pem, p);
    acme_key_to_pem(&pem, key, NULL, p);
    good = put("good", pem, p);
    acme_key_to_pem(&pem, another, NULL, p);
    bad = put("bad", pem, p);
    none = put("none", "nothing", p);
    assert_int_equal(acme_pair_check(cert, good, 0, &problem, p), 0);
    assert_int_equal(acme_pair_check(cert, good, 3, &problem, p), 0);
    assert_int_equal(acme_pair_check(cert, good, 4, &problem, p), APR_EINVAL);
    assert_int_equal(acme_pair_check(cert, bad, 0, &problem, p), APR_EINVAL);
    assert_non_null(strstr(problem.detail, bad));
    assert_int_equal(acme_pair_check(cert, none, 0, &problem, p), APR_EINVAL);
    assert_int_equal(acme_pair_check(none, good, 0, &problem, p), APR_EINVAL);
    assert_int_equal(acme_pair_check("/none", good, 0, NULL, p), APR_EINVAL);
    assert_int_equal(ERR_peek_error(), 0);
    apr_file_remove(cert, p);
    apr_file_remove(good, p);
    apr_file_remove(bad, p);
    apr_file_remove(none, p);
}

/* Neither the kind of the key is known nor whether it matches the
 * certificate. */
static void a_key_with_a_pass_phrase_passes(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;
    const char *pem, *cert, *locked;
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    long len;

    acme_key_generate(&key, &spec, NULL, NULL, NULL, p);
    acme_cert_placeholder(&pem, key, "a.example", apr_time_now(),
                          apr_time_from_sec(900), NULL, p);
    cert = put("cert", pem, p);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, acme_key_evp(key),
                                              EVP_aes_128_cbc(), NULL, 0, NULL,
                                              (void *)(uintptr_t) "secret"),
                     1);
    len = BIO_get_mem_data(bio, &text);
    locked = put("locked", apr_pstrmemdup(p, text, (apr_size_t)len), p);
    BIO_free(bio);
    assert_int_equal(acme_pair_check(cert, locked, 0, &problem, p), 0);
    apr_file_remove(cert, p);
    apr_file_remove(locked, p);
}

/* Makes a self-signed certificate with an Ed25519 key, of which mod_acme makes
 * none. */
static void make_ed25519(const char **cert_pem, const char **key_pem,
                         apr_pool_t *p)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *cert = X509_new();
    char *text;
    long len;

    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 900);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, NULL) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    len = BIO_get_mem_data(bio, &text);
    *cert_pem = apr_pstrmemdup(p, text, (apr_size_t)len);
    assert_int_equal(BIO_reset(bio), 1);
    assert_int_equal(
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &text);
    *key_pem = apr_pstrmemdup(p, text, (apr_size_t)len);
    X509_free(cert);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static void a_pair_of_any_kind_is_loaded(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *cert, *key, *other_cert, *other_key;

    make_ed25519(&cert, &key, p);
    make_ed25519(&other_cert, &other_key, p);
    assert_int_equal(acme_pair_check_pem(cert, key, &problem, p), 0);
    assert_int_not_equal(acme_pair_check_pem(cert, other_key, &problem, p), 0);
    assert_non_null(strstr(problem.detail, "loading its key"));
    assert_int_not_equal(acme_pair_check_pem(cert, "x", &problem, p), 0);
    assert_int_not_equal(acme_pair_check_pem("", key, &problem, p), 0);
    assert_non_null(strstr(problem.detail, "loading the certificate"));
    assert_int_equal(ERR_peek_error(), 0);
}

ACME_T_MAIN(ACME_T(a_pair_of_any_kind_is_loaded),
            ACME_T(only_a_pair_that_belongs_together_passes),
            ACME_T(a_key_with_a_pass_phrase_passes))
