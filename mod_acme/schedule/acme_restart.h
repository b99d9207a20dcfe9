/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_restart.h
 * @brief Decides when the server restarts itself: a pure function.
 *
 * A restart is urgent when a site has no working certificate without it: it
 * serves a placeholder, or its certificate is about to expire. All others are
 * routine and gather.
 */
#ifndef ACME_RESTART_H
#define ACME_RESTART_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/** A time of the day by the machine's clock, in minutes since midnight. A
 *  window that ends before it begins goes over midnight. */
typedef struct acme_restart_window_t {
    int from;  /**< 0 to 1439 */
    int until; /**< 1 to 1440; that minute is not in the window */
} acme_restart_window_t;

typedef struct acme_restart_policy_t {
    apr_interval_time_t delay;         /**< wait after the first certificate
                                            is ready */
    apr_interval_time_t interval;      /**< least time between two restarts */
    apr_interval_time_t gather;        /**< longest time that routine
                                            certificates gather */
    const apr_array_header_t *windows; /**< acme_restart_window_t: routine
                                            restarts happen inside them,
                                            instead of gathering; NULL: at
                                            any time */
} acme_restart_policy_t;

typedef struct acme_restart_facts_t {
    int urgent;              /**< sites with an urgent staged certificate */
    int routine;             /**< sites with another staged certificate */
    apr_time_t first_ready;  /**< when the first of these was seen, or 0 */
    apr_time_t last_restart; /**< time of the last restart, whatever caused
                                  it */
    apr_interval_time_t last_duration; /**< time that the last restart took,
                                            or 0 */
    int fruitless; /**< our restarts in a row that promoted nothing */
    int draining;  /**< old process generations with requests in progress */
} acme_restart_facts_t;

/** Restarts are apart by this many times their own duration. */
#define ACME_RESTART_DUTY 20

/** Returns when to restart; a time in the past means at once. 0: there is
 *  nothing to restart for; ACME_RESTART_WAIT: not while old generations
 *  drain. */
apr_time_t acme_restart_at(const acme_restart_policy_t *policy,
                           const acme_restart_facts_t *facts, apr_time_t now);

#define ACME_RESTART_WAIT APR_INT64_MAX

/** Reads "02:00-04:00", "22:30-24:00" or "23:00-01:00".
 *  @param why on APR_EINVAL, what is wrong */
apr_status_t acme_restart_window_parse(acme_restart_window_t *window,
                                       const char *text, const char **why);

#endif
