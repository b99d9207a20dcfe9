/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_time.h
 * @brief The clock, and times and durations as text.
 *
 * Code that decides by time asks an acme_clock_t, which tests can set. All
 * times are apr_time_t: microseconds since 1970, UTC.
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

/** Returns the time on that clock. */
apr_time_t acme_time_now(const acme_clock_t *clock);

#define ACME_TIME_MINUTE apr_time_from_sec(60)
#define ACME_TIME_HOUR   apr_time_from_sec(3600)
#define ACME_TIME_DAY    apr_time_from_sec(86400)

/** Parses a time as in RFC 3339, with any offset and fraction. APR_EINVAL when
 *  the text is not one. */
apr_status_t acme_time_parse(apr_time_t *t, const char *text);

/** Prints a time for people: "2026-11-20T22:51:07Z", without a fraction. */
const char *acme_time_print(apr_time_t t, apr_pool_t *p);

/** Prints a time so that parsing the text gives the same time: with a fraction
 *  if the time has one. */
const char *acme_time_print_exact(apr_time_t t, apr_pool_t *p);

/**
 * Reads Retry-After (RFC 9110 10.2.3), which has seconds or an HTTP date.
 * Returns a time between now + min and now + max, or 0 when the header is NULL
 * or unreadable.
 */
apr_time_t acme_time_retry_after(const char *value, apr_time_t now,
                                 apr_interval_time_t min,
                                 apr_interval_time_t max);

/**
 * Parses a duration as mod_md does: a number with a unit (ms, s, min, mi, h,
 * hour, hours, d, day, days, w); a number alone counts in `unit`. At most ten
 * years. APR_EINVAL when the text is not a duration.
 */
apr_status_t acme_time_parse_duration(apr_interval_time_t *d, const char *text,
                                      apr_interval_time_t unit);

/** Prints a duration for people: "2 days 3 hours", at most two units. */
const char *acme_time_print_duration(apr_interval_time_t d, apr_pool_t *p);

#endif
