/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_authz.h"

#define TOKEN "0123456789abcdef"
#define NAME  "\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}"
#define HTTP                                                           \
    "{\"type\":\"http-01\",\"url\":\"https://c/h\",\"token\":\"" TOKEN \
    "\",\"status\":\"pending\"}"
#define CHALLENGES "\"challenges\":[" HTTP "]"
#define PENDING    "\"status\":\"pending\""

static apr_status_t read_text(acme_authz_t **authz, const char *text,
                              acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    return acme_authz_read(authz, json, problem, p);
}

static const acme_authz_challenge_t *challenge_at(const acme_authz_t *authz,
                                                  int i)
{
    return &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);
}

static void each_status_is_read(void **state)
{
    static const struct {
        const char *name;
        acme_authz_status_e status;
    } all[] = {
        {"pending", ACME_AUTHZ_PENDING},
        {"valid", ACME_AUTHZ_VALID},
        {"invalid", ACME_AUTHZ_INVALID},
        {"deactivated", ACME_AUTHZ_DEACTIVATED},
        {"expired", ACME_AUTHZ_EXPIRED},
        {"revoked", ACME_AUTHZ_REVOKED},
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_authz_t *authz;

        assert_int_equal(read_text(&authz,
                                   apr_psprintf(*state,
                                                "{\"status\":\"%s\"," NAME
                                                "," CHALLENGES "}",
                                                all[i].name),
                                   &problem, *state),
                         0);
        assert_int_equal(authz->status, all[i].status);
        assert_string_equal(authz->identifier, "example.org");
        assert_false(authz->wildcard);
        assert_int_equal(authz->challenges->nelts, 1);
        assert_string_equal(challenge_at(authz, 0)->type, "http-01");
        assert_string_equal(challenge_at(authz, 0)->url, "https://c/h");
        assert_string_equal(challenge_at(authz, 0)->token, TOKEN);
        assert_int_equal(challenge_at(authz, 0)->status,
                         ACME_CHALLENGE_PENDING);
    }
}

static void names_are_canonical_and_wildcards_known(void **state)
{
    static const struct {
        const char *text;
        const char *identifier;
        int wildcard;
    } cases[] = {
        {"{" PENDING ",\"identifier\":{\"type\":\"dns\",\"value\":"
         "\"Example.ORG.\"}," CHALLENGES "}",
         "example.org", 0},
        {"{" PENDING "," NAME ",\"wildcard\":true," CHALLENGES "}",
         "example.org", 1},
        {"{" PENDING "," NAME ",\"wildcard\":false," CHALLENGES "}",
         "example.org", 0},
        {"{" PENDING ",\"identifier\":{\"type\":\"dns\",\"value\":"
         "\"*.example.org\"}," CHALLENGES "}",
         "example.org", 1},
        {"{" PENDING ",\"identifier\":{\"type\":\"ip\",\"value\":"
         "\"192.0.2.1\"}," CHALLENGES "}",
         "192.0.2.1", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_authz_t *authz;

        assert_int_equal(read_text(&authz, cases[i].text, &problem, *state), 0);
        assert_string_equal(authz->identifier, cases[i].identifier);
        assert_int_equal(authz->wildcard, cases[i].wildcard);
    }
}

static void unknown_types_may_look_as_they_like(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_authz_t *authz;

    assert_int_equal(
        read_text(&authz,
                  "{" PENDING "," NAME ",\"challenges\":[{\"type\":\"odd-1\"},"
                  "{\"type\":\"odd-2\",\"url\":7,\"token\":[],\"status\":9,"
                  "\"error\":1},{\"type\":\"odd-3\",\"url\":\"https://c/o\","
                  "\"status\":\"valid\",\"token\":\"/../\"}," HTTP "]}",
                  &problem, *state),
        0);
    assert_int_equal(authz->challenges->nelts, 4);
    assert_null(challenge_at(authz, 1)->url);
    assert_null(challenge_at(authz, 1)->token);
    assert_int_equal(challenge_at(authz, 1)->status, ACME_CHALLENGE_PENDING);
    assert_string_equal(challenge_at(authz, 2)->url, "https://c/o");
    assert_int_equal(challenge_at(authz, 2)->status, ACME_CHALLENGE_VALID);
    assert_string_equal(challenge_at(authz, 3)->type, "http-01");
}

static void a_bad_authorization_is_a_problem_that_names_the_member(void **state)
{
#define WITH(challenge) "{" PENDING "," NAME ",\"challenges\":[" challenge "]}"
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"[]", "JSON object"},
        {"{" NAME "," CHALLENGES "}", "status"},
        {"{\"status\":\"ready\"," NAME "," CHALLENGES "}", "status: ready"},
        {"{\"status\":1," NAME "," CHALLENGES "}", "status"},
        {"{" PENDING "," CHALLENGES "}", "identifier"},
        {"{" PENDING ",\"identifier\":\"example.org\"," CHALLENGES "}",
         "identifier"},
        {"{" PENDING ",\"identifier\":{\"type\":\"dns\"}," CHALLENGES "}",
         "value"},
        {"{" PENDING ",\"identifier\":{\"type\":\"dns\",\"value\":"
         "\"../../etc\"}," CHALLENGES "}",
         "identifier"},
        {"{" PENDING
         ",\"identifier\":{\"type\":\"dns\",\"value\":\"\"}," CHALLENGES "}",
         "identifier"},
        {"{" PENDING
         ",\"identifier\":{\"type\":\"ip\",\"value\":\"a.b\"}," CHALLENGES "}",
         "type"},
        {"{" PENDING ",\"identifier\":{\"type\":\"dns\",\"value\":"
         "\"192.0.2.1\"}," CHALLENGES "}",
         "type"},
        {"{" PENDING "," NAME "}", "challenges"},
        {"{" PENDING "," NAME ",\"challenges\":[]}", "challenges"},
        {"{" PENDING "," NAME ",\"challenges\":{}}", "challenges"},
        {WITH("1,{},{\"type\":8}"), "challenges"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_authz_t *authz = NULL;

        if (read_text(&authz, cases[i].text, &problem, *state) != APR_EINVAL) {
            fail_msg("%s was read", cases[i].text);
        }
        assert_null(authz);
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        if (!strstr(problem.detail, cases[i].named)) {
            fail_msg("%s: %s", cases[i].text, problem.detail);
        }
    }
}

