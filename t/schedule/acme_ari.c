/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_ari.h"
#include "acme_schedule.h"
#include "acme_time.h"

#define NOW     apr_time_from_sec(1893456000)
#define DAYS(n) ((n)*ACME_TIME_DAY)

static acme_cert_info_t of(const char *id)
{
    acme_cert_info_t info;

    memset(&info, 0, sizeof(info));
    info.ari_id = id;
    info.not_before = NOW - DAYS(1);
    info.not_after = NOW + DAYS(89);
    return info;
}

static acme_renewal_t window(apr_time_t start, apr_time_t end)
{
    acme_renewal_t renewal = {start, end, "https://ca.test/why",
                              NOW + 6 * ACME_TIME_HOUR};

    return renewal;
}

static acme_ari_t *told(const acme_ari_t *old, const acme_cert_info_t *info,
                        apr_time_t start, apr_time_t end, apr_time_t now,
                        apr_pool_t *p)
{
    acme_renewal_t renewal = window(start, end);

    renewal.again = now + 6 * ACME_TIME_HOUR;
    return acme_ari_told(old, &renewal, info, "a.example", now, p);
}

static void the_time_is_drawn_once_per_window_and_kept(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_ari_t *ari, *again;

    ari = told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);
    assert_in_range(ari->selected, NOW + DAYS(50), NOW + DAYS(52));
    assert_true(acme_ari_renew_at(ari, &info) == ari->selected);
    assert_false(acme_ari_is_urgent(ari, NOW));
    again =
        told(ari, &info, NOW + DAYS(50), NOW + DAYS(52), NOW + DAYS(3), *state);
    assert_true(again->selected == ari->selected);
    again =
        told(ari, &info, NOW + DAYS(60), NOW + DAYS(61), NOW + DAYS(3), *state);
    assert_in_range(again->selected, NOW + DAYS(60), NOW + DAYS(61));
    assert_false(again->early);
}

static void a_window_is_open_inside_and_for_its_own_only(void **state)
{
    acme_cert_info_t info = of("key.serial"), other = of("key.other");
    acme_ari_t *ari = told(NULL, &info, NOW + 10, NOW + 20, NOW, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_false(acme_ari_is_open(NULL, &info, NOW));
    assert_false(acme_ari_is_open(ari, &info, NOW + 9));
    assert_true(acme_ari_is_open(ari, &info, NOW + 10));
    assert_true(acme_ari_is_open(ari, &info, NOW + 19));
    assert_false(acme_ari_is_open(ari, &info, NOW + 20));
    assert_false(acme_ari_is_open(ari, &other, NOW + 15));
    ari = acme_ari_failed(NULL, &problem, &info, "a", NOW, *state);
    assert_false(acme_ari_is_open(ari, &info, NOW));
}

static void ten_thousand_are_spread_over_their_window(void **state)
{
    enum { SITES = 10000, PARTS = 10 };
    int parts[PARTS] = {0};
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, *state);
    for (i = 0; i < SITES; ++i) {
        acme_cert_info_t info = of(apr_psprintf(p, "key.%d", i));
        acme_ari_t *ari =
            told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, p);
        apr_time_t at = acme_ari_renew_at(ari, &info);

        assert_in_range(at, NOW + DAYS(50), NOW + DAYS(52));
        ++parts[(at - NOW - DAYS(50)) * PARTS / (DAYS(2) + 1)];
        apr_pool_clear(p);
    }
    for (i = 0; i < PARTS; ++i) {
        assert_in_range(parts[i], SITES / PARTS * 8 / 10,
                        SITES / PARTS * 12 / 10);
    }
}

static void a_window_in_the_past_is_urgent(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_ari_t *ari =
        told(NULL, &info, NOW - DAYS(2), NOW - DAYS(1), NOW, *state);

    assert_true(acme_ari_renew_at(ari, &info) <= NOW);
    assert_true(acme_ari_is_urgent(ari, NOW));
}

static void a_window_that_is_moved_to_now_is_urgent(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_ari_t *ari =
        told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);

    ari = told(ari, &info, NOW - DAYS(1), NOW + DAYS(30), NOW + 1, *state);
    assert_true(acme_ari_renew_at(ari, &info) <= NOW);
    assert_true(acme_ari_is_urgent(ari, NOW + 1));
    /* the same window again changes nothing */
    ari = told(ari, &info, NOW - DAYS(1), NOW + DAYS(30), NOW + 2, *state);
    assert_true(acme_ari_renew_at(ari, &info) <= NOW);
    /* a window that is moved, but has not begun, is drawn from, no more */
    ari = told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);
    ari = told(ari, &info, NOW + DAYS(5), NOW + DAYS(7), NOW + 1, *state);
    assert_in_range(ari->selected, NOW + DAYS(5), NOW + DAYS(7));
    assert_false(acme_ari_is_urgent(ari, NOW + 1));
}

