/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_problem_type.h"

static void every_type_of_our_own_has_advice(void **state)
{
    static const char *const types[] = {
        ACME_PROBLEM_NETWORK, ACME_PROBLEM_PROTOCOL, ACME_PROBLEM_STORE,
        ACME_PROBLEM_CRYPTO,  ACME_PROBLEM_CONFIG,   ACME_PROBLEM_TIMEOUT,
        ACME_PROBLEM_STOPPED, ACME_PROBLEM_CRASH,    ACME_PROBLEM_CERTIFICATE,
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        const acme_problem_type_t *row = acme_problem_type_find(types[i]);

        assert_non_null(row);
        assert_string_equal(row->name, acme_problem_type_local(types[i]));
        assert_non_null(row->to_fix);
        assert_null(acme_problem_type_acme(types[i]));
    }
}

static void finds_a_type_by_its_whole_urn_only(void **state)
{
    static const char *const unknown[] = {
        "",
        "badNonce",
        "about:blank",
        ACME_PROBLEM_URN,
        ACME_PROBLEM_LOCAL,
        ACME_PROBLEM_URN "badNonc",
        ACME_PROBLEM_URN "badNonces",
        ACME_PROBLEM_URN "BADNONCE",
        ACME_PROBLEM_URN "stopped",
        ACME_PROBLEM_LOCAL "badNonce",
        "x" ACME_PROBLEM_URN "badNonce",
        "urn:ietf:params:acme:error",
    };
    const acme_problem_type_t *row;
    size_t i;

    (void)state;
    row = acme_problem_type_find(ACME_PROBLEM_URN "badNonce");
    assert_non_null(row);
    assert_string_equal(row->name, "badNonce");
    assert_int_equal(row->retry, ACME_RETRY_NOW);
    for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); ++i) {
        if (acme_problem_type_find(unknown[i])) {
            fail_msg("found: %s", unknown[i]);
        }
    }
}

static void takes_the_prefix_off(void **state)
{
    (void)state;
    assert_string_equal(acme_problem_type_acme(ACME_PROBLEM_URN "x"), "x");
    assert_string_equal(acme_problem_type_acme(ACME_PROBLEM_URN), "");
    assert_null(acme_problem_type_acme("x"));
    assert_null(acme_problem_type_acme(ACME_PROBLEM_LOCAL "x"));
    assert_string_equal(acme_problem_type_local(ACME_PROBLEM_LOCAL "x"), "x");
    assert_null(acme_problem_type_local(ACME_PROBLEM_URN "x"));
}

static void retry_classes_are_found_by_their_names(void **state)
{
    static const char *const names[] = {"now",    "later",     "backoff",
                                        "config", "permanent", "internal"};
    acme_retry_e retry = ACME_RETRY_NOW;
    int i;

    (void)state;
    for (i = ACME_RETRY_NOW; i <= ACME_RETRY_INTERNAL; ++i) {
        assert_string_equal(acme_problem_type_retry_name((acme_retry_e)i),
                            names[i]);
        assert_true(acme_problem_type_retry_find(&retry, names[i]));
        assert_int_equal(retry, i);
    }
    assert_string_equal(acme_problem_type_retry_name((acme_retry_e)77),
                        "unknown");
    assert_false(acme_problem_type_retry_find(&retry, "unknown"));
    assert_false(acme_problem_type_retry_find(&retry, ""));
    assert_false(acme_problem_type_retry_find(&retry, "Now"));
    assert_int_equal(retry, ACME_RETRY_INTERNAL);
}

static void a_type_is_known_in_other_spellings(void **state)
{
    static const char *const cases[][2] = {
        {ACME_PROBLEM_URN "badNonce", ACME_PROBLEM_URN "badNonce"},
        {"urn:acme:error:badNonce", ACME_PROBLEM_URN "badNonce"},
        {"URN:IETF:params:acme:error:BADNONCE", ACME_PROBLEM_URN "badNonce"},
        {"urn:acme:error:ratelimited", ACME_PROBLEM_URN "rateLimited"},
        {"urn:acme:error:special", ACME_PROBLEM_URN "special"},
        {"badNonce", "badNonce"},
        {"https://ca.test/badNonce", "https://ca.test/badNonce"},
        {ACME_PROBLEM_CONFIG, ACME_PROBLEM_CONFIG},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(acme_problem_type_canonical(cases[i][0], *state),
                            cases[i][1]);
    }
}

ACME_T_MAIN(ACME_T(every_type_of_our_own_has_advice),
            ACME_T(finds_a_type_by_its_whole_urn_only),
            ACME_T(takes_the_prefix_off),
            ACME_T(retry_classes_are_found_by_their_names),
            ACME_T(a_type_is_known_in_other_spellings))
