/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_sigpipe.h
 * @brief Holds SIGPIPE back from this thread while it writes to sockets.
 *
 * With CURLOPT_NOSIGNAL libcurl does not handle SIGPIPE itself, c-ares never
 * does, and the signal handlers of the process belong to httpd.
 */
#ifndef ACME_SIGPIPE_H
#define ACME_SIGPIPE_H

#include <signal.h>

typedef struct acme_sigpipe_t {
    sigset_t before;
    int was_pending;
} acme_sigpipe_t;

/** Blocks SIGPIPE in this thread. */
void acme_sigpipe_hold(acme_sigpipe_t *held);

/** Drops a SIGPIPE that was raised meanwhile and restores the signal mask. */
void acme_sigpipe_release(const acme_sigpipe_t *held);

#endif
