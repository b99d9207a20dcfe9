/* SPDX-License-Identifier: Apache-2.0 */

#include "kill_at.h"

#include "acme_t_bundle.h"

#include "acme_blocklist.h"
#include "acme_certstore_path.h"
#include "acme_promote_guard.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

typedef struct world_t {
    const char *dir;
    acme_certstore_t *certstore;
    acme_promote_guard_t *guard;
    apr_array_header_t *found;
    apr_pool_t *pstart; /* of the start; httpd destroys it when it ends */
} world_t;

/* Makes a start. */
static void start(world_t *w, apr_pool_t *p)
{
    apr_pool_create(&w->pstart, p);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    w->guard = acme_promote_guard_read(w->certstore, w->dir, w->pstart);
    assert_int_equal(acme_promote_guard_recover(&w->found, w->guard, NULL, p),
                     0);
}

/* Makes the first start with a new store. */
static void start_first(world_t *w, apr_pool_t *p)
{
    memset(w, 0, sizeof(*w));
    w->dir = acme_t_dir(p);
    start(w, p);
}

/* Lets mod_ssl load; `name` is what it was given last, or NULL. */
static void load(const world_t *w, const char *name)
{
    acme_promote_guard_loading(w->guard);
    acme_promote_guard_give(w->guard, &name, name ? 1 : 0);
}

/* Lets httpd end by itself while mod_ssl loads `name`. */
static void ends_over(world_t *w, const char *name)
{
    load(w, name);
    apr_pool_destroy(w->pstart);
}

static void end(const world_t *w, apr_pool_t *p)
{
    load(w, NAME);
    acme_promote_guard_end(w->guard, p);
}

static int verdict(const world_t *w, const char *name)
{
    int i;

    for (i = 0; i < w->found->nelts; i++) {
        const acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(w->found, i, acme_promote_guard_found_t);

        if (!strcmp(one->name, name)) {
            return (int)one->verdict;
        }
    }
    return -1;
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

static const char *begin_and_promote(world_t *w, const char *name,
                                     apr_pool_t *p)
{
    begin(w, name, p);
    return promote(w, name, p);
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

/* So many names that the file has more than a megabyte. */
#define MANY 12000

static void one_of_very_many_is_taken_back(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = apr_array_make(p, MANY, sizeof(const char *));
    world_t w;
    int i;

    for (i = 0; i < MANY; i++) {
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(
            p,
            "%05d.a-name-as-long-as-many-that-are-made-by-a-program.and-"
            "that-has-one-more-label.example.org",
            i);
    }
    APR_ARRAY_PUSH(names, const char *) = NAME;
    start_first(&w, p);
    assert_int_equal(acme_promote_guard_begin(w.guard, names, NULL, p), 0);
    promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_REFUSED);
    assert_string_equal(served(&w, NAME, p), "");
}

static void what_was_loaded_stays(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *fingerprint;

    start_first(&w, p);
    begin(&w, NAME, p);
    assert_true(exists(&w, "unproven", p));
    fingerprint = promote(&w, NAME, p);
    assert_true(acme_promote_guard_has(w.guard, NAME, p));
    load(&w, NAME);
    assert_true(exists(&w, "loading", p));
    acme_promote_guard_end(w.guard, p);
    assert_false(exists(&w, "unproven", p));
    assert_false(exists(&w, "loading", p));
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
    assert_false(exists(&w, "refused", p));
}

static void one_that_is_revoked_does_not_come_back(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    acme_certstore_cert_t *cert;
    acme_blocklist_entry_t mark;

    start_first(&w, p);
    promote(&w, NAME, p);
    assert_int_equal(acme_certstore_get(&cert, w.certstore, NAME, NULL, p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = cert->info->fingerprint;
    mark.key_hash = cert->info->key_hash;
    mark.name = NAME;
    mark.when = ACME_T_NOW;
    mark.done = 1;
    assert_int_equal(acme_blocklist_put(w.dir, &mark, NULL, p), 0);
    begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_REFUSED);
    assert_int_equal(APR_ARRAY_IDX(w.found, 0, acme_promote_guard_found_t).live,
                     0);
    assert_string_equal(served(&w, NAME, p), "");
}

static void what_ended_the_server_is_taken_back(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *other, *first, *second;

    start_first(&w, p);
    other = promote(&w, OTHER, p);
    first = begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(w.found->nelts, 1);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_REFUSED);
    assert_int_equal(APR_ARRAY_IDX(w.found, 0, acme_promote_guard_found_t).live,
                     0);
    assert_string_equal(served(&w, NAME, p), "");
    assert_string_equal(served(&w, OTHER, p), other);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 1);
    assert_int_equal(acme_promote_guard_refused(w.certstore, OTHER, first), 0);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, "another"),
                     0);

    second = begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, second), 2);
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 2);

    begin_and_promote(&w, NAME, p);
    end(&w, p);
    start(&w, p);
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, first), 0);
    assert_false(exists(&w, "refused", p));
}

