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

#include "acme_t.h"

#include "acme_restart.h"
#include "acme_time.h"

#define SEC  apr_time_from_sec(1)
#define MIN  ACME_TIME_MINUTE
#define HOUR ACME_TIME_HOUR
#define DAY  ACME_TIME_DAY
#define T0   apr_time_from_sec(1767323045)

static const acme_restart_policy_t usual = {0, MIN, 6 * HOUR};
static const acme_restart_policy_t delayed = {5 * MIN, MIN, 6 * HOUR};
static const acme_restart_policy_t unbounded = {0, 0, 0};
static const acme_restart_policy_t slow = {0, 3 * DAY, 6 * HOUR};

static const struct {
    const char *what;
    const acme_restart_policy_t *policy;
    acme_restart_facts_t facts;
    apr_time_t at;
} rows[] = {
    {"nothing is staged", &usual, {0, 0, T0, T0, 0, 0, 0}, 0},
    {"nothing is staged, whatever drains", &usual, {0, 0, 0, 0, 0, 3, 9}, 0},

    {"urgent, first ever", &usual, {1, 0, T0, 0, 0, 0, 0}, T0},
    {"urgent, long after the last", &usual, {1, 0, T0, T0 - DAY, 0, 0, 0}, T0},
    {"urgent, soon after the last",
     &usual,
     {1, 0, T0, T0 - 10 * SEC, 0, 0, 0},
     T0 + 50 * SEC},
    {"urgent, the last one came later",
     &usual,
     {1, 0, T0, T0 + 10 * SEC, 0, 0, 0},
     T0 + 70 * SEC},
    {"urgent, the last one took long",
     &usual,
     {1, 0, T0, T0, 7 * SEC, 0, 0},
     T0 + 140 * SEC},
    {"urgent, the last one was quick",
     &usual,
     {1, 0, T0, T0, SEC, 0, 0},
     T0 + MIN},
    {"urgent, with delay", &delayed, {1, 0, T0, 0, 0, 0, 0}, T0 + 5 * MIN},
    {"urgent, delay and distance: the later",
     &delayed,
     {1, 0, T0, T0, 20 * SEC, 0, 0},
     T0 + 400 * SEC},
    {"urgent beside routine does not gather",
     &usual,
     {1, 5, T0, 0, 0, 0, 0},
     T0},
    {"urgent does not wait for what drains",
     &usual,
     {1, 0, T0, 0, 0, 0, 5},
     T0},
    {"urgent, never seen, is at once", &usual, {1, 0, 0, 0, 0, 0, 0}, 1},

    {"routine gathers", &usual, {0, 1, T0, T0 - DAY, 0, 0, 0}, T0 + 6 * HOUR},
    {"routine, delay is shorter than gathering",
     &delayed,
     {0, 1, T0, 0, 0, 0, 0},
     T0 + 6 * HOUR},
    {"routine without gathering still has its distance",
     &slow,
     {0, 1, T0, T0, 0, 0, 0},
     T0 + 3 * DAY},
    {"routine, one generation drains",
     &usual,
     {0, 1, T0, 0, 0, 0, 1},
     T0 + 6 * HOUR},
    {"routine, two generations drain",
     &usual,
     {0, 1, T0, 0, 0, 0, 2},
     ACME_RESTART_WAIT},
    {"routine, many generations drain",
     &usual,
     {0, 1, T0, 0, 0, 0, 7},
     ACME_RESTART_WAIT},

    {"one fruitless restart doubles",
     &usual,
     {1, 0, T0, T0, 0, 1, 0},
     T0 + 2 * MIN},
    {"five of them", &usual, {1, 0, T0, T0, 0, 5, 0}, T0 + 32 * MIN},
    {"the duration's distance is doubled as well",
     &usual,
     {1, 0, T0, T0, 6 * SEC, 2, 0},
     T0 + 480 * SEC},
    {"fruitless ones are a day apart at most",
     &usual,
     {1, 0, T0, T0, 0, 2000000000, 0},
     T0 + DAY},
    {"a longer interval stays as it is",
     &slow,
     {1, 0, T0, T0, 0, 4, 0},
     T0 + 3 * DAY},
    {"no interval is no loop", &unbounded, {1, 0, T0, T0, 0, 1, 0}, T0 + MIN},
    {"no interval is no loop later on",
     &unbounded,
     {1, 0, T0, T0, 0, 4, 0},
     T0 + 8 * MIN},
};

static void each_row_has_its_time(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); ++i) {
        apr_time_t at = acme_restart_at(rows[i].policy, &rows[i].facts);

        if (at != rows[i].at) {
            fail_msg("%s: %ld s after T0 instead of %ld s", rows[i].what,
                     (long)apr_time_sec(at - T0),
                     (long)apr_time_sec(rows[i].at - T0));
        }
    }
}

static void nonsense_gives_no_loop(void **state)
{
    static const acme_restart_policy_t policy = {-DAY, -DAY, -DAY};
    static const acme_restart_facts_t facts = {1, -1, T0, T0, -DAY, 3, -1};

    (void)state;
    assert_true(acme_restart_at(&policy, &facts) >= T0 + MIN);
}

ACME_T_MAIN(ACME_T(each_row_has_its_time), ACME_T(nonsense_gives_no_loop))
