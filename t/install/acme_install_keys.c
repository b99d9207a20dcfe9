/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_install_keys.h"
#include "acme_site.h"
#include "acme_key_choice.h"

#define A "a.example"
#define B "b.example"

/** A server with sites whose certificates are live. */
typedef struct world_t {
    apr_pool_t *p;
    acme_certstore_t *certstore;
    const char *dir;
    acme_key_reuse_t *reuse;
    apr_array_header_t *specs; /* acme_spec_t * */
    apr_array_header_t *certs; /* acme_site_cert_t * */
    acme_t_log_t *log;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {4, 5, 6};
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    w->reuse = acme_key_reuse_open(w->dir, acme_seal_create(secret, p), p);
    (void)acme_t_vault(&w->log, p);
    w->specs = apr_array_make(p, 2, sizeof(acme_spec_t *));
    w->certs = apr_array_make(p, 2, sizeof(acme_site_cert_t *));
    return w;
}

static acme_spec_t *add(world_t *w, const char *name)
{
    acme_spec_t *spec = apr_pcalloc(w->p, sizeof(*spec));
    acme_inventory_t *inventory = apr_pcalloc(w->p, sizeof(*inventory));
    acme_certstore_cert_t *live;

    assert_int_equal(
        acme_certstore_install(
            w->certstore, acme_t_bundle(name, ACME_T_NOW, w->p), 3, NULL, w->p),
        0);
    assert_int_equal(acme_certstore_get(&live, w->certstore, name, NULL, w->p),
                     0);
    inventory->live = live;
    spec->name = name;
    spec->key_reuse = 1;
    APR_ARRAY_PUSH(w->specs, acme_spec_t *) = spec;
    acme_site_add(w->certs, spec, inventory);
    return spec;
}

static acme_inventory_t *inventory_of(world_t *w, int i)
{
    return acme_site_cert_at(w->certs, i)->inventory;
}

static const char *hash_of(world_t *w, int i)
{
    return inventory_of(w, i)->live->info->key_hash;
}

/** Returns non-zero when the worker finds the key; asserts that it is the live
 *  one. */
static int is_left(world_t *w, int i)
{
    const acme_spec_t *spec = APR_ARRAY_IDX(w->specs, i, acme_spec_t *);
    acme_bundle_t *bundle;
    const char *pem;

    if (acme_key_reuse_get(&pem, w->reuse, hash_of(w, i), w->p)) {
        return 0;
    }
    assert_int_equal(acme_certstore_bundle(&bundle, w->certstore,
                                           ACME_PLACE_LIVE, spec->name, NULL,
                                           w->p),
                     0);
    assert_string_equal(pem, bundle->key_pem);
    return 1;
}

static void start(world_t *w)
{
    acme_install_keys(w->reuse, w->certs, w->certstore, getegid(), &w->log->log,
                      w->p);
}

static void what_is_live_is_left_for_those_that_want_it(void **state)
{
    world_t *w = make_world(*state);

    add(w, A);
    add(w, B)->key_reuse = 0;
    start(w);
    assert_true(is_left(w, 0));
    assert_false(is_left(w, 1));
    /* The next start keeps the key that is there. */
    start(w);
    assert_true(is_left(w, 0));
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->key_reuse = 0;
    start(w);
    assert_false(is_left(w, 0));
}

static void a_key_of_another_kind_is_not(void **state)
{
    world_t *w = make_world(*state);
    acme_spec_t *spec = add(w, A);

    assert_string_equal(acme_key_choice_reused(spec, inventory_of(w, 0), NULL),
                        hash_of(w, 0));
    spec->key.type = ACME_KEY_RSA;
    assert_null(acme_key_choice_reused(spec, inventory_of(w, 0), NULL));
    start(w);
    assert_false(is_left(w, 0));
}