static void no_window_is_waited_for_until_it_is_too_late(void **state)
{
    acme_cert_info_t info = of("key.serial");
    apr_time_t last = acme_schedule_urgent_at(info.not_before, info.not_after);
    acme_ari_t *ari =
        told(NULL, &info, NOW + DAYS(200), NOW + DAYS(210), NOW, *state);

    assert_true(acme_ari_renew_at(ari, &info) == last);
    ari = told(NULL, &info, NOW + DAYS(10), NOW + DAYS(1000), NOW, *state);
    assert_in_range(acme_ari_renew_at(ari, &info), NOW + DAYS(10), last);
}

static void a_ca_that_is_never_content_is_served_less_and_less(void **state)
{
    acme_ari_t *ari = NULL;
    apr_time_t now = NOW;
    apr_interval_time_t waits[6];
    int i;

    for (i = 0; i < 6; ++i) {
        acme_cert_info_t info = of(apr_psprintf(*state, "key.%d", i));
        apr_time_t at;

        info.not_before = now;
        info.not_after = now + DAYS(90);
        ari = told(ari, &info, now - DAYS(2), now - DAYS(1), now, *state);
        at = acme_ari_renew_at(ari, &info);
        waits[i] = at > now ? at - now : 0;
        now += waits[i];
    }
    assert_int_equal(waits[0], 0);
    assert_in_range(waits[1], ACME_TIME_HOUR, 2 * ACME_TIME_HOUR);
    assert_in_range(waits[2], 10 * ACME_TIME_HOUR, 12 * ACME_TIME_HOUR);
    assert_in_range(waits[3], DAYS(1), DAYS(1) * 12 / 10);
    assert_in_range(waits[5], DAYS(1), DAYS(1) * 12 / 10);
}

static void a_failure_keeps_what_was_known_and_waits(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ari_t *ari =
        told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);
    apr_time_t selected = ari->selected;
    apr_interval_time_t last = 0;
    int i;

    acme_problem_set(&problem, APR_ECONNREFUSED, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, *state, "nobody there");
    for (i = 1; i <= 5; ++i) {
        ari = acme_ari_failed(ari, &problem, &info, "ca", NOW, *state);
        assert_int_equal(ari->errors, i);
        assert_true(ari->selected == selected);
        assert_true(ari->next - NOW >= last);
        last = ari->next - NOW;
        assert_true(last <= DAYS(1));
        assert_int_equal(acme_ari_next_query(ari, &info, NOW), ari->next);
    }
    problem.retry = ACME_RETRY_LATER;
    problem.retry_at = NOW + ACME_TIME_HOUR;
    ari = acme_ari_failed(NULL, &problem, &info, "ca", NOW, *state);
    assert_true(ari->next == NOW + ACME_TIME_HOUR);
    problem.retry_at = NOW + DAYS(3);
    ari = acme_ari_failed(NULL, &problem, &info, "ca", NOW, *state);
    assert_true(ari->next == NOW + ACME_RENEWAL_AGAIN_MAX);
    assert_int_equal(acme_ari_renew_at(ari, &info), 0);
    ari = told(ari, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);
    assert_int_equal(ari->errors, 0);
    assert_null(ari->problem);
}

static void it_is_asked_again_within_a_day(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_renewal_t renewal = window(NOW + DAYS(50), NOW + DAYS(52));
    apr_interval_time_t shortest = DAYS(1), longest = 0;
    char name[24];
    int i;

    for (i = 0; i < 100; ++i) {
        acme_ari_t *ari;

        apr_snprintf(name, sizeof(name), "a%d.example", i);
        renewal.again = NOW + DAYS(1);
        ari = acme_ari_told(NULL, &renewal, &info, name, NOW, *state);
        assert_true(ari->next == NOW + DAYS(1));
        renewal.again = NOW + DAYS(1) - ACME_TIME_HOUR;
        ari = acme_ari_told(NULL, &renewal, &info, name, NOW, *state);
        assert_in_range(ari->next, renewal.again, NOW + DAYS(1));
        shortest = ari->next - NOW < shortest ? ari->next - NOW : shortest;
        longest = ari->next - NOW > longest ? ari->next - NOW : longest;
    }
    assert_true(shortest < longest);
}

