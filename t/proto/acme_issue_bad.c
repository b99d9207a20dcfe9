/* SPDX-License-Identifier: Apache-2.0 */

/* The state machine fed by hand: each bad answer in each phase. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

/* A phase, an answer to its request, and how the order fails then. */
typedef struct bad_t {
    const char *phase;
    int status;
    const char *location;
    const char *type;
    const char *body;
    const char *problem; /* NULL: the type that the CA gave */
    acme_retry_e retry;
    int resumable;
    const char *named; /* part of the detail */
} bad_t;

#define URLS        "\"authorizations\":[\"https://c/authz/0\"]"
#define TAIL        URLS ",\"finalize\":\"" FEED_FINALIZE "\"}"
#define IDENT(name) "\"identifier\":{\"type\":\"dns\",\"value\":\"" name "\"}"
#define PROTO       ACME_PROBLEM_PROTOCOL, ACME_RETRY_BACKOFF

static const bad_t bad_answers[] = {
    {"new", 201, FEED_ORDER, FEED_JSON, "{}", PROTO, 1, "status"},
    {"new", 201, FEED_ORDER, FEED_JSON, "{\"status\":9," TAIL, PROTO, 1,
     "status"},
    {"new", 201, FEED_ORDER, FEED_JSON, "{\"status\":\"odd\"," TAIL, PROTO, 1,
     "odd"},
    {"new", 201, FEED_ORDER, FEED_JSON, FEED_ERROR("malformed", "x"), PROTO, 1,
     "status"},
    {"new", 201, NULL, FEED_JSON, "{\"status\":\"ready\"," TAIL, PROTO, 0,
     "Location"},
    {"new", 403, NULL, FEED_JSON, FEED_ERROR("rejectedIdentifier", "not this"),
     NULL, ACME_RETRY_CONFIG, 0, "not this"},
    {"new", 400, NULL, FEED_JSON, FEED_ERROR("accountDoesNotExist", "who"),
     NULL, ACME_RETRY_BACKOFF, 0, "who"},
    {"new", 302, NULL, "text/html", "", NULL, ACME_RETRY_BACKOFF, 0, "302"},
    {"new", 429, NULL, FEED_JSON, FEED_ERROR("rateLimited", "enough"), NULL,
     ACME_RETRY_BACKOFF, 0, "enough"},

    {"resume", 200, NULL, "text/html", "<html>", PROTO, 1, "JSON"},
    {"resume", 200, NULL, FEED_JSON, "{}", PROTO, 1, "status"},
    {"resume", 200, NULL, FEED_JSON, "{\"status\":\"odd\"," TAIL, PROTO, 1,
     "odd"},
    {"resume", 301, NULL, "text/html", "", NULL, ACME_RETRY_BACKOFF, 1, "301"},
    {"resume", 403, NULL, FEED_JSON,
     FEED_ERROR("userActionRequired", "new terms"), NULL, ACME_RETRY_BACKOFF, 1,
     "new terms"},

    {"authorize", 200, NULL, "text/html", "<html>", PROTO, 1, "JSON"},
    {"authorize", 200, NULL, FEED_JSON, "{}", PROTO, 1, "status"},
    {"authorize", 200, NULL, FEED_JSON, "{\"status\":\"odd\"}", PROTO, 1,
     "odd"},
    {"authorize", 200, NULL, FEED_JSON,
     "{\"status\":\"pending\"," IDENT("a.example") ",\"challenges\":[]}", PROTO,
     1, "challenges"},
    {"authorize", 200, NULL, FEED_JSON,
     "{\"status\":\"pending\"," IDENT(
         "evil.example") ",\"challenges\":[{\"type\":\"odd-1\"}]}",
     PROTO, 0, "evil.example"},
    {"authorize", 200, NULL, FEED_JSON,
     "{\"status\":\"pending\",\"wildcard\":true," IDENT(
         "example") ",\"challenges\":[{\"type\":\"odd-1\"}]}",
     PROTO, 1, "identifier"},
    {"authorize", 200, NULL, FEED_JSON,
     "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":"
     "\"a.example\"},\"challenges\":[{\"type\":\"http-01\",\"url\":"
     "\"https://c/h\",\"status\":\"pending\",\"token\":"
     "\"../../../../../etc/passwd\"}]}",
     PROTO, 1, "token"},
    {"authorize", 403, NULL, FEED_JSON, FEED_ERROR("unauthorized", "not you"),
     NULL, ACME_RETRY_BACKOFF, 1, "not you"},

    {"respond", 403, NULL, FEED_JSON, FEED_ERROR("unauthorized", "not you"),
     NULL, ACME_RETRY_BACKOFF, 0, "not you"},

    {"await", 200, NULL, "text/html", "<title>Sorry</title>", PROTO, 1,
     "a web page, \"Sorry\""},
    {"await", 200, NULL, FEED_JSON,
     "{\"status\":500,\"message\":\"no licence\"}", PROTO, 1, "no licence"},
    {"await", 200, NULL, FEED_JSON, "{}", PROTO, 1, "status"},
    {"await", 200, NULL, FEED_JSON, "{\"status\":\"odd\"," TAIL, PROTO, 1,
     "odd"},
    {"await", 200, NULL, FEED_JSON,
     "{\"status\":\"valid\",\"certificate\":\"/c\"}", PROTO, 1, "certificate"},
    {"await", 200, NULL, FEED_JSON,
     "{\"status\":\"ready\",\"finalize\":\"http://c/f\"}", PROTO, 1,
     "finalize"},
    {"await", 410, NULL, FEED_JSON, FEED_ERROR("malformed", "gone"), NULL,
     ACME_RETRY_BACKOFF, 1, "gone"},

    {"finalize", 400, NULL, FEED_JSON, FEED_ERROR("badCSR", "weak"), NULL,
     ACME_RETRY_CONFIG, 0, "weak"},
    {"finalize", 403, NULL, FEED_JSON, FEED_ERROR("caa", "forbidden"), NULL,
     ACME_RETRY_BACKOFF, 0, "forbidden"},

    {"process", 200, NULL, "text/plain", "busy", PROTO, 1, "\"busy\""},
    {"process", 200, NULL, FEED_JSON, "{\"status\":\"odd\"," TAIL, PROTO, 1,
     "odd"},
    {"process", 410, NULL, FEED_JSON, FEED_ERROR("malformed", "gone"), NULL,
     ACME_RETRY_BACKOFF, 1, "gone"},

    {"download", 403, NULL, FEED_JSON, FEED_ERROR("unauthorized", "not you"),
     NULL, ACME_RETRY_BACKOFF, 1, "not you"},
    {"download", 200, NULL, FEED_PEM,
     FEED_CHAIN "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
                "-----END EC PRIVATE KEY-----\n",
     ACME_PROBLEM_CERTIFICATE, ACME_RETRY_CONFIG, 0, "a private key"},
};

