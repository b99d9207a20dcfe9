/* SPDX-License-Identifier: Apache-2.0 */

/* When sites are due. */

#include "acme_t.h"
#include "world.h"

#include "acme_site_table.h"

static void idle_sites_cost_nothing(void **state)
{
    world_t *w = world_many(*state, 5000);
    int i, gets;

    for (i = 0; i < 5000; ++i) {
        world_set_live(w, i, 80 * ACME_TIME_DAY + i * ACME_TIME_MINUTE);
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

static void all_are_checked_once_in_a_while(void **state)
{
    world_t *w = world_many(*state, 20);
    int i, gets;

    for (i = 0; i < 20; ++i) {
        world_set_live(w, i, 80 * ACME_TIME_DAY);
    }
    assert_true(world_run(w));
    assert_in_range(w->next - w->clock->now, 12 * ACME_TIME_HOUR,
                    12 * ACME_TIME_HOUR * 11 / 10);
    gets = w->gets;
    fake_clock_turn(w->clock, 13 * ACME_TIME_HOUR);
    assert_true(world_run(w));
    assert_in_range(w->gets - gets, 20, 22);
    /* also when the clock was turned back */
    gets = w->gets;
    fake_clock_turn(w->clock, -ACME_TIME_DAY);
    assert_true(world_run(w));
    assert_in_range(w->gets - gets, 20, 22);
}

/* Returns a table of the world's sites, in a run. */
static acme_site_table_t *make_table(world_t *w)
{
    acme_worker_ctx_t *ctx = apr_pcalloc(w->p, sizeof(*ctx));
    acme_site_table_t *table;

    ctx->clock = &w->clock->clock;
    ctx->log = &w->log;
    table = acme_site_table_create(ctx, w->certs, NULL, w->p);
    acme_site_table_begin(table);
    table->next_due = ACME_SCHEDULE_NEVER;
    return table;
}

static void rest_until(acme_site_table_t *table, int i, apr_time_t at)
{
    acme_plan_t plan;

    memset(&plan, 0, sizeof(plan));
    plan.at = at;
    acme_site_table_at(table, i)->warn_at = ACME_SCHEDULE_NEVER;
    acme_site_table_rest(table, acme_site_table_at(table, i), &plan);
}

static void sites_are_found_by_name(void **state)
{
    world_t *w = world_many(*state, 3);
    acme_site_table_t *table = make_table(w);
    acme_site_entry_t *added = acme_site_table_add(table, "site1.example/csr");

    assert_ptr_equal(acme_site_table_find(table, "site1.example"),
                     acme_site_table_at(table, 1));
    assert_int_equal(acme_site_table_at(table, 1)->index, 1);
    assert_ptr_equal(acme_site_table_find(table, "site1.example/csr"), added);
    assert_int_equal(added->index, -1);
    assert_null(acme_site_table_find(table, "site4.example"));
}

static void a_site_rests_as_its_plan_says_but_a_minute_at_least(void **state)
{
    world_t *w = world_many(*state, 2);
    acme_site_table_t *table = make_table(w);
    apr_time_t now = w->clock->now;

    rest_until(table, 0, now + ACME_TIME_HOUR);
    rest_until(table, 1, ACME_SCHEDULE_NEVER);
    assert_int_equal(acme_site_table_due(table), now + ACME_TIME_HOUR);
    assert_int_equal(table->next_due, now + ACME_TIME_HOUR);
    rest_until(table, 1, now);
    assert_int_equal(acme_site_table_due(table), now + ACME_TIME_MINUTE);
    acme_site_table_at(table, 1)->check.request_is_new = 1;
    rest_until(table, 1, ACME_SCHEDULE_NEVER);
    assert_true(acme_site_table_is_due(acme_site_table_at(table, 1), now));
    assert_false(acme_site_table_is_due(acme_site_table_at(table, 0), now));
}

static void a_site_that_waits_or_runs_is_due_when_the_run_ends(void **state)
{
    world_t *w = world_many(*state, 3);
    acme_site_table_t *table = make_table(w);
    apr_time_t now = w->clock->now;
    int i;

    for (i = 0; i < 3; ++i) {
        rest_until(table, i, now);
    }
    acme_site_table_at(table, 0)->check.running = 1;
    acme_site_table_at(table, 1)->check.queued = now;
    assert_false(acme_site_table_is_due(acme_site_table_at(table, 0),
                                        now + ACME_TIME_DAY));
    assert_false(acme_site_table_is_due(acme_site_table_at(table, 1),
                                        now + ACME_TIME_DAY));
    acme_site_table_end(table);
    assert_true(acme_site_table_is_due(acme_site_table_at(table, 0), now));
    assert_true(acme_site_table_is_due(acme_site_table_at(table, 1), now));
    assert_false(acme_site_table_is_due(acme_site_table_at(table, 2), now));
    acme_site_table_forget(table);
    assert_true(acme_site_table_is_due(acme_site_table_at(table, 2), now));
}

static void a_store_that_fails_is_one_warning_and_a_growing_wait(void **state)
{
    world_t *w = world_many(*state, 2);
    acme_site_table_t *table = make_table(w);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_site_entry_t *site = acme_site_table_at(table, 0);
    apr_interval_time_t wait, last = 0;
    int i;

    acme_problem_set(&problem, APR_EACCES, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, w->p, "cannot read");
    for (i = 0; i < 5; ++i) {
        acme_site_table_store_failed(table, site, &problem, w->p);
        wait = site->check.next - w->clock->now;
        assert_true(wait > last || wait == ACME_TIME_HOUR);
        last = wait;
    }
    assert_int_equal(last, ACME_TIME_HOUR);
    acme_site_table_store_failed(table, acme_site_table_at(table, 1), &problem,
                                 w->p);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "cannot read"), 1);
    acme_site_table_begin(table);
    acme_site_table_store_failed(table, site, &problem, w->p);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "cannot read"), 2);
}

ACME_T_MAIN(ACME_T(sites_are_found_by_name),
            ACME_T(a_site_rests_as_its_plan_says_but_a_minute_at_least),
            ACME_T(a_site_that_waits_or_runs_is_due_when_the_run_ends),
            ACME_T(a_store_that_fails_is_one_warning_and_a_growing_wait),
            ACME_T(idle_sites_cost_nothing),
            ACME_T(all_are_checked_once_in_a_while))
