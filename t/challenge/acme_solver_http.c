/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_solver_http.h"

static acme_challenge_t challenge_of(const char *identifier, const char *token)
{
    acme_challenge_t challenge = {"http-01", NULL, NULL, "tok.thumb", NULL};

    challenge.identifier = identifier;
    challenge.token = token;
    return challenge;
}

static apr_status_t present(acme_vault_t *vault, const char *identifier,
                            const char *token, apr_time_t now,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_challenge_t challenge = challenge_of(identifier, token);
    acme_solver_means_t means = {.vault = vault, .now = now};

    return acme_solver_http_present(&means, &challenge, problem, p);
}

static void what_was_put_up_is_answered(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    const char *answer;

    assert_int_equal(present(vault, "a.example", "tok-_1", ACME_T_NOW, NULL, p),
                     0);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok-_1", p), 0);
    assert_string_equal(answer, "tok.thumb");
}

static void an_unknown_token_is_not_there_while_another_is(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    const char *answer = NULL;

    present(vault, "a.example", "tok", ACME_T_NOW, NULL, p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok2", p),
        APR_ENOENT);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "to", p),
        APR_ENOENT);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "TOK", p),
        APR_ENOENT);
    assert_null(answer);
}

static void another_host_gets_nothing(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    const char *answer = NULL;

    present(vault, "a.example", "tok", ACME_T_NOW, NULL, p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "b.example", "tok", p),
        APR_ENOENT);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "x.a.example", "tok", p),
        APR_ENOENT);
    assert_int_equal(acme_solver_http_answer(&answer, vault, "", "tok", p),
                     APR_ENOENT);
    assert_null(answer);
}

static const char *bad_token(int i, apr_pool_t *p)
{
    static const char *const bad[] = {"",     ".",         "..",     "../x",
                                      "a/b",  "a%41",      "a b",    "tok\n",
                                      "tok.", "t\xc3\xa9", "tok?x=1"};
    char *text;

    if (i < (int)(sizeof(bad) / sizeof(bad[0]))) {
        return bad[i];
    }
    if (i > (int)(sizeof(bad) / sizeof(bad[0]))) {
        return NULL;
    }
    text = apr_pcalloc(p, 300);
    memset(text, 'a', 299);
    return text;
}

static void what_cannot_be_a_token_is_not_looked_for(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    const char *answer = NULL;
    int i;

    for (i = 0; bad_token(i, p); ++i) {
        if (*bad_token(i, p)) {
            acme_t_plant(vault, ACME_STORE_CHALLENGES, bad_token(i, p), "x", p);
        }
        assert_int_equal(acme_solver_http_answer(&answer, vault, "a.example",
                                                 bad_token(i, p), p),
                         APR_ENOENT);
    }
    assert_null(answer);
    assert_int_equal(log->count, 0);
}

static const char *token_of(int len, apr_pool_t *p)
{
    char *token = apr_pcalloc(p, (apr_size_t)len + 1);

    memset(token, 'a', (size_t)len);
    token[0] = '-';
    return token;
}

static void a_token_of_another_node_is_answered(void **state)
{
    apr_pool_t *p = *state;
    static const int lengths[] = {22, 43, 128};
    const char *answer;
    const char *token;
    size_t i;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); ++i) {
        token = token_of(lengths[i], p);
        assert_int_equal(acme_solver_http_stateless(&answer, token, "th-_", p),
                         0);
        assert_string_equal(answer, apr_pstrcat(p, token, ".th-_", NULL));
    }
}

static void what_no_ca_sends_is_not_reflected(void **state)
{
    apr_pool_t *p = *state;
    static const char *const texts[] = {
        "abcdefghijklmnopqrstuvwxyz.", "abcdefghijklmnopqrstuvwxyz/x",
        "<abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz\n",
        "abcdefghijklmnopqrstuvwxyz=", "abcdefghijklmnopqrstuvwxyz\xc3\xa9"};
    static const int lengths[] = {1, 21, 129, 256, 1000};
    const char *answer = NULL;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        assert_int_equal(acme_solver_http_stateless(&answer, texts[i], "th", p),
                         APR_ENOENT);
    }
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); ++i) {
        assert_int_equal(acme_solver_http_stateless(
                             &answer, token_of(lengths[i], p), "th", p),
                         APR_ENOENT);
    }
    assert_int_equal(acme_solver_http_stateless(&answer, "", "th", p),
                     APR_ENOENT);
    assert_null(answer);
}

