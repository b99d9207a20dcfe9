/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_account.h"
#include "script_http.h"

#define DIR     "https://ca.test/dir"
#define ACCOUNT "https://ca.test/account"
#define URLS                                                                 \
    "\"newNonce\":\"https://ca.test/nonce\",\"newAccount\":\"" ACCOUNT "\"," \
    "\"newOrder\":\"https://ca.test/order\""
#define AGREED "{\"termsOfServiceAgreed\":true}"

typedef struct world_t {
    apr_pool_t *p;
    script_http_t *script;
    acme_http_t *http;
    acme_client_t *client;
    int times;
    apr_status_t rv;
    const char *url;
    acme_problem_t *problem;
    const acme_jws_eab_t *eab;
} world_t;

static void hear(void *baton, apr_status_t rv, const char *url,
                 const acme_problem_t *problem)
{
    world_t *world = baton;

    ++world->times;
    world->rv = rv;
    world->url = apr_pstrdup(world->p, url);
    world->problem = problem ? acme_problem_dup(problem, world->p) : NULL;
}

static world_t *create(apr_pool_t *p, const char *directory)
{
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    fake_clock_t *clock = fake_clock_create(p);
    world_t *world = apr_pcalloc(p, sizeof(*world));
    acme_jws_signer_t *signer;
    acme_key_t *key;

    world->p = p;
    world->script = script_http_create(clock, p);
    world->http = script_http_transport(world->script);
    world->client =
        acme_client_create(DIR, world->http, &clock->clock, NULL, p);
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    acme_client_identify(world->client, signer, NULL);
    script_http_answer(world->script, "GET", DIR, NULL, 200, "application/json",
                       directory);
    return world;
}

static void ensure(world_t *world, const char *contact, int agreed)
{
    acme_account_request_t request = {NULL, agreed, world->eab};
    apr_array_header_t *contacts =
        apr_array_make(world->p, 1, sizeof(const char *));

    if (contact) {
        APR_ARRAY_PUSH(contacts, const char *) = contact;
        request.contacts = contacts;
    }
    acme_account_ensure(world->client, &request, hear, world);
    script_http_drain(world->script);
    assert_int_equal(world->times, 1);
    script_http_check(world->script);
}

static script_answer_t *expect(world_t *world, const char *payload, int status,
                               const char *type, const char *body)
{
    script_answer_t *answer = script_http_answer(world->script, "POST", ACCOUNT,
                                                 payload, status, type, body);

    apr_table_set(answer->headers, "Location", "https://ca.test/account/1");
    return answer;
}

static void an_account_is_made_or_found(void **state)
{
    static const int statuses[] = {201, 200};
    int i;

    for (i = 0; i < 2; ++i) {
        world_t *world = create(*state, "{" URLS "}");

        expect(world,
               "{\"termsOfServiceAgreed\":true,\"contact\":"
               "[\"mailto:a@example.org\"]}",
               statuses[i], "application/json", "{\"status\":\"valid\"}");
        ensure(world, "mailto:a@example.org", 1);
        assert_int_equal(world->rv, APR_SUCCESS);
        assert_string_equal(world->url, "https://ca.test/account/1");
        assert_string_equal(acme_client_kid(world->client), world->url);
        assert_non_null(script_http_last(world->script)->jwk);
    }
}

/* An account that exists, above all: its URL is all that is needed. */
static void an_account_needs_its_url_alone(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"status\":\"\"}",
        "{\"status\":null}",
        "{\"status\":1}",
        "{\"status\":\"nice\"}",
        "{\"contact\":7,\"orders\":\"\",\"key\":[]}",
    };
    size_t i;

    for (i = 0; i < 2 * sizeof(bodies) / sizeof(bodies[0]); ++i) {
        world_t *world = create(*state, "{" URLS "}");

        expect(world, NULL, i % 2 ? 200 : 201, "application/json",
               bodies[i / 2]);
        ensure(world, NULL, 1);
        assert_int_equal(world->rv, APR_SUCCESS);
        assert_string_equal(world->url, "https://ca.test/account/1");
    }
}

static void no_terms_and_no_contact_need_no_word(void **state)
{
    world_t *world = create(*state, "{" URLS "}");

    expect(world, "{}", 201, "application/json", "{\"status\":\"valid\"}");
    ensure(world, NULL, 0);
    assert_int_equal(world->rv, APR_SUCCESS);
}

static void terms_not_accepted_stop_it_before_anything_is_sent(void **state)
{
    world_t *world = create(*state, "{" URLS ",\"meta\":{\"termsOfService\":"
                                    "\"https://ca.test/terms\"}}");

    ensure(world, NULL, 0);
    assert_int_not_equal(world->rv, APR_SUCCESS);
    assert_null(world->url);
    assert_int_equal(world->problem->retry, ACME_RETRY_CONFIG);
    assert_non_null(
        strstr(world->problem->to_fix,
               "read https://ca.test/terms, then add: ACMECertificateAgreement "
               "accepted"));
    assert_string_equal(world->problem->instance, "https://ca.test/terms");
    assert_int_equal(script_http_count(world->script), 1);
}

