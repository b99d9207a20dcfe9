/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_revoke.h"
#include "acme_t.h"
#include "client_world.h"

#define SERVICE "https://ca.test/revoke"
#define CERT    "MIIB"
#define ALREADY                                                           \
    "{\"type\":\"urn:ietf:params:acme:error:alreadyRevoked\",\"detail\":" \
    "\"long ago\"}"

static void reasons_go_by_name_and_number(void **state)
{
    static const struct {
        const char *text;
        int reason;
    } good[] = {{"unspecified", 0},   {"0", 0}, {"keyCompromise", 1},
                {"KEYCOMPROMISE", 1}, {"1", 1}, {"affiliationChanged", 3},
                {"superseded", 4},    {"4", 4}, {"cessationOfOperation", 5}};
    const char *why;
    size_t i;
    int reason;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        reason = -1;
        assert_int_equal(
            acme_revoke_reason_parse(&reason, good[i].text, &why, *state), 0);
        assert_int_equal(reason, good[i].reason);
        assert_int_equal(
            acme_revoke_reason_parse(&reason, acme_revoke_reason_name(reason),
                                     &why, *state),
            0);
        assert_int_equal(reason, good[i].reason);
    }
    assert_string_equal(acme_revoke_reason_name(-1), "unspecified");
    assert_string_equal(acme_revoke_reason_name(7), "unspecified");
}

static void others_are_refused_with_what_is_allowed(void **state)
{
    static const char *const bad[] = {"",
                                      "cACompromise",
                                      "2",
                                      "6",
                                      "certificateHold",
                                      "7",
                                      "removeFromCRL",
                                      "9",
                                      "privilegeWithdrawn",
                                      "10",
                                      "aACompromise",
                                      "-1",
                                      "01",
                                      " 1",
                                      "key compromise",
                                      "99999999999"};
    const char *why;
    size_t i;
    int reason = 77;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        why = NULL;
        assert_int_equal(
            acme_revoke_reason_parse(&reason, bad[i], &why, *state),
            APR_EINVAL);
        assert_int_equal(reason, 77);
        assert_non_null(strstr(why, "keyCompromise (1)"));
        assert_null(strstr(why, "certificateHold ("));
    }
    (void)acme_revoke_reason_parse(&reason, "6", &why, *state);
    assert_non_null(strstr(why, "certificateHold is for a CA to give"));
}

/* The outcome of a call. */
typedef struct outcome_t {
    int times;
    apr_status_t rv;
    const acme_problem_t *problem;
    const char *url;
    const char *nonce;
    apr_pool_t *p;
} outcome_t;

static void note(void *baton, apr_status_t rv, const acme_problem_t *problem)
{
    outcome_t *outcome = baton;

    ++outcome->times;
    outcome->rv = rv;
    assert_true((rv == APR_SUCCESS) == (problem == NULL)
                || APR_STATUS_IS_EINTR(rv));
    outcome->problem = problem ? acme_problem_dup(problem, outcome->p) : NULL;
}

static void note_ticket(void *baton, apr_status_t rv,
                        const acme_revoke_ticket_t *ticket,
                        const acme_problem_t *problem)
{
    outcome_t *outcome = baton;

    ++outcome->times;
    outcome->rv = rv;
    assert_true((rv == APR_SUCCESS) == (ticket != NULL));
    if (ticket) {
        outcome->url = apr_pstrdup(outcome->p, ticket->url);
        outcome->nonce = apr_pstrdup(outcome->p, ticket->nonce);
    }
    outcome->problem = problem ? acme_problem_dup(problem, outcome->p) : NULL;
}

static outcome_t *listener(const client_world_t *world)
{
    outcome_t *outcome = apr_pcalloc(world->p, sizeof(*outcome));

    outcome->p = world->p;
    return outcome;
}

static client_world_t *create(apr_pool_t *p, const char *directory)
{
    client_world_t *world = client_world_create(p);

    script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                       "application/json", directory);
    return world;
}

static client_world_t *create_whole(apr_pool_t *p)
{
    return create(p, "{\"newNonce\":\"" WORLD_NONCE
                     "\",\"newAccount\":\"https://ca.test/account\","
                     "\"newOrder\":\"https://ca.test/order\","
                     "\"revokeCert\":\"" SERVICE "\"}");
}

static outcome_t *ask_account(client_world_t *world, int reason)
{
    outcome_t *outcome = listener(world);

    acme_revoke(world->client, CERT, reason, note, outcome);
    script_http_drain(world->script);
    script_http_check(world->script);
    assert_int_equal(outcome->times, 1);
    return outcome;
}

