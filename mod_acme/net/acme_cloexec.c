/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_cloexec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the number of descriptors that there may be. */
static int limit(void)
{
    struct rlimit most;

    return getrlimit(RLIMIT_NOFILE, &most) == 0
                   && most.rlim_cur < ACME_CLOEXEC_MAX
               ? (int)most.rlim_cur
               : ACME_CLOEXEC_MAX;
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

void acme_cloexec_note(acme_cloexec_t *before)
{
    int count = limit();
    int fd;

    memset(before, 0, sizeof(*before));
    for (fd = STDERR_FILENO + 1; fd < count; fd++) {
        if (is_inherited(fd)) {
            before->inherited[fd / 8] |= (unsigned char)(1 << fd % 8);
        }
    }
}

void acme_cloexec_set(const acme_cloexec_t *before)
{
    int count = limit();
    int fd;

    for (fd = STDERR_FILENO + 1; fd < count; fd++) {
        if (!(before->inherited[fd / 8] & 1 << fd % 8) && is_inherited(fd)
            && is_channel(fd)) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
    }
}
