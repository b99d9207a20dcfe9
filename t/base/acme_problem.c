/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_problem.h"

#define NOW 1795215067000000LL

static acme_json_t *parse(const char *text, apr_pool_t *p)
{
    acme_json_t *json;
    const char *error = NULL;

    if (acme_json_parse(&json, text, strlen(text), &error, p) != APR_SUCCESS) {
        fail_msg("%s: %s", text, error);
    }
    return json;
}

static void answer(acme_problem_t *problem, int status, const char *text,
                   apr_time_t retry_at, apr_pool_t *p)
{
    assert_int_equal(acme_problem_from_answer(problem, status,
                                              text ? parse(text, p) : NULL,
                                              retry_at, p),
                     APR_EGENERAL);
    assert_int_equal(problem->rv, APR_EGENERAL);
    assert_non_null(problem->type);
    assert_non_null(problem->detail);
    assert_true((problem->retry == ACME_RETRY_LATER)
                == (problem->retry_at != 0));
}

static void own_failures_carry_status_class_text_and_advice(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    problem.activity = "saving";
    assert_int_equal(acme_problem_set(&problem, APR_ENOSPC, ACME_RETRY_INTERNAL,
                                      ACME_PROBLEM_STORE, *state,
                                      "%s: no space", "/x"),
                     APR_ENOSPC);
    assert_int_equal(problem.rv, APR_ENOSPC);
    assert_int_equal(problem.retry, ACME_RETRY_INTERNAL);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_string_equal(problem.detail, "/x: no space");
    assert_string_equal(problem.activity, "saving");
    assert_non_null(problem.to_fix);
    /* Setting it again leaves nothing of the first problem, and may quote it.
     */
    problem.status = 500;
    problem.instance = "https://example.org/";
    acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_CONFIG,
                     "urn:mod_acme:error:other", *state, "again: %s",
                     problem.detail);
    assert_string_equal(problem.detail, "again: /x: no space");
    assert_int_equal(problem.status, 0);
    assert_null(problem.instance);
    assert_null(problem.to_fix);
    assert_int_equal(acme_problem_set(NULL, APR_EINVAL, ACME_RETRY_NOW,
                                      ACME_PROBLEM_STORE, *state, "x"),
                     APR_EINVAL);
}

static void each_type_has_its_class_and_advice(void **state)
{
    static const struct {
        const char *name;
        acme_retry_e retry;
    } cases[] = {
        {"accountDoesNotExist", ACME_RETRY_BACKOFF},
        {"alreadyReplaced", ACME_RETRY_BACKOFF},
        {"alreadyRevoked", ACME_RETRY_PERMANENT},
        {"badCSR", ACME_RETRY_CONFIG},
        {"badNonce", ACME_RETRY_NOW},
        {"badPublicKey", ACME_RETRY_CONFIG},
        {"badRevocationReason", ACME_RETRY_PERMANENT},
        {"badSignatureAlgorithm", ACME_RETRY_CONFIG},
        {"caa", ACME_RETRY_BACKOFF},
        {"compound", ACME_RETRY_BACKOFF},
        {"conflict", ACME_RETRY_BACKOFF},
        {"connection", ACME_RETRY_BACKOFF},
        {"dns", ACME_RETRY_BACKOFF},
        {"externalAccountRequired", ACME_RETRY_CONFIG},
        {"incorrectResponse", ACME_RETRY_BACKOFF},
        {"invalidContact", ACME_RETRY_CONFIG},
        {"invalidProfile", ACME_RETRY_CONFIG},
        {"malformed", ACME_RETRY_BACKOFF},
        {"orderNotReady", ACME_RETRY_BACKOFF},
        {"rateLimited", ACME_RETRY_BACKOFF},
        {"rejectedIdentifier", ACME_RETRY_CONFIG},
        {"serverInternal", ACME_RETRY_BACKOFF},
        {"tls", ACME_RETRY_BACKOFF},
        {"unauthorized", ACME_RETRY_BACKOFF},
        {"unsupportedContact", ACME_RETRY_CONFIG},
        {"unsupportedIdentifier", ACME_RETRY_CONFIG},
        {"userActionRequired", ACME_RETRY_BACKOFF},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *text =
            apr_psprintf(p, "{\"type\":\"%s%s\",\"detail\":\"d\"}",
                         ACME_PROBLEM_URN, cases[i].name);

        answer(&problem, 400, text, 0, p);
        assert_true(acme_problem_is(&problem, cases[i].name));
        assert_false(acme_problem_is(&problem, "dnssec"));
        assert_non_null(problem.to_fix);
        if (problem.retry != cases[i].retry) {
            fail_msg("%s: %s", cases[i].name,
                     acme_problem_type_retry_name(problem.retry));
        }
        answer(&problem, 400, text, NOW, p);
        assert_int_equal(problem.retry,
                         cases[i].retry == ACME_RETRY_CONFIG
                                 || cases[i].retry == ACME_RETRY_PERMANENT
                             ? cases[i].retry
                             : ACME_RETRY_LATER);
    }
}

