# SPDX-License-Identifier: Apache-2.0

"""Libraries put before libc's functions, by LD_PRELOAD.

kill_at   ends the process with SIGKILL before or after the n-th change of the
          file system below a folder; or, with $FAIL_WITH, has all changes fail
          from the n-th on
end_in    gives a child of httpd a SIGTERM in the middle of a function
steps     counts the steps of a child that waits for its end, and can hold it
late      keeps the thread of the worker, or of the DNS responder, and notes that
          exit handlers run
crash     crashes when a file gets its name
load      spoils the loading of a certificate by mod_ssl"""

import os

import pytest

from . import procs

KILL_AT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Counts what changes names below $KILL_BELOW, in one process at a time: they
 * are numbered through the file $KILL_COUNT, so that its length tells how many
 * there were. */
static int step(const char *path, int after)
{
    const char *below = getenv("KILL_BELOW");
    const char *at = getenv("KILL_AT");
    const char *error = getenv("FAIL_WITH");
    static long count;

    if (!below || !at || !path || strncmp(path, below, strlen(below)) != 0
        || (error && after)) {
        return 0;
    }
    ++count;
    if (getenv("KILL_COUNT")) {
        FILE *file = fopen(getenv("KILL_COUNT"), "a");
        if (file) {
            fprintf(file, "%d %s\n", after, path);
            fclose(file);
        }
    }
    if (error) {
        errno = atoi(error);
        return count >= atol(at);
    }
    if (count == atol(at)) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return 0;
}

#define REAL(type, name, args) type (*real) args = dlsym(RTLD_NEXT, #name)

int rename(const char *from, const char *to)
{
    REAL(int, rename, (const char *, const char *));
    int rv, saved;

    if (step(to, 0)) {
        return -1;
    }
    rv = real(from, to);
    saved = errno;
    step(to, 1);
    errno = saved;
    return rv;
}

int unlink(const char *path)
{
    REAL(int, unlink, (const char *));
    int rv, saved;

    /* Works on a full file system as well. */
    if (!getenv("FAIL_WITH")) {
        step(path, 0);
    }
    rv = real(path);
    saved = errno;
    step(path, 1);
    errno = saved;
    return rv;
}

int rmdir(const char *path)
{
    REAL(int, rmdir, (const char *));

    /* Works on a full file system as well. */
    if (!getenv("FAIL_WITH")) {
        step(path, 0);
    }
    return real(path);
}

int symlink(const char *target, const char *path)
{
    REAL(int, symlink, (const char *, const char *));

    if (step(path, 0)) {
        return -1;
    }
    return real(target, path);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, mkdir, (const char *, mode_t));

    if (step(path, 0)) {
        return -1;
    }
    return real(path, mode);
}

/* Without dlsym(), because ASan opens files while it begins. */
#define OPEN(name)                                                      \
    int name(const char *path, int flags, ...)                          \
    {                                                                   \
        va_list args;                                                   \
        mode_t mode;                                                    \
                                                                        \
        va_start(args, flags);                                          \
        mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;              \
        va_end(args);                                                   \
        if (flags & O_CREAT && getenv("FAIL_WITH")                      \
            && access(path, F_OK) != 0 && step(path, 0)) {              \
            return -1;                                                  \
        }                                                               \
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);   \
    }

OPEN(open)
OPEN(open64)
"""

END_IN = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(type, name, args) type (*real) args = dlsym(RTLD_NEXT, #name)

static int forked;
static volatile int inside;
static struct sigaction first;

pid_t fork(void)
{
    REAL(pid_t, fork, (void));
    pid_t pid = real();

    if (pid == 0) {
        forked = 1;
        sigaction(SIGTERM, NULL, &first);
    }
    return pid;
}

/* The first two that come here are ended; $END_COUNT has a byte for each. */
static int is_mine(const char *name)
{
    const char *place = getenv("END_IN");
    struct sigaction now;
    struct stat st;
    int fd;

    if (!forked || inside || !place || strcmp(place, name) != 0) {
        return 0;
    }
    /* Not before the MPM has set up the handler of a child. */
    sigaction(SIGTERM, NULL, &now);
    if (now.sa_handler == first.sa_handler) {
        return 0;
    }
    forked = 0;
    fd = open(getenv("END_COUNT"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st) != 0) {
        abort();
    }
    close(fd);
    return st.st_size <= 2;
}

static void end(const char *name)
{
    if (is_mine(name)) {
        inside = 1;
        raise(SIGTERM);
        inside = 0;
    }
}

/* As free() does when exit() was called in the middle of a malloc(). */
__attribute__((destructor)) static void at_exit(void)
{
    if (inside) {
        abort();
    }
}

pid_t getpid(void)
{
    REAL(pid_t, getpid, (void));

    end("getpid");
    return real();
}

int initgroups(const char *user, gid_t group)
{
    REAL(int, initgroups, (const char *, gid_t));

    end("initgroups");
    return real(user, group);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                   void *(*start)(void *), void *arg)
{
    REAL(int, pthread_create, (pthread_t *, const pthread_attr_t *,
                               void *(*)(void *), void *));

    end("pthread_create");
    return real(thread, attr, start, arg);
}
"""

