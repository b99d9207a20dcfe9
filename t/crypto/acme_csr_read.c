/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_csr.h"

static acme_key_t *new_key(apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    return key;
}

static const char *request(const acme_key_t *key, const char *a, const char *b,
                           apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    const char *csr;

    APR_ARRAY_PUSH(names, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(names, const char *) = b;
    }
    assert_int_equal(acme_csr_create(&csr, key, names, 0, NULL, p), 0);
    return csr;
}

static apr_status_t read_pem(const char **csr, apr_array_header_t **names,
                             const char *pem, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv =
        acme_csr_read_pem(csr, names, pem, strlen(pem), &problem, p);

    assert_true(rv == APR_SUCCESS || problem.detail != NULL);
    return rv;
}

static void a_request_goes_out_and_comes_back(void **state)
{
    apr_pool_t *p = *state;
    const char *csr = request(new_key(p), "a.example", "*.b.example", p);
    apr_array_header_t *names;
    const char *pem, *read;

    assert_int_equal(acme_csr_read_to_pem(&pem, csr, NULL, p), 0);
    assert_non_null(strstr(pem, "-----BEGIN CERTIFICATE REQUEST-----\n"));
    assert_null(strstr(pem, "PRIVATE"));
    assert_int_equal(read_pem(&read, &names, pem, p), 0);
    assert_string_equal(read, csr);
    assert_int_equal(names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "a.example");
    assert_string_equal(APR_ARRAY_IDX(names, 1, const char *), "*.b.example");
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "x", "-----BEGIN CERTIFICATE REQUEST-----\n",
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
         "-----END CERTIFICATE REQUEST-----\n")};
    apr_pool_t *p = *state;
    apr_array_header_t *names;
    const char *csr, *pem;
    char *huge;
    int i;

    for (i = 0; i < 4; ++i) {
        assert_int_equal(read_pem(&csr, &names, bad[i], p), APR_EINVAL);
    }
    assert_int_equal(acme_csr_read_to_pem(&pem, "AAAA", NULL, p), APR_EINVAL);
    assert_int_equal(acme_csr_read_to_pem(&pem, "?", NULL, p), APR_EINVAL);
    huge = apr_palloc(p, 100001);
    memset(huge, 'A', 100000);
    huge[100000] = '\0';
    assert_int_equal(read_pem(&csr, &names, huge, p), APR_EINVAL);
}

/* Changes a byte of the signature, or of what is signed. */
static void a_changed_request_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *csr = request(new_key(p), "a.example", NULL, p);
    apr_array_header_t *names;
    const char *pem, *read;
    apr_size_t i;
    int refused = 0;

    assert_int_equal(acme_csr_read_to_pem(&pem, csr, NULL, p), 0);
    for (i = 40; i + 40 < strlen(pem); i += 7) {
        char *copy = apr_pstrdup(p, pem);

        if (copy[i] == '\n') {
            continue;
        }
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        if (strcmp(copy, pem) == 0) {
            continue;
        }
        assert_int_not_equal(read_pem(&read, &names, copy, p), APR_SUCCESS);
        ++refused;
    }
    assert_true(refused > 20);
}

static void a_certificate_is_for_its_request(void **state)
{
    apr_pool_t *p = *state;
    apr_time_t now = apr_time_now();
    acme_key_t *key = new_key(p);
    const char *csr = request(key, "a.example", NULL, p);
    acme_chain_t *chain;
    const char *pem;

    assert_int_equal(acme_cert_placeholder(&pem, key, "a.example", now,
                                           apr_time_from_sec(9999), NULL, p),
                     0);
    assert_int_equal(acme_cert_chain_parse(&chain, pem, strlen(pem), NULL, p),
                     0);
    assert_int_equal(acme_csr_read_match(csr, chain, NULL, p), 0);
    assert_int_equal(
        acme_csr_read_match(request(new_key(p), "a.example", NULL, p), chain,
                            NULL, p),
        APR_EINVAL);
    assert_int_equal(
        acme_csr_read_match(request(key, "a.example", "b.example", p), chain,
                            NULL, p),
        APR_EINVAL);
    assert_int_equal(acme_csr_read_match("AAAA", chain, NULL, p), APR_EINVAL);
}

ACME_T_MAIN(ACME_T(a_request_goes_out_and_comes_back),
            ACME_T(what_is_no_request_is_refused),
            ACME_T(a_changed_request_is_refused),
            ACME_T(a_certificate_is_for_its_request))
