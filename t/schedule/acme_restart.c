/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <time.h>

#include <apr_strings.h>

#include "acme_restart.h"
#include "acme_time.h"

#define SEC  apr_time_from_sec(1)
#define MIN  ACME_TIME_MINUTE
#define HOUR ACME_TIME_HOUR
#define DAY  ACME_TIME_DAY
#define T0   apr_time_from_sec(1767323045)

static const acme_restart_policy_t usual = {0, MIN, 6 * HOUR, NULL};
static const acme_restart_policy_t delayed = {5 * MIN, MIN, 6 * HOUR, NULL};
static const acme_restart_policy_t unbounded = {0, 0, 0, NULL};
static const acme_restart_policy_t slow = {0, 3 * DAY, 6 * HOUR, NULL};

static const struct {
    const char *what;
    const acme_restart_policy_t *policy;
    acme_restart_facts_t facts;
    apr_time_t at;
} rows[] = {
    {"nothing is staged", &usual, {0, 0, T0, T0, 0, 0, 0}, 0},
    {"nothing is staged, whatever drains", &usual, {0, 0, 0, 0, 0, 3, 9}, 0},

    {"urgent, first ever", &usual, {1, 0, T0, 0, 0, 0, 0}, T0},
    {"urgent, long after the last", &usual, {1, 0, T0, T0 - DAY, 0, 0, 0}, T0},
    {"urgent, soon after the last",
     &usual,
     {1, 0, T0, T0 - 10 * SEC, 0, 0, 0},
     T0 + 50 * SEC},
    {"urgent, the last one came later",
     &usual,
     {1, 0, T0, T0 + 10 * SEC, 0, 0, 0},
     T0 + 70 * SEC},
    {"urgent, the last one took long",
     &usual,
     {1, 0, T0, T0, 7 * SEC, 0, 0},
     T0 + 140 * SEC},
    {"urgent, the last one was quick",
     &usual,
     {1, 0, T0, T0, SEC, 0, 0},
     T0 + MIN},
    {"urgent, with delay", &delayed, {1, 0, T0, 0, 0, 0, 0}, T0 + 5 * MIN},
    {"urgent, delay and distance: the later",
     &delayed,
     {1, 0, T0, T0, 20 * SEC, 0, 0},
     T0 + 400 * SEC},
    {"urgent beside routine does not gather",
     &usual,
     {1, 5, T0, 0, 0, 0, 0},
     T0},
    {"urgent does not wait for what drains",
     &usual,
     {1, 0, T0, 0, 0, 0, 5},
     T0},
    {"urgent, never seen, is at once", &usual, {1, 0, 0, 0, 0, 0, 0}, 1},

    {"routine gathers", &usual, {0, 1, T0, T0 - DAY, 0, 0, 0}, T0 + 6 * HOUR},
    {"routine, delay is shorter than gathering",
     &delayed,
     {0, 1, T0, 0, 0, 0, 0},
     T0 + 6 * HOUR},
    {"routine without gathering still has its distance",
     &slow,
     {0, 1, T0, T0, 0, 0, 0},
     T0 + 3 * DAY},
    {"routine, one generation drains",
     &usual,
     {0, 1, T0, 0, 0, 0, 1},
     T0 + 6 * HOUR},
    {"routine, two generations drain",
     &usual,
     {0, 1, T0, 0, 0, 0, 2},
     ACME_RESTART_WAIT},
    {"routine, many generations drain",
     &usual,
     {0, 1, T0, 0, 0, 0, 7},
     ACME_RESTART_WAIT},

    {"one fruitless restart doubles",
     &usual,
     {1, 0, T0, T0, 0, 1, 0},
     T0 + 2 * MIN},
    {"five of them", &usual, {1, 0, T0, T0, 0, 5, 0}, T0 + 32 * MIN},
    {"the duration's distance is doubled as well",
     &usual,
     {1, 0, T0, T0, 6 * SEC, 2, 0},
     T0 + 480 * SEC},
    {"fruitless ones are a day apart at most",
     &usual,
     {1, 0, T0, T0, 0, 2000000000, 0},
     T0 + DAY},
    {"a longer interval stays as it is",
     &slow,
     {1, 0, T0, T0, 0, 4, 0},
     T0 + 3 * DAY},
    {"no interval is no loop", &unbounded, {1, 0, T0, T0, 0, 1, 0}, T0 + MIN},
    {"no interval is no loop later on",
     &unbounded,
     {1, 0, T0, T0, 0, 4, 0},
     T0 + 8 * MIN},
};