static void an_answer_without_document_is_judged_by_status(void **state)
{
    static const struct {
        int status;
        apr_time_t retry_at;
        acme_retry_e retry;
        const char *type;
    } cases[] = {
        {409, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "conflict"},
        {429, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "rateLimited"},
        {429, NOW, ACME_RETRY_LATER, ACME_PROBLEM_URN "rateLimited"},
        {500, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "serverInternal"},
        {503, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "serverInternal"},
        {503, NOW, ACME_RETRY_LATER, ACME_PROBLEM_URN "serverInternal"},
        {599, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "serverInternal"},
        {400, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL},
        {403, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL},
        {404, NOW, ACME_RETRY_LATER, ACME_PROBLEM_PROTOCOL},
        {301, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL},
        {200, 0, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL},
    };
    static const char *const documents[] = {
        NULL,
        "{}",
        "[]",
        "{\"type\":\"about:blank\"}",
        "{\"type\":\"urn:mod_acme:error:stopped\"}",
    };
    apr_pool_t *p = *state;
    size_t i;
    size_t d;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        for (d = 0; d < sizeof(documents) / sizeof(documents[0]); ++d) {
            acme_problem_t problem = ACME_PROBLEM_INIT;

            answer(&problem, cases[i].status, documents[d], cases[i].retry_at,
                   p);
            assert_int_equal(problem.status, cases[i].status);
            assert_int_equal(problem.retry, cases[i].retry);
            assert_string_equal(problem.type, cases[i].type);
            assert_non_null(
                strstr(problem.detail, apr_itoa(p, cases[i].status)));
        }
    }
}

static void a_conflict_is_one_by_type_or_status(void **state)
{
    static const struct {
        int status;
        const char *type;
        int conflict;
    } cases[] = {
        {409, ACME_PROBLEM_URN "conflict", 1},
        {409, ACME_PROBLEM_URN "malformed", 1},
        {409, ACME_PROBLEM_URN "alreadyReplaced", 0},
        {409, "https://ca.example/odd", 1},
        {400, ACME_PROBLEM_URN "conflict", 1},
        {400, ACME_PROBLEM_URN "malformed", 0},
        {400, "https://ca.example/conflict", 0},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        answer(&problem, cases[i].status,
               apr_psprintf(p, "{\"type\":\"%s\"}", cases[i].type), 0, p);
        assert_int_equal(acme_problem_is_conflict(&problem), cases[i].conflict);
    }
}

static void keeps_the_words_of_the_ca(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_subproblem_t *sub;

    problem.activity = "ordering";
    answer(&problem, 403,
           "{\"type\":\"urn:ietf:params:acme:error:userActionRequired\","
           "\"title\":\"t\",\"detail\":\"Terms changed\\n\",\"status\":999,"
           "\"instance\":\"https://ca.example/terms\",\"subproblems\":["
           "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\","
           "\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}},"
           "{\"detail\":\"only\"}]}",
           0, p);
    assert_int_equal(problem.status, 403);
    assert_string_equal(problem.detail, "Terms changed\n");
    assert_string_equal(problem.instance, "https://ca.example/terms");
    assert_string_equal(problem.activity, "ordering");
    assert_int_equal(problem.subproblems->nelts, 2);
    sub = &APR_ARRAY_IDX(problem.subproblems, 0, acme_subproblem_t);
    assert_string_equal(sub->identifier, "a.example");
    assert_string_equal(sub->type, ACME_PROBLEM_URN "caa");
    assert_string_equal(sub->detail, "no");
    sub = &APR_ARRAY_IDX(problem.subproblems, 1, acme_subproblem_t);
    assert_null(sub->identifier);
    assert_null(sub->type);
    assert_string_equal(sub->detail, "only");

    answer(&problem, 400,
           "{\"type\":\"https://ca.example/odd\","
           "\"title\":\"Odd\"}",
           0, p);
    assert_string_equal(problem.type, "https://ca.example/odd");
    assert_string_equal(problem.detail, "Odd");
    assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
    assert_null(problem.to_fix);
    assert_null(problem.subproblems);
}