static void a_revoked_ones_is_not(void **state)
{
    world_t *w = make_world(*state);
    acme_spec_t *spec = add(w, A);
    acme_inventory_t *inventory = inventory_of(w, 0);
    acme_blocklist_entry_t revoked;
    acme_job_t job;

    start(w);
    assert_true(is_left(w, 0));
    memset(&revoked, 0, sizeof(revoked));
    revoked.fingerprint = inventory->live->info->fingerprint;
    /* The worker knows of it first; the next start removes the key. */
    memset(&job, 0, sizeof(job));
    job.revoked = &revoked;
    assert_null(acme_key_choice_reused(spec, inventory, &job));
    inventory->revoked = &revoked;
    assert_null(acme_key_choice_reused(spec, inventory, NULL));
    start(w);
    assert_false(is_left(w, 0));
}

static void one_that_root_has_not_left_is_none(void **state)
{
    world_t *w = make_world(*state);
    const char *path, *sealed;

    add(w, A);
    add(w, B);
    start(w);
    path = apr_pstrcat(w->p, w->dir, "/reuse/", hash_of(w, 0), NULL);
    sealed = acme_t_read(
        apr_pstrcat(w->p, w->dir, "/reuse/", hash_of(w, 1), NULL), w->p);
    assert_null(strstr(sealed, "PRIVATE"));
    /* A key that was sealed for another name; a key in clear; nothing. */
    acme_t_write(path, sealed, w->p);
    assert_false(is_left(w, 0));
    acme_t_write(path, "-----BEGIN PRIVATE KEY-----", w->p);
    assert_false(is_left(w, 0));
    acme_t_write(path, "", w->p);
    assert_false(is_left(w, 0));
}

static void one_that_is_damaged_or_of_another_secret_is_left_anew(void **state)
{
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {7};
    world_t *w = make_world(*state);
    const char *path;

    add(w, A);
    start(w);
    path = apr_pstrcat(w->p, w->dir, "/reuse/", hash_of(w, 0), NULL);
    acme_t_write(path, "", w->p);
    assert_false(is_left(w, 0));
    start(w);
    assert_true(is_left(w, 0));
    w->reuse =
        acme_key_reuse_open(w->dir, acme_seal_create(secret, w->p), w->p);
    assert_false(is_left(w, 0));
    start(w);
    assert_true(is_left(w, 0));
    assert_int_equal(w->log->count, 0);
}

static void it_is_of_the_group_that_the_worker_has_now(void **state)
{
    world_t *w = make_world(*state);
    const char *path;
    struct stat st;

    if (geteuid() != 0) {
        return; /* there is only one user */
    }
    add(w, A);
    path = apr_pstrcat(w->p, w->dir, "/reuse/", hash_of(w, 0), NULL);
    start(w);
    acme_install_keys(w->reuse, w->certs, w->certstore, 1, &w->log->log, w->p);
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_gid, 1);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(lstat(apr_pstrcat(w->p, w->dir, "/reuse", NULL), &st), 0);
    assert_int_equal(st.st_gid, 1);
    assert_int_equal(st.st_mode & 0777, 0750);
}

static void one_that_cannot_be_left_is_said(void **state)
{
    world_t *w = make_world(*state);

    add(w, A);
    acme_certstore_move_remove(w->certstore, ACME_PLACE_LIVE, A, NULL, w->p);
    start(w);
    assert_int_equal(w->log->count, 1);
    acme_t_contains(w->log->last, "ACME0852: " A);
}

ACME_T_MAIN(ACME_T(what_is_live_is_left_for_those_that_want_it),
            ACME_T(a_key_of_another_kind_is_not), ACME_T(a_revoked_ones_is_not),
            ACME_T(one_that_root_has_not_left_is_none),
            ACME_T(one_that_is_damaged_or_of_another_secret_is_left_anew),
            ACME_T(it_is_of_the_group_that_the_worker_has_now),
            ACME_T(one_that_cannot_be_left_is_said))
