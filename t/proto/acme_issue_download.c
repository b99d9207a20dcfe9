/* SPDX-License-Identifier: Apache-2.0 */

/* Downloads: 404 is not believed at once, a certificate is judged by its
 * content, and an order that has led to one is not given up. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

#define NO_SUCH FEED_ERROR("malformed", "no such thing")

static void a_404_is_not_believed_at_once(void **state)
{
    static const char *const phases[] = {"resume",  "authorize", "respond",
                                         "await",   "finalize",  "process",
                                         "download"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        const char *url = issue_feed_action(feed)->url;
        apr_interval_time_t pause = apr_time_from_sec(1);
        int n;

        for (n = 0; n < ACME_ISSUE_MISSING; ++n) {
            issue_feed_answer(feed, 404, NULL, FEED_JSON, NO_SUCH, 0);
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
            assert_int_equal(issue_feed_action(feed)->until - feed->now, pause);
            issue_feed_act(feed);
            assert_string_equal(issue_feed_action(feed)->url, url);
            pause *= 2;
        }
        feed->order_status = strcmp(phases[i], "resume") == 0  ? "pending"
                             : strcmp(phases[i], "await") == 0 ? "ready"
                                                               : "valid";
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

static void a_404_that_stays_fails_and_leaves_the_order(void **state)
{
    static const char *const phases[] = {"authorize", "await", "finalize",
                                         "process", "download"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 1, *state);
        apr_time_t began = feed->now;
        int posts = feed->posts;

        issue_feed_insist(feed, 404, NO_SUCH);
        issue_feed_to_the_end(feed);
        assert_string_equal(issue_feed_assert_failed(feed)->detail,
                            "no such thing");
        assert_true(acme_issue_resumable(feed->issue));
        assert_int_equal(feed->now - began, apr_time_from_sec(31));
        assert_int_equal(feed->posts - posts, 1 + ACME_ISSUE_MISSING);
    }
}

/* An order that has been there for long is not new to any server of the CA. */
static void an_old_order_that_is_gone_is_believed_sooner(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 1, *state);
    apr_time_t began;

    feed->now += apr_time_from_sec(3600);
    began = feed->now;
    issue_feed_restore(feed);
    issue_feed_insist(feed, 404, NO_SUCH);
    issue_feed_assert_failed(feed);
    assert_true(acme_issue_stale(feed->issue));
    assert_int_equal(feed->now - began, apr_time_from_sec(3));
}

static void a_404_may_name_a_time(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("download", 1, *state);
    const acme_problem_t *problem;

    issue_feed_answer(feed, 404, NULL, FEED_JSON, NO_SUCH,
                      apr_time_from_sec(45));
    assert_int_equal(issue_feed_action(feed)->until - feed->now,
                     apr_time_from_sec(45));
    issue_feed_act(feed);
    issue_feed_answer(feed, 404, NULL, FEED_JSON, NO_SUCH,
                      apr_time_from_sec(7200));
    issue_feed_to_the_end(feed);
    problem = issue_feed_assert_failed(feed);
    assert_int_equal(problem->retry, ACME_RETRY_LATER);
    assert_int_equal(problem->retry_at, feed->now + apr_time_from_sec(7200));
    assert_true(acme_issue_resumable(feed->issue));
}

