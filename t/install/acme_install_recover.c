/* SPDX-License-Identifier: Apache-2.0 */

#include "kill_at.h"

#include "acme_t_bundle.h"
#include "acme_t_certstore.h"

#include "acme_file.h"
#include "acme_install_recover.h"

#define NAME "a.test"

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    acme_certstore_t *certstore;
    const char *fingerprint; /* of what was live */
} world_t;

static const char *in(const world_t *w, const char *path)
{
    return apr_pstrcat(w->p, w->dir, "/", path, NULL);
}

/** A store with two versions, of which the first is live. */
static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, p);

    w->p = p;
    w->dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    bundle->imported = 1;
    assert_int_equal(acme_certstore_install(w->certstore, bundle, 3, NULL, p),
                     0);
    w->fingerprint = acme_t_fingerprint(bundle, p);
    assert_int_equal(acme_certstore_install(w->certstore,
                                            acme_t_bundle(NAME, ACME_T_NOW, p),
                                            3, NULL, p),
                     0);
    assert_int_equal(acme_certstore_move_point(w->certstore, NAME, 1, NULL, p),
                     0);
    return w;
}

/** Copies a version into the place of its link, as cp -rL does. */
static void follow_links(const world_t *w, const char *link)
{
    static const char *const files[] = {"privkey.pem", "cert.pem", "chain.pem",
                                        "fullchain.pem", "meta.json"};
    const char *copy = in(w, "copy");
    int i;

    assert_int_equal(mkdir(copy, 0755), 0);
    for (i = 0; i < 5; ++i) {
        acme_t_write(
            apr_pstrcat(w->p, copy, "/", files[i], NULL),
            acme_t_read(apr_pstrcat(w->p, in(w, link), "/", files[i], NULL),
                        w->p),
            w->p);
    }
    unlink(in(w, link));
    assert_int_equal(rename(copy, in(w, link)), 0);
}

static const acme_install_recovered_t *recovered(const world_t *w)
{
    apr_array_header_t *found = acme_install_recover(w->certstore, w->p);

    assert_true(found->nelts <= 1);
    return found->nelts ? &APR_ARRAY_IDX(found, 0, acme_install_recovered_t)
                        : NULL;
}

/** Returns non-zero when what was live is live, and known for what it is. */
static int is_back(const world_t *w, acme_place_e place, int version)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_at(&cert, w->certstore, place, NAME, NULL, w->p)
               == APR_SUCCESS
           && strcmp(cert->info->fingerprint, w->fingerprint) == 0
           && cert->version == version && cert->imported && cert->profile;
}

static void a_folder_is_the_version_that_it_is_a_copy_of(void **state)
{
    world_t *w = make_world(*state);
    const acme_install_recovered_t *one;
    acme_certstore_cert_t *cert;

    assert_null(recovered(w));
    follow_links(w, "live/" NAME);
    assert_int_not_equal(
        acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p), 0);
    one = recovered(w);
    assert_non_null(one);
    assert_string_equal(one->name, NAME);
    assert_int_equal(one->place, ACME_PLACE_LIVE);
    assert_int_equal(one->version, 1);
    assert_true(is_back(w, ACME_PLACE_LIVE, 1));
    assert_null(recovered(w));
    assert_int_equal(acme_t_archived(w->certstore, NAME, w->p), 1);
}

static void a_folder_without_its_archive_becomes_a_version(void **state)
{
    world_t *w = make_world(*state);

    follow_links(w, "live/" NAME);
    assert_int_equal(acme_file_remove_tree(in(w, "archive/" NAME), w->p), 0);
    assert_non_null(recovered(w));
    assert_true(is_back(w, ACME_PLACE_LIVE, 1));
    /* and beside others that are newer */
    follow_links(w, "live/" NAME);
    assert_int_equal(acme_file_remove_tree(in(w, "archive/" NAME), w->p), 0);
    assert_int_equal(mkdir(in(w, "archive/" NAME), 0700), 0);
    assert_int_equal(mkdir(in(w, "archive/" NAME "/7"), 0700), 0);
    assert_non_null(recovered(w));
    assert_true(is_back(w, ACME_PLACE_LIVE, 8));
}

