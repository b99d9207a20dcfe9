/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_t.h"

#include <errno.h>

#include "acme_store_fs_spare.h"

static acme_store_fs_spare_t *create(world_t *w)
{
    return acme_store_fs_spare_create(in(w, "challenges"), w->p);
}

static apr_status_t keep(world_t *w, acme_store_fs_spare_t *spare,
                         const char *path)
{
    return acme_store_fs_spare_keep(spare, in(w, path), w->p);
}

static apr_status_t write_text(world_t *w, acme_store_fs_spare_t *spare,
                               const char *path, const char *text)
{
    return acme_store_fs_spare_write(spare, in(w, path), text, strlen(text),
                                     ACME_STORE_SYNC, w->p);
}

static const char *text_of(world_t *w, const char *path)
{
    char *data;
    apr_size_t len;

    assert_int_equal(acme_file_read(&data, &len, in(w, path), 1000, w->p), 0);
    return data;
}

static ino_t inode_of(world_t *w, const char *path)
{
    struct stat st;

    assert_int_equal(lstat(in(w, path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    return st.st_ino;
}

static void a_file_serves_again(void **state)
{
    world_t *w = *state;
    acme_store_fs_spare_t *spare = create(w);
    ino_t inode;

    assert_int_equal(write_text(w, spare, "jobs/a", "x"), APR_ENOENT);
    plant(w, "keys/a", "a text that is long", strlen("a text that is long"));
    inode = inode_of(w, "keys/a");
    assert_int_equal(keep(w, spare, "keys/a"), 0);
    assert_int_equal(count_files(w, "keys"), 0);
    assert_int_equal(write_text(w, spare, "jobs/a", "short"), 0);
    assert_string_equal(text_of(w, "jobs/a"), "short");
    assert_int_equal(inode_of(w, "jobs/a"), inode);
    assert_int_equal(count_files(w, "challenges"), 0);
}

static void what_is_replaced_is_kept(void **state)
{
    world_t *w = *state;
    acme_store_fs_spare_t *spare = create(w);
    int i;

    plant(w, "jobs/a", "first", strlen("first"));
    plant(w, "keys/a", "key", strlen("key"));
    assert_int_equal(keep(w, spare, "keys/a"), 0);
    for (i = 0; i < 5; i++) {
        assert_int_equal(
            write_text(w, spare, "jobs/a", apr_psprintf(w->p, "text %d", i)),
            0);
        assert_string_equal(text_of(w, "jobs/a"),
                            apr_psprintf(w->p, "text %d", i));
    }
#ifdef __linux__
    assert_int_equal(count_files(w, "challenges"), 1);
#endif
    acme_store_fs_spare_drop(spare);
    assert_int_equal(count_files(w, "challenges"), 0);
    assert_int_equal(write_text(w, spare, "jobs/a", "x"), APR_ENOENT);
}

static void nothing_of_others_is_kept(void **state)
{
    world_t *w = *state;
    acme_store_fs_spare_t *spare = create(w);

    plant(w, "victim", "precious", strlen("precious"));
    assert_int_equal(symlink(in(w, "victim"), in(w, "keys/link")), 0);
    assert_int_equal(link(in(w, "victim"), in(w, "keys/hard")), 0);
    assert_int_equal(mkfifo(in(w, "keys/fifo"), 0600), 0);
    assert_int_equal(keep(w, spare, "keys/link"), APR_EINVAL);
    assert_int_equal(keep(w, spare, "keys/hard"), APR_EINVAL);
    assert_int_equal(keep(w, spare, "keys/fifo"), APR_EINVAL);
    assert_int_equal(keep(w, spare, "keys"), APR_EINVAL);
    assert_int_equal(keep(w, spare, "keys/none"), APR_ENOENT);
    assert_int_equal(write_text(w, spare, "jobs/a", "x"), APR_ENOENT);
    assert_string_equal(text_of(w, "victim"), "precious");
}

/* A file that another program puts in the place of a spare file is not
 * written. */
static void a_spare_file_that_changed_is_dropped(void **state)
{
    world_t *w = *state;
    acme_store_fs_spare_t *spare = create(w);
    apr_array_header_t *names;
    const char *kept;
    int i;

    plant(w, "victim", "precious", strlen("precious"));
    for (i = 0; i < 3; i++) {
        plant(w, "keys/a", "key", strlen("key"));
        assert_int_equal(keep(w, spare, "keys/a"), 0);
        assert_int_equal(acme_file_list(&names, in(w, "challenges"), w->p), 0);
        assert_int_equal(names->nelts, 1);
        kept = in(w, apr_pstrcat(w->p, "challenges/",
                                 APR_ARRAY_IDX(names, 0, const char *), NULL));
        assert_int_equal(unlink(kept), 0);
        if (i == 0) {
            assert_int_equal(symlink(in(w, "victim"), kept), 0);
        }
        else if (i == 1) {
            assert_int_equal(link(in(w, "victim"), kept), 0);
        }
        assert_int_equal(write_text(w, spare, "jobs/a", "x"), APR_ENOENT);
        assert_int_equal(count_files(w, "challenges"), 0);
    }
    assert_string_equal(text_of(w, "victim"), "precious");
    assert_int_equal(access(in(w, "jobs/a"), F_OK), -1);
}

static void there_are_not_too_many(void **state)
{
    world_t *w = *state;
    acme_store_fs_spare_t *spare = create(w);
    int i, kept = 0;

    for (i = 0; i < 300; i++) {
        plant(w, "keys/a", "key", strlen("key"));
        if (keep(w, spare, "keys/a") == APR_SUCCESS) {
            kept++;
        }
    }
    assert_int_equal(kept, 256);
    assert_string_equal(text_of(w, "keys/a"), "key");
    for (i = 0; i < kept; i++) {
        assert_int_equal(
            write_text(w, spare, apr_psprintf(w->p, "jobs/%d", i), "x"), 0);
    }
    assert_int_equal(write_text(w, spare, "jobs/a", "x"), APR_ENOENT);
}

static void they_go_with_their_pool(void **state)
{
    world_t *w = *state;
    apr_pool_t *p = w->p;

    apr_pool_create(&w->p, p);
    plant(w, "keys/a", "key", strlen("key"));
    assert_int_equal(keep(w, create(w), "keys/a"), 0);
    assert_int_equal(count_files(w, "challenges"), 1);
    apr_pool_destroy(w->p);
    w->p = p;
    assert_int_equal(count_files(w, "challenges"), 0);
}

ACME_T_MAIN(T(a_file_serves_again), T(what_is_replaced_is_kept),
            T(nothing_of_others_is_kept),
            T(a_spare_file_that_changed_is_dropped), T(there_are_not_too_many),
            T(they_go_with_their_pool))