static void a_bad_answer_fails_the_order_with_a_reason(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(bad_answers) / sizeof(bad_answers[0]); ++i) {
        const bad_t *bad = &bad_answers[i];
        issue_feed_t *feed = issue_feed_create_in(bad->phase, 1, *state);
        const acme_problem_t *problem;
        int presented;

        presented = strcmp(bad->phase, "new") != 0
                    && strcmp(bad->phase, "authorize") != 0
                    && strcmp(bad->phase, "resume") != 0;
        issue_feed_answer(feed, bad->status, bad->location, bad->type,
                          bad->body, 0);
        issue_feed_to_the_end(feed);
        if (issue_feed_action(feed)->type != ACME_ACTION_FAILED) {
            fail_msg("%s survived %s", bad->phase, bad->body);
        }
        problem = issue_feed_assert_failed(feed);
        if (bad->problem ? strcmp(problem->type, bad->problem) != 0
                         : problem->status != bad->status) {
            fail_msg("%s, %s: %s", bad->phase, bad->body, problem->type);
        }
        if (!strstr(problem->detail, bad->named)) {
            fail_msg("%s, %s: %s", bad->phase, bad->body, problem->detail);
        }
        assert_int_equal(problem->retry, bad->retry);
        if ((acme_issue_resumable(feed->issue) != 0) != bad->resumable) {
            fail_msg("%s, %s: resumable is not %d", bad->phase, bad->body,
                     bad->resumable);
        }
        assert_false(acme_issue_stale(feed->issue));
        assert_int_equal(feed->cleaned, presented);
    }
}

