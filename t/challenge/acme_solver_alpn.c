/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_keygen.h"
#include "acme_solver_alpn.h"

static void never_mind(void *baton)
{
    (void)baton;
}

static acme_solver_means_t means_of(apr_pool_t *p)
{
    acme_solver_means_t means = {.vault = NULL, .now = ACME_T_NOW};

    means.vault = acme_t_vault(NULL, p);
    means.keygen = acme_keygen_create(never_mind, NULL, p);
    return means;
}

static acme_challenge_t challenge_of(const char *identifier,
                                     const char *authorization)
{
    acme_challenge_t challenge = {"tls-alpn-01", NULL, "tok", NULL, NULL};

    challenge.identifier = identifier;
    challenge.key_authorization = authorization;
    return challenge;
}

static apr_status_t present(const acme_solver_means_t *means,
                            const char *identifier, const char *authorization,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_challenge_t challenge = challenge_of(identifier, authorization);
    apr_status_t rv;

    do {
        rv = acme_solver_alpn_present(means, &challenge, problem, p);
        apr_sleep(1000);
    } while (APR_STATUS_IS_EAGAIN(rv));
    return rv;
}

static apr_status_t answer(const acme_solver_means_t *means, const char *name,
                           apr_pool_t *p)
{
    acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS];

    return acme_solver_alpn_answer(pairs, means->vault, name, p);
}

static acme_key_spec_t kind_of(const acme_alpn_pair_t *pair, apr_pool_t *p)
{
    acme_key_t *key;

    assert_int_equal(
        acme_key_from_pem(&key, pair->key_pem, strlen(pair->key_pem), NULL, p),
        APR_SUCCESS);
    return acme_key_spec(key);
}

static void there_is_a_certificate_for_each_kind_of_key(void **state)
{
    static const int levels[][2] = {{0, 2048}, {2, 2048}, {3, 3072}};
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);
    acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS];
    size_t i;

    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); ++i) {
        means.security_level = levels[i][0];
        assert_int_equal(present(&means, "a.example", "tok.x", NULL, p),
                         APR_SUCCESS);
        assert_int_equal(
            acme_solver_alpn_answer(pairs, means.vault, "A.Example", p),
            APR_SUCCESS);
        assert_int_equal(kind_of(&pairs[0], p).type, ACME_KEY_P256);
        assert_int_equal(kind_of(&pairs[1], p).type, ACME_KEY_RSA);
        assert_int_equal(kind_of(&pairs[1], p).bits, levels[i][1]);
    }
}

static void an_address_is_asked_for_by_its_reverse_name(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);

    assert_int_equal(present(&means, "192.0.2.1", "tok.x", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(present(&means, "2001:db8::1", "tok.x", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(answer(&means, "1.2.0.192.in-addr.arpa", p), APR_SUCCESS);
    assert_int_equal(answer(&means,
                            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                            "8.b.d.0.1.0.0.2.ip6.arpa",
                            p),
                     APR_SUCCESS);
    assert_int_equal(answer(&means, "192.0.2.1", p), APR_ENOENT);
    assert_int_equal(answer(&means, "2.2.0.192.in-addr.arpa", p), APR_ENOENT);
}

static void other_names_get_nothing(void **state)
{
    static const char *const names[] = {
        "",           "b.example",   "x.a.example",
        "example",    "*.a.example", "..",
        "../tok",     "tok",         "a.exampl",
        "a.example ", "\xff",        "tls-alpn-01 a.example"};
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);
    char *longest = apr_pcalloc(p, 1000);
    size_t i;

    assert_int_equal(present(&means, "a.example", "tok.x", NULL, p),
                     APR_SUCCESS);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_equal(answer(&means, names[i], p), APR_ENOENT);
    }
    memset(longest, 'a', 999);
    assert_int_equal(answer(&means, longest, p), APR_ENOENT);
}

static void what_lacks_something_or_is_planted_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "cert", "x");
    acme_json_set_str(json, "key", "x");
    acme_vault_put_json(means.vault, ACME_STORE_CHALLENGES,
                        "tls-alpn-01 a.example", json, ACME_STORE_LAZY, NULL,
                        p);
    assert_int_equal(answer(&means, "a.example", p), APR_ENOENT);
    acme_t_plant(means.vault, ACME_STORE_CHALLENGES, "tls-alpn-01 b.example",
                 "{}", p);
    assert_int_equal(answer(&means, "b.example", p), APR_ENOENT);
}

static void a_later_challenge_is_not_removed_with_an_earlier_one(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);
    acme_challenge_t earlier = challenge_of("a.example", "tok.x");
    acme_challenge_t later = challenge_of("a.example", "tok.y");

    assert_int_equal(present(&means, "a.example", "tok.x", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(present(&means, "a.example", "tok.y", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_alpn_cleanup(&means, &earlier, NULL, p),
                     APR_SUCCESS);
    assert_int_equal(answer(&means, "a.example", p), APR_SUCCESS);
    assert_int_equal(acme_solver_alpn_cleanup(&means, &later, NULL, p),
                     APR_SUCCESS);
    assert_int_equal(answer(&means, "a.example", p), APR_ENOENT);
    assert_int_equal(acme_solver_alpn_cleanup(&means, &later, NULL, p),
                     APR_SUCCESS);
}

static void a_full_store_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_solver_means_t means = means_of(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_store_mem_break(acme_vault_store(means.vault), APR_ENOSPC);
    assert_int_equal(present(&means, "a.example", "tok.x", &problem, p),
                     APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

ACME_T_MAIN(ACME_T(there_is_a_certificate_for_each_kind_of_key),
            ACME_T(an_address_is_asked_for_by_its_reverse_name),
            ACME_T(other_names_get_nothing),
            ACME_T(what_lacks_something_or_is_planted_is_not_there),
            ACME_T(a_later_challenge_is_not_removed_with_an_earlier_one),
            ACME_T(a_full_store_is_a_problem))
