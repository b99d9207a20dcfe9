/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_solver.h"
#include "acme_keygen.h"
#include "acme_solver_alpn.h"
#include "acme_solver_dns.h"
#include "acme_solver_http.h"
#include "fake_clock.h"
#include "fake_commands.h"

#define TOKEN "a-token-of-enough-length"

static void never_mind(void *baton)
{
    (void)baton;
}

static acme_solver_means_t means_of(acme_vault_t *vault, apr_pool_t *p)
{
    acme_solver_means_t means = {.vault = vault, .now = ACME_T_NOW};

    means.keygen = acme_keygen_create(never_mind, NULL, p);
    return means;
}

static void http_01_goes_to_its_solver(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_solver_means_t means = means_of(vault, p);
    acme_challenge_t challenge = {"http-01", "a.example", TOKEN, TOKEN ".x",
                                  NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *answer;

    assert_int_equal(acme_solver_present(&means, &challenge, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", TOKEN, p),
        APR_SUCCESS);
    assert_string_equal(answer, TOKEN ".x");
    assert_int_equal(acme_solver_cleanup(&means, &challenge, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(
        acme_solver_http_answer(&answer, vault, "a.example", TOKEN, p),
        APR_ENOENT);
    assert_int_equal(acme_solver_cleanup(&means, &challenge, &problem, p),
                     APR_SUCCESS);
}

static void tls_alpn_01_goes_to_its_solver(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_solver_means_t means = means_of(vault, p);
    acme_challenge_t challenge = {"tls-alpn-01", "a.example", TOKEN, TOKEN ".x",
                                  NULL};
    acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    do {
        rv = acme_solver_present(&means, &challenge, &problem, p);
        apr_sleep(1000);
    } while (APR_STATUS_IS_EAGAIN(rv));
    assert_int_equal(rv, APR_SUCCESS);
    assert_int_equal(acme_solver_alpn_answer(pairs, vault, "a.example", p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_cleanup(&means, &challenge, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_alpn_answer(pairs, vault, "a.example", p),
                     APR_ENOENT);
    assert_int_equal(acme_solver_sweeps("tls-alpn-01"), 1);
}

static void dns_01_goes_to_its_solver(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(acme_t_vault(NULL, p), p);
    fake_clock_t *clock = fake_clock_create(p);
    fake_commands_t *commands = fake_commands_create(p);
    apr_array_header_t *argv = apr_array_make(p, 1, sizeof(const char *));
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    acme_dns_spec_t dns = {.way = ACME_DNS_COMMAND,
                           .argv = argv,
                           .version = ACME_DNS_COMMAND_V2,
                           .limit = ACME_TIME_MINUTE};
    acme_spec_t spec = {0};
    acme_worker_ctx_t ctx = {0};
    acme_challenge_t challenge = {"dns-01", "a.example", TOKEN, TOKEN ".x",
                                  NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t visible = 0;
    int waits;

    APR_ARRAY_PUSH(names, const char *) = "a.example";
    spec.names = names;
    spec.name = "a.example";
    ctx.vault = means.vault;
    ctx.clock = &clock->clock;
    ctx.dns = acme_solver_dns_create(&ctx, &commands->system, p);
    means.dns = ctx.dns;
    means.spec = &spec;
    means.visible = &visible;
    /* Nothing is configured that sets records. */
    assert_int_equal(acme_solver_present(&means, &challenge, &problem, p),
                     APR_ENOTIMPL);
    assert_int_equal(problem.retry, ACME_RETRY_CONFIG);
    APR_ARRAY_PUSH(argv, const char *) = "/bin/dns";
    spec.dns = &dns;
    assert_int_equal(acme_solver_present(&means, &challenge, &problem, p),
                     APR_EAGAIN);
    /* Somebody has to look at the command. */
    assert_in_range(acme_solver_again(&means, &challenge), means.now,
                    means.now + apr_time_from_sec(1));
    acme_solver_dns_step(ctx.dns, &waits);
    assert_int_equal(acme_solver_present(&means, &challenge, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(visible, clock->now);
    assert_true(fake_commands_has(commands, "a.example", NULL));
    assert_int_equal(acme_solver_cleanup(&means, &challenge, &problem, p),
                     APR_SUCCESS);
    acme_solver_dns_step(ctx.dns, &waits);
    acme_solver_dns_step(ctx.dns, &waits);
    assert_int_equal(waits, 0);
    assert_false(fake_commands_has(commands, "a.example", NULL));
    /* The order is saved before a command is called, so that it removes the
     * record whatever becomes of it. */
    assert_int_equal(acme_solver_sweeps("dns-01"), 0);
}

static void a_type_that_nobody_solves_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_solver_means_t means = means_of(vault, p);
    acme_challenge_t challenge = {"strange-99", "a.example", TOKEN, TOKEN,
                                  NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(acme_solver_present(&means, &challenge, &problem, p),
                     APR_ENOTIMPL);
    acme_t_contains(problem.detail, "strange-99");
    assert_int_equal(acme_solver_cleanup(&means, &challenge, &problem, p),
                     APR_ENOTIMPL);
}

ACME_T_MAIN(ACME_T(http_01_goes_to_its_solver),
            ACME_T(tls_alpn_01_goes_to_its_solver),
            ACME_T(dns_01_goes_to_its_solver),
            ACME_T(a_type_that_nobody_solves_is_a_problem))
