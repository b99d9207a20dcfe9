/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#include <stdlib.h>
#include <unistd.h>

#include <apr_strings.h>

#define A "a.example"

static world_t *fresh(apr_pool_t *p)
{
    world_t *w = world_create(p);

    world_add(w, A);
    return w;
}

/* Asserts that a site has failed once, that the log says so once, and that the
 * next try is in a minute or so. */
static const acme_job_t *assert_failed(world_t *w, const char *type)
{
    const acme_job_t *job = world_job(w, A);

    assert_int_equal(job->errors, 1);
    assert_non_null(job->problem);
    assert_string_equal(job->problem->type, type);
    assert_null(job->staged);
    assert_null(world_staged(w, A));
    assert_in_range(job->next_run - job->last_run, ACME_TIME_MINUTE,
                    ACME_TIME_MINUTE * 12 / 10);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "trying again in 1 min"),
                     1);
    assert_int_equal(w->next, job->next_run);
    return job;
}

static void a_failed_validation_is_tried_again_with_a_new_order(void **state)
{
    world_t *w = fresh(*state);
    const acme_job_t *job;
    int requests;

    w->ca->fail_name = A;
    assert_true(world_run(w));
    job = assert_failed(w, ACME_PROBLEM_URN "unauthorized");
    assert_null(job->order);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "the model says no"), 1);
    assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
    /* nobody asks for it before it is time */
    requests = w->ca->requests;
    world_run(w);
    world_boot(w);
    world_run(w);
    assert_int_equal(w->ca->requests, requests);
    w->ca->fail_name = NULL;
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
}

static void a_challenge_that_failed_is_followed_by_the_next(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->challenge_types = world_strings(w->p, "http-01 tls-alpn-01");
    w->ca->fail_name = A;
    assert_true(world_run(w));
    assert_string_equal(world_job(w, A)->failed_challenge, "http-01");
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "by tls-alpn-01 instead of http-01"),
        1);
    /* By that one it fails too, in another process. */
    world_boot(w);
    w->ca->challenge_type = "tls-alpn-01";
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_true(world_run(w));
    assert_string_equal(world_job(w, A)->failed_challenge, "tls-alpn-01");
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "by http-01 instead of tls-alpn-01"),
        1);
    w->ca->fail_name = NULL;
    fake_clock_turn(w->clock, ACME_TIME_HOUR);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_null(world_job(w, A)->failed_challenge);
    assert_int_equal(w->ca->orders, 3);
    assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
}

static void what_a_killed_process_has_put_up_is_removed(void **state)
{
    static const char *const types[] = {"http-01", "tls-alpn-01"};
    size_t i;

    for (i = 0; i < 2; ++i) {
        world_t *w = fresh(*state);

        APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->challenge_types =
            world_strings(w->p, types[i]);
        w->ca->challenge_type = types[i];
        /* Directory, newNonce, newAccount, newOrder and the authorization come
         * before the response to the challenge, which the CA has. */
        w->kill_answer = 6;
        assert_false(world_run(w));
        assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 1);
        world_boot(w);
        assert_true(world_run(w));
        world_assert_staged(w, A);
        assert_int_equal(w->ca->orders, 1);
        assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
    }
}

static void a_clock_that_is_turned_back_delays_no_try(void **state)
{
    world_t *w = fresh(*state);

    w->ca->fail_name = A;
    world_live(w, 13 * ACME_TIME_MINUTE);
    /* the next try is in two hours, by a clock that is five minutes off */
    assert_int_equal(world_job(w, A)->errors, 3);
    fake_clock_turn(w->clock, -5 * ACME_TIME_MINUTE);
    w->ca->fail_name = NULL;
    assert_true(world_run(w));
    world_assert_staged(w, A);
}

/* Runs the transport, but turns the clock back, once, when no request is
 * running. */
static void (*real_run)(acme_http_t *http, apr_interval_time_t wait);
static world_t *turning;

static void run_and_turn(acme_http_t *http, apr_interval_time_t wait)
{
    if (turning && wait > 0 && http->pending(http) == 0) {
        fake_clock_turn(turning->clock, -2 * ACME_TIME_HOUR);
        turning = NULL;
        return;
    }
    real_run(http, wait);
}

