/* SPDX-License-Identifier: Apache-2.0 */

/* Each phase knows each status, of an order, an authorization and a challenge.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

static const char *const order_statuses[] = {"pending", "ready", "processing",
                                             "valid", "invalid"};

#define STATUSES (sizeof(order_statuses) / sizeof(order_statuses[0]))

/* Answers the request with the order in that status. */
static void say_order(issue_feed_t *feed, const char *status)
{
    issue_feed_answer(feed, 200, FEED_ORDER, FEED_JSON,
                      issue_feed_order(feed, status), 0);
}

/* Creates an order that asks for itself in that phase. */
static issue_feed_t *create_in(const char *phase, apr_pool_t *p)
{
    issue_feed_t *feed = issue_feed_create_in(phase, 1, p);

    if (strcmp(phase, "diagnose") == 0) {
        issue_feed_restore(feed); /* does not know the authorizations */
        assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
    }
    return feed;
}

static void each_phase_knows_each_status_of_the_order(void **state)
{
    static const struct {
        const char *phase;
        const char *next[STATUSES];
    } cases[] = {
        {"new", {"authorize", "finalize", "process", "download", "diagnose"}},
        {"resume", {"authorize", "finalize", "process", "download", "failed"}},
        {"await", {"await", "finalize", "process", "download", "diagnose"}},
        {"finalize", {"await", "process", "process", "download", "diagnose"}},
        {"process", {"await", "process", "process", "download", "diagnose"}},
        {"diagnose",
         {"authorize", "finalize", "process", "download", "diagnose"}},
    };
    size_t i, status;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        for (status = 0; status < STATUSES; ++status) {
            issue_feed_t *feed = create_in(cases[i].phase, *state);

            say_order(feed, order_statuses[status]);
            issue_feed_assert_phase(feed, cases[i].next[status]);
        }
    }
}

static void each_status_of_an_authorization_leads_on(void **state)
{
    static const struct {
        const char *status;
        const char *challenge;
        const char *next;
    } cases[] = {
        {"pending", "pending", "respond"},
        {"pending", "processing", "await"},
        {"pending", "valid", "await"},
        {"pending", "invalid", "failed"},
        {"valid", "pending", "await"},
        {"valid", "invalid", "await"},
        {"invalid", "invalid", "diagnose"},
        {"invalid", "pending", "diagnose"},
        {"deactivated", "valid", "diagnose"},
        {"expired", "pending", "diagnose"},
        {"revoked", "valid", "diagnose"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);

        issue_feed_answer(
            feed, 200, NULL, FEED_JSON,
            issue_feed_authz(feed, 0, cases[i].status, cases[i].challenge), 0);
        while (issue_feed_action(feed)->type == ACME_ACTION_PRESENT) {
            issue_feed_act(feed);
        }
        issue_feed_assert_phase(feed, cases[i].next);
    }
}

static void each_status_of_a_challenge_is_told(void **state)
{
    static const char *const statuses[] = {"pending", "processing", "valid",
                                           "invalid"};
    size_t i;

    for (i = 0; i < 4; ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_challenge(feed, 0, statuses[i]), 0);
        issue_feed_assert_phase(feed, "await");
    }
}

/* Goes on while the CA keeps the order ready. Returns how often it was
 * finalized, the first time included. */
static int finalize_in_vain(issue_feed_t *feed)
{
    int count = 0;

    while (!issue_feed_is_over(feed)) {
        if (issue_feed_action(feed)->type != ACME_ACTION_POST) {
            issue_feed_act(feed);
            continue;
        }
        count += issue_feed_is_phase(feed, "finalize");
        say_order(feed, "ready");
    }
    return count;
}

