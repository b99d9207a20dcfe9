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

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_client.h"
#include "script_http.h"

#define DIR   "https://ca.test/dir"
#define NONCE "https://ca.test/nonce"
#define DIRECTORY                                                             \
    "{\"newNonce\":\"" NONCE "\",\"newAccount\":\"https://ca.test/account\"," \
    "\"newOrder\":\"https://ca.test/order\"}"
#define URL "https://ca.test/x"

typedef struct world_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    script_http_t *script;
    acme_http_t *http;
    acme_client_t *client;
} world_t;

/* What a `done` heard. */
typedef struct heard_t {
    int times;
    apr_status_t rv;
    int had_answer;
    int status;
    const char *location;
    apr_time_t retry_at;
    const char *content_type;
    int is_json;
    const char *body;
    acme_problem_t *problem;
    /* What it does then. */
    acme_client_t *post_again;
    const char *again_url;
    apr_pool_t *p;
} heard_t;

static void hear(void *baton, apr_status_t rv, const acme_answer_t *answer,
                 const acme_problem_t *problem)
{
    heard_t *heard = baton;

    ++heard->times;
    heard->rv = rv;
    heard->had_answer = answer != NULL;
    if (answer) {
        heard->status = answer->status;
        heard->location = apr_pstrdup(heard->p, answer->location);
        heard->retry_at = answer->retry_at;
        heard->content_type = apr_pstrdup(heard->p, answer->content_type);
        heard->is_json = answer->json != NULL;
        heard->body = apr_pstrmemdup(heard->p, answer->body, answer->body_len);
    }
    assert_true((rv == APR_SUCCESS) == (problem == NULL)
                || APR_STATUS_IS_EINTR(rv));
    heard->problem = problem ? acme_problem_dup(problem, heard->p) : NULL;
    if (heard->post_again && heard->times < 5) {
        acme_client_post(heard->post_again, heard->again_url, "", 1, hear,
                         heard);
    }
}

static heard_t *listener(const world_t *world)
{
    heard_t *heard = apr_pcalloc(world->p, sizeof(*heard));

    heard->p = world->p;
    return heard;
}

static world_t *create(apr_pool_t *p)
{
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    world_t *world = apr_pcalloc(p, sizeof(*world));
    acme_jws_signer_t *signer;
    acme_key_t *key;

    world->p = p;
    world->clock = fake_clock_create(p);
    world->script = script_http_create(world->clock, p);
    world->http = script_http_transport(world->script);
    world->client =
        acme_client_create(DIR, world->http, &world->clock->clock, NULL, p);
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    acme_client_identify(world->client, signer, "https://ca.test/account/1");
    return world;
}

/* With the directory there, and no nonce. */
static world_t *create_open(apr_pool_t *p)
{
    world_t *world = create(p);
    heard_t *heard = listener(world);
    script_answer_t *answer;

    answer = script_http_answer(world->script, "GET", DIR, NULL, 200,
                                "application/json", DIRECTORY);
    apr_table_unset(answer->headers, "Replay-Nonce");
    acme_client_open(world->client, hear, heard);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    return world;
}

static heard_t *post(const world_t *world, const char *url)
{
    heard_t *heard = listener(world);

    acme_client_post(world->client, url, "{\"a\":1}", 1, hear, heard);
    return heard;
}

static script_answer_t *bad_nonce(const world_t *world, const char *url)
{
    return script_http_answer(world->script, "POST", url, "{\"a\":1}", 400,
                              "application/problem+json",
                              "{\"type\":\"urn:ietf:params:acme:error:badNonce"
                              "\",\"detail\":\"stale\"}");
}

