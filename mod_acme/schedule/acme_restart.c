/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_restart.h"

#include <string.h>
#include <time.h>

#include "acme_time.h"

#define MINUTES_PER_DAY 1440

#define LATER(a, b) ((a) > (b) ? (a) : (b))

/** Number of draining generations from which on routine restarts wait. */
#define DRAINING_MAX 2

/** Returns the least time between two restarts. Each restart that promoted
 *  nothing doubles it, up to a day, because what did not help is not repeated
 *  soon. */
static apr_interval_time_t distance(const acme_restart_policy_t *policy,
                                    const acme_restart_facts_t *facts)
{
    apr_interval_time_t d;
    int i;

    d = LATER(0, policy->interval);
    if (facts->last_duration > 0) {
        d = LATER(d, ACME_RESTART_DUTY * facts->last_duration);
    }
    if (facts->fruitless > 0) {
        d = LATER(d, ACME_TIME_MINUTE / 2);
    }
    for (i = 0; i < facts->fruitless && d < ACME_TIME_DAY; ++i) {
        d = d > ACME_TIME_DAY / 2 ? ACME_TIME_DAY : 2 * d;
    }
    return d;
}

/* Reads "HH:MM" at the start of the text; -1: it is no time. */
static int parse_minute(const char *text)
{
    int hour, minute, i;

    for (i = 0; i < 5; ++i) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9') {
            return -1;
        }
    }
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    if (minute > 59 || hour > 24 || (hour == 24 && minute)) {
        return -1;
    }
    return hour * 60 + minute;
}

apr_status_t acme_restart_window_parse(acme_restart_window_t *window,
                                       const char *text, const char **why)
{
    int from = parse_minute(text);
    int until = -1;

    if (from >= 0 && text[5] == '-') {
        until = parse_minute(text + 6);
    }
    if (until < 0 || text[11]) {
        *why = "is no time of the day; write from when until when by the "
               "machine's clock, such as 02:00-04:00, or 23:00-01:00 over "
               "midnight";
        return APR_EINVAL;
    }
    if (from == MINUTES_PER_DAY || until == 0) {
        *why = "a window begins at 00:00 to 23:59 and ends at 00:01 to 24:00";
        return APR_EINVAL;
    }
    if (from == until) {
        *why = "is no time at all; for the whole day write 00:00-24:00";
        return APR_EINVAL;
    }
    window->from = from;
    window->until = until;
    return APR_SUCCESS;
}

static int is_in(const apr_array_header_t *windows, time_t t)
{
    struct tm local;
    int minute, i;

    if (!localtime_r(&t, &local)) {
        return 1;
    }
    minute = local.tm_hour * 60 + local.tm_min;
    for (i = 0; i < windows->nelts; ++i) {
        const acme_restart_window_t *w =
            &APR_ARRAY_IDX(windows, i, acme_restart_window_t);

        if (w->from < w->until ? minute >= w->from && minute < w->until
                               : minute >= w->from || minute < w->until) {
            return 1;
        }
    }
    return 0;
}

/* Returns when a window begins on that day, or when the change of the clock
 * leads into it: the first such moment after t that is inside a window, if it
 * is earlier than best. */
static time_t begins(const apr_array_header_t *windows, int from,
                     const struct tm *day, int later, time_t t, time_t best)
{
    int dst;

    for (dst = -1; dst <= 1; ++dst) {
        struct tm local = *day;
        time_t at;

        local.tm_mday += later;
        local.tm_hour = from / 60;
        local.tm_min = from % 60;
        local.tm_sec = 0;
        local.tm_isdst = dst;
        at = mktime(&local);
        if (at != (time_t)-1 && at >= t && (best == (time_t)-1 || at < best)
            && is_in(windows, at)) {
            best = at;
        }
    }
    return best;
}

/* Returns the first moment at or after t that is in one of the windows, by
 * local time. A window that a day does not have, because its clock changes, is
 * waited for until the next day. */
static apr_time_t next_window(const apr_array_header_t *windows, apr_time_t t)
{
    time_t seconds = (time_t)apr_time_sec(t);
    time_t best = (time_t)-1;
    struct tm day;
    int later, i;

    if (is_in(windows, seconds) || !localtime_r(&seconds, &day)) {
        return t;
    }
    for (later = 0; later < 3 && best == (time_t)-1; ++later) {
        for (i = 0; i < windows->nelts; ++i) {
            best = begins(windows,
                          APR_ARRAY_IDX(windows, i, acme_restart_window_t).from,
                          &day, later, seconds, best);
        }
    }
    return best == (time_t)-1 ? t : apr_time_from_sec(best);
}

apr_time_t acme_restart_at(const acme_restart_policy_t *policy,
                           const acme_restart_facts_t *facts, apr_time_t now)
{
    apr_time_t at;

    if (facts->urgent <= 0 && facts->routine <= 0) {
        return 0;
    }
    at = facts->first_ready + LATER(0, policy->delay);
    if (facts->urgent <= 0) {
        if (facts->draining >= DRAINING_MAX) {
            return ACME_RESTART_WAIT;
        }
        if (!policy->windows) {
            at = LATER(at, facts->first_ready + policy->gather);
        }
    }
    if (facts->last_restart > 0) {
        at = LATER(at, facts->last_restart + distance(policy, facts));
    }
    if (facts->urgent <= 0 && policy->windows) {
        /* Look from now on, because a window that was missed has passed. */
        at = next_window(policy->windows, LATER(at, now));
    }
    /* Avoid 0, which means that there is nothing to restart for. */
    return LATER(1, at);
}
