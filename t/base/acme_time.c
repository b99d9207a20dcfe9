/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_time.h"

static apr_time_t fixed(void *baton)
{
    return *(apr_time_t *)baton;
}

static void asks_the_clock_it_is_given(void **state)
{
    apr_time_t t = 42;
    acme_clock_t clock = {fixed, &t};
    apr_time_t before = apr_time_now();

    (void)state;
    assert_true(acme_time_now(&clock) == 42);
    t = 43;
    assert_true(acme_time_now(&clock) == 43);
    assert_true(acme_time_now(&acme_time_system_clock) >= before);
}

static void reads_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        apr_int64_t sec;
        int usec;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-11-20T22:51:07Z", 1795215067, 0},
        {"2026-11-20t22:51:07z", 1795215067, 0},
        {"2026-11-20T22:51:07.5Z", 1795215067, 500000},
        {"2026-11-20T22:51:07.000001Z", 1795215067, 1},
        {"2026-11-20T22:51:07.123456789123Z", 1795215067, 123456},
        {"2026-11-21T00:51:07+02:00", 1795215067, 0},
        {"2026-11-20T17:21:07-05:30", 1795215067, 0},
        {"2026-11-20T22:51:07-00:00", 1795215067, 0},
        {"2024-02-29T12:00:00Z", 1709208000, 0},
        {"2000-02-29T00:00:00Z", 951782400, 0},
        {"2016-12-31T23:59:60Z", 1483228800, 0},
        {"2038-01-19T03:14:08Z", 2147483648LL, 0},
        {"9999-12-31T23:59:59Z", 253402300799LL, 0},
        {"1969-12-31T23:59:59Z", -1, 0},
        {"0001-01-01T00:00:00Z", -62135596800LL, 0},
        {"0000-01-01T00:00:00Z", -62167219200LL, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_time_t t = -7;

        if (acme_time_parse(&t, cases[i].text) != APR_SUCCESS
            || t != apr_time_from_sec(cases[i].sec) + cases[i].usec) {
            fail_msg("%s gives %" APR_TIME_T_FMT, cases[i].text, t);
        }
    }
}

static void refuses_what_is_no_rfc_3339(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "2026",
        "2026-11-20",
        "2026-11-20T22:51:07",
        "2026-11-20 22:51:07Z",
        "2026-11-20T22:51Z",
        "2026-11-20T22:51:07 Z",
        "2026-11-20T22:51:07Zx",
        "2026-11-20T22:51:07.Z",
        "2026-11-20T22:51:07,5Z",
        "2026-11-20T22:51:07+0200",
        "2026-11-20T22:51:07+02",
        "2026-11-20T22:51:07+24:00",
        "2026-11-20T22:51:07+02:60",
        "2026-11-20T22:51:07*02:00",
        "2026-11-20T24:00:00Z",
        "2026-11-20T22:60:00Z",
        "2026-11-20T22:51:61Z",
        "2026-00-20T22:51:07Z",
        "2026-13-20T22:51:07Z",
        "2026-11-00T22:51:07Z",
        "2026-11-31T22:51:07Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "26-11-20T22:51:07Z",
        "+026-11-20T22:51:07Z",
        "-026-11-20T22:51:07Z",
        " 2026-11-20T22:51:07Z",
        "20261120T225107Z",
        "2026-11-20T2:51:07Z",
    };
    apr_time_t t = 7;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        if (acme_time_parse(&t, bad[i]) != APR_EINVAL || t != 7) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void reads_what_it_prints(void **state)
{
    static const apr_time_t times[] = {
        0,
        1,
        -1,
        1795215067000000LL,
        1795215067000001LL,
        951782400000000LL,
        -62135596800000000LL,
        253402300799999999LL,
    };
    apr_pool_t *p = *state;
    apr_time_t t;
    size_t i;

    assert_string_equal(acme_time_print(1795215067000000LL, p),
                        "2026-11-20T22:51:07Z");
    assert_string_equal(acme_time_print(1795215067999999LL, p),
                        "2026-11-20T22:51:07Z");
    assert_string_equal(acme_time_print_exact(1795215067000250LL, p),
                        "2026-11-20T22:51:07.000250Z");
    for (i = 0; i < sizeof(times) / sizeof(times[0]); ++i) {
        assert_int_equal(
            acme_time_parse(&t, acme_time_print_exact(times[i], p)),
            APR_SUCCESS);
        assert_true(t == times[i]);
    }
}

