/* SPDX-License-Identifier: Apache-2.0 */

/* The state machine fed by hand: polls, outages and bounds. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

static void an_outage_is_waited_out_with_growing_delay(void **state)
{
    static const char *const phases[] = {"new",     "resume",  "authorize",
                                         "respond", "await",   "finalize",
                                         "process", "download"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        apr_interval_time_t delay = apr_time_from_sec(5);
        const char *url = issue_feed_action(feed)->url;
        int n;

        if (strcmp(phases[i], "finalize") == 0) {
            url = FEED_ORDER; /* polled before it is finalized again */
        }
        for (n = 0; n < ACME_ISSUE_RETRIES; ++n) {
            if (n % 2) {
                issue_feed_answer(feed, 503, NULL, "text/html", "<html>", 0);
            }
            else {
                issue_feed_no_answer(feed);
            }
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
            assert_int_equal(issue_feed_action(feed)->until, feed->now + delay);
            delay *= 2;
            issue_feed_act(feed);
            assert_string_equal(issue_feed_action(feed)->url, url);
        }
        issue_feed_no_answer(feed);
        issue_feed_to_the_end(feed);
        assert_string_equal(issue_feed_assert_failed(feed)->type,
                            ACME_PROBLEM_NETWORK);
        assert_int_equal(acme_issue_resumable(feed->issue) != 0, i > 0);
    }
}

static void the_ca_is_told_when_all_challenges_can_be_seen(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 3, *state);
    apr_time_t latest = feed->now + apr_time_from_sec(300);
    int n = 0;

    while (!issue_feed_is_phase(feed, "respond")) {
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_good_answer(feed);
            continue;
        }
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_PRESENT);
        /* The second one takes longest. */
        acme_issue_visible_at(feed->issue, ++n == 2 ? latest : feed->now + n);
        issue_feed_act(feed);
    }
    assert_int_equal(n, 3);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    assert_int_equal(issue_feed_action(feed)->until, latest);
    /* They may be seen earlier. */
    assert_true(acme_issue_waits_to_be_seen(feed->issue));
    acme_issue_timer(feed->issue, feed->now);
    assert_false(acme_issue_waits_to_be_seen(feed->issue));
    /* All are told, without another wait. */
    for (n = 0; n < 3; ++n) {
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_POST);
        issue_feed_assert_phase(feed, "respond");
        issue_feed_good_answer(feed);
    }
    issue_feed_to_the_end(feed);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_DONE);
}

static void the_cas_own_time_is_waited_for_if_it_is_soon(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);
    const acme_problem_t *problem;

    issue_feed_answer(feed, 429, NULL, FEED_JSON,
                      FEED_ERROR("rateLimited", "x"), apr_time_from_sec(90));
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    assert_false(acme_issue_waits_to_be_seen(feed->issue));
    assert_int_equal(issue_feed_action(feed)->until,
                     feed->now + apr_time_from_sec(90));
    issue_feed_act(feed);
    issue_feed_answer(feed, 503, NULL, FEED_JSON, "", apr_time_from_sec(3600));
    problem = issue_feed_assert_failed(feed);
    assert_int_equal(problem->retry, ACME_RETRY_LATER);
    assert_int_equal(problem->retry_at, feed->now + apr_time_from_sec(3600));
    assert_true(acme_issue_resumable(feed->issue));
}

