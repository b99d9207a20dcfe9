/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_directory.h"

#define URLS                                                       \
    "\"newNonce\":\"https://c/n\",\"newAccount\":\"https://c/a\"," \
    "\"newOrder\":\"https://c/o\""

static apr_status_t read_text(acme_directory_t **directory, const char *text,
                              acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    return acme_directory_read(directory, json, problem, p);
}

static void a_whole_directory_is_read(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_directory_t *directory;

    assert_int_equal(
        read_text(&directory,
                  "{" URLS ",\"revokeCert\":\"https://c/r\",\"keyChange\":"
                  "\"https://c/k\",\"renewalInfo\":\"https://c/i\",\"x\":[1],"
                  "\"meta\":{\"termsOfService\":\"http://c/terms\",\"website\":"
                  "\"http://c/\",\"externalAccountRequired\":true,\"y\":2}}",
                  &problem, *state),
        0);
    assert_string_equal(directory->new_nonce, "https://c/n");
    assert_string_equal(directory->new_account, "https://c/a");
    assert_string_equal(directory->new_order, "https://c/o");
    assert_string_equal(directory->revoke_cert, "https://c/r");
    assert_string_equal(directory->key_change, "https://c/k");
    assert_string_equal(directory->renewal_info, "https://c/i");
    assert_string_equal(directory->terms, "http://c/terms");
    assert_string_equal(directory->website, "http://c/");
    assert_true(directory->account_required);
}

static void profiles_are_offered_by_name(void **state)
{
    static const struct {
        const char *meta;
        int count;
    } cases[] = {
        {"{\"profiles\":{\"classic\":\"as ever\",\"shortlived\":\"6 d\"}}", 2},
        {"{\"profiles\":{}}", 0},
        {"{\"profiles\":[\"classic\"]}", 0},
        {"{\"profiles\":null}", 0},
        {"{}", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_directory_t *directory;

        assert_int_equal(read_text(&directory,
                                   apr_pstrcat(*state, "{" URLS ",\"meta\":",
                                               cases[i].meta, "}", NULL),
                                   &problem, *state),
                         0);
        assert_int_equal(directory->profiles->nelts, cases[i].count);
        assert_int_equal(acme_directory_has_profile(directory, "shortlived"),
                         cases[i].count == 2);
        assert_false(acme_directory_has_profile(directory, "short"));
    }
}

static void a_bare_directory_is_enough(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_directory_t *directory;

    assert_int_equal(read_text(&directory, "{" URLS "}", &problem, *state), 0);
    assert_int_equal(directory->profiles->nelts, 0);
    assert_null(directory->renewal_info);
    assert_null(directory->terms);
    assert_false(directory->account_required);
}

static void a_bad_directory_is_a_problem_that_names_the_member(void **state)
{
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"[]", "JSON object"},
        {"{}", "newNonce"},
        {"{\"newNonce\":\"https://c/n\",\"newAccount\":\"https://c/a\"}",
         "newOrder"},
        {"{\"newNonce\":\"http://c/n\",\"newAccount\":\"https://c/a\","
         "\"newOrder\":\"https://c/o\"}",
         "newNonce"},
        {"{\"newNonce\":[],\"newAccount\":\"https://c/a\","
         "\"newOrder\":\"https://c/o\"}",
         "newNonce"},
        {"{\"newNonce\":\"https://c/n\",\"newAccount\":\"/a\","
         "\"newOrder\":\"https://c/o\"}",
         "newAccount"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_directory_t *directory = NULL;

        assert_int_equal(read_text(&directory, cases[i].text, &problem, *state),
                         APR_EINVAL);
        assert_null(directory);
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
        if (!strstr(problem.detail, cases[i].named)) {
            fail_msg("%s: %s", cases[i].text, problem.detail);
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

static void what_is_optional_and_unusable_is_absent(void **state)
{
    static const char *const members[] = {
        "\"revokeCert\":@",
        "\"keyChange\":@",
        "\"renewalInfo\":@",
        "\"newAuthz\":@",
        "\"meta\":@",
        "\"meta\":{\"termsOfService\":@}",
        "\"meta\":{\"website\":@}",
        "\"meta\":{\"externalAccountRequired\":@}",
        "\"meta\":{\"caaIdentities\":@}",
        "\"meta\":{\"profiles\":@}",
    };
    static const char *const values[] = {
        "null", "\"\"", "7", "[]", "[[]]", "{}", "{\"x\":0}",
    };
    size_t i, k;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        for (k = 0; k < sizeof(values) / sizeof(values[0]); ++k) {
            acme_problem_t problem = ACME_PROBLEM_INIT;
            acme_directory_t *directory = NULL;
            const char *text = put(members[i], values[k], *state);

            text = apr_pstrcat(*state, "{" URLS ",", text, "}", NULL);
            if (read_text(&directory, text, &problem, *state) != 0) {
                fail_msg("%s: %s", text, problem.detail);
            }
            assert_null(directory->revoke_cert);
            assert_null(directory->key_change);
            assert_null(directory->renewal_info);
            assert_null(directory->terms);
            assert_null(directory->website);
            assert_false(directory->account_required);
        }
    }
}

static void a_strange_caa_identity_is_left_out(void **state)
{
    static const struct {
        const char *ca_accounts;
        const char *kept; /* NULL: no member */
    } cases[] = {
        {"[\"internal-ca\"]", NULL},
        {"[\"internal-ca\",\"CA.test\"]", "ca.test"},
        {"[\"\",\"ca.test\",\"a b\",\".\",\"::g\"]", "ca.test"},
        {"[\"https://ca.test/\"]", NULL},
        {"[7,null,{}]", NULL},
        {"[7,\"ca.test\"]", "ca.test"},
        {"\"ca.test\"", NULL},
        {"null", NULL},
        {"[]", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_directory_t *directory;
        const char *text = apr_pstrcat(*state,
                                       "{" URLS ",\"meta\":{"
                                       "\"caaIdentities\":",
                                       cases[i].ca_accounts, "}}", NULL);

        assert_int_equal(read_text(&directory, text, &problem, *state), 0);
        assert_int_equal(directory->caa->nelts, cases[i].kept ? 1 : 0);
        if (cases[i].kept) {
            assert_string_equal(APR_ARRAY_IDX(directory->caa, 0, const char *),
                                cases[i].kept);
        }
    }
}

static void no_json_is_a_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_directory_t *directory;

    assert_int_equal(acme_directory_read(&directory, NULL, &problem, *state),
                     APR_EINVAL);
    assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
}

ACME_T_MAIN(ACME_T(profiles_are_offered_by_name),
            ACME_T(a_whole_directory_is_read),
            ACME_T(a_bare_directory_is_enough),
            ACME_T(a_bad_directory_is_a_problem_that_names_the_member),
            ACME_T(what_is_optional_and_unusable_is_absent),
            ACME_T(a_strange_caa_identity_is_left_out),
            ACME_T(no_json_is_a_problem))