static void the_stash_is_put_back_too(void **state)
{
    world_t *w = make_world(*state);

    assert_int_equal(acme_certstore_move_stash(w->certstore, NAME, NULL, w->p),
                     0);
    follow_links(w, "stash/" NAME);
    assert_int_equal(recovered(w)->place, ACME_PLACE_STASH);
    assert_true(is_back(w, ACME_PLACE_STASH, 1));
}

/* A certificate that has come from another site leads into its archive. */
static void the_archive_of_another_name_is_found(void **state)
{
    world_t *w = make_world(*state);
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_move(w->certstore, ACME_PLACE_LIVE, NAME,
                                         ACME_PLACE_LIVE, "b.test", NULL, w->p),
                     0);
    follow_links(w, "live/b.test");
    assert_int_equal(recovered(w)->version, 1);
    assert_int_equal(
        acme_certstore_get(&cert, w->certstore, "b.test", NULL, w->p), 0);
    assert_string_equal(cert->info->fingerprint, w->fingerprint);
    assert_int_not_equal(access(in(w, "archive/b.test"), F_OK), 0);
}

static void the_text_of_a_link_is_a_link(void **state)
{
    static const char *const others[] = {"../archive/" NAME "/9",
                                         "../archive/../1", "/etc/passwd", "",
                                         "../archive/" NAME "/1/../2"};
    world_t *w = make_world(*state);
    const char *link = in(w, "live/" NAME);
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i) {
        unlink(link);
        acme_t_write(link, others[i], w->p);
        assert_null(recovered(w));
        assert_string_equal(acme_t_read(link, w->p), others[i]);
    }
    acme_t_write(link, "../archive/" NAME "/1\n", w->p);
    assert_int_equal(recovered(w)->version, 1);
    assert_true(is_back(w, ACME_PLACE_LIVE, 1));
}

static void what_cannot_be_trusted_is_left_alone(void **state)
{
    world_t *w = make_world(*state);
    const char *folder = in(w, "live/" NAME);
    const char *key = in(w, "live/" NAME "/privkey.pem");

    follow_links(w, "live/" NAME);
    assert_int_equal(acme_file_remove_tree(in(w, "archive/" NAME), w->p), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_null(recovered(w));
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(key, 0666), 0);
    assert_null(recovered(w));
    assert_int_equal(chmod(key, 0600), 0);
    acme_t_write(key, acme_t_key_pem(w->p), w->p);
    assert_null(recovered(w));
    unlink(key);
    assert_null(recovered(w));
    assert_int_equal(access(folder, F_OK), 0);
}

static int recover_as_child(void *baton)
{
    const world_t *w = baton;

    return acme_install_recover(w->certstore, w->p) == NULL;
}

static void killed_at_any_instant_the_next_one_does_it(void **state)
{
    int n, archived, killed = 1;

    for (archived = 0; archived < 2; ++archived) {
        for (n = 1, killed = 1; killed; ++n) {
            world_t *w = make_world(*state);

            follow_links(w, "live/" NAME);
            if (!archived) {
                assert_int_equal(
                    acme_file_remove_tree(in(w, "archive/" NAME), w->p), 0);
            }
            killed = kill_at_run(n, recover_as_child, w);
            assert_int_equal(
                acme_certstore_open(&w->certstore, w->dir, NULL, w->p), 0);
            (void)recovered(w);
            assert_true(is_back(w, ACME_PLACE_LIVE, 1)
                        || is_back(w, ACME_PLACE_LIVE, 2));
        }
        assert_true(n > 4);
    }
}

ACME_T_MAIN(ACME_T(a_folder_is_the_version_that_it_is_a_copy_of),
            ACME_T(a_folder_without_its_archive_becomes_a_version),
            ACME_T(the_stash_is_put_back_too),
            ACME_T(the_archive_of_another_name_is_found),
            ACME_T(the_text_of_a_link_is_a_link),
            ACME_T(what_cannot_be_trusted_is_left_alone),
            ACME_T(killed_at_any_instant_the_next_one_does_it))