static void a_finalize_that_is_not_taken_up_is_repeated(void **state)
{
    static const int seconds[] = {5, 10, 20, 40, 80};
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    int i;

    for (i = 0; i < ACME_ISSUE_RETRIES; ++i) {
        issue_feed_assert_phase(feed, "finalize");
        say_order(feed, "ready");
        issue_feed_assert_phase(feed, "process");
        assert_int_equal(issue_feed_action(feed)->until - feed->now,
                         apr_time_from_sec(seconds[i]));
        issue_feed_act(feed);
        /* the order is asked for before finalize is repeated */
        assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
        say_order(feed, "ready");
    }
    issue_feed_assert_phase(feed, "finalize");
    say_order(feed, "ready");
    issue_feed_to_the_end(feed);
    assert_non_null(strstr(issue_feed_assert_failed(feed)->detail,
                           "does not take up finalize"));
    assert_int_equal(issue_feed_assert_failed(feed)->retry, ACME_RETRY_BACKOFF);

    /* The same order goes on with the next try. */
    assert_true(acme_issue_resumable(feed->issue));
    issue_feed_restore(feed);
    say_order(feed, "ready");
    issue_feed_assert_phase(feed, "finalize");
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

static void a_finalize_that_is_seen_late_is_not_repeated(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);

    say_order(feed, "ready");
    issue_feed_act(feed);
    say_order(feed, "processing");
    issue_feed_act(feed);
    say_order(feed, "valid");
    issue_feed_assert_phase(feed, "download");
}

/* A CA refuses a finalize that comes after one that it has heard. */
static void a_finalize_that_is_refused_asks_for_the_order(void **state)
{
    static const struct {
        const char *status;
        const char *next;
    } cases[] = {{"pending", "failed"},
                 {"ready", "failed"},
                 {"processing", "process"},
                 {"valid", "download"},
                 {"invalid", "diagnose"}};
    size_t i;

    for (i = 0; i < STATUSES; ++i) {
        issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);

        issue_feed_answer(feed, 403, NULL, FEED_JSON,
                          FEED_ERROR("caa", "not by us"), 0);
        assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
        say_order(feed, cases[i].status);
        if (strcmp(cases[i].next, "failed") != 0) {
            issue_feed_assert_phase(feed, cases[i].next);
        }
        if (strcmp(cases[i].next, "diagnose") == 0) {
            issue_feed_answer(feed, 200, NULL, FEED_JSON,
                              issue_feed_authz(feed, 0, "valid", "valid"), 0);
        }
        issue_feed_to_the_end(feed);
        if (i < 2 || i == 4) {
            assert_string_equal(issue_feed_assert_failed(feed)->detail,
                                "not by us");
            assert_string_equal(issue_feed_assert_failed(feed)->activity,
                                "finalizing the order");
            assert_false(acme_issue_resumable(feed->issue));
        }
    }
}

static void an_issuance_that_fails_for_now_is_finalized_again(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("process", 1, *state);
    int finalized;

    say_order(feed, "processing");
    issue_feed_act(feed);
    finalized = finalize_in_vain(feed);
    assert_int_equal(finalized, ACME_ISSUE_RETRIES);
    issue_feed_assert_failed(feed);
    assert_true(acme_issue_resumable(feed->issue));
}

/* An order that newOrder calls valid, or ready, and that is pending. */
static void a_pending_order_is_authorized_if_it_was_not(void **state)
{
    static const char *const first[] = {"processing", "ready"};
    size_t i;

    for (i = 0; i < 2; ++i) {
        issue_feed_t *feed = issue_feed_create(1, *state);

        say_order(feed, first[i]);
        if (i == 0) {
            issue_feed_act(feed);
        }
        say_order(feed, "pending");
        issue_feed_assert_phase(feed, "authorize");
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

static void an_order_that_goes_back_and_forth_ends(void **state)
{
    static const char *const turns[][2] = {{"processing", "pending"},
                                           {"ready", "pending"},
                                           {"processing", "ready"}};
    size_t i;

    for (i = 0; i < 3; ++i) {
        issue_feed_t *feed = issue_feed_create_in("await", 1, *state);
        int turn = 0;

        while (!issue_feed_is_over(feed)) {
            if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
                assert_true(feed->posts < 60);
                say_order(feed, turns[i][turn++ % 2]);
            }
            else {
                issue_feed_act(feed);
            }
        }
        issue_feed_assert_failed(feed);
        assert_true(acme_issue_resumable(feed->issue));
    }
}

/* Creates an order whose authorizations are valid and that stays pending. */
static issue_feed_t *create_all_valid(apr_pool_t *p)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 2, p);
    int i;

    for (i = 0; i < 2; ++i) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_authz(feed, i, "valid", "valid"), 0);
    }
    issue_feed_assert_phase(feed, "await");
    return feed;
}