static void accepted_terms_are_sent(void **state)
{
    world_t *world = create(*state, "{" URLS ",\"meta\":{\"termsOfService\":"
                                    "\"https://ca.test/terms\"}}");

    expect(world, AGREED, 201, "application/json", "{\"status\":\"valid\"}");
    ensure(world, NULL, 1);
    assert_int_equal(world->rv, APR_SUCCESS);
}

static void an_external_account_stops_it_before_anything_is_sent(void **state)
{
    world_t *world = create(*state, "{" URLS ",\"meta\":{"
                                    "\"externalAccountRequired\":true}}");

    ensure(world, NULL, 1);
    assert_int_equal(world->problem->retry, ACME_RETRY_CONFIG);
    assert_true(acme_problem_is(world->problem, "externalAccountRequired"));
    assert_int_equal(script_http_count(world->script), 1);
}

static const acme_jws_eab_t binding = {"me", "c2VjcmV0c2VjcmV0c2VjcmV0",
                                       "HS256"};

static void an_account_is_bound_to_the_one_there_is(void **state)
{
    world_t *world = create(*state, "{" URLS ",\"meta\":{"
                                    "\"externalAccountRequired\":true}}");

    world->eab = &binding;
    expect(world, NULL, 201, "application/json", "{\"status\":\"valid\"}");
    ensure(world, NULL, 1);
    assert_int_equal(world->rv, APR_SUCCESS);
}

static void a_binding_that_is_refused_waits_for_another_one(void **state)
{
    static const struct {
        int status;
        const char *type;
        acme_retry_e retry;
    } cases[] = {{401, "unauthorized", ACME_RETRY_CONFIG},
                 {400, "malformed", ACME_RETRY_CONFIG},
                 {403, "externalAccountRequired", ACME_RETRY_CONFIG},
                 {500, "serverInternal", ACME_RETRY_BACKOFF}};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        world_t *world = create(*state, "{" URLS "}");

        world->eab = &binding;
        expect(world, NULL, cases[i].status, "application/problem+json",
               apr_psprintf(*state,
                            "{\"type\":\"urn:ietf:params:acme:error:%s\","
                            "\"detail\":\"no\"}",
                            cases[i].type));
        ensure(world, NULL, 1);
        assert_int_equal(world->problem->retry, cases[i].retry);
        assert_int_equal(
            strstr(world->problem->to_fix, "ACMEExternalAccountBinding")
                != NULL,
            cases[i].retry == ACME_RETRY_CONFIG);
    }
}

