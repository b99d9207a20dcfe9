/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_crash.h"

#define NOW  apr_time_from_sec(1700000000)
#define SITE "a.example.org"
#define CA   "https://ca.example.org/directory"

static acme_crash_shared_t shared;

static int start(acme_crash_t *crash, acme_crash_mark_t *died, apr_time_t now,
                 apr_pool_t *p)
{
    return acme_crash_open(crash, died, &shared, now, p);
}

/* Makes a worker that dies over something. */
static void die(acme_crash_e what, const char *name, apr_time_t now,
                apr_pool_t *p)
{
    acme_crash_shared_t left;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    apr_pool_t *pworker;

    apr_pool_create(&pworker, p);
    start(crash, &died, now, pworker);
    acme_crash_begin(crash);
    (void)acme_crash_enter(crash, what, name);
    left = shared;
    apr_pool_destroy(pworker);
    shared = left;
}

static void an_orderly_end_is_no_death(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died, before;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    apr_pool_t *pworker;
    int i;

    memset(&shared, 0, sizeof(shared));
    for (i = 0; i < 10; i++) {
        apr_pool_create(&pworker, p);
        assert_false(start(crash, &died, NOW, pworker));
        acme_crash_begin(crash);
        before = acme_crash_enter(crash, ACME_CRASH_SITE, SITE);
        acme_crash_leave(crash, before);
        if (i % 2) {
            acme_crash_end(crash);
        }
        apr_pool_destroy(pworker);
    }
    assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_SITE, SITE), 0);
}

static void deaths_over_a_thing_count_from_the_third_on(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    int i;

    memset(&shared, 0, sizeof(shared));
    for (i = 1; i <= 5; i++) {
        die(ACME_CRASH_SITE, SITE, NOW, p);
        assert_true(start(crash, &died, NOW, p));
        assert_int_equal(died.what, ACME_CRASH_SITE);
        assert_string_equal(died.name, SITE);
        assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_SITE, SITE), i);
        assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_CA, SITE), 0);
        assert_int_equal(acme_crash_take(crash, ACME_CRASH_SITE, SITE),
                         i >= ACME_CRASH_DEATHS);
        assert_false(acme_crash_take(crash, ACME_CRASH_SITE, SITE));
        acme_crash_end(crash);
    }
    acme_crash_forget(crash, ACME_CRASH_SITE, SITE);
    assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_SITE, SITE), 0);
}

static void old_deaths_are_forgotten(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    int i;

    memset(&shared, 0, sizeof(shared));
    for (i = 0; i < 5; i++) {
        apr_time_t now = NOW + i * 8 * ACME_TIME_DAY;

        die(ACME_CRASH_SITE, SITE, now, p);
        start(crash, &died, now, p);
        assert_false(acme_crash_take(crash, ACME_CRASH_SITE, SITE));
        acme_crash_end(crash);
    }
}

static void a_ca_bars_its_sites_for_a_while(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    int i, first;

    memset(&shared, 0, sizeof(shared));
    for (i = 0; i < ACME_CRASH_DEATHS; i++) {
        start(crash, &died, NOW, p);
        assert_false(acme_crash_is_barred(crash, CA, NOW, &first));
        acme_crash_end(crash);
        die(ACME_CRASH_CA, CA, NOW, p);
    }
    start(crash, &died, NOW, p);
    assert_true(acme_crash_is_barred(crash, CA, NOW, &first));
    assert_true(first);
    assert_true(acme_crash_is_barred(crash, CA, NOW, &first));
    assert_false(first);
    assert_false(
        acme_crash_is_barred(crash, CA, NOW + ACME_TIME_MINUTE, &first));
    acme_crash_problem(&problem, crash, ACME_CRASH_CA, CA, p);
    assert_string_equal(problem.type, ACME_PROBLEM_CRASH);
    assert_non_null(strstr(problem.detail, "3 times"));
    assert_non_null(strstr(problem.detail, CA));
}

static void all_wait_when_many_have_died_in_a_row(void **state)
{
    apr_pool_t *p = *state;
    apr_time_t now = NOW, until = 0;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    int i;

    memset(&shared, 0, sizeof(shared));
    for (i = 0; i < ACME_CRASH_IN_A_ROW + 4; i++) {
        start(crash, &died, now, p);
        assert_int_equal(acme_crash_in_a_row(crash), i);
        until = acme_crash_until(crash, now);
        assert_int_equal(until > now, i >= ACME_CRASH_IN_A_ROW);
        assert_true(until <= now + 2 * ACME_TIME_HOUR);
        now = until ? until : now;
    }
    start(crash, &died, now, p);
    /* The clock was turned back. */
    assert_int_equal(acme_crash_until(crash, NOW - ACME_TIME_DAY), 0);
    acme_crash_end(crash);
    assert_int_equal(acme_crash_until(crash, now), 0);
    assert_int_equal(acme_crash_in_a_row(crash), 0);
}

static void the_oldest_makes_room(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    int i;

    memset(&shared, 0, sizeof(shared));
    for (i = 0; i < 2 * ACME_CRASH_ENTRIES; i++) {
        die(ACME_CRASH_SITE, apr_itoa(p, i), NOW + i, p);
    }
    start(crash, &died, NOW + i, p);
    assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_SITE, "1"), 0);
    assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_SITE, "63"), 1);
}

static void names_of_any_length_fit(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    char name[2000];

    memset(&shared, 0, sizeof(shared));
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    die(ACME_CRASH_CA, name, NOW, p);
    start(crash, &died, NOW, p);
    assert_int_equal(strlen(died.name), ACME_CRASH_NAME);
    assert_int_equal(acme_crash_deaths(crash, ACME_CRASH_CA, name), 1);
}

static void without_memory_nothing_is_noted(void **state)
{
    apr_pool_t *p = *state;
    acme_crash_mark_t died, before;
    acme_crash_t *crash = apr_pcalloc(p, sizeof(*crash));
    acme_http_t http;

    assert_false(acme_crash_open(crash, &died, NULL, NOW, p));
    acme_crash_begin(crash);
    before = acme_crash_enter(crash, ACME_CRASH_SITE, SITE);
    acme_crash_leave(crash, before);
    acme_crash_end(crash);
    assert_int_equal(acme_crash_until(crash, NOW), 0);
    assert_false(acme_crash_take(crash, ACME_CRASH_SITE, SITE));
    assert_ptr_equal(acme_crash_http(crash, &http, CA, p), &http);
}

ACME_T_MAIN(ACME_T(an_orderly_end_is_no_death),
            ACME_T(deaths_over_a_thing_count_from_the_third_on),
            ACME_T(old_deaths_are_forgotten),
            ACME_T(a_ca_bars_its_sites_for_a_while),
            ACME_T(all_wait_when_many_have_died_in_a_row),
            ACME_T(the_oldest_makes_room), ACME_T(names_of_any_length_fit),
            ACME_T(without_memory_nothing_is_noted))