static void a_start_that_did_not_come_to_load_blames_nothing(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *fingerprint;
    int i;

    start_first(&w, p);
    fingerprint = begin_and_promote(&w, NAME, p);
    for (i = 0; i < 5; i++) {
        start(&w, p);
        assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_AGAIN);
        assert_true(acme_promote_guard_has(w.guard, NAME, p));
        assert_string_equal(served(&w, NAME, p), fingerprint);
        begin(&w, NAME, p);
    }
    end(&w, p);
    assert_false(exists(&w, "unproven", p));
    assert_string_equal(served(&w, NAME, p), fingerprint);
}

static void a_kill_while_one_is_loaded_refuses_it_the_second_time(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *other;

    start_first(&w, p);
    begin_and_promote(&w, NAME, p);
    other = promote(&w, OTHER, p);
    load(&w, NAME);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_AGAIN);
    assert_int_equal(verdict(&w, OTHER), ACME_PROMOTE_GUARD_AGAIN);
    /* The same at another one, which is no second time. */
    load(&w, OTHER);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_AGAIN);
    assert_int_equal(verdict(&w, OTHER), ACME_PROMOTE_GUARD_AGAIN);
    load(&w, NAME);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_REFUSED);
    assert_int_equal(verdict(&w, OTHER), ACME_PROMOTE_GUARD_AGAIN);
    assert_string_equal(served(&w, NAME, p), "");
    end(&w, p);
    start(&w, p);
    assert_string_equal(served(&w, OTHER, p), other);
    assert_int_equal(w.found->nelts, 0);
}

/* Two starts end while mod_ssl is at something else. */
static const char *ends_twice_over_something_else(world_t *w, apr_pool_t *p)
{
    const char *fingerprint;

    start_first(w, p);
    fingerprint = begin_and_promote(w, NAME, p);
    ends_over(w, NULL);
    start(w, p);
    assert_int_equal(verdict(w, NAME), ACME_PROMOTE_GUARD_AGAIN);
    ends_over(w, "another.test");
    start(w, p);
    assert_int_equal(verdict(w, NAME), ACME_PROMOTE_GUARD_HELD);
    assert_true(w->certstore->is_held);
    assert_string_equal(served(w, NAME, p), "");
    begin(w, NAME, p);
    return fingerprint;
}

static void somebody_elses_mistake_costs_nothing(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *fingerprint = ends_twice_over_something_else(&w, p);

    ends_over(&w, "another.test");
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
    assert_false(w.certstore->is_held);
    assert_false(exists(&w, "unproven", p));
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, fingerprint),
                     0);
}

static void what_ends_it_from_afar_is_found(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *fingerprint = ends_twice_over_something_else(&w, p);

    /* The start without it goes well, the one with it does not. */
    end(&w, p);
    start(&w, p);
    assert_false(w.certstore->is_held);
    begin_and_promote(&w, NAME, p);
    fingerprint = served(&w, NAME, p);
    ends_over(&w, NULL);
    start(&w, p);
    assert_int_equal(verdict(&w, NAME), ACME_PROMOTE_GUARD_REFUSED);
    assert_string_equal(served(&w, NAME, p), "");
    assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, fingerprint),
                     1);
    end(&w, p);
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
}

