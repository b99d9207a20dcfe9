/* SPDX-License-Identifier: Apache-2.0 */

#include <apr_strings.h>

#include "acme_renewal.h"
#include "acme_t.h"
#include "client_world.h"

#define SERVICE "https://ca.test/renewal"
#define ID      "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
#define WINDOW                                                         \
    "\"suggestedWindow\":{\"start\":\"2030-01-03T04:00:00Z\",\"end\":" \
    "\"2030-01-05T04:00:00Z\"}"

/* The outcome of a call. */
typedef struct outcome_t {
    int times;
    apr_status_t rv;
    acme_renewal_t renewal;
    const acme_problem_t *problem;
    apr_pool_t *p;
} outcome_t;

static void note(void *baton, apr_status_t rv, const acme_renewal_t *renewal,
                 const acme_problem_t *problem)
{
    outcome_t *outcome = baton;

    ++outcome->times;
    outcome->rv = rv;
    assert_true((rv == APR_SUCCESS) == (renewal != NULL));
    if (renewal) {
        outcome->renewal = *renewal;
        outcome->renewal.explanation =
            apr_pstrdup(outcome->p, renewal->explanation);
    }
    outcome->problem = problem ? acme_problem_dup(problem, outcome->p) : NULL;
}

static outcome_t *ask(client_world_t *world, const char *service, int status,
                      const char *retry_after, const char *body)
{
    outcome_t *outcome = apr_pcalloc(world->p, sizeof(*outcome));
    script_answer_t *answer;

    outcome->p = world->p;
    answer = script_http_answer(world->script, "GET", SERVICE "/" ID, NULL,
                                status, "application/json", body);
    if (retry_after) {
        apr_table_set(answer->headers, "Retry-After", retry_after);
    }
    acme_renewal_ask(world->client, service, ID, note, outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->times, 1);
    return outcome;
}

static void window_and_explanation_are_read(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t *outcome;
    apr_time_t start;

    assert_int_equal(acme_time_parse(&start, "2030-01-03T04:00:00Z"), 0);
    outcome = ask(world, SERVICE, 200, NULL,
                  "{" WINDOW ",\"explanationURL\":"
                  "\"https://ca.test/why\",\"x\":[]}");
    assert_int_equal(outcome->rv, APR_SUCCESS);
    assert_true(outcome->renewal.start == start);
    assert_true(outcome->renewal.end == start + 2 * ACME_TIME_DAY);
    assert_string_equal(outcome->renewal.explanation, "https://ca.test/why");
}

static void an_explanation_that_is_no_url_is_left_out(void **state)
{
    static const char *const bad[] = {
        "", ",\"explanationURL\":null", ",\"explanationURL\":7",
        ",\"explanationURL\":\"javascript:alert(1)\""};
    client_world_t *world = client_world_create(*state);
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        outcome_t *outcome =
            ask(world, SERVICE, 200, NULL,
                apr_pstrcat(*state, "{" WINDOW, bad[i], "}", NULL));

        assert_int_equal(outcome->rv, APR_SUCCESS);
        assert_null(outcome->renewal.explanation);
    }
}

static void an_explanation_cannot_forge_a_line(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t *outcome = ask(world, SERVICE, 200, NULL,
                             "{" WINDOW ",\"explanationURL\":"
                             "\"https://ca.test/\\nfoo\"}");

    assert_int_equal(outcome->rv, APR_SUCCESS);
    assert_null(strchr(outcome->renewal.explanation, '\n'));
}

