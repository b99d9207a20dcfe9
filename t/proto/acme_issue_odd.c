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
        "",
        "{}",
        "{\"status\":7}",
        "{\"type\":\"http-01\",\"url\":\"\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

        issue_feed_answer(feed, 200, NULL, FEED_JSON, bodies[i], 0);
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

ACME_T_MAIN(ACME_T(a_valid_authorization_is_done_whatever_it_is),
            ACME_T(a_pending_one_is_met_if_its_name_is_ours),
            ACME_T(authorizations_may_be_more_or_fewer_than_names),
            ACME_T(two_authorizations_for_one_name_are_met),
            ACME_T(the_answer_to_a_response_is_not_needed),
            ACME_T(each_status_needs_its_own),
            ACME_T(what_was_never_told_is_missed_when_it_is_needed),
            ACME_T(a_diagnosis_needs_no_authorizations))
