/* SPDX-License-Identifier: Apache-2.0 */

/* Answers that are odd and have all that is needed: the order goes on. */

#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

#define IDENT(name) "\"identifier\":{\"type\":\"dns\",\"value\":\"" name "\"}"
#define HTTP                                                             \
    "{\"type\":\"http-01\",\"url\":\"https://c/challenge/0\",\"token\":" \
    "\"" FEED_TOKEN "\"}"

static void succeed(issue_feed_t *feed, const char *what)
{
    issue_feed_to_the_end(feed);
    if (issue_feed_action(feed)->type != ACME_ACTION_DONE) {
        fail_msg("%s: %s", what, issue_feed_action(feed)->problem->detail);
    }
}

static void a_valid_authorization_is_done_whatever_it_is(void **state)
{
    static const char *const bodies[] = {
        "{\"status\":\"valid\"}",
        "{\"status\":\"valid\"," IDENT("a.example") "}",
        "{\"status\":\"valid\"," IDENT("a.example") ",\"challenges\":[]}",
        "{\"status\":\"valid\"," IDENT("a.example") ",\"challenges\":null}",
        "{\"status\":\"valid\"," IDENT(
            "a.example") ",\"challenges\":["
                         "{\"type\":\"http-01\",\"status\":\"valid\"}]}",
        "{\"status\":\"valid\"," IDENT(
            "a.example") ",\"wildcard\":true,"
                         "\"challenges\":[{\"type\":\"email-01\",\"url\":7}]}",
        "{\"status\":\"valid\"," IDENT("example") "}",
        "{\"status\":\"valid\"," IDENT("other.example") "}",
        "{\"status\":\"valid\",\"identifier\":\"a.example\",\"expires\":\"\"}",
        "{\"status\":\"valid\",\"wildcard\":null," IDENT("*.a.example") "}",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);

        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
        feed->order_status = "ready";
        succeed(feed, bodies[i]);
        assert_int_equal(feed->cleaned, 0);
    }
}

/* Ours, in other words than those of the order. */
static void a_pending_one_is_met_if_its_name_is_ours(void **state)
{
    static const char *const bodies[] = {
        "{\"status\":\"pending\"," IDENT("a.example") ",\"wildcard\":true,"
                                                      "\"challenges\":[" HTTP
                                                      "]}",
        "{\"status\":\"pending\",\"identifier\":{\"value\":\"A.example.\"},"
        "\"challenges\":[null,{},{\"type\":\"dns-01\"}," HTTP "]}",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);

        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
        succeed(feed, bodies[i]);
        assert_int_equal(feed->cleaned, 1);
    }
}

static void authorizations_may_be_more_or_fewer_than_names(void **state)
{
    static const struct {
        const char *urls;
        int posts; /* of authorizations */
    } cases[] = {
        {"\"https://c/authz/0\",\"https://c/authz/0\"", 1},
        {"\"https://c/authz/0\",\"https://c/authz/1\",\"https://c/authz/2\"",
         3},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create(2, *state);
        int n;

        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                          apr_psprintf(*state,
                                       "{\"status\":\"pending\","
                                       "\"authorizations\":[%s],\"expires\":"
                                       "\"\",\"certificate\":\"\"}",
                                       cases[i].urls),
                          0);
        for (n = 0; n < cases[i].posts; ++n) {
            issue_feed_assert_phase(feed, "authorize");
            issue_feed_answer(feed, 200, NULL, FEED_JSON,
                              "{\"status\":\"valid\"}", 0);
        }
        feed->order_status = "ready";
        succeed(feed, cases[i].urls);
    }
}

/* Both are for the same name, each with its own token. */
static void two_authorizations_for_one_name_are_met(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 2, *state);

    issue_feed_good_answer(feed);
    issue_feed_answer(
        feed, 200, NULL, FEED_JSON,
        "{\"status\":\"pending\"," IDENT(
            "a.example") ",\"challenges\":[{\"type\":\"http-01\",\"url\":"
                         "\"https://c/challenge/1\",\"token\":"
                         "\"another-" FEED_TOKEN "\"}]}",
        0);
    succeed(feed, "two for a.example");
    assert_int_equal(feed->cleaned, 2);
}

