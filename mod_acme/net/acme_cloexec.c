/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_cloexec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptors of this process, on Linux. */
#define FOLDER "/proc/self/fd"

typedef void visit_fn(int fd, void *baton);

/* Returns the number of descriptors that there may be. */
static int limit(void)
{
    struct rlimit most;

    return getrlimit(RLIMIT_NOFILE, &most) == 0
                   && most.rlim_cur < ACME_CLOEXEC_MAX
               ? (int)most.rlim_cur
               : ACME_CLOEXEC_MAX;
}

/* Visits the descriptors that are open. Where the system does not list them, as
 * in a chroot, visits all that there may be, which costs a system call each. */
static void visit_all(visit_fn *visit, void *baton)
{
    DIR *dir = opendir(FOLDER);
    const struct dirent *entry;
    int count = limit();
    int fd;

    if (!dir) {
        for (fd = STDERR_FILENO + 1; fd < count; fd++) {
            visit(fd, baton);
        }
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        fd = atoi(entry->d_name); /* 0 for "." and ".." */
        if (fd > STDERR_FILENO && fd < count) {
            visit(fd, baton);
        }
    }
    closedir(dir);
}

static int is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Returns zero for files and devices, which libcurl does not keep open. */
static int is_channel(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)
           && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode);
}

static void note(int fd, void *baton)
{
    acme_cloexec_t *before = baton;

    if (is_inherited(fd)) {
        before->inherited[fd / 8] |= (unsigned char)(1 << fd % 8);
    }
}

void acme_cloexec_note(acme_cloexec_t *before)
{
    memset(before, 0, sizeof(*before));
    visit_all(note, before);
}

static void set(int fd, void *baton)
{
    const acme_cloexec_t *before = baton;

    if (!(before->inherited[fd / 8] & 1 << fd % 8) && is_inherited(fd)
        && is_channel(fd)) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

void acme_cloexec_set(acme_cloexec_t *before)
{
    visit_all(set, before);
}