static void the_directory_is_fetched_once(void **state)
{
    world_t *world = create(*state);
    heard_t *first = listener(world);
    heard_t *second = listener(world);
    heard_t *third = listener(world);

    script_http_answer(world->script, "GET", DIR, NULL, 200, "application/json",
                       DIRECTORY);
    assert_null(acme_client_directory(world->client));
    acme_client_open(world->client, hear, first);
    acme_client_open(world->client, hear, second);
    assert_int_equal(first->times, 0);
    script_http_drain(world->script);
    assert_int_equal(first->times, 1);
    assert_int_equal(second->times, 1);
    assert_int_equal(second->rv, APR_SUCCESS);
    assert_false(first->had_answer);
    acme_client_open(world->client, hear, third);
    assert_int_equal(third->times, 1);
    assert_string_equal(acme_client_directory(world->client)->new_nonce, NONCE);
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
    world_t *world = create(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        heard_t *heard = listener(world);
        heard_t *behind;
        script_answer_t *answer;

        answer =
            script_http_answer(world->script, "GET", DIR, NULL, cases[i].status,
                               cases[i].type, cases[i].body);
        answer->rv = cases[i].rv;
        acme_client_open(world->client, hear, heard);
        behind = post(world, URL);
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
        assert_null(acme_client_directory(world->client));
    }
    script_http_answer(world->script, "GET", DIR, NULL, 200, "application/json",
                       DIRECTORY);
    acme_client_open(world->client, hear, listener(world));
    script_http_drain(world->script);
    assert_non_null(acme_client_directory(world->client));
}

static void a_post_before_the_directory_waits_for_it(void **state)
{
    world_t *world = create(*state);
    heard_t *heard = post(world, URL);
    script_answer_t *answer;

    answer = script_http_answer(world->script, "GET", DIR, NULL, 200,
                                "application/json", DIRECTORY);
    apr_table_unset(answer->headers, "Replay-Nonce");
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_expect(world->script, "POST", URL, "{\"a\":1}");
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

static void only_https_is_ever_asked(void **state)
{
    world_t *world = create_open(*state);
    acme_client_t *plain;
    heard_t *heard;

    plain = acme_client_create("http://ca.test/dir", world->http,
                               &world->clock->clock, NULL, world->p);
    heard = listener(world);
    acme_client_open(plain, hear, heard);
    assert_int_equal(heard->rv, APR_EINVAL);
    assert_int_equal(heard->problem->retry, ACME_RETRY_CONFIG);

    /* The refusal comes from the transport's run(), like any other. */
    heard = post(world, "http://ca.test/x");
    assert_int_equal(heard->times, 0);
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_EINVAL);
    assert_int_equal(heard->problem->retry, ACME_RETRY_INTERNAL);
    script_http_check(world->script);
}

static void nobody_to_sign_is_a_problem_later(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard;

    acme_client_identify(world->client, NULL, NULL);
    heard = post(world, URL);
    assert_int_equal(heard->times, 0);
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->problem->retry, ACME_RETRY_INTERNAL);
    script_http_check(world->script);
}

static void failing_posts_from_done_are_no_loop(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard = listener(world);
    int i;

    heard->post_again = world->client;
    heard->again_url = "http://ca.test/x";
    for (i = 0; i < 5; ++i) {
        script_http_expect(world->script, "HEAD", NONCE, NULL);
    }
    acme_client_post(world->client, heard->again_url, "", 1, hear, heard);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 5);
    script_http_check(world->script);
}

static void nonces_go_round(void **state)
{
    world_t *world = create_open(*state);
    script_answer_t *answer;
    heard_t *heard;

    answer = script_http_expect(world->script, "HEAD", NONCE, NULL);
    apr_table_set(answer->headers, "Replay-Nonce", "first");
    answer = script_http_answer(
        world->script, "POST", URL, NULL, 403, "application/problem+json",
        "{\"type\":\"urn:ietf:params:acme:error:caa\"}");
    apr_table_set(answer->headers, "Replay-Nonce", "from-an-error");
    heard = post(world, URL);
    script_http_drain(world->script);
    assert_string_equal(script_http_last(world->script)->nonce, "first");
    assert_string_equal(script_http_last(world->script)->kid,
                        "https://ca.test/account/1");
    assert_int_not_equal(heard->rv, APR_SUCCESS);
    assert_true(heard->had_answer);
    assert_true(acme_problem_is(heard->problem, "caa"));
    assert_int_equal(heard->problem->status, 403);

    answer = script_http_expect(world->script, "POST", URL, NULL);
    apr_table_unset(answer->headers, "Replay-Nonce");
    post(world, URL);
    script_http_drain(world->script);
    assert_string_equal(script_http_last(world->script)->nonce,
                        "from-an-error");

    /* That gave none: get another. */
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_expect(world->script, "POST", URL, NULL);
    post(world, URL);
    script_http_drain(world->script);
    script_http_check(world->script);
}

