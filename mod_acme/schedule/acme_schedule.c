/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_schedule.h"

#include "acme_default.h"
#include "acme_time.h"

/* A window of more than this part of a life would renew a new certificate at
 * once, again and again. */
#define MAX_PERCENT 90

/* Longest wait after failures, before chance adds to it. A wait of half of it
 * or more is made as long, so that days follow the minutes. */
#define MAX_BACKOFF ACME_TIME_DAY

/* Longest wait that a CA is granted: the longest limit of Let's Encrypt is a
 * week. */
#define MAX_LATER (7 * ACME_TIME_DAY)

/* Hashes by FNV-1a, which spreads well enough: nothing here is secret. */
static apr_uint64_t draw(const char *seed, int round)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037);

    for (; seed && *seed; ++seed) {
        h = (h ^ (unsigned char)*seed) * APR_UINT64_C(1099511628211);
    }
    h = (h ^ (apr_uint64_t)round) * APR_UINT64_C(1099511628211);
    h ^= h >> 29;
    h *= APR_UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ (h >> 32);
}

/* Returns d, to which chance adds up to 1/part of it. */
static apr_interval_time_t spread(apr_interval_time_t d, int part,
                                  const char *seed, int round)
{
    apr_uint64_t most = (apr_uint64_t)(d / part);

    return d + (apr_interval_time_t)(draw(seed, round) % (most + 1));
}

apr_time_t acme_schedule_renew_at(apr_time_t not_before, apr_time_t not_after,
                                  const acme_window_t *window)
{
    apr_interval_time_t life = not_after - not_before;
    apr_interval_time_t span, most;
    int percent = window->percent;

    if (life <= 0) {
        return not_after;
    }
    most = life / 100 * MAX_PERCENT;
    if (percent <= 0 && window->span > 0 && window->span < life) {
        span = window->span;
    }
    else {
        if (percent <= 0) {
            percent = life < ACME_DEFAULT_RENEW_SHORT_LIFE
                          ? ACME_DEFAULT_RENEW_PERCENT_SHORT
                          : ACME_DEFAULT_RENEW_PERCENT;
        }
        span = percent < 100 ? life / 100 * percent : most;
    }
    return not_after - (span < most ? span : most);
}

apr_time_t acme_schedule_urgent_at(apr_time_t not_before, apr_time_t not_after)
{
    apr_interval_time_t life = not_after - not_before;

    return life > 0 ? not_after - life / 10 : not_after;
}

apr_time_t acme_schedule_warn_at(apr_time_t not_before, apr_time_t not_after,
                                 const acme_window_t *window)
{
    apr_interval_time_t life = not_after - not_before;

    if (life > 0 && window->percent > 0 && window->percent < 100) {
        return not_after - life / 100 * window->percent;
    }
    if (window->percent <= 0 && window->span > 0 && window->span < life) {
        return not_after - window->span;
    }
    return life > 0 ? not_after - life * ACME_DEFAULT_WARN_PERCENT / 100
                    : not_after;
}

apr_interval_time_t acme_schedule_backoff(int errors, apr_interval_time_t first,
                                          const char *seed)
{
    apr_interval_time_t d = first > 0 ? first : ACME_DEFAULT_RETRY_DELAY;
    int i;

    for (i = 1; i < errors && d < MAX_BACKOFF; ++i) {
        d = d * 10 < MAX_BACKOFF / 2 ? d * 10 : MAX_BACKOFF;
    }
    return spread(d < MAX_BACKOFF ? d : MAX_BACKOFF, 5, seed, errors);
}

apr_time_t acme_schedule_retry_at(const acme_problem_t *problem, int errors,
                                  apr_interval_time_t first, const char *seed,
                                  apr_time_t now)
{
    apr_time_t at = now + acme_schedule_backoff(errors, first, seed);
    apr_time_t later;

    switch (problem->retry) {
    case ACME_RETRY_CONFIG:
    case ACME_RETRY_PERMANENT:
        return ACME_SCHEDULE_NEVER;
    case ACME_RETRY_LATER:
        later = problem->retry_at < now + MAX_LATER ? problem->retry_at
                                                    : now + MAX_LATER;
        return later > at ? later : at;
    case ACME_RETRY_NOW: /* it was tried again at once, and failed again */
    case ACME_RETRY_BACKOFF:
    case ACME_RETRY_INTERNAL:
        break;
    }
    return at;
}

apr_interval_time_t acme_schedule_jitter(apr_interval_time_t d,
                                         const char *seed)
{
    return d > 0 ? spread(d, 10, seed, 0) : 0;
}

apr_time_t acme_schedule_draw(apr_time_t start, apr_time_t end,
                              const char *seed)
{
    apr_uint64_t most = end > start ? (apr_uint64_t)(end - start) : 0;
    int round = (int)(apr_time_sec(start) % APR_INT32_MAX);

    return start + (apr_time_t)(draw(seed, round) % (most + 1));
}