static void another_certificate_is_asked_about_at_once(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_cert_info_t other = of("key.other");
    acme_cert_info_t nameless = of(NULL);
    acme_ari_t *ari =
        told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);

    assert_in_range(acme_ari_next_query(ari, &info, NOW),
                    NOW + 6 * ACME_TIME_HOUR, NOW + 7 * ACME_TIME_HOUR);
    assert_true(acme_ari_next_query(ari, &other, NOW) == NOW);
    assert_int_equal(acme_ari_renew_at(ari, &other), 0);
    assert_true(acme_ari_next_query(NULL, &info, NOW) == NOW);
    assert_true(acme_ari_next_query(ari, &nameless, NOW)
                == ACME_SCHEDULE_NEVER);
    /* the clock was wrong, and has been set */
    assert_true(acme_ari_next_query(ari, &info, NOW - DAYS(30))
                == NOW - DAYS(30));
}

static void everything_comes_back(void **state)
{
    acme_cert_info_t info = of("key.serial");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ari_t *ari =
        told(NULL, &info, NOW + DAYS(50), NOW + DAYS(52), NOW, *state);
    acme_ari_t *back;

    acme_problem_set(&problem, APR_ECONNREFUSED, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, *state, "nobody there");
    ari = acme_ari_failed(ari, &problem, &info, "ca", NOW, *state);
    ari->early = 1;
    ari->hasty = 3;
    back = acme_ari_restore(acme_ari_to_json(ari, *state), *state);
    assert_non_null(back);
    assert_string_equal(back->cert, ari->cert);
    assert_true(back->start == ari->start && back->end == ari->end);
    assert_true(back->selected == ari->selected && back->next == ari->next);
    assert_true(back->first == ari->first);
    assert_int_equal(back->hasty, 3);
    assert_int_equal(back->early, 1);
    assert_int_equal(back->errors, 1);
    assert_string_equal(back->explanation, "https://ca.test/why");
    assert_string_equal(back->problem->detail, "nobody there");
}

static void what_was_damaged_is_nothing(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"cert\":7}",
        "{\"cert\":\"a\",\"errors\":-1}",
        "{\"cert\":\"a\",\"errors\":99999999999}",
        "{\"cert\":\"a\",\"hasty\":2147483647}",
        "{\"cert\":\"a\",\"hasty\":1000001}",
        "{\"cert\":\"a\",\"next\":\"soon\"}",
        "{\"cert\":\"a\",\"early\":3}",
        "{\"cert\":\"a\",\"explanation\":[]}",
        "{\"cert\":\"a\",\"problem\":7}",
        "{\"cert\":\"a\",\"start\":\"2030-01-01T00:00:00Z\"}",
        "{\"cert\":\"a\",\"start\":\"2030-01-03T00:00:00Z\",\"end\":"
        "\"2030-01-02T00:00:00Z\",\"selected\":\"2030-01-02T00:00:00Z\"}",
        "{\"cert\":\"a\",\"start\":\"2030-01-03T00:00:00Z\",\"end\":"
        "\"2030-01-04T00:00:00Z\",\"selected\":\"2039-01-02T00:00:00Z\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        acme_json_t *json;

        assert_int_equal(
            acme_json_parse(&json, bad[i], strlen(bad[i]), NULL, *state), 0);
        if (acme_ari_restore(json, *state)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

ACME_T_MAIN(ACME_T(the_time_is_drawn_once_per_window_and_kept),
            ACME_T(a_window_is_open_inside_and_for_its_own_only),
            ACME_T(ten_thousand_are_spread_over_their_window),
            ACME_T(a_window_in_the_past_is_urgent),
            ACME_T(a_window_that_is_moved_to_now_is_urgent),
            ACME_T(no_window_is_waited_for_until_it_is_too_late),
            ACME_T(a_ca_that_is_never_content_is_served_less_and_less),
            ACME_T(a_failure_keeps_what_was_known_and_waits),
            ACME_T(it_is_asked_again_within_a_day),
            ACME_T(another_certificate_is_asked_about_at_once),
            ACME_T(everything_comes_back), ACME_T(what_was_damaged_is_nothing))
