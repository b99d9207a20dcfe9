/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_client_answer.h"

static apr_status_t read_answer(acme_answer_t *answer, acme_problem_t *problem,
                                int status, const char *body, const char *link,
                                apr_pool_t *p)
{
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
    return acme_client_answer(answer, &response, problem);
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
        {"</relative>;rel=\"alternate\"", ""},
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

ACME_T_MAIN(ACME_T(changed_terms_say_where_to_go),
            ACME_T(links_are_read_by_their_relation))
