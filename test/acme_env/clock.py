# SPDX-License-Identifier: Apache-2.0

"""The wall clock as a server sees it, set by a test.

A preloaded library adds the number in a shared file to every reading of the
system's clock. The file is mapped, so that a change is seen at once. For the
monotonic clock there is another number, because timeouts use that clock."""

import os
import shutil
import struct

from . import procs

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile struct {
    long long real, monotonic;
} *by;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ACME_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = MAP_FAILED;

    if (fd >= 0) {
        map = mmap(NULL, sizeof(*by), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
    }
    by = map == MAP_FAILED ? NULL : map;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, id, t);

    if (rc == 0 && id == CLOCK_REALTIME && by) {
        t->tv_sec += by->real;
    }
    if (rc == 0 && (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW)
        && by) {
        t->tv_sec += by->monotonic;
    }
    return rc;
}

int gettimeofday(struct timeval *tv, void *zone)
{
    struct timespec t;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    tv->tv_sec = t.tv_sec;
    tv->tv_usec = t.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (result) {
        *result = t.tv_sec;
    }
    return t.tv_sec;
}
"""


class Clock:
    """Made before the server starts: httpd.clock = Clock(folder)."""

    def __init__(self, folder):
        compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
        source = os.path.join(folder, "clock.c")
        self.library = os.path.join(folder, "clock.so")
        self.path = os.path.join(folder, "clock")
        with open(source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        done = procs.run(compiler.split() + ["-O1", "-shared", "-fPIC", "-o",
                                             self.library, source])
        assert done.returncode == 0, done.stdout
        with open(self.path, "wb") as file:
            file.write(struct.pack("qq", 0, 0))

    def _set(self, offset, seconds):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(struct.pack("q", seconds))

    def turn_to(self, seconds):
        """Sets the clock so many seconds ahead of the machine's, or behind it.
        """
        self._set(0, seconds)

    def wait_for_nothing(self, seconds):
        """Lets all waits for a response be longer by so many seconds."""
        self._set(struct.calcsize("q"), seconds)

    def env(self):
        return {"ACME_TEST_CLOCK": self.path}