/* Reads challenges of a type that we know, which may have to be met. */
static void a_challenge_that_cannot_be_met_has_a_fault(void **state)
{
#define URL ",\"url\":\"https://c/h\""
    static const struct {
        const char *members;
        const char *named; /* NULL: no fault */
    } cases[] = {
        {URL ",\"token\":\"" TOKEN "\"", NULL},
        {URL ",\"token\":\"" TOKEN "\",\"status\":\"\"", NULL},
        {URL ",\"token\":\"" TOKEN "\",\"status\":\"processing\"", NULL},
        {URL ",\"token\":\"" TOKEN "\",\"error\":\"\"", NULL},
        {URL ",\"token\":\"" TOKEN "\",\"error\":[],\"validated\":\"\"", NULL},
        {",\"status\":\"valid\"", NULL},
        {",\"status\":\"invalid\"", NULL},
        {URL ",\"token\":\"" TOKEN "\",\"status\":\"ready\"", "status"},
        {URL ",\"token\":\"" TOKEN "\",\"status\":7", "status"},
        {",\"token\":\"" TOKEN "\"", "url"},
        {",\"url\":\"http:/\",\"token\":\"" TOKEN "\"", "url"},
        {URL, "token"},
        {URL ",\"token\":7", "token"},
        {URL ",\"token\":\"short\"", "token"},
        {URL ",\"token\":\"../../../../etc/passwd\"", "token"},
        {URL ",\"token\":\"0123456789abcde=\"", "token"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_authz_t *authz;
        const char *fault;
        const char *text = apr_psprintf(
            *state, WITH("{\"type\":\"dns-01\"%s}," HTTP), cases[i].members);

        assert_int_equal(read_text(&authz, text, &problem, *state), 0);
        fault = challenge_at(authz, 0)->fault;
        assert_null(challenge_at(authz, 1)->fault);
        if (!cases[i].named != !fault
            || (fault && !strstr(fault, cases[i].named))) {
            fail_msg("%s: %s", text, fault);
        }
    }
}

/* Puts the value where the form has an @. */
static const char *put(const char *form, const char *value, apr_pool_t *p)
{
    const char *at = strchr(form, '@');

    return apr_pstrcat(p, apr_pstrmemdup(p, form, (apr_size_t)(at - form)),
                       value, at + 1, NULL);
}

/* Each other status, with nothing else, and with members in any form. */
static void only_a_pending_one_needs_anything(void **state)
{
    static const char *const statuses[] = {
        "valid", "invalid", "deactivated", "expired", "revoked",
    };
    static const char *const members[] = {
        "\"identifier\":@",
        "\"identifier\":{\"type\":\"dns\",\"value\":@}",
        "\"identifier\":{\"type\":@,\"value\":\"example.org\"}",
        "\"wildcard\":@",
        "\"expires\":@",
        "\"challenges\":@",
        "\"challenges\":[@]",
        "\"challenges\":[{\"type\":@}]",
        "\"challenges\":[{\"type\":\"http-01\",\"status\":@}]",
        "\"challenges\":[{\"type\":\"http-01\",\"token\":@}]",
        "\"challenges\":[{\"type\":\"http-01\",\"url\":@}]",
        "\"challenges\":[{\"type\":\"http-01\",\"error\":@}]",
    };
    static const char *const values[] = {
        "null", "\"\"", "7", "true", "[]", "[7]", "{}", "\"..\"",
    };
    size_t i, j, k;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); ++i) {
        for (j = 0; j < sizeof(members) / sizeof(members[0]); ++j) {
            for (k = 0; k < sizeof(values) / sizeof(values[0]); ++k) {
                acme_problem_t problem = ACME_PROBLEM_INIT;
                acme_authz_t *authz;
                const char *text = put(members[j], values[k], *state);

                text = apr_psprintf(*state, "{\"status\":\"%s\",%s}",
                                    statuses[i], text);
                if (read_text(&authz, text, &problem, *state) != 0) {
                    fail_msg("%s: %s", text, problem.detail);
                }
                assert_non_null(authz->challenges);
                acme_authz_failure(&problem, authz, *state);
                assert_non_null(problem.detail);
                assert_int_equal(problem.subproblems->nelts, 1);
            }
        }
    }
}

