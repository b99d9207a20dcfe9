/* SPDX-License-Identifier: Apache-2.0 */

/* Nonces of a client, and requests that wait for a nonce. */
#include "acme_t.h"

#include <apr_strings.h>

#include "client_world.h"

static void nonces_go_round(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    script_answer_t *answer;
    client_heard_t *heard;

    answer = script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    apr_table_set(answer->headers, "Replay-Nonce", "first");
    answer = script_http_answer(
        world->script, "POST", WORLD_URL, NULL, 403, "application/problem+json",
        "{\"type\":\"urn:ietf:params:acme:error:caa\"}");
    apr_table_set(answer->headers, "Replay-Nonce", "from-an-error");
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_string_equal(script_http_last(world->script)->nonce, "first");
    assert_string_equal(script_http_last(world->script)->kid,
                        "https://ca.test/account/1");
    assert_int_not_equal(heard->rv, APR_SUCCESS);
    assert_true(heard->had_answer);
    assert_true(acme_problem_is(heard->problem, "caa"));
    assert_int_equal(heard->problem->status, 403);

    answer = script_http_expect(world->script, "POST", WORLD_URL, NULL);
    apr_table_unset(answer->headers, "Replay-Nonce");
    client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_string_equal(script_http_last(world->script)->nonce,
                        "from-an-error");

    /* The answer had no nonce, so that a HEAD has to get another. */
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_expect(world->script, "POST", WORLD_URL, NULL);
    client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    script_http_check(world->script);
}

static void each_who_waits_gets_one_nonce(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard[4];
    int i;

    for (i = 0; i < 4; ++i) {
        heard[i] = client_world_post(
            world, apr_psprintf(world->p, WORLD_URL "/%d", i));
        script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL)->delay =
            1000;
    }
    assert_int_equal(world->http->pending(world->http), 4);
    for (i = 0; i < 4; ++i) {
        script_http_expect(world->script, "POST",
                           apr_psprintf(world->p, WORLD_URL "/%d", i), NULL);
    }
    script_http_drain(world->script);
    for (i = 0; i < 4; ++i) {
        assert_int_equal(heard[i]->times, 1);
        assert_int_equal(heard[i]->rv, APR_SUCCESS);
    }
    assert_int_equal(script_http_count(world->script), 1 + 4 + 4);
    script_http_check(world->script);
}

static void a_nonce_that_cannot_be_had_fails_who_waits_for_it(void **state)
{
    static const struct {
        apr_status_t rv;
        int status;
        const char *nonce;
    } cases[] = {
        {APR_ECONNRESET, 0, NULL},
        {0, 500, NULL},
        {0, 429, NULL},
        {0, 503, "a b"},
    };
    client_world_t *world = client_world_create_open(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        script_answer_t *answer;
        client_heard_t *heard = client_world_post(world, WORLD_URL);

        answer = script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
        answer->rv = cases[i].rv;
        answer->status = cases[i].status;
        apr_table_unset(answer->headers, "Replay-Nonce");
        if (cases[i].nonce) {
            apr_table_set(answer->headers, "Replay-Nonce", cases[i].nonce);
        }
        script_http_drain(world->script);
        assert_int_equal(heard->times, 1);
        assert_int_not_equal(heard->rv, APR_SUCCESS);
        assert_non_null(heard->problem->type);
    }
    script_http_check(world->script);
}

static void expect_none(client_world_t *world, const char *method, int status,
                        const char *nonce)
{
    script_answer_t *answer =
        script_http_expect(world->script, method, WORLD_NONCE, NULL);

    answer->status = status;
    apr_table_unset(answer->headers, "Replay-Nonce");
    if (nonce) {
        apr_table_set(answer->headers, "Replay-Nonce", nonce);
    }
}

/* RFC 8555 7.2 has both. */
static void where_head_gives_no_nonce_get_may(void **state)
{
    static const struct {
        int status;
        const char *nonce;
    } cases[] = {{405, NULL}, {404, NULL},  {400, NULL},
                 {501, NULL}, {200, "a b"}, {200, NULL}};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        client_world_t *world = client_world_create_open(*state);
        client_heard_t *heard;

        expect_none(world, "HEAD", cases[i].status, cases[i].nonce);
        expect_none(world, "GET", 204, "by-get");
        script_http_answer(world->script, "POST", WORLD_URL, NULL, 200,
                           "application/json", "{}");
        heard = client_world_post(world, WORLD_URL);
        script_http_drain(world->script);
        script_http_check(world->script);
        assert_int_equal(heard->rv, APR_SUCCESS);
    }
}

