/* SPDX-License-Identifier: Apache-2.0 */

/* A CA refuses a request because it had the same request before. Let's Encrypt
 * leaves a challenge pending while it validates, and answers 409 conflict to
 * another response. Only the order shows then how it goes on. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_drive.h"
#include "issue_phase.h"
#include "issue_feed.h"

#define AGAIN FEED_ERROR("malformed", "I know")

static void refuse(issue_feed_t *feed, int status, const char *body)
{
    issue_feed_answer(feed, status, NULL, "application/problem+json", body, 0);
}

static void a_conflict_says_that_the_ca_had_the_response(void **state)
{
    static const struct {
        int status;
        const char *body;
    } cases[] = {
        {409, FEED_ERROR("conflict", "it is being validated")},
        {409, FEED_ERROR("malformed", "it is being validated")},
        {409, "{\"type\":\"https://c/problems/odd\"}"},
        {409, ""},
        {400, FEED_ERROR("conflict", "it is being validated")},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 3, *state);
        int name;

        for (name = 0; name < 3; ++name) {
            assert_string_equal(
                issue_feed_action(feed)->url,
                apr_psprintf(feed->p, "https://c/chall/%d", name));
            refuse(feed, cases[i].status, cases[i].body);
        }
        issue_feed_assert_phase(feed, "await");
        feed->order_status = "ready";
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "done");
    }
}

/* A problem type of another meaning counts more than the status. */
static void a_409_of_another_type_is_none(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    refuse(feed, 409, FEED_ERROR("alreadyReplaced", "here?"));
    issue_feed_good_answer(feed);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "here?");
}

static void a_conflict_may_say_when_it_is_over(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    issue_feed_answer(feed, 409, NULL, FEED_JSON, FEED_ERROR("conflict", "x"),
                      apr_time_from_sec(17));
    issue_feed_assert_phase(feed, "await");
    assert_int_equal(issue_feed_action(feed)->until - feed->now,
                     apr_time_from_sec(17));
}

static void a_conflict_that_does_not_end_has_the_cas_words(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 2, *state);
    apr_time_t began = feed->now;
    const acme_problem_t *problem;
    int posts = 0;

    refuse(feed, 409, FEED_ERROR("conflict", "one is being validated"));
    refuse(feed, 409, FEED_ERROR("conflict", "another too"));
    issue_feed_go_to(feed, "await");
    while (!issue_feed_is_over(feed)) {
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            assert_true(++posts < 50);
            issue_feed_answer(feed, 200, NULL, FEED_JSON,
                              issue_feed_order(feed, "pending"), 0);
        }
        issue_feed_act(feed);
    }
    problem = issue_feed_assert_failed(feed);
    assert_string_equal(problem->type, ACME_PROBLEM_TIMEOUT);
    assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
    assert_string_equal(
        problem->detail,
        "validation by the CA took longer than 10 minutes, the order "
        "is " FEED_ORDER "; before that the CA said: one is being validated");
    assert_string_equal(problem->activity, "validation by the CA");
    assert_int_equal(feed->now - began, apr_time_from_sec(600));
    assert_true(acme_issue_resumable(feed->issue));
    assert_int_equal(feed->cleaned, 2);
}

/* The CA's words on the validation do not belong to a slow issuance. */
static void the_words_are_those_of_the_phase(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    refuse(feed, 409, FEED_ERROR("conflict", "it is being validated"));
    feed->order_status = "ready";
    issue_feed_go_to(feed, "process");
    feed->order_status = "processing";
    issue_feed_to_the_end(feed);
    assert_null(strstr(issue_feed_assert_failed(feed)->detail, "validated"));
}

static void a_lost_answer_is_remembered(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 2, *state);

    issue_feed_no_answer(feed);
    issue_feed_act(feed);
    refuse(feed, 400, AGAIN);
    assert_string_equal(issue_feed_action(feed)->url, "https://c/chall/1");

    /* The next challenge is not affected. */
    refuse(feed, 403, FEED_ERROR("unauthorized", "not you"));
    assert_string_equal(issue_feed_action(feed)->url, "https://c/authz/1");
    issue_feed_good_answer(feed);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "not you");
}