static void a_bad_answer_is_a_problem(void **state)
{
    static const struct {
        int status;
        const char *type;
        const char *body;
        const char *location;
        acme_retry_e retry;
        const char *named;
    } cases[] = {
        {200, "text/html", "<html>", "https://c/1", ACME_RETRY_BACKOFF,
         "JSON object"},
        {200, "application/json", "[]", "https://c/1", ACME_RETRY_BACKOFF,
         "JSON object"},
        {201, "application/json", "{\"status\":\"valid\"}", NULL,
         ACME_RETRY_BACKOFF, "Location"},
        {201, "application/json", "{\"status\":\"valid\"}", "http://c/1",
         ACME_RETRY_BACKOFF, "Location"},
        {204, "application/json", "{\"status\":\"valid\"}", "https://c/1",
         ACME_RETRY_BACKOFF, "204"},
        {200, "application/json", "{\"status\":\"deactivated\"}", "https://c/1",
         ACME_RETRY_PERMANENT, "deactivated"},
        {200, "application/json", "{\"status\":\"revoked\"}", "https://c/1",
         ACME_RETRY_PERMANENT, "revoked"},
        {200, "application/problem+json", "{\"detail\":\"odd\"}", "https://c/1",
         ACME_RETRY_BACKOFF, "odd"},
        {403, "application/problem+json",
         "{\"type\":\"urn:ietf:params:acme:error:invalidContact\","
         "\"detail\":\"no such domain\"}",
         NULL, ACME_RETRY_CONFIG, "no such domain"},
        {500, "text/html", "", NULL, ACME_RETRY_BACKOFF, "500"},
        {307, "text/html", "", "https://c/elsewhere", ACME_RETRY_BACKOFF,
         "307"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        world_t *world = create(*state, "{" URLS "}");
        script_answer_t *answer;

        answer =
            expect(world, NULL, cases[i].status, cases[i].type, cases[i].body);
        apr_table_unset(answer->headers, "Location");
        if (cases[i].location) {
            apr_table_set(answer->headers, "Location", cases[i].location);
        }
        ensure(world, NULL, 1);
        assert_int_not_equal(world->rv, APR_SUCCESS);
        assert_null(world->url);
        assert_null(acme_client_kid(world->client));
        assert_int_equal(world->problem->retry, cases[i].retry);
        if (!strstr(world->problem->detail, cases[i].named)) {
            fail_msg("%s: %s", cases[i].body, world->problem->detail);
        }
        if (cases[i].retry == ACME_RETRY_PERMANENT) {
            assert_non_null(world->problem->to_fix);
        }
    }
}

static void a_failed_directory_is_handed_on(void **state)
{
    world_t *world = create(*state, "<html>");

    ensure(world, NULL, 1);
    assert_string_equal(world->problem->type, ACME_PROBLEM_PROTOCOL);
}

static void a_cancel_is_handed_on(void **state)
{
    world_t *world = create(*state, "{" URLS "}");
    acme_account_request_t request = {NULL, 1, NULL};
    int i;

    expect(world, NULL, 201, "application/json", "{}")->delay = ACME_TIME_HOUR;
    acme_account_ensure(world->client, &request, hear, world);
    for (i = 0; i < 3; ++i) {
        world->http->run(world->http, 0);
    }
    assert_int_equal(world->times, 0);
    world->http->cancel(world->http, 0);
    assert_int_equal(world->times, 1);
    assert_true(APR_STATUS_IS_EINTR(world->rv));
}

static void a_failure_leaves_the_client_as_it_was(void **state)
{
    world_t *world = create(*state, "{" URLS "}");

    acme_client_identify(world->client, acme_client_signer(world->client),
                         "https://ca.test/account/7");
    expect(world, NULL, 500, NULL, "");
    ensure(world, NULL, 1);
    assert_null(script_http_last(world->script)->kid);
    assert_string_equal(acme_client_kid(world->client),
                        "https://ca.test/account/7");
}

static void an_account_that_is_gone_is_known(void **state)
{
    static const struct {
        int status;
        const char *type;
        int gone;
    } cases[] = {
        {400, "urn:ietf:params:acme:error:accountDoesNotExist", 1},
        {401, "urn:ietf:params:acme:error:unauthorized", 1},
        {403, "urn:ietf:params:acme:error:unauthorized", 0},
        {400, "urn:ietf:params:acme:error:malformed", 0},
        {404, "accountDoesNotExist", 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        problem.status = cases[i].status;
        problem.type = cases[i].type;
        assert_int_equal(acme_account_is_gone(&problem), cases[i].gone);
    }
}

/* As before RFC 8555: the key is known, and Location says of which account. */
static void a_conflict_may_say_where_the_account_is(void **state)
{
    static const char body[] =
        "{\"type\":\"urn:acme:error:malformed\",\"detail\":\"in use\"}";
    world_t *world = create(*state, "{" URLS "}");
    script_answer_t *answer;

    expect(world, NULL, 409, "application/problem+json", body);
    ensure(world, NULL, 1);
    assert_int_equal(world->rv, APR_SUCCESS);
    assert_string_equal(world->url, "https://ca.test/account/1");

    world = create(*state, "{" URLS "}");
    answer = expect(world, NULL, 409, "application/problem+json", body);
    apr_table_unset(answer->headers, "Location");
    ensure(world, NULL, 1);
    assert_int_not_equal(world->rv, APR_SUCCESS);
    assert_string_equal(world->problem->detail, "in use");
}

/* The CA's words are shown, although the status is that of a success. */
static void an_answer_that_is_no_account_is_shown(void **state)
{
    world_t *world = create(*state, "{" URLS "}");
    script_answer_t *answer = expect(world, NULL, 200, "application/json",
                                     "{\"status\":9,\"Message\":\"no quota\"}");

    apr_table_unset(answer->headers, "Location");
    ensure(world, NULL, 1);
    assert_non_null(strstr(world->problem->detail, "no quota"));
    assert_non_null(strstr(world->problem->detail, ACCOUNT));
}

ACME_T_MAIN(ACME_T(an_account_is_made_or_found),
            ACME_T(an_account_needs_its_url_alone),
            ACME_T(no_terms_and_no_contact_need_no_word),
            ACME_T(terms_not_accepted_stop_it_before_anything_is_sent),
            ACME_T(accepted_terms_are_sent),
            ACME_T(an_external_account_stops_it_before_anything_is_sent),
            ACME_T(an_account_is_bound_to_the_one_there_is),
            ACME_T(a_binding_that_is_refused_waits_for_another_one),
            ACME_T(a_bad_answer_is_a_problem),
            ACME_T(a_failed_directory_is_handed_on),
            ACME_T(a_cancel_is_handed_on),
            ACME_T(a_failure_leaves_the_client_as_it_was),
            ACME_T(an_account_that_is_gone_is_known),
            ACME_T(a_conflict_may_say_where_the_account_is),
            ACME_T(an_answer_that_is_no_account_is_shown))
