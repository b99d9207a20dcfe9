/* SPDX-License-Identifier: Apache-2.0 */

/* The state machine fed by hand: which phases it goes through. Waiting:
 * acme_issue_wait.c; bad answers: acme_issue_bad.c; requests that the CA had
 * before: acme_issue_conflict.c; crashes: acme_issue_resume.c. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

static void the_phases_come_in_their_order(void **state)
{
    static const char *const phases[] = {"new",      "authorize", "respond",
                                         "await",    "finalize",  "process",
                                         "download", "done"};
    issue_feed_t *feed = issue_feed_create(2, *state);
    unsigned int revision = acme_issue_revision(feed->issue);
    size_t i;

    assert_null(acme_issue_url(feed->issue));
    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); ++i) {
        issue_feed_go_to(feed, phases[i]);
        issue_feed_assert_phase(feed, phases[i]);
        if (i > 0) {
            assert_true(acme_issue_revision(feed->issue) > revision);
            assert_string_equal(acme_issue_url(feed->issue), FEED_ORDER);
        }
        revision = acme_issue_revision(feed->issue);
    }
    assert_string_equal(issue_feed_action(feed)->chain, FEED_CHAIN);
    assert_int_equal(feed->cleaned, 2);
}

static void requests_are_as_rfc_8555_has_them(void **state)
{
    static const struct {
        const char *phase;
        const char *url;
        const char *payload;
        int repeatable;
    } cases[] = {
        {"new", FEED_NEW_ORDER,
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}]}", 0},
        {"resume", FEED_ORDER, "", 1},
        {"authorize", "https://c/authz/0", "", 1},
        {"respond", "https://c/chall/0", "{}", 1},
        {"await", FEED_ORDER, "", 1},
        {"finalize", FEED_FINALIZE, "{\"csr\":\"Y3Ny\"}", 1},
        {"process", FEED_ORDER, "", 1},
        {"download", FEED_CERTIFICATE, "", 1},
        {"diagnose", "https://c/authz/0", "", 1},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(cases[i].phase, 1, *state);

        assert_string_equal(issue_feed_action(feed)->url, cases[i].url);
        assert_string_equal(issue_feed_action(feed)->payload, cases[i].payload);
        assert_int_equal(issue_feed_action(feed)->repeatable,
                         cases[i].repeatable);
    }
}

static void
a_ca_that_minds_what_is_replaced_is_asked_for_it_without(void **state)
{
    static const struct {
        int status;
        const char *body;
        int again;
    } cases[] = {
        {409, FEED_ERROR("alreadyReplaced", "it is"), 1},
        {409, FEED_ERROR("conflict", "it is"), 1},
        {400, FEED_ERROR("conflict", "it is"), 1},
        {404, FEED_ERROR("malformed", "unknown"), 1},
        {403, FEED_ERROR("unauthorized", "not yours"), 1},
        {400, FEED_ERROR("rejectedIdentifier", "no"), 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create(1, *state);

        feed->config.replaces = "key.serial";
        feed->issue = acme_issue_create(&feed->config, NULL, feed->now, *state);
        assert_non_null(strstr(issue_feed_action(feed)->payload,
                               ",\"replaces\":\"key.serial\"}"));
        issue_feed_answer(feed, cases[i].status, NULL,
                          "application/problem+json", cases[i].body, 0);
        if (!cases[i].again) {
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_FAILED);
            continue;
        }
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_POST);
        assert_null(strstr(issue_feed_action(feed)->payload, "replaces"));
        /* only once */
        issue_feed_answer(feed, cases[i].status, NULL,
                          "application/problem+json", cases[i].body, 0);
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_FAILED);
    }
}

