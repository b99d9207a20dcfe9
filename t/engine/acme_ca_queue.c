/* SPDX-License-Identifier: Apache-2.0 */

/* Which sites order first, and at which of their CAs. */

#include "acme_t.h"
#include "world.h"

static void no_more_than_allowed_run(void **state)
{
    world_t *w = world_many(*state, 12);

    w->parallel = 3;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 12);
    assert_int_equal(w->ca->orders, 12);
    assert_int_equal(w->ca->accounts, 1);
    /* each order has one request, or the fetch of its nonce */
    assert_in_range(script_http_most_pending(w->script), 2, 3);
}

static void many_run_together(void **state)
{
    world_t *w = world_many(*state, 40);

    w->parallel = 50;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 40);
    assert_true(script_http_most_pending(w->script) >= 20);
}

static apr_array_header_t *order_of_sites;

/* Notes the sites that newOrder is sent for. */
static void note_order(world_t *w, const script_request_t *request)
{
    acme_json_t *json, *names;
    const char *name;

    if (request->repeatable) {
        return;
    }
    assert_int_equal(acme_json_parse(&json, request->payload,
                                     strlen(request->payload), NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(acme_json_get(&names, json, "identifiers"), APR_SUCCESS);
    assert_int_equal(acme_json_get_str(&name, acme_json_at(names, 0), "value"),
                     APR_SUCCESS);
    APR_ARRAY_PUSH(order_of_sites, const char *) = name;
}

static void sites_without_a_certificate_are_first_then_by_expiry(void **state)
{
    static const int expected[] = {1, 4, 2, 0, 3};
    world_t *w = world_many(*state, 5);
    int i;

    world_set_live(w, 0, 5 * ACME_TIME_DAY);
    world_set_live(w, 2, 2 * ACME_TIME_DAY);
    world_set_live(w, 3, 20 * ACME_TIME_DAY);
    order_of_sites = apr_array_make(*state, 5, sizeof(const char *));
    w->on_request = note_order;
    w->parallel = 1;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(order_of_sites->nelts, 5);
    for (i = 0; i < 5; ++i) {
        assert_string_equal(APR_ARRAY_IDX(order_of_sites, i, const char *),
                            world_site_name(w, expected[i]));
    }
}

static void a_site_that_fails_delays_no_other(void **state)
{
    world_t *w = world_many(*state, 6);

    w->ca->fail_name = "site2.example";
    w->parallel = 2;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 5);
    assert_int_equal(world_job(w, "site2.example")->errors, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "site2.example: "), 1);
}

static void a_slow_validation_delays_no_other(void **state)
{
    world_t *w = world_many(*state, 4);

    w->ca->validate_polls = 8;
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 4);
    assert_true(w->clock->now < FAKE_CLOCK_START + 5 * ACME_TIME_MINUTE);
}

static void two_cas_do_not_wait_for_each_other(void **state)
{
    world_t *w = world_many(*state, 3);
    acme_ca_spec_t *dead = apr_pmemdup(w->p, &w->ca_spec, sizeof(*dead));

    dead->url = "https://dead.test/dir";
    dead->label = "dead.test";
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->ca = dead;
    w->parallel = 1;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 2);
    assert_int_equal(world_job(w, "site0.example")->errors, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "dead.test: "), 1);
}

/* Asserts that the staged certificate of the site is of that CA. */
static void assert_from(const world_t *w, const char *url)
{
    assert_string_equal(world_staged(w, "s0.example")->ca_url, url);
}

static world_t *two_cas(apr_pool_t *p, int sites)
{
    world_t *w = world_create(p);
    int i;

    for (i = 0; i < sites; ++i) {
        world_add_ca(w, world_add(w, apr_psprintf(p, "s%d.example", i)));
    }
    return w;
}

static void
the_second_ca_is_asked_at_once_when_the_first_fails_again(void **state)
{
    world_t *w = two_cas(*state, 1);
    const acme_job_t *job;
    apr_time_t begun = w->clock->now;

    w->ca->unreachable = 1000;
    assert_true(world_run(w));
    assert_int_equal(w->other->requests, 0);
    job = world_job(w, "s0.example");
    assert_int_equal(acme_job_ca_find(job, MODEL_CA_DIRECTORY)->faults, 1);
    world_live(w, 2 * ACME_TIME_MINUTE);
    assert_from(w, WORLD_OTHER);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(w->other->accounts, 1);
    assert_true(w->clock->now - begun <= 3 * ACME_TIME_MINUTE);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "cb.test is asked instead, at once"),
        1);
    assert_in_range(w->ca->requests, 2, 4);
    /* another CA is no reason for another order, nor is a restart */
    world_restart(w);
    world_live(w, 30 * ACME_TIME_DAY);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(w->ca->orders, 0);
    /* the next renewal begins with the first CA again */
    w->ca->unreachable = 0;
    world_live(w, 35 * ACME_TIME_DAY);
    assert_from(w, MODEL_CA_DIRECTORY);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->other->orders, 1);
}

