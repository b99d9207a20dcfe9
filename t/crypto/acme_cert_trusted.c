/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_x509.h"

#include <unistd.h>

#include <apr_strings.h>

#include "acme_time.h"
#include "acme_cert_trusted.h"

#define NOW apr_time_from_sec(1767323045)

static const char *placeholder(apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;
    const char *pem;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_cert_placeholder(&pem, key, "a.test", NOW,
                                           90 * ACME_TIME_DAY, NULL, p),
                     0);
    return pem;
}

static acme_chain_t *parse(const char *pem, apr_pool_t *p)
{
    acme_chain_t *chain;

    assert_int_equal(acme_cert_chain_parse(&chain, pem, strlen(pem), NULL, p),
                     0);
    return chain;
}

static void nobody_trusts_a_self_signed_one(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_cert_trusted_check(parse(placeholder(p), p), NOW, &problem, p),
        APR_EACCES);
    assert_non_null(strstr(problem.detail, "a root that this machine trusts"));
    assert_string_equal(problem.type, ACME_PROBLEM_CERTIFICATE);
}

static void what_the_machine_trusts_is_trusted_in_its_time(void **state)
{
    apr_pool_t *p = *state;
    char path[] = "/tmp/acme-t-XXXXXX";
    const char *pem = placeholder(p);
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
    close(fd);
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    assert_int_equal(acme_cert_trusted_check(parse(pem, p), NOW, NULL, p), 0);
    assert_int_equal(acme_cert_trusted_check(
                         parse(pem, p), NOW + 100 * ACME_TIME_DAY, NULL, p),
                     APR_EACCES);
    assert_int_equal(
        acme_cert_trusted_check(parse(placeholder(p), p), NOW, NULL, p),
        APR_EACCES);
    unsetenv("SSL_CERT_FILE");
    unlink(path);
}

/* Makes this machine trust these certificates only. */
static void trust(const char *pem, char *path)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
    close(fd);
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
}

static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer,
                  EVP_PKEY *issuer_key, apr_pool_t *p)
{
    acme_t_x509_t t = {0};

    t.subject = name;
    t.key = key;
    t.issuer = issuer;
    t.issuer_key = issuer_key;
    t.basic = strstr(name, "Root") ? "critical,CA:TRUE" : NULL;
    t.not_before = NOW - ACME_TIME_DAY;
    t.not_after = NOW + 90 * ACME_TIME_DAY;
    return acme_t_x509(&t, p);
}

/* A CA's own new root is known here, and the older one that signed it for older
 * clients is not. */
static void a_chain_that_goes_on_beyond_a_root_is_not_whole(void **state)
{
    apr_pool_t *p = *state;
    char path[] = "/tmp/acme-t-XXXXXX";
    EVP_PKEY *old_key = acme_t_x509_key("P-256", 0, p);
    EVP_PKEY *new_key = acme_t_x509_key("P-256", 0, p);
    X509 *old = make("Old Root", old_key, NULL, NULL, p);
    X509 *root = make("New Root", new_key, NULL, NULL, p);
    X509 *cross = make("New Root", new_key, old, old_key, p);
    const char *leaf = acme_t_x509_pem(
        make("a.test", acme_t_x509_key("P-256", 0, p), root, new_key, p), p);
    acme_chain_t *alone = parse(leaf, p);
    acme_chain_t *with_root =
        parse(apr_pstrcat(p, leaf, acme_t_x509_pem(root, p), NULL), p);
    acme_chain_t *crossed =
        parse(apr_pstrcat(p, leaf, acme_t_x509_pem(cross, p), NULL), p);

    trust(acme_t_x509_pem(root, p), path);
    assert_true(acme_cert_trusted_is_whole(alone, NOW, p));
    assert_true(acme_cert_trusted_is_whole(with_root, NOW, p));
    assert_false(acme_cert_trusted_is_whole(crossed, NOW, p));
    assert_int_equal(acme_cert_trusted_check(crossed, NOW, NULL, p), 0);
    assert_false(
        acme_cert_trusted_is_whole(alone, NOW + 100 * ACME_TIME_DAY, p));
    unlink(path);
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    trust(acme_t_x509_pem(old, p), path);
    assert_true(acme_cert_trusted_is_whole(crossed, NOW, p));
    assert_false(acme_cert_trusted_is_whole(alone, NOW, p));
    unlink(path);
    unsetenv("SSL_CERT_FILE");
}

ACME_T_MAIN(ACME_T(a_chain_that_goes_on_beyond_a_root_is_not_whole),
            ACME_T(nobody_trusts_a_self_signed_one),
            ACME_T(what_the_machine_trusts_is_trusted_in_its_time))