static void what_gives_no_nonce_is_named(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    int i;

    expect_none(world, "HEAD", 405, NULL);
    for (i = 0; i < 2; ++i) {
        client_heard_t *heard;

        /* Not by HEAD again. */
        expect_none(world, "GET", 405, NULL);
        heard = client_world_post(world, WORLD_URL);
        script_http_drain(world->script);
        script_http_check(world->script);
        assert_int_equal(heard->times, 1);
        assert_int_not_equal(heard->rv, APR_SUCCESS);
        assert_non_null(strstr(heard->problem->detail,
                               "newNonce (" WORLD_NONCE ") gave no nonce"));
        assert_non_null(strstr(heard->problem->detail, "405"));
        assert_null(strstr(heard->problem->to_fix, "ACMECertificateAuthority"));
    }
}

/* An error, too, may bring a nonce (RFC 8555 6.5). */
static void a_nonce_is_good_whatever_it_came_with(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;

    expect_none(world, "HEAD", 405, "useful");
    script_http_answer(world->script, "POST", WORLD_URL, NULL, 200,
                       "application/json", "{}");
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    assert_string_equal(script_http_last(world->script)->nonce, "useful");
}

static void a_refused_nonce_is_replaced_by_the_answers(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard = client_world_listener(world);
    script_answer_t *answer;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    answer = client_world_bad_nonce(world, WORLD_URL);
    apr_table_set(answer->headers, "Replay-Nonce", "fresh");
    script_http_answer(world->script, "POST", WORLD_URL, "{\"a\":1}", 201,
                       "application/json; charset=utf-8", "{}");
    /* Not repeatable, but repeated, because the CA has not acted on it. */
    acme_client_post(world->client, WORLD_URL, "{\"a\":1}", 0,
                     client_world_hear, heard);
    script_http_drain(world->script);
    assert_string_equal(script_http_last(world->script)->nonce, "fresh");
    assert_false(script_http_last(world->script)->repeatable);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    assert_int_equal(heard->status, 201);
    assert_string_equal(heard->content_type, "application/json");
}

