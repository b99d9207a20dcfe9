/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_bucket.h
 * @brief Arithmetic of a token bucket that is kept as a single time (GCRA).
 *
 * A bucket holds up to `tokens` tokens and fills up from empty in `period`, a
 * token at a time. Its state is the time at which it will be full again, here
 * `full`; 0, or any time that has passed, is a full bucket. All functions are
 * pure: the caller keeps `full`. `now` is the time of the call.
 */
#ifndef ACME_BUCKET_H
#define ACME_BUCKET_H

#include <apr_time.h>

typedef struct acme_bucket_limit_t {
    int tokens;                 /**< above 0 */
    apr_interval_time_t period; /**< microseconds */
} acme_bucket_limit_t;

/** Returns the time in which a token comes back. */
apr_interval_time_t acme_bucket_token(const acme_bucket_limit_t *limit);

/** Returns `full`, but at most a period after now: a clock that was set back
 *  must not leave a bucket emptier than empty. */
apr_time_t acme_bucket_bounded(apr_time_t full,
                               const acme_bucket_limit_t *limit,
                               apr_time_t now);

/**
 * Returns when a token may be taken: now, or a later time.
 * @param left tokens that have to stay in the bucket
 */
apr_time_t acme_bucket_when(apr_time_t full, const acme_bucket_limit_t *limit,
                            int left, apr_time_t now);

/** Takes a token, whether or not the bucket has one. Returns the new `full`. */
apr_time_t acme_bucket_take(apr_time_t full, const acme_bucket_limit_t *limit,
                            apr_time_t now);

/** Puts a token back. Returns the new `full`. */
apr_time_t acme_bucket_give(apr_time_t full, const acme_bucket_limit_t *limit);

/** Returns `full` of a bucket that is empty until its next token comes at that
 *  time. */
apr_time_t acme_bucket_empty_until(apr_time_t until,
                                   const acme_bucket_limit_t *limit);

#endif
