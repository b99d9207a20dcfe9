/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs.c
 * @brief Cases for the store in a folder only: file names, and files that
 * another program has put in the place of its own.
 */
#include "acme_store_fs_t.h"

/* ---- files ---- */

static void an_item_is_a_file_in_its_kinds_folder(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    struct stat st;
    char *bytes;
    apr_size_t len;

    assert_int_equal(put(w, "*.example.org", "text", NULL), APR_SUCCESS);
    assert_int_equal(get(&item, w, "*.example.org"), APR_SUCCESS);
    assert_string_equal(
        acme_store_fs_path(w->store, JOBS, "*.example.org", w->p),
        in(w, "jobs/%2A.example.org"));
    assert_int_equal(
        acme_file_read(&bytes, &len, in(w, "jobs/%2A.example.org"), 1000, w->p),
        APR_SUCCESS);
    assert_string_equal(bytes, apr_pstrcat(w->p, "acme-store 1 ", item.version,
                                           "\ntext", NULL));
    assert_int_equal(stat(in(w, "jobs/%2A.example.org"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(count_files(w, JOBS), 1);
}

static void no_name_leaves_its_folder(void **state)
{
    world_t *w = *state;
    const char *names[] = {"..",     ".",         "../secret",
                           "/etc/x", "a/../../b", "../staging/x",
                           "ABC",    "abc"};
    apr_size_t n = sizeof(names) / sizeof(*names);
    apr_size_t i;

    for (i = 0; i < n; i++) {
        const char *path = acme_store_fs_path(w->store, JOBS, names[i], w->p);

        assert_int_equal(put(w, names[i], names[i], ACME_STORE_ABSENT),
                         APR_SUCCESS);
        assert_ptr_equal(strstr(path, in(w, "jobs/")), path);
        assert_null(strchr(path + strlen(in(w, "jobs/")), '/'));
    }
    assert_int_equal(count_files(w, JOBS), n);
    assert_int_equal(count_files(w, "staging"), 0);
    assert_int_equal(count_files(w, "."), 8);
}

static void a_shortened_name_is_kept_inside(void **state)
{
    world_t *w = *state;
    char name[301];
    apr_array_header_t *names;
    const char *path;
    acme_store_item_t item;

    memset(name, 'N', 300);
    name[300] = '\0';
    assert_int_equal(put(w, name, "text", NULL), APR_SUCCESS);
    path = acme_store_fs_path(w->store, JOBS, name, w->p);
    assert_true(strlen(path) < strlen(w->dir) + 210);
    acme_store_list(&names, w->store, JOBS, NULL, w->p);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), name);
    /* A file that is moved to the place of another item is damaged. */
    name[299] = 'M';
    assert_int_equal(
        rename(path, acme_store_fs_path(w->store, JOBS, name, w->p)), 0);
    assert_int_equal(get(&item, w, name), ACME_STORE_DAMAGED);
    assert_problem(w, "damaged");
    assert_int_equal(count(w), 0);
}

/* ---- planted ---- */

static void assert_replaceable(world_t *w)
{
    acme_store_item_t item;

    assert_int_equal(get(&item, w, "a"), ACME_STORE_DAMAGED);
    assert_problem(w, "/jobs/a");
    assert_int_equal(put(w, "a", "x", "0123456789abcdef"), APR_EEXIST);
    assert_int_equal(put(w, "a", "good", ACME_STORE_ABSENT), APR_SUCCESS);
    assert_holds(w, "a", "good");
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
}

static void follows_no_link(void **state)
{
    world_t *w = *state;
    const char *valid = "acme-store 1 0123456789abcdef\nsecret";
    char *bytes;
    apr_size_t len;

    plant(w, "target", valid, strlen(valid));
    assert_int_equal(symlink(in(w, "target"), in(w, "jobs/a")), 0);
    assert_int_equal(count(w), 0);
    assert_replaceable(w);
    assert_int_equal(acme_file_read(&bytes, &len, in(w, "target"), 1000, w->p),
                     APR_SUCCESS);
    assert_string_equal(bytes, valid);
    /* Deleting the item removes the link. */
    assert_int_equal(symlink(in(w, "target"), in(w, "jobs/a")), 0);
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(access(in(w, "target"), F_OK), 0);
}

static void waits_for_no_fifo(void **state)
{
    world_t *w = *state;

    assert_int_equal(mkfifo(in(w, "jobs/a"), 0600), 0);
    assert_int_equal(count(w), 0);
    alarm(300);
    assert_replaceable(w);
    alarm(0);
}

static void a_folder_in_the_way_goes(void **state)
{
    world_t *w = *state;

    assert_int_equal(mkdir(in(w, "jobs/a"), 0700), 0);
    assert_int_equal(count(w), 0);
    assert_replaceable(w);
    assert_int_equal(mkdir(in(w, "jobs/a"), 0700), 0);
    assert_int_equal(acme_store_delete(w->store, JOBS, "a", NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(count_files(w, JOBS), 0);
}

static void what_is_in_a_folder_in_the_way_is_kept(void **state)
{
    world_t *w = *state;

    assert_int_equal(mkdir(in(w, "jobs/a"), 0700), 0);
    plant(w, "jobs/a/b", "x", 1);
    assert_replaceable(w);
    assert_int_equal(count_files(w, JOBS), 1);
    assert_int_equal(count(w), 0);
}

static void refuses_a_damaged_first_line(void **state)
{
    world_t *w = *state;
    static const struct {
        const char *text;
        apr_size_t len;
    } wrong[] = {
#define W(text) {text, sizeof(text) - 1}
        W(""),
        W("a"),
        W("acme-store"),
        W("acme-store 1 "),
        W("acme-store 1 0123456789abcde"),
        W("acme-store 1 0123456789abcdef"),
        W("acme-store 1 0123456789abcde\nx"),
        W("acme-store 1 0123456789abcdef0\nx"),
        W("acme-store 1 0123456789ABCDEF\nx"),
        W("acme-store 1 0123456789abcdef x\n"),
        W("acme-store 1 0123456789abcdef\r\nx"),
        W("acme-store 1 0123456789abcdef \nx"),
        W("acme-store 2 0123456789abcdef\nx"),
        W("acme-store 1  0123456789abcdef\nx"),
        W("ACME-STORE 1 0123456789abcdef\nx"),
        W("\0cme-store 1 0123456789abcdef\nx"),
        W("acme-store 1 01234567\0abcdef0\nx"),
        W("acme-store 1 0123456789abcdef\0\nx"),
        W("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"),
#undef W
    };
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        plant(w, "jobs/a", wrong[i].text, wrong[i].len);
        assert_replaceable(w);
    }
}

static void refuses_an_endless_file(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;

    plant(w, "jobs/a", "acme-store 1 0123456789abcdef\n", 30);
    assert_int_equal(truncate(in(w, "jobs/a"), (off_t)1 << 40), 0);
    assert_int_equal(get(&item, w, "a"), ACME_STORE_DAMAGED);
    assert_problem(w, "too large");
}

static void lists_no_foreign_files(void **state)
{
    world_t *w = *state;
    const char *foreign[] = {".tmp-xyz", ".hidden", "UPPER",       "a%2",
                             "a%2a",     "%61",     "white space", "a~0123"};
    apr_size_t i;

    put(w, "mine", "1", NULL);
    for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        plant(w, apr_pstrcat(w->p, "jobs/", foreign[i], NULL), "x", 1);
    }
    plant(w, "jobs/xxxxxxxxxx~0123456789012345678901234567890123456789",
          "acme-store 1 0123456789abcdef YQ\nx", 34);
    assert_int_equal(count(w), 1);
}

static void a_planted_lock_stops_nobody_for_ever(void **state)
{
    world_t *w = *state;
    acme_lease_t *lease;
    const char *names[] = {"locks/lease.link", "locks/lease.fifo",
                           "locks/lease.dir"};
    int i;

    plant(w, "target", "x", 1);
    assert_int_equal(symlink(in(w, "target"), in(w, names[0])), 0);
    assert_int_equal(mkfifo(in(w, names[1]), 0600), 0);
    assert_int_equal(mkdir(in(w, names[2]), 0700), 0);
    alarm(300);
    for (i = 0; i < 3; i++) {
        memset(&w->problem, 0, sizeof(w->problem));
        assert_int_not_equal(acme_store_lease(&lease, w->store, names[i] + 12,
                                              1, &w->problem, w->p),
                             APR_SUCCESS);
        assert_problem(w, names[i]);
    }
    unlink(in(w, "locks/kind.jobs"));
    assert_int_equal(symlink(in(w, "target"), in(w, "locks/kind.jobs")), 0);
    assert_int_not_equal(put(w, "a", "x", NULL), APR_SUCCESS);
    assert_problem(w, "locks/kind.jobs");
    alarm(0);
}

static void a_lease_whose_file_was_removed_is_lost(void **state)
{
    world_t *w = *state;
    acme_lease_t *mine;
    acme_lease_t *theirs;

    assert_int_equal(acme_store_lease(&mine, w->store, "a", 1, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(unlink(in(w, "locks/lease.a")), 0);
    assert_int_equal(acme_store_renew(mine, &w->problem), APR_EBUSY);
    assert_int_equal(acme_store_lease(&theirs, w->store, "a", 1, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(acme_store_renew(mine, &w->problem), APR_EBUSY);
    assert_int_equal(acme_store_renew(theirs, &w->problem), APR_SUCCESS);
}

ACME_T_MAIN(T(an_item_is_a_file_in_its_kinds_folder),
            T(no_name_leaves_its_folder), T(a_shortened_name_is_kept_inside),
            T(follows_no_link), T(waits_for_no_fifo),
            T(a_folder_in_the_way_goes),
            T(what_is_in_a_folder_in_the_way_is_kept),
            T(refuses_a_damaged_first_line), T(refuses_an_endless_file),
            T(lists_no_foreign_files), T(a_planted_lock_stops_nobody_for_ever),
            T(a_lease_whose_file_was_removed_is_lost))
