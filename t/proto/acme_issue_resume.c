/* SPDX-License-Identifier: Apache-2.0 */

/* Whole orders against a model CA: the process dies, is stopped, or gets no
 * answer from the CA, at any moment. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_drive.h"
#include "issue_phase.h"

static void an_order_ends_with_a_certificate(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 3);

    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
    assert_int_equal(drive->ca->responses, 3);
}

static void slow_validation_and_issuance_are_waited_for(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 2);

    drive->ca->validate_polls = 6;
    drive->ca->process_polls = 6;
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
}

static void authorizations_that_are_valid_need_no_challenge(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 2);

    drive->ca->reuse_authorizations = 1;
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->responses, 0);
}

static void half_of_the_nonces_refused_costs_nothing_but_time(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 3);

    drive->ca->refuse_nonces = 50;
    drive->ca->validate_polls = 3;
    drive->ca->process_polls = 3;
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
    assert_true(drive->ca->bad_nonces > 0);
}

/* Restores the snapshot of each revision. */
static void a_crash_after_any_transition_resumes_the_order(void **state)
{
    unsigned int revision;
    int ended = 0;

    for (revision = 0; !ended; ++revision) {
        apr_pool_t *p;
        issue_drive_t *drive;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 3);
        drive->ca->validate_polls = 1;
        drive->ca->process_polls = 1;
        while (!issue_drive_is_over(drive) && drive->saved < revision) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive);
        issue_drive_crash(drive);
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
    assert_true(revision > 9);
}

/* Crashes also between transitions, when the CA is ahead of the snapshot. */
static void a_crash_after_any_step_resumes_the_order(void **state)
{
    int ended = 0;
    int at;

    for (at = 0; !ended; ++at) {
        apr_pool_t *p;
        issue_drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 3);
        drive->ca->validate_polls = 2;
        drive->ca->process_polls = 2;
        for (i = 0; i < at && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive);
        issue_drive_crash(drive);
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
    assert_true(at > 20);
}

static void crashes_at_every_step_still_get_there(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 3);
    int n = 0;

    /* Each process makes a step more than the one before. */
    while (!issue_drive_is_over(drive)) {
        int i;

        for (i = 0; i < n && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        if (!issue_drive_is_over(drive)) {
            issue_drive_crash(drive);
        }
        ++n;
    }
    issue_drive_assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    int lost;
    int all;

    {
        issue_drive_t *drive = issue_drive_start(*state, 2);
        int before = drive->ca->requests;

        issue_drive_to_the_end(drive);
        all = drive->ca->requests - before;
    }
    for (lost = 1; lost <= all; ++lost) {
        apr_pool_t *p;
        issue_drive_t *drive;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 2);
        drive->ca->lose_after = lost;
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        /* A second order is made only if the answer with the order's URL is
         * lost. */
        assert_int_equal(drive->ca->orders, lost == 1 ? 2 : 1);
        apr_pool_destroy(p);
    }
}

static void leaving_at_any_request_loses_nothing(void **state)
{
    int ended = 0;
    int at;

    for (at = 0; !ended; ++at) {
        apr_pool_t *p;
        issue_drive_t *drive;
        acme_http_t *http;
        int i;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 2);
        http = script_http_transport(drive->script);
        for (i = 0; i < at && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive);
        if (acme_issue_action(drive->issue)->type == ACME_ACTION_POST) {
            const char *phase = issue_phase(drive->issue, drive->p);
            int new_order = strcmp(phase, "new") == 0;

            /* The CA acts on the request, and its answer is under way. */
            drive->ca->delay = apr_time_from_sec(5);
            issue_drive_send(drive);
            http->run(http, 0);
            http->cancel(http, 0);
            if (new_order) {
                assert_int_equal(http->pending(http), 1);
                script_http_drain(drive->script);
                assert_non_null(acme_issue_url(drive->issue));
                issue_drive_save(drive);
            }
            else {
                assert_int_equal(http->pending(http), 0);
                assert_string_equal(issue_phase(drive->issue, drive->p), phase);
                assert_int_equal(acme_issue_action(drive->issue)->type,
                                 ACME_ACTION_POST);
            }
            drive->ca->delay = 0;
            if (at % 2) {
                issue_drive_crash(drive);
            }
        }
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
}

