/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_time.h>

#include "acme_store_fs_lock.h"

/* Time to wait for a lock. A lock is held for milliseconds, so after that time
 * the holder is stopped or hostile. */
#define TRIES 2000
#define PAUSE apr_time_from_msec(5)

static apr_status_t open_lock(int *fd, const char *path)
{
    struct stat st;

    do {
        *fd = open(path,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
                       | O_NOCTTY,
                   S_IRUSR | S_IWUSR);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0) {
        return errno;
    }
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

int acme_store_fs_lock_good(int fd, const char *path)
{
    struct stat mine;
    struct stat named;

    return fstat(fd, &mine) == 0 && lstat(path, &named) == 0
           && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

apr_status_t acme_store_fs_lock(int *fd, const char *path)
{
    int opened;
    apr_status_t rv = open_lock(&opened, path);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR) {
            rv = errno == EWOULDBLOCK ? APR_EBUSY : errno;
            break;
        }
    }
    if (rv == APR_SUCCESS && !acme_store_fs_lock_good(opened, path)) {
        /* It was removed meanwhile, so others lock a new file. */
        rv = APR_EBUSY;
    }
    if (rv != APR_SUCCESS) {
        close(opened);
        return rv;
    }
    *fd = opened;
    return APR_SUCCESS;
}

apr_status_t acme_store_fs_lock_wait(int *fd, const char *path)
{
    apr_status_t rv = acme_store_fs_lock(fd, path);
    int tries;

    for (tries = 0; rv == APR_EBUSY && tries < TRIES; tries++) {
        apr_sleep(PAUSE);
        rv = acme_store_fs_lock(fd, path);
    }
    return rv;
}
