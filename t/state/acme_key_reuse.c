/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <sys/stat.h>
#include <unistd.h>

#include "acme_key_reuse.h"

#define HASH  "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"
#define PEM   "-----BEGIN PRIVATE KEY-----"

static acme_key_reuse_t *open_in(const char *dir, unsigned char seed,
                                 apr_pool_t *p)
{
    unsigned char secret[ACME_SEAL_SECRET_LEN] = {0};

    secret[0] = seed;
    return acme_key_reuse_open(dir, acme_seal_create(secret, p), p);
}

static void put(const acme_key_reuse_t *reuse, const char *hash, apr_pool_t *p)
{
    assert_int_equal(acme_key_reuse_put(reuse, hash, PEM, getegid(), NULL, p),
                     0);
}

static int is_there(const acme_key_reuse_t *reuse, const char *hash,
                    apr_pool_t *p)
{
    const char *pem;
    apr_status_t rv = acme_key_reuse_get(&pem, reuse, hash, p);

    if (rv != APR_SUCCESS) {
        assert_int_equal(rv, APR_ENOENT);
        return 0;
    }
    assert_string_equal(pem, PEM);
    return 1;
}

static void a_key_is_found_by_its_hash(void **state)
{
    const char *dir = acme_t_dir(*state);
    const acme_key_reuse_t *reuse = open_in(dir, 1, *state);

    assert_false(is_there(reuse, HASH, *state));
    put(reuse, HASH, *state);
    assert_true(is_there(reuse, HASH, *state));
    assert_false(is_there(reuse, OTHER, *state));
}

static void only_what_was_sealed_for_its_name_is_a_key(void **state)
{
    const char *dir = acme_t_dir(*state);
    const acme_key_reuse_t *reuse = open_in(dir, 1, *state);
    const char *path = apr_pstrcat(*state, dir, "/reuse/" HASH, NULL);
    const char *sealed;

    put(reuse, HASH, *state);
    put(reuse, OTHER, *state);
    sealed =
        acme_t_read(apr_pstrcat(*state, dir, "/reuse/" OTHER, NULL), *state);
    assert_null(strstr(sealed, "PRIVATE"));
    /* A key that was sealed for another name; a key in clear; nothing. */
    acme_t_write(path, sealed, *state);
    assert_false(is_there(reuse, HASH, *state));
    acme_t_write(path, PEM, *state);
    assert_false(is_there(reuse, HASH, *state));
    acme_t_write(path, "", *state);
    assert_false(is_there(reuse, HASH, *state));
    put(reuse, HASH, *state);
    assert_true(is_there(reuse, HASH, *state));
    /* A key that was sealed with another secret. */
    assert_false(is_there(open_in(dir, 2, *state), HASH, *state));
}

static void what_is_not_wanted_goes(void **state)
{
    const char *dir = acme_t_dir(*state);
    const acme_key_reuse_t *reuse = open_in(dir, 1, *state);
    apr_hash_t *wanted = apr_hash_make(*state);
    apr_hash_t *there;

    apr_hash_set(wanted, HASH, APR_HASH_KEY_STRING, HASH);
    there = acme_key_reuse_tidy(reuse, wanted, getegid(), *state);
    assert_int_equal(apr_hash_count(there), 0);
    put(reuse, HASH, *state);
    put(reuse, OTHER, *state);
    there = acme_key_reuse_tidy(reuse, wanted, getegid(), *state);
    assert_int_equal(apr_hash_count(there), 1);
    assert_non_null(apr_hash_get(there, HASH, APR_HASH_KEY_STRING));
    assert_true(is_there(reuse, HASH, *state));
    assert_false(is_there(reuse, OTHER, *state));
    /* A key that the worker cannot read has to be written again. */
    there =
        acme_key_reuse_tidy(open_in(dir, 2, *state), wanted, getegid(), *state);
    assert_int_equal(apr_hash_count(there), 0);
    assert_true(is_there(reuse, HASH, *state));
}

static void a_folder_that_cannot_be_made_is_a_problem(void **state)
{
    const acme_key_reuse_t *reuse = open_in("/nowhere", 1, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_not_equal(
        acme_key_reuse_put(reuse, HASH, PEM, getegid(), &problem, *state), 0);
    acme_t_contains(problem.detail,
                    "/nowhere/reuse/" HASH " cannot be written: ");
}

ACME_T_MAIN(ACME_T(a_key_is_found_by_its_hash),
            ACME_T(only_what_was_sealed_for_its_name_is_a_key),
            ACME_T(what_is_not_wanted_goes),
            ACME_T(a_folder_that_cannot_be_made_is_a_problem))
