/* SPDX-License-Identifier: Apache-2.0 */

/* Orders by dns-01, whose records commands set up and tear down. */

#include "acme_t.h"
#include "world.h"

/* More than an order has of either. */
#define REQUESTS_MOST 60
#define PUTS_MOST     40

static acme_spec_t *add(world_t *w, const char *names)
{
    acme_spec_t *spec = world_add(w, names);
    acme_dns_spec_t *dns = apr_pcalloc(w->p, sizeof(*dns));

    dns->argv = world_strings(w->p, "/usr/local/bin/dns --zone example");
    dns->version = ACME_DNS_COMMAND_V2;
    dns->limit = 10 * ACME_TIME_MINUTE;
    spec->dns = dns;
    spec->challenge_types = world_strings(w->p, "http-01 dns-01");
    return spec;
}

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = world_create(p);

    w->ca->challenge_type = "dns-01";
    return w;
}

static void assert_nothing_left(const world_t *w)
{
    assert_int_equal(w->commands->records->nelts, 0);
    assert_int_equal(world_count(w, ACME_STORE_DNS), 0);
}

static void a_name_and_its_wildcard_have_a_record_each(void **state)
{
    world_t *w = make_world(*state);

    add(w, "a.example *.a.example");
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    assert_int_equal(fake_commands_count(w->commands, "--zone example setup "
                                                      "a.example "),
                     2);
    assert_int_equal(fake_commands_count(w->commands, "--zone example teardown "
                                                      "a.example "),
                     2);
    assert_nothing_left(w);
    assert_int_equal(w->ca->orders, 1);
}

/* Returns the time of the first response to a challenge. */
static void note_response(world_t *w, const script_request_t *request)
{
    apr_time_t *at = w->refuse_baton;

    if (strstr(request->url, "/challenge/") && !*at) {
        *at = w->clock->now;
    }
}

static void the_ca_is_told_when_the_record_can_be_seen(void **state)
{
    world_t *w = make_world(*state);
    acme_spec_t *spec = add(w, "a.example *.a.example");
    acme_dns_spec_t *dns = apr_pmemdup(w->p, spec->dns, sizeof(*dns));
    apr_time_t told = 0, begun = w->clock->now;

    dns->propagation = 5 * ACME_TIME_MINUTE;
    spec->dns = dns;
    w->on_request = note_response;
    w->refuse_baton = &told;
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    /* The records propagate side by side. */
    assert_in_range(told - begun, 5 * ACME_TIME_MINUTE, 8 * ACME_TIME_MINUTE);
    assert_nothing_left(w);
}

static void a_failure_says_what_the_command_has_printed(void **state)
{
    world_t *w = make_world(*state);
    const acme_job_t *job;

    add(w, "a.example");
    w->commands->setup = FAKE_COMMAND_FAILS;
    assert_true(world_run(w));
    job = world_job(w, "a.example");
    assert_int_equal(job->errors, 1);
    assert_string_equal(job->problem->type, ACME_PROBLEM_COMMAND);
    assert_non_null(strstr(job->problem->detail, "no such zone"));
    assert_string_equal(job->problem->activity, "presenting the challenges");
    assert_int_equal(world_said(w, ACME_LOG_WARNING,
                                "ACME0341: a.example: command: the dns-01 "
                                "command /usr/local/bin/dns (setup) for the "
                                "record _acme-challenge.a.example has ended "
                                "with exit status 3; it printed last: no such "
                                "zone"),
                     1);
    assert_nothing_left(w);
    /* The same order goes on once the command works. */
    w->commands->setup = FAKE_COMMAND_WORKS;
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, "a.example");
    assert_int_equal(w->ca->orders, 1);
    assert_nothing_left(w);
}

static void a_command_that_hangs_delays_no_other_site(void **state)
{
    world_t *w = make_world(*state);
    const acme_job_t *job;
    apr_time_t begun = w->clock->now;

    add(w, "a.example");
    add(w, "b.example");
    w->commands->hangs = "a.example";
    assert_true(world_run(w));
    world_assert_staged(w, "b.example");
    assert_true(world_job(w, "b.example")->last_run - begun < ACME_TIME_MINUTE);
    job = world_job(w, "a.example");
    assert_non_null(strstr(job->problem->detail, "did not end within 10 min"));
    assert_false(fake_commands_has(w->commands, "b.example", NULL));
}

/* Lets the process die once, of that counter, and the next ones live. */
static void die_once(apr_pool_t *p, apr_size_t counter, int n)
{
    world_t *w = make_world(p);
    int *runs_down = (int *)((char *)w + counter);

    add(w, "a.example *.a.example");
    world_boot(w);
    *runs_down = n;
    if (!world_run(w)) {
        w->clock->now += apr_time_from_sec(10);
        world_boot(w);
    }
    *runs_down = 0;
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, "a.example");
    assert_in_range(w->ca->orders, 1, 2);
    assert_nothing_left(w);
}

static void whenever_it_dies_all_records_are_torn_down(void **state)
{
    static const apr_size_t counters[] = {
        offsetof(world_t, kill_request), offsetof(world_t, kill_answer),
        offsetof(world_t, kill_put), offsetof(world_t, kill_after_put)};
    apr_pool_t *p;
    apr_size_t i;
    int n;

    for (i = 0; i < sizeof(counters) / sizeof(counters[0]); ++i) {
        for (n = 1; n <= (i < 2 ? REQUESTS_MOST : PUTS_MOST); ++n) {
            apr_pool_create(&p, *state);
            die_once(p, counters[i], n);
            apr_pool_destroy(p);
        }
    }
}

/* The process dies when all records are up and the CA is told. */
static world_t *die_when_told(apr_pool_t *p)
{
    world_t *w;
    int n;

    for (n = 1; n < REQUESTS_MOST; ++n) {
        w = make_world(p);
        add(w, "a.example *.a.example");
        add(w, "b.example");
        world_boot(w);
        w->kill_request = n;
        if (!world_run(w) && w->commands->records->nelts == 3) {
            assert_int_equal(world_count(w, ACME_STORE_DNS), 3);
            return w;
        }
    }
    fail();
    return NULL;
}

static void a_site_that_is_removed_meanwhile_leaves_no_record(void **state)
{
    world_t *w = die_when_told(*state);

    /* The configuration has only b.example now. */
    APR_ARRAY_IDX(w->certs, 0, acme_site_cert_t *) =
        APR_ARRAY_IDX(w->certs, 1, acme_site_cert_t *);
    w->certs->nelts = 1;
    w->clock->now += apr_time_from_sec(10);
    world_boot(w);
    world_live(w, ACME_TIME_MINUTE);
    assert_null(world_staged(w, "a.example"));
    world_assert_staged(w, "b.example");
    assert_nothing_left(w);
}

static void an_order_for_other_names_leaves_no_record(void **state)
{
    world_t *w = die_when_told(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->names = world_strings(w->p, "a.example www.a.example");
    w->clock->now += apr_time_from_sec(10);
    world_boot(w);
    world_live(w, ACME_TIME_MINUTE);
    world_assert_staged(w, "a.example");
    assert_nothing_left(w);
}

ACME_T_MAIN(ACME_T(a_name_and_its_wildcard_have_a_record_each),
            ACME_T(the_ca_is_told_when_the_record_can_be_seen),
            ACME_T(a_failure_says_what_the_command_has_printed),
            ACME_T(a_command_that_hangs_delays_no_other_site),
            ACME_T(whenever_it_dies_all_records_are_torn_down),
            ACME_T(a_site_that_is_removed_meanwhile_leaves_no_record),
            ACME_T(an_order_for_other_names_leaves_no_record))