static void the_answer_to_a_response_is_not_needed(void **state)
{
    static const char *const bodies[] = {
        "",   "{}",   "{\"status\":7}", "{\"type\":\"http-01\",\"url\":\"\"}",
        "OK", "null", "<html>",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
        if (issue_feed_is_phase(feed, "respond")) {
            /* The authorization says that the CA has heard. */
            issue_feed_answer(
                feed, 200, NULL, FEED_JSON,
                issue_feed_authz(feed, 0, "pending", "processing"), 0);
        }
        feed->order_status = "ready";
        succeed(feed, bodies[i]);
    }
}

/* An order has what the moment needs, and what came before is known. */
static void each_status_needs_its_own(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);

    issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"pending\"}",
                      0);
    issue_feed_act(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"ready\",\"finalize\":\"\"}", 0);
    issue_feed_assert_phase(feed, "finalize");
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"processing\",\"error\":\"\"}", 0);
    issue_feed_act(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"valid\",\"identififiers\":[],"
                      "\"certificate\":\"" FEED_CERTIFICATE "\"}",
                      0);
    succeed(feed, "an order without finalize");
}

static void what_was_never_told_is_missed_when_it_is_needed(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);

    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      "{\"status\":\"ready\"}", 0);
    assert_non_null(
        strstr(issue_feed_assert_failed(feed)->detail, "has no finalize"));
    feed = issue_feed_create(1, *state);
    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      "{\"status\":\"pending\",\"authorizations\":["
                      "\"https://c/authz/0\"]}",
                      0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"valid\"}", 0);
    issue_feed_act(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"valid\"}", 0);
    /* the CA will say where the certificate is */
    issue_feed_assert_phase(feed, "process");
    issue_feed_act(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"valid\",\"certificate\":"
                      "\"" FEED_CERTIFICATE "\"}",
                      0);
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

/* Invalid from the start, with nothing to look for the reason in. */
static void a_diagnosis_needs_no_authorizations(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);

    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      "{\"status\":\"invalid\"}", 0);
    issue_feed_assert_phase(feed, "diagnose");
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"invalid\",\"error\":\"no template\"}", 0);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "no template");
}

/* The answer to finalize is not needed, because the order says what became of
 * it: whether the CA has heard it or not, nothing is lost. */
static void the_answer_to_finalize_is_not_needed(void **state)
{
    static const struct {
        const char *body;
        const char *status; /* of the order after it */
        int finalizes;
    } cases[] = {
        {"", "valid", 1},
        {FEED_CHAIN, "valid", 1},
        {"OK", "processing", 1},
        {"{}", "valid", 1},
        {"null", "valid", 1},
        {"{\"status\":\"odd\"}", "valid", 1},
        {"<html>", "ready", 2},
        {"", "ready", 2},
        {"{\"status\":500}", "ready", 2},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
        int posts = feed->posts;

        issue_feed_answer(feed, 200, NULL, FEED_JSON, cases[i].body, 0);
        issue_feed_act(feed);
        issue_feed_assert_phase(feed, "resume");
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, cases[i].status), 0);
        issue_feed_assert_phase(feed, cases[i].finalizes == 2 ? "finalize"
                                      : strcmp(cases[i].status, "valid") == 0
                                          ? "download"
                                          : "process");
        feed->order_status = "valid";
        succeed(feed, cases[i].body);
        assert_true(feed->posts - posts <= 6);
    }
}

static void but_it_is_not_repeated_for_ever(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    int finalizes = 0;

    while (!issue_feed_is_over(feed)) {
        if (issue_feed_action(feed)->type != ACME_ACTION_POST) {
            issue_feed_act(feed);
        }
        else if (issue_feed_is_phase(feed, "finalize")) {
            assert_true(++finalizes < 20);
            issue_feed_answer(feed, 200, NULL, "text/html",
                              "<title>Sorry</title>", 0);
        }
        else {
            issue_feed_good_answer(feed);
        }
    }
    assert_int_equal(finalizes, 1 + ACME_ISSUE_NO_CERT);
    assert_non_null(strstr(issue_feed_assert_failed(feed)->detail,
                           "a web page, \"Sorry\""));
    assert_true(acme_issue_resumable(feed->issue));
}

/* Something in front of the CA has answered, which has settled nothing. */
static void a_refusal_without_words_leaves_the_order(void **state)
{
    static const char *const phases[] = {"resume",  "authorize", "respond",
                                         "await",   "finalize",  "process",
                                         "download"};
    static const int statuses[] = {301, 302, 307, 400, 401, 403, 405, 451};
    size_t i, j;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        for (j = 0; j < sizeof(statuses) / sizeof(statuses[0]); ++j) {
            issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);

            issue_feed_answer(feed, statuses[j], NULL, "text/html", "<html>",
                              0);
            issue_feed_to_the_end(feed);
            assert_string_equal(issue_feed_assert_failed(feed)->type,
                                ACME_PROBLEM_PROTOCOL);
            if (!acme_issue_resumable(feed->issue)
                || acme_issue_stale(feed->issue)) {
                fail_msg("%s, %d: the order is lost", phases[i], statuses[j]);
            }
            issue_feed_restore(feed);
            issue_feed_assert_phase(feed, "resume");
        }
    }
}