static void poll_pending(issue_feed_t *feed)
{
    while (issue_feed_is_phase(feed, "await")) {
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
            say_order(feed, "pending");
        }
        else {
            issue_feed_act(feed);
        }
    }
}

static void a_pending_order_that_needs_nothing_is_finalized(void **state)
{
    issue_feed_t *feed = create_all_valid(*state);
    apr_time_t began = feed->now;

    poll_pending(feed);
    issue_feed_assert_phase(feed, "finalize");
    assert_in_range(feed->now - began, apr_time_from_sec(3),
                    apr_time_from_sec(30));
    say_order(feed, "valid");
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

static void but_not_for_ever(void **state)
{
    issue_feed_t *feed = create_all_valid(*state);
    int finalized = 0;

    while (!issue_feed_is_over(feed)) {
        poll_pending(feed);
        if (issue_feed_is_phase(feed, "finalize")) {
            ++finalized;
            issue_feed_answer(feed, 403, NULL, FEED_JSON,
                              FEED_ERROR("orderNotReady", "wait"), 0);
        }
    }
    assert_int_equal(finalized, ACME_ISSUE_RETRIES);
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_TIMEOUT);
    assert_in_range(feed->posts, 10, 80);
    assert_true(acme_issue_resumable(feed->issue));
}

/* Polls a pending order until it looks at its authorizations. */
static void poll_until_it_looks(issue_feed_t *feed)
{
    apr_time_t began = feed->now;

    poll_pending(feed);
    assert_in_range(feed->now - began, apr_time_from_sec(110),
                    apr_time_from_sec(180));
    issue_feed_assert_phase(feed, "authorize");
    assert_string_equal(issue_feed_action(feed)->url, "https://c/authz/0");
}

static void a_pending_order_looks_at_its_authorizations(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 2, *state);
    const acme_problem_t *problem;
    apr_time_t began = feed->now;

    poll_until_it_looks(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "pending", "processing"), 0);
    issue_feed_answer(feed, 404, NULL, FEED_JSON, FEED_ERROR("malformed", "x"),
                      0);
    /* nothing has come of it: no second look, and not a minute more */
    poll_pending(feed);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_TIMEOUT);
    assert_in_range(feed->now - began, apr_time_from_sec(599),
                    apr_time_from_sec(600));

    feed = issue_feed_create_in("await", 2, *state);
    poll_until_it_looks(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "invalid", "invalid"), 0);
    issue_feed_assert_phase(feed, "diagnose");
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "invalid", "invalid"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "pending", "pending"), 0);
    issue_feed_to_the_end(feed);
    problem = issue_feed_assert_failed(feed);
    assert_true(acme_problem_is(problem, "dns"));
    assert_false(acme_issue_resumable(feed->issue));

    feed = issue_feed_create_in("await", 1, *state);
    poll_until_it_looks(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "valid", "valid"), 0);
    poll_pending(feed);
    issue_feed_assert_phase(feed, "finalize");
}

