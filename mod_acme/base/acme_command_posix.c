/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_lib.h>

#include "config.h"

/* Most bytes that are read of a program's output at a time, because one that
 * prints without end must not keep us reading. */
#define READ_MOST (64 * 1024)

typedef struct process_t {
    pid_t pid;
    pid_t owner; /* the process that started it, which alone waits for it */
    int output;
    int asked; /* a signal was sent to it */
    int over;
} process_t;

/* ---- start ---- */

#ifndef HAVE_SPAWN_CLOSEFROM
/* Adds each descriptor that is open now. One that another thread opens
 * meanwhile is left to its own close-on-exec flag. */
static int add_open(posix_spawn_file_actions_t *actions, apr_pool_t *p)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    int fd, rv = 0;

    if (apr_dir_open(&dir, "/proc/self/fd", p)
        && apr_dir_open(&dir, "/dev/fd", p)) {
        return 0;
    }
    while (!rv && !apr_dir_read(&entry, APR_FINFO_NAME, dir)) {
        fd = apr_isdigit(*entry.name) ? atoi(entry.name) : 0;
        if (fd > 2) {
            rv = posix_spawn_file_actions_addclose(actions, fd);
        }
    }
    apr_dir_close(dir);
    return rv;
}
#endif

static int set_files(posix_spawn_file_actions_t *actions, int output,
                     apr_pool_t *p)
{
    int rv =
        posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    if (!rv) {
        rv = posix_spawn_file_actions_adddup2(actions, output, 1);
    }
    if (!rv) {
        rv = posix_spawn_file_actions_adddup2(actions, output, 2);
    }
    if (!rv) {
#ifdef HAVE_SPAWN_CLOSEFROM
        (void)p;
        rv = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#else
        rv = add_open(actions, p);
#endif
    }
    return rv;
}

/* No signal is blocked and all have their default action, because httpd blocks
 * some in its threads and ignores others, and programs inherit both. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    int rv;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    rv = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK
                                            | POSIX_SPAWN_SETSIGDEF
                                            | POSIX_SPAWN_SETPGROUP);
    if (!rv) {
        rv = posix_spawnattr_setsigmask(attr, &none);
    }
    if (!rv) {
        rv = posix_spawnattr_setsigdefault(attr, &all);
    }
    if (!rv) {
        rv = posix_spawnattr_setpgroup(attr, 0);
    }
    return rv;
}

static int spawn(process_t *process, int output, const char *const *argv,
                 const char *const *env, apr_pool_t *p)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rv = posix_spawn_file_actions_init(&actions);

    if (rv) {
        return rv;
    }
    rv = posix_spawnattr_init(&attr);
    if (!rv) {
        rv = set_files(&actions, output, p);
        if (!rv) {
            rv = set_signals(&attr);
        }
        if (!rv) {
            rv = posix_spawn(&process->pid, argv[0], &actions, &attr,
                             (char *const *)argv, (char *const *)env);
        }
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

/* Waits for a program that was killed, which takes a moment. */
static apr_status_t end(void *data)
{
    process_t *process = data;

    if (process->owner != getpid()) {
        return APR_SUCCESS;
    }
    if (!process->over) {
        kill(-process->pid, SIGKILL);
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        process->over = 1;
    }
    close(process->output);
    return APR_SUCCESS;
}

/* Opens a pipe that no other program inherits. Its ends are above the standard
 * descriptors, because what the program gets there is put in their place. */
static int open_pipe(int ends[2])
{
    int i, fd;

    if (pipe2(ends, O_CLOEXEC)) {
        return errno;
    }
    for (i = 0; i < 2; ++i) {
        if (ends[i] > 2) {
            continue;
        }
        fd = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
        if (fd < 0) {
            fd = errno;
            close(ends[0]);
            close(ends[1]);
            return fd;
        }
        close(ends[i]);
        ends[i] = fd;
    }
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        fd = errno;
        close(ends[0]);
        close(ends[1]);
        return fd;
    }
    return 0;
}

static apr_status_t start(void **started, void *baton, const char *const *argv,
                          const char *const *env, apr_pool_t *p)
{
    process_t *process = apr_pcalloc(p, sizeof(*process));
    int ends[2];
    int rv = open_pipe(ends);

    (void)baton;
    if (rv) {
        return rv;
    }
    rv = spawn(process, ends[1], argv, env, p);
    close(ends[1]);
    if (rv) {
        close(ends[0]);
        return rv;
    }
    process->output = ends[0];
    process->owner = getpid();
    apr_pool_cleanup_register(p, process, end, apr_pool_cleanup_null);
    *started = process;
    return APR_SUCCESS;
}

/* ---- look ---- */

/* Keeps the end of what was printed: `words` and then `more`. */
static void keep_end(char *words, apr_size_t size, const char *more,
                     apr_size_t len)
{
    apr_size_t most = size - 1, had = strlen(words), drop;

    if (len >= most) {
        memcpy(words, more + len - most, most);
        words[most] = '\0';
        return;
    }
    drop = had + len > most ? had + len - most : 0;
    memmove(words, words + drop, had - drop);
    memcpy(words + had - drop, more, len);
    words[had - drop + len] = '\0';
}

static void read_output(const process_t *process, char *words, apr_size_t size)
{
    char buffer[4096];
    apr_size_t i, all = 0;
    ssize_t n;

    while (all < READ_MOST) {
        n = read(process->output, buffer, sizeof(buffer));
        if (n <= 0) {
            return;
        }
        /* A NUL would end the text. */
        for (i = 0; i < (apr_size_t)n; ++i) {
            if (buffer[i] == '\0') {
                buffer[i] = '?';
            }
        }
        keep_end(words, size, buffer, (apr_size_t)n);
        all += (apr_size_t)n;
    }
}

static apr_status_t look(acme_command_end_t *how, char *words, apr_size_t size,
                         void *looked_at)
{
    process_t *process = looked_at;
    siginfo_t info;
    pid_t rv;
    int status;

    read_output(process, words, size);
    info.si_pid = 0;
    do {
        rv = waitid(P_PID, (id_t)process->pid, &info,
                    WEXITED | WNOHANG | WNOWAIT);
    } while (rv < 0 && errno == EINTR);
    if (rv == 0 && info.si_pid == 0) {
        return APR_EAGAIN;
    }
    if (process->asked) {
        /* Others of its group may not have heeded the signal. The group's
         * number is not used again before its leader was waited for. */
        kill(-process->pid, SIGKILL);
    }
    do {
        rv = waitpid(process->pid, &status, WNOHANG);
    } while (rv < 0 && errno == EINTR);
    process->over = 1;
    read_output(process, words, size);
    if (rv < 0) {
        /* The process ignores the end of its children, or another part of it
         * has waited for this one. */
        how->status = -1;
    }
    else if (WIFSIGNALED(status)) {
        how->signal = WTERMSIG(status);
    }
    else {
        how->status = WEXITSTATUS(status);
    }
    return APR_SUCCESS;
}

static void send_signal(void *sent_to, int number)
{
    process_t *process = sent_to;

    if (!process->over) {
        process->asked = 1;
        kill(-process->pid, number);
    }
}

const acme_command_system_t acme_command_posix = {NULL, start, look,
                                                  send_signal};