static void each_row_has_its_time(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); ++i) {
        apr_time_t at = acme_restart_at(rows[i].policy, &rows[i].facts, T0);

        if (at != rows[i].at) {
            fail_msg("%s: %ld s after T0 instead of %ld s", rows[i].what,
                     (long)apr_time_sec(at - T0),
                     (long)apr_time_sec(rows[i].at - T0));
        }
    }
}

static void nonsense_gives_no_loop(void **state)
{
    static const acme_restart_policy_t policy = {-DAY, -DAY, -DAY, NULL};
    static const acme_restart_facts_t facts = {1, -1, T0, T0, -DAY, 3, -1};

    (void)state;
    assert_true(acme_restart_at(&policy, &facts, T0) >= T0 + MIN);
}

static void parses_windows_and_says_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        int from, until;
    } good[] = {
        {"02:00-04:00", 120, 240}, {"00:00-24:00", 0, 1440},
        {"23:00-01:30", 1380, 90}, {"22:30-24:00", 1350, 1440},
        {"00:00-00:01", 0, 1},
    };
    static const char *const bad[][2] = {
        {"", "02:00-04:00"},
        {"2-4", "02:00-04:00"},
        {"2:00-4:00", "02:00-04:00"},
        {"02:00", "02:00-04:00"},
        {"02:00-04:00x", "02:00"},
        {"02:00-04:0", "02:00-04:00"},
        {"02:60-04:00", "02:00-04:00"},
        {"25:00-26:00", "02:00-04:00"},
        {"24:01-04:00", "02:00-04:00"},
        {"24:00-04:00", "begins"},
        {"02:00-00:00", "24:00"},
        {"02:00-02:00", "whole day"},
        {"02:00 04:00", "02:00-04:00"},
        {"-2:00-04:00", "02:00-04:00"},
    };
    acme_restart_window_t window;
    const char *why = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        assert_int_equal(acme_restart_window_parse(&window, good[i].text, &why),
                         APR_SUCCESS);
        assert_int_equal(window.from, good[i].from);
        assert_int_equal(window.until, good[i].until);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(acme_restart_window_parse(&window, bad[i][0], &why),
                         APR_EINVAL);
        assert_non_null(strstr(why, bad[i][1]));
    }
}

static const apr_array_header_t *windows(apr_pool_t *p, const char *list)
{
    apr_array_header_t *all =
        apr_array_make(p, 2, sizeof(acme_restart_window_t));
    char *copy = apr_pstrdup(p, list);
    char *last;
    char *one;
    const char *why;

    for (one = apr_strtok(copy, " ", &last); one;
         one = apr_strtok(NULL, " ", &last)) {
        assert_int_equal(
            acme_restart_window_parse(apr_array_push(all), one, &why),
            APR_SUCCESS);
    }
    return all;
}

/* Returns the seconds since 1970 of a local time; the offset selects one of
 * two. */
static apr_time_t at(const char *text)
{
    int year, month, day, hour, minute, second, offset;
    struct tm tm;

    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d %d", &year, &month, &day,
                            &hour, &minute, &second, &offset),
                     7);
    memset(&tm, 0, sizeof(tm));
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    tm.tm_hour = hour - offset;
    tm.tm_min = minute;
    tm.tm_sec = second;
    return apr_time_from_sec(timegm(&tm));
}

/* Clocks change in Berlin on 2026-03-29, 02:00 to 03:00, and on 2026-10-25,
 * 03:00 back to 02:00. */