static void a_profile_that_is_no_must_is_done_without(void **state)
{
    int mandatory;

    for (mandatory = 0; mandatory <= 1; ++mandatory) {
        issue_feed_t *feed = issue_feed_create(1, *state);

        feed->config.profile = "shortlived";
        feed->config.profile_mandatory = mandatory;
        feed->config.replaces = "key.serial";
        feed->issue = acme_issue_create(&feed->config, NULL, feed->now, *state);
        assert_non_null(strstr(issue_feed_action(feed)->payload,
                               ",\"profile\":\"shortlived\"}"));
        issue_feed_answer(feed, 400, NULL, "application/problem+json",
                          FEED_ERROR("invalidProfile", "not any more"), 0);
        if (mandatory) {
            assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_FAILED);
            assert_int_equal(issue_feed_action(feed)->problem->retry,
                             ACME_RETRY_CONFIG);
            continue;
        }
        assert_null(strstr(issue_feed_action(feed)->payload, "profile"));
        assert_non_null(strstr(issue_feed_action(feed)->payload, "replaces"));
        issue_feed_to_the_end(feed);
        assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_DONE);
    }
}

static void the_solver_gets_what_it_needs(void **state)
{
    issue_feed_t *feed = issue_feed_create(3, *state);
    const acme_challenge_t *challenge;

    while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
        issue_feed_good_answer(feed);
    }
    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_PRESENT);
    issue_feed_act(feed);
    issue_feed_act(feed);
    challenge = issue_feed_action(feed)->challenge;
    assert_string_equal(challenge->type, "http-01");
    assert_string_equal(challenge->identifier, "c.example");
    assert_string_equal(challenge->token, FEED_TOKEN "-2");
    assert_string_equal(challenge->key_authorization, FEED_TOKEN "-2.print");
}

static void a_finalize_that_came_too_early_waits_again(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    int tries = 0;

    while (!issue_feed_is_over(feed)) {
        assert_true(++tries < 20);
        issue_feed_answer(feed, 403, NULL, FEED_JSON,
                          FEED_ERROR("orderNotReady", "wait"), 0);
        if (!issue_feed_is_over(feed)) {
            issue_feed_go_to(feed, "finalize");
        }
    }
    assert_int_equal(tries, 1 + ACME_ISSUE_RETRIES);
    assert_true(
        acme_problem_is(issue_feed_assert_failed(feed), "orderNotReady"));

    /* The order is processing: the lost finalize had reached the CA. */
    feed = issue_feed_create_in("finalize", 1, *state);
    issue_feed_answer(feed, 403, NULL, FEED_JSON,
                      FEED_ERROR("orderNotReady", "done"), 0);
    issue_feed_assert_phase(feed, "await");
    feed->order_status = "valid";
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

static void a_lost_finalize_is_not_said_twice(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);

    issue_feed_no_answer(feed);
    issue_feed_act(feed);
    assert_string_equal(issue_feed_action(feed)->url, FEED_ORDER);
    feed->order_status = "processing";
    issue_feed_good_answer(feed);
    issue_feed_assert_phase(feed, "process");
    feed->order_status = "valid";
    issue_feed_to_the_end(feed);
    issue_feed_assert_phase(feed, "done");
}

static void a_finalize_that_is_always_lost_ends(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    int lost = 0;

    while (!issue_feed_is_over(feed)) {
        assert_true(++lost < 20);
        issue_feed_no_answer(feed);
        issue_feed_go_to(feed, "finalize");
    }
    assert_int_equal(lost, 1 + ACME_ISSUE_RETRIES);
    assert_true(acme_issue_resumable(feed->issue));
}

static void a_response_that_came_twice_does_no_harm(void **state)
{
    static const char *const statuses[][2] = {
        {"pending", "processing"}, {"valid", "valid"}, {"invalid", "invalid"}};
    size_t i;

    for (i = 0; i < 3; ++i) {
        issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);

        issue_feed_answer(feed, 400, NULL, FEED_JSON,
                          FEED_ERROR("malformed", "again"), 0);
        issue_feed_assert_phase(feed, "respond");
        assert_string_equal(issue_feed_action(feed)->url, "https://c/authz/0");
        issue_feed_answer(
            feed, 200, NULL, FEED_JSON,
            issue_feed_authz(feed, 0, statuses[i][0], statuses[i][1]), 0);
        issue_feed_assert_phase(feed, "await");
    }
}

