/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

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
