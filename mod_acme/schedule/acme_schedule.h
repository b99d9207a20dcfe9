/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_schedule.h
 * @brief Times of renewals and retries: pure functions of windows and failures.
 *
 * Chance comes from a seed (the name of the site), so that sites spread and a
 * restart draws the same time again.
 */
#ifndef ACME_SCHEDULE_H
#define ACME_SCHEDULE_H

#include "acme_problem.h"
#include "acme_spec.h"

/** Returns when a certificate of that validity is to be renewed, at its end at
 *  the latest. A window that is not set, or a span that is not shorter than the
 *  life, is ACME_DEFAULT_RENEW_PERCENT of the life, or
 *  ACME_DEFAULT_RENEW_PERCENT_SHORT of a short one. No window is more than nine
 *  tenths of the life, so that a new certificate is never due. */
apr_time_t acme_schedule_renew_at(apr_time_t not_before, apr_time_t not_after,
                                  const acme_window_t *window);

/** Returns when the renewal becomes urgent: the last tenth of the life. */
apr_time_t acme_schedule_urgent_at(apr_time_t not_before, apr_time_t not_after);

/** Returns when an administrator is to be warned of the end. A window that is
 *  not set, or a span that is not shorter than the life, is
 *  ACME_DEFAULT_WARN_PERCENT of the life. */
apr_time_t acme_schedule_warn_at(apr_time_t not_before, apr_time_t not_after,
                                 const acme_window_t *window);

/** Returns how long to wait after so many failures in a row: `first`, then ten
 *  times as long each time, and a day instead of half a day or more: 1, 10 and
 *  100 minutes, then daily. Chance adds up to a fifth.
 *  @param errors at least 1 */
apr_interval_time_t acme_schedule_backoff(int errors, apr_interval_time_t first,
                                          const char *seed);

/** Returns when to try again after a problem, ACME_SCHEDULE_NEVER for CONFIG
 *  and PERMANENT. The time of a LATER problem is kept to even when the backoff
 *  is shorter, but for a week at most. */
apr_time_t acme_schedule_retry_at(const acme_problem_t *problem, int errors,
                                  apr_interval_time_t first, const char *seed,
                                  apr_time_t now);

/** Draws a time from start to end, uniformly; the same three arguments always
 *  give the same time. */
apr_time_t acme_schedule_draw(apr_time_t start, apr_time_t end,
                              const char *seed);

/** Never: not before something else changes. */
#define ACME_SCHEDULE_NEVER APR_INT64_MAX

/** Returns d, to which chance adds up to a tenth. */
apr_interval_time_t acme_schedule_jitter(apr_interval_time_t d,
                                         const char *seed);

#endif
