/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_job_look.h"

static acme_json_t *parse(const char *text, apr_pool_t *p)
{
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    return json;
}

static void all_of_it_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_job_look_t look = {0}, *read;

    look.when = ACME_T_NOW;
    look.digest = "d";
    look.text = "it is closed";
    look.to_fix = "open it";
    look.faults = parse("[{\"check\":\"port\"}]", p);
    look.refuted = 1;
    look.held = ACME_T_NOW - 1;
    read = acme_job_look_from_json(
        acme_job_look_to_json(acme_job_look_dup(&look, p), p), p);
    assert_int_equal(read->when, look.when);
    assert_string_equal(read->digest, "d");
    assert_string_equal(read->text, "it is closed");
    assert_string_equal(read->to_fix, "open it");
    assert_int_equal(acme_json_count(read->faults), 1);
    assert_int_equal(read->forbids, 0);
    assert_int_equal(read->refuted, 1);
    assert_int_equal(read->held, ACME_T_NOW - 1);
}

static void a_damaged_one_is_none(void **state)
{
    static const char *const damaged[] = {
        "{}", "[]", "{\"when\":1,\"digest\":\"d\"}",
        "{\"when\":\"2030-01-01T00:00:00Z\"}",
        "{\"when\":\"2030-01-01T00:00:00Z\",\"digest\":7}"};
    size_t i;

    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); ++i) {
        assert_null(acme_job_look_from_json(parse(damaged[i], *state), *state));
    }
}

ACME_T_MAIN(ACME_T(all_of_it_comes_back), ACME_T(a_damaged_one_is_none))