static void wrong_types_in_the_document_fall_back(void **state)
{
    static const char *const values[] = {
        "null",
        "1",
        "1.5",
        "true",
        "\"\"",
        "\"a\\u0000b\"",
        "{}",
        "[]",
        "[1]",
        "[null]",
        "[[]]",
        "[{}]",
        "[\"\"]",
        "[{\"type\":1}]",
        "[{\"identifier\":1}]",
        "[{\"identifier\":{\"value\":[]}}]",
        "{\"value\":{}}",
    };
    static const char *const keys[] = {"type",   "detail",   "title",
                                       "status", "instance", "subproblems"};
    apr_pool_t *p = *state;
    size_t v;
    size_t k;

    for (v = 0; v < sizeof(values) / sizeof(values[0]); ++v) {
        const char *all = "{";

        for (k = 0; k < sizeof(keys) / sizeof(keys[0]); ++k) {
            acme_problem_t problem = ACME_PROBLEM_INIT;
            const char *one =
                apr_pstrcat(p, "\"", keys[k], "\":", values[v], NULL);

            answer(&problem, 500, apr_pstrcat(p, "{", one, "}", NULL), 0, p);
            assert_true(acme_problem_is(&problem, "serverInternal"));
            assert_null(problem.instance);
            assert_null(problem.subproblems);
            all = apr_pstrcat(p, all, k ? "," : "", one, NULL);
        }
        {
            acme_problem_t problem = ACME_PROBLEM_INIT;
            acme_json_t *json = parse(apr_pstrcat(p, all, "}", NULL), p);

            answer(&problem, 429, apr_pstrcat(p, all, "}", NULL), NOW, p);
            assert_int_equal(problem.retry, ACME_RETRY_LATER);
            assert_int_equal(acme_problem_from_json(&problem, json, p),
                             APR_EGENERAL);
            assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
            assert_int_equal(problem.status, 0);
        }
    }
}

static void a_problem_inside_a_resource_is_judged_alike(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_from_json(
        &problem,
        parse("{\"type\":\"urn:ietf:params:acme:error:connection\","
              "\"detail\":\"timeout\",\"status\":400}",
              p),
        p);
    assert_int_equal(problem.rv, APR_EGENERAL);
    assert_int_equal(problem.status, 400);
    assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
    assert_true(acme_problem_is(&problem, "connection"));
    assert_string_equal(problem.detail, "timeout");

    acme_problem_from_json(
        &problem,
        parse("{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
              "\"status\":70000}",
              p),
        p);
    assert_int_equal(problem.status, 0);
    assert_int_equal(problem.retry, ACME_RETRY_CONFIG);
    assert_string_equal(problem.detail, "the CA gives no explanation");

    acme_problem_from_json(&problem, parse("{\"status\":503}", p), p);
    assert_true(acme_problem_is(&problem, "serverInternal"));
    acme_problem_from_json(&problem, NULL, p);
    assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
    assert_non_null(problem.detail);
    assert_int_equal(acme_problem_from_json(NULL, NULL, p), APR_EGENERAL);
    assert_int_equal(acme_problem_from_answer(NULL, 400, NULL, 0, p),
                     APR_EGENERAL);
}

static char *fill(apr_pool_t *p, const char *unit, int n)
{
    apr_size_t len = strlen(unit);
    char *s = apr_palloc(p, len * (apr_size_t)n + 1);
    int i;

    for (i = 0; i < n; ++i) {
        memcpy(s + (apr_size_t)i * len, unit, len);
    }
    s[len * (apr_size_t)n] = '\0';
    return s;
}

