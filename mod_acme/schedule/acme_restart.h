/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_restart.h
 * @brief Whether the server is to restart itself now: a pure function.
 *
 * Urgent is what leaves a site without a working certificate: nothing real is
 * served yet, or it is about to expire. Everything else is routine and gathers.
 */
#ifndef ACME_RESTART_H
#define ACME_RESTART_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/** A time of the day, by the machine's clock: minutes since midnight. It goes
 *  over midnight when it ends before it begins. */
typedef struct acme_restart_window_t {
    int from;  /**< 0 to 1439 */
    int until; /**< 1 to 1440; the minute itself is not in it */
} acme_restart_window_t;

typedef struct acme_restart_policy_t {
    apr_interval_time_t delay;         /**< after the first that is ready */
    apr_interval_time_t interval;      /**< least time between two restarts */
    apr_interval_time_t gather;        /**< longest that routine ones wait */
    const apr_array_header_t *windows; /**< acme_restart_window_t: when routine
                                            ones may be, instead of gathering;
                                            NULL: at any time */
} acme_restart_policy_t;

typedef struct acme_restart_facts_t {
    int urgent;              /**< sites with something urgent staged */
    int routine;             /**< sites with something else staged */
    apr_time_t first_ready;  /**< when the first of them was seen, or 0 */
    apr_time_t last_restart; /**< of any restart, by anybody */
    apr_interval_time_t last_duration; /**< of the last restart, or 0 */
    int fruitless; /**< our restarts in a row that promoted nothing */
    int draining;  /**< old generations with requests in flight */
} acme_restart_facts_t;

/** Restarts are at least this many times their own duration apart. */
#define ACME_RESTART_DUTY 20

/** When to restart, now or in the past: at once; 0: nothing to restart for;
 *  ACME_RESTART_WAIT: not while old generations drain. */
apr_time_t acme_restart_at(const acme_restart_policy_t *policy,
                           const acme_restart_facts_t *facts, apr_time_t now);

#define ACME_RESTART_WAIT APR_INT64_MAX

/** "02:00-04:00", "22:30-24:00", "23:00-01:00". APR_EINVAL, and why. */
apr_status_t acme_restart_window_parse(acme_restart_window_t *window,
                                       const char *text, const char **why);

#endif
