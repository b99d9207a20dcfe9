/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_time.h
 * @brief The clock, and times and durations as text.
 *
 * Everything that decides by time asks an acme_clock_t, so that tests turn it.
 * All times are apr_time_t: microseconds since 1970, UTC.
 */
#ifndef ACME_TIME_H
#define ACME_TIME_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct acme_clock_t {
    apr_time_t (*now)(void *baton);
    void *baton;
} acme_clock_t;

/** The system's clock. */
extern const acme_clock_t acme_time_system_clock;

/** The time on that clock. */
apr_time_t acme_time_now(const acme_clock_t *clock);

#define ACME_TIME_MINUTE apr_time_from_sec(60)
#define ACME_TIME_HOUR   apr_time_from_sec(3600)
#define ACME_TIME_DAY    apr_time_from_sec(86400)

/** RFC 3339 with any offset and fraction. APR_EINVAL when it is none. */
apr_status_t acme_time_parse(apr_time_t *t, const char *text);

/** For people: "2026-11-20T22:51:07Z", without a fraction. */
const char *acme_time_print(apr_time_t t, apr_pool_t *p);

/** The same time again when it is parsed: with a fraction where there is
 *  one. */
const char *acme_time_print_exact(apr_time_t t, apr_pool_t *p);

/**
 * Retry-After (RFC 9110 10.2.3), seconds or an HTTP date, as a point in time
 * between now + min and now + max. 0 when the header is NULL or unreadable.
 */
apr_time_t acme_time_retry_after(const char *value, apr_time_t now,
                                 apr_interval_time_t min,
                                 apr_interval_time_t max);

/**
 * A duration: a number with a unit ms, s, min, mi, h or hours, d or days, w;
 * a bare number counts in `unit`. As in mod_md; never negative, at most ten
 * years. APR_EINVAL when it is none.
 */
apr_status_t acme_time_parse_duration(apr_interval_time_t *d, const char *text,
                                      apr_interval_time_t unit);

/** For people: "2 days 3 hours", at most two units. */
const char *acme_time_print_duration(apr_interval_time_t d, apr_pool_t *p);

#endif
