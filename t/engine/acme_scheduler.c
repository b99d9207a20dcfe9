/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

static const char *site_name(world_t *w, int i)
{
    return apr_psprintf(w->p, "site%d.example", i);
}

static world_t *many(apr_pool_t *p, int sites)
{
    world_t *w = world_create(p);
    int i;

    for (i = 0; i < sites; ++i) {
        world_add(w, site_name(w, i));
    }
    return w;
}

static int staged(const world_t *w)
{
    return world_count(w, ACME_STORE_STAGING);
}

static void no_more_than_allowed_are_in_flight(void **state)
{
    world_t *w = many(*state, 12);

    w->parallel = 3;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(staged(w), 12);
    assert_int_equal(w->ca->orders, 12);
    assert_int_equal(w->ca->accounts, 1);
    /* each has one request, or a fetch of its nonce */
    assert_in_range(script_http_most_pending(w->script), 2, 3);
}

static void many_fly_together(void **state)
{
    world_t *w = many(*state, 40);

    w->parallel = 50;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(staged(w), 40);
    assert_true(script_http_most_pending(w->script) >= 20);
}

static apr_array_header_t *order_of_sites;

/* Remembers whom newOrder was sent for. */
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

static void set_live(world_t *w, int i, apr_interval_time_t left)
{
    acme_inventory_t *inventory = world_inventory(w, i);
    acme_certstore_cert_t *live = apr_pcalloc(w->p, sizeof(*live));
    acme_cert_info_t *info = apr_pcalloc(w->p, sizeof(*info));

    info->names =
        apr_array_copy(w->p, APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->names);
    info->fingerprint = apr_psprintf(w->p, "live-%d", i);
    info->not_after = w->clock->now + left;
    info->not_before = info->not_after - 90 * ACME_TIME_DAY;
    live->info = info;
    inventory->live = live;
    inventory->serving = ACME_SERVING_LKC;
}

static void who_serves_nothing_is_first_then_who_expires_first(void **state)
{
    static const int expected[] = {1, 4, 2, 0, 3};
    world_t *w = many(*state, 5);
    int i;

    set_live(w, 0, 5 * ACME_TIME_DAY);
    set_live(w, 2, 2 * ACME_TIME_DAY);
    set_live(w, 3, 20 * ACME_TIME_DAY);
    order_of_sites = apr_array_make(*state, 5, sizeof(const char *));
    w->on_request = note_order;
    w->parallel = 1;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(order_of_sites->nelts, 5);
    for (i = 0; i < 5; ++i) {
        assert_string_equal(APR_ARRAY_IDX(order_of_sites, i, const char *),
                            site_name(w, expected[i]));
    }
}

static void a_site_that_fails_delays_no_other(void **state)
{
    world_t *w = many(*state, 6);

    w->ca->fail_name = "site2.example";
    w->parallel = 2;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(staged(w), 5);
    assert_int_equal(world_job(w, "site2.example")->errors, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "site2.example: "), 1);
}

static void a_slow_validation_delays_no_other(void **state)
{
    world_t *w = many(*state, 4);

    w->ca->validate_polls = 8;
    assert_true(world_run(w));
    assert_int_equal(staged(w), 4);
    assert_true(w->clock->now < FAKE_CLOCK_START + 5 * ACME_TIME_MINUTE);
}

static void a_ca_that_is_down_is_asked_once_a_round_and_said_once(void **state)
{
    world_t *w = many(*state, 30);
    const acme_job_t *job;
    int i, requests;

    w->ca->unreachable = 1000000;
    w->parallel = 4;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ca.test: "), 1);
    for (i = 0; i < 30; ++i) {
        job = world_job(w, site_name(w, i));
        assert_int_equal(job->errors, 1);
        assert_int_equal(job->next_run, w->next);
    }
    /* together again, and later each time: at 1, 11 and 111 minutes, the next
     * day and so on */
    world_live(w, 3 * ACME_TIME_DAY);
    assert_in_range(w->ca->requests, 6, 8);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), w->ca->requests);
    /* a restart asks nothing */
    requests = w->ca->requests;
    world_restart(w);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests);
    w->ca->unreachable = 0;
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(staged(w), 30);
    assert_int_equal(w->ca->orders, 30);
    assert_int_equal(w->ca->accounts, 1);
}

static void thirty_restarts_in_a_row_cost_the_ca_nothing(void **state)
{
    world_t *w = many(*state, 6);
    int i, requests;

    w->ca->fail_name = "site2.example";
    assert_true(world_run(w));
    requests = w->ca->requests;
    for (i = 0; i < 30; ++i) {
        world_restart(w);
        assert_true(world_run(w));
        fake_clock_turn(w->clock, ACME_TIME_MINUTE / 60);
    }
    assert_int_equal(w->ca->requests, requests);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(w->ca->orders, 6);
}

