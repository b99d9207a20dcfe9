/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_blocklist.h"
#include "acme_promote_guard.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

typedef struct world_t {
    const char *dir;
    acme_certstore_t *certstore;
    acme_promote_guard_t *guard;
    apr_array_header_t *undone;
} world_t;

/* Makes a start. */
static void start(world_t *w, apr_pool_t *p)
{
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    w->guard = acme_promote_guard_read(w->certstore, w->dir, p);
    assert_int_equal(acme_promote_guard_undo(&w->undone, w->guard, NULL, p), 0);
}

static void begin(world_t *w, const char *name, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = name;
    APR_ARRAY_PUSH(names, const char *) = OTHER;
    assert_int_equal(acme_promote_guard_begin(w->guard, names, NULL, p), 0);
}

static const char *promote(world_t *w, const char *name, apr_pool_t *p)
{
    acme_bundle_t *bundle = acme_t_bundle(name, ACME_T_NOW, p);

    assert_int_equal(acme_certstore_install(w->certstore, bundle, 3, NULL, p),
                     0);
    return acme_t_fingerprint(bundle, p);
}

static const char *served(const world_t *w, const char *name, apr_pool_t *p)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get(&cert, w->certstore, name, NULL, p)
               ? ""
               : cert->info->fingerprint;
}

static int exists(const world_t *w, const char *file, apr_pool_t *p)
{
    return !access(apr_pstrcat(p, w->dir, "/", file, NULL), F_OK);
}

static void what_was_loaded_stays(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *fingerprint;

    w.dir = acme_t_dir(p);
    start(&w, p);
    begin(&w, NAME, p);
    assert_true(exists(&w, "unproven", p));
    fingerprint = promote(&w, NAME, p);
    assert_true(acme_promote_guard_has(w.guard, NAME, p));
    acme_promote_guard_end(w.guard, p);
    assert_false(exists(&w, "unproven", p));
    start(&w, p);
    assert_int_equal(w.undone->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
    assert_false(exists(&w, "refused", p));
}

static void one_that_is_revoked_does_not_come_back(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    acme_certstore_cert_t *cert;
    acme_blocklist_entry_t mark;

    w.dir = acme_t_dir(p);
    start(&w, p);
    promote(&w, NAME, p);
    assert_int_equal(acme_certstore_get(&cert, w.certstore, NAME, NULL, p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = cert->info->fingerprint;
    mark.key_hash = cert->info->key_hash;
    mark.name = NAME;
    mark.when = ACME_T_NOW;
    mark.done = 1;
    assert_int_equal(acme_blocklist_put(w.dir, &mark, NULL, p), 0);
    begin(&w, NAME, p);
    promote(&w, NAME, p);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 1);
    assert_int_equal(
        APR_ARRAY_IDX(w.undone, 0, acme_promote_guard_undone_t).live, 0);
    assert_string_equal(served(&w, NAME, p), "");
}

static void what_ended_the_server_is_taken_back(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *other, *first, *second;

    w.dir = acme_t_dir(p);
    start(&w, p);
    other = promote(&w, OTHER, p);
    begin(&w, NAME, p);
    first = promote(&w, NAME, p);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 1);
    assert_int_equal(
        APR_ARRAY_IDX(w.undone, 0, acme_promote_guard_undone_t).live, 0);
    assert_string_equal(served(&w, NAME, p), "");
    assert_string_equal(served(&w, OTHER, p), other);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 1);
    assert_int_equal(acme_promote_guard_refused(w.certstore, OTHER, first), 0);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, "another"),
                     0);

    begin(&w, NAME, p);
    second = promote(&w, NAME, p);
    start(&w, p);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, second), 2);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 0);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 2);

    begin(&w, NAME, p);
    promote(&w, NAME, p);
    acme_promote_guard_end(w.guard, p);
    start(&w, p);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 0);
    assert_false(exists(&w, "refused", p));
}

static void the_one_before_is_live_again(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *old;

    w.dir = acme_t_dir(p);
    start(&w, p);
    old = promote(&w, NAME, p);
    begin(&w, NAME, p);
    promote(&w, NAME, p);
    start(&w, p);
    assert_int_equal(
        APR_ARRAY_IDX(w.undone, 0, acme_promote_guard_undone_t).refused, 2);
    assert_int_equal(
        APR_ARRAY_IDX(w.undone, 0, acme_promote_guard_undone_t).live, 1);
    assert_string_equal(served(&w, NAME, p), old);
}

static const char *pointer(const world_t *w, const char *name, apr_pool_t *p)
{
    char buffer[256];
    ssize_t len = readlink(apr_pstrcat(p, w->dir, "/live/", name, NULL), buffer,
                           sizeof(buffer));

    return len < 0 ? "" : apr_pstrmemdup(p, buffer, (apr_size_t)len);
}

/* A certificate that comes back from the stash was loaded before. */
static void what_was_unstashed_stays(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *fingerprint;

    w.dir = acme_t_dir(p);
    start(&w, p);
    fingerprint = promote(&w, NAME, p);
    assert_int_equal(acme_certstore_move_stash(w.certstore, NAME, NULL, p), 0);
    begin(&w, NAME, p);
    assert_int_equal(acme_certstore_move(w.certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
}

/* The live one before may be in the archive of another name. */
static void what_was_live_before_may_be_anothers(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *before;

    w.dir = acme_t_dir(p);
    start(&w, p);
    promote(&w, OTHER, p);
    assert_int_equal(acme_certstore_move(w.certstore, ACME_PLACE_LIVE, OTHER,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    before = pointer(&w, NAME, p);
    assert_string_equal(before, "../archive/" OTHER "/1");
    begin(&w, NAME, p);
    promote(&w, NAME, p);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 1);
    assert_string_equal(pointer(&w, NAME, p), before);
}

static void damaged_files_count_as_none(void **state)
{
    apr_pool_t *p = *state;
    world_t w = {NULL, NULL, NULL, NULL};
    const char *fingerprint;

    w.dir = acme_t_dir(p);
    start(&w, p);
    fingerprint = promote(&w, NAME, p);
    assert_int_equal(acme_file_write(apr_pstrcat(p, w.dir, "/unproven", NULL),
                                     "\n\n" OTHER " x\n" NAME
                                     "\n \n../../x 1\n",
                                     30, APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                     0);
    assert_int_equal(
        apr_dir_make(apr_pstrcat(p, w.dir, "/refused", NULL), 0x700, p), 0);
    start(&w, p);
    assert_int_equal(w.undone->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
}

static void nothing_is_promoted_without_the_marker(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    world_t w = {NULL, NULL, NULL, NULL};

    w.dir = acme_t_dir(p);
    start(&w, p);
    assert_int_equal(acme_promote_guard_begin(w.guard, names, &problem, p), 0);
    assert_false(exists(&w, "unproven", p));
    APR_ARRAY_PUSH(names, const char *) = NAME;
    assert_int_equal(acme_file_remove_tree(w.dir, p), 0);
    assert_int_not_equal(acme_promote_guard_begin(w.guard, names, &problem, p),
                         0);
    assert_non_null(strstr(problem.detail, "/unproven cannot be written"));
}

ACME_T_MAIN(ACME_T(what_was_loaded_stays),
            ACME_T(one_that_is_revoked_does_not_come_back),
            ACME_T(what_ended_the_server_is_taken_back),
            ACME_T(the_one_before_is_live_again),
            ACME_T(what_was_unstashed_stays),
            ACME_T(what_was_live_before_may_be_anothers),
            ACME_T(damaged_files_count_as_none),
            ACME_T(nothing_is_promoted_without_the_marker))
