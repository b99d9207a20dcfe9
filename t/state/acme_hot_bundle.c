/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_hot_bundle.h"

#define NAME "*.example.org"

static acme_seal_t *make_seal(unsigned char first, apr_pool_t *p)
{
    unsigned char secret[ACME_SEAL_SECRET_LEN] = {0};

    secret[0] = first;
    return acme_seal_create(secret, p);
}

static void put(const acme_hot_bundle_t *bundles, const char *name,
                const char *text, apr_pool_t *p)
{
    assert_int_equal(
        acme_hot_bundle_put(bundles, name, text, getegid(), NULL, p), 0);
}

static void what_root_leaves_children_get(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_hot_bundle_t *bundles = acme_hot_bundle_open(dir, make_seal(1, p), p);
    acme_store_item_t item;
    struct stat st;

    assert_int_equal(acme_hot_bundle_get(&item, bundles, NAME, p), APR_ENOENT);
    put(bundles, NAME, "{\"key\": 1}", p);
    put(bundles, NAME, "{\"key\": 2}", p);
    assert_int_equal(acme_hot_bundle_get(&item, bundles, NAME, p), 0);
    assert_int_equal(item.len, strlen("{\"key\": 2}"));
    assert_string_equal(item.data, "{\"key\": 2}");
    assert_int_equal(stat(acme_hot_bundle_path(bundles, NAME, p), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/bundles", NULL), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
}

static void nothing_is_in_clear_and_nothing_else_opens(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_hot_bundle_t *bundles = acme_hot_bundle_open(dir, make_seal(1, p), p);
    acme_hot_bundle_t *other = acme_hot_bundle_open(dir, make_seal(2, p), p);
    acme_store_item_t item;
    const char *path = acme_hot_bundle_path(bundles, NAME, p);

    put(bundles, NAME, "a private key", p);
    assert_null(strstr(acme_t_read(path, p), "private"));
    assert_int_equal(acme_hot_bundle_get(&item, other, NAME, p), APR_ENOENT);
    /* Under another name. */
    put(bundles, "a.example.org", "its own", p);
    assert_int_equal(
        rename(acme_hot_bundle_path(bundles, "a.example.org", p), path), 0);
    assert_int_equal(acme_hot_bundle_get(&item, bundles, NAME, p), APR_ENOENT);
}

static void a_start_removes_all(void **state)
{
    apr_pool_t *p = *state;
    acme_hot_bundle_t *bundles =
        acme_hot_bundle_open(acme_t_dir(p), make_seal(1, p), p);
    acme_store_item_t item;

    acme_hot_bundle_clear(bundles, p);
    put(bundles, NAME, "one", p);
    put(bundles, "a.example.org", "two", p);
    acme_hot_bundle_clear(bundles, p);
    assert_int_equal(acme_hot_bundle_get(&item, bundles, NAME, p), APR_ENOENT);
    assert_int_equal(acme_hot_bundle_get(&item, bundles, "a.example.org", p),
                     APR_ENOENT);
}

static void a_folder_that_cannot_be_made_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_hot_bundle_t *bundles = acme_hot_bundle_open(dir, make_seal(1, p), p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_t_write(apr_pstrcat(p, dir, "/bundles", NULL), "a file", p);
    assert_int_not_equal(
        acme_hot_bundle_put(bundles, NAME, "text", getegid(), &problem, p), 0);
    acme_t_contains(problem.detail, "cannot be written");
}

ACME_T_MAIN(ACME_T(what_root_leaves_children_get),
            ACME_T(nothing_is_in_clear_and_nothing_else_opens),
            ACME_T(a_start_removes_all),
            ACME_T(a_folder_that_cannot_be_made_is_a_problem))