static void keeps_no_more_than_a_bound_of_a_long_document(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *longest = fill(p, "\xc3\xbc", 50000);
    const char *text;
    acme_json_t *json;

    text = apr_psprintf(
        p,
        "{\"type\":\"%s\",\"detail\":\"%s\",\"instance\":\"%s\","
        "\"subproblems\":[%s{\"type\":\"%s\",\"detail\":\"%s\",\"identifier\":"
        "{\"value\":\"%s\"}}%s]}",
        longest, longest, longest, fill(p, "{\"type\":\"t\"},", 50), longest,
        longest, longest, fill(p, ",{\"type\":\"t\"}", 20000));
    answer(&problem, 400, text, 0, p);
    assert_true(strlen(problem.type) <= 256);
    assert_true(strlen(problem.detail) <= 2048);
    assert_true(strlen(problem.detail) >= 2040);
    assert_true(strlen(problem.instance) <= 1024);
    assert_int_equal(problem.subproblems->nelts, 100);
    json = acme_problem_to_json(&problem, p);
    assert_true(strlen(acme_json_print(json, 0, p)) < 10000);
    /* No character was cut. */
    assert_null(strstr(acme_json_print(json, 0, p), "\xef\xbf\xbd"));
    assert_true(strlen(acme_problem_text(&problem, p)) <= 2048);
}

static void check_same(const acme_problem_t *a, const acme_problem_t *b)
{
    assert_int_equal(a->rv, b->rv);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->retry, b->retry);
    assert_true(a->retry_at == b->retry_at);
    assert_string_equal(a->type, b->type);
    assert_string_equal(a->detail, b->detail);
    assert_string_equal(a->activity, b->activity);
    assert_string_equal(a->to_fix, b->to_fix);
    assert_string_equal(a->instance, b->instance);
    assert_int_equal(a->subproblems->nelts, b->subproblems->nelts);
    assert_string_equal(
        APR_ARRAY_IDX(a->subproblems, 0, acme_subproblem_t).identifier,
        APR_ARRAY_IDX(b->subproblems, 0, acme_subproblem_t).identifier);
    assert_string_equal(
        APR_ARRAY_IDX(a->subproblems, 0, acme_subproblem_t).detail,
        APR_ARRAY_IDX(b->subproblems, 0, acme_subproblem_t).detail);
    assert_null(APR_ARRAY_IDX(b->subproblems, 0, acme_subproblem_t).type);
}

static void fill_problem(acme_problem_t *problem, apr_pool_t *p)
{
    problem->activity = "ordering";
    answer(problem, 429,
           "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
           "\"detail\":\"too \\u001b many\",\"instance\":\"https://ca/x\","
           "\"subproblems\":[{\"detail\":\"d\",\"identifier\":"
           "{\"type\":\"dns\",\"value\":\"a.example\"}}]}",
           NOW + 1, p);
}

static void restores_what_it_stored(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_problem_t back = ACME_PROBLEM_INIT;
    const char *text;
    int i;

    fill_problem(&problem, p);
    text = acme_json_print(acme_problem_to_json(&problem, p), 1, p);
    assert_int_equal(acme_problem_restore(&back, parse(text, p), p),
                     APR_SUCCESS);
    check_same(&problem, &back);

    for (i = ACME_RETRY_NOW; i <= ACME_RETRY_INTERNAL; ++i) {
        memset(&problem, 0, sizeof(problem));
        acme_problem_set(&problem, APR_EACCES, (acme_retry_e)i,
                         ACME_PROBLEM_STOPPED, p, "%s", "");
        problem.retry_at = i == ACME_RETRY_LATER ? NOW : 0;
        text = acme_json_print(acme_problem_to_json(&problem, p), 0, p);
        assert_int_equal(acme_problem_restore(&back, parse(text, p), p),
                         APR_SUCCESS);
        assert_int_equal(back.retry, i);
        assert_int_equal(back.rv, APR_EACCES);
        assert_string_equal(back.type, ACME_PROBLEM_STOPPED);
        assert_string_equal(back.detail, "");
        assert_null(back.subproblems);
        assert_null(back.instance);
    }
}

static void later_without_a_time_is_restored_as_backoff(void **state)
{
    acme_problem_t back = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_problem_restore(&back,
                             parse("{\"type\":\"t\",\"detail\":\"d\","
                                   "\"retry\":\"later\"}",
                                   *state),
                             *state),
        APR_SUCCESS);
    assert_int_equal(back.retry, ACME_RETRY_BACKOFF);
    assert_int_equal(back.rv, APR_EGENERAL);
}

