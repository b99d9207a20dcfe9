/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/* Whole orders against a model CA: what happens when the process dies, is told
 * to leave, or the CA does not answer, at any moment. */
#include "acme_t.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_account.h"
#include "acme_issue.h"
#include "model_ca.h"

#define STEPS_MAX 2000

/* An owner of orders in the smallest. */
typedef struct drive_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    script_http_t *script;
    model_ca_t *ca;
    const acme_jws_signer_t *signer;
    acme_client_t *client;
    acme_issue_config_t config;
    acme_issue_t *issue;
    apr_hash_t *up; /* tokens that are presented */
    unsigned int saved;
    const char *snapshot; /* the last one */
    int steps;
} drive_t;

static int is_up(void *baton, const char *type, const char *identifier,
                 const char *token)
{
    const drive_t *drive = baton;
    const acme_challenge_t *challenge;

    challenge = apr_hash_get(drive->up, token, APR_HASH_KEY_STRING);
    return challenge && strcmp(challenge->type, type) == 0
           && strcmp(challenge->identifier, identifier) == 0
           && strcmp(challenge->key_authorization,
                     acme_jws_key_authorization(drive->signer, token, drive->p))
                  == 0;
}

static void account_done(void *baton, apr_status_t rv, const char *url,
                         const acme_problem_t *problem)
{
    (void)baton;
    (void)problem;
    assert_int_equal(rv, APR_SUCCESS);
    assert_non_null(url);
}

/* A new process: nothing is left but the key, the snapshot and what is up. */
static void reincarnate(drive_t *drive)
{
    acme_account_request_t account = {NULL, 1};
    int refuse = drive->ca->refuse_nonces;

    drive->client = acme_client_create(MODEL_CA_DIRECTORY,
                                       script_http_transport(drive->script),
                                       &drive->clock->clock, NULL, drive->p);
    acme_client_identify(drive->client, drive->signer, NULL);
    drive->ca->refuse_nonces = 0;
    acme_account_ensure(drive->client, &account, account_done, NULL);
    script_http_drain(drive->script);
    drive->ca->refuse_nonces = refuse;
}

static void save(drive_t *drive)
{
    drive->saved = acme_issue_generation(drive->issue);
    drive->snapshot = acme_json_print(
        acme_issue_snapshot(drive->issue, drive->p), 0, drive->p);
}

static drive_t *start(apr_pool_t *p, int n_names)
{
    static const char *const all[] = {"example.org", "www.example.org",
                                      "*.example.net"};
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    drive_t *drive = apr_pcalloc(p, sizeof(*drive));
    acme_jws_signer_t *signer;
    apr_array_header_t *names;
    apr_array_header_t *types;
    acme_key_t *key;
    int i;

    drive->p = p;
    drive->clock = fake_clock_create(p);
    drive->script = script_http_create(drive->clock, p);
    drive->ca = model_ca_create(p);
    drive->ca->is_up = is_up;
    drive->ca->is_up_baton = drive;
    script_http_respond(drive->script, model_ca_respond, drive->ca);
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    drive->signer = signer;
    drive->up = apr_hash_make(p);
    reincarnate(drive);

    names = apr_array_make(p, 3, sizeof(const char *));
    for (i = 0; i < n_names; ++i) {
        APR_ARRAY_PUSH(names, const char *) = all[i];
    }
    types = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    drive->config.name = "example.org";
    drive->config.new_order_url =
        acme_client_directory(drive->client)->new_order;
    drive->config.names = names;
    drive->config.challenge_types = types;
    drive->config.csr = "Y3Ny";
    drive->config.signer = signer;
    drive->issue =
        acme_issue_create(&drive->config, NULL, drive->clock->now, p);
    save(drive);
    return drive;
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    drive_t *drive = baton;

    acme_issue_answer(drive->issue, rv, answer, problem, drive->clock->now);
}

static void send_wish(drive_t *drive)
{
    const acme_wish_t *wish = acme_issue_wish(drive->issue);

    acme_client_post(drive->client, wish->url, wish->payload, wish->repeatable,
                     answered, drive);
}

