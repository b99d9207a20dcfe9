/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_t.h"

#include "acme_store_fs_later.h"

static apr_status_t flush(world_t *w, acme_store_fs_later_t *later)
{
    memset(&w->problem, 0, sizeof(w->problem));
    return acme_store_fs_later_flush(later, &w->problem, w->p);
}

static void syncs_files_of_several_folders(void **state)
{
    world_t *w = *state;
    acme_store_fs_later_t *later = acme_store_fs_later_create(w->p);
    const char *path;
    int i;

    assert_int_equal(flush(w, later), APR_SUCCESS);
    /* More than are open at once. */
    for (i = 0; i < 150; i++) {
        path = apr_psprintf(w->p, "%s/%d", i % 2 ? "jobs" : "keys", i);
        plant(w, path, "text", strlen("text"));
        acme_store_fs_later_add(later, in(w, path));
    }
    assert_int_equal(flush(w, later), APR_SUCCESS);
    assert_int_equal(flush(w, later), APR_SUCCESS);
}

static void does_not_miss_what_is_gone(void **state)
{
    world_t *w = *state;
    acme_store_fs_later_t *later = acme_store_fs_later_create(w->p);

    plant(w, "jobs/a", "text", strlen("text"));
    acme_store_fs_later_add(later, in(w, "jobs/a"));
    acme_store_fs_later_add(later, in(w, "jobs/never"));
    unlink(in(w, "jobs/a"));
    assert_int_equal(flush(w, later), APR_SUCCESS);
}

static void says_what_could_not_be_synced_once(void **state)
{
    world_t *w = *state;
    acme_store_fs_later_t *later = acme_store_fs_later_create(w->p);

    plant(w, "jobs/a", "text", strlen("text"));
    acme_store_fs_later_add(later, in(w, "jobs/a"));
    acme_store_fs_later_add(later, in(w, "nowhere/a"));
    assert_int_equal(flush(w, later), APR_ENOENT);
    assert_problem(w, "nowhere");
    assert_int_equal(flush(w, later), APR_SUCCESS);
    /* It does not follow a link that another program has made. */
    assert_int_equal(symlink("/dev/null", in(w, "jobs/link")), 0);
    acme_store_fs_later_add(later, in(w, "jobs/link"));
    assert_int_not_equal(flush(w, later), APR_SUCCESS);
    assert_problem(w, "jobs/link");
}

ACME_T_MAIN(T(syncs_files_of_several_folders), T(does_not_miss_what_is_gone),
            T(says_what_could_not_be_synced_once))
