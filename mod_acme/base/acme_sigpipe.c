/* SPDX-License-Identifier: Apache-2.0 */

#include <pthread.h>
#include <time.h>

#include "acme_sigpipe.h"

static int is_sigpipe_pending(void)
{
    sigset_t pending;

    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

void acme_sigpipe_hold(acme_sigpipe_t *held)
{
    sigset_t sigpipe;

    held->was_pending = is_sigpipe_pending();
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &held->before);
}

void acme_sigpipe_release(const acme_sigpipe_t *held)
{
    if (!held->was_pending && is_sigpipe_pending()) {
        const struct timespec at_once = {0, 0};
        sigset_t sigpipe;

        sigemptyset(&sigpipe);
        sigaddset(&sigpipe, SIGPIPE);
        (void)sigtimedwait(&sigpipe, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
