/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "acme_sigpipe.h"

static int is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

static int is_blocked(void)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, SIGPIPE);
}

/* Raises SIGPIPE, which ends the program unless it is held back. */
static void write_to_nobody(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

static void a_broken_pipe_ends_nothing(void **state)
{
    acme_sigpipe_t held;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    acme_sigpipe_hold(&held);
    write_to_nobody();
    assert_true(is_pending());
    acme_sigpipe_release(&held);
    assert_false(is_pending());
    assert_false(is_blocked());
}

static void what_was_pending_before_stays_pending(void **state)
{
    acme_sigpipe_t outer;
    acme_sigpipe_t inner;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    acme_sigpipe_hold(&outer);
    write_to_nobody();
    acme_sigpipe_hold(&inner);
    write_to_nobody();
    acme_sigpipe_release(&inner);
    assert_true(is_pending());
    assert_true(is_blocked());
    acme_sigpipe_release(&outer);
    assert_false(is_pending());
}

ACME_T_MAIN(ACME_T(a_broken_pipe_ends_nothing),
            ACME_T(what_was_pending_before_stays_pending))