static void a_refused_nonce_without_another_gets_one(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    apr_table_unset(client_world_bad_nonce(world, WORLD_URL)->headers,
                    "Replay-Nonce");
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_expect(world->script, "POST", WORLD_URL, "{\"a\":1}");
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

static void nonces_refused_for_ever_are_a_problem(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;
    int i;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    for (i = 0; i < ACME_CLIENT_NONCE_TRIES; ++i) {
        client_world_bad_nonce(world, WORLD_URL);
    }
    heard = client_world_post(world, WORLD_URL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_true(acme_problem_is(heard->problem, "badNonce"));
    script_http_check(world->script);
}

static void cancelling_ends_everybody_once(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *flying;
    client_heard_t *waiting[3];
    int i;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_expect(world->script, "POST", WORLD_URL, NULL)->delay =
        ACME_TIME_HOUR;
    flying = client_world_post(world, WORLD_URL);
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    for (i = 0; i < 3; ++i) {
        waiting[i] = client_world_post(world, WORLD_URL);
    }
    world->http->cancel(world->http, 0);
    assert_int_equal(flying->times, 1);
    assert_true(APR_STATUS_IS_EINTR(flying->rv));
    for (i = 0; i < 3; ++i) {
        assert_int_equal(waiting[i]->times, 1);
        assert_true(APR_STATUS_IS_EINTR(waiting[i]->rv));
    }
    assert_int_equal(world->http->pending(world->http), 0);
}

static void cancelling_ends_those_who_wait_for_the_directory(void **state)
{
    client_world_t *world = client_world_create(*state);
    client_heard_t *opening = client_world_listener(world);
    client_heard_t *behind;

    acme_client_directory_open(world->client, client_world_hear, opening);
    behind = client_world_post(world, WORLD_URL);
    world->http->cancel(world->http, 0);
    assert_int_equal(opening->times, 1);
    assert_true(APR_STATUS_IS_EINTR(opening->rv));
    assert_int_equal(behind->times, 1);
    assert_true(APR_STATUS_IS_EINTR(behind->rv));

    /* The failure is not kept. */
    script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                       "application/json", WORLD_DIRECTORY);
    acme_client_directory_open(world->client, client_world_hear,
                               client_world_listener(world));
    script_http_drain(world->script);
    assert_non_null(acme_client_directory_get(world->client));
}

static void what_must_not_be_repeated_survives_a_polite_cancel(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard = client_world_listener(world);

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    client_world_bad_nonce(world, WORLD_URL)->delay = 1000;
    script_http_expect(world->script, "POST", WORLD_URL, "{\"a\":1}");
    acme_client_post(world->client, WORLD_URL, "{\"a\":1}", 0,
                     client_world_hear, heard);
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    world->http->cancel(world->http, 0);
    assert_int_equal(heard->times, 0);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

/* Two requests wait, each for its HEAD, when an answer brings another nonce. */
static void
a_failed_head_takes_nobody_along_who_can_still_be_served(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard[3];
    script_answer_t *answer;
    int i;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    script_http_expect(world->script, "POST", WORLD_URL "/0", NULL)->delay = 10;
    heard[0] = client_world_post(world, WORLD_URL "/0");
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    answer = script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    answer->delay = 20;
    answer->rv = APR_ECONNRESET;
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL)->delay = 30;
    heard[1] = client_world_post(world, WORLD_URL "/1");
    heard[2] = client_world_post(world, WORLD_URL "/2");
    answer = script_http_expect(world->script, "POST", WORLD_URL "/1", NULL);
    apr_table_unset(answer->headers, "Replay-Nonce");
    script_http_expect(world->script, "POST", WORLD_URL "/2", NULL);
    script_http_drain(world->script);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(heard[i]->times, 1);
        assert_int_equal(heard[i]->rv, APR_SUCCESS);
    }
    script_http_check(world->script);
}

static void a_refused_nonces_successor_is_for_the_same_request(void **state)
{
    client_world_t *world = client_world_create_open(*state);
    client_heard_t *heard;
    script_answer_t *answer;

    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL);
    answer = client_world_bad_nonce(world, WORLD_URL "/0");
    answer->delay = 10;
    apr_table_set(answer->headers, "Replay-Nonce", "fresh");
    client_world_post(world, WORLD_URL "/0");
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    script_http_expect(world->script, "HEAD", WORLD_NONCE, NULL)->delay = 1000;
    heard = client_world_post(world, WORLD_URL "/1");
    answer = script_http_expect(world->script, "POST", WORLD_URL "/0", NULL);
    answer->delay = 5000;
    world->http->run(world->http, 10);
    world->http->run(world->http, 0);
    assert_string_equal(script_http_last(world->script)->url, WORLD_URL "/0");
    assert_string_equal(script_http_last(world->script)->nonce, "fresh");
    script_http_expect(world->script, "POST", WORLD_URL "/1", NULL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

ACME_T_MAIN(ACME_T(a_failed_head_takes_nobody_along_who_can_still_be_served),
            ACME_T(a_refused_nonces_successor_is_for_the_same_request),
            ACME_T(nonces_go_round), ACME_T(each_who_waits_gets_one_nonce),
            ACME_T(a_nonce_that_cannot_be_had_fails_who_waits_for_it),
            ACME_T(where_head_gives_no_nonce_get_may),
            ACME_T(what_gives_no_nonce_is_named),
            ACME_T(a_nonce_is_good_whatever_it_came_with),
            ACME_T(a_refused_nonce_is_replaced_by_the_answers),
            ACME_T(a_refused_nonce_without_another_gets_one),
            ACME_T(nonces_refused_for_ever_are_a_problem),
            ACME_T(cancelling_ends_everybody_once),
            ACME_T(cancelling_ends_those_who_wait_for_the_directory),
            ACME_T(what_must_not_be_repeated_survives_a_polite_cancel))