static void a_ca_with_a_bad_token_is_told_so(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = {.vault = acme_t_vault(NULL, p),
                                 .now = ACME_T_NOW};
    int i;

    for (i = 0; bad_token(i, p); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_challenge_t challenge = challenge_of("a.example", bad_token(i, p));

        assert_int_equal(
            acme_solver_http_present(&means, &challenge, &problem, p),
            APR_EINVAL);
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        acme_t_contains(problem.detail, "a.example: ");
        assert_int_equal(acme_solver_http_cleanup(&means, &challenge, NULL, p),
                         0);
    }
}

static void a_planted_challenge_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_store_put_t copy = {
        .kind = ACME_STORE_CHALLENGES,
        .name = "two",
        .sync = ACME_STORE_LAZY,
    };
    acme_store_item_t item;
    const char *answer = NULL;

    acme_t_plant(vault, ACME_STORE_CHALLENGES, "tok",
                 "{\"identifier\":\"a.example\",\"key-authorization\":\"x\"}",
                 p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok", p),
        APR_ENOENT);
    /* a sealed item, copied to another name */
    present(vault, "a.example", "one", ACME_T_NOW, NULL, p);
    acme_store_get(&item, acme_vault_store(vault), ACME_STORE_CHALLENGES, "one",
                   NULL, p);
    copy.data = item.data;
    copy.len = item.len;
    acme_store_put(NULL, acme_vault_store(vault), &copy, NULL, p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "two", p),
        APR_ENOENT);
    assert_null(answer);
}

static void an_item_that_lacks_something_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_json_t *json = acme_json_object(p);
    const char *answer = NULL;

    acme_vault_put_json(vault, ACME_STORE_CHALLENGES, "tok", json,
                        ACME_STORE_LAZY, NULL, p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok", p),
        APR_ENOENT);
    acme_json_set_str(json, "identifier", "a.example");
    acme_vault_put_json(vault, ACME_STORE_CHALLENGES, "tok", json,
                        ACME_STORE_LAZY, NULL, p);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok", p),
        APR_ENOENT);
}

static void what_was_cleaned_up_is_gone(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_challenge_t challenge = challenge_of("a.example", "tok");
    acme_solver_means_t means = {.vault = vault, .now = ACME_T_NOW};
    const char *answer;

    present(vault, "a.example", "tok", ACME_T_NOW, NULL, p);
    present(vault, "b.example", "other", ACME_T_NOW, NULL, p);
    assert_int_equal(acme_solver_http_cleanup(&means, &challenge, NULL, p), 0);
    assert_int_equal(acme_solver_http_cleanup(&means, &challenge, NULL, p), 0);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", "tok", p),
        APR_ENOENT);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "b.example", "other", p), 0);
}

static void a_full_store_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_store_mem_break(acme_vault_store(vault), APR_ENOSPC);
    assert_int_equal(
        present(vault, "a.example", "tok", ACME_T_NOW, &problem, p),
        APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

ACME_T_MAIN(ACME_T(what_was_put_up_is_answered),
            ACME_T(an_unknown_token_is_not_there_while_another_is),
            ACME_T(another_host_gets_nothing),
            ACME_T(what_cannot_be_a_token_is_not_looked_for),
            ACME_T(a_token_of_another_node_is_answered),
            ACME_T(what_no_ca_sends_is_not_reflected),
            ACME_T(a_ca_with_a_bad_token_is_told_so),
            ACME_T(a_planted_challenge_is_not_there),
            ACME_T(an_item_that_lacks_something_is_not_there),
            ACME_T(what_was_cleaned_up_is_gone),
            ACME_T(a_full_store_is_a_problem))
