/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_time.h"

#include <apr_cstr.h>
#include <apr_date.h>
#include <apr_errno.h>
#include <apr_lib.h>
#include <apr_strings.h>

/** Ten years with three leap days. */
#define MAX_DURATION (3653 * ACME_TIME_DAY)

static apr_time_t system_now(void *baton)
{
    (void)baton;
    return apr_time_now();
}

const acme_clock_t acme_time_system_clock = {system_now, NULL};

apr_time_t acme_time_now(const acme_clock_t *clock)
{
    return clock->now(clock->baton);
}

/* Reads exactly n digits and moves on; -1 when there are fewer. */
static int take_digits(const char **s, int n)
{
    int value = 0;

    while (n-- > 0) {
        if (!apr_isdigit(**s)) {
            return -1;
        }
        value = value * 10 + (**s - '0');
        ++*s;
    }
    return value;
}

/* Reads n digits of a number from min to max, and then the character `then`
 * unless it is NUL. Returns zero on failure. */
static int take_field(int *value, const char **s, int n, int min, int max,
                      char then)
{
    *value = take_digits(s, n);
    if (*value < min || *value > max) {
        return 0;
    }
    if (then) {
        if (**s != then) {
            return 0;
        }
        ++*s;
    }
    return 1;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Returns the days since 1970-01-01 in the Gregorian calendar. Does not use
 * apr_time_exp_gmt_get(), because that does not go back further, and Go's zero
 * time, which some CAs send, is in year 1. */
static apr_int64_t days_since_epoch(int year, int month, int day)
{
    apr_int64_t days = day - 1;
    apr_int64_t y = year; /* years that have ended, counted from year 0 */
    int m;

    for (m = 1; m < month; ++m) {
        days += days_in_month(year, m);
    }
    days += y * 365;
    if (y > 0) {
        days += (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400 + 1;
    }
    return days - 719528; /* from 0000-01-01 to 1970-01-01 */
}

/* Reads the fraction of a second; ignores digits after the sixth. */
static int take_fraction(int *usec, const char **s)
{
    int unit = 100000;

    *usec = 0;
    if (**s != '.') {
        return 1;
    }
    ++*s;
    if (!apr_isdigit(**s)) {
        return 0;
    }
    while (apr_isdigit(**s)) {
        *usec += (**s - '0') * unit;
        unit /= 10;
        ++*s;
    }
    return 1;
}

/* Reads "Z" or "+hh:mm", as seconds east of UTC. */
static int take_offset(int *offset, const char **s)
{
    int hours;
    int minutes;
    int sign = **s == '-' ? -1 : 1;

    *offset = 0;
    if (**s == 'Z' || **s == 'z') {
        ++*s;
        return 1;
    }
    if (**s != '+' && **s != '-') {
        return 0;
    }
    ++*s;
    if (!take_field(&hours, s, 2, 0, 23, ':')
        || !take_field(&minutes, s, 2, 0, 59, '\0')) {
        return 0;
    }
    *offset = sign * (hours * 3600 + minutes * 60);
    return 1;
}

apr_status_t acme_time_parse(apr_time_t *t, const char *text)
{
    const char *s = text;
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    int usec;
    int offset;
    apr_int64_t seconds;

    if (!take_field(&year, &s, 4, 0, 9999, '-')
        || !take_field(&month, &s, 2, 1, 12, '-')
        || !take_field(&day, &s, 2, 1, days_in_month(year, month), '\0')
        || (*s != 'T' && *s != 't')) {
        return APR_EINVAL;
    }
    ++s;
    /* A leap second counts as the second after it. */
    if (!take_field(&hour, &s, 2, 0, 23, ':')
        || !take_field(&minute, &s, 2, 0, 59, ':')
        || !take_field(&second, &s, 2, 0, 60, '\0') || !take_fraction(&usec, &s)
        || !take_offset(&offset, &s) || *s) {
        return APR_EINVAL;
    }
    seconds = days_since_epoch(year, month, day) * 86400 + hour * 3600
              + minute * 60 + second - offset;
    *t = apr_time_from_sec(seconds) + usec;
    return APR_SUCCESS;
}

/* Returns the microseconds after the full second, also before 1970. */
static int fraction_of(apr_time_t t)
{
    int usec = (int)(t % APR_USEC_PER_SEC);

    return usec < 0 ? usec + (int)APR_USEC_PER_SEC : usec;
}

static const char *print(apr_time_t t, const char *fraction, apr_pool_t *p)
{
    apr_time_exp_t x;

    apr_time_exp_gmt(&x, t - fraction_of(t));
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", x.tm_year + 1900,
                        x.tm_mon + 1, x.tm_mday, x.tm_hour, x.tm_min, x.tm_sec,
                        fraction);
}

const char *acme_time_print(apr_time_t t, apr_pool_t *p)
{
    return print(t, "", p);
}

const char *acme_time_print_exact(apr_time_t t, apr_pool_t *p)
{
    int usec = fraction_of(t);

    return print(t, usec ? apr_psprintf(p, ".%06d", usec) : "", p);
}

/* Reads digits as a number, but returns `limit` for a larger one. */
static apr_int64_t take_number(const char **s, apr_int64_t limit)
{
    apr_int64_t value = 0;

    while (apr_isdigit(**s)) {
        value = value * 10 + (**s - '0');
        if (value > limit) {
            value = limit;
        }
        ++*s;
    }
    return value;
}

static const char *skip_blanks(const char *s)
{
    while (*s == ' ' || *s == '\t') {
        ++s;
    }
    return s;
}

apr_time_t acme_time_retry_after(const char *value, apr_time_t now,
                                 apr_interval_time_t min,
                                 apr_interval_time_t max)
{
    const char *s;
    apr_interval_time_t wait;

    if (!value) {
        return 0;
    }
    s = skip_blanks(value);
    if (apr_isdigit(*s)) {
        wait = apr_time_from_sec(take_number(&s, apr_time_sec(max) + 1));
        if (*skip_blanks(s)) {
            return 0;
        }
    }
    else {
        apr_time_t date = apr_date_parse_http(s);

        if (date == APR_DATE_BAD) {
            return 0;
        }
        wait = date - now;
    }
    if (wait < min) {
        wait = min;
    }
    if (wait > max) {
        wait = max;
    }
    return now + wait;
}

typedef struct {
    const char *name;
    apr_interval_time_t length;
} unit_t;

static const unit_t units[] = {
    {"ms", APR_USEC_PER_SEC / 1000}, {"s", APR_USEC_PER_SEC},
    {"mi", ACME_TIME_MINUTE},        {"min", ACME_TIME_MINUTE},
    {"h", ACME_TIME_HOUR},           {"hour", ACME_TIME_HOUR},
    {"hours", ACME_TIME_HOUR},       {"d", ACME_TIME_DAY},
    {"day", ACME_TIME_DAY},          {"days", ACME_TIME_DAY},
    {"w", 7 * ACME_TIME_DAY},        {NULL, 0},
};

apr_status_t acme_time_parse_duration(apr_interval_time_t *d, const char *text,
                                      apr_interval_time_t unit)
{
    const char *s = text;
    apr_int64_t number;
    const unit_t *u;

    if (!apr_isdigit(*s)) {
        return APR_EINVAL;
    }
    number = take_number(&s, MAX_DURATION + 1);
    s = skip_blanks(s);
    if (*s) {
        unit = 0;
        for (u = units; u->name; ++u) {
            if (!apr_cstr_casecmp(u->name, s)) {
                unit = u->length;
            }
        }
    }
    if (unit <= 0 || number > MAX_DURATION / unit) {
        return APR_EINVAL;
    }
    *d = number * unit;
    return APR_SUCCESS;
}

static const char *count(apr_int64_t n, const char *unit, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT " %s%s", n, unit,
                        n == 1 ? "" : "s");
}

const char *acme_time_print_duration(apr_interval_time_t d, apr_pool_t *p)
{
    static const unit_t shown[] = {
        {"day", ACME_TIME_DAY},
        {"hour", ACME_TIME_HOUR},
        {"minute", ACME_TIME_MINUTE},
        {"second", APR_USEC_PER_SEC},
        {"millisecond", APR_USEC_PER_SEC / 1000},
        {NULL, 0},
    };
    const unit_t *u = shown;
    const char *first;

    while (u->name && d < u->length) {
        ++u;
    }
    if (!u->name) {
        return "0 seconds";
    }
    first = count(d / u->length, u->name, p);
    d %= u->length;
    ++u;
    /* Leave out the milliseconds of a duration that has seconds. */
    if (!u->name || u->length < APR_USEC_PER_SEC || d < u->length) {
        return first;
    }
    return apr_pstrcat(p, first, " ", count(d / u->length, u->name, p), NULL);
}
