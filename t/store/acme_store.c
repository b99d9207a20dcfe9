/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store.c
 * @brief The contract of the store: each case runs over all backends.
 */
#include "acme_t.h"

#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_store.h"
#include "acme_store_fs.h"
#include "acme_store_mem.h"

#define JOBS ACME_STORE_JOBS
#define KEYS ACME_STORE_KEYS

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    acme_store_t *store;
    acme_store_t *other; /* handle of a second process */
} world_t;

static int world_done(void **state)
{
    world_t *w = *state;

    if (w->dir) {
        acme_file_remove_tree(w->dir, w->p);
    }
    *state = w->p;
    return acme_t_teardown(state);
}

static world_t *world_new(void **state)
{
    world_t *w;

    (void)acme_t_setup(state);
    w = apr_pcalloc(*state, sizeof(*w));
    w->p = *state;
    *state = w;
    return w;
}

static int fs_setup(void **state)
{
    world_t *w = world_new(state);
    const char *tmp = getenv("TMPDIR");
    char *dir =
        apr_pstrcat(w->p, tmp ? tmp : "/tmp", "/acme-store-XXXXXX", NULL);

    w->dir = mkdtemp(dir);
    return !w->dir
           || acme_store_fs_prepare(dir, geteuid(), getegid(), NULL, w->p)
                  != APR_SUCCESS
           || acme_store_fs_open(&w->store, dir, NULL, w->p) != APR_SUCCESS
           || acme_store_fs_open(&w->other, dir, NULL, w->p) != APR_SUCCESS;
}

static int busy_setup(void **state)
{
    int rc = fs_setup(state);
    world_t *w = *state;
    int i;

    if (rc == 0) {
        acme_store_busy(w->store, 1);
        /* Make a spare file. */
        for (i = 0; i < 3; ++i) {
            const acme_store_put_t longer = {
                .kind = KEYS,
                .name = apr_psprintf(w->p, "%d", i),
                .data = "something that was longer",
                .len = 25,
                .sync = ACME_STORE_LAZY,
            };

            rc |= acme_store_put(NULL, w->store, &longer, NULL, w->p);
        }
        for (i = 0; i < 3; ++i) {
            rc |= acme_store_delete(w->store, KEYS, apr_psprintf(w->p, "%d", i),
                                    NULL, w->p);
        }
    }
    return rc;
}

static int mem_setup(void **state)
{
    world_t *w = world_new(state);

    w->store = acme_store_mem_create(&acme_time_system_clock, w->p);
    w->other = acme_store_mem_share(w->store, w->p);
    return 0;
}

static apr_status_t put(const char **version, world_t *w, acme_store_t *store,
                        const char *name, const char *text,
                        const char *if_version)
{
    const acme_store_put_t item = {
        .kind = JOBS,
        .name = name,
        .data = text,
        .len = strlen(text),
        .if_version = if_version,
        .sync = ACME_STORE_LAZY,
    };
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = acme_store_put(version, store, &item, &problem, w->p);

    if (rv != APR_SUCCESS && rv != APR_EEXIST) {
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
        assert_int_equal(problem.retry, ACME_RETRY_INTERNAL);
        assert_int_equal(problem.rv, rv);
        assert_non_null(problem.detail);
    }
    else {
        assert_null(problem.type);
    }
    return rv;
}

static apr_status_t get(acme_store_item_t *item, world_t *w,
                        acme_store_t *store, const char *name)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = acme_store_get(item, store, JOBS, name, &problem, w->p);

    if (rv == APR_SUCCESS || rv == APR_ENOENT) {
        assert_null(problem.type);
    }
    else {
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    }
    return rv;
}

static void assert_holds(world_t *w, acme_store_t *store, const char *name,
                         const char *text)
{
    acme_store_item_t item;

    assert_int_equal(get(&item, w, store, name), APR_SUCCESS);
    assert_int_equal(item.len, strlen(text));
    assert_string_equal(item.data, text);
}

static int lists(world_t *w, const char *kind, const char *name)
{
    apr_array_header_t *names;
    int found = 0;
    int i;

    assert_int_equal(acme_store_list(&names, w->other, kind, NULL, w->p),
                     APR_SUCCESS);
    for (i = 0; i < names->nelts; i++) {
        found += !strcmp(APR_ARRAY_IDX(names, i, const char *), name);
    }
    return found;
}