static void refuses_to_restore_what_is_damaged(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"type\":\"t\",\"detail\":\"d\"}",
        "{\"type\":\"t\",\"retry\":\"now\"}",
        "{\"detail\":\"d\",\"retry\":\"now\"}",
        "{\"type\":1,\"detail\":\"d\",\"retry\":\"now\"}",
        "{\"type\":\"\",\"detail\":\"d\",\"retry\":\"now\"}",
        "{\"type\":\"t\",\"detail\":[],\"retry\":\"now\"}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"soon\"}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":1}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\",\"status\":\"x\"}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\",\"status\":-1}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\",\"status\":1000}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\",\"rv\":\"x\"}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\","
        "\"rv\":4294967296}",
        "{\"type\":\"t\",\"detail\":\"d\",\"retry\":\"now\","
        "\"retry-at\":\"x\"}",
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        acme_problem_t back = ACME_PROBLEM_INIT;

        if (acme_problem_restore(&back, parse(bad[i], p), p) != APR_EINVAL
            || back.type || back.detail) {
            fail_msg("restored: %s", bad[i]);
        }
    }
    {
        acme_problem_t back = ACME_PROBLEM_INIT;

        assert_int_equal(acme_problem_restore(&back, NULL, p), APR_EINVAL);
    }
}

static void a_copy_outlives_the_original(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t same = ACME_PROBLEM_INIT;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_problem_t *copy;
    apr_pool_t *sub;

    apr_pool_create(&sub, p);
    fill_problem(&problem, sub);
    copy = acme_problem_dup(&problem, p);
    apr_pool_destroy(sub);
    fill_problem(&same, p);
    check_same(&same, copy);
    memset(&problem, 0, sizeof(problem));
    copy = acme_problem_dup(&problem, p);
    assert_null(copy->type);
    assert_null(copy->subproblems);
}

static void one_line_names_type_detail_and_subproblems(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_string_equal(acme_problem_text(&problem, p), "no problem");
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, p, "refused");
    assert_string_equal(acme_problem_text(&problem, p), "network: refused");
    answer(&problem, 403,
           "{\"type\":\"urn:ietf:params:acme:error:compound\","
           "\"detail\":\"two\",\"subproblems\":["
           "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\","
           "\"identifier\":{\"value\":\"a.example\"}},"
           "{\"type\":\"https://ca/x\"},{\"detail\":\"d\"},"
           "{\"message\":\"e\"},\"f\"]}",
           0, p);
    assert_string_equal(acme_problem_text(&problem, p),
                        "compound: two; a.example: caa: no; https://ca/x; "
                        "d; e; f");
}

static void one_line_says_nothing_twice(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    answer(&problem, 403,
           "{\"type\":\"urn:ietf:params:acme:error:dns\","
           "\"detail\":\"no A record for a.example\",\"subproblems\":["
           "{\"type\":\"urn:ietf:params:acme:error:dns\","
           "\"detail\":\"no A record for a.example\","
           "\"identifier\":{\"value\":\"a.example\"}},"
           "{\"type\":\"urn:ietf:params:acme:error:dns\","
           "\"detail\":\"no A record for a.example\","
           "\"identifier\":{\"value\":\"www.example\"}},"
           "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\","
           "\"identifier\":{\"value\":\"b.example\"}},"
           "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\","
           "\"identifier\":{\"value\":\"b.example\"}}]}",
           0, p);
    assert_string_equal(acme_problem_text(&problem, p),
                        "dns: no A record for a.example; www.example; "
                        "b.example: caa: no");
}

static void nobody_forges_a_line_of_the_log(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *text;
    const char *s;

    answer(&problem, 403,
           "{\"type\":\"ty\\npe\",\"detail\":\"a\\r\\n[error] b\\u001b[2J\","
           "\"subproblems\":[{\"type\":\"x\\u0000\",\"detail\":\"\\u2028\","
           "\"identifier\":{\"value\":\"e\\nvil\"}}]}",
           0, p);
    text = acme_problem_text(&problem, p);
    assert_string_equal(text, "ty\\x0ape: a\\x0d\\x0a[error] b\\x1b[2J; "
                              "e\\x0avil: \\xe2\\x80\\xa8");
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, p, "/x/%c%c", 0xff, '\n');
    assert_string_equal(acme_problem_text(&problem, p), "store: /x/\\xff\\x0a");
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, p, "%s", fill(p, "\x1b", 10000));
    text = acme_problem_text(&problem, p);
    assert_true(strlen(text) <= 2048);
    for (s = text; *s; ++s) {
        assert_true(*s >= 0x20 && *s < 0x7f);
    }
}