static void polls_are_spaced_and_end(void **state)
{
    static const char *const phases[] = {"await", "process"};
    static const int seconds[] = {2, 4, 8, 16, 30, 30};
    size_t i;

    for (i = 0; i < 2; ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        const char *text = issue_feed_order(feed, i ? "processing" : "pending");
        apr_time_t began = feed->now - apr_time_from_sec(1);
        int polls = 0;

        while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_answer(feed, 200, NULL, FEED_JSON, text, 0);
            if (polls < 6) {
                assert_int_equal(issue_feed_action(feed)->until - feed->now,
                                 apr_time_from_sec(seconds[polls]));
            }
            ++polls;
            issue_feed_act(feed);
        }
        issue_feed_to_the_end(feed);
        assert_string_equal(issue_feed_assert_failed(feed)->type,
                            ACME_PROBLEM_TIMEOUT);
        assert_int_equal(issue_feed_assert_failed(feed)->retry,
                         ACME_RETRY_BACKOFF);
        assert_non_null(
            strstr(issue_feed_assert_failed(feed)->detail, FEED_ORDER));
        assert_int_equal(feed->now - began, apr_time_from_sec(600));
        assert_in_range(polls, 10, 40);
        assert_true(acme_issue_resumable(feed->issue));
        assert_int_equal(feed->cleaned, 1);
    }
}

static void retry_after_spaces_polls_within_bounds(void **state)
{
    static const int named[][3] = {
        {10, 10, 10}, {1, 1, 1}, {30, 30, 30}, {300, 120, 300}};
    static const char *const phases[] = {"await", "process"};
    static const char *const statuses[] = {"pending", "processing"};
    size_t phase, i;

    for (phase = 0; phase < 2; ++phase) {
        issue_feed_t *feed = issue_feed_create_in(phases[phase], 1, *state);

        for (i = 0; i < sizeof(named) / sizeof(named[0]); ++i) {
            issue_feed_answer(feed, 200, NULL, FEED_JSON,
                              issue_feed_order(feed, statuses[phase]),
                              apr_time_from_sec(named[i][0]));
            assert_int_equal(issue_feed_action(feed)->until - feed->now,
                             apr_time_from_sec(named[i][1 + phase]));
            issue_feed_act(feed);
        }
    }
}

static void
a_validation_may_take_as_long_as_the_ca_says_but_not_for_ever(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);
    const char *text = issue_feed_order(feed, "pending");
    apr_time_t began = feed->now, asked;

    while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
        asked = feed->now;
        issue_feed_answer(feed, 200, NULL, FEED_JSON, text,
                          apr_time_from_sec(1200));
        issue_feed_act(feed);
        assert_true(feed->now - asked <= apr_time_from_sec(120));
    }
    issue_feed_to_the_end(feed);
    assert_true(feed->now - began >= apr_time_from_sec(3590));
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_TIMEOUT);
    assert_non_null(strstr(issue_feed_assert_failed(feed)->detail, "1 hour"));
    assert_int_equal(issue_feed_assert_failed(feed)->retry, ACME_RETRY_BACKOFF);
    assert_true(acme_issue_resumable(feed->issue));
}

/* The CA names a time beyond the patience, in any answer. */
static void an_order_that_takes_hours_is_left_and_resumed(void **state)
{
    static const char *const phases[] = {"finalize", "process", "resume"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        apr_time_t until = feed->now + apr_time_from_sec(2 * 3600);
        const acme_problem_t *problem;
        int posts = feed->posts;

        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "processing"),
                          until - feed->now);
        while (!issue_feed_is_over(feed)) {
            assert_int_not_equal(issue_feed_action(feed)->type,
                                 ACME_ACTION_WAIT);
            issue_feed_act(feed);
        }
        assert_int_equal(feed->posts, posts + 1);
        problem = issue_feed_assert_failed(feed);
        assert_string_equal(problem->type, ACME_PROBLEM_TIMEOUT);
        assert_int_equal(problem->retry, ACME_RETRY_LATER);
        assert_int_equal(problem->retry_at, until);
        assert_non_null(strstr(problem->detail, FEED_ORDER));
        assert_true(acme_issue_resumable(feed->issue));
        feed->now = until;
        issue_feed_restore(feed);
        assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "valid"), 0);
        issue_feed_assert_phase(feed, "download");
    }
}