static void a_cancelled_request_is_remembered(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    acme_issue_answer(feed->issue, APR_EINTR, NULL, NULL, feed->now);
    refuse(feed, 400, AGAIN);
    issue_feed_assert_phase(feed, "await");
}

/* A lost answer about the authorization says nothing about its challenge. */
static void a_lost_answer_of_an_authorization_is_no_response(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

    refuse(feed, 400, AGAIN);
    issue_feed_no_answer(feed);
    issue_feed_act(feed);
    assert_string_equal(issue_feed_action(feed)->url, "https://c/authz/0");
    issue_feed_good_answer(feed);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "I know");
}

static void a_restored_order_knows_that_responses_were_sent(void **state)
{
    static const char *const phases[] = {"authorize", "respond", "await"};
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(phases[i], 2, *state);

        feed->order_status = "pending";
        issue_feed_restore(feed);
        issue_feed_go_to(feed, "respond");
        refuse(feed, 400, AGAIN);
        assert_string_equal(issue_feed_action(feed)->url,
                            i == 0 ? "https://c/authz/0" : "https://c/chall/1");
    }
}

static void an_order_left_in_an_outage_knows_it_too(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 1, *state);

    while (!issue_feed_is_over(feed)) {
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_no_answer(feed);
        }
        else {
            issue_feed_act(feed);
        }
    }
    assert_true(acme_issue_resumable(feed->issue));
    feed->order_status = "pending";
    issue_feed_restore(feed);
    issue_feed_go_to(feed, "respond");
    refuse(feed, 400, AGAIN);
    issue_feed_assert_phase(feed, "await");
}

/* Snapshots of an older module lack "told": the phase decides. */
static void a_snapshot_without_told_is_restored(void **state)
{
    static const char *const members[] = {"", "\"told\":7,"};
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *text = acme_json_print(
            acme_issue_snapshot(feed->issue, feed->p), 0, feed->p);
        const char *at = strstr(text, "\"told\":true,");
        acme_json_t *json;

        assert_non_null(at);
        text = apr_pstrcat(
            feed->p, apr_pstrmemdup(feed->p, text, (apr_size_t)(at - text)),
            members[i], at + strlen("\"told\":true,"), NULL);
        assert_int_equal(
            acme_json_parse(&json, text, strlen(text), NULL, feed->p), 0);
        assert_int_equal(acme_issue_restore(&feed->issue, &feed->config, json,
                                            NULL, feed->now, &problem, feed->p),
                         i == 0 ? APR_SUCCESS : APR_EINVAL);
        if (i == 0) {
            issue_feed_go_to(feed, "respond");
            refuse(feed, 400, AGAIN);
            issue_feed_assert_phase(feed, "await");
        }
    }
}

