/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_solver.h"
#include "acme_solver_http.h"

#define TOKEN "a-token-of-enough-length"

static void http_01_goes_to_its_solver(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_challenge_t challenge = {"http-01", "a.example", TOKEN, TOKEN ".x",
                                  NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *answer;

    assert_int_equal(
        acme_solver_present(vault, &challenge, ACME_T_NOW, &problem, p),
        APR_SUCCESS);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", TOKEN, p),
        APR_SUCCESS);
    assert_string_equal(answer, TOKEN ".x");
    assert_int_equal(acme_solver_cleanup(vault, &challenge, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", TOKEN, p),
        APR_ENOENT);
    assert_int_equal(acme_solver_cleanup(vault, &challenge, &problem, p),
                     APR_SUCCESS);
}

static void a_type_that_nobody_solves_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_challenge_t challenge = {"strange-99", "a.example", TOKEN, TOKEN,
                                  NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_solver_present(vault, &challenge, ACME_T_NOW, &problem, p),
        APR_ENOTIMPL);
    acme_t_contains(problem.detail, "strange-99");
    assert_int_equal(acme_solver_cleanup(vault, &challenge, &problem, p),
                     APR_ENOTIMPL);
}

ACME_T_MAIN(ACME_T(http_01_goes_to_its_solver),
            ACME_T(a_type_that_nobody_solves_is_a_problem))