static void retry_after_is_seconds_or_a_date_in_bounds(void **state)
{
    static const struct {
        const char *value;
        apr_int64_t sec; /* after now; -1: unreadable */
    } cases[] = {
        {"120", 120},
        {" 120 ", 120},
        {"0", 60},
        {"59", 60},
        {"61", 61},
        {"86400", 86400},
        {"86401", 86400},
        {"99999999999999999999999999999999", 86400},
        {"Fri, 20 Nov 2026 22:53:07 GMT", 120},
        {"Friday, 20-Nov-26 22:53:07 GMT", 120},
        {"Fri Nov 20 22:53:07 2026", 120},
        {"Fri, 20 Nov 2026 22:51:07 GMT", 60},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 60},
        {"Fri, 20 Nov 2037 22:53:07 GMT", 86400},
        {"", -1},
        {" ", -1},
        {"-5", -1},
        {"+5", -1},
        {"1.5", -1},
        {"120s", -1},
        {"soon", -1},
        {"Fri, 20 Nov", -1},
        {"Fri, 40 Nov 2026 22:53:07 GMT", -1},
    };
    apr_time_t now = 1795215067000000LL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_time_t t = acme_time_retry_after(cases[i].value, now,
                                             ACME_TIME_MINUTE, ACME_TIME_DAY);
        apr_time_t expected =
            cases[i].sec < 0 ? 0 : now + apr_time_from_sec(cases[i].sec);

        if (t != expected) {
            fail_msg("%s gives %" APR_TIME_T_FMT, cases[i].value, t);
        }
    }
    assert_true(acme_time_retry_after(NULL, now, 0, ACME_TIME_DAY) == 0);
}

static void reads_durations_with_each_unit(void **state)
{
    static const struct {
        const char *text;
        apr_interval_time_t d;
    } cases[] = {
        {"0", 0},
        {"5", 5 * ACME_TIME_DAY},
        {"250ms", 250000},
        {"10s", 10 * APR_USEC_PER_SEC},
        {"10 s", 10 * APR_USEC_PER_SEC},
        {"3mi", 3 * ACME_TIME_MINUTE},
        {"3min", 3 * ACME_TIME_MINUTE},
        {"3MIN", 3 * ACME_TIME_MINUTE},
        {"2h", 2 * ACME_TIME_HOUR},
        {"1hour", ACME_TIME_HOUR},
        {"2hours", 2 * ACME_TIME_HOUR},
        {"30d", 30 * ACME_TIME_DAY},
        {"30D", 30 * ACME_TIME_DAY},
        {"30 days", 30 * ACME_TIME_DAY},
        {"1day", ACME_TIME_DAY},
        {"2w", 14 * ACME_TIME_DAY},
        {"007s", 7 * APR_USEC_PER_SEC},
        {"3653d", 3653 * ACME_TIME_DAY},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_interval_time_t d = -1;

        if (acme_time_parse_duration(&d, cases[i].text, ACME_TIME_DAY)
                != APR_SUCCESS
            || d != cases[i].d) {
            fail_msg("%s gives %" APR_TIME_T_FMT, cases[i].text, d);
        }
    }
}

static void refuses_what_is_no_duration(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "s",
        "-1",
        "-1s",
        "+1s",
        "1.5h",
        "5m",
        "5x",
        "5ss",
        "5s5",
        "5 5s",
        "0x10",
        "5dd",
        "5d ",
        "3654d",
        "522w",
        "99999999999999999999",
        "9223372036854775807ms",
        "18446744073709551617s",
        "ten",
        "33%",
    };
    apr_interval_time_t d = 7;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        if (acme_time_parse_duration(&d, bad[i], APR_USEC_PER_SEC) != APR_EINVAL
            || d != 7) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void prints_durations_in_two_units_at_most(void **state)
{
    static const struct {
        apr_interval_time_t d;
        const char *text;
    } cases[] = {
        {0, "0 seconds"},
        {-5 * APR_USEC_PER_SEC, "0 seconds"},
        {999, "0 seconds"},
        {1000, "1 millisecond"},
        {250000, "250 milliseconds"},
        {APR_USEC_PER_SEC, "1 second"},
        {APR_USEC_PER_SEC + 500000, "1 second"},
        {61 * APR_USEC_PER_SEC, "1 minute 1 second"},
        {ACME_TIME_HOUR, "1 hour"},
        {ACME_TIME_HOUR + 59 * APR_USEC_PER_SEC, "1 hour"},
        {2 * ACME_TIME_DAY + 3 * ACME_TIME_HOUR + 5 * ACME_TIME_MINUTE,
         "2 days 3 hours"},
        {3653 * ACME_TIME_DAY, "3653 days"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(acme_time_print_duration(cases[i].d, *state),
                            cases[i].text);
    }
}

ACME_T_MAIN(ACME_T(asks_the_clock_it_is_given), ACME_T(reads_rfc_3339),
            ACME_T(refuses_what_is_no_rfc_3339), ACME_T(reads_what_it_prints),
            ACME_T(retry_after_is_seconds_or_a_date_in_bounds),
            ACME_T(reads_durations_with_each_unit),
            ACME_T(refuses_what_is_no_duration),
            ACME_T(prints_durations_in_two_units_at_most))