/* The CA has made the order, so another one would be one too many. */
static void an_order_whose_answer_was_cut_is_asked_for(void **state)
{
    static const char *const bodies[] = {"", "{\"status\":\"pen", "<html>",
                                         "[]"};
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("new", 1, *state);

        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON, bodies[i], 0);
        issue_feed_assert_phase(feed, "resume");
        assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
        assert_true(issue_feed_action(feed)->repeatable);
        issue_feed_to_the_end(feed);
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_DONE);

        /* The answer to that is no order either. */
        feed = issue_feed_create_in("new", 1, *state);
        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON, bodies[i], 0);
        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
        assert_string_equal(issue_feed_assert_failed(feed)->type,
                            ACME_PROBLEM_PROTOCOL);
        assert_true(acme_issue_resumable(feed->issue));
        assert_false(acme_issue_stale(feed->issue));
    }
}

static void only_a_restored_order_is_stale(void **state)
{
    static const struct {
        int status;
        const char *body;
        acme_retry_e retry;
    } cases[] = {
        {404, FEED_ERROR("malformed", "x"), ACME_RETRY_NOW},
        {403, FEED_ERROR("unauthorized", "x"), ACME_RETRY_NOW},
        {410, "", ACME_RETRY_NOW},
        {404, "<html>", ACME_RETRY_NOW},
        {400, FEED_ERROR("accountDoesNotExist", "x"), ACME_RETRY_BACKOFF},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("resume", 1, *state);

        issue_feed_insist(feed, cases[i].status, cases[i].body);
        assert_int_equal(issue_feed_assert_failed(feed)->retry, cases[i].retry);
        assert_true(acme_issue_stale(feed->issue));
        assert_false(acme_issue_resumable(feed->issue));

        /* The same after a finalize whose answer was lost. */
        feed = issue_feed_create_in("finalize", 1, *state);
        issue_feed_no_answer(feed);
        issue_feed_assert_phase(feed, "resume");
        issue_feed_act(feed);
        issue_feed_insist(feed, cases[i].status, cases[i].body);
        issue_feed_to_the_end(feed);
        assert_false(acme_issue_stale(feed->issue));
        assert_int_equal(issue_feed_assert_failed(feed)->retry,
                         ACME_RETRY_BACKOFF);

        /* The same for a restored order that the CA has confirmed. */
        feed = issue_feed_create_in("resume", 1, *state);
        issue_feed_go_to(feed, "finalize");
        issue_feed_no_answer(feed);
        issue_feed_act(feed);
        issue_feed_insist(feed, cases[i].status, cases[i].body);
        issue_feed_to_the_end(feed);
        assert_false(acme_issue_stale(feed->issue));
    }
}

static void a_response_whose_check_is_refused_fails(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    issue_feed_answer(feed, 400, NULL, FEED_JSON,
                      FEED_ERROR("malformed", "first"), 0);
    issue_feed_insist(feed, 404, FEED_ERROR("malformed", "second"));
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "first");
}

static void a_solver_that_fails_leaves_the_order_resumable(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    issue_feed_t *feed = issue_feed_create(1, *state);

    issue_feed_good_answer(feed);
    issue_feed_good_answer(feed);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_PRESENT);
    acme_problem_set(&problem, APR_ENOSPC, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, feed->p, "the disk is full");
    acme_issue_solved(feed->issue, APR_ENOSPC, &problem, feed->now);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_STORE);
    assert_true(acme_issue_resumable(feed->issue));
    assert_int_equal(feed->cleaned, 1);
}

static void a_cleanup_that_fails_stops_nothing(void **state)
{
    issue_feed_t *feed = issue_feed_create(2, *state);

    issue_feed_go_to(feed, "download");
    issue_feed_good_answer(feed);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_CLEANUP);
    acme_issue_solved(feed->issue, APR_EGENERAL, NULL, feed->now);
    acme_issue_solved(feed->issue, APR_EGENERAL, NULL, feed->now);
    issue_feed_assert_phase(feed, "done");
}

static void a_cancel_leaves_the_action_as_it_was(void **state)
{
    static const char *const phases[] = {"new",     "resume",   "authorize",
                                         "respond", "await",    "finalize",
                                         "process", "download", "diagnose"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        unsigned int revision = acme_issue_revision(feed->issue);
        acme_issue_action_t before = *issue_feed_action(feed);

        acme_issue_answer(feed->issue, APR_EINTR, NULL, NULL, feed->now);
        assert_memory_equal(&before, issue_feed_action(feed), sizeof(before));
        assert_int_equal(acme_issue_revision(feed->issue), revision);
        if (i < 8) {
            issue_feed_to_the_end(feed);
            issue_feed_assert_phase(feed, "done");
        }
    }
}