static void a_failure_is_the_cas_or_it_is_not(void **state)
{
    static const struct {
        int status;
        const char *type;
        acme_retry_e retry;
        int expected;
    } cases[] = {
        {500, ACME_PROBLEM_URN "serverInternal", ACME_RETRY_BACKOFF, 1},
        {503, ACME_PROBLEM_URN "unauthorized", ACME_RETRY_LATER, 1},
        {429, ACME_PROBLEM_URN "rateLimited", ACME_RETRY_LATER, 1},
        {403, ACME_PROBLEM_URN "rateLimited", ACME_RETRY_BACKOFF, 1},
        {400, ACME_PROBLEM_URN "badNonce", ACME_RETRY_NOW, 1},
        {0, ACME_PROBLEM_NETWORK, ACME_RETRY_BACKOFF, 1},
        {200, ACME_PROBLEM_PROTOCOL, ACME_RETRY_BACKOFF, 1},
        {0, ACME_PROBLEM_TIMEOUT, ACME_RETRY_BACKOFF, 1},
        {0, ACME_PROBLEM_STORE, ACME_RETRY_INTERNAL, 0},
        {0, ACME_PROBLEM_CONFIG, ACME_RETRY_CONFIG, 0},
        {403, ACME_PROBLEM_URN "unauthorized", ACME_RETRY_BACKOFF, 0},
        {400, ACME_PROBLEM_URN "connection", ACME_RETRY_BACKOFF, 0},
        {400, ACME_PROBLEM_URN "dns", ACME_RETRY_BACKOFF, 0},
        {400, ACME_PROBLEM_URN "tls", ACME_RETRY_BACKOFF, 0},
        {403, ACME_PROBLEM_URN "caa", ACME_RETRY_BACKOFF, 0},
        {400, ACME_PROBLEM_URN "rejectedIdentifier", ACME_RETRY_CONFIG, 0},
        {403, ACME_PROBLEM_URN "userActionRequired", ACME_RETRY_BACKOFF, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        problem.status = cases[i].status;
        problem.type = cases[i].type;
        problem.retry = cases[i].retry;
        if (acme_problem_is_of_ca(&problem) != cases[i].expected) {
            fail_msg("%d %s", cases[i].status, cases[i].type);
        }
    }
}

/* A type that only the CA knows says as little as none. */
static void an_unknown_type_has_the_advice_of_its_place(void **state)
{
    static const char text[] = "{\"type\":\"https://ca.test/errors/7\","
                               "\"detail\":\"no contract\"}";
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, *state),
                     0);
    acme_problem_from_answer(&problem, 403, json, 0, *state);
    assert_null(problem.to_fix);
    acme_problem_advise(&problem, ACME_AT_ORDER);
    assert_non_null(strstr(problem.to_fix, "quota"));
    assert_string_equal(problem.type, "https://ca.test/errors/7");
    problem.to_fix = "ask us";
    acme_problem_advise(&problem, ACME_AT_ISSUANCE);
    assert_string_equal(problem.to_fix, "ask us");
}

ACME_T_MAIN(ACME_T(a_failure_is_the_cas_or_it_is_not),
            ACME_T(own_failures_carry_status_class_text_and_advice),
            ACME_T(each_type_has_its_class_and_advice),
            ACME_T(an_answer_without_document_is_judged_by_status),
            ACME_T(a_conflict_is_one_by_type_or_status),
            ACME_T(keeps_the_words_of_the_ca),
            ACME_T(wrong_types_in_the_document_fall_back),
            ACME_T(a_problem_inside_a_resource_is_judged_alike),
            ACME_T(keeps_no_more_than_a_bound_of_a_long_document),
            ACME_T(restores_what_it_stored),
            ACME_T(later_without_a_time_is_restored_as_backoff),
            ACME_T(refuses_to_restore_what_is_damaged),
            ACME_T(a_copy_outlives_the_original),
            ACME_T(one_line_names_type_detail_and_subproblems),
            ACME_T(one_line_says_nothing_twice),
            ACME_T(nobody_forges_a_line_of_the_log),
            ACME_T(an_unknown_type_has_the_advice_of_its_place))
