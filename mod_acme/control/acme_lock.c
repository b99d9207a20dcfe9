/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

/* Time between two tries: a lock is held for moments. */
#define PAUSE apr_time_from_msec(20)

struct acme_lock_t {
    int fd; /* -1: released */
};

void acme_lock_release(acme_lock_t *lock)
{
    if (lock->fd >= 0) {
        close(lock->fd);
        lock->fd = -1;
    }
}

static apr_status_t release_with_pool(void *data)
{
    acme_lock_release(data);
    return APR_SUCCESS;
}

static apr_status_t failed(acme_problem_t *problem, const char *path,
                           apr_status_t rv, apr_pool_t *p)
{
    acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
                     "the store's lock %s cannot be taken: %pm", path, &rv);
    if (problem && rv == APR_EACCES && geteuid() == 0) {
        problem->to_fix = "restart the server (apachectl graceful): its start "
                          "removes a lock that others could hold";
    }
    return rv;
}

static apr_status_t busy(acme_problem_t *problem, const char *path, pid_t pid,
                         apr_pool_t *p)
{
    acme_problem_set(problem, APR_EBUSY, ACME_RETRY_NOW, ACME_PROBLEM_STORE, p,
                     "the store is being worked on by process %ld (lock %s)",
                     (long)pid, path);
    if (problem) {
        problem->to_fix = "try again when that process is done";
    }
    return APR_EBUSY;
}

/* Refuse a lock file that other users can open, because they could hold the
 * lock forever. */
static apr_status_t open_file(int *fd, const char *path)
{
    struct stat st;

    *fd = open(
        path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
        S_IRUSR | S_IWUSR);
    if (*fd < 0) {
        return errno;
    }
    if (fstat(*fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid()
        || (st.st_mode & (S_IRWXG | S_IRWXO))) {
        close(*fd);
        return APR_EACCES;
    }
    return APR_SUCCESS;
}

apr_status_t acme_lock_take(acme_lock_t **lock, const char *dir,
                            apr_interval_time_t wait, acme_problem_t *problem,
                            apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/lock", NULL);
    apr_interval_time_t waited = 0;
    struct flock whole, holder;
    acme_lock_t *made;
    apr_status_t rv;
    int fd;

    rv = open_file(&fd, path);
    if (rv != APR_SUCCESS) {
        return failed(problem, path, rv, p);
    }
    memset(&whole, 0, sizeof(whole));
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    while (fcntl(fd, F_SETLK, &whole)) {
        if (errno != EACCES && errno != EAGAIN && errno != EINTR) {
            rv = errno;
            close(fd);
            return failed(problem, path, rv, p);
        }
        if (waited >= wait) {
            holder = whole;
            holder.l_pid = 0;
            fcntl(fd, F_GETLK, &holder);
            close(fd);
            return busy(problem, path, holder.l_pid, p);
        }
        apr_sleep(PAUSE);
        waited += PAUSE;
    }
    made = apr_palloc(p, sizeof(*made));
    made->fd = fd;
    apr_pool_cleanup_register(p, made, release_with_pool,
                              apr_pool_cleanup_null);
    *lock = made;
    return APR_SUCCESS;
}