static void a_clock_that_is_turned_back_delays_no_order(void **state)
{
    world_t *w = fresh(*state);
    apr_time_t begun = w->clock->now;

    world_boot(w);
    w->ca->validate_polls = 3;
    real_run = w->config.http->run;
    turning = w;
    w->config.http->run = run_and_turn;
    assert_true(world_run(w));
    assert_null(turning);
    world_assert_staged(w, A);
    assert_true(w->clock->now < begun - ACME_TIME_HOUR);
}

static void failures_in_a_row_wait_longer_and_longer(void **state)
{
    world_t *w = fresh(*state);

    w->ca->fail_name = A;
    world_live(w, 10 * ACME_TIME_DAY);
    /* 0, 1, 11, 111 min, 18 h, and once a day */
    assert_in_range(w->ca->orders, 5 + 7, 5 + 9);
    assert_int_equal(world_job(w, A)->errors, w->ca->orders);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), w->ca->orders);
    assert_true(world_job(w, A)->log->nelts <= ACME_JOB_LOG_MAX);
}

static void a_mistake_waits_for_the_configuration(void **state)
{
    world_t *w = fresh(*state);
    const acme_job_t *job;
    int requests;

    w->ca->terms = "https://ca.test/terms";
    w->ca_spec.agreed = 0;
    assert_true(world_run(w));
    job = world_job(w, A);
    assert_true(job->next_run == ACME_SCHEDULE_NEVER);
    assert_int_equal(job->problem->retry, ACME_RETRY_CONFIG);
    assert_int_equal(world_said(w, ACME_LOG_ERR, "https://ca.test/terms"), 1);
    assert_int_equal(world_said(w, ACME_LOG_ERR, "ACMECertificateAgreement"),
                     1);
    requests = w->ca->requests;
    world_live(w, 30 * ACME_TIME_DAY);
    world_restart(w);
    world_live(w, 30 * ACME_TIME_DAY);
    assert_int_equal(w->ca->requests, requests);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 1);
    w->ca_spec.agreed = 1;
    world_restart(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->accounts, 1);
}

static void a_refused_csr_waits_for_the_configuration_too(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
    int orders;

    test_issuer_config(w->issuer)->refuse = 1;
    assert_true(world_run(w));
    assert_true(world_job(w, A)->next_run == ACME_SCHEDULE_NEVER);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    orders = w->ca->orders;
    world_restart(w);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, orders);
    test_issuer_config(w->issuer)->refuse = 0;
    spec->names = world_strings(w->p, A " www.a.example");
    world_restart(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
}

static void a_changed_set_gives_up_the_old_order_at_once(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    w->kill_request = 6;
    assert_false(world_run(w));
    assert_non_null(world_job(w, A)->order);
    assert_int_equal(w->ca->orders, 1);
    spec->names = world_strings(w->p, A " www.a.example");
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "its order is given up"), 1);
}

