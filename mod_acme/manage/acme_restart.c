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

#include "acme_restart.h"

#include "acme_time.h"

#define LATER(a, b) ((a) > (b) ? (a) : (b))

/** Old generations that may drain before routine restarts wait for them. */
#define DRAINING_MAX 2

/**
 * Least time between two restarts. What did not help is not done again soon:
 * each fruitless restart doubles it, to a day at most.
 */
static apr_interval_time_t distance(const acme_restart_policy_t *policy,
                                    const acme_restart_facts_t *facts)
{
    apr_interval_time_t d;
    int i;

    d = LATER(0, policy->interval);
    if (facts->last_duration > 0) {
        d = LATER(d, ACME_RESTART_DUTY * facts->last_duration);
    }
    if (facts->fruitless > 0) {
        d = LATER(d, ACME_TIME_MINUTE / 2);
    }
    for (i = 0; i < facts->fruitless && d < ACME_TIME_DAY; ++i) {
        d = d > ACME_TIME_DAY / 2 ? ACME_TIME_DAY : 2 * d;
    }
    return d;
}

apr_time_t acme_restart_at(const acme_restart_policy_t *policy,
                           const acme_restart_facts_t *facts)
{
    apr_time_t at;

    if (facts->urgent <= 0 && facts->routine <= 0) {
        return 0;
    }
    at = facts->first_ready + LATER(0, policy->delay);
    if (facts->urgent <= 0) {
        if (facts->draining >= DRAINING_MAX) {
            return ACME_RESTART_WAIT;
        }
        at = LATER(at, facts->first_ready + policy->gather);
    }
    if (facts->last_restart > 0) {
        at = LATER(at, facts->last_restart + distance(policy, facts));
    }
    /* 0 would say that there is nothing to restart for. */
    return LATER(1, at);
}
