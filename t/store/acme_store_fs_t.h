/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_t.h
 * @brief A store in a folder of its own for each case.
 */
#ifndef ACME_STORE_FS_T_H
#define ACME_STORE_FS_T_H

#include "acme_t.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_store_fs.h"

#define JOBS ACME_STORE_JOBS

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    acme_store_t *store;
    acme_problem_t problem; /* of the last call */
} world_t;

static inline int setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    world_t *w;
    char *dir;

    (void)acme_t_setup(state);
    w = apr_pcalloc(*state, sizeof(*w));
    w->p = *state;
    dir = apr_pstrcat(w->p, tmp ? tmp : "/tmp", "/acme-store-XXXXXX", NULL);
    w->dir = mkdtemp(dir);
    *state = w;
    return !w->dir
           || acme_store_fs_prepare(dir, geteuid(), getegid(), NULL, w->p)
           || acme_store_fs_open(&w->store, dir, NULL, w->p);
}

static inline int teardown(void **state)
{
    world_t *w = *state;

    acme_file_remove_tree(w->dir, w->p);
    *state = w->p;
    return acme_t_teardown(state);
}

static inline const char *in(const world_t *w, const char *path)
{
    return apr_pstrcat(w->p, w->dir, "/", path, NULL);
}

static inline apr_status_t put(world_t *w, const char *name, const char *text,
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

    memset(&w->problem, 0, sizeof(w->problem));
    return acme_store_put(NULL, w->store, &item, &w->problem, w->p);
}

static inline apr_status_t get(acme_store_item_t *item, world_t *w,
                               const char *name)
{
    memset(&w->problem, 0, sizeof(w->problem));
    return acme_store_get(item, w->store, JOBS, name, &w->problem, w->p);
}

static inline void assert_holds(world_t *w, const char *name, const char *text)
{
    acme_store_item_t item;

    assert_int_equal(get(&item, w, name), APR_SUCCESS);
    assert_string_equal(item.data, text);
}

/* Asserts that the last call failed, with a problem that names this file. */
static inline void assert_problem(const world_t *w, const char *path)
{
    assert_string_equal(w->problem.type, ACME_PROBLEM_STORE);
    assert_int_equal(w->problem.retry, ACME_RETRY_INTERNAL);
    assert_non_null(strstr(w->problem.detail, path));
}

static inline int count(world_t *w)
{
    apr_array_header_t *names;

    assert_int_equal(acme_store_list(&names, w->store, JOBS, NULL, w->p),
                     APR_SUCCESS);
    return names->nelts;
}

static inline int count_files(world_t *w, const char *folder)
{
    apr_array_header_t *names;

    assert_int_equal(acme_file_list(&names, in(w, folder), w->p), APR_SUCCESS);
    return names->nelts;
}

static inline void plant(const world_t *w, const char *path, const char *text,
                         apr_size_t len)
{
    int fd = open(in(w, path), O_CREAT | O_TRUNC | O_WRONLY, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