static void a_kill_keeps_whose_turn_it_is(void **state)
{
    world_t *w = two_cas(*state, 1);

    w->ca->unreachable = 1000;
    assert_true(world_run(w));
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    w->kill_request = 3; /* the directory of the second CA */
    while (world_run(w)) {
        fake_clock_turn(w->clock, ACME_TIME_MINUTE);
    }
    world_boot(w);
    w->ca->requests = 0;
    assert_true(world_run(w));
    assert_from(w, WORLD_OTHER);
    assert_int_equal(w->ca->requests, 0);
}

static void what_is_the_sites_fault_goes_to_no_other_ca(void **state)
{
    world_t *w = two_cas(*state, 1);

    w->ca->fail_name = "s0.example";
    world_live(w, 3 * ACME_TIME_DAY);
    assert_true(world_job(w, "s0.example")->errors > 3);
    assert_int_equal(w->other->requests, 0);
}

static void when_all_fail_the_wait_grows(void **state)
{
    world_t *w = two_cas(*state, 1);

    w->ca->unreachable = 100000;
    w->other->unreachable = 100000;
    world_live(w, 10 * ACME_TIME_DAY);
    assert_in_range(w->ca->requests + w->other->requests, 8, 40);
    assert_true(w->other->requests >= 2);
    assert_true(w->ca->requests >= 3);
}

static void a_failover_of_many_costs_each_ca_little(void **state)
{
    world_t *w = two_cas(*state, 30);

    w->ca->unreachable = 100000;
    world_live(w, 5 * ACME_TIME_MINUTE);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 30);
    assert_int_equal(w->other->accounts, 1);
    assert_int_equal(w->other->directories, 1);
    assert_in_range(w->ca->requests, 2, 5);
}

static void the_number_of_failures_is_kept_to(void **state)
{
    world_t *w = two_cas(*state, 1);

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->failover = 1;
    w->ca->unreachable = 1000;
    assert_true(world_run(w));
    assert_from(w, WORLD_OTHER);
    assert_int_equal(w->ca->requests, 1);
}

static void another_list_of_cas_begins_with_its_first(void **state)
{
    world_t *w = two_cas(*state, 1);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    w->ca->unreachable = 1000;
    w->other->unreachable = 1000;
    spec->failover = 1;
    assert_true(world_run(w));
    w->ca->unreachable = 0;
    spec->more_cas = NULL;
    world_boot(w);
    assert_true(world_run(w));
    assert_from(w, MODEL_CA_DIRECTORY);
    world_restart(w);
    /* a CA that is taken off the list does not count any more */
    acme_site_cert_at(w->certs, 0)->inventory->staged = ACME_STAGED_NONE;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
}

static void ari_queries_go_to_the_ca_that_issued(void **state)
{
    world_t *w = two_cas(*state, 1);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->via_ari = 1;
    spec->failover = 1;
    w->ca->unreachable = 1000;
    assert_true(world_run(w));
    assert_from(w, WORLD_OTHER);
    world_restart(w);
    w->other->renewal_window = "2029-12-01T00:00:00Z 2029-12-02T00:00:00Z";
    w->ca->unreachable = 0;
    assert_true(world_run(w));
    assert_int_equal(w->other->renewals, 1);
    assert_int_equal(w->ca->renewals, 0);
    assert_from(w, MODEL_CA_DIRECTORY);
    /* the first CA does not know the certificate */
    assert_null(w->ca->replaces);
}

ACME_T_MAIN(ACME_T(no_more_than_allowed_run), ACME_T(many_run_together),
            ACME_T(sites_without_a_certificate_are_first_then_by_expiry),
            ACME_T(a_site_that_fails_delays_no_other),
            ACME_T(a_slow_validation_delays_no_other),
            ACME_T(two_cas_do_not_wait_for_each_other),
            ACME_T(the_second_ca_is_asked_at_once_when_the_first_fails_again),
            ACME_T(a_kill_keeps_whose_turn_it_is),
            ACME_T(what_is_the_sites_fault_goes_to_no_other_ca),
            ACME_T(when_all_fail_the_wait_grows),
            ACME_T(a_failover_of_many_costs_each_ca_little),
            ACME_T(the_number_of_failures_is_kept_to),
            ACME_T(another_list_of_cas_begins_with_its_first),
            ACME_T(ari_queries_go_to_the_ca_that_issued))