static void two_cas_do_not_wait_for_each_other(void **state)
{
    world_t *w = many(*state, 3);
    acme_ca_spec_t *dead = apr_pmemdup(w->p, &w->ca_spec, sizeof(*dead));

    dead->url = "https://dead.test/dir";
    dead->label = "dead.test";
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->ca = dead;
    w->parallel = 1;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(staged(w), 2);
    assert_int_equal(world_job(w, "site0.example")->errors, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "dead.test: "), 1);
}

static void idle_sites_cost_nothing(void **state)
{
    world_t *w = many(*state, 5000);
    int i, gets;

    for (i = 0; i < 5000; ++i) {
        set_live(w, i, 80 * ACME_TIME_DAY + i * ACME_TIME_MINUTE);
    }
    assert_true(world_run(w));
    assert_in_range(w->gets, 5000, 5010);
    assert_int_equal(w->ca->requests, 0);
    gets = w->gets;
    for (i = 0; i < 100; ++i) {
        assert_true(world_run(w));
    }
    assert_int_equal(w->gets, gets);
}

static void all_are_looked_at_once_in_a_while(void **state)
{
    world_t *w = many(*state, 20);
    int i, gets;

    for (i = 0; i < 20; ++i) {
        set_live(w, i, 80 * ACME_TIME_DAY);
    }
    assert_true(world_run(w));
    assert_in_range(w->next - w->clock->now, 12 * ACME_TIME_HOUR,
                    12 * ACME_TIME_HOUR * 11 / 10);
    gets = w->gets;
    fake_clock_turn(w->clock, 13 * ACME_TIME_HOUR);
    assert_true(world_run(w));
    assert_in_range(w->gets - gets, 20, 22);
    /* and when the clock was turned back */
    gets = w->gets;
    fake_clock_turn(w->clock, -ACME_TIME_DAY);
    assert_true(world_run(w));
    assert_in_range(w->gets - gets, 20, 22);
}

/* Two processes of one generation take turns. */
static void what_another_worker_did_is_read_again(void **state)
{
    world_t *w = many(*state, 2);
    acme_worker_t *first, *second;
    int orders;

    w->ca->fail_name = "site1.example";
    assert_true(world_run(w));
    first = w->worker;
    assert_int_equal(staged(w), 1);
    orders = w->ca->orders;
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    w->ca->fail_name = NULL;
    second = acme_worker_create(&w->config, w->prun);
    (void)acme_worker_run(second);
    assert_int_equal(staged(w), 2);
    assert_int_equal(w->ca->orders, orders + 1);
    (void)acme_worker_run(first);
    assert_int_equal(w->ca->orders, orders + 1);
}

static void a_worker_of_an_older_generation_does_not_act_again(void **state)
{
    world_t *w = many(*state, 1);
    acme_worker_config_t config;
    acme_worker_t *old;
    apr_array_header_t *had;

    w->loaded = w->clock->now;
    world_boot(w);
    had = apr_array_copy(*state, w->inventories);
    config = w->config;
    config.inventories = had;
    config.vault = w->vault;
    config.http = script_http_transport(script_http_create(w->clock, *state));
    old = acme_worker_create(&config, *state);
    assert_true(world_run(w));
    fake_clock_turn(w->clock, ACME_TIME_MINUTE);
    w->loaded = w->clock->now;
    world_restart(w);
    assert_true(world_run(w));
    assert_null(world_job(w, "site0.example")->staged);
    /* its certificates are those of before: it must not order another */
    assert_int_equal(acme_worker_run(old),
                     w->clock->now + apr_time_from_sec(1));
    assert_int_equal(w->ca->orders, 1);
}

/* A transport that reaches nobody and keeps nothing. */
typedef struct dead_http_t {
    acme_http_t http;
    acme_http_done_fn *done;
    void *baton;
    int pending;
    int count;
    fake_clock_t *clock;
} dead_http_t;

static void dead_submit(acme_http_t *http, const acme_http_request_t *request,
                        acme_http_done_fn *done, void *baton)
{
    dead_http_t *dead = http->self;

    (void)request;
    assert_int_equal(dead->pending, 0);
    dead->pending = 1;
    dead->done = done;
    dead->baton = baton;
    ++dead->count;
}

static void dead_run(acme_http_t *http, apr_interval_time_t wait)
{
    dead_http_t *dead = http->self;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!dead->pending) {
        dead->clock->now += wait;
        return;
    }
    dead->pending = 0;
    problem.rv = APR_ECONNREFUSED;
    problem.type = ACME_PROBLEM_NETWORK;
    problem.detail = "nobody is there";
    problem.retry = ACME_RETRY_BACKOFF;
    dead->done(dead->baton, APR_ECONNREFUSED, NULL, &problem);
}

