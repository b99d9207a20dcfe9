/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"
#include "world.h"

#include "acme_ctl_result.h"

static void an_outcome_is_that_of_its_request(void **state)
{
    world_t *w = world_create(*state);
    acme_ctl_request_t request = {
        .what = ACME_CTL_ROLLOVER, .name = "account", .id = "1"};
    acme_ctl_result_t result;

    assert_int_equal(acme_ctl_result_get(&result, w->vault, &request, w->p),
                     APR_ENOENT);
    assert_int_equal(acme_ctl_result_note(w->vault, &request,
                                          "https://ca.test/1", NULL, NULL,
                                          w->p),
                     0);
    assert_int_equal(acme_ctl_result_get(&result, w->vault, &request, w->p), 0);
    assert_string_equal(result.url, "https://ca.test/1");
    assert_null(result.problem);
    request.id = "2";
    assert_int_equal(acme_ctl_result_get(&result, w->vault, &request, w->p),
                     APR_ENOENT);
    request.id = "1";
    request.what = ACME_CTL_DEACTIVATE;
    assert_int_equal(acme_ctl_result_get(&result, w->vault, &request, w->p),
                     APR_ENOENT);
}

static void a_failure_keeps_its_words(void **state)
{
    world_t *w = world_create(*state);
    acme_ctl_request_t request = {
        .what = ACME_CTL_RECOVER, .name = "account", .id = "1"};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ctl_result_t result;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, w->p, "nobody is there");
    assert_int_equal(
        acme_ctl_result_note(w->vault, &request, NULL, &problem, NULL, w->p),
        0);
    assert_int_equal(acme_ctl_result_get(&result, w->vault, &request, w->p), 0);
    assert_string_equal(result.problem->detail, "nobody is there");
    assert_string_equal(result.problem->type, ACME_PROBLEM_NETWORK);
    assert_null(result.url);
}

static void what_is_damaged_is_none(void **state)
{
    static const char *const notes[] = {"[]", "{}", "{\"request\":1}",
                                        "no JSON",
                                        "{\"request\":\"1\",\"problem\":7}"};
    world_t *w = world_create(*state);
    acme_ctl_request_t request = {
        .what = ACME_CTL_RECOVER, .name = "account", .id = "1"};
    acme_ctl_result_t result;
    int i;

    for (i = 0; i < 5; ++i) {
        acme_t_put(w->vault, ACME_STORE_NOTES, "recover account", notes[i],
                   w->p);
        assert_int_not_equal(
            acme_ctl_result_get(&result, w->vault, &request, w->p), 0);
    }
}

static void only_what_is_about_accounts_is_one(void **state)
{
    acme_ctl_request_t request = {.what = ACME_CTL_RENEW};

    (void)state;
    assert_false(acme_ctl_result_is_kept(&request));
    request.what = ACME_CTL_SIGN;
    assert_false(acme_ctl_result_is_kept(&request));
    request.what = ACME_CTL_ACCOUNT;
    assert_false(acme_ctl_result_is_kept(&request));
    request.what = ACME_CTL_ROLLOVER;
    assert_true(acme_ctl_result_is_kept(&request));
}

ACME_T_MAIN(ACME_T(an_outcome_is_that_of_its_request),
            ACME_T(a_failure_keeps_its_words), ACME_T(what_is_damaged_is_none),
            ACME_T(only_what_is_about_accounts_is_one))