/* The request has not reached what would have acted on it. */
static void a_request_that_came_to_nothing_is_repeated(void **state)
{
    static const char *const phases[] = {"new",     "resume",  "authorize",
                                         "respond", "await",   "finalize",
                                         "process", "download"};
    static const int statuses[] = {408, 425, 502, 504};
    size_t i, j;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        for (j = 0; j < sizeof(statuses) / sizeof(statuses[0]); ++j) {
            issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);

            issue_feed_answer(feed, statuses[j], NULL, "text/html", "<html>",
                              0);
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
            issue_feed_act(feed);
            if (strcmp(phases[i], "finalize") == 0) {
                feed->order_status = "ready";
            }
            else if (strcmp(phases[i], "process") == 0) {
                feed->order_status = "valid";
            }
            succeed(feed, phases[i]);
        }
    }
}

/* There are servers that write the year 1 for a time that they do not have. */
static void an_order_does_not_expire_before_it_was_made(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);

    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      "{\"status\":\"pending\",\"expires\":"
                      "\"0001-01-01T00:00:00Z\",\"authorizations\":["
                      "\"https://c/authz/0\"]}",
                      0);
    issue_feed_answer(feed, 403, NULL, FEED_JSON, FEED_ERROR("caa", "x"), 0);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "x");
    assert_true(acme_issue_resumable(feed->issue));
}

static void a_pending_order_needs_no_authorizations(void **state)
{
    static const char *const bodies[] = {
        "{\"status\":\"pending\"}",
        "{\"status\":\"pending\",\"authorizations\":[]}",
        "{\"status\":\"Pending\",\"authorizations\":null}",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create(1, *state);

        /* It becomes ready, */
        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON, bodies[i], 0);
        issue_feed_assert_phase(feed, "await");
        issue_feed_act(feed);
        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
        feed->order_status = "ready";
        succeed(feed, bodies[i]);
        /* or has authorizations later. */
        feed = issue_feed_create(1, *state);
        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON, bodies[i], 0);
        issue_feed_act(feed);
        issue_feed_good_answer(feed);
        issue_feed_assert_phase(feed, "authorize");
        succeed(feed, bodies[i]);
        assert_int_equal(feed->cleaned, 1);
    }
}

static void words_may_be_in_upper_case(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);

    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      issue_feed_order(feed, "PENDING"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "Pending", "PENDING"), 0);
    feed->order_status = "Ready";
    succeed(feed, "upper case");
}

static void a_response_that_was_not_heard_leaves_the_order(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    issue_feed_answer(feed, 200, NULL, "text/html", "<title>Sorry</title>", 0);
    issue_feed_good_answer(feed);
    issue_feed_to_the_end(feed);
    assert_non_null(strstr(issue_feed_assert_failed(feed)->detail,
                           "a web page, \"Sorry\""));
    assert_true(acme_issue_resumable(feed->issue));
    assert_int_equal(feed->cleaned, 1);
}

ACME_T_MAIN(ACME_T(a_valid_authorization_is_done_whatever_it_is),
            ACME_T(a_pending_one_is_met_if_its_name_is_ours),
            ACME_T(authorizations_may_be_more_or_fewer_than_names),
            ACME_T(two_authorizations_for_one_name_are_met),
            ACME_T(the_answer_to_a_response_is_not_needed),
            ACME_T(each_status_needs_its_own),
            ACME_T(what_was_never_told_is_missed_when_it_is_needed),
            ACME_T(a_diagnosis_needs_no_authorizations),
            ACME_T(the_answer_to_finalize_is_not_needed),
            ACME_T(but_it_is_not_repeated_for_ever),
            ACME_T(a_refusal_without_words_leaves_the_order),
            ACME_T(a_request_that_came_to_nothing_is_repeated),
            ACME_T(an_order_does_not_expire_before_it_was_made),
            ACME_T(a_pending_order_needs_no_authorizations),
            ACME_T(words_may_be_in_upper_case),
            ACME_T(a_response_that_was_not_heard_leaves_the_order))