static void what_is_under_way_already_is_not_repeated(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 3, *state);

    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "pending", "valid"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "pending", "processing"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 2, "pending", "pending"), 0);
    assert_string_equal(issue_feed_action(feed)->challenge->identifier,
                        "b.example");
    issue_feed_act(feed);
    assert_string_equal(issue_feed_action(feed)->challenge->identifier,
                        "c.example");
    issue_feed_act(feed);
    /* Both challenges are presented; a response is sent for the pending one. */
    assert_string_equal(issue_feed_action(feed)->url, "https://c/chall/2");
    issue_feed_good_answer(feed);
    issue_feed_assert_phase(feed, "await");
}

static void all_names_that_failed_are_in_the_problem(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("diagnose", 3, *state);
    const acme_problem_t *problem;

    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "invalid", "invalid"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "valid", "valid"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 2, "invalid", "invalid"), 0);
    issue_feed_to_the_end(feed);
    problem = issue_feed_assert_failed(feed);
    assert_true(acme_problem_is(problem, "compound"));
    assert_string_equal(problem->detail, "2 of 3 names failed validation");
    assert_int_equal(problem->retry, ACME_RETRY_BACKOFF);
    assert_int_equal(problem->subproblems->nelts, 2);
    assert_string_equal(
        APR_ARRAY_IDX(problem->subproblems, 0, acme_subproblem_t).identifier,
        "a.example");
    assert_string_equal(
        APR_ARRAY_IDX(problem->subproblems, 1, acme_subproblem_t).identifier,
        "*.c.example");
    assert_string_equal(
        APR_ARRAY_IDX(problem->subproblems, 1, acme_subproblem_t).detail,
        "NXDOMAIN");
    assert_int_equal(feed->cleaned, 3);
    assert_string_equal(acme_issue_failed_challenge(feed->issue), "http-01");
}

static void what_the_order_says_comes_first(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("await", 2, *state);
    const acme_problem_t *problem;

    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      "{\"status\":\"invalid\",\"authorizations\":["
                      "\"https://c/authz/0\",\"https://c/authz/1\"],"
                      "\"finalize\":\"https://c/finalize\",\"error\":{"
                      "\"type\":\"urn:ietf:params:acme:error:caa\","
                      "\"detail\":\"forbidden\",\"subproblems\":[{"
                      "\"type\":\"urn:ietf:params:acme:error:caa\","
                      "\"detail\":\"not you\",\"identifier\":{\"type\":"
                      "\"dns\",\"value\":\"a.example\"}}]}}",
                      0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "invalid", "invalid"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "invalid", "invalid"), 0);
    issue_feed_to_the_end(feed);
    problem = issue_feed_assert_failed(feed);
    assert_true(acme_problem_is(problem, "caa"));
    assert_string_equal(problem->detail, "forbidden");
    assert_int_equal(problem->subproblems->nelts, 2);
    assert_string_equal(
        APR_ARRAY_IDX(problem->subproblems, 0, acme_subproblem_t).detail,
        "not you");
    assert_string_equal(
        APR_ARRAY_IDX(problem->subproblems, 1, acme_subproblem_t).identifier,
        "b.example");
}

static void a_diagnosis_survives_what_it_meets(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("diagnose", 3, *state);

    issue_feed_answer(feed, 404, NULL, FEED_JSON, FEED_ERROR("malformed", "x"),
                      0);
    issue_feed_answer(feed, 200, NULL, "text/html", "<html>", 0);
    while (issue_feed_action(feed)->type == ACME_ACTION_POST) {
        issue_feed_no_answer(feed);
        if (issue_feed_action(feed)->type == ACME_ACTION_WAIT) {
            issue_feed_act(feed);
        }
    }
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->type,
                        ACME_PROBLEM_PROTOCOL);
    assert_non_null(
        strstr(issue_feed_assert_failed(feed)->detail, "does not say why"));
    assert_false(acme_issue_resumable(feed->issue));
}

