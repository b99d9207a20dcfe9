/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_cert_index.h"

static int only_kept(void *baton, const char *name)
{
    return strcmp(name, baton) == 0;
}

static void put(const acme_certstore_t *certstore, acme_place_e place,
                const char *name, const char *san, apr_pool_t *p)
{
    assert_int_equal(
        acme_certstore_install_at(
            certstore, place,
            acme_t_bundle_for(name, san, ACME_T_NOW, 90 * ACME_TIME_DAY, p), 3,
            NULL, p),
        0);
}

static void count(void *baton, acme_cert_index_item_t *item)
{
    int *counts = baton;

    ++counts[item->place];
}

static int found(const acme_cert_index_t *index, const char *host,
                 acme_place_e place, apr_pool_t *p)
{
    int counts[ACME_PLACES] = {0, 0, 0};

    acme_cert_index_visit(index, host, count, counts, p);
    return counts[place];
}

static void they_are_found_by_the_names_they_cover(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_cert_index_item_t *item;
    acme_cert_index_t *index;
    acme_certstore_t *certstore;

    assert_int_equal(acme_certstore_open(&certstore, dir, NULL, p), 0);
    put(certstore, ACME_PLACE_STASH, "old.test", "a.test", p);
    put(certstore, ACME_PLACE_STASH, "*.w.test", "*.w.test", p);
    put(certstore, ACME_PLACE_IMPORT, "a.test", "a.test", p);
    put(certstore, ACME_PLACE_LIVE, "gone.test", "a.test", p);
    put(certstore, ACME_PLACE_LIVE, "kept.test", "a.test", p);
    index = acme_cert_index_read(certstore, only_kept,
                                 (void *)(uintptr_t) "kept.test", p);
    assert_int_equal(acme_cert_index_items(index)->nelts, 4);
    assert_int_equal(found(index, "a.test", ACME_PLACE_STASH, p), 1);
    assert_int_equal(found(index, "a.test", ACME_PLACE_IMPORT, p), 1);
    assert_int_equal(found(index, "a.test", ACME_PLACE_LIVE, p), 1);
    assert_int_equal(found(index, "x.w.test", ACME_PLACE_STASH, p), 1);
    assert_int_equal(found(index, "*.w.test", ACME_PLACE_STASH, p), 1);
    assert_int_equal(found(index, "y.x.w.test", ACME_PLACE_STASH, p), 0);
    assert_int_equal(found(index, "old.test", ACME_PLACE_STASH, p), 0);
    item = acme_cert_index_filed(index, ACME_PLACE_STASH, "old.test");
    item->gone = 1;
    assert_int_equal(found(index, "a.test", ACME_PLACE_STASH, p), 0);
    assert_null(acme_cert_index_filed(index, ACME_PLACE_LIVE, "kept.test"));
}

static void what_is_damaged_is_on_it_and_covers_nothing(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_cert_index_item_t *item;
    acme_cert_index_t *index;
    acme_certstore_t *certstore;

    assert_int_equal(acme_certstore_open(&certstore, dir, NULL, p), 0);
    put(certstore, ACME_PLACE_STASH, "a.test", "a.test", p);
    acme_t_write(apr_pstrcat(p, dir, "/archive/a.test/1/privkey.pem", NULL),
                 "x", p);
    assert_int_equal(symlink("../archive/b.test/7",
                             apr_pstrcat(p, dir, "/stash/b.test", NULL)),
                     0);
    index =
        acme_cert_index_read(certstore, only_kept, (void *)(uintptr_t) "", p);
    assert_int_equal(acme_cert_index_items(index)->nelts, 2);
    item = acme_cert_index_filed(index, ACME_PLACE_STASH, "a.test");
    assert_null(item->cert);
    acme_t_contains(item->problem->detail, "privkey.pem");
    assert_int_equal(found(index, "a.test", ACME_PLACE_STASH, p), 0);
    assert_null(acme_cert_index_filed(index, ACME_PLACE_STASH, "b.test")->cert);
}

ACME_T_MAIN(ACME_T(they_are_found_by_the_names_they_cover),
            ACME_T(what_is_damaged_is_on_it_and_covers_nothing))