/* An order that is always about to be ready is left for this time. */
static void a_time_that_is_always_soon_is_no_reason_to_wait(void **state)
{
    static const int seconds[] = {2, 45, 119};
    size_t i;

    for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("process", 1, *state);
        const char *text = issue_feed_order(feed, "processing");
        apr_time_t began = feed->now - apr_time_from_sec(1);

        while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_answer(feed, 200, NULL, FEED_JSON, text,
                              apr_time_from_sec(seconds[i]));
            issue_feed_act(feed);
        }
        issue_feed_to_the_end(feed);
        assert_int_equal(feed->now - began, apr_time_from_sec(600));
        assert_int_equal(issue_feed_assert_failed(feed)->retry,
                         ACME_RETRY_BACKOFF);
        assert_true(acme_issue_resumable(feed->issue));
    }
}

/* Each time is within the patience, their sum is beyond it. */
static void times_that_add_up_are_kept_too(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("process", 1, *state);
    const char *text = issue_feed_order(feed, "processing");
    apr_time_t until;

    issue_feed_answer(feed, 200, NULL, FEED_JSON, text, apr_time_from_sec(400));
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    issue_feed_act(feed);
    until = feed->now + apr_time_from_sec(400);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, text, apr_time_from_sec(400));
    issue_feed_to_the_end(feed);
    assert_int_equal(issue_feed_assert_failed(feed)->retry_at, until);
    assert_true(acme_issue_resumable(feed->issue));
}

static void refused_nonces_end_it_for_this_time(void **state)
{
    static const char *const phases[] = {"new", "authorize", "finalize",
                                         "download"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);

        issue_feed_answer(feed, 400, NULL, FEED_JSON,
                          FEED_ERROR("badNonce", "x"), 0);
        issue_feed_to_the_end(feed);
        assert_true(
            acme_problem_is(issue_feed_assert_failed(feed), "badNonce"));
        assert_int_equal(issue_feed_assert_failed(feed)->retry,
                         ACME_RETRY_BACKOFF);
        assert_int_equal(acme_issue_resumable(feed->issue) != 0, i > 0);
    }
}

static void a_clock_that_stands_still_is_no_endless_loop(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);

    while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "pending"), 0);
        if (issue_feed_action(feed)->type == ACME_ACTION_WAIT) {
            acme_issue_timer(feed->issue, feed->now);
        }
        assert_true(feed->posts < 1000);
    }
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_TIMEOUT);
}

static void an_outage_does_not_shorten_the_next_phase(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    issue_feed_no_answer(feed);
    issue_feed_act(feed);
    issue_feed_good_answer(feed);
    issue_feed_assert_phase(feed, "await");
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
}

static void an_outage_is_no_delay_of_the_validation(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);
    const char *text = issue_feed_order(feed, "pending");

    feed->config.patience = apr_time_from_sec(20);
    feed->now += apr_time_from_sec(590);
    issue_feed_answer(feed, 503, NULL, "text/html", "", apr_time_from_sec(15));
    issue_feed_act(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, text, 0);
    /* looks at the authorization, and waits again */
    assert_string_equal(issue_feed_action(feed)->url, "https://c/authz/0");
    issue_feed_good_answer(feed);
    issue_feed_assert_phase(feed, "await");
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
}

static void outages_count_anew_after_each_answer(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);
    const char *text = issue_feed_order(feed, "pending");
    int i;

    for (i = 0; i < 3 * ACME_ISSUE_RETRIES; ++i) {
        assert_null(acme_issue_trouble(feed->issue));
        issue_feed_no_answer(feed);
        assert_int_equal(issue_feed_action(feed)->until - feed->now,
                         apr_time_from_sec(5));
        /* it is told as long as it lasts */
        assert_non_null(acme_issue_trouble(feed->issue)->detail);
        issue_feed_act(feed);
        issue_feed_answer(feed, 200, NULL, FEED_JSON, text, 0);
        issue_feed_act(feed);
    }
    issue_feed_assert_phase(feed, "await");
}

