/* SPDX-License-Identifier: Apache-2.0 */

/* RTLD_NEXT is not in POSIX before 2024. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_t.h"

#include <dlfcn.h>
#include <unistd.h>

#include <apr_atomic.h>
#include <apr_time.h>

#include <openssl/evp.h>

#include "acme_keygen.h"

/* Lets RSA keys take forever, and counts those that are being made. */
static volatile apr_uint32_t is_endless;
static volatile apr_uint32_t making;

/* Replaces the function of OpenSSL. Like that, it calls the callback while it
 * works. */
int EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
    int (*real)(EVP_PKEY_CTX *, EVP_PKEY **);
    void *found;

    if (apr_atomic_read32(&is_endless)) {
        EVP_PKEY_gen_cb *ask = EVP_PKEY_CTX_get_cb(ctx);

        apr_atomic_inc32(&making);
        while (ask(ctx)) {
            apr_sleep(1000);
        }
        return 0;
    }
    found = dlsym(RTLD_NEXT, "EVP_PKEY_generate");
    memcpy(&real, &found, sizeof(real));
    return real(ctx, key);
}

static const acme_key_spec_t p256 = {ACME_KEY_P256, 0};
static const acme_key_spec_t p384 = {ACME_KEY_P384, 0};
static const acme_key_spec_t rsa2048 = {ACME_KEY_RSA, 2048};
static const acme_key_spec_t rsa4096 = {ACME_KEY_RSA, 4096};

/* Takes a key, and asserts that its PEM has the same key. */
static apr_status_t take(const char **pem, acme_keygen_t *keygen,
                         const char *name, acme_problem_t *problem,
                         apr_pool_t *p)
{
    const char *text = NULL;
    acme_key_t *key = NULL;
    apr_status_t rv = acme_keygen_take(&key, pem, keygen, name, problem, p);

    if (rv == APR_SUCCESS) {
        assert_int_equal(acme_key_to_pem(&text, key, problem, p), 0);
        assert_string_equal(text, *pem);
    }
    return rv;
}

static void ready(void *baton)
{
    apr_atomic_inc32(baton);
}

/* Waits until take() returns a result, but for some minutes at most. */
static apr_status_t wait_for(const char **pem, acme_keygen_t *keygen,
                             const char *name, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_EAGAIN;
    int i;

    for (i = 0; i < 30000 && APR_STATUS_IS_EAGAIN(rv); ++i) {
        rv = take(pem, keygen, name, &problem, p);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            apr_sleep(10000);
        }
    }
    return rv;
}

static acme_key_spec_t kind_of(const char *pem, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;

    assert_int_equal(acme_key_from_pem(&key, pem, strlen(pem), &problem, p),
                     APR_SUCCESS);
    return acme_key_spec(key);
}