static void what_was_held_and_loaded_is_forgotten(void **state)
{
    apr_pool_t *p = *state;
    world_t w;

    (void)ends_twice_over_something_else(&w, p);
    end(&w, p);
    assert_true(exists(&w, "unproven", p));
    start(&w, p);
    begin_and_promote(&w, NAME, p);
    end(&w, p);
    assert_false(exists(&w, "unproven", p));
}

/* A second promotion while the first one is on trial. */
static void taking_back_leads_to_what_was_loaded(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *old;

    start_first(&w, p);
    old = promote(&w, NAME, p);
    begin_and_promote(&w, NAME, p);
    start(&w, p);
    begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_string_equal(served(&w, NAME, p), old);
}

static void the_one_before_is_live_again(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *old;

    start_first(&w, p);
    old = promote(&w, NAME, p);
    begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(
        APR_ARRAY_IDX(w.found, 0, acme_promote_guard_found_t).version, 2);
    assert_int_equal(APR_ARRAY_IDX(w.found, 0, acme_promote_guard_found_t).live,
                     1);
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
    world_t w;
    const char *fingerprint;

    start_first(&w, p);
    fingerprint = promote(&w, NAME, p);
    assert_int_equal(acme_certstore_move_stash(w.certstore, NAME, NULL, p), 0);
    begin(&w, NAME, p);
    assert_int_equal(acme_certstore_move(w.certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
}

/* The live one before may be in the archive of another name. */
static void what_was_live_before_may_be_anothers(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *before;

    start_first(&w, p);
    promote(&w, OTHER, p);
    assert_int_equal(acme_certstore_move(w.certstore, ACME_PLACE_LIVE, OTHER,
                                         ACME_PLACE_LIVE, NAME, NULL, p),
                     0);
    before = pointer(&w, NAME, p);
    assert_string_equal(before, "../archive/" OTHER "/1");
    begin_and_promote(&w, NAME, p);
    ends_over(&w, NAME);
    start(&w, p);
    assert_int_equal(w.found->nelts, 1);
    assert_string_equal(pointer(&w, NAME, p), before);
}

static void damaged_files_count_as_none(void **state)
{
    apr_pool_t *p = *state;
    world_t w;
    const char *fingerprint;

    start_first(&w, p);
    fingerprint = promote(&w, NAME, p);
    assert_int_equal(acme_file_write(apr_pstrcat(p, w.dir, "/unproven", NULL),
                                     "\n\n" OTHER " x\n" NAME
                                     "\n \n../../x 1\n",
                                     30, APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                     0);
    assert_int_equal(
        apr_dir_make(apr_pstrcat(p, w.dir, "/refused", NULL), 0x700, p), 0);
    start(&w, p);
    assert_int_equal(w.found->nelts, 0);
    assert_string_equal(served(&w, NAME, p), fingerprint);
}

static void nothing_is_promoted_without_the_marker(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    world_t w;

    start_first(&w, p);
    assert_int_equal(acme_promote_guard_begin(w.guard, names, &problem, p), 0);
    assert_false(exists(&w, "unproven", p));
    APR_ARRAY_PUSH(names, const char *) = NAME;
    assert_int_equal(acme_file_remove_tree(w.dir, p), 0);
    assert_int_not_equal(acme_promote_guard_begin(w.guard, names, &problem, p),
                         0);
    assert_non_null(strstr(problem.detail, "/unproven cannot be written"));
}

/* A start of two sites, each with a staged certificate. */
typedef struct killed_t {
    const char *dir;
    const acme_bundle_t *bundles[2];
    apr_pool_t *p;
} killed_t;

static const char *const names[] = {NAME, OTHER};

static int promotes_and_loads(void *baton)
{
    const killed_t *k = baton;
    world_t w;
    int i;

    w.dir = k->dir;
    start(&w, k->p);
    begin(&w, NAME, k->p);
    for (i = 0; i < 2; i++) {
        if (strcmp(served(&w, names[i], k->p),
                   acme_t_fingerprint(k->bundles[i], k->p))
            != 0) {
            assert_int_equal(acme_certstore_install(w.certstore, k->bundles[i],
                                                    3, NULL, k->p),
                             0);
        }
    }
    acme_promote_guard_loading(w.guard);
    for (i = 0; i < 2; i++) {
        acme_promote_guard_give(w.guard, &names[i], 1);
    }
    acme_promote_guard_end(w.guard, k->p);
    return 0;
}

static void killed_anywhere_nothing_is_refused(void **state)
{
    apr_pool_t *p = *state;
    killed_t k;
    long n;
    int i;

    k.bundles[0] = acme_t_bundle(NAME, ACME_T_NOW, p);
    k.bundles[1] = acme_t_bundle(OTHER, ACME_T_NOW, p);
    k.dir = acme_t_dir(p);
    for (n = 1;; ++n) {
        const char *dir = apr_psprintf(p, "%s/%ld", k.dir, n);
        killed_t one = k;
        world_t w = {NULL, NULL, NULL, NULL, NULL};
        int killed;

        assert_int_equal(apr_dir_make(dir, APR_FPROT_OS_DEFAULT, p), 0);
        one.dir = dir;
        apr_pool_create(&one.p, p);
        killed = kill_at_run(n, promotes_and_loads, &one);
        assert_false(
            exists(&(world_t){dir, NULL, NULL, NULL, NULL}, "refused", one.p));
        assert_int_equal(promotes_and_loads(&one), 0);
        w.dir = dir;
        start(&w, one.p);
        assert_int_equal(w.found->nelts, 0);
        assert_false(exists(&w, "refused", one.p));
        assert_false(exists(&w, "unproven", one.p));
        assert_false(exists(&w, "loading", one.p));
        for (i = 0; i < 2; i++) {
            assert_string_equal(served(&w, names[i], one.p),
                                acme_t_fingerprint(k.bundles[i], one.p));
        }
        apr_pool_destroy(one.p);
        if (!killed) {
            break;
        }
    }
    assert_true(n > 20);
}

/* The recovery itself is killed after a start that httpd ended. */
static int recovers(void *baton)
{
    const killed_t *k = baton;
    world_t w;

    w.dir = k->dir;
    start(&w, k->p);
    return 0;
}

static void a_recovery_that_is_killed_is_done_again(void **state)
{
    apr_pool_t *p = *state;
    long n;
    int killed;

    for (n = 1, killed = 1; killed; ++n) {
        world_t w = {NULL, NULL, NULL, NULL, NULL};
        const char *good, *bad, *other;
        killed_t k;

        w.dir = acme_t_dir(p);
        start(&w, p);
        good = promote(&w, NAME, p);
        begin(&w, NAME, p);
        bad = promote(&w, NAME, p);
        other = promote(&w, OTHER, p);
        ends_over(&w, NAME);
        k.dir = w.dir;
        k.p = p;
        killed = kill_at_run(n, recovers, &k);
        start(&w, p);
        assert_string_equal(served(&w, NAME, p), good);
        assert_string_equal(served(&w, OTHER, p), other);
        assert_int_equal(acme_promote_guard_refused(w.certstore, NAME, bad), 1);
        assert_int_equal(acme_promote_guard_refused(w.certstore, OTHER, other),
                         0);
        end(&w, p);
        assert_false(exists(&w, "unproven", p));
    }
    assert_true(n > 5);
}

ACME_T_MAIN(ACME_T(one_of_very_many_is_taken_back),
            ACME_T(what_was_loaded_stays),
            ACME_T(one_that_is_revoked_does_not_come_back),
            ACME_T(what_ended_the_server_is_taken_back),
            ACME_T(a_start_that_did_not_come_to_load_blames_nothing),
            ACME_T(a_kill_while_one_is_loaded_refuses_it_the_second_time),
            ACME_T(somebody_elses_mistake_costs_nothing),
            ACME_T(what_ends_it_from_afar_is_found),
            ACME_T(what_was_held_and_loaded_is_forgotten),
            ACME_T(taking_back_leads_to_what_was_loaded),
            ACME_T(killed_anywhere_nothing_is_refused),
            ACME_T(a_recovery_that_is_killed_is_done_again),
            ACME_T(the_one_before_is_live_again),
            ACME_T(what_was_unstashed_stays),
            ACME_T(what_was_live_before_may_be_anothers),
            ACME_T(damaged_files_count_as_none),
            ACME_T(nothing_is_promoted_without_the_marker))
