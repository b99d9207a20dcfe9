/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "client_world.h"

static void the_directory_is_fetched_once(void **state)
{
    client_world_t *world = client_world_create(*state);
    client_heard_t *first = client_world_listener(world);
    client_heard_t *second = client_world_listener(world);
    client_heard_t *third = client_world_listener(world);

    script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                       "application/json", WORLD_DIRECTORY);
    assert_null(acme_client_directory_get(world->client));
    acme_client_directory_open(world->client, client_world_hear, first);
    acme_client_directory_open(world->client, client_world_hear, second);
    assert_int_equal(first->times, 0);
    script_http_drain(world->script);
    assert_int_equal(first->times, 1);
    assert_int_equal(second->times, 1);
    assert_int_equal(second->rv, APR_SUCCESS);
    assert_false(first->had_answer);
    acme_client_directory_open(world->client, client_world_hear, third);
    assert_int_equal(third->times, 1);
    assert_string_equal(acme_client_directory_get(world->client)->new_nonce,
                        WORLD_NONCE);
    assert_int_equal(script_http_count(world->script), 1);
}

static void a_bad_directory_is_a_problem_and_is_not_kept(void **state)
{
    static const struct {
        int status;
        const char *type;
        const char *body;
        apr_status_t rv;
        const char *problem;
    } cases[] = {
        {200, "text/html", "<html>", 0, ACME_PROBLEM_PROTOCOL},
        {200, "application/json", "{}", 0, ACME_PROBLEM_PROTOCOL},
        {200, "application/json", "[]", 0, ACME_PROBLEM_PROTOCOL},
        {200, "application/json", "", 0, ACME_PROBLEM_PROTOCOL},
        {200, "application/problem+json", "{\"detail\":\"x\"}", 0,
         ACME_PROBLEM_PROTOCOL},
        {301, "text/html", "", 0, NULL},
        {404, "text/html", "no", 0, NULL},
        {503, "text/html", "", 0, NULL},
        {0, NULL, NULL, APR_ECONNREFUSED, ACME_PROBLEM_NETWORK},
    };
    client_world_t *world = client_world_create(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        client_heard_t *heard = client_world_listener(world);
        client_heard_t *behind;
        script_answer_t *answer;

        answer =
            script_http_answer(world->script, "GET", WORLD_DIR, NULL,
                               cases[i].status, cases[i].type, cases[i].body);
        answer->rv = cases[i].rv;
        acme_client_directory_open(world->client, client_world_hear, heard);
        behind = client_world_post(world, WORLD_URL);
        script_http_drain(world->script);
        assert_int_equal(heard->times, 1);
        assert_int_not_equal(heard->rv, APR_SUCCESS);
        assert_int_equal(behind->times, 1);
        assert_int_equal(behind->rv, heard->rv);
        assert_non_null(heard->problem->type);
        assert_non_null(behind->problem->detail);
        if (cases[i].problem) {
            assert_string_equal(heard->problem->type, cases[i].problem);
        }
        assert_null(acme_client_directory_get(world->client));
    }
    script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                       "application/json", WORLD_DIRECTORY);
    acme_client_directory_open(world->client, client_world_hear,
                               client_world_listener(world));
    script_http_drain(world->script);
    assert_non_null(acme_client_directory_get(world->client));
}

static void a_post_before_the_directory_waits_for_it(void **state)
{
    client_world_t *world = client_world_create(*state);
    client_heard_t *heard = client_world_post(world, WORLD_URL);
    script_answer_t *answer;

    answer = script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                                "application/json", WORLD_DIRECTORY);
    apr_table_unset(answer->headers, "Replay-Nonce");
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_expect(world->script, "POST", WORLD_URL, "{\"a\":1}");
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

static void only_https_is_ever_asked(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    acme_client_t *plain;
    client_heard_t *heard;

    plain = acme_client_create("http://ca.test/dir", world->http,
                               &world->clock->clock, NULL, world->p);
    heard = client_world_listener(world);
    acme_client_directory_open(plain, client_world_hear, heard);
    assert_int_equal(heard->rv, APR_EINVAL);
    assert_int_equal(heard->problem->retry, ACME_RETRY_CONFIG);

    /* The refusal comes from the transport's run(), like any other. */
    heard = client_world_post(world, "http://ca.test/x");
    assert_int_equal(heard->times, 0);
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_EINVAL);
    assert_int_equal(heard->problem->retry, ACME_RETRY_INTERNAL);
    script_http_check(world->script);
}

static void nobody_to_sign_is_a_problem_later(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;

    acme_client_identify(world->client, NULL, NULL);
    heard = client_world_post(world, WORLD_URL);
    assert_int_equal(heard->times, 0);
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->problem->retry, ACME_RETRY_INTERNAL);
    script_http_check(world->script);
}

static void failing_posts_from_done_are_no_loop(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard = client_world_listener(world);
    int i;

    /* The same while there are more nonces than requests. */
    for (i = 0; i < 8; ++i) {
        script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
        client_world_post(world, WORLD_URL);
    }
    for (i = 0; i < 8; ++i) {
        script_http_expect(world->script, "POST", WORLD_URL, NULL);
    }
    script_http_drain(world->script);
    heard->post_again = world->client;
    heard->again_url = "http://ca.test/x";
    for (i = 0; i < 5; ++i) {
        script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    }
    acme_client_post(world->client, heard->again_url, "", 1, client_world_hear,
                     heard);
    for (i = 0; i < 5; ++i) {
        assert_int_equal(heard->times, i);
        world->http->run(world->http, 0);
    }
    assert_int_equal(heard->times, 5);
    assert_int_equal(world->http->pending(world->http), 0);
    script_http_check(world->script);
}