static int dead_pending(acme_http_t *http)
{
    return ((dead_http_t *)http->self)->pending;
}

static void dead_cancel(acme_http_t *http, int all)
{
    (void)all;
    dead_run(http, 0);
}

static void dead_wakeup(acme_http_t *http)
{
    (void)http;
}

static void job_cache(void *baton, acme_log_level_e level, apr_status_t rv,
                      const char *message)
{
    (void)baton;
    (void)level;
    (void)rv;
    (void)message;
}

/* Size of the process, where it can be had: 0 elsewhere, and under a sanitizer
 * that keeps what is freed. */
static long in_use(void)
{
    long pages = 0;
#ifndef __SANITIZE_ADDRESS__
    FILE *file = fopen("/proc/self/statm", "r");

    if (file) {
        if (fscanf(file, "%ld", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
#endif
    return pages * 4096;
}

static void a_run_of_weeks_does_not_grow(void **state)
{
    world_t *w = many(*state, 10);
    dead_http_t dead;
    apr_allocator_t *allocator;
    apr_pool_t *p;
    long before = 0;
    int i;

    memset(&dead, 0, sizeof(dead));
    dead.http.self = &dead;
    dead.http.submit = dead_submit;
    dead.http.run = dead_run;
    dead.http.pending = dead_pending;
    dead.http.cancel = dead_cancel;
    dead.http.wakeup = dead_wakeup;
    dead.clock = w->clock;
    world_boot(w);
    w->log.sink = job_cache;
    assert_int_equal(apr_allocator_create(&allocator), APR_SUCCESS);
    apr_pool_create_ex(&p, NULL, acme_t_abort, allocator);
    apr_allocator_owner_set(allocator, p);
    w->config.http = &dead.http;
    w->config.vault = acme_vault_create(w->mem, w->seal, &w->log, p);
    w->worker = acme_worker_create(&w->config, p);
    for (i = 0; i < 2000; ++i) {
        apr_time_t next = acme_worker_run(w->worker);

        assert_true(next > w->clock->now);
        w->clock->now = next;
        if (i == 200) {
            before = in_use();
        }
    }
    assert_true(dead.count > 100);
    assert_true(in_use() <= before + 256 * 1024);
    apr_pool_destroy(p);
}

/* Whether the live or staged certificate of the site is that CA's. */
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
    assert_int_equal(job->ca_errors, 1);
    world_live(w, 2 * ACME_TIME_MINUTE);
    assert_from(w, WORLD_OTHER);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(w->other->accounts, 1);
    assert_true(w->clock->now - begun <= 3 * ACME_TIME_MINUTE);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "cb.test is asked instead, at once"),
        1);
    assert_in_range(w->ca->requests, 2, 4);
    /* it is no reason for another order, nor is a restart */
    world_restart(w);
    world_live(w, 30 * ACME_TIME_DAY);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(w->ca->orders, 0);
    /* and the next renewal begins with the first again */
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
    w->kill_request = 3; /* the directory of the second */
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
    assert_int_equal(staged(w), 30);
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
    /* one that is taken off the list is another CA */
    APR_ARRAY_IDX(w->inventories, 0, acme_inventory_t *)->staged =
        ACME_STAGED_NONE;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
}

static void questions_go_to_the_ca_that_issued(void **state)
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
    /* which the other one knows nothing of */
    assert_null(w->ca->replaces);
}

ACME_T_MAIN(ACME_T(the_second_ca_is_asked_at_once_when_the_first_fails_again),
            ACME_T(a_kill_keeps_whose_turn_it_is),
            ACME_T(what_is_the_sites_fault_goes_to_no_other_ca),
            ACME_T(when_all_fail_the_wait_grows),
            ACME_T(a_failover_of_many_costs_each_ca_little),
            ACME_T(the_number_of_failures_is_kept_to),
            ACME_T(another_list_of_cas_begins_with_its_first),
            ACME_T(questions_go_to_the_ca_that_issued),
            ACME_T(no_more_than_allowed_are_in_flight),
            ACME_T(many_fly_together),
            ACME_T(who_serves_nothing_is_first_then_who_expires_first),
            ACME_T(a_site_that_fails_delays_no_other),
            ACME_T(a_slow_validation_delays_no_other),
            ACME_T(a_ca_that_is_down_is_asked_once_a_round_and_said_once),
            ACME_T(thirty_restarts_in_a_row_cost_the_ca_nothing),
            ACME_T(two_cas_do_not_wait_for_each_other),
            ACME_T(idle_sites_cost_nothing),
            ACME_T(all_are_looked_at_once_in_a_while),
            ACME_T(what_another_worker_did_is_read_again),
            ACME_T(a_worker_of_an_older_generation_does_not_act_again),
            ACME_T(a_run_of_weeks_does_not_grow))