static void tokens_and_challenges_are_bounded(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_authz_t *authz;
    char token[258];
    const char *list = HTTP;
    int i;

    memset(token, 'a', 257);
    token[257] = '\0';
    for (i = 0; i < 2; ++i) {
        assert_int_equal(
            read_text(&authz,
                      apr_psprintf(*state,
                                   WITH("{\"type\":\"http-01\",\"status\":"
                                        "\"pending\",\"url\":\"https://c/h\","
                                        "\"token\":\"%s\"}"),
                                   token),
                      &problem, *state),
            0);
        assert_int_equal(challenge_at(authz, 0)->fault != NULL, i == 0);
        token[256] = '\0';
    }
    for (i = 0; i < 50; ++i) {
        list = apr_pstrcat(*state, list, "," HTTP, NULL);
    }
    assert_int_equal(read_text(&authz, apr_psprintf(*state, WITH("%s"), list),
                               &problem, *state),
                     APR_EINVAL);
    assert_non_null(strstr(problem.detail, "51 challenges"));
}

static void a_failure_is_the_challenges_error(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_subproblem_t *sub;
    acme_authz_t *authz;

    assert_int_equal(
        read_text(&authz,
                  "{\"status\":\"invalid\"," NAME ",\"wildcard\":true,"
                  "\"challenges\":[" HTTP ",{\"type\":\"dns-01\",\"url\":"
                  "\"https://c/d\",\"token\":\"" TOKEN "\",\"status\":"
                  "\"invalid\",\"error\":{\"type\":\"urn:ietf:params:acme:"
                  "error:dns\",\"detail\":\"NXDOMAIN\"}}]}",
                  &problem, *state),
        0);
    acme_authz_failure(&problem, authz, *state);
    assert_true(acme_problem_is(&problem, "dns"));
    assert_string_equal(problem.detail, "NXDOMAIN");
    assert_int_not_equal(problem.rv, APR_SUCCESS);
    assert_int_equal(problem.subproblems->nelts, 1);
    sub = &APR_ARRAY_IDX(problem.subproblems, 0, acme_subproblem_t);
    assert_string_equal(sub->identifier, "*.example.org");
    assert_string_equal(sub->detail, "NXDOMAIN");
}

static void a_failure_is_told_by_a_mere_text(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_authz_t *authz;

    assert_int_equal(read_text(&authz,
                               "{\"status\":\"invalid\"," NAME
                               ",\"challenges\":[{\"type\":"
                               "\"http-01\",\"status\":\"invalid\",\"error\":"
                               "\"connection refused\"}]}",
                               &problem, *state),
                     0);
    acme_authz_failure(&problem, authz, *state);
    assert_string_equal(problem.detail, "connection refused");
    assert_string_equal(problem.type, ACME_PROBLEM_REFUSED);
}

static void a_failure_without_a_reason_is_not_empty(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_authz_t *authz;

    assert_int_equal(
        read_text(&authz, "{\"status\":\"revoked\"," NAME "," CHALLENGES "}",
                  &problem, *state),
        0);
    acme_authz_failure(&problem, authz, *state);
    assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
    assert_non_null(strstr(problem.detail, "example.org"));
    assert_non_null(strstr(problem.detail, "revoked"));
    assert_int_equal(problem.subproblems->nelts, 1);
}

ACME_T_MAIN(ACME_T(each_status_is_read),
            ACME_T(names_are_canonical_and_wildcards_known),
            ACME_T(unknown_types_may_look_as_they_like),
            ACME_T(a_bad_authorization_is_a_problem_that_names_the_member),
            ACME_T(a_challenge_that_cannot_be_met_has_a_fault),
            ACME_T(only_a_pending_one_needs_anything),
            ACME_T(tokens_and_challenges_are_bounded),
            ACME_T(a_failure_is_the_challenges_error),
            ACME_T(a_failure_is_told_by_a_mere_text),
            ACME_T(a_failure_without_a_reason_is_not_empty))