static void an_answer_is_taken_apart(void **state)
{
    static const struct {
        const char *location;
        const char *retry_after;
        const char *good_location;
        apr_interval_time_t retry_in; /* 0: retry_at is not set */
    } cases[] = {
        {NULL, NULL, NULL, 0},
        {"https://ca.test/o/1", "7", "https://ca.test/o/1",
         apr_time_from_sec(7)},
        {"http://ca.test/o/1", "0", NULL, apr_time_from_sec(1)},
        {"/o/1", "99999999", "https://ca.test/o/1", 7 * ACME_TIME_DAY},
        {"o/1", "soon", "https://ca.test/o/1", 0},
        {"https://ca.test/o/1, https://ca.test/o/2",
         "Tue, 01 Jan 2030 00:01:00 GMT", NULL, apr_time_from_sec(60)},
    };
    client_world_t *world = client_world_create_open(*state);
    size_t i;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        script_answer_t *answer;
        client_heard_t *heard;

        answer = script_http_answer(world->script, "POST", WORLD_URL, NULL, 200,
                                    "Application/JSON;x=y", "{\"b\":2}");
        if (cases[i].location) {
            apr_table_set(answer->headers, "Location", cases[i].location);
        }
        if (cases[i].retry_after) {
            apr_table_set(answer->headers, "Retry-After", cases[i].retry_after);
        }
        heard = client_world_post(world, WORLD_URL);
        script_http_drain(world->script);
        assert_int_equal(heard->rv, APR_SUCCESS);
        assert_true(heard->is_json);
        assert_string_equal(heard->body, "{\"b\":2}");
        assert_string_equal(heard->content_type, "application/json");
        if (cases[i].good_location) {
            assert_string_equal(heard->location, cases[i].good_location);
        }
        else {
            assert_null(heard->location);
        }
        assert_int_equal(
            heard->retry_at,
            cases[i].retry_in ? world->clock->now + cases[i].retry_in : 0);
    }
}

static void a_bad_answer_is_a_problem(void **state)
{
    static const struct {
        int status;
        const char *type;
        const char *body;
        int retry;
    } cases[] = {
        {500, "text/html", "<html>", ACME_RETRY_BACKOFF},
        {503, NULL, "", ACME_RETRY_BACKOFF},
        {302, "text/html", "", ACME_RETRY_BACKOFF},
        {100, NULL, "", ACME_RETRY_BACKOFF},
        {400, "application/problem+json", "[]", ACME_RETRY_BACKOFF},
        {400, "application/problem+json", "{\"type\":1}", ACME_RETRY_BACKOFF},
        {200, "application/problem+json", "{\"detail\":\"no\"}",
         ACME_RETRY_BACKOFF},
        {200, "Application/Problem+JSON; charset=utf-8", "garbage",
         ACME_RETRY_BACKOFF},
    };
    client_world_t *world = client_world_create_open(*state);
    size_t i;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        client_heard_t *heard;

        script_http_answer(world->script, "POST", WORLD_URL, NULL,
                           cases[i].status, cases[i].type, cases[i].body);
        heard = client_world_post(world, WORLD_URL);
        script_http_drain(world->script);
        assert_int_equal(heard->times, 1);
        assert_int_not_equal(heard->rv, APR_SUCCESS);
        assert_true(heard->had_answer);
        assert_non_null(heard->problem->detail);
        assert_int_equal(heard->problem->retry, cases[i].retry);
        assert_int_equal(heard->problem->status, cases[i].status);
    }
}

static void retry_after_makes_a_failure_later(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    script_answer_t *answer;
    client_heard_t *heard;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    answer = script_http_answer(world->script, "POST", WORLD_URL, NULL, 503,
                                NULL, "");
    apr_table_set(answer->headers, "Retry-After", "120");
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_int_equal(heard->problem->retry, ACME_RETRY_LATER);
    assert_int_equal(heard->problem->retry_at,
                     world->clock->now + apr_time_from_sec(120));
}

static void html_is_no_json_and_no_crash(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_answer(world->script, "POST", WORLD_URL, NULL, 200, "text/html",
                       "<html>");
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    assert_false(heard->is_json);
}

static void a_request_keeps_who_posted_it(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    const acme_jws_signer_t *signer = acme_client_signer(world->client);

    acme_client_identify(world->client, signer, NULL);
    client_world_post(world, WORLD_URL);
    acme_client_identify(world->client, signer, "https://ca.test/account/2");
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    client_world_bad_nonce(world, WORLD_URL);
    script_http_expect(world->script, "POST", WORLD_URL, "{\"a\":1}");
    script_http_drain(world->script);
    assert_null(script_http_last(world->script)->kid);
    assert_string_equal(script_http_last(world->script)->jwk, signer->jwk);
    assert_string_equal(acme_client_kid(world->client),
                        "https://ca.test/account/2");
    assert_string_equal(acme_client_url(world->client), WORLD_DIR);
    script_http_check(world->script);
}

ACME_T_MAIN(ACME_T(the_directory_is_fetched_once),
            ACME_T(a_bad_directory_is_a_problem_and_is_not_kept),
            ACME_T(a_post_before_the_directory_waits_for_it),
            ACME_T(only_https_is_ever_asked),
            ACME_T(nobody_to_sign_is_a_problem_later),
            ACME_T(failing_posts_from_done_are_no_loop),
            ACME_T(an_answer_is_taken_apart), ACME_T(a_bad_answer_is_a_problem),
            ACME_T(retry_after_makes_a_failure_later),
            ACME_T(html_is_no_json_and_no_crash),
            ACME_T(a_request_keeps_who_posted_it))