static void a_key_on_a_curve_is_there_at_once(void **state)
{
    apr_pool_t *p = *state;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem, *other;

    assert_int_equal(acme_keygen_want(keygen, "a.example", &p256, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(acme_keygen_want(keygen, "b.example", &p384, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(take(&other, keygen, "b.example", &problem, p),
                     APR_SUCCESS);
    assert_int_equal(take(&pem, keygen, "a.example", &problem, p), APR_SUCCESS);
    assert_int_equal(kind_of(pem, p).type, ACME_KEY_P256);
    assert_int_equal(kind_of(other, p).type, ACME_KEY_P384);
    assert_int_equal(take(&pem, keygen, "a.example", &problem, p), APR_ENOENT);
    assert_int_equal(calls, 0);
}

static void nobody_asked_for_it(void **state)
{
    apr_pool_t *p = *state;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem;

    assert_int_equal(take(&pem, keygen, "a.example", &problem, p), APR_ENOENT);
}

static void an_rsa_key_is_made_beside_us(void **state)
{
    apr_pool_t *p = *state;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem;
    acme_key_spec_t kind;

    assert_int_equal(
        acme_keygen_want(keygen, "a.example", &rsa2048, &problem, p),
        APR_SUCCESS);
    /* It is asked for twice and made once. */
    assert_int_equal(
        acme_keygen_want(keygen, "a.example", &rsa2048, &problem, p),
        APR_SUCCESS);
    /* A key on a curve does not wait for it. */
    assert_int_equal(acme_keygen_want(keygen, "b.example", &p256, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(take(&pem, keygen, "b.example", &problem, p), APR_SUCCESS);
    assert_int_equal(wait_for(&pem, keygen, "a.example", p), APR_SUCCESS);
    kind = kind_of(pem, p);
    assert_int_equal(kind.type, ACME_KEY_RSA);
    assert_int_equal(kind.bits, 2048);
    assert_int_equal(take(&pem, keygen, "a.example", &problem, p), APR_ENOENT);
    while (apr_atomic_read32(&calls) == 0) {
        apr_sleep(1000);
    }
    assert_int_equal(apr_atomic_read32(&calls), 1);
}

static void several_rsa_keys_are_all_made(void **state)
{
    static const char *const names[] = {"a.example", "b.example", "c.example"};
    apr_pool_t *p = *state;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pems[3];
    int i;

    for (i = 0; i < 3; ++i) {
        assert_int_equal(
            acme_keygen_want(keygen, names[i], &rsa2048, &problem, p),
            APR_SUCCESS);
    }
    for (i = 2; i >= 0; --i) {
        assert_int_equal(wait_for(&pems[i], keygen, names[i], p), APR_SUCCESS);
    }
    assert_string_not_equal(pems[0], pems[1]);
    assert_string_not_equal(pems[1], pems[2]);
}

static void a_key_that_cannot_be_made_is_a_problem_once(void **state)
{
    static const acme_key_spec_t wrong = {ACME_KEY_RSA, 17};
    apr_pool_t *p = *state;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem;
    apr_status_t rv;

    assert_int_equal(acme_keygen_want(keygen, "a.example", &wrong, &problem, p),
                     APR_SUCCESS);
    do {
        rv = take(&pem, keygen, "a.example", &problem, p);
        apr_sleep(1000);
    } while (APR_STATUS_IS_EAGAIN(rv));
    assert_int_not_equal(rv, APR_SUCCESS);
    assert_int_not_equal(rv, APR_ENOENT);
    assert_non_null(problem.type);
    assert_non_null(problem.detail);
    /* The next request begins anew. */
    assert_int_equal(acme_keygen_want(keygen, "a.example", &p256, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(take(&pem, keygen, "a.example", &problem, p), APR_SUCCESS);
}

/* The key takes forever: a function that waited for it would not return. */
static void its_end_waits_for_no_key(void **state)
{
    apr_pool_t *p = *state;
    int i;

    alarm(300);
    apr_atomic_set32(&is_endless, 1);
    for (i = 0; i < 6; ++i) {
        apr_uint32_t calls = 0;
        acme_problem_t problem = ACME_PROBLEM_INIT;
        apr_pool_t *own;
        acme_keygen_t *keygen;

        apr_pool_create(&own, p);
        keygen = acme_keygen_create(ready, &calls, own);
        apr_atomic_set32(&making, 0);
        assert_int_equal(
            acme_keygen_want(keygen, "a.example", &rsa4096, &problem, own),
            APR_SUCCESS);
        assert_int_equal(
            acme_keygen_want(keygen, "b.example", &rsa4096, &problem, own),
            APR_SUCCESS);
        /* End it at once, or while it makes a key. */
        while (i % 2 && !apr_atomic_read32(&making)) {
            apr_sleep(1000);
        }
        apr_pool_destroy(own);
        assert_int_equal(calls, 0);
    }
    apr_atomic_set32(&is_endless, 0);
    alarm(0);
}

static void a_common_key_is_made_once(void **state)
{
    apr_pool_t *p = *state, *sub;
    apr_uint32_t calls = 0;
    acme_keygen_t *keygen = acme_keygen_create(ready, &calls, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_key_t *key, *again, *other;
    const char *pem, *pem_again, *pem_other;
    apr_status_t rv;

    apr_pool_create(&sub, p);
    do {
        rv = acme_keygen_common(&key, &pem, keygen, &rsa2048, &problem, sub);
        apr_sleep(1000);
    } while (APR_STATUS_IS_EAGAIN(rv));
    assert_int_equal(rv, APR_SUCCESS);
    apr_pool_destroy(sub);
    assert_int_equal(kind_of(pem, p).bits, 2048);
    assert_int_equal(
        acme_keygen_common(&again, &pem_again, keygen, &rsa2048, &problem, p),
        APR_SUCCESS);
    assert_ptr_equal(again, key);
    assert_ptr_equal(pem_again, pem);
    assert_int_equal(
        acme_keygen_common(&other, &pem_other, keygen, &p256, &problem, p),
        APR_SUCCESS);
    assert_int_equal(kind_of(pem_other, p).type, ACME_KEY_P256);
    assert_int_equal(
        acme_keygen_common(&again, &pem_again, keygen, &p256, &problem, p),
        APR_SUCCESS);
    assert_ptr_equal(again, other);
}

ACME_T_MAIN(ACME_T(a_common_key_is_made_once),
            ACME_T(a_key_on_a_curve_is_there_at_once),
            ACME_T(nobody_asked_for_it), ACME_T(an_rsa_key_is_made_beside_us),
            ACME_T(several_rsa_keys_are_all_made),
            ACME_T(a_key_that_cannot_be_made_is_a_problem_once),
            ACME_T(its_end_waits_for_no_key))
