/* SPDX-License-Identifier: Apache-2.0 */

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