static void a_certificate_is_had_after_days_and_restarts(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("download", 1, *state);
    int tries;

    for (tries = 1; tries < ACME_ISSUE_FAILURES; ++tries) {
        issue_feed_insist(feed, 404, NO_SUCH);
        issue_feed_to_the_end(feed);
        issue_feed_assert_failed(feed);
        assert_true(acme_issue_resumable(feed->issue));
        feed->now += apr_time_from_sec(86400);
        feed->order_status = "valid";
        issue_feed_restore(feed);
        issue_feed_go_to(feed, "download");
    }
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

/* The order ends before its certificate was had. */
static void a_certificate_is_had_without_its_order(void **state)
{
    static const struct {
        int status;
        const char *order; /* or NULL */
    } cases[] = {{404, NULL}, {410, NULL}, {403, NULL}, {200, "invalid"}};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("download", 1, *state);

        issue_feed_answer(feed, 403, NULL, FEED_JSON, NO_SUCH, 0);
        issue_feed_to_the_end(feed);
        issue_feed_assert_failed(feed);
        issue_feed_restore(feed);
        issue_feed_assert_phase(feed, "resume");
        issue_feed_insist(
            feed, cases[i].status,
            cases[i].order ? issue_feed_order(feed, cases[i].order) : NO_SUCH);
        issue_feed_assert_phase(feed, "download");
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

static void a_certificate_is_judged_by_its_content(void **state)
{
    static const struct {
        const char *type;
        const char *body;
    } cases[] = {
        {FEED_PEM, FEED_CHAIN},
        {"", FEED_CHAIN},
        {"application/octet-stream", FEED_CHAIN},
        {"text/html", FEED_CHAIN},
        {FEED_JSON, FEED_CHAIN},
        {"application/pkix-cert", FEED_CHAIN},
        {FEED_PEM, "subject=/CN=a.example\nissuer=x\n" FEED_CHAIN},
        {FEED_PEM, FEED_CHAIN "\n\n# the end\n"},
        {FEED_PEM, FEED_CHAIN FEED_CHAIN},
        {FEED_PEM, FEED_CHAIN "and once more:\n" FEED_CHAIN},
        {FEED_PEM, "\xef\xbb\xbf" FEED_CHAIN},
        {FEED_PEM,
         "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n" FEED_CHAIN},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("download", 1, *state);

        issue_feed_answer(feed, 200, NULL, cases[i].type, cases[i].body, 0);
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
        assert_string_equal(issue_feed_action(feed)->chain, FEED_CHAIN);
        assert_int_equal(issue_feed_action(feed)->chain_len,
                         strlen(FEED_CHAIN));
    }
}

static void an_answer_without_a_certificate_is_asked_for_again(void **state)
{
    static const char *const bodies[] = {
        "", "<html>", "{}", "-----BEGIN CERTIFICATE-----\nAAAA",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("download", 1, *state);
        const acme_problem_t *problem;
        int n;

        for (n = 0; n < ACME_ISSUE_NO_CERT; ++n) {
            issue_feed_answer(feed, 200, NULL, FEED_PEM, bodies[i], 0);
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_WAIT);
            issue_feed_act(feed);
        }
        issue_feed_answer(feed, 200, NULL, FEED_PEM, bodies[i], 0);
        issue_feed_to_the_end(feed);
        problem = issue_feed_assert_failed(feed);
        assert_string_equal(problem->type, ACME_PROBLEM_PROTOCOL);
        assert_non_null(strstr(problem->detail, "the CA's answer"));
        assert_string_equal(problem->activity, "downloading the certificate");
        assert_true(acme_issue_resumable(feed->issue));
        feed->order_status = "valid";
        issue_feed_restore(feed);
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

static void what_is_rejected_is_resumable_or_not(void **state)
{
    int again;

    for (again = 0; again <= 1; ++again) {
        issue_feed_t *feed = issue_feed_create_in("download", 1, *state);
        acme_problem_t problem = ACME_PROBLEM_INIT;

        acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_CONFIG,
                         ACME_PROBLEM_CERTIFICATE, feed->p, "not ours");
        acme_issue_reject(feed->issue, &problem, again, feed->now);
        issue_feed_assert_phase(feed, "download"); /* nothing to reject yet */
        issue_feed_to_the_end(feed);
        acme_issue_reject(feed->issue, &problem, again, feed->now);
        assert_string_equal(issue_feed_assert_failed(feed)->detail, "not ours");
        assert_int_equal(issue_feed_assert_failed(feed)->retry,
                         ACME_RETRY_CONFIG);
        assert_int_equal(acme_issue_resumable(feed->issue) != 0, again);
        assert_string_equal(acme_issue_url(feed->issue), FEED_ORDER);
        if (again) {
            feed->order_status = "valid";
            issue_feed_restore(feed);
            issue_feed_to_the_end(feed);
            issue_feed_assert_phase(feed, "done");
        }
    }
}

/* An order that was done before it was placed issues nothing for another key
 * each time. */
static void another_trys_certificate_is_no_reason_to_hold_back(void **state)
{
    issue_feed_t *feed = issue_feed_create(1, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                      issue_feed_order(feed, "valid"), 0);
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
    acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_CONFIG,
                     ACME_PROBLEM_CERTIFICATE, feed->p, "not ours");
    acme_issue_reject(feed->issue, &problem, 0, feed->now);
    assert_int_equal(issue_feed_assert_failed(feed)->retry, ACME_RETRY_BACKOFF);
    assert_false(acme_issue_resumable(feed->issue));
}

ACME_T_MAIN(ACME_T(a_404_is_not_believed_at_once),
            ACME_T(a_404_that_stays_fails_and_leaves_the_order),
            ACME_T(an_old_order_that_is_gone_is_believed_sooner),
            ACME_T(a_404_may_name_a_time),
            ACME_T(a_certificate_is_had_after_days_and_restarts),
            ACME_T(a_certificate_is_had_without_its_order),
            ACME_T(a_certificate_is_judged_by_its_content),
            ACME_T(an_answer_without_a_certificate_is_asked_for_again),
            ACME_T(what_is_rejected_is_resumable_or_not),
            ACME_T(another_trys_certificate_is_no_reason_to_hold_back))