static void an_authorization_that_failed_before_is_explained(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("authorize", 2, *state);

    issue_feed_good_answer(feed);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "invalid", "invalid"), 0);
    issue_feed_assert_phase(feed, "diagnose");
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 0, "pending", "pending"), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON,
                      issue_feed_authz(feed, 1, "invalid", "invalid"), 0);
    assert_true(acme_problem_is(issue_feed_assert_failed(feed), "dns"));
}

static const char *make_named(void *baton, apr_pool_t *p)
{
    ++*(int *)baton;
    return apr_pstrdup(p, "named");
}

static void a_csr_that_is_refused_is_tried_once_with_a_name(void **state)
{
    static const struct {
        const char *answer; /* to the second, NULL: a good one */
        const char *detail;
    } cases[] = {
        {NULL, NULL},
        {FEED_ERROR("badCSR", "key too small"), "key too small"},
        {FEED_ERROR("malformed", "second"), "second"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
        int made = 0;

        feed->config.named_csr = make_named;
        feed->config.named_csr_baton = &made;
        issue_feed_answer(feed, 400, NULL, FEED_JSON,
                          FEED_ERROR("badCSR", "CN Invalid."), 0);
        issue_feed_assert_phase(feed, "finalize");
        assert_string_equal(issue_feed_action(feed)->payload,
                            "{\"csr\":\"named\"}");
        if (cases[i].answer) {
            issue_feed_answer(feed, 400, NULL, FEED_JSON, cases[i].answer, 0);
            issue_feed_to_the_end(feed);
            assert_string_equal(issue_feed_assert_failed(feed)->detail,
                                cases[i].detail);
        }
        issue_feed_to_the_end(feed);
        assert_int_equal(made, 1);
    }
}

static void the_refusal_of_a_csr_is_the_reason_when_the_order_dies(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
    int made = 0;

    feed->config.named_csr = make_named;
    feed->config.named_csr_baton = &made;
    issue_feed_answer(feed, 400, NULL, FEED_JSON,
                      FEED_ERROR("badCSR", "CN Invalid."), 0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"invalid\"}",
                      0);
    issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"valid\"}", 0);
    issue_feed_to_the_end(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "CN Invalid.");
    assert_string_equal(issue_feed_assert_failed(feed)->activity,
                        "issuance by the CA");
}

