/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

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

ACME_T_MAIN(ACME_T(nobody_trusts_a_self_signed_one),
            ACME_T(what_the_machine_trusts_is_trusted_in_its_time))