STEPS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The module's own step, of 10 ms, in the thread that ends the child. Each adds
 * a byte to $STEPS.PID; where there is a file $STEPS.hold, none is gone after
 * the 60th. */
void apr_sleep(long long t)
{
    void (*real)(long long) = dlsym(RTLD_NEXT, "apr_sleep");
    const char *steps = getenv("STEPS");
    static int count;
    char path[1024];
    int fd;

    if (steps && t == 10000 && syscall(SYS_gettid) == getpid()) {
        snprintf(path, sizeof(path), "%s.%d", steps, (int)getpid());
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (fd < 0 || write(fd, "x", 1) != 1) {
            abort();
        }
        close(fd);
        snprintf(path, sizeof(path), "%s.hold", steps);
        while (count >= 60 && access(path, F_OK) == 0) {
            real(t);
        }
        ++count;
    }
    real(t);
}
"""

LATE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_inside;

static void note(const char *what)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s.%s", getenv("LATE"), what);
    close(open(path, O_WRONLY | O_CREAT, 0644));
}

/* Runs after the exit handlers of all libraries. */
static void at_exit(void)
{
    if (is_inside) {
        note("handlers");
    }
}

__attribute__((constructor)) static void begin(void)
{
    if (getenv("LATE")) {
        atexit(at_exit);
    }
}

/* Keeps the thread that calls the function LATE_IN. */
static void keep(const char *function)
{
    if (getenv("LATE") && !strcmp(getenv("LATE_IN"), function)) {
        is_inside = 1;
        note("inside");
        for (;;) {
            pause();
        }
    }
}

/* The worker's thread calls it first of all. */
void *curl_multi_init(void)
{
    void *(*real)(void) = dlsym(RTLD_NEXT, "curl_multi_init");

    keep("curl_multi_init");
    return real();
}

/* The DNS responder's thread calls it for each query. */
int ldns_wire2pkt(void *packet, const void *data, size_t len)
{
    int (*real)(void *, const void *, size_t) =
        dlsym(RTLD_NEXT, "ldns_wire2pkt");

    keep("ldns_wire2pkt");
    return real(packet, data, len);
}
"""

CRASH = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The process crashes when it gives a file a name with $CRASH_AT in it. */
int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    const char *at = getenv("CRASH_AT");

    if (at && strstr(to, at)) {
        raise(SIGSEGV);
    }
    return real(from, to);
}
"""

LOAD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What has $LOAD_OF in its path is not loaded ($LOAD_HOW fails), or the process
 * is killed. */
static int spoilt(const char *path)
{
    const char *of = getenv("LOAD_OF");
    const char *how = getenv("LOAD_HOW");

    if (!of || !how || !strstr(path, of)) {
        return 0;
    }
    if (strcmp(how, "fails") != 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return 1;
}

int SSL_CTX_use_certificate_file(void *ctx, const char *path, int type)
{
    int (*real)(void *, const char *, int) =
        dlsym(RTLD_NEXT, "SSL_CTX_use_certificate_file");

    return spoilt(path) ? 0 : real(ctx, path, type);
}

int SSL_CTX_use_certificate_chain_file(void *ctx, const char *path)
{
    int (*real)(void *, const char *) =
        dlsym(RTLD_NEXT, "SSL_CTX_use_certificate_chain_file");

    return spoilt(path) ? 0 : real(ctx, path);
}
"""


def build(folder, name):
    """Returns the path of a library; skips the test without a compiler."""
    source = {"kill_at": KILL_AT, "end_in": END_IN, "steps": STEPS,
              "load": LOAD, "crash": CRASH, "late": LATE}[name]
    path = os.path.join(folder, name + ".so")
    with open(path[:-3] + ".c", "w", encoding="ascii") as file:
        file.write(source)
    try:
        done = procs.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o",
                          path, path[:-3] + ".c", "-ldl"])
    except FileNotFoundError:
        pytest.skip("there is no C compiler")
    assert done.returncode == 0, done.stdout
    return path