static void a_changed_set_does_not_wait_for_the_backoff(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    w->ca->fail_name = "www.a.example";
    spec->names = world_strings(w->p, A " www.a.example");
    world_live(w, ACME_TIME_DAY);
    assert_true(world_job(w, A)->errors > 3);
    spec->names = world_strings(w->p, A " b.a.example");
    world_restart(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(world_job(w, A)->errors, 0);
}

static void another_kind_of_key_is_made_for_it(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    w->kill_request = 6;
    assert_false(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    spec->key.type = ACME_KEY_P384;
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_string_equal(world_info(w, world_staged(w, A))->key_type, "P-384");
}

static void an_order_that_the_ca_dropped_is_replaced_at_once(void **state)
{
    world_t *w = fresh(*state);

    w->kill_request = 6;
    assert_false(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    model_ca_invalidate_order(w->ca, "https://ca.test/order/0");
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

/* Times that the CA loses its accounts before a request; -1: each time. */
static int losses;

static void lose_accounts(world_t *w, const script_request_t *request)
{
    (void)request;
    if (losses != 0 && w->ca->accounts > 0) {
        losses -= losses > 0;
        apr_hash_clear(w->ca->account_by_jwk);
    }
}

static void a_lost_account_is_registered_again_with_its_key(void **state)
{
    world_t *w = fresh(*state);

    world_add(w, "b.example");
    losses = 1;
    w->on_request = lose_accounts;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    world_assert_staged(w, "b.example");
    assert_int_equal(w->ca->accounts, 2);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "registering again with the same key"),
        1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
}

static void an_account_that_is_always_lost_is_one_failure(void **state)
{
    world_t *w = fresh(*state);

    losses = -1;
    w->on_request = lose_accounts;
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    assert_int_equal(w->ca->accounts, 2);
    assert_true(w->ca->requests < 12);
    assert_int_equal(w->ca->orders, 0);
    assert_true(w->next >= w->clock->now + ACME_TIME_MINUTE);
}

static void a_lost_account_is_noticed_in_the_middle_of_an_order(void **state)
{
    world_t *w = fresh(*state);

    w->kill_request = 6;
    assert_false(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    apr_hash_clear(w->ca->account_by_jwk);
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(w->ca->accounts, 2);
}

static void an_outage_in_the_middle_keeps_the_order(void **state)
{
    world_t *w = fresh(*state);

    w->kill_request = 6;
    assert_false(world_run(w));
    world_boot(w);
    w->ca->outage = 1000000;
    world_live(w, ACME_TIME_DAY);
    assert_true(world_job(w, A)->errors > 2);
    assert_non_null(world_job(w, A)->order);
    w->ca->outage = 0;
    world_live(w, 2 * ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
}

static void a_damaged_job_costs_an_order_but_no_account_or_key(void **state)
{
    world_t *w = fresh(*state);

    w->kill_request = 6;
    assert_false(world_run(w));
    world_damage(w, ACME_STORE_JOBS, A);
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "is ignored"), 1);
}

static void a_damaged_account_is_made_anew(void **state)
{
    world_t *w = fresh(*state);
    const char *name = acme_ca_account_name(&w->ca_spec, w->p);

    w->kill_request = 6;
    assert_false(world_run(w));
    world_damage(w, ACME_STORE_ACCOUNTS, name);
    world_boot(w);
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->accounts, 2);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void a_damaged_key_is_made_anew(void **state)
{
    world_t *w = fresh(*state);

    w->kill_request = 6;
    assert_false(world_run(w));
    world_damage(w, ACME_STORE_KEYS, A);
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
}

static void a_key_that_cannot_be_made_delays_nobody_else(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = world_add(w, "b.example");

    spec->key.type = ACME_KEY_RSA;
    spec->key.bits = 17;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(world_job(w, "b.example")->errors, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "b.example: ")
                         + world_said(w, ACME_LOG_ERR, "b.example: "),
                     1);
    assert_int_equal(w->ca->orders, 1);
}

static void a_slow_key_is_waited_for(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->key.type = ACME_KEY_RSA;
    spec->key.bits = 2048;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_string_equal(world_info(w, world_staged(w, A))->key_type,
                        "RSA 2048");
}

static void nothing_is_ordered_that_cannot_be_saved(void **state)
{
    world_t *w = fresh(*state);

    acme_store_mem_break(w->mem, APR_ENOSPC);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->requests, 0);
    assert_in_range(world_said(w, ACME_LOG_WARNING, NULL), 1, 4);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    world_live(w, 2 * ACME_TIME_HOUR);
    world_assert_staged(w, A);
}

static void break_store(world_t *w, const script_request_t *request)
{
    if (strstr(request->url, "finalize")) {
        acme_store_mem_break(w->mem, APR_ENOSPC);
    }
}

static void a_store_that_breaks_in_the_middle_loses_no_order(void **state)
{
    world_t *w = fresh(*state);

    w->on_request = break_store;
    assert_true(world_run(w));
    assert_int_equal(w->ca->finalized, 1);
    assert_null(world_staged(w, A));
    assert_in_range(world_said(w, ACME_LOG_WARNING, NULL), 1, 2);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 1);
    w->on_request = NULL;
    acme_store_mem_break(w->mem, APR_SUCCESS);
    world_live(w, 2 * ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(test_issuer_count(w->issuer), 1);
}

static void a_profile_is_ordered_and_remembered(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    w->ca->profiles = "\"classic\":\"\",\"shortlived\":\"\"";
    spec->profile = "shortlived";
    spec->profile_mandatory = 1;
    assert_true(world_run(w));
    assert_string_equal(w->ca->profile, "shortlived");
    assert_string_equal(world_staged(w, A)->profile, "shortlived");
    world_restart(w);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    /* another profile, and none, make another order */
    spec->profile = "classic";
    world_boot(w);
    assert_true(world_run(w));
    assert_string_equal(w->ca->profile, "classic");
    assert_int_equal(w->ca->orders, 2);
    world_restart(w);
    spec->profile = NULL;
    assert_true(world_run(w));
    assert_null(w->ca->profile);
    assert_int_equal(w->ca->orders, 3);
}

static void a_profile_that_is_not_offered_is_done_without_once(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->profile = "shortlived";
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    assert_null(w->ca->profile);
    assert_int_equal(world_said(w, ACME_LOG_WARNING,
                                "has no profile shortlived, ordering without "
                                "one; it has: none"),
                     1);
    world_restart(w);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
}

static void a_mandatory_profile_waits_for_the_configuration(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
    const acme_job_t *job;
    int requests;

    w->ca->profiles = "\"classic\":\"\"";
    spec->profile = "shortlived";
    spec->profile_mandatory = 1;
    assert_true(world_run(w));
    job = world_job(w, A);
    assert_true(acme_problem_is(job->problem, "invalidProfile"));
    assert_non_null(strstr(job->problem->detail, "it has: classic"));
    assert_int_equal(job->next_run, ACME_SCHEDULE_NEVER);
    assert_int_equal(w->ca->orders, 0);
    requests = w->ca->requests;
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->requests, requests);
    spec->profile_mandatory = 0;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
}

