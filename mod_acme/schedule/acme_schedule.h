/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_schedule.h
 * @brief When: pure functions of times, windows and failures.
 *
 * What is drawn by chance comes from a seed (the site's name), so that sites
 * spread and a restart draws the same again.
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

/**
 * How long to wait after so many failures in a row: `first`, then ten times as
 * long each time, where half a day or more is a day: 1, 10 and 100 minutes,
 * then daily. Up to a fifth is added by chance.
 * @param errors at least 1
 */
apr_interval_time_t acme_schedule_backoff(int errors, apr_interval_time_t first,
                                          const char *seed);

/** When to try again after a problem; ACME_SCHEDULE_NEVER for CONFIG and
 *  PERMANENT. A LATER of the CA is kept to, even when backoff is shorter, but
 *  for a week at most. */
apr_time_t acme_schedule_retry_at(const acme_problem_t *problem, int errors,
                                  apr_interval_time_t first, const char *seed,
                                  apr_time_t now);

/** A time from start to end, each as likely as any other; the same again for
 *  the same three. */
apr_time_t acme_schedule_draw(apr_time_t start, apr_time_t end,
                              const char *seed);

/** No time at all: not before something else changes. */
#define ACME_SCHEDULE_NEVER APR_INT64_MAX

/** Adds up to a tenth by chance. */
apr_interval_time_t acme_schedule_jitter(apr_interval_time_t d,
                                         const char *seed);

#endif
