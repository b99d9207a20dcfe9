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