static void a_valid_order_may_name_its_certificate_later(void **state)
{
    static const char *const phases[] = {"new",      "resume",  "await",
                                         "finalize", "process", "diagnose"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = create_in(phases[i], *state);
        int polls;

        for (polls = 0; polls < 3; ++polls) {
            issue_feed_answer(feed, 200, FEED_ORDER, FEED_JSON,
                              "{\"status\":\"valid\",\"authorizations\":["
                              "\"https://c/authz/0\"],\"finalize\":"
                              "\"" FEED_FINALIZE "\"}",
                              0);
            issue_feed_assert_phase(feed, "process");
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
            issue_feed_act(feed);
        }
        say_order(feed, "valid");
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

/* Makes the order fail again and again, by the same answer to its request in
 * that phase. Returns how often it was resumable. */
static int count_resumptions(issue_feed_t *feed, const char *phase,
                             const char *order_status, const char *body)
{
    int count = 0;

    while (1) {
        issue_feed_go_to(feed, phase);
        issue_feed_answer(feed, 200, NULL, FEED_JSON, body, 0);
        issue_feed_to_the_end(feed);
        issue_feed_assert_failed(feed);
        if (!acme_issue_resumable(feed->issue)) {
            return count;
        }
        assert_true(++count < 20);
        feed->order_status = order_status;
        issue_feed_restore(feed);
    }
}

static void doubts_end_an_order_unless_a_certificate_may_exist(void **state)
{
    assert_int_equal(
        count_resumptions(issue_feed_create_in("authorize", 1, *state),
                          "authorize", "pending", "{}"),
        ACME_ISSUE_DOUBTS - 1);
    assert_int_equal(
        count_resumptions(issue_feed_create_in("process", 1, *state), "process",
                          "processing", "{}"),
        ACME_ISSUE_FAILURES - 1);
}

static void an_order_that_takes_too_long_is_resumed_a_few_times(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);
    int tries = 0;

    do {
        ++tries;
        issue_feed_go_to(feed, "await");
        while (!issue_feed_is_over(feed)) {
            if (issue_feed_action(feed)->type != ACME_ACTION_POST) {
                issue_feed_act(feed);
            }
            else if (issue_feed_is_phase(feed, "await")) {
                say_order(feed, "pending");
            }
            else {
                issue_feed_good_answer(feed);
            }
        }
        feed->order_status = "pending";
        issue_feed_restore(feed);
    } while (!issue_feed_is_over(feed));
    assert_int_equal(tries, ACME_ISSUE_TIMEOUTS);
}

static void an_order_that_was_finalized_outlives_its_expiry(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("process", 1, *state);

    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"processing\",\"authorizations\":["
                      "\"https://c/authz/0\"],\"finalize\":\"" FEED_FINALIZE
                      "\",\"expires\":\"2030-01-01T00:00:30Z\"}",
                      0);
    while (!issue_feed_is_over(feed)) {
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_no_answer(feed);
        }
        else {
            issue_feed_act(feed);
        }
    }
    assert_true(acme_issue_resumable(feed->issue));
}

ACME_T_MAIN(ACME_T(each_phase_knows_each_status_of_the_order),
            ACME_T(each_status_of_an_authorization_leads_on),
            ACME_T(each_status_of_a_challenge_is_told),
            ACME_T(a_finalize_that_is_not_taken_up_is_repeated),
            ACME_T(a_finalize_that_is_seen_late_is_not_repeated),
            ACME_T(a_finalize_that_is_refused_asks_for_the_order),
            ACME_T(an_issuance_that_fails_for_now_is_finalized_again),
            ACME_T(a_pending_order_is_authorized_if_it_was_not),
            ACME_T(an_order_that_goes_back_and_forth_ends),
            ACME_T(a_pending_order_that_needs_nothing_is_finalized),
            ACME_T(but_not_for_ever),
            ACME_T(a_pending_order_looks_at_its_authorizations),
            ACME_T(a_valid_order_may_name_its_certificate_later),
            ACME_T(doubts_end_an_order_unless_a_certificate_may_exist),
            ACME_T(an_order_that_takes_too_long_is_resumed_a_few_times),
            ACME_T(an_order_that_was_finalized_outlives_its_expiry))
