/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_challenge.h"

typedef struct offer_t {
    const char *type;
    acme_challenge_status_e status;
} offer_t;

static acme_authz_t *authz_of(const offer_t *offers, int n, apr_pool_t *p)
{
    acme_authz_t *authz = apr_pcalloc(p, sizeof(*authz));
    int i;

    authz->identifier = "example.org";
    authz->challenges = apr_array_make(p, 3, sizeof(acme_authz_challenge_t));
    for (i = 0; i < n; ++i) {
        acme_authz_challenge_t *challenge = apr_array_push(authz->challenges);

        memset(challenge, 0, sizeof(*challenge));
        challenge->type = offers[i].type;
        challenge->status = offers[i].status;
    }
    return authz;
}

static apr_array_header_t *types_of(const char *first, const char *second,
                                    apr_pool_t *p)
{
    apr_array_header_t *types = apr_array_make(p, 2, sizeof(const char *));

    if (first) {
        APR_ARRAY_PUSH(types, const char *) = first;
    }
    if (second) {
        APR_ARRAY_PUSH(types, const char *) = second;
    }
    return types;
}

static void our_order_of_preference_decides(void **state)
{
    static const offer_t offers[] = {{"dns-01", ACME_CHALLENGE_PENDING},
                                     {"odd-1", ACME_CHALLENGE_PENDING},
                                     {"http-01", ACME_CHALLENGE_PROCESSING},
                                     {"tls-alpn-01", ACME_CHALLENGE_PENDING}};
    acme_authz_t *authz = authz_of(offers, 4, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_string_equal(
        acme_challenge_choose(authz, types_of("http-01", "tls-alpn-01", *state),
                              NULL, &problem, *state)
            ->type,
        "http-01");
    assert_string_equal(
        acme_challenge_choose(authz, types_of("tls-alpn-01", "http-01", *state),
                              NULL, &problem, *state)
            ->type,
        "tls-alpn-01");
}

static void what_failed_is_not_chosen_again(void **state)
{
    static const offer_t offers[] = {{"http-01", ACME_CHALLENGE_INVALID},
                                     {"tls-alpn-01", ACME_CHALLENGE_PENDING}};
    acme_authz_t *authz = authz_of(offers, 2, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_string_equal(
        acme_challenge_choose(authz, types_of("http-01", "tls-alpn-01", *state),
                              NULL, &problem, *state)
            ->type,
        "tls-alpn-01");
    assert_null(acme_challenge_choose(authz, types_of("http-01", NULL, *state),
                                      NULL, &problem, *state));
    assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
    assert_non_null(strstr(problem.detail, "http-01 (failed), tls-alpn-01"));
}

static void nothing_that_fits_names_what_was_offered(void **state)
{
    static const offer_t offers[] = {{"dns-01", ACME_CHALLENGE_PENDING},
                                     {"odd-1", ACME_CHALLENGE_PENDING}};
    acme_authz_t *authz = authz_of(offers, 2, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    authz->wildcard = 1;
    assert_null(acme_challenge_choose(
        authz, types_of("http-01", "odd-1", *state), NULL, &problem, *state));
    assert_string_equal(problem.type, ACME_PROBLEM_CONFIG);
    assert_int_equal(problem.retry, ACME_RETRY_CONFIG);
    assert_non_null(strstr(problem.detail, "*.example.org"));
    assert_non_null(strstr(problem.detail, "dns-01, odd-1"));
}

static void each_type_has_its_reason(void **state)
{
    static const offer_t offers[] = {{"dns-01", ACME_CHALLENGE_PENDING},
                                     {"http-01", ACME_CHALLENGE_INVALID}};
    acme_authz_t *authz = authz_of(offers, 2, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_null(acme_challenge_choose(
        authz, types_of("http-01", "tls-alpn-01", *state),
        types_of("odd-1: nothing listens", NULL, *state), &problem, *state));
    assert_string_equal(
        problem.detail,
        "example.org: the CA offers dns-01, http-01 (failed), and this server "
        "can meet http-01,tls-alpn-01 (http-01: it has failed in this order; "
        "tls-alpn-01: the CA does not offer it; odd-1: nothing listens)");
    assert_null(acme_challenge_choose(
        authz, types_of(NULL, NULL, *state),
        types_of("http-01: nothing listens", NULL, *state), &problem, *state));
    assert_non_null(strstr(problem.detail, "none (http-01: nothing listens)"));
}

static void nothing_at_all_is_no_crash(void **state)
{
    acme_authz_t *authz = authz_of(NULL, 0, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_null(acme_challenge_choose(authz, types_of(NULL, NULL, *state), NULL,
                                      &problem, *state));
    assert_non_null(problem.detail);
}

ACME_T_MAIN(ACME_T(our_order_of_preference_decides),
            ACME_T(what_failed_is_not_chosen_again),
            ACME_T(nothing_that_fits_names_what_was_offered),
            ACME_T(each_type_has_its_reason),
            ACME_T(nothing_at_all_is_no_crash))
