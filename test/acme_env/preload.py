# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Libraries put before libc's functions, by LD_PRELOAD.

kill_at   ends the process with SIGKILL before or after the n-th change of the
          file system below a folder
clock     turns the clock of a process"""

import os

import pytest

from . import procs

KILL_AT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Counts what changes names below $KILL_BELOW, in one process at a time: they
 * are numbered through the file $KILL_COUNT, so that its length tells how many
 * there were. */
static void step(const char *path, int after)
{
    const char *below = getenv("KILL_BELOW");
    const char *at = getenv("KILL_AT");
    static long count;

    if (!below || !at || !path || strncmp(path, below, strlen(below)) != 0) {
        return;
    }
    ++count;
    if (getenv("KILL_COUNT")) {
        FILE *file = fopen(getenv("KILL_COUNT"), "a");
        if (file) {
            fprintf(file, "%d %s\n", after, path);
            fclose(file);
        }
    }
    if (count == atol(at)) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

#define REAL(type, name, args) type (*real) args = dlsym(RTLD_NEXT, #name)

int rename(const char *from, const char *to)
{
    REAL(int, rename, (const char *, const char *));
    int rv, saved;

    step(to, 0);
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

    step(path, 0);
    rv = real(path);
    saved = errno;
    step(path, 1);
    errno = saved;
    return rv;
}

int rmdir(const char *path)
{
    REAL(int, rmdir, (const char *));

    step(path, 0);
    return real(path);
}

int symlink(const char *target, const char *path)
{
    REAL(int, symlink, (const char *, const char *));

    step(path, 0);
    return real(target, path);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, mkdir, (const char *, mode_t));

    step(path, 0);
    return real(path, mode);
}
"""

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long off(void)
{
    const char *text = getenv("CLOCK_OFF");
    return text ? atol(text) : 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int rv = real(tv, zone);

    tv->tv_sec += off();
    return rv;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int (*real)(clockid_t, struct timespec *) =
        dlsym(RTLD_NEXT, "clock_gettime");
    int rv = real(clock, ts);

    if (clock == CLOCK_REALTIME) {
        ts->tv_sec += off();
    }
    return rv;
}

time_t time(time_t *t)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    if (t) {
        *t = ts.tv_sec;
    }
    return ts.tv_sec;
}
"""


def build(folder, name):
    """The path of a library; the test is skipped without a compiler."""
    source = {"kill_at": KILL_AT, "clock": CLOCK}[name]
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