static void a_change_of_ca_or_key_orders_at_once(void **state)
{
    world_t *w = fresh(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    assert_true(world_run(w));
    world_restart(w);
    spec->key.type = ACME_KEY_P384;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
    world_restart(w);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
}

/* A certificate lives 160 hours, as with Let's Encrypt's profile shortlived.
 * Runs a month, one day of it without any CA. */
static void short_lives_outlast_an_outage(void **state)
{
    world_t *w = fresh(*state);
    apr_time_t begun = w->clock->now, now;
    apr_interval_time_t left, least = APR_INT64_MAX;

    test_issuer_config(w->issuer)->life = 160 * ACME_TIME_HOUR;
    assert_true(world_run(w));
    world_restart(w);
    while (w->clock->now - begun < 30 * ACME_TIME_DAY) {
        now = w->clock->now - begun;
        w->ca->unreachable =
            now > 9 * ACME_TIME_DAY && now < 10 * ACME_TIME_DAY ? 1000 : 0;
        world_live(w, ACME_TIME_HOUR);
        if (world_staged(w, A)) {
            world_restart(w);
        }
        left = world_inventory(w, 0)->live->info->not_after - w->clock->now;
        least = left < least ? left : least;
    }
    /* half of its life, less a day of outage and 16 hours of backoff */
    assert_in_range(least, 30 * ACME_TIME_HOUR, 81 * ACME_TIME_HOUR);
    assert_in_range(w->ca->orders, 8, 10);
}

static void a_short_life_is_not_left_alone_for_a_day(void **state)
{
    world_t *w = fresh(*state);
    const acme_job_t *job;

    test_issuer_config(w->issuer)->life = 20 * ACME_TIME_HOUR;
    assert_true(world_run(w));
    world_restart(w);
    w->ca->fail_name = A;
    world_live(w, 18 * ACME_TIME_HOUR);
    job = world_job(w, A);
    assert_true(job->errors >= 4);
    assert_true(job->next_run - job->last_run <= 3 * ACME_TIME_HOUR);
}

static const char *staged_issuer(const world_t *w)
{
    return world_info(w, world_staged(w, A))->issuer;
}

/* The clock of the world of the test. */
static const acme_clock_t *issuer_clock;

/* A CA with a second chain. `preferred`: names with commas between them, or
 * "trusted", or NULL. */
static world_t *two_chains(apr_pool_t *p, const char *preferred)
{
    world_t *w = fresh(p);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
    char *rest = apr_pstrdup(p, preferred ? preferred : "");
    char *last, *name;

    w->ca->alternate = test_issuer_sign;
    w->ca->alternate_baton =
        test_issuer_create_named("Other CA", &w->clock->clock, p);
    if (!preferred) {
        return w;
    }
    if (!strcmp(preferred, "trusted")) {
        spec->trusted_chain = 1;
        return w;
    }
    spec->preferred_chains = apr_array_make(p, 2, sizeof(const char *));
    for (name = apr_strtok(rest, ",", &last); name;
         name = apr_strtok(NULL, ",", &last)) {
        *(const char **)apr_array_push(
            (apr_array_header_t *)spec->preferred_chains) = name;
    }
    return w;
}

static void the_preferred_chain_is_chosen(void **state)
{
    world_t *w = two_chains(*state, "Other CA");
    int requests;

    assert_true(world_run(w));
    assert_string_equal(staged_issuer(w), "CN=Other CA");
    /* the first chain is taken without a look at the others */
    w = two_chains(*state, "Test CA");
    assert_true(world_run(w));
    assert_string_equal(staged_issuer(w), "CN=Test CA");
    requests = w->ca->requests;
    w = two_chains(*state, NULL);
    assert_true(world_run(w));
    assert_string_equal(staged_issuer(w), "CN=Test CA");
    assert_int_equal(w->ca->requests, requests);
}

static void the_first_name_that_a_chain_leads_to_is_chosen(void **state)
{
    static const char *const rows[][2] = {
        {"Other CA,Test CA", "CN=Other CA"},
        {"Test CA,Other CA", "CN=Test CA"},
        {"Third CA,Other CA", "CN=Other CA"},
        {"Third CA,Test CA", "CN=Test CA"},
        {"Third CA,Other CA,Test CA", "CN=Other CA"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        world_t *w = two_chains(*state, rows[i][0]);

        assert_true(world_run(w));
        assert_string_equal(staged_issuer(w), rows[i][1]);
        assert_int_equal(world_said(w, ACME_LOG_INFO, "no chain that"), 0);
    }
}

static void without_the_preferred_chain_the_cas_choice_is_taken(void **state)
{
    static const int statuses[] = {0, 404, 503};
    size_t i;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); ++i) {
        world_t *w =
            two_chains(*state, i == 0 ? "Third CA,4th CA" : "Other CA");

        w->ca->alternate_status = statuses[i];
        world_live(w, 10 * ACME_TIME_MINUTE);
        assert_string_equal(staged_issuer(w), "CN=Test CA");
        assert_int_equal(w->ca->orders, 1);
        assert_int_equal(world_said(w, ACME_LOG_INFO,
                                    i == 0 ? "leads to Third CA or 4th CA"
                                           : "no chain that leads to"),
                         1);
    }
}