static void a_short_outage_is_sat_out_at_any_step(void **state)
{
    int ended = 0;
    int at;

    for (at = 0; !ended; ++at) {
        apr_pool_t *p;
        issue_drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 2);
        for (i = 0; i < at && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive);
        drive->ca->outage = at % 2 ? ACME_ISSUE_RETRIES : 0;
        drive->ca->unreachable = at % 2 ? 0 : ACME_ISSUE_RETRIES;
        issue_drive_to_the_end(drive);
        issue_drive_assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
}

static void a_long_outage_leaves_the_order_resumable(void **state)
{
    int ended = 0;
    int at;

    for (at = 1; !ended; ++at) {
        const acme_problem_t *problem;
        const char *url;
        apr_pool_t *p;
        issue_drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 2);
        drive->ca->validate_polls = 1;
        drive->ca->process_polls = 1;
        for (i = 0; i < at && !issue_drive_is_over(drive); ++i) {
            issue_drive_step(drive);
        }
        ended = issue_drive_is_over(drive)
                || strcmp(issue_phase(drive->issue, drive->p), "cleanup") == 0;
        if (!ended) {
            apr_time_t began = drive->clock->now;
            int requests = drive->ca->requests;

            url = acme_issue_url(drive->issue);
            drive->ca->unreachable = 1000;
            issue_drive_to_the_end(drive);
            drive->ca->unreachable = 0;
            problem = issue_drive_assert_failed(drive);
            assert_string_equal(problem->type, ACME_PROBLEM_NETWORK);
            assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
            assert_non_null(problem->activity);
            assert_true(acme_issue_resumable(drive->issue));
            assert_false(acme_issue_stale(drive->issue));
            assert_in_range(drive->ca->requests - requests, 1,
                            1 + ACME_ISSUE_RETRIES);
            assert_in_range(drive->clock->now - began, apr_time_from_sec(100),
                            apr_time_from_sec(300));
            issue_drive_crash(drive);
            assert_string_equal(acme_issue_url(drive->issue), url);
            /* The challenges were removed. A CA that validated just then would
             * have made the order invalid; let this CA not do so. */
            drive->ca->is_up = NULL;
            issue_drive_to_the_end(drive);
            issue_drive_assert_done(drive);
            assert_int_equal(drive->ca->orders, 1);
        }
        apr_pool_destroy(p);
    }
    assert_true(at > 8);
}

static void an_order_is_not_resumed_for_ever(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 1);
    int failures = 1;

    issue_drive_step(drive);
    drive->ca->unreachable = 1000000;
    issue_drive_to_the_end(drive);
    while (acme_issue_resumable(drive->issue)) {
        issue_drive_restore(drive);
        issue_drive_to_the_end(drive);
        ++failures;
        assert_true(failures <= ACME_ISSUE_FAILURES);
    }
    assert_int_equal(failures, ACME_ISSUE_FAILURES);
}

static void a_forgotten_order_is_stale(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 1);
    const acme_problem_t *problem;

    issue_drive_step(drive);
    model_ca_forget_order(drive->ca, acme_issue_url(drive->issue));
    issue_drive_crash(drive);
    issue_drive_to_the_end(drive);
    problem = issue_drive_assert_failed(drive);
    assert_true(acme_issue_stale(drive->issue));
    assert_false(acme_issue_resumable(drive->issue));
    assert_int_equal(problem->retry, ACME_RETRY_NOW);
    assert_int_equal(problem->status, 404);

    /* The same after another crash. */
    issue_drive_crash(drive);
    assert_true(acme_issue_stale(drive->issue));
    issue_drive_assert_failed(drive);
}

