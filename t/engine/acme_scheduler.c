/* SPDX-License-Identifier: Apache-2.0 */

/* Runs of a worker: what a run does, and what it leaves to the next. */

#include "acme_t.h"
#include "world.h"

static void a_ca_that_is_down_is_asked_once_a_round_and_said_once(void **state)
{
    world_t *w = world_many(*state, 30);
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
        job = world_job(w, world_site_name(w, i));
        assert_int_equal(job->errors, 1);
        assert_int_equal(job->next_run, w->next);
    }
    /* all sites again, and later each time: at 1, 11 and 111 minutes, the next
     * day and so on */
    world_live(w, 3 * ACME_TIME_DAY);
    assert_in_range(w->ca->requests, 6, 8);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), w->ca->requests);
    /* a restart does not ask the CA */
    requests = w->ca->requests;
    world_restart(w);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests);
    w->ca->unreachable = 0;
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 30);
    assert_int_equal(w->ca->orders, 30);
    assert_int_equal(w->ca->accounts, 1);
}

static void thirty_restarts_in_a_row_cost_the_ca_nothing(void **state)
{
    world_t *w = world_many(*state, 6);
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

/* Lets two processes of one generation run by turns. */
static void what_another_worker_did_is_read_again(void **state)
{
    world_t *w = world_many(*state, 2);
    acme_worker_t *first, *second;
    int orders;

    w->ca->fail_name = "site1.example";
    assert_true(world_run(w));
    first = w->worker;
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 1);
    orders = w->ca->orders;
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    w->ca->fail_name = NULL;
    second = acme_worker_create(&w->config, w->prun);
    (void)acme_worker_run(second);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 2);
    assert_int_equal(w->ca->orders, orders + 1);
    (void)acme_worker_run(first);
    assert_int_equal(w->ca->orders, orders + 1);
}

static void a_worker_of_an_older_generation_does_not_act_again(void **state)
{
    world_t *w = world_many(*state, 1);
    acme_worker_config_t config;
    acme_worker_t *old;
    apr_array_header_t *had =
        apr_array_make(*state, 1, sizeof(acme_site_cert_t *));

    w->loaded = w->clock->now;
    world_boot(w);
    acme_site_add(had, acme_site_cert_at(w->certs, 0)->spec,
                  world_inventory(w, 0));
    config = w->config;
    config.certs = had;
    config.vault = w->vault;
    config.http = script_http_transport(script_http_create(w->clock, *state));
    old = acme_worker_create(&config, *state);
    assert_true(world_run(w));
    fake_clock_turn(w->clock, ACME_TIME_MINUTE);
    w->loaded = w->clock->now;
    world_restart(w);
    assert_true(world_run(w));
    assert_null(world_job(w, "site0.example")->staged);
    /* it knows the old certificates only, so it must not order */
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

static void log_nothing(void *baton, acme_log_level_e level, apr_status_t rv,
                        const char *message)
{
    (void)baton;
    (void)level;
    (void)rv;
    (void)message;
}

/* Returns the size of the process; 0 if it is not known, or under a sanitizer,
 * which keeps what is freed. */
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
    world_t *w = world_many(*state, 10);
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
    w->log.sink = log_nothing;
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

ACME_T_MAIN(ACME_T(a_ca_that_is_down_is_asked_once_a_round_and_said_once),
            ACME_T(thirty_restarts_in_a_row_cost_the_ca_nothing),
            ACME_T(what_another_worker_did_is_read_again),
            ACME_T(a_worker_of_an_older_generation_does_not_act_again),
            ACME_T(a_run_of_weeks_does_not_grow))
