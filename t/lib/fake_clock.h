/* SPDX-License-Identifier: Apache-2.0 */

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
