/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_sigpipe.h
 * @brief Holds SIGPIPE back from this thread while it writes to sockets.
 *
 * With CURLOPT_NOSIGNAL libcurl does not care for SIGPIPE itself, and how the
 * process handles signals is not ours to change.
 */
#ifndef ACME_SIGPIPE_H
#define ACME_SIGPIPE_H

#include <signal.h>

typedef struct acme_sigpipe_t {
    sigset_t before;
    int was_pending;
} acme_sigpipe_t;

/** From now on this thread's writes raise none. */
void acme_sigpipe_hold(acme_sigpipe_t *held);

/** Swallows what was raised meanwhile and restores the signal mask. */
void acme_sigpipe_release(const acme_sigpipe_t *held);

#endif
