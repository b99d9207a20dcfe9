/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_client_answer.h"

static apr_status_t read_answer(acme_answer_t *answer, acme_problem_t *problem,
                                int status, const char *body, const char *link,
                                apr_pool_t *p)
{
    static const acme_http_request_t request = {.method = "POST",
                                                .url = "https://ca.test/order"};
    acme_http_response_t response;

    memset(&response, 0, sizeof(response));
    response.status = status;
    response.headers = apr_table_make(p, 2);
    response.body = body;
    response.body_len = strlen(body);
    response.p = p;
    apr_table_set(response.headers, "Content-Type",
                  "application/problem+json; charset=utf-8");
    if (link) {
        apr_table_set(response.headers, "Link", link);
    }
    return acme_client_answer(answer, &response, &request, problem);
}

/* RFC 8555 7.3.3 */
static void changed_terms_say_where_to_go(void **state)
{
    static const struct {
        const char *instance; /* begins with a comma */
        const char *link;
        const char *where, *fix;
    } cases[] = {
        {",\"instance\":\"https://ca.test/agree?a\"",
         "<https://ca.test/v2>;rel=\"terms-of-service\"",
         "https://ca.test/agree?a", "(https://ca.test/v2)"},
        {",\"instance\":\"https://ca.test/agree?a\"", NULL,
         "https://ca.test/agree?a", "acmectl renew"},
        {"",
         "<https://ca.test/dir>; rel=\"index\", <https://ca.test/v2>; "
         "rel=\"terms-of-service\"",
         "https://ca.test/v2", "open https://ca.test/v2"},
        {",\"instance\":\"/agree#now\"", NULL, "https://ca.test/agree",
         "open https://ca.test/agree"},
        {",\"instance\":\"javascript:x\"", NULL, NULL, "page that the CA"},
        {"", "<http://ca.test/v2>; rel=\"terms-of-service\"", NULL,
         "page that the CA"},
        {"", "<https://ca.test/v2", NULL, "page that the CA"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_answer_t answer;

        assert_int_not_equal(
            read_answer(
                &answer, &problem, 403,
                apr_psprintf(*state,
                             "{\"type\":\"urn:ietf:params:acme:error:"
                             "userActionRequired\",\"detail\":\"new\"%s}",
                             cases[i].instance),
                cases[i].link, *state),
            APR_SUCCESS);
        if (cases[i].where) {
            assert_string_equal(problem.instance, cases[i].where);
        }
        else {
            assert_null(problem.instance);
        }
        assert_non_null(strstr(problem.to_fix, cases[i].fix));
    }
}

static void links_are_read_by_their_relation(void **state)
{
    static const struct {
        const char *link;
        const char *urls;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"<https://a/1>;rel=\"alternate\"", "https://a/1"},
        {"<https://a/1>;rel=alternate, <https://a/2>; rel=\"alternate\"",
         "https://a/1 https://a/2"},
        {"<https://a/1>;rel=\"up\", <https://a/2>;rel=\"alternate\"",
         "https://a/2"},
        {"<https://a/1>;rel=\"alternate\", <https://a/2>;rel=\"alternate\", "
         "<https://a/3>;rel=\"alternate\"",
         "https://a/1 https://a/2"},
        {"<http://a/1>;rel=\"alternate\"", ""},
        {"</relative>;rel=\"alternate\"", "https://ca.test/relative"},
        {"<https://a/1;rel=\"alternate\"", ""},
        {"https://a/1;rel=\"alternate\"", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_answer_t answer;

        (void)read_answer(&answer, &problem, 400, "{}", cases[i].link, *state);
        assert_string_equal(
            apr_array_pstrcat(
                *state,
                acme_client_answer_links(&answer, "alternate", 2, *state), ' '),
            cases[i].urls);
    }
}

static void read_as(acme_answer_t *answer, acme_problem_t *problem, int status,
                    const char *type, const char *body, apr_pool_t *p)
{
    static const acme_http_request_t request = {
        .method = "POST", .url = "https://ca.test/a/order"};
    acme_http_response_t response;

    memset(&response, 0, sizeof(response));
    response.status = status;
    response.headers = apr_table_make(p, 2);
    apr_table_set(response.headers, "Content-Type", type);
    apr_table_set(response.headers, "Location", "../b/7#x");
    response.body = body;
    response.body_len = strlen(body);
    response.p = p;
    (void)acme_client_answer(answer, &response, &request, problem);
}

static void a_body_that_should_not_be_is_described(void **state)
{
    static const struct {
        const char *type;
        const char *body;
        const char *what;
    } cases[] = {
        {"text/html", "", "nothing"},
        {"text/html; charset=x", "<p>hello\n <b>all</b> ",
         "a web page, \"hello all\""},
        {"application/xml", "<Error><Code>Denied</Code></Error>",
         "a web page, \"Denied\""},
        {"text/html", "<HTML><Title lang=en>\n Sign\tin\n </title>",
         "a web page, \"Sign\tin\""},
        {"text/plain", " <!doctype html><title>Oops</title>",
         "a web page, \"Oops\""},
        {"text/html", "<title>", "a web page"},
        {"text/html", "<title", "a web page"},
        {"text/plain", "\n quota exceeded\nask us\n",
         "a text, \"quota exceeded\""},
        {"text/xml", "quota", "a text, \"quota\""},
        {"application/json", "{\"Message\": \"no licence\"}",
         "the JSON {\"Message\":\"no licence\"}"},
        {"application/json", "{\"a\":gr\xfc}",
         "application/json, which is no valid JSON: it is not UTF-8 (line 1"},
        {"application/pdf", "%PDF",
         "application/pdf, which is no valid JSON: the syntax is wrong"},
        {"", "{\"a\":1e999}",
         "something, which is no valid JSON: a number is too large"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_answer_t answer;
        const char *what;

        read_as(&answer, &problem, 403, cases[i].type, cases[i].body, *state);
        what = acme_client_answer_body(&answer, *state);
        /* The place follows where it is no JSON, as the parser counts it. */
        if (answer.json_error && strstr(what, answer.json_error)) {
            assert_int_equal(
                strncmp(what, cases[i].what, strlen(cases[i].what)), 0);
        }
        else {
            assert_string_equal(what, cases[i].what);
        }
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        assert_string_equal(
            problem.detail,
            apr_pstrcat(*state,
                        "the CA answered with status 403 and no explanation; "
                        "to POST https://ca.test/a/order came ",
                        what, NULL));
    }
}

static void the_cas_words_are_shown_in_any_form(void **state)
{
    static const struct {
        const char *body;
        const char *type;
        const char *detail;
    } cases[] = {
        {"{\"status\":403,\"detail\":\"no quota\"}", ACME_PROBLEM_REFUSED,
         "no quota"},
        {"{\"message\":\"no quota\"}", ACME_PROBLEM_REFUSED, "no quota"},
        {"{\"error\":\"no quota\"}", ACME_PROBLEM_REFUSED, "no quota"},
        {"{\"error\":{\"code\":403,\"message\":\"no quota\"}}",
         ACME_PROBLEM_REFUSED, "no quota"},
        {"{\"type\":\"about:blank\",\"title\":\"no quota\"}",
         ACME_PROBLEM_REFUSED, "no quota"},
        {"{\"message\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\"}",
         ACME_PROBLEM_URN "caa", "no"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_answer_t answer;

        read_as(&answer, &problem, 403, "application/json", cases[i].body,
                *state);
        assert_string_equal(problem.detail, cases[i].detail);
        assert_string_equal(problem.type, cases[i].type);
        assert_int_equal(problem.status, 403);
    }
}

static void a_location_is_resolved_and_a_byte_order_mark_skipped(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *value;
    acme_answer_t answer;

    read_as(&answer, &problem, 201, "application/json",
            "\xef\xbb\xbf{\"a\":\"b\"}", *state);
    assert_string_equal(answer.location, "https://ca.test/b/7");
    assert_int_equal(acme_json_get_str(&value, answer.json, "a"), 0);
    assert_string_equal(value, "b");
}

static void a_redirect_is_not_followed_and_says_where_to(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_answer_t answer;

    read_as(&answer, &problem, 302, "text/html", "", *state);
    assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
    assert_non_null(strstr(problem.detail,
                           "https://ca.test/a/order came a redirect to "
                           "../b/7#x"));
}

static void an_unusable_answer_says_what_came(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_answer_t answer;

    read_as(&answer, &problem, 200, "text/plain", "busy", *state);
    problem.detail = "it is no order";
    acme_client_answer_blame(&problem, &answer, *state);
    assert_string_equal(problem.detail,
                        "it is no order; from https://ca.test/a/order came a "
                        "text, \"busy\"");
    answer.location = NULL;
    answer.url = NULL;
    problem.detail = "it is no order";
    acme_client_answer_blame(&problem, &answer, *state);
    assert_string_equal(problem.detail,
                        "it is no order; came a text, \"busy\", with the "
                        "Location ../b/7#x");
}

/* A member that is not used does not spoil the rest. */
static void members_that_are_not_used_may_be_odd(void **state)
{
    static const char *const bodies[] = {
        "{\"x\":1,\"x\":2,\"status\":\"ready\"}",
        "{\"status\":\"pending\",\"status\":\"ready\"}",
        "{\"serial\":123456789012345678901234567890,\"status\":\"ready\"}",
        "{\"x\":\"\\u0000\",\"status\":\"ready\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *status = NULL;
        acme_answer_t answer;

        read_as(&answer, &problem, 200, "application/json", bodies[i], *state);
        assert_int_equal(acme_json_get_str(&status, answer.json, "status"), 0);
        assert_string_equal(status, "ready");
        assert_null(answer.json_error);
    }
}

ACME_T_MAIN(ACME_T(changed_terms_say_where_to_go),
            ACME_T(links_are_read_by_their_relation),
            ACME_T(a_body_that_should_not_be_is_described),
            ACME_T(the_cas_words_are_shown_in_any_form),
            ACME_T(a_location_is_resolved_and_a_byte_order_mark_skipped),
            ACME_T(a_redirect_is_not_followed_and_says_where_to),
            ACME_T(an_unusable_answer_says_what_came),
            ACME_T(members_that_are_not_used_may_be_odd))
