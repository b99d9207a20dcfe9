/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_ratelimit_parse.h"

#define DOCS ": see https://letsencrypt.org/docs/rate-limits/"

static const char *read_words(const char *words, const char *subproblems,
                              apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    apr_array_header_t *limited;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *document;
    const char *text;
    int i;

    APR_ARRAY_PUSH(names, const char *) = "www.example.org";
    APR_ARRAY_PUSH(names, const char *) = "*.example.org";
    APR_ARRAY_PUSH(names, const char *) = "a.example.co.uk";
    APR_ARRAY_PUSH(names, const char *) = "192.0.2.1";
    document = acme_json_object(p);
    acme_json_set_str(document, "type",
                      "urn:ietf:params:acme:error:rateLimited");
    acme_json_set_str(document, "detail", words);
    text = acme_json_print(document, 0, p);
    text = apr_psprintf(p, "%.*s,\"subproblems\":[%s]}", (int)strlen(text) - 1,
                        text, subproblems);
    assert_int_equal(acme_json_parse(&document, text, strlen(text), NULL, p),
                     0);
    acme_problem_from_answer(&problem, 429, document, 0, p);
    limited = acme_ratelimit_parse_read(&problem, "me", names, p);
    text = "";
    for (i = 0; i < limited->nelts; ++i) {
        const acme_ratelimit_parse_t *one =
            &APR_ARRAY_IDX(limited, i, acme_ratelimit_parse_t);

        text = apr_pstrcat(p, text, i > 0 ? "; " : "",
                           acme_ratelimit_parse_name(one->what), " ", one->of,
                           NULL);
    }
    return text;
}

static void what_the_words_name(void **state)
{
    static const struct {
        const char *words;
        const char *meant;
    } cases[] = {
        /* the words of Boulder today */
        {"too many new orders (300) from this account in the last 3h0m0s, "
         "retry after 2026-01-01 00:00:36 UTC" DOCS "#new-orders-per-account",
         "account me"},
        {"too many certificates (50) already issued for \"example.org\" in the "
         "last 168h0m0s, retry after 2026-01-01 03:22:00 UTC" DOCS
         "#new-certificates-per-registered-domain",
         "domain example.org"},
        {"too many certificates (5) already issued for this exact set of "
         "identifiers in the last 168h0m0s, retry after 2026-01-01" DOCS
         "#new-certificates-per-exact-set-of-identifiers",
         "set *.example.org 192.0.2.1 a.example.co.uk www.example.org"},
        {"too many failed authorizations (5) for \"www.example.org\" in the "
         "last 1h0m0s, retry after 2026-01-01" DOCS
         "#authorization-failures-per-identifier-per-account",
         "name me www.example.org"},
        {"too many failed authorizations (5) for \"example.org\" in the last "
         "1h0m0s",
         "name me example.org"},
        /* its words before */
        {"Error creating new order :: too many certificates already issued "
         "for: Example.ORG" DOCS,
         "domain example.org"},
        {"Error creating new order :: too many certificates (5) already "
         "issued for this exact set of domains in the last 168 hours: "
         "www.example.org" DOCS,
         "set *.example.org 192.0.2.1 a.example.co.uk www.example.org"},
        {"too many new orders recently" DOCS, "account me"},
        /* its words when all addresses were the same */
        {"too many certificates already issued for \"example.org\". Retry "
         "after 2024-01-01T00:00:00Z" DOCS "#new-orders-per-account",
         "domain example.org"},
        {"too many failed authorizations recently" DOCS
         "#new-orders-per-account",
         ""},
        {"too many certificates (50) already issued for \"192.0.2.1\" in",
         "domain 192.0.2.1"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(read_words(cases[i].words, "", *state),
                            cases[i].meant);
    }
}

static void several_domains_are_in_the_subproblems(void **state)
{
    static const char words[] =
        "too many certificates already issued for multiple names "
        "(\"example.org\" and 3 others). Retry after 2024-01-01T00:00:00Z";

    assert_string_equal(
        read_words(
            words,
            "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
            "\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}},"
            "{\"type\":\"urn:ietf:params:acme:error:caa\","
            "\"identifier\":{\"type\":\"dns\",\"value\":\"www.example.org\"}},"
            "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
            "\"identifier\":{\"type\":\"dns\",\"value\":\"other.org\"}},"
            "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"},"
            "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
            "\"identifier\":{\"type\":\"dns\",\"value\":\"example.co.uk\"}}",
            *state),
        "domain example.org; domain example.co.uk");
}

static void what_is_not_understood_means_nobody_else(void **state)
{
    static const char *const words[] = {
        "",
        "slow down",
        "Too Many Requests",
        "Too many validation attempts during last hour",
        "Service busy; retry later",
        "your account has no more requests",
        "too many new registrations (10) from this IP address in the last 3h",
        "too many certificates (50) already issued for \"other.org\" in",
        "too many certificates (50) already issued for \"org\" in",
        "too many certificates (50) already issued for \"xample.org\" in",
        "too many certificates (50) already issued for \"sub.www.example.org\"",
        "too many certificates (50) already issued for \"2.1\" in",
        "too many certificates (50) already issued for",
        "too many certificates (50) already issued for \"\"",
        "too many certificates (50) already issued for \"....\"",
        "too many failed authorizations (5) for \"other.org\" in",
        "too many failed authorizations for ",
        "too many currently pending authorizations",
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        assert_string_equal(read_words(words[i], "", *state), "");
    }
}

static void only_a_limit_is_one(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(*state, 1, sizeof(char *));

    APR_ARRAY_PUSH(names, const char *) = "a.test";
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_LATER,
                     ACME_PROBLEM_URN "serverInternal", *state,
                     "too many new orders (300) from this account");
    problem.status = 503;
    assert_int_equal(
        acme_ratelimit_parse_read(&problem, "me", names, *state)->nelts, 0);
    problem.status = 429;
    assert_int_equal(
        acme_ratelimit_parse_read(&problem, "me", names, *state)->nelts, 1);
    problem.detail = NULL;
    assert_int_equal(
        acme_ratelimit_parse_read(&problem, "me", names, *state)->nelts, 0);
}

static void kinds_have_names(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < ACME_RATELIMIT_PARSE_KINDS; ++i) {
        assert_int_equal(
            acme_ratelimit_parse_find(acme_ratelimit_parse_name(i)), i);
    }
    assert_int_equal(acme_ratelimit_parse_find(""), ACME_RATELIMIT_PARSE_KINDS);
    assert_int_equal(acme_ratelimit_parse_find("site"),
                     ACME_RATELIMIT_PARSE_KINDS);
}

ACME_T_MAIN(ACME_T(what_the_words_name),
            ACME_T(several_domains_are_in_the_subproblems),
            ACME_T(what_is_not_understood_means_nobody_else),
            ACME_T(only_a_limit_is_one), ACME_T(kinds_have_names))
