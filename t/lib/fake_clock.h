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
 * @file fake_clock.h
 * @brief A clock that stands still until a test turns it.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include "acme_time.h"

/** Where it starts: 2030-01-01T00:00:00Z. */
#define FAKE_CLOCK_START apr_time_from_sec(1893456000)

typedef struct fake_clock_t {
    acme_clock_t clock; /**< hand this to what asks for the time */
    apr_time_t now;     /**< set it as you like */
} fake_clock_t;

fake_clock_t *fake_clock_create(apr_pool_t *p);

/** Some time goes by. */
void fake_clock_turn(fake_clock_t *clock, apr_interval_time_t by);

#endif