static void what_makes_no_sense_is_a_problem_that_says_what(void **state)
{
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"[]", "JSON object"},
        {"{}", "suggestedWindow"},
        {"{\"suggestedWindow\":7}", "suggestedWindow"},
        {"{\"suggestedWindow\":{}}", "start"},
        {"{\"suggestedWindow\":{\"start\":\"2030-01-03T04:00:00Z\"}}", "end"},
        {"{\"suggestedWindow\":{\"start\":\"soon\",\"end\":\"later\"}}",
         "start"},
        {"{\"suggestedWindow\":{\"start\":\"2030-01-03T04:00:00Z\",\"end\":"
         "\"2030-01-03T04:00:00Z\"}}",
         "end"},
        {"{\"suggestedWindow\":{\"start\":\"2030-01-05T04:00:00Z\",\"end\":"
         "\"2030-01-03T04:00:00Z\"}}",
         "end"},
    };
    client_world_t *world = client_world_create(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        outcome_t *outcome = ask(world, SERVICE, 200, NULL, cases[i].text);
        const acme_problem_t *problem = outcome->problem;

        assert_int_equal(outcome->rv, APR_EINVAL);
        assert_string_equal(problem->type, ACME_PROBLEM_PROTOCOL);
        assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
        if (!strstr(problem->detail, cases[i].named)) {
            fail_msg("\"%s\" lacks \"%s\"", problem->detail, cases[i].named);
        }
    }
}

static void one_get_without_signature_asks(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t *outcome = ask(world, SERVICE, 200, "21600", "{" WINDOW "}");

    assert_int_equal(outcome->rv, APR_SUCCESS);
    assert_true(outcome->renewal.again
                == world->clock->now + 6 * ACME_TIME_HOUR);
    /* no second slash is added to a service that ends with a slash */
    assert_int_equal(ask(world, SERVICE "/", 200, NULL, "{" WINDOW "}")->rv,
                     APR_SUCCESS);
}

static void retry_after_is_kept_within_its_bounds(void **state)
{
    static const struct {
        const char *header;
        apr_interval_time_t again;
    } cases[] = {
        {NULL, 6 * ACME_TIME_HOUR},
        {"tomorrow", 6 * ACME_TIME_HOUR},
        {"0", ACME_TIME_MINUTE},
        {"59", ACME_TIME_MINUTE},
        {"3600", ACME_TIME_HOUR},
        {"86400", ACME_TIME_DAY},
        {"86401", ACME_TIME_DAY},
        {"99999999999", ACME_TIME_DAY},
        {"Fri, 01 Jan 2010 00:00:00 GMT", ACME_TIME_MINUTE},
    };
    client_world_t *world = client_world_create(*state);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        outcome_t *outcome =
            ask(world, SERVICE, 200, cases[i].header, "{" WINDOW "}");

        assert_int_equal(outcome->renewal.again - world->clock->now,
                         cases[i].again);
    }
}

static void an_answer_of_no_use_is_a_problem(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t *outcome;

    outcome = ask(world, SERVICE, 200, NULL, "no JSON");
    assert_int_equal(outcome->rv, APR_EINVAL);
    outcome = ask(world, SERVICE, 404, NULL, "{}");
    assert_int_equal(outcome->problem->status, 404);
    outcome = ask(world, SERVICE, 503, "120", "{}");
    assert_int_equal(outcome->problem->status, 503);
    assert_int_equal(outcome->problem->retry, ACME_RETRY_LATER);
}

static void a_service_without_https_is_not_asked(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t outcome = {0, 0, {0, 0, NULL, 0}, NULL, *state};

    acme_renewal_ask(world->client, "http://ca.test/renewal", ID, note,
                     &outcome);
    assert_int_equal(outcome.times, 1);
    assert_int_equal(outcome.rv, APR_EINVAL);
}

ACME_T_MAIN(ACME_T(window_and_explanation_are_read),
            ACME_T(an_explanation_that_is_no_url_is_left_out),
            ACME_T(an_explanation_cannot_forge_a_line),
            ACME_T(what_makes_no_sense_is_a_problem_that_says_what),
            ACME_T(one_get_without_signature_asks),
            ACME_T(retry_after_is_kept_within_its_bounds),
            ACME_T(an_answer_of_no_use_is_a_problem),
            ACME_T(a_service_without_https_is_not_asked))
