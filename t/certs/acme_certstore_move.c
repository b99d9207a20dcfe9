/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"
#include "acme_t_certstore.h"

#include "acme_certstore.h"

#define NAME "a.example.org"

static acme_certstore_t *open_certstore(const char **dir, apr_pool_t *p)
{
    acme_certstore_t *certstore;

    *dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&certstore, *dir, NULL, p), 0);
    return certstore;
}

static void put(const acme_certstore_t *certstore, acme_place_e place,
                const char *name, int keep, apr_pool_t *p)
{
    assert_int_equal(acme_certstore_install_at(
                         certstore, place, acme_t_bundle(name, ACME_T_NOW, p),
                         keep, NULL, p),
                     0);
}

static int version_in(const acme_certstore_t *certstore, acme_place_e place,
                      const char *name, apr_pool_t *p)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_at(&cert, certstore, place, name, NULL, p)
                   == APR_SUCCESS
               ? cert->version
               : 0;
}

static void stashed_and_back_it_is_the_same(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t before = apr_time_now();
    acme_certstore_cert_t *cert;

    put(certstore, ACME_PLACE_LIVE, NAME, 3, p);
    assert_int_equal(acme_certstore_move_stash(certstore, NAME, NULL, p), 0);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 0);
    assert_int_equal(acme_certstore_get_at(&cert, certstore, ACME_PLACE_STASH,
                                           NAME, NULL, p),
                     0);
    /* The file system's clock may be a step behind, and has whole seconds. */
    assert_true(cert->moved >= before - apr_time_from_sec(2)
                && cert->moved <= apr_time_now());
    acme_t_contains(cert->cert_path, "/stash/" NAME "/fullchain.pem");
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 1);
    assert_int_equal(acme_certstore_move_stash(certstore, "none.test", NULL, p),
                     APR_ENOENT);
}

static void under_another_name_it_can_be_read_and_exported(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_bundle_t *bundle;
    acme_certstore_cert_t *cert;

    put(certstore, ACME_PLACE_STASH, NAME, 3, p);
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, "b.example.org", NULL,
                                         p),
                     0);
    assert_int_equal(
        acme_certstore_get(&cert, certstore, "b.example.org", NULL, p), 0);
    assert_int_equal(acme_certstore_bundle(&bundle, certstore, ACME_PLACE_LIVE,
                                           "b.example.org", NULL, p),
                     0);
    assert_string_equal(bundle->name, "b.example.org");
    assert_string_equal(bundle->ca_url, "https://ca.example/dir");
    assert_string_equal(bundle->order_url, "https://ca.example/order/1");
    assert_string_equal(acme_t_fingerprint(bundle, p), cert->info->fingerprint);
    /* its next version is in its own archive */
    put(certstore, ACME_PLACE_LIVE, "b.example.org", 3, p);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, "b.example.org", p),
                     1);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 1);
}

static void what_is_in_the_way_is_archived(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);

    put(certstore, ACME_PLACE_STASH, NAME, 3, p);
    put(certstore, ACME_PLACE_LIVE, NAME, 3, p);
    put(certstore, ACME_PLACE_IMPORT, NAME, 3, p);
    assert_int_equal(acme_certstore_move_stash(certstore, NAME, NULL, p), 0);
    assert_int_equal(version_in(certstore, ACME_PLACE_STASH, NAME, p), 2);
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_IMPORT, NAME,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 3);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 2);
}

static void what_is_pointed_to_is_not_pruned(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    int i;

    put(certstore, ACME_PLACE_STASH, NAME, 0, p);
    put(certstore, ACME_PLACE_IMPORT, NAME, 0, p);
    for (i = 0; i < 5; ++i) {
        put(certstore, ACME_PLACE_LIVE, NAME, 0, p);
    }
    assert_int_equal(version_in(certstore, ACME_PLACE_STASH, NAME, p), 1);
    assert_int_equal(version_in(certstore, ACME_PLACE_IMPORT, NAME, p), 2);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 7);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 2);
}

static int has_version(const acme_certstore_t *certstore, const char *name,
                       int version, apr_pool_t *p)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_version(&cert, certstore, name, version, p)
           == APR_SUCCESS;
}

/* Whenever the other name got it: before the first version is pruned, or
 * after. */