static void a_time_that_is_now_is_a_second_away(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);

    issue_feed_answer(feed, 503, NULL, "text/html", "", 1);
    assert_int_equal(issue_feed_action(feed)->until - feed->now,
                     apr_time_from_sec(1));
}

static void an_order_that_expires_meanwhile_is_not_resumed(void **state)
{
    static const char *const expiries[] = {"2030-01-01T01:00:00Z",
                                           "2030-01-01T00:00:30Z"};
    int i;

    for (i = 0; i < 2; ++i) {
        issue_feed_t *feed = issue_feed_create(1, *state);

        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                          apr_psprintf(feed->p,
                                       "{\"status\":\"pending\",\"expires\":"
                                       "\"%s\",\"authorizations\":["
                                       "\"https://c/authz/0\"],"
                                       "\"finalize\":\"%s\"}",
                                       expiries[i], FEED_FINALIZE),
                          0);
        while (!issue_feed_is_over(feed)) {
            issue_feed_no_answer(feed);
            issue_feed_act(feed);
        }
        assert_int_equal(acme_issue_resumable(feed->issue) != 0, i == 0);
    }
}

static void polls_of_one_phase_are_not_the_nexts(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);
    int i;

    feed->config.poll_min = apr_time_from_sec(10);
    feed->config.poll_max = apr_time_from_sec(10);
    feed->config.patience = apr_time_from_sec(50);
    issue_feed_go_to(feed, "await");
    for (i = 0; i < 4; ++i) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "pending"), 0);
        issue_feed_act(feed);
    }
    issue_feed_go_to(feed, "process");
    for (i = 0; i < 4; ++i) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "processing"), 0);
        issue_feed_act(feed);
    }
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

static void too_many_requests_end_it(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);
    int failed = 0;
    int polls = 0;

    /* Each request fails as often as is allowed; finalize fails always. */
    while (!issue_feed_is_over(feed)) {
        int finalize = issue_feed_is_phase(feed, "finalize");
        int poll = issue_feed_is_phase(feed, "await");

        assert_true(feed->posts < 200);
        if (issue_feed_action(feed)->type != ACME_ACTION_POST) {
            issue_feed_act(feed);
        }
        else if (finalize || (!poll && failed < ACME_ISSUE_RETRIES)) {
            issue_feed_no_answer(feed);
            ++failed;
        }
        else {
            polls += poll;
            issue_feed_good_answer(feed);
            failed = 0;
        }
    }
    assert_non_null(strstr(issue_feed_assert_failed(feed)->detail,
                           "is not complete after 47 requests"));
    assert_int_equal(feed->posts - polls, 47);
    assert_true(acme_issue_resumable(feed->issue));
}

ACME_T_MAIN(
    ACME_T(an_outage_is_waited_out_with_growing_delay),
    ACME_T(the_ca_is_told_when_all_challenges_can_be_seen),
    ACME_T(the_cas_own_time_is_waited_for_if_it_is_soon),
    ACME_T(polls_are_spaced_and_end),
    ACME_T(retry_after_spaces_polls_within_bounds),
    ACME_T(a_validation_may_take_as_long_as_the_ca_says_but_not_for_ever),
    ACME_T(an_order_that_takes_hours_is_left_and_resumed),
    ACME_T(a_time_that_is_always_soon_is_no_reason_to_wait),
    ACME_T(times_that_add_up_are_kept_too),
    ACME_T(refused_nonces_end_it_for_this_time),
    ACME_T(a_clock_that_stands_still_is_no_endless_loop),
    ACME_T(an_outage_does_not_shorten_the_next_phase),
    ACME_T(an_outage_is_no_delay_of_the_validation),
    ACME_T(outages_count_anew_after_each_answer),
    ACME_T(a_time_that_is_now_is_a_second_away),
    ACME_T(an_order_that_expires_meanwhile_is_not_resumed),
    ACME_T(polls_of_one_phase_are_not_the_nexts),
    ACME_T(too_many_requests_end_it))
