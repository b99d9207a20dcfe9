/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acme_cloexec.h"

/* Below the least that systems allow a process, and far above what is open. */
#define HIGH 200

static int is_inherited(int fd)
{
    return !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void only_what_is_new_gets_the_flag(void **state)
{
    acme_cloexec_t before;
    int old[2], pair[2], ends[2];
    int file, high;

    (void)state;
    assert_int_equal(pipe(old), 0);
    acme_cloexec_note(&before);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(ends), 0);
    file = open("/dev/null", O_RDONLY);
    high = fcntl(pair[0], F_DUPFD, HIGH);
    assert_true(high >= HIGH);
    acme_cloexec_set(&before);
    assert_false(is_inherited(pair[0]));
    assert_false(is_inherited(pair[1]));
    assert_false(is_inherited(ends[0]));
    assert_false(is_inherited(ends[1]));
    assert_false(is_inherited(high));
    assert_true(is_inherited(old[0]));
    assert_true(is_inherited(old[1]));
    assert_true(is_inherited(file));
    assert_true(is_inherited(STDERR_FILENO));
    close(old[0]);
    close(old[1]);
    close(pair[0]);
    close(pair[1]);
    close(ends[0]);
    close(ends[1]);
    close(file);
    close(high);
}

ACME_T_MAIN(ACME_T(only_what_is_new_gets_the_flag))