static void an_outcome_that_is_not_wanted_is_ignored(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);

    acme_issue_timer(feed->issue, feed->now);
    acme_issue_solved(feed->issue, APR_EGENERAL, NULL, feed->now);
    issue_feed_assert_phase(feed, "await");
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_order(feed, "pending"), 0);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    acme_issue_answer(feed->issue, APR_EGENERAL, NULL, NULL, feed->now);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    issue_feed_to_the_end(feed);
    acme_issue_timer(feed->issue, feed->now);
    issue_feed_assert_phase(feed, "done");
}

static void an_answer_without_anything_is_no_crash(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);

    acme_issue_answer(feed->issue, APR_SUCCESS, NULL, NULL, feed->now);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
    issue_feed_act(feed);
    acme_issue_answer(feed->issue, APR_EGENERAL, NULL, NULL, feed->now);
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
}

static int roll(unsigned int *dice, unsigned int n)
{
    *dice = *dice * 1103515245u + 12345u;
    return (int)((*dice >> 16) % n);
}

/* Feeds a random answer or, if mortal, restores the order. */
static void say_something(issue_feed_t *feed, unsigned int *dice, int mortal)
{
    static const char *const statuses[] = {"pending", "ready",   "processing",
                                           "valid",   "invalid", "odd"};

    switch (roll(dice, 12)) {
    case 0:
        issue_feed_no_answer(feed);
        break;
    case 1:
        issue_feed_answer(feed, 503, NULL, "text/html", "<html>",
                          apr_time_from_sec(roll(dice, 700)));
        break;
    case 2:
        issue_feed_answer(feed, 403, NULL, FEED_JSON,
                          FEED_ERROR("orderNotReady", "x"), 0);
        break;
    case 3:
        issue_feed_answer(feed, 200, FEED_ORDER, FEED_JSON,
                          issue_feed_order(feed, statuses[roll(dice, 6)]),
                          apr_time_from_sec(roll(dice, 3)));
        break;
    case 4:
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_authz(feed, 0, statuses[roll(dice, 6)],
                                           statuses[roll(dice, 6)]),
                          0);
        break;
    case 5:
        if (mortal) {
            issue_feed_restore(feed);
        }
        break;
    default:
        if (roll(dice, 3) == 0) {
            feed->order_status = statuses[roll(dice, 4)];
        }
        issue_feed_good_answer(feed);
        break;
    }
}

/* Random answers in any phase, with a bounded number of requests. */
static void whatever_the_ca_says_the_order_ends(void **state)
{
    unsigned int seed;

    for (seed = 1; seed <= 1500; ++seed) {
        unsigned int dice = seed;
        apr_pool_t *p;
        issue_feed_t *feed;
        int steps = 0;
        int polls = 0;

        apr_pool_create(&p, *state);
        feed = issue_feed_create(1 + (int)(seed % 3), p);
        while (!issue_feed_is_over(feed)) {
            assert_true(++steps < 3000);
            if (issue_feed_action(feed)->type != ACME_ACTION_POST) {
                issue_feed_act(feed);
                continue;
            }
            polls += issue_feed_is_phase(feed, "await")
                     || issue_feed_is_phase(feed, "process");
            say_something(feed, &dice, seed % 2 == 0);
        }
        /* Up to four times as many, because a restored order counts anew. */
        assert_true(feed->posts - polls
                    <= (seed % 2 ? 1 : 4)
                           * (40 + 6 * feed->config.names->nelts));
        apr_pool_destroy(p);
    }
}

ACME_T_MAIN(ACME_T(a_bad_answer_fails_the_order_with_a_reason),
            ACME_T(an_order_whose_answer_was_cut_is_asked_for),
            ACME_T(only_a_restored_order_is_stale),
            ACME_T(a_response_whose_check_is_refused_fails),
            ACME_T(a_solver_that_fails_leaves_the_order_resumable),
            ACME_T(a_cleanup_that_fails_stops_nothing),
            ACME_T(a_cancel_leaves_the_action_as_it_was),
            ACME_T(an_outcome_that_is_not_wanted_is_ignored),
            ACME_T(an_answer_without_anything_is_no_crash),
            ACME_T(whatever_the_ca_says_the_order_ends))
