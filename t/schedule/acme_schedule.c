/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_schedule.h"
#include "acme_time.h"

#define NOW     apr_time_from_sec(1893456000)
#define DAYS(n) ((n)*ACME_TIME_DAY)

static void renews_at_a_part_of_the_life(void **state)
{
    static const struct {
        apr_interval_time_t life;
        acme_window_t window;
        apr_interval_time_t before_end;
    } rows[] = {
        {DAYS(100), {0, 0}, DAYS(33)},
        {DAYS(10), {0, 0}, DAYS(10) / 100 * 33},
        {DAYS(6), {0, 0}, DAYS(3)},
        {DAYS(100), {25, 0}, DAYS(25)},
        {DAYS(6), {25, 0}, DAYS(6) / 100 * 25},
        {DAYS(100), {0, DAYS(30)}, DAYS(30)},
        {DAYS(6), {0, DAYS(30)}, DAYS(3)},
        {DAYS(30), {0, DAYS(30)}, DAYS(30) / 100 * 33},
        {DAYS(100), {0, DAYS(99)}, DAYS(90)},
        {DAYS(100), {100, 0}, DAYS(90)},
        {DAYS(100), {95, 0}, DAYS(90)},
        {DAYS(100), {-5, 0}, DAYS(33)},
        {DAYS(100), {0, -DAYS(1)}, DAYS(33)},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_time_t end = NOW + rows[i].life;

        assert_int_equal(
            end - acme_schedule_renew_at(NOW, end, &rows[i].window),
            rows[i].before_end);
    }
}

static void a_certificate_just_issued_is_never_due(void **state)
{
    acme_window_t window = {0, 0};
    apr_interval_time_t life;

    (void)state;
    for (life = ACME_TIME_MINUTE; life < DAYS(36500); life *= 3) {
        apr_time_t at;

        for (window.percent = -1; window.percent <= 200; window.percent += 7) {
            at = acme_schedule_renew_at(NOW, NOW + life, &window);
            assert_true(at > NOW);
            assert_true(at <= NOW + life);
        }
        window.percent = 0;
        for (window.span = 1; window.span < DAYS(3650); window.span *= 5) {
            at = acme_schedule_renew_at(NOW, NOW + life, &window);
            assert_true(at > NOW);
            assert_true(at <= NOW + life);
        }
        window.span = 0;
    }
}

static void a_life_that_makes_no_sense_ends_at_its_end(void **state)
{
    acme_window_t window = {33, 0};

    (void)state;
    assert_int_equal(acme_schedule_renew_at(NOW, NOW, &window), NOW);
    assert_int_equal(acme_schedule_renew_at(NOW, NOW - 5, &window), NOW - 5);
    assert_int_equal(acme_schedule_urgent_at(NOW, NOW - 5), NOW - 5);
}

static void warns_in_its_window_or_the_last_tenth(void **state)
{
    static const struct {
        apr_interval_time_t life;
        acme_window_t window;
        apr_interval_time_t before_end;
    } rows[] = {
        {DAYS(90), {0, 0}, DAYS(9)},
        {160 * ACME_TIME_HOUR, {0, 0}, 16 * ACME_TIME_HOUR},
        {DAYS(90), {20, 0}, DAYS(18)},
        {DAYS(90), {0, DAYS(5)}, DAYS(5)},
        {DAYS(5), {0, DAYS(5)}, DAYS(5) / 10},
        {DAYS(90), {-1, -1}, DAYS(9)},
        {DAYS(90), {100, 0}, DAYS(9)},
        {0, {20, 0}, 0},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_time_t end = NOW + rows[i].life;

        assert_int_equal(end - acme_schedule_warn_at(NOW, end, &rows[i].window),
                         rows[i].before_end);
    }
    assert_int_equal(acme_schedule_urgent_at(NOW, NOW + DAYS(90)),
                     NOW + DAYS(81));
}

static void waits_ten_times_longer_each_time(void **state)
{
    static const apr_interval_time_t least[] = {
        apr_time_from_sec(60), apr_time_from_sec(600), apr_time_from_sec(6000),
        DAYS(1), DAYS(1)};
    static const struct {
        apr_interval_time_t first;
        int errors;
        apr_interval_time_t wait;
    } rows[] = {
        {5 * ACME_TIME_MINUTE, 3, 500 * ACME_TIME_MINUTE},
        {5 * ACME_TIME_MINUTE, 4, DAYS(1)},
        {13 * ACME_TIME_HOUR, 1, 13 * ACME_TIME_HOUR},
        {13 * ACME_TIME_HOUR, 2, DAYS(1)},
        {DAYS(1) / 20, 2, DAYS(1)},
        {DAYS(1) / 20 - 1, 2, DAYS(1) / 2 - 10},
    };
    apr_size_t row;
    int i;

    (void)state;
    for (row = 0; row < sizeof(rows) / sizeof(rows[0]); ++row) {
        apr_interval_time_t d =
            acme_schedule_backoff(rows[row].errors, rows[row].first, "a");

        assert_in_range(d, rows[row].wait, rows[row].wait * 6 / 5);
    }
    for (i = 0; i < 5; ++i) {
        apr_interval_time_t d =
            acme_schedule_backoff(i + 1, ACME_TIME_MINUTE, "a.example");

        assert_in_range(d, least[i], least[i] + least[i] / 5);
    }
    assert_in_range(acme_schedule_backoff(APR_INT32_MAX, 1, "a"), DAYS(1),
                    DAYS(1) + DAYS(1) / 5);
    assert_in_range(acme_schedule_backoff(1, DAYS(30), "a"), DAYS(1),
                    DAYS(1) + DAYS(1) / 5);
    assert_in_range(acme_schedule_backoff(0, ACME_TIME_MINUTE, "a"), least[0],
                    least[0] + least[0] / 5);
    assert_in_range(acme_schedule_backoff(1, 0, NULL), least[0],
                    least[0] + least[0] / 5);
    assert_in_range(acme_schedule_backoff(1, -1, ""), least[0],
                    least[0] + least[0] / 5);
}