static void step(drive_t *drive)
{
    const acme_wish_t *wish = acme_issue_wish(drive->issue);
    apr_time_t now = drive->clock->now;

    if (++drive->steps > STEPS_MAX) {
        fail_msg("the order does not end");
    }
    switch (wish->type) {
    case ACME_WISH_POST:
        send_wish(drive);
        script_http_drain(drive->script);
        break;
    case ACME_WISH_PRESENT:
        apr_hash_set(drive->up, wish->challenge->token, APR_HASH_KEY_STRING,
                     wish->challenge);
        acme_issue_solved(drive->issue, APR_SUCCESS, NULL, now);
        break;
    case ACME_WISH_CLEANUP:
        apr_hash_set(drive->up, wish->challenge->token, APR_HASH_KEY_STRING,
                     NULL);
        acme_issue_solved(drive->issue, APR_SUCCESS, NULL, now);
        break;
    case ACME_WISH_WAIT:
        assert_true(wish->until > now);
        drive->clock->now = wish->until;
        acme_issue_woken(drive->issue, drive->clock->now);
        break;
    default:
        break;
    }
    if (acme_issue_generation(drive->issue) != drive->saved) {
        save(drive);
    }
}

static int is_over(const drive_t *drive)
{
    acme_wish_e type = acme_issue_wish(drive->issue)->type;

    return type == ACME_WISH_DONE || type == ACME_WISH_FAILED;
}

static void to_the_end(drive_t *drive)
{
    while (!is_over(drive)) {
        step(drive);
    }
}

static void restore(drive_t *drive)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, drive->snapshot,
                                     strlen(drive->snapshot), NULL, drive->p),
                     0);
    if (acme_issue_restore(&drive->issue, &drive->config, json, NULL,
                           drive->clock->now, &problem, drive->p)
        != APR_SUCCESS) {
        fail_msg("%s", problem.detail);
    }
    save(drive);
}

static void crash(drive_t *drive)
{
    reincarnate(drive);
    restore(drive);
}

static void assert_done(const drive_t *drive)
{
    const acme_wish_t *wish = acme_issue_wish(drive->issue);

    if (wish->type == ACME_WISH_FAILED) {
        fail_msg("%s", acme_problem_text(wish->problem, drive->p));
    }
    assert_int_equal(wish->type, ACME_WISH_DONE);
    assert_non_null(strstr(wish->chain, "BEGIN CERTIFICATE"));
    assert_int_equal(wish->chain_len, strlen(wish->chain));
    assert_int_equal(apr_hash_count(drive->up), 0);
    assert_int_equal(drive->ca->accounts, 1);
    assert_int_equal(drive->ca->finalized, 1);
    assert_string_equal(acme_issue_phase(drive->issue), "done");
    assert_false(acme_issue_resumable(drive->issue));
}

static const acme_problem_t *assert_failed(const drive_t *drive)
{
    const acme_wish_t *wish = acme_issue_wish(drive->issue);

    assert_int_equal(wish->type, ACME_WISH_FAILED);
    assert_non_null(wish->problem);
    assert_int_equal(apr_hash_count(drive->up), 0);
    return wish->problem;
}

static void an_order_ends_with_a_certificate(void **state)
{
    drive_t *drive = start(*state, 3);

    to_the_end(drive);
    assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
    assert_int_equal(drive->ca->responses, 3);
}

static void slow_validation_and_issuance_are_waited_for(void **state)
{
    drive_t *drive = start(*state, 2);

    drive->ca->validate_polls = 6;
    drive->ca->process_polls = 6;
    to_the_end(drive);
    assert_done(drive);
}

static void authorizations_that_are_valid_need_no_challenge(void **state)
{
    drive_t *drive = start(*state, 2);

    drive->ca->reuse_authorizations = 1;
    to_the_end(drive);
    assert_done(drive);
    assert_int_equal(drive->ca->responses, 0);
}

static void half_of_the_nonces_refused_costs_nothing_but_time(void **state)
{
    drive_t *drive = start(*state, 3);

    drive->ca->refuse_nonces = 50;
    drive->ca->validate_polls = 3;
    drive->ca->process_polls = 3;
    to_the_end(drive);
    assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
    assert_true(drive->ca->bad_nonces > 0);
}

