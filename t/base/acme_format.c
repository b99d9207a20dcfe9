/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_format.h"

static apr_status_t check(const char *text, acme_problem_t *problem,
                          apr_pool_t *p)
{
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p),
                     APR_SUCCESS);
    return acme_format_check(json, 2, "the job of a.example", problem, p);
}

static void what_is_known_is_read(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *json = acme_json_object(p);

    assert_int_equal(check("{}", NULL, p), APR_SUCCESS);
    assert_int_equal(check("{\"format\":1}", NULL, p), APR_SUCCESS);
    assert_int_equal(check("{\"format\":2}", NULL, p), APR_SUCCESS);
    acme_format_set(json, 2);
    assert_string_equal(acme_json_print(json, 0, p), "{\"format\":2}");
}

static void what_is_newer_is_refused_with_what_to_do(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(check("{\"format\":3}", &problem, p), APR_ENOTIMPL);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_string_equal(problem.detail,
                        "the job of a.example was written by a newer version "
                        "of mod_acme (format 3, this version reads up to 2)");
    assert_string_equal(problem.to_fix,
                        "use that version of mod_acme again, or a newer one");
    assert_int_equal(check("{\"format\":9007199254740993}", NULL, p),
                     APR_ENOTIMPL);
}

static void what_is_no_number_is_damaged(void **state)
{
    static const char *const texts[] = {
        "{\"format\":0}",    "{\"format\":-1}",  "{\"format\":\"1\"}",
        "{\"format\":true}", "{\"format\":[1]}", "{\"format\":1.5}",
        "{\"format\":{}}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        assert_int_equal(check(texts[i], &problem, *state), APR_EINVAL);
        assert_null(problem.detail);
    }
}

ACME_T_MAIN(ACME_T(what_is_known_is_read),
            ACME_T(what_is_newer_is_refused_with_what_to_do),
            ACME_T(what_is_no_number_is_damaged))