/* Signs for the key of the issuer, or other names, or with the root of another
 * issuer behind it. */
static const char *sign_badly(void *baton, const char *csr, apr_pool_t *p)
{
    static const char begin[] = "-----BEGIN";
    test_issuer_t *issuer = baton;
    const char *pem = test_issuer_sign(issuer, csr, p);
    const char *root = strstr(pem + 1, begin);

    if (test_issuer_config(issuer)->wrong_key
        || test_issuer_config(issuer)->wrong_name) {
        return pem;
    }
    return apr_pstrcat(
        p, apr_pstrmemdup(p, pem, (apr_size_t)(root - pem)),
        test_issuer_root(test_issuer_create_named("Wanted CA", issuer_clock, p),
                         p),
        NULL);
}

/* The chain that is preferred would be refused, and the certificate be lost. */
static void a_preferred_chain_that_is_wrong_is_left_out(void **state)
{
    int i;

    for (i = 0; i < 3; ++i) {
        world_t *w = two_chains(*state, "Other CA,Wanted CA");
        test_issuer_t *other = w->ca->alternate_baton;

        issuer_clock = &w->clock->clock;
        w->ca->alternate = sign_badly;
        test_issuer_config(other)->wrong_key = i == 0;
        test_issuer_config(other)->wrong_name =
            i == 1 ? "DNS:other.example" : NULL;
        assert_true(world_run(w));
        assert_string_equal(staged_issuer(w), "CN=Test CA");
        assert_int_equal(w->ca->orders, 1);
        assert_int_equal(world_job(w, A)->errors, 0);
    }
}