static void a_finalize_in_conflict_is_waited_for(void **state)
{
    static const int seconds[] = {5, 10, 20, 40, 80};
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    const acme_problem_t *problem;
    int i;

    for (i = 0; i < ACME_ISSUE_RETRIES; ++i) {
        refuse(feed, 409, FEED_ERROR("conflict", "it is being finalized"));
        issue_feed_assert_phase(feed, "await");
        assert_int_equal(issue_feed_action(feed)->until - feed->now,
                         apr_time_from_sec(seconds[i]));
        issue_feed_go_to(feed, "finalize");
    }
    refuse(feed, 409, FEED_ERROR("conflict", "it is being finalized"));
    issue_feed_to_the_end(feed);
    problem = issue_feed_assert_failed(feed);
    assert_true(acme_problem_is(problem, "conflict"));
    assert_string_equal(problem->detail, "it is being finalized");
    assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
    assert_non_null(problem->to_fix);
    /* because the CA may make the certificate after all */
    assert_true(acme_issue_resumable(feed->issue));
    feed->order_status = "valid";
    issue_feed_restore(feed);
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

/* ---- whole orders ---- */

static issue_drive_t *start(apr_pool_t **p, int n_names, void **state)
{
    issue_drive_t *drive;

    apr_pool_create(p, *state);
    drive = issue_drive_start(*p, n_names);
    drive->ca->says_conflict = 1;
    drive->ca->validate_polls = 2;
    drive->ca->process_polls = 1;
    return drive;
}

static void a_crash_at_any_step_costs_nothing(void **state)
{
    int ended = 0;
    int again = 0;
    int at;

    for (at = 0; !ended; ++at) {
        apr_pool_t *p;
        issue_drive_t *drive = start(&p, 3, state);
        int i;

        for (i = 0; i < at && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive);
        issue_drive_crash(drive);
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        again += drive->ca->repeated_responses;
        apr_pool_destroy(p);
    }
    assert_true(again > 3);
}

static void a_lost_answer_costs_nothing(void **state)
{
    int ended = 0;
    int again = 0;
    int lost;

    for (lost = 2; !ended; ++lost) {
        apr_pool_t *p;
        issue_drive_t *drive = start(&p, 2, state);

        drive->ca->lose_after = lost;
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        ended = drive->ca->lose_after > 0;
        again += drive->ca->repeated_responses;
        apr_pool_destroy(p);
    }
    assert_int_equal(again, 2);
}

static void a_validation_that_does_not_end_is_given_up(void **state)
{
    apr_pool_t *p;
    issue_drive_t *drive = start(&p, 2, state);
    apr_time_t began = drive->clock->now;
    const acme_problem_t *problem;

    drive->ca->validate_polls = 100000;
    while (strcmp(issue_phase(drive->issue, drive->p), "await") != 0) {
        issue_drive_step(drive);
    }
    issue_drive_crash(drive);
    issue_drive_to_the_end(drive);
    problem = issue_drive_assert_failed(drive);
    assert_non_null(strstr(problem->detail, "it is being validated"));
    assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
    assert_int_equal(drive->ca->repeated_responses, 2);
    assert_int_equal(drive->ca->orders, 1);
    assert_int_equal(drive->clock->now - began, apr_time_from_sec(600));
}

static void what_replaces_in_conflict_is_ordered_without(void **state)
{
    apr_pool_t *p;
    issue_drive_t *drive = start(&p, 1, state);

    drive->ca->replaced = 1;
    drive->config.replaces = "key.serial";
    drive->issue =
        acme_issue_create(&drive->config, NULL, drive->clock->now, drive->p);
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
    assert_int_equal(drive->ca->asked, 2);
    assert_null(drive->ca->replaces);
}

static void finalizes_in_conflict_make_one_certificate(void **state)
{
    apr_pool_t *p;
    issue_drive_t *drive = start(&p, 1, state);

    drive->ca->conflicts = 3;
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
}

ACME_T_MAIN(ACME_T(a_conflict_says_that_the_ca_had_the_response),
            ACME_T(a_409_of_another_type_is_none),
            ACME_T(a_conflict_may_say_when_it_is_over),
            ACME_T(a_conflict_that_does_not_end_has_the_cas_words),
            ACME_T(the_words_are_those_of_the_phase),
            ACME_T(a_lost_answer_is_remembered),
            ACME_T(a_cancelled_request_is_remembered),
            ACME_T(a_lost_answer_of_an_authorization_is_no_response),
            ACME_T(a_restored_order_knows_that_responses_were_sent),
            ACME_T(an_order_left_in_an_outage_knows_it_too),
            ACME_T(a_snapshot_without_told_is_restored),
            ACME_T(a_finalize_in_conflict_is_waited_for),
            ACME_T(a_crash_at_any_step_costs_nothing),
            ACME_T(a_lost_answer_costs_nothing),
            ACME_T(a_validation_that_does_not_end_is_given_up),
            ACME_T(what_replaces_in_conflict_is_ordered_without),
            ACME_T(finalizes_in_conflict_make_one_certificate))