/* With the snapshot of each generation. */
static void a_crash_after_any_transition_resumes_the_order(void **state)
{
    unsigned int generation;
    int ended = 0;

    for (generation = 0; !ended; ++generation) {
        apr_pool_t *p;
        drive_t *drive;

        apr_pool_create(&p, *state);
        drive = start(p, 3);
        drive->ca->validate_polls = 1;
        drive->ca->process_polls = 1;
        while (!is_over(drive) && drive->saved < generation) {
            step(drive);
        }
        ended = is_over(drive);
        crash(drive);
        to_the_end(drive);
        assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
    assert_true(generation > 9);
}

/* Between transitions, the CA is ahead of the snapshot. */
static void a_crash_after_any_step_resumes_the_order(void **state)
{
    int ended = 0;
    int at;

    for (at = 0; !ended; ++at) {
        apr_pool_t *p;
        drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = start(p, 3);
        drive->ca->validate_polls = 2;
        drive->ca->process_polls = 2;
        for (i = 0; i < at && !is_over(drive); ++i) {
            step(drive);
        }
        ended = is_over(drive);
        crash(drive);
        to_the_end(drive);
        assert_done(drive);
        assert_int_equal(drive->ca->orders, 1);
        apr_pool_destroy(p);
    }
    assert_true(at > 20);
}

static void crashes_at_every_step_still_get_there(void **state)
{
    drive_t *drive = start(*state, 3);
    int n = 0;

    /* Each life makes more steps than the one before. */
    while (!is_over(drive)) {
        int i;

        for (i = 0; i < n && !is_over(drive); ++i) {
            step(drive);
        }
        if (!is_over(drive)) {
            crash(drive);
        }
        ++n;
    }
    assert_done(drive);
    assert_int_equal(drive->ca->orders, 1);
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    int lost;
    int all;

    {
        drive_t *drive = start(*state, 2);
        int before = drive->ca->requests;

        to_the_end(drive);
        all = drive->ca->requests - before;
    }
    for (lost = 1; lost <= all; ++lost) {
        apr_pool_t *p;
        drive_t *drive;

        apr_pool_create(&p, *state);
        drive = start(p, 2);
        drive->ca->lose_after = lost;
        to_the_end(drive);
        assert_done(drive);
        /* Only the first knows the order's URL. */
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
        drive_t *drive;
        acme_http_t *http;
        int i;

        apr_pool_create(&p, *state);
        drive = start(p, 2);
        http = script_http_transport(drive->script);
        for (i = 0; i < at && !is_over(drive); ++i) {
            step(drive);
        }
        ended = is_over(drive);
        if (acme_issue_wish(drive->issue)->type == ACME_WISH_POST) {
            const char *phase = acme_issue_phase(drive->issue);
            int new_order = strcmp(phase, "new") == 0;

            /* The CA acts on it, and its answer is still on the way. */
            drive->ca->delay = apr_time_from_sec(5);
            send_wish(drive);
            http->run(http, 0);
            http->cancel(http, 0);
            if (new_order) {
                assert_int_equal(http->pending(http), 1);
                script_http_drain(drive->script);
                assert_non_null(acme_issue_order_url(drive->issue));
                save(drive);
            }
            else {
                assert_int_equal(http->pending(http), 0);
                assert_string_equal(acme_issue_phase(drive->issue), phase);
                assert_int_equal(acme_issue_wish(drive->issue)->type,
                                 ACME_WISH_POST);
            }
            drive->ca->delay = 0;
            if (at % 2) {
                crash(drive);
            }
        }
        to_the_end(drive);
        assert_done(drive);
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
        drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = start(p, 2);
        for (i = 0; i < at && !is_over(drive); ++i) {
            step(drive);
        }
        ended = is_over(drive);
        drive->ca->outage = at % 2 ? ACME_ISSUE_RETRIES : 0;
        drive->ca->unreachable = at % 2 ? 0 : ACME_ISSUE_RETRIES;
        to_the_end(drive);
        assert_done(drive);
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
        drive_t *drive;
        int i;

        apr_pool_create(&p, *state);
        drive = start(p, 2);
        drive->ca->validate_polls = 1;
        drive->ca->process_polls = 1;
        for (i = 0; i < at && !is_over(drive); ++i) {
            step(drive);
        }
        ended = is_over(drive)
                || strcmp(acme_issue_phase(drive->issue), "cleanup") == 0;
        if (!ended) {
            apr_time_t began = drive->clock->now;
            int requests = drive->ca->requests;

            url = acme_issue_order_url(drive->issue);
            drive->ca->unreachable = 1000;
            to_the_end(drive);
            drive->ca->unreachable = 0;
            problem = assert_failed(drive);
            assert_string_equal(problem->type, ACME_PROBLEM_NETWORK);
            assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
            assert_non_null(problem->activity);
            assert_true(acme_issue_resumable(drive->issue));
            assert_false(acme_issue_stale(drive->issue));
            assert_in_range(drive->ca->requests - requests, 1,
                            1 + ACME_ISSUE_RETRIES);
            assert_in_range(drive->clock->now - began, apr_time_from_sec(100),
                            apr_time_from_sec(300));
            crash(drive);
            assert_string_equal(acme_issue_order_url(drive->issue), url);
            /* The challenges were taken down: a CA that looked just then
             * would have made the order invalid. This one did not. */
            drive->ca->is_up = NULL;
            to_the_end(drive);
            assert_done(drive);
            assert_int_equal(drive->ca->orders, 1);
        }
        apr_pool_destroy(p);
    }
    assert_true(at > 8);
}

static void an_order_is_not_resumed_for_ever(void **state)
{
    drive_t *drive = start(*state, 1);
    int failures = 1;

    step(drive);
    drive->ca->unreachable = 1000000;
    to_the_end(drive);
    while (acme_issue_resumable(drive->issue)) {
        restore(drive);
        to_the_end(drive);
        ++failures;
        assert_true(failures <= ACME_ISSUE_FAILURES);
    }
    assert_int_equal(failures, ACME_ISSUE_FAILURES);
}

static void a_forgotten_order_is_stale(void **state)
{
    drive_t *drive = start(*state, 1);
    const acme_problem_t *problem;

    step(drive);
    model_ca_forget_order(drive->ca, acme_issue_order_url(drive->issue));
    crash(drive);
    to_the_end(drive);
    problem = assert_failed(drive);
    assert_true(acme_issue_stale(drive->issue));
    assert_false(acme_issue_resumable(drive->issue));
    assert_int_equal(problem->retry, ACME_RETRY_NOW);
    assert_int_equal(problem->status, 404);

    /* And it stays so after another crash. */
    crash(drive);
    assert_true(acme_issue_stale(drive->issue));
    assert_failed(drive);
}

static void an_order_invalid_since_before_is_stale(void **state)
{
    drive_t *drive = start(*state, 1);

    while (strcmp(acme_issue_phase(drive->issue), "await") != 0) {
        step(drive);
    }
    assert_int_equal(apr_hash_count(drive->up), 1);
    model_ca_invalidate_order(drive->ca, acme_issue_order_url(drive->issue));
    crash(drive);
    to_the_end(drive);
    assert_failed(drive);
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
        drive_t *drive;
        int diagnosing = 0;

        apr_pool_create(&p, *state);
        drive = start(p, 2);
        drive->ca->fail_name = "www.example.org";
        while (!is_over(drive) && diagnosing <= at) {
            step(drive);
            diagnosing +=
                diagnosing > 0
                || strcmp(acme_issue_phase(drive->issue), "diagnose") == 0;
        }
        ended = is_over(drive);
        crash(drive);
        to_the_end(drive);
        problem = assert_failed(drive);
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
    drive_t *drive = start(*state, 2);

    drive->ca->fail_name = "example.org";
    while (strcmp(acme_issue_phase(drive->issue), "cleanup") != 0) {
        step(drive);
    }
    assert_int_equal(apr_hash_count(drive->up), 2);
    crash(drive);
    assert_string_equal(acme_issue_phase(drive->issue), "cleanup");
    to_the_end(drive);
    assert_string_equal(assert_failed(drive)->type,
                        ACME_PROBLEM_URN "unauthorized");
}

static void retry_after_is_obeyed_within_bounds(void **state)
{
    drive_t *drive = start(*state, 1);
    apr_time_t began = drive->clock->now;

    drive->ca->retry_after = 7;
    drive->ca->validate_polls = 1;
    to_the_end(drive);
    assert_done(drive);
    /* The response named no time (1 s), the one poll in vain did. */
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