static void chance_is_the_same_again_and_spreads(void **state)
{
    apr_interval_time_t low = APR_INT64_MAX, high = 0;
    int i;

    (void)state;
    assert_int_equal(acme_schedule_backoff(2, ACME_TIME_MINUTE, "a.example"),
                     acme_schedule_backoff(2, ACME_TIME_MINUTE, "a.example"));
    for (i = 0; i < 200; ++i) {
        char seed[16];
        apr_interval_time_t d;

        snprintf(seed, sizeof(seed), "s%d", i);
        d = acme_schedule_jitter(1000000, seed);
        assert_in_range(d, 1000000, 1100000);
        low = d < low ? d : low;
        high = d > high ? d : high;
    }
    assert_true(low < 1010000);
    assert_true(high > 1090000);
    assert_int_equal(acme_schedule_jitter(0, "a"), 0);
    assert_int_equal(acme_schedule_jitter(-7, "a"), 0);
}

static apr_time_t retry_at(acme_retry_e retry, apr_time_t later, int errors)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    problem.retry = retry;
    problem.retry_at = later;
    problem.type = ACME_PROBLEM_NETWORK;
    return acme_schedule_retry_at(&problem, errors, ACME_TIME_MINUTE,
                                  "a.example", NOW);
}

static void what_comes_next_is_decided_by_the_class(void **state)
{
    apr_time_t backoff =
        NOW + acme_schedule_backoff(1, ACME_TIME_MINUTE, "a.example");

    (void)state;
    assert_int_equal(retry_at(ACME_RETRY_NOW, 0, 1), backoff);
    assert_int_equal(retry_at(ACME_RETRY_BACKOFF, 0, 1), backoff);
    assert_int_equal(retry_at(ACME_RETRY_INTERNAL, 0, 1), backoff);
    assert_true(retry_at(ACME_RETRY_CONFIG, 0, 1) == ACME_SCHEDULE_NEVER);
    assert_true(retry_at(ACME_RETRY_PERMANENT, 0, 1) == ACME_SCHEDULE_NEVER);
}

static void the_time_that_a_ca_names_is_kept_to(void **state)
{
    (void)state;
    assert_int_equal(retry_at(ACME_RETRY_LATER, NOW + DAYS(2), 1),
                     NOW + DAYS(2));
    /* but it shortens no backoff, and no CA is obeyed for ever */
    assert_int_equal(
        retry_at(ACME_RETRY_LATER, NOW + 1, 3),
        NOW + acme_schedule_backoff(3, ACME_TIME_MINUTE, "a.example"));
    assert_int_equal(
        retry_at(ACME_RETRY_LATER, 0, 1),
        NOW + acme_schedule_backoff(1, ACME_TIME_MINUTE, "a.example"));
    assert_int_equal(retry_at(ACME_RETRY_LATER, APR_INT64_MAX, 1),
                     NOW + DAYS(7));
}

static void a_time_is_drawn_between_its_bounds(void **state)
{
    (void)state;
    assert_in_range(acme_schedule_draw(NOW, NOW + 10, "a"), NOW, NOW + 10);
    assert_true(acme_schedule_draw(NOW, NOW + DAYS(2), "a")
                == acme_schedule_draw(NOW, NOW + DAYS(2), "a"));
    assert_true(acme_schedule_draw(NOW, NOW + DAYS(2), "a")
                != acme_schedule_draw(NOW, NOW + DAYS(2), "b"));
    assert_true(acme_schedule_draw(NOW, NOW, "a") == NOW);
    assert_true(acme_schedule_draw(NOW, NOW - 5, NULL) == NOW);
}

ACME_T_MAIN(ACME_T(a_time_is_drawn_between_its_bounds),
            ACME_T(renews_at_a_part_of_the_life),
            ACME_T(a_certificate_just_issued_is_never_due),
            ACME_T(a_life_that_makes_no_sense_ends_at_its_end),
            ACME_T(warns_in_its_window_or_the_last_tenth),
            ACME_T(waits_ten_times_longer_each_time),
            ACME_T(chance_is_the_same_again_and_spreads),
            ACME_T(what_comes_next_is_decided_by_the_class),
            ACME_T(the_time_that_a_ca_names_is_kept_to))