static void the_next_window_is_found_on_any_day(void **state)
{
    static const struct {
        const char *windows;
        const char *t;
        const char *next;
    } cases[] = {
        {"02:00-04:00", "2026-01-10 01:00:00 1", "2026-01-10 02:00:00 1"},
        {"02:00-04:00", "2026-01-10 02:00:00 1", "2026-01-10 02:00:00 1"},
        {"02:00-04:00", "2026-01-10 03:59:59 1", "2026-01-10 03:59:59 1"},
        {"02:00-04:00", "2026-01-10 04:00:00 1", "2026-01-11 02:00:00 1"},
        {"02:00-04:00", "2026-01-31 12:00:00 1", "2026-02-01 02:00:00 1"},
        {"02:00-04:00", "2026-12-31 12:00:00 1", "2027-01-01 02:00:00 1"},
        /* over midnight */
        {"23:00-01:00", "2026-01-10 22:00:00 1", "2026-01-10 23:00:00 1"},
        {"23:00-01:00", "2026-01-10 23:30:00 1", "2026-01-10 23:30:00 1"},
        {"23:00-01:00", "2026-01-11 00:30:00 1", "2026-01-11 00:30:00 1"},
        {"23:00-01:00", "2026-01-11 01:00:00 1", "2026-01-11 23:00:00 1"},
        {"22:00-24:00", "2026-01-11 00:00:00 1", "2026-01-11 22:00:00 1"},
        {"00:00-24:00", "2026-01-11 12:34:56 1", "2026-01-11 12:34:56 1"},
        /* several */
        {"02:00-03:00 12:30-13:00", "2026-01-10 03:00:00 1",
         "2026-01-10 12:30:00 1"},
        {"12:30-13:00 02:00-03:00", "2026-01-10 13:00:00 1",
         "2026-01-11 02:00:00 1"},
        /* the hour that is not there */
        {"02:00-04:00", "2026-03-29 01:30:00 1", "2026-03-29 03:00:00 2"},
        {"01:30-02:30", "2026-03-29 01:59:00 1", "2026-03-29 01:59:00 1"},
        {"02:00-03:00", "2026-03-29 01:30:00 1", "2026-03-30 02:00:00 2"},
        {"03:00-04:00", "2026-03-29 01:30:00 1", "2026-03-29 03:00:00 2"},
        /* the hour that is there twice */
        {"02:00-03:00", "2026-10-25 01:00:00 2", "2026-10-25 02:00:00 2"},
        {"02:00-03:00", "2026-10-25 02:59:00 2", "2026-10-25 02:59:00 2"},
        {"02:00-03:00", "2026-10-25 02:00:00 1", "2026-10-25 02:00:00 1"},
        {"02:00-02:30", "2026-10-25 02:30:00 2", "2026-10-25 02:00:00 1"},
        {"02:30-03:00", "2026-10-25 02:00:00 1", "2026-10-25 02:30:00 1"},
        {"02:00-03:00", "2026-10-25 03:00:00 1", "2026-10-26 02:00:00 1"},
    };
    size_t i;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_restart_policy_t policy = {0, 0, 0, NULL};
        acme_restart_facts_t facts = {0, 1, 0, 0, 0, 0, 0};
        apr_time_t next;

        policy.windows = windows(*state, cases[i].windows);
        facts.first_ready = at(cases[i].t);
        next = acme_restart_at(&policy, &facts, facts.first_ready);

        if (next != at(cases[i].next)) {
            fail_msg("%s at %s: %ld s from there instead of %ld s",
                     cases[i].windows, cases[i].t,
                     (long)apr_time_sec(next - at(cases[i].t)),
                     (long)apr_time_sec(at(cases[i].next) - at(cases[i].t)));
        }
    }
}

static void routine_ones_wait_for_their_window(void **state)
{
    acme_restart_policy_t policy = {0, MIN, 6 * HOUR, NULL};
    acme_restart_facts_t facts = {0, 1, 0, 0, 0, 0, 0};

    setenv("TZ", "UTC0", 1);
    tzset();
    policy.windows = windows(*state, "02:00-04:00");
    facts.first_ready = at("2026-01-10 12:00:00 0");
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == at("2026-01-11 02:00:00 0"));
    /* the window was missed because the configuration was broken: not at
     * noon */
    assert_true(acme_restart_at(&policy, &facts, at("2026-01-11 12:00:00 0"))
                == at("2026-01-12 02:00:00 0"));
    /* inside the window, at once */
    facts.first_ready = at("2026-01-10 02:10:00 0");
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == facts.first_ready);
    /* but not soon after the last restart, and not after the end of the
     * window */
    facts.last_restart = at("2026-01-10 02:09:30 0");
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == at("2026-01-10 02:10:30 0"));
    facts.first_ready = at("2026-01-10 03:59:50 0");
    facts.last_restart = at("2026-01-10 03:59:30 0");
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == at("2026-01-11 02:00:00 0"));
    /* an urgent restart does not wait for a window */
    facts.urgent = 1;
    facts.last_restart = 0;
    facts.first_ready = at("2026-01-10 12:00:00 0");
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == facts.first_ready);
    facts.urgent = 0;
    facts.draining = 2;
    assert_true(acme_restart_at(&policy, &facts, facts.first_ready)
                == ACME_RESTART_WAIT);
}

ACME_T_MAIN(ACME_T(each_row_has_its_time), ACME_T(nonsense_gives_no_loop),
            ACME_T(parses_windows_and_says_what_is_wrong),
            ACME_T(the_next_window_is_found_on_any_day),
            ACME_T(routine_ones_wait_for_their_window))