static int count(world_t *w, const char *kind)
{
    apr_array_header_t *names;

    assert_int_equal(acme_store_list(&names, w->other, kind, NULL, w->p),
                     APR_SUCCESS);
    return names->nelts;
}

static void has_nothing_at_first(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    int i;

    assert_int_equal(get(&item, w, w->store, "a"), APR_ENOENT);
    for (i = 0; acme_store_kinds[i]; i++) {
        assert_int_equal(count(w, acme_store_kinds[i]), 0);
    }
    assert_int_equal(i, 7);
}

static void gives_back_what_was_put(void **state)
{
    world_t *w = *state;

    assert_int_equal(put(NULL, w, w->store, "a", "one", NULL), APR_SUCCESS);
    assert_holds(w, w->store, "a", "one");
    assert_holds(w, w->other, "a", "one");
    assert_int_equal(put(NULL, w, w->other, "a", "the second", NULL),
                     APR_SUCCESS);
    assert_holds(w, w->store, "a", "the second");
}

static void holds_what_was_flushed(void **state)
{
    world_t *w = *state;
    int i;

    /* There is nothing to flush. */
    assert_int_equal(acme_store_flush(w->store, NULL, w->p), APR_SUCCESS);
    for (i = 0; i < 3; i++) {
        const acme_store_put_t batched = {
            .kind = JOBS,
            .name = apr_psprintf(w->p, "%d", i),
            .data = "text",
            .len = 4,
            .sync = ACME_STORE_BATCH,
        };

        assert_int_equal(acme_store_put(NULL, w->store, &batched, NULL, w->p),
                         APR_SUCCESS);
    }
    /* An item that was deleted meanwhile is not missed. */
    assert_int_equal(acme_store_delete(w->store, JOBS, "1", NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(acme_store_flush(w->store, NULL, w->p), APR_SUCCESS);
    assert_int_equal(acme_store_flush(w->store, NULL, w->p), APR_SUCCESS);
    assert_holds(w, w->other, "0", "text");
    assert_holds(w, w->other, "2", "text");
    assert_int_equal(count(w, JOBS), 2);
}

static void keeps_any_bytes(void **state)
{
    world_t *w = *state;
    char all[512];
    const acme_store_put_t bytes = {
        .kind = JOBS,
        .name = "bytes",
        .data = all,
        .len = sizeof(all),
        .sync = ACME_STORE_SYNC,
    };
    acme_store_item_t item;
    int i;

    for (i = 0; i < (int)sizeof(all); i++) {
        all[i] = (char)i;
    }
    assert_int_equal(acme_store_put(NULL, w->store, &bytes, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(get(&item, w, w->other, "bytes"), APR_SUCCESS);
    assert_int_equal(item.len, sizeof(all));
    assert_memory_equal(item.data, all, sizeof(all));
    assert_int_equal(item.data[item.len], 0);
}

static void keeps_an_empty_item(void **state)
{
    world_t *w = *state;
    const acme_store_put_t nil = {
        .kind = JOBS,
        .name = "nil",
        .data = NULL,
        .len = 0,
        .sync = ACME_STORE_LAZY,
    };
    acme_store_item_t item;

    assert_int_equal(acme_store_put(NULL, w->store, &nil, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(get(&item, w, w->other, "nil"), APR_SUCCESS);
    assert_int_equal(item.len, 0);
    assert_string_equal(item.data, "");
    assert_int_equal(lists(w, JOBS, "nil"), 1);
}

static void does_not_touch_what_it_gave_out(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;

    put(NULL, w, w->store, "a", "one", NULL);
    get(&item, w, w->store, "a");
    put(NULL, w, w->store, "a", "two", NULL);
    assert_string_equal(item.data, "one");
    item.data[0] = 'X';
    assert_holds(w, w->store, "a", "two");
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
    assert_string_equal(item.data, "Xne");
}

static void changes_the_version_with_each_put(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    const char *first;
    const char *second;

    assert_int_equal(put(&first, w, w->store, "a", "same", NULL), APR_SUCCESS);
    get(&item, w, w->other, "a");
    assert_string_equal(item.version, first);
    assert_int_equal(put(&second, w, w->store, "a", "same", NULL), APR_SUCCESS);
    assert_string_not_equal(first, second);
    assert_true(*first != '\0');
}

static void puts_an_absent_item_once_only(void **state)
{
    world_t *w = *state;

    assert_int_equal(put(NULL, w, w->store, "a", "mine", ACME_STORE_ABSENT),
                     APR_SUCCESS);
    assert_int_equal(put(NULL, w, w->other, "a", "theirs", ACME_STORE_ABSENT),
                     APR_EEXIST);
    assert_holds(w, w->store, "a", "mine");
}

static void refuses_a_stale_version(void **state)
{
    world_t *w = *state;
    const char *first;
    const char *second;

    assert_int_equal(put(&first, w, w->store, "a", "1", NULL), APR_SUCCESS);
    assert_int_equal(put(&second, w, w->other, "a", "2", first), APR_SUCCESS);
    assert_int_equal(put(NULL, w, w->store, "a", "3", first), APR_EEXIST);
    assert_holds(w, w->store, "a", "2");
    assert_int_equal(put(NULL, w, w->store, "a", "3", second), APR_SUCCESS);
    assert_holds(w, w->other, "a", "3");
}

static void refuses_a_version_of_what_is_gone(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    const char *version;

    assert_int_equal(put(&version, w, w->store, "a", "1", NULL), APR_SUCCESS);
    assert_int_equal(acme_store_delete(w->other, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(put(NULL, w, w->store, "a", "2", version), APR_EEXIST);
    assert_int_equal(get(&item, w, w->store, "a"), APR_ENOENT);
    assert_int_equal(put(NULL, w, w->store, "b", "2", "never seen"),
                     APR_EEXIST);
}

static void a_version_that_came_back_is_another(void **state)
{
    world_t *w = *state;
    const char *version;

    assert_int_equal(put(&version, w, w->store, "a", "1", NULL), APR_SUCCESS);
    acme_store_delete(w->other, JOBS, "a", NULL, w->p);
    assert_int_equal(put(NULL, w, w->other, "a", "1", NULL), APR_SUCCESS);
    assert_int_equal(put(NULL, w, w->store, "a", "2", version), APR_EEXIST);
}

static void deletes_what_is_there_and_what_is_not(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;

    put(NULL, w, w->store, "a", "1", NULL);
    put(NULL, w, w->store, "b", "2", NULL);
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(get(&item, w, w->other, "a"), APR_ENOENT);
    assert_holds(w, w->other, "b", "2");
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
}

static void keeps_kinds_apart(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;

    put(NULL, w, w->store, "a", "1", NULL);
    assert_int_equal(acme_store_get(&item, w->store, KEYS, "a", NULL, w->p),
                     APR_ENOENT);
    assert_int_equal(count(w, KEYS), 0);
    acme_store_delete(w->store, KEYS, "a", NULL, w->p);
    assert_holds(w, w->store, "a", "1");
}

static void lists_all_names_once(void **state)
{
    world_t *w = *state;
    int i;

    for (i = 0; i < 50; i++) {
        const char *name = apr_psprintf(w->p, "site%d.example.org", i);

        put(NULL, w, w->store, name, "1", NULL);
        put(NULL, w, w->store, name, "2", NULL);
    }
    assert_int_equal(count(w, JOBS), 50);
    assert_int_equal(lists(w, JOBS, "site0.example.org"), 1);
    assert_int_equal(lists(w, JOBS, "site49.example.org"), 1);
    acme_store_delete(w->store, JOBS, "site7.example.org", NULL, w->p);
    assert_int_equal(count(w, JOBS), 49);
    assert_int_equal(lists(w, JOBS, "site7.example.org"), 0);
}

static const char *of_length(world_t *w, int length, char c)
{
    char *name = apr_pcalloc(w->p, (apr_size_t)length + 1);

    memset(name, c, (apr_size_t)length);
    return name;
}

static void tells_strange_names_apart(void **state)
{
    world_t *w = *state;
    const char *names[] = {
        ".",
        "..",
        "../jobs/a",
        "/etc/passwd",
        "a/b",
        "a",
        "A",
        "%41",
        "%",
        "*.example.org",
        "_.example.org",
        "2001:db8::1",
        ".hidden",
        ".tmp-abcdef",
        "-",
        "~",
        "\xc3\xa4",
        "\xff\xfe",
        "\n",
        " ",
        "a b",
        "kind.jobs",
        "con",
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
    };
    int n = 0;
    int i;

    while (names[n]) {
        n++;
    }
    names[n++] = of_length(w, 300, 'x');
    names[n++] = of_length(w, 301, 'x');
    names[n++] = of_length(w, 300, '/');
    names[n++] = of_length(w, ACME_STORE_NAME_MAX, '*');
    for (i = 0; i < n; i++) {
        assert_int_equal(
            put(NULL, w, w->store, names[i], names[i], ACME_STORE_ABSENT),
            APR_SUCCESS);
    }
    assert_int_equal(count(w, JOBS), n);
    for (i = 0; i < n; i++) {
        assert_holds(w, w->other, names[i], names[i]);
        assert_int_equal(lists(w, JOBS, names[i]), 1);
    }
    for (i = 0; i < n; i++) {
        assert_int_equal(
            acme_store_delete(w->other, JOBS, names[i], NULL, w->p),
            APR_SUCCESS);
        assert_int_equal(count(w, JOBS), n - 1 - i);
    }
}

static void refuses_keys_that_cannot_be(void **state)
{
    world_t *w = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    apr_array_header_t *names;
    acme_lease_t *lease;
    const char *wrong[] = {"", "job", "jobs/", "../etc", "locks", "JOBS"};
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const acme_store_put_t item_of_it = {
            .kind = wrong[i],
            .name = "a",
            .data = "",
            .len = 0,
            .sync = ACME_STORE_LAZY,
        };

        assert_int_equal(
            acme_store_get(&item, w->store, wrong[i], "a", &problem, w->p),
            APR_EINVAL);
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
        assert_int_equal(
            acme_store_put(NULL, w->store, &item_of_it, &problem, w->p),
            APR_EINVAL);
        assert_int_equal(
            acme_store_delete(w->store, wrong[i], "a", &problem, w->p),
            APR_EINVAL);
        assert_int_equal(
            acme_store_list(&names, w->store, wrong[i], &problem, w->p),
            APR_EINVAL);
    }
    assert_int_equal(put(NULL, w, w->store, "", "x", NULL), APR_EINVAL);
    assert_int_equal(put(NULL, w, w->store,
                         of_length(w, ACME_STORE_NAME_MAX + 1, 'a'), "x", NULL),
                     APR_EINVAL);
    assert_int_equal(acme_store_lease(&lease, w->store, "", 1, &problem, w->p),
                     APR_EINVAL);
    assert_int_equal(count(w, JOBS), 0);
}

static void bounds_the_size_of_an_item(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    char *large = apr_pcalloc(w->p, ACME_STORE_MAX + 1);
    const char *name = of_length(w, ACME_STORE_NAME_MAX, 'n');
    const acme_store_put_t largest = {
        .kind = JOBS,
        .name = name,
        .data = large,
        .len = ACME_STORE_MAX,
        .sync = ACME_STORE_LAZY,
    };

    memset(large, 'x', ACME_STORE_MAX + 1);
    assert_int_equal(acme_store_put(NULL, w->store, &largest, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(put(NULL, w, w->store, name, large, NULL), EFBIG);
    assert_int_equal(get(&item, w, w->other, name), APR_SUCCESS);
    assert_int_equal(item.len, ACME_STORE_MAX);
}

static apr_status_t lease(acme_lease_t **l, acme_store_t *store,
                          const char *name, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv =
        acme_store_lease(l, store, name, apr_time_from_sec(60), &problem, p);

    if (rv != APR_SUCCESS) {
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    }
    return rv;
}

static void gives_a_lease_to_one_only(void **state)
{
    world_t *w = *state;
    acme_lease_t *mine;
    acme_lease_t *theirs;
    acme_lease_t *another;

    assert_int_equal(lease(&mine, w->store, "worker", w->p), APR_SUCCESS);
    assert_int_equal(lease(&theirs, w->other, "worker", w->p), APR_EBUSY);
    assert_int_equal(lease(&theirs, w->store, "worker", w->p), APR_EBUSY);
    assert_int_equal(lease(&another, w->other, "other", w->p), APR_SUCCESS);
    assert_int_equal(acme_store_renew(mine, NULL), APR_SUCCESS);
    acme_store_release(mine);
    assert_int_equal(lease(&theirs, w->other, "worker", w->p), APR_SUCCESS);
    acme_store_release(theirs);
    acme_store_release(another);
}

static void renews_no_lease_that_is_gone(void **state)
{
    world_t *w = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_lease_t *mine;
    acme_lease_t *theirs;

    assert_int_equal(lease(&mine, w->store, "worker", w->p), APR_SUCCESS);
    acme_store_release(mine);
    assert_int_equal(acme_store_renew(mine, &problem), APR_EBUSY);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_int_equal(lease(&theirs, w->other, "worker", w->p), APR_SUCCESS);
    /* A second release must not end the lease of another holder. */
    acme_store_release(mine);
    assert_int_equal(acme_store_renew(mine, NULL), APR_EBUSY);
    assert_int_equal(acme_store_renew(theirs, NULL), APR_SUCCESS);
    assert_int_equal(lease(&mine, w->store, "worker", w->p), APR_EBUSY);
}

static void ends_a_lease_with_its_pool(void **state)
{
    world_t *w = *state;
    acme_lease_t *mine;
    acme_lease_t *theirs;
    apr_pool_t *sub;

    apr_pool_create(&sub, w->p);
    assert_int_equal(lease(&mine, w->store, "worker", sub), APR_SUCCESS);
    assert_int_equal(lease(&theirs, w->other, "worker", w->p), APR_EBUSY);
    apr_pool_destroy(sub);
    assert_int_equal(lease(&theirs, w->other, "worker", w->p), APR_SUCCESS);
}

static void leases_and_items_do_not_meet(void **state)
{
    world_t *w = *state;
    acme_lease_t *l;
    const char *names[] = {JOBS, "kind.jobs", "../jobs/a", "*", "A", "a"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        assert_int_equal(lease(&l, w->store, names[i], w->p), APR_SUCCESS);
    }
    assert_int_equal(lease(&l, w->store, of_length(w, 300, 'a'), w->p),
                     APR_SUCCESS);
    assert_int_equal(lease(&l, w->store, of_length(w, 301, 'a'), w->p),
                     APR_SUCCESS);
    assert_int_equal(count(w, JOBS), 0);
    assert_int_equal(put(NULL, w, w->other, "a", "1", ACME_STORE_ABSENT),
                     APR_SUCCESS);
    assert_holds(w, w->store, "a", "1");
}

#define ALL(test)                                                 \
    {"fs: " #test, test, fs_setup, world_done, NULL},             \
        {"fs, busy: " #test, test, busy_setup, world_done, NULL}, \
    {                                                             \
        "mem: " #test, test, mem_setup, world_done, NULL          \
    }

ACME_T_MAIN(ALL(has_nothing_at_first), ALL(gives_back_what_was_put),
            ALL(holds_what_was_flushed), ALL(keeps_any_bytes),
            ALL(keeps_an_empty_item), ALL(does_not_touch_what_it_gave_out),
            ALL(changes_the_version_with_each_put),
            ALL(puts_an_absent_item_once_only), ALL(refuses_a_stale_version),
            ALL(refuses_a_version_of_what_is_gone),
            ALL(a_version_that_came_back_is_another),
            ALL(deletes_what_is_there_and_what_is_not), ALL(keeps_kinds_apart),
            ALL(lists_all_names_once), ALL(tells_strange_names_apart),
            ALL(refuses_keys_that_cannot_be), ALL(bounds_the_size_of_an_item),
            ALL(gives_a_lease_to_one_only), ALL(renews_no_lease_that_is_gone),
            ALL(ends_a_lease_with_its_pool), ALL(leases_and_items_do_not_meet))