/* Advice and activity follow from where it happened. */
static void advice_leads_to_the_place(void **state)
{
    static const struct {
        const char *phase;
        int status;
        const char *body;
        const char *to_fix;
        const char *activity;
    } cases[] = {
        {"new", 403, FEED_ERROR("unauthorized", "no"), "quota",
         "placing the order"},
        {"new", 403, "{\"detail\":\"no quota left\"}", "quota",
         "placing the order"},
        {"authorize", 403, "", "report to the CA",
         "asking for the authorizations"},
        {"finalize", 403, FEED_ERROR("unauthorized", "no"),
         "names were validated", "finalizing the order"},
        {"finalize", 200, "{\"status\":\"invalid\",\"error\":\"no\"}",
         "names were validated", "issuance by the CA"},
        {"process", 200, "{\"status\":\"invalid\"}", "report to the CA",
         "issuance by the CA"},
        {"await", 200,
         "{\"status\":\"invalid\",\"error\":{\"type\":"
         "\"urn:ietf:params:acme:error:unauthorized\"}}",
         "the name leads to this server", "validation by the CA"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in(cases[i].phase, 1, *state);
        const acme_problem_t *problem;

        issue_feed_answer(feed, cases[i].status, NULL, FEED_JSON, cases[i].body,
                          0);
        while (issue_feed_is_phase(feed, "diagnose")) {
            issue_feed_answer(feed, 200, NULL, FEED_JSON,
                              "{\"status\":\"valid\"}", 0);
        }
        issue_feed_to_the_end(feed);
        problem = issue_feed_assert_failed(feed);
        assert_string_equal(problem->activity, cases[i].activity);
        if (!strstr(problem->to_fix, cases[i].to_fix)) {
            fail_msg("%s: %s", cases[i].phase, problem->to_fix);
        }
        assert_null(strstr(problem->to_fix, "ACMECertificateAuthority"));
    }
}

static void a_csr_may_be_refused_in_other_words(void **state)
{
    static const struct {
        const char *body;
        int made;
    } cases[] = {
        {FEED_ERROR("malformed", "CN missing"), 1},
        {"{\"message\":\"CN missing\"}", 1},
        {"<html>", 0},
        {FEED_ERROR("unauthorized", "not you"), 0},
        {FEED_ERROR("caa", "forbidden"), 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);
        int made = 0;

        feed->config.named_csr = make_named;
        feed->config.named_csr_baton = &made;
        issue_feed_answer(feed, 400, NULL, FEED_JSON, cases[i].body, 0);
        issue_feed_assert_phase(feed, "resume");
        issue_feed_good_answer(feed);
        assert_int_equal(made, cases[i].made);
        if (made) {
            assert_string_equal(issue_feed_action(feed)->payload,
                                "{\"csr\":\"named\"}");
        }
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, made ? "done" : "failed");
    }
}

static void an_order_that_dies_of_its_csr_wants_a_named_one(void **state)
{
    static const struct {
        const char *error;
        int has_named;
        int wants;
    } cases[] = {
        {FEED_ERROR("badCSR", "CN Invalid."), 1, 1},
        {FEED_ERROR("badCSR", "CN Invalid."), 0, 0},
        {FEED_ERROR("caa", "forbidden"), 1, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        issue_feed_t *feed = issue_feed_create_in("process", 1, *state);
        int made = 0;

        feed->config.named_csr = cases[i].has_named ? make_named : NULL;
        feed->config.named_csr_baton = &made;
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          apr_pstrcat(feed->p,
                                      "{\"status\":\"invalid\",\"error\":",
                                      cases[i].error, "}", NULL),
                          0);
        issue_feed_answer(feed, 200, NULL, FEED_JSON, "{\"status\":\"valid\"}",
                          0);
        issue_feed_to_the_end(feed);
        issue_feed_assert_phase(feed, "failed");
        assert_int_equal(acme_issue_wants_named_csr(feed->issue) != 0,
                         cases[i].wants);
        assert_int_equal(made, 0);
    }
}

ACME_T_MAIN(ACME_T(the_phases_come_in_their_order),
            ACME_T(requests_are_as_rfc_8555_has_them),
            ACME_T(a_ca_that_minds_what_is_replaced_is_asked_for_it_without),
            ACME_T(a_profile_that_is_no_must_is_done_without),
            ACME_T(the_solver_gets_what_it_needs),
            ACME_T(a_finalize_that_came_too_early_waits_again),
            ACME_T(a_lost_finalize_is_not_said_twice),
            ACME_T(a_finalize_that_is_always_lost_ends),
            ACME_T(a_response_that_came_twice_does_no_harm),
            ACME_T(what_is_under_way_already_is_not_repeated),
            ACME_T(all_names_that_failed_are_in_the_problem),
            ACME_T(what_the_order_says_comes_first),
            ACME_T(a_csr_that_is_refused_is_tried_once_with_a_name),
            ACME_T(the_refusal_of_a_csr_is_the_reason_when_the_order_dies),
            ACME_T(advice_leads_to_the_place),
            ACME_T(a_diagnosis_survives_what_it_meets),
            ACME_T(an_authorization_that_failed_before_is_explained),
            ACME_T(a_csr_may_be_refused_in_other_words),
            ACME_T(an_order_that_dies_of_its_csr_wants_a_named_one))
