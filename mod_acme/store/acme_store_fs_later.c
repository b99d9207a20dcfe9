/* SPDX-License-Identifier: Apache-2.0 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_store_fs_item.h"
#include "acme_store_fs_later.h"

/* Most files that are open at once while they are synced. */
#define OPEN_MAX_AT_ONCE 64

struct acme_store_fs_later_t {
    apr_pool_t *p; /* of the list, cleared with it */
    apr_array_header_t *paths;
    apr_hash_t *folders;
};

static void begin(acme_store_fs_later_t *later)
{
    apr_pool_clear(later->p);
    later->paths = apr_array_make(later->p, 16, sizeof(const char *));
    later->folders = apr_hash_make(later->p);
}

acme_store_fs_later_t *acme_store_fs_later_create(apr_pool_t *p)
{
    acme_store_fs_later_t *later = apr_palloc(p, sizeof(*later));

    apr_pool_create(&later->p, p);
    begin(later);
    return later;
}

void acme_store_fs_later_add(acme_store_fs_later_t *later, const char *path)
{
    apr_size_t len = (apr_size_t)(strrchr(path, '/') - path);

    APR_ARRAY_PUSH(later->paths, const char *) = apr_pstrdup(later->p, path);
    if (!apr_hash_get(later->folders, path, (apr_ssize_t)len)) {
        const char *folder = apr_pstrmemdup(later->p, path, len);

        apr_hash_set(later->folders, folder, (apr_ssize_t)len, folder);
    }
}

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_store_fs_item_failed(problem, rv, "sync", path, p);
}

/* Opens a file. Succeeds with fd -1 when it was removed. */
static apr_status_t open_file(int *fd, const char *path,
                              acme_problem_t *problem, apr_pool_t *p)
{
    do {
        *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0 && errno != ENOENT) {
        return failed(problem, errno, path, p);
    }
#ifdef SYNC_FILE_RANGE_WRITE
    /* Start the write of all files before waiting for the first. */
    if (*fd >= 0) {
        (void)sync_file_range(*fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
#endif
    return APR_SUCCESS;
}

static apr_status_t sync_some(const acme_store_fs_later_t *later, int from,
                              int count, acme_problem_t *problem, apr_pool_t *p)
{
    const char *path;
    int fds[OPEN_MAX_AT_ONCE];
    apr_status_t rv = APR_SUCCESS;
    int i, opened;

    for (opened = 0; rv == APR_SUCCESS && opened < count; opened++) {
        path = APR_ARRAY_IDX(later->paths, from + opened, const char *);
        rv = open_file(&fds[opened], path, problem, p);
    }
    for (i = 0; i < opened; i++) {
        if (fds[i] < 0) {
            continue;
        }
        if (rv == APR_SUCCESS && fsync(fds[i]) != 0 && errno != EINVAL) {
            path = APR_ARRAY_IDX(later->paths, from + i, const char *);
            rv = failed(problem, errno, path, p);
        }
        close(fds[i]);
    }
    return rv;
}

static apr_status_t sync_folders(const acme_store_fs_later_t *later,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    apr_hash_index_t *i;
    apr_status_t rv;

    for (i = apr_hash_first(p, later->folders); i; i = apr_hash_next(i)) {
        const char *folder = apr_hash_this_val(i);

        rv = acme_file_sync_dir(folder, p);
        if (rv != APR_SUCCESS) {
            return failed(problem, rv, folder, p);
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_store_fs_later_flush(acme_store_fs_later_t *later,
                                       acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i, left;

    for (i = 0; rv == APR_SUCCESS && i < later->paths->nelts;
         i += OPEN_MAX_AT_ONCE) {
        left = later->paths->nelts - i;
        rv = sync_some(later, i,
                       left < OPEN_MAX_AT_ONCE ? left : OPEN_MAX_AT_ONCE,
                       problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = sync_folders(later, problem, p);
    }
    begin(later);
    return rv;
}