static void the_account_asks_with_the_reason(void **state)
{
    client_world_t *world = create_whole(*state);
    const script_request_t *last;

    script_http_answer(world->script, "POST", SERVICE,
                       "{\"certificate\":\"" CERT "\",\"reason\":4}", 200, NULL,
                       "");
    assert_int_equal(ask_account(world, 4)->rv, 0);
    last = script_http_last(world->script);
    assert_string_equal(last->kid, "https://ca.test/account/1");
    assert_null(last->jwk);
    assert_true(last->repeatable);
}

static void no_reason_is_none(void **state)
{
    client_world_t *world = create_whole(*state);

    script_http_answer(world->script, "POST", SERVICE,
                       "{\"certificate\":\"" CERT "\"}", 200, NULL, "");
    assert_int_equal(ask_account(world, 0)->rv, 0);
}

static void what_is_revoked_already_is_revoked(void **state)
{
    client_world_t *world = create_whole(*state);

    script_http_answer(world->script, "POST", SERVICE, NULL, 400,
                       "application/problem+json", ALREADY);
    assert_int_equal(ask_account(world, 1)->rv, 0);
}

static void a_refusal_is_passed_on_as_it_came(void **state)
{
    client_world_t *world = create_whole(*state);
    outcome_t *outcome;

    script_http_answer(world->script, "POST", SERVICE, NULL, 403,
                       "application/problem+json",
                       "{\"type\":\"urn:ietf:params:acme:error:unauthorized\","
                       "\"detail\":\"not yours\"}");
    outcome = ask_account(world, 1);
    assert_int_not_equal(outcome->rv, 0);
    assert_true(acme_problem_is(outcome->problem, "unauthorized"));
    assert_string_equal(outcome->problem->detail, "not yours");
}

static void a_ca_that_revokes_nothing_is_not_asked(void **state)
{
    client_world_t *world = create(*state, WORLD_DIRECTORY);
    outcome_t *outcome = ask_account(world, 1);

    assert_int_equal(outcome->rv, APR_ENOTIMPL);
    assert_int_equal(outcome->problem->retry, ACME_RETRY_PERMANENT);
    assert_non_null(strstr(outcome->problem->detail, "revokeCert"));
    outcome = listener(world);
    acme_revoke_ticket(world->client, note_ticket, outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->rv, APR_ENOTIMPL);
}

static void a_ca_that_is_away_fails_both(void **state)
{
    client_world_t *world = client_world_create(*state);
    outcome_t *outcome = listener(world);
    script_answer_t *answer;

    answer = script_http_expect(world->script, "GET", WORLD_DIR, NULL);
    answer->rv = APR_ECONNREFUSED;
    assert_int_not_equal(ask_account(world, 1)->rv, 0);
    answer = script_http_expect(world->script, "GET", WORLD_DIR, NULL);
    answer->rv = APR_ECONNREFUSED;
    acme_revoke_ticket(world->client, note_ticket, outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->times, 1);
    assert_int_not_equal(outcome->rv, 0);
    assert_non_null(outcome->problem);
}

static void expect_nonce(client_world_t *world, const char *method,
                         const char *nonce)
{
    script_answer_t *answer = script_http_answer(
        world->script, method, WORLD_NONCE, NULL, 200, NULL, NULL);

    apr_table_unset(answer->headers, "Replay-Nonce");
    if (nonce) {
        apr_table_set(answer->headers, "Replay-Nonce", nonce);
    }
}

/* Tries GET where HEAD gives no nonce. */
static outcome_t *ask_ticket(client_world_t *world, const char *nonce)
{
    outcome_t *outcome = listener(world);

    expect_nonce(world, "HEAD", nonce);
    if (!nonce) {
        expect_nonce(world, "GET", NULL);
    }
    acme_revoke_ticket(world->client, note_ticket, outcome);
    script_http_drain(world->script);
    script_http_check(world->script);
    assert_int_equal(outcome->times, 1);
    return outcome;
}

static const char *sign(const outcome_t *outcome, int reason)
{
    static const acme_key_spec_t kind = {ACME_KEY_P384, 0};
    acme_revoke_ticket_t ticket;
    const char *jws;
    acme_key_t *key;

    ticket.url = outcome->url;
    ticket.nonce = outcome->nonce;
    assert_int_equal(
        acme_key_generate(&key, &kind, NULL, NULL, NULL, outcome->p), 0);
    assert_int_equal(
        acme_revoke_sign(&jws, key, &ticket, CERT, reason, NULL, outcome->p),
        0);
    return jws;
}

static void the_key_signs_for_a_ticket_and_that_is_sent(void **state)
{
    client_world_t *world = create_whole(*state);
    outcome_t *outcome = ask_ticket(world, "n0nce");
    const script_request_t *last;
    const char *jws;

    assert_int_equal(outcome->rv, 0);
    assert_string_equal(outcome->url, SERVICE);
    assert_string_equal(outcome->nonce, "n0nce");
    jws = sign(outcome, 1);
    script_http_answer(world->script, "POST", SERVICE,
                       "{\"certificate\":\"" CERT "\",\"reason\":1}", 200, NULL,
                       "");
    outcome = listener(world);
    acme_revoke_send(world->client, SERVICE, jws, note, outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->rv, 0);
    last = script_http_last(world->script);
    assert_null(last->kid);
    assert_non_null(strstr(last->jwk, "P-384"));
    assert_string_equal(last->nonce, "n0nce");
}

