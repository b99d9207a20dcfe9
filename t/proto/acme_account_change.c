/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_account_change.h"
#include "acme_b64.h"
#include "script_http.h"

#define DIR     "https://ca.test/dir"
#define ACCOUNT "https://ca.test/account/1"
#define CHANGE  "https://ca.test/key-change"
#define URLS                                      \
    "\"newNonce\":\"https://ca.test/nonce\","     \
    "\"newAccount\":\"https://ca.test/account\"," \
    "\"newOrder\":\"https://ca.test/order\""

typedef struct world_t {
    apr_pool_t *p;
    script_http_t *script;
    acme_client_t *client;
    acme_jws_signer_t *signer;
    int times;
    apr_status_t rv;
    const char *url;
    acme_problem_t *problem;
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

static acme_jws_signer_t *make_signer(apr_pool_t *p)
{
    acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_jws_signer_t *signer;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    return signer;
}

static world_t *create(apr_pool_t *p, const char *more)
{
    fake_clock_t *clock = fake_clock_create(p);
    world_t *world = apr_pcalloc(p, sizeof(*world));

    world->p = p;
    world->script = script_http_create(clock, p);
    world->client = acme_client_create(
        DIR, script_http_transport(world->script), &clock->clock, NULL, p);
    world->signer = make_signer(p);
    acme_client_identify(world->client, world->signer, ACCOUNT);
    script_http_answer(world->script, "GET", DIR, NULL, 200, "application/json",
                       apr_pstrcat(p, "{" URLS, more, "}", NULL));
    return world;
}

static void finish(world_t *world)
{
    script_http_drain(world->script);
    assert_int_equal(world->times, 1);
    script_http_check(world->script);
    /* the client's own signer stays, whatever was requested */
    assert_ptr_equal(acme_client_signer(world->client), world->signer);
    assert_string_equal(acme_client_kid(world->client), ACCOUNT);
}

static void one_is_found_by_its_key_and_never_made(void **state)
{
    world_t *world = create(*state, "");
    acme_jws_signer_t *other = make_signer(world->p);
    script_answer_t *answer =
        script_http_answer(world->script, "POST", "https://ca.test/account",
                           "{\"onlyReturnExisting\":true}", 200,
                           "application/json", "{\"status\":\"valid\"}");

    apr_table_set(answer->headers, "Location", ACCOUNT);
    acme_account_change_find(world->client, other, hear, world);
    finish(world);
    assert_int_equal(world->rv, APR_SUCCESS);
    assert_string_equal(world->url, ACCOUNT);
    assert_string_equal(script_http_last(world->script)->jwk, other->jwk);
}

/* As before RFC 8555 */
static void an_account_may_be_found_by_a_conflict(void **state)
{
    world_t *world = create(*state, "");
    script_answer_t *answer;

    answer = script_http_answer(
        world->script, "POST", "https://ca.test/account", NULL, 409,
        "application/problem+json", "{\"detail\":\"in use\"}");
    apr_table_set(answer->headers, "Location", ACCOUNT);
    acme_account_change_find(world->client, world->signer, hear, world);
    finish(world);
    assert_int_equal(world->rv, APR_SUCCESS);
    assert_string_equal(world->url, ACCOUNT);
}

static void one_that_is_not_there_or_ended_is_a_problem(void **state)
{
    world_t *world = create(*state, "");
    script_answer_t *answer;

    script_http_answer(world->script, "POST", "https://ca.test/account", NULL,
                       400, "application/problem+json",
                       "{\"type\":\"urn:ietf:params:acme:error:"
                       "accountDoesNotExist\"}");
    acme_account_change_find(world->client, world->signer, hear, world);
    finish(world);
    assert_true(acme_problem_is(world->problem, "accountDoesNotExist"));
    world = create(*state, "");
    answer = script_http_answer(
        world->script, "POST", "https://ca.test/account", NULL, 200,
        "application/json", "{\"status\":\"deactivated\"}");
    apr_table_set(answer->headers, "Location", ACCOUNT);
    acme_account_change_find(world->client, world->signer, hear, world);
    finish(world);
    assert_null(world->url);
    assert_non_null(strstr(world->problem->detail, "deactivated"));
}

static void contacts_are_replaced(void **state)
{
    world_t *world = create(*state, "");
    apr_array_header_t *contacts =
        apr_array_make(world->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(contacts, const char *) = "mailto:a@example.org";
    script_http_answer(world->script, "POST", ACCOUNT,
                       "{\"contact\":[\"mailto:a@example.org\"]}", 200,
                       "application/json", "{\"status\":\"valid\"}");
    acme_account_change_update(world->client, contacts, hear, world);
    finish(world);
    assert_int_equal(world->rv, APR_SUCCESS);
    assert_string_equal(world->url, ACCOUNT);
}

static void it_is_ended(void **state)
{
    world_t *world = create(*state, "");

    script_http_answer(world->script, "POST", ACCOUNT,
                       "{\"status\":\"deactivated\"}", 200, "application/json",
                       "{\"status\":\"deactivated\"}");
    acme_account_change_deactivate(world->client, hear, world);
    finish(world);
    assert_int_equal(world->rv, APR_SUCCESS);
    assert_string_equal(script_http_last(world->script)->kid, ACCOUNT);
}

static acme_json_t *part_of(const char *jws, const char *member, apr_pool_t *p)
{
    acme_json_t *json, *part;
    unsigned char *bytes;
    const char *text;
    apr_size_t len;

    assert_int_equal(acme_json_parse(&json, jws, strlen(jws), NULL, p), 0);
    assert_int_equal(acme_json_get_str(&text, json, member), 0);
    assert_int_equal(acme_b64_decode(&bytes, &len, text, p), 0);
    assert_int_equal(acme_json_parse(&part, (const char *)bytes, len, NULL, p),
                     0);
    return part;
}

/* RFC 8555 7.3.5: the inner JWS has the account and the old key, is signed by
 * the new key, has the same URL and no nonce. */
static void a_new_key_is_signed_by_both(void **state)
{
    world_t *world = create(*state, ",\"keyChange\":\"" CHANGE "\"");
    acme_jws_signer_t *next = make_signer(world->p);
    const script_request_t *request;
    acme_json_t *header, *payload, *jwk;
    const char *text;

    script_http_answer(world->script, "POST", CHANGE, NULL, 200,
                       "application/json", "{\"status\":\"valid\"}");
    acme_account_change_rollover(world->client, next, hear, world);
    finish(world);
    assert_int_equal(world->rv, APR_SUCCESS);
    request = script_http_last(world->script);
    assert_string_equal(request->kid, ACCOUNT);
    header = part_of(request->payload, "protected", world->p);
    assert_int_equal(acme_json_get_str(&text, header, "url"), 0);
    assert_string_equal(text, CHANGE);
    assert_int_not_equal(acme_json_get_str(&text, header, "nonce"), 0);
    assert_int_not_equal(acme_json_get_str(&text, header, "kid"), 0);
    assert_int_equal(acme_json_get(&jwk, header, "jwk"), 0);
    assert_string_equal(acme_json_print(jwk, 0, world->p), next->jwk);
    payload = part_of(request->payload, "payload", world->p);
    assert_int_equal(acme_json_get_str(&text, payload, "account"), 0);
    assert_string_equal(text, ACCOUNT);
    assert_int_equal(acme_json_get(&jwk, payload, "oldKey"), 0);
    assert_string_equal(acme_json_print(jwk, 0, world->p), world->signer->jwk);
}

static void a_ca_without_it_says_so(void **state)
{
    world_t *world = create(*state, "");

    acme_account_change_rollover(world->client, make_signer(world->p), hear,
                                 world);
    finish(world);
    assert_int_equal(world->problem->retry, ACME_RETRY_PERMANENT);
    assert_non_null(strstr(world->problem->detail, "keyChange"));
}

ACME_T_MAIN(ACME_T(one_is_found_by_its_key_and_never_made),
            ACME_T(one_that_is_not_there_or_ended_is_a_problem),
            ACME_T(contacts_are_replaced), ACME_T(it_is_ended),
            ACME_T(a_new_key_is_signed_by_both),
            ACME_T(a_ca_without_it_says_so),
            ACME_T(an_account_may_be_found_by_a_conflict))
