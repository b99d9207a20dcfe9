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

#include "fake_clock.h"

static apr_time_t tell(void *baton)
{
    const fake_clock_t *clock = baton;

    return clock->now;
}

fake_clock_t *fake_clock_create(apr_pool_t *p)
{
    fake_clock_t *clock = apr_pcalloc(p, sizeof(*clock));

    clock->clock.now = tell;
    clock->clock.baton = clock;
    clock->now = FAKE_CLOCK_START;
    return clock;
}

void fake_clock_turn(fake_clock_t *clock, apr_interval_time_t by)
{
    clock->now += by;
}