static void an_order_invalid_since_before_is_stale(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 1);

    while (strcmp(issue_phase(drive->issue, drive->p), "await") != 0) {
        issue_drive_step(drive);
    }
    assert_int_equal(apr_hash_count(drive->up), 1);
    model_ca_invalidate_order(drive->ca, acme_issue_url(drive->issue));
    issue_drive_crash(drive);
    issue_drive_to_the_end(drive);
    issue_drive_assert_failed(drive);
    assert_true(acme_issue_stale(drive->issue));
    assert_false(acme_issue_resumable(drive->issue));
}

static void a_failed_validation_is_explained_even_after_crashes(void **state)
{
    int ended = 0;
    int at;

    for (at = 0; !ended; ++at) {
        const acme_problem_t *problem;
        apr_pool_t *p;
        issue_drive_t *drive;
        int diagnosing = 0;

        apr_pool_create(&p, *state);
        drive = issue_drive_start(p, 2);
        drive->ca->fail_name = "www.example.org";
        while (!issue_drive_is_over(drive) && diagnosing <= at) {
            issue_drive_step(drive);
            diagnosing +=
                diagnosing > 0
                || strcmp(issue_phase(drive->issue, drive->p), "diagnose") == 0;
        }
        ended = issue_drive_is_over(drive);
        issue_drive_crash(drive);
        issue_drive_to_the_end(drive);
        problem = issue_drive_assert_failed(drive);
        assert_string_equal(problem->type, ACME_PROBLEM_URN "unauthorized");
        assert_string_equal(problem->detail, "the model says no");
        assert_int_equal(problem->subproblems->nelts, 1);
        assert_string_equal(
            APR_ARRAY_IDX(problem->subproblems, 0, acme_subproblem_t)
                .identifier,
            "www.example.org");
        assert_false(acme_issue_stale(drive->issue));
        assert_false(acme_issue_resumable(drive->issue));
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
}

static void what_a_crash_left_up_is_taken_down(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 2);

    drive->ca->fail_name = "example.org";
    while (strcmp(issue_phase(drive->issue, drive->p), "cleanup") != 0) {
        issue_drive_step(drive);
    }
    assert_int_equal(apr_hash_count(drive->up), 2);
    issue_drive_crash(drive);
    assert_string_equal(issue_phase(drive->issue, drive->p), "cleanup");
    issue_drive_to_the_end(drive);
    assert_string_equal(issue_drive_assert_failed(drive)->type,
                        ACME_PROBLEM_URN "unauthorized");
}

static void retry_after_is_obeyed_within_bounds(void **state)
{
    issue_drive_t *drive = issue_drive_start(*state, 1);
    apr_time_t began = drive->clock->now;

    drive->ca->retry_after = 7;
    drive->ca->validate_polls = 1;
    issue_drive_to_the_end(drive);
    issue_drive_assert_done(drive);
    /* The answer to the response named no time (1 s); the poll named 7 s. */
    assert_int_equal(drive->clock->now - began, apr_time_from_sec(1 + 7));
}

ACME_T_MAIN(ACME_T(an_order_ends_with_a_certificate),
            ACME_T(slow_validation_and_issuance_are_waited_for),
            ACME_T(authorizations_that_are_valid_need_no_challenge),
            ACME_T(half_of_the_nonces_refused_costs_nothing_but_time),
            ACME_T(a_crash_after_any_transition_resumes_the_order),
            ACME_T(a_crash_after_any_step_resumes_the_order),
            ACME_T(crashes_at_every_step_still_get_there),
            ACME_T(a_lost_answer_is_asked_for_again),
            ACME_T(leaving_at_any_request_loses_nothing),
            ACME_T(a_short_outage_is_sat_out_at_any_step),
            ACME_T(a_long_outage_leaves_the_order_resumable),
            ACME_T(an_order_is_not_resumed_for_ever),
            ACME_T(a_forgotten_order_is_stale),
            ACME_T(an_order_invalid_since_before_is_stale),
            ACME_T(a_failed_validation_is_explained_even_after_crashes),
            ACME_T(what_a_crash_left_up_is_taken_down),
            ACME_T(retry_after_is_obeyed_within_bounds))