/* And the other way round: without a preference, the CA's own choice. */
static void a_chain_that_is_broken_gives_way_to_another(void **state)
{
    world_t *w = two_chains(*state, NULL);

    issuer_clock = &w->clock->clock;
    w->ca->alternate = w->ca->sign;
    w->ca->alternate_baton = w->ca->sign_baton;
    w->ca->sign = sign_badly;
    assert_true(world_run(w));
    assert_string_equal(staged_issuer(w), "CN=Test CA");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(world_job(w, A)->errors, 0);
}

/* Makes the machine trust this issuer and nobody else. */
static void trust(const char *pem)
{
    char path[] = "/tmp/acme-t-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
    close(fd);
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
}

static void forget_trust(void)
{
    unlink(getenv("SSL_CERT_FILE"));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void a_chain_to_a_root_of_this_machine_is_chosen(void **state)
{
    world_t *w = two_chains(*state, "trusted");

    trust(test_issuer_root(w->ca->alternate_baton, *state));
    assert_true(world_run(w));
    assert_string_equal(staged_issuer(w), "CN=Other CA");
    forget_trust();
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "a root that this"), 0);
}

static void a_chain_that_nobody_trusts_is_warned_about(void **state)
{
    world_t *w = two_chains(*state, "trusted");

    trust("");
    assert_true(world_run(w));
    forget_trust();
    assert_string_equal(staged_issuer(w), "CN=Test CA");
    assert_int_equal(world_said(w, ACME_LOG_WARNING,
                                "none of the CA's chains leads to a root"),
                     1);
}

ACME_T_MAIN(ACME_T(a_challenge_that_failed_is_followed_by_the_next),
            ACME_T(what_a_killed_process_has_put_up_is_removed),
            ACME_T(the_preferred_chain_is_chosen),
            ACME_T(the_first_name_that_a_chain_leads_to_is_chosen),
            ACME_T(without_the_preferred_chain_the_cas_choice_is_taken),
            ACME_T(a_preferred_chain_that_is_wrong_is_left_out),
            ACME_T(a_chain_that_is_broken_gives_way_to_another),
            ACME_T(a_chain_to_a_root_of_this_machine_is_chosen),
            ACME_T(a_chain_that_nobody_trusts_is_warned_about),
            ACME_T(a_profile_is_ordered_and_remembered),
            ACME_T(a_profile_that_is_not_offered_is_done_without_once),
            ACME_T(a_mandatory_profile_waits_for_the_configuration),
            ACME_T(a_change_of_ca_or_key_orders_at_once),
            ACME_T(short_lives_outlast_an_outage),
            ACME_T(a_short_life_is_not_left_alone_for_a_day),
            ACME_T(a_failed_validation_is_tried_again_with_a_new_order),
            ACME_T(failures_in_a_row_wait_longer_and_longer),
            ACME_T(a_clock_that_is_turned_back_delays_no_try),
            ACME_T(a_clock_that_is_turned_back_delays_no_order),
            ACME_T(a_mistake_waits_for_the_configuration),
            ACME_T(a_refused_csr_waits_for_the_configuration_too),
            ACME_T(a_changed_set_gives_up_the_old_order_at_once),
            ACME_T(a_changed_set_does_not_wait_for_the_backoff),
            ACME_T(another_kind_of_key_is_made_for_it),
            ACME_T(an_order_that_the_ca_dropped_is_replaced_at_once),
            ACME_T(a_lost_account_is_registered_again_with_its_key),
            ACME_T(an_account_that_is_always_lost_is_one_failure),
            ACME_T(a_lost_account_is_noticed_in_the_middle_of_an_order),
            ACME_T(an_outage_in_the_middle_keeps_the_order),
            ACME_T(a_damaged_job_costs_an_order_but_no_account_or_key),
            ACME_T(a_damaged_account_is_made_anew),
            ACME_T(a_damaged_key_is_made_anew),
            ACME_T(a_key_that_cannot_be_made_delays_nobody_else),
            ACME_T(a_slow_key_is_waited_for),
            ACME_T(nothing_is_ordered_that_cannot_be_saved),
            ACME_T(a_store_that_breaks_in_the_middle_loses_no_order))
