/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file fake_clock.h
 * @brief A clock that stands still until a test sets it.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include "acme_time.h"

/** The time that it starts with: 2030-01-01T00:00:00Z. */
#define FAKE_CLOCK_START apr_time_from_sec(1893456000)

typedef struct fake_clock_t {
    acme_clock_t clock; /**< to be passed to the code under test */
    apr_time_t now;     /**< may be set at any time */
} fake_clock_t;

fake_clock_t *fake_clock_create(apr_pool_t *p);

/** Sets the clock forward. */
void fake_clock_turn(fake_clock_t *clock, apr_interval_time_t by);

#endif