static void a_stale_ticket_is_said_to_be_one(void **state)
{
    client_world_t *world = create_whole(*state);
    outcome_t *outcome = ask_ticket(world, "n0nce");
    const char *jws = sign(outcome, 1);

    script_http_answer(world->script, "POST", SERVICE, NULL, 400,
                       "application/problem+json",
                       "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}");
    outcome = listener(world);
    acme_revoke_send(world->client, SERVICE, jws, note, outcome);
    script_http_drain(world->script);
    script_http_check(world->script);
    assert_true(acme_problem_is(outcome->problem, "badNonce"));
    /* the certificate was revoked before, by the account as well as by its
     * key */
    script_http_answer(world->script, "POST", SERVICE, NULL, 400,
                       "application/problem+json", ALREADY);
    outcome = listener(world);
    acme_revoke_send(world->client, SERVICE, jws, note, outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->rv, 0);
}

static void no_ticket_without_a_nonce(void **state)
{
    char *much = apr_pcalloc(*state, 2000);
    client_world_t *world = create_whole(*state);
    outcome_t *outcome;

    assert_int_equal(ask_ticket(world, "")->rv, APR_EINVAL);
    memset(much, 'x', 1999);
    assert_int_equal(ask_ticket(world, much)->rv, APR_EINVAL);
    outcome = ask_ticket(world, NULL);
    assert_int_equal(outcome->rv, APR_EINVAL);
    assert_non_null(strstr(outcome->problem->detail, "newNonce"));
}

static void a_ticket_by_get_where_head_is_refused(void **state)
{
    client_world_t *world = create_whole(*state);
    outcome_t *outcome = listener(world);

    script_answer_t *answer = script_http_answer(
        world->script, "HEAD", WORLD_NONCE, NULL, 405, NULL, NULL);

    apr_table_unset(answer->headers, "Replay-Nonce");
    expect_nonce(world, "GET", "n0nce");
    acme_revoke_ticket(world->client, note_ticket, outcome);
    script_http_drain(world->script);
    script_http_check(world->script);
    assert_int_equal(outcome->rv, 0);
    assert_string_equal(outcome->nonce, "n0nce");
}

static void nothing_is_signed_for_a_strange_ticket(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_revoke_ticket_t ticket = {"http://ca.test/revoke", "n"};
    char *much = apr_pcalloc(*state, 2000);
    const char *jws;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, *state),
                     0);
    assert_int_equal(
        acme_revoke_sign(&jws, key, &ticket, CERT, 1, &problem, *state),
        APR_EINVAL);
    assert_non_null(problem.detail);
    ticket.url = "";
    assert_int_equal(
        acme_revoke_sign(&jws, key, &ticket, CERT, 1, NULL, *state),
        APR_EINVAL);
    memset(much, 'x', 1999);
    ticket.url = SERVICE;
    ticket.nonce = much;
    assert_int_equal(
        acme_revoke_sign(&jws, key, &ticket, CERT, 1, NULL, *state),
        APR_EINVAL);
}

static void nothing_is_sent_to_what_is_no_https_url(void **state)
{
    client_world_t *world = create_whole(*state);
    outcome_t *outcome = listener(world);

    acme_revoke_send(world->client, "http://ca.test/revoke", "{}", note,
                     outcome);
    script_http_drain(world->script);
    assert_int_equal(outcome->times, 1);
    assert_int_equal(outcome->rv, APR_EINVAL);
    assert_int_equal(script_http_count(world->script), 0);
}

ACME_T_MAIN(ACME_T(reasons_go_by_name_and_number),
            ACME_T(others_are_refused_with_what_is_allowed),
            ACME_T(the_account_asks_with_the_reason), ACME_T(no_reason_is_none),
            ACME_T(what_is_revoked_already_is_revoked),
            ACME_T(a_refusal_is_passed_on_as_it_came),
            ACME_T(a_ca_that_revokes_nothing_is_not_asked),
            ACME_T(a_ca_that_is_away_fails_both),
            ACME_T(the_key_signs_for_a_ticket_and_that_is_sent),
            ACME_T(a_stale_ticket_is_said_to_be_one),
            ACME_T(no_ticket_without_a_nonce),
            ACME_T(a_ticket_by_get_where_head_is_refused),
            ACME_T(nothing_is_signed_for_a_strange_ticket),
            ACME_T(nothing_is_sent_to_what_is_no_https_url))
