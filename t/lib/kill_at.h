/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file kill_at.h
 * @brief kill -9 right before, or in the middle of, the n-th change of files.
 *
 *     for (n = 1; kill_at_run(n, work, baton); ++n) {
 *         ... whatever was killed, this holds ...
 *     }
 *
 * Included first, and by one file of a program: it defines libc's functions
 * that change files, which libapr's calls reach as well. What opens files is
 * not among them, because a new file is seen before the next change of it.
 */
#ifndef KILL_AT_H
#define KILL_AT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_t.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The name that is called where the compiler is told that files are large. */
#if defined(__GLIBC__) && defined(_FILE_OFFSET_BITS) && _FILE_OFFSET_BITS == 64
#define KILL_AT_LARGE(name) name "64"
#else
#define KILL_AT_LARGE(name) name
#endif

/* 0: nothing is counted. */
static long kill_at;
static long kill_at_count;

static inline int kill_at_is_now(void)
{
    return kill_at > 0 && ++kill_at_count == kill_at;
}

static inline void kill_at_end(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static inline void kill_at_step(void)
{
    if (kill_at_is_now()) {
        kill_at_end();
    }
}

/* Takes the place of a cast, because C knows none from an object's address to
 * a function's. */
static inline void kill_at_find(void *real, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    memcpy(real, &found, sizeof(found));
}

/* Each alike: counts, then does it. */
#define KILL_AT(symbol, name, params, args) \
    int name params                         \
    {                                       \
        int(*real) params;                  \
                                            \
        kill_at_step();                     \
        kill_at_find(&real, symbol);        \
        return real args;                   \
    }

KILL_AT("rename", rename, (const char *from, const char *to), (from, to))
KILL_AT("renameat", renameat,
        (int fd, const char *from, int at, const char *to), (fd, from, at, to))
#ifdef RENAME_EXCHANGE
KILL_AT("renameat2", renameat2,
        (int fd, const char *from, int at, const char *to, unsigned int flags),
        (fd, from, at, to, flags))
#endif
KILL_AT("link", link, (const char *from, const char *to), (from, to))
KILL_AT("symlink", symlink, (const char *target, const char *path),
        (target, path))
KILL_AT("unlink", unlink, (const char *path), (path))
KILL_AT("unlinkat", unlinkat, (int fd, const char *path, int flags),
        (fd, path, flags))
KILL_AT("rmdir", rmdir, (const char *path), (path))
KILL_AT("mkdir", mkdir, (const char *path, mode_t mode), (path, mode))
KILL_AT("chmod", chmod, (const char *path, mode_t mode), (path, mode))
KILL_AT("fchmod", fchmod, (int fd, mode_t mode), (fd, mode))
KILL_AT("fsync", fsync, (int fd), (fd))
KILL_AT("fdatasync", fdatasync, (int fd), (fd))
KILL_AT(KILL_AT_LARGE("ftruncate"), ftruncate, (int fd, off_t len), (fd, len))

/* A write that is killed in the middle leaves half of the bytes. */
ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*real)(int, const void *, size_t);

    kill_at_step();
    kill_at_find(&real, "write");
    if (len > 1 && kill_at_is_now()) {
        (void)!real(fd, data, len / 2);
        kill_at_end();
    }
    return real(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t);

    kill_at_step();
    kill_at_find(&real, KILL_AT_LARGE("pwrite"));
    if (len > 1 && kill_at_is_now()) {
        (void)!real(fd, data, len / 2, at);
        kill_at_end();
    }
    return real(fd, data, len, at);
}

/** Runs work() in a child and kills it at its n-th instant. Returns non-zero
 *  when it was killed, 0 when it came to its end and returned 0. */
static inline int kill_at_run(long n, int (*work)(void *baton), void *baton)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        kill_at_count = 0;
        kill_at = n;
        status = work(baton);
        kill_at = 0;
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return 1;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return 0;
}

#endif