static void each_who_waits_gets_one_nonce(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard[4];
    int i;

    for (i = 0; i < 4; ++i) {
        heard[i] = post(world, apr_psprintf(world->p, URL "/%d", i));
        script_http_expect(world->script, "HEAD", NONCE, NULL)->delay = 1000;
    }
    assert_int_equal(world->http->pending(world->http), 4);
    for (i = 0; i < 4; ++i) {
        script_http_expect(world->script, "POST",
                           apr_psprintf(world->p, URL "/%d", i), NULL);
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
        {APR_ECONNRESET, 0, NULL}, {0, 200, NULL},
        {0, 200, "a b"},           {0, 500, NULL},
        {0, 405, "useful"},
    };
    world_t *world = create_open(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        script_answer_t *answer;
        heard_t *heard = post(world, URL);

        answer = script_http_expect(world->script, "HEAD", NONCE, NULL);
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

static void a_refused_nonce_is_replaced_by_the_answers(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard = listener(world);
    script_answer_t *answer;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    answer = bad_nonce(world, URL);
    apr_table_set(answer->headers, "Replay-Nonce", "fresh");
    script_http_answer(world->script, "POST", URL, "{\"a\":1}", 201,
                       "application/json; charset=utf-8", "{}");
    /* Even where a repetition would do harm: the CA has not acted. */
    acme_client_post(world->client, URL, "{\"a\":1}", 0, hear, heard);
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
    world_t *world = create_open(*state);
    heard_t *heard;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    apr_table_unset(bad_nonce(world, URL)->headers, "Replay-Nonce");
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_expect(world->script, "POST", URL, "{\"a\":1}");
    heard = post(world, URL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

static void nonces_refused_for_ever_are_a_problem(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard;
    int i;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    for (i = 0; i < ACME_CLIENT_NONCE_TRIES; ++i) {
        bad_nonce(world, URL);
    }
    heard = post(world, URL);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_true(acme_problem_is(heard->problem, "badNonce"));
    script_http_check(world->script);
}

static void an_answer_is_taken_apart(void **state)
{
    static const struct {
        const char *location;
        const char *retry_after;
        const char *good_location;
        apr_interval_time_t retry_in; /* 0: none */
    } cases[] = {
        {NULL, NULL, NULL, 0},
        {"https://ca.test/o/1", "7", "https://ca.test/o/1",
         apr_time_from_sec(7)},
        {"http://ca.test/o/1", "0", NULL, apr_time_from_sec(1)},
        {"/o/1", "99999999", NULL, ACME_TIME_DAY},
        {"o/1", "soon", NULL, 0},
        {"https://ca.test/o/1, https://ca.test/o/2",
         "Tue, 01 Jan 2030 00:01:00 GMT", NULL, apr_time_from_sec(60)},
    };
    world_t *world = create_open(*state);
    size_t i;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        script_answer_t *answer;
        heard_t *heard;

        answer = script_http_answer(world->script, "POST", URL, NULL, 200,
                                    "Application/JSON;x=y", "{\"b\":2}");
        if (cases[i].location) {
            apr_table_set(answer->headers, "Location", cases[i].location);
        }
        if (cases[i].retry_after) {
            apr_table_set(answer->headers, "Retry-After", cases[i].retry_after);
        }
        heard = post(world, URL);
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
    world_t *world = create_open(*state);
    size_t i;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        heard_t *heard;

        script_http_answer(world->script, "POST", URL, NULL, cases[i].status,
                           cases[i].type, cases[i].body);
        heard = post(world, URL);
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
    world_t *world = create_open(*state);
    script_answer_t *answer;
    heard_t *heard;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    answer =
        script_http_answer(world->script, "POST", URL, NULL, 503, NULL, "");
    apr_table_set(answer->headers, "Retry-After", "120");
    heard = post(world, URL);
    script_http_drain(world->script);
    assert_int_equal(heard->problem->retry, ACME_RETRY_LATER);
    assert_int_equal(heard->problem->retry_at,
                     world->clock->now + apr_time_from_sec(120));
}

static void html_is_no_json_and_no_crash(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_answer(world->script, "POST", URL, NULL, 200, "text/html",
                       "<html>");
    heard = post(world, URL);
    script_http_drain(world->script);
    assert_int_equal(heard->rv, APR_SUCCESS);
    assert_false(heard->is_json);
}

static void cancelling_ends_everybody_once(void **state)
{
    world_t *world = create_open(*state);
    heard_t *flying;
    heard_t *waiting[3];
    int i;

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    script_http_expect(world->script, "POST", URL, NULL)->delay =
        ACME_TIME_HOUR;
    flying = post(world, URL);
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    for (i = 0; i < 3; ++i) {
        waiting[i] = post(world, URL);
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
    world_t *world = create(*state);
    heard_t *opening = listener(world);
    heard_t *behind;

    acme_client_open(world->client, hear, opening);
    behind = post(world, URL);
    world->http->cancel(world->http, 0);
    assert_int_equal(opening->times, 1);
    assert_true(APR_STATUS_IS_EINTR(opening->rv));
    assert_int_equal(behind->times, 1);
    assert_true(APR_STATUS_IS_EINTR(behind->rv));

    /* It is not kept. */
    script_http_answer(world->script, "GET", DIR, NULL, 200, "application/json",
                       DIRECTORY);
    acme_client_open(world->client, hear, listener(world));
    script_http_drain(world->script);
    assert_non_null(acme_client_directory(world->client));
}

static void what_must_not_be_repeated_survives_a_polite_cancel(void **state)
{
    world_t *world = create_open(*state);
    heard_t *heard = listener(world);

    script_http_expect(world->script, "HEAD", NONCE, NULL);
    bad_nonce(world, URL)->delay = 1000;
    script_http_expect(world->script, "POST", URL, "{\"a\":1}");
    acme_client_post(world->client, URL, "{\"a\":1}", 0, hear, heard);
    world->http->run(world->http, 0);
    world->http->run(world->http, 0);
    world->http->cancel(world->http, 0);
    assert_int_equal(heard->times, 0);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    script_http_check(world->script);
}

static void a_request_keeps_who_posted_it(void **state)
{
    world_t *world = create_open(*state);
    const acme_jws_signer_t *signer = acme_client_signer(world->client);

    acme_client_identify(world->client, signer, NULL);
    post(world, URL);
    acme_client_identify(world->client, signer, "https://ca.test/account/2");
    script_http_expect(world->script, "HEAD", NONCE, NULL);
    bad_nonce(world, URL);
    script_http_expect(world->script, "POST", URL, "{\"a\":1}");
    script_http_drain(world->script);
    assert_null(script_http_last(world->script)->kid);
    assert_string_equal(script_http_last(world->script)->jwk, signer->jwk);
    assert_string_equal(acme_client_kid(world->client),
                        "https://ca.test/account/2");
    assert_string_equal(acme_client_directory_url(world->client), DIR);
    script_http_check(world->script);
}

ACME_T_MAIN(ACME_T(the_directory_is_fetched_once),
            ACME_T(a_bad_directory_is_a_problem_and_is_not_kept),
            ACME_T(a_post_before_the_directory_waits_for_it),
            ACME_T(only_https_is_ever_asked),
            ACME_T(nobody_to_sign_is_a_problem_later),
            ACME_T(failing_posts_from_done_are_no_loop),
            ACME_T(nonces_go_round), ACME_T(each_who_waits_gets_one_nonce),
            ACME_T(a_nonce_that_cannot_be_had_fails_who_waits_for_it),
            ACME_T(a_refused_nonce_is_replaced_by_the_answers),
            ACME_T(a_refused_nonce_without_another_gets_one),
            ACME_T(nonces_refused_for_ever_are_a_problem),
            ACME_T(an_answer_is_taken_apart), ACME_T(a_bad_answer_is_a_problem),
            ACME_T(retry_after_makes_a_failure_later),
            ACME_T(html_is_no_json_and_no_crash),
            ACME_T(cancelling_ends_everybody_once),
            ACME_T(cancelling_ends_those_who_wait_for_the_directory),
            ACME_T(what_must_not_be_repeated_survives_a_polite_cancel),
            ACME_T(a_request_keeps_who_posted_it))