static void what_another_name_has_is_not_pruned(void **state)
{
    static const char *const others[] = {"b.example.org", "c.example.org"};
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    int i;

    for (i = 0; i < 2; ++i) {
        put(certstore, ACME_PLACE_STASH, NAME, 0, p);
        assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_STASH, NAME,
                                             ACME_PLACE_LIVE, others[i], NULL,
                                             p),
                         0);
        put(certstore, ACME_PLACE_LIVE, NAME, 0, p);
        put(certstore, ACME_PLACE_LIVE, NAME, 0, p);
        assert_false(has_version(certstore, NAME, 2 + 3 * i, p));
    }
    assert_true(has_version(certstore, NAME, 1, p));
    assert_true(has_version(certstore, NAME, 4, p));
    /* Moved once more under its name, it is still found. */
    for (i = 0; i < 2; ++i) {
        assert_int_equal(
            acme_certstore_move_stash(certstore, others[i], NULL, p), 0);
    }
    put(certstore, ACME_PLACE_LIVE, NAME, 0, p);
    assert_true(has_version(certstore, NAME, 1, p));
    assert_true(has_version(certstore, NAME, 4, p));
    for (i = 0; i < 2; ++i) {
        assert_int_equal(acme_certstore_move_remove(certstore, ACME_PLACE_STASH,
                                                    others[i], NULL, p),
                         0);
        assert_false(has_version(certstore, NAME, 1 + 3 * i, p));
    }
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 7);
}

static void archived_and_removed_are_not_the_same(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_array_header_t *numbers;

    put(certstore, ACME_PLACE_STASH, NAME, 3, p);
    assert_int_equal(
        acme_certstore_move_archive(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(
        acme_certstore_move_archive(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 1);
    put(certstore, ACME_PLACE_STASH, NAME, 3, p);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(acme_certstore_versions(&numbers, certstore, NAME, p), 0);
    assert_int_equal(numbers->nelts, 1);
    assert_int_equal(APR_ARRAY_IDX(numbers, 0, int), 1);
}

static void what_another_pointer_needs_is_not_removed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);

    put(certstore, ACME_PLACE_STASH, NAME, 3, p);
    assert_int_equal(acme_certstore_move_point(certstore, NAME, 1, NULL, p), 0);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(version_in(certstore, ACME_PLACE_LIVE, NAME, p), 1);
    assert_int_equal(acme_certstore_move_point(certstore, NAME, 2, NULL, p),
                     APR_ENOENT);
}

static void all_of_a_place_are_listed(void **state)
{
    apr_pool_t *p = *state;
    char *name = apr_pcalloc(p, 300);
    apr_array_header_t *names;
    acme_certstore_t *certstore;
    const char *dir;

    certstore = open_certstore(&dir, p);
    /* a name that is too long for a file */
    memset(name, 'a', 240);
    put(certstore, ACME_PLACE_STASH, "*.b.test", 3, p);
    put(certstore, ACME_PLACE_STASH, "c.test", 3, p);
    assert_int_equal(
        acme_certstore_list(&names, certstore, ACME_PLACE_STASH, NULL, p), 0);
    assert_int_equal(names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "*.b.test");
    assert_string_equal(APR_ARRAY_IDX(names, 1, const char *), "c.test");
    assert_int_equal(
        acme_certstore_install_at(
            certstore, ACME_PLACE_IMPORT,
            acme_t_bundle_for(name, "x.test", ACME_T_NOW, ACME_TIME_DAY, p), 3,
            NULL, p),
        0);
    assert_int_equal(
        acme_certstore_list(&names, certstore, ACME_PLACE_IMPORT, NULL, p), 0);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), name);
}

static void what_is_no_pointer_is_not_moved(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;

    assert_int_equal(mkdir(apr_pstrcat(p, dir, "/live/" NAME, NULL), 0700), 0);
    assert_int_equal(acme_certstore_move_stash(certstore, NAME, &problem, p),
                     APR_EINVAL);
    acme_t_contains(problem.detail, "/stash/" NAME);
    assert_int_equal(symlink("/etc", apr_pstrcat(p, dir, "/stash/" NAME, NULL)),
                     0);
    assert_int_equal(acme_certstore_get_at(&cert, certstore, ACME_PLACE_STASH,
                                           NAME, NULL, p),
                     APR_EINVAL);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

ACME_T_MAIN(ACME_T(stashed_and_back_it_is_the_same),
            ACME_T(under_another_name_it_can_be_read_and_exported),
            ACME_T(what_is_in_the_way_is_archived),
            ACME_T(what_is_pointed_to_is_not_pruned),
            ACME_T(what_another_name_has_is_not_pruned),
            ACME_T(archived_and_removed_are_not_the_same),
            ACME_T(what_another_pointer_needs_is_not_removed),
            ACME_T(all_of_a_place_are_listed),
            ACME_T(what_is_no_pointer_is_not_moved))
