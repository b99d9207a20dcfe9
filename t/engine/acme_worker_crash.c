/* SPDX-License-Identifier: Apache-2.0 */

/* Workers whose process dies over a site or a CA, again and again. */

#include "acme_t.h"
#include "acme_worker_lease.h"
#include "world.h"

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = world_create(p);

    w->crash = apr_pcalloc(p, sizeof(*w->crash));
    world_add(w, "a.example");
    world_add(w, "b.example");
    world_add(w, "c.example");
    return w;
}

/* Lets the server run for so long: a process that dies is replaced ten seconds
 * later. Returns the number of deaths. */
static int live(world_t *w, apr_interval_time_t time)
{
    apr_time_t end = w->clock->now + time;
    int deaths = 0;

    while (w->clock->now < end) {
        if (!w->worker) {
            world_boot(w);
        }
        if (!world_run(w)) {
            deaths++;
            w->clock->now += apr_time_from_sec(10);
            world_boot(w);
        }
        else {
            w->clock->now = w->next > end ? end : w->next;
        }
    }
    return deaths;
}

static int dies_of_the_key_of_b(world_t *w, const char *kind, const char *name)
{
    (void)w;
    return !strcmp(kind, ACME_STORE_KEYS) && !strcmp(name, "b.example");
}

static void the_other_sites_go_on(void **state)
{
    world_t *w = make_world(*state);
    const acme_job_t *job;
    int deaths;

    w->dies_of = dies_of_the_key_of_b;
    deaths = live(w, 10 * ACME_TIME_MINUTE);
    assert_in_range(deaths, 3, 5);
    world_assert_staged(w, "a.example");
    world_assert_staged(w, "c.example");
    job = world_job(w, "b.example");
    assert_in_range(job->errors, 1, 3);
    assert_string_equal(job->problem->type, ACME_PROBLEM_CRASH);
    assert_non_null(strstr(job->problem->detail, "ended unexpectedly"));
    assert_true(world_said(w, ACME_LOG_WARNING,
                           "unexpectedly, 3 times, while it worked on this "
                           "site")
                > 0);
    /* The wait grows to a day. */
    assert_in_range(live(w, 3 * ACME_TIME_DAY), 1, 6);
    /* It is over when the cause is. */
    w->dies_of = NULL;
    assert_int_equal(live(w, 2 * ACME_TIME_DAY), 0);
    world_assert_staged(w, "b.example");
    assert_int_equal(w->ca->orders, 3);
}

static int dies_of_the_account(world_t *w, const char *kind, const char *name)
{
    acme_store_item_t item;

    /* The key is put by a site, the rest when the CA has answered. */
    return !strcmp(kind, ACME_STORE_ACCOUNTS)
           && !acme_store_get(&item, w->mem, kind, name, NULL, w->p);
}

static void a_ca_that_it_dies_of_fails_for_all_its_sites(void **state)
{
    static const char *const names[] = {"a.example", "b.example", "c.example"};
    world_t *w = make_world(*state);
    int i;

    w->dies_of = dies_of_the_account;
    assert_in_range(live(w, 10 * ACME_TIME_MINUTE), 3, 6);
    for (i = 0; i < 3; i++) {
        const acme_job_t *job = world_job(w, names[i]);

        assert_in_range(job->errors, 1, 3);
        assert_string_equal(job->problem->type, ACME_PROBLEM_CRASH);
        assert_non_null(strstr(job->problem->detail, "the answers of https:"));
    }
    assert_in_range(live(w, 3 * ACME_TIME_DAY), 1, 12);
    w->dies_of = NULL;
    assert_int_equal(live(w, 2 * ACME_TIME_DAY), 0);
    for (i = 0; i < 3; i++) {
        world_assert_staged(w, names[i]);
    }
}

static void deaths_from_outside_are_no_failures(void **state)
{
    world_t *w = make_world(*state);
    int i;

    /* Each at another step. */
    for (i = 1; i < 3; i++) {
        w->kill_put = 3 * i;
        assert_int_equal(live(w, apr_time_from_sec(1)), 1);
    }
    assert_int_equal(live(w, ACME_TIME_HOUR), 0);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    assert_int_equal(world_job(w, "a.example")->errors, 0);
}

static int dies_of_all(world_t *w, const char *kind, const char *name)
{
    (void)w;
    (void)kind;
    (void)name;
    return 1;
}

static void all_work_waits_when_all_die(void **state)
{
    world_t *w = make_world(*state);

    w->dies_of = dies_of_all;
    assert_in_range(live(w, ACME_TIME_HOUR), ACME_CRASH_IN_A_ROW, 14);
    assert_true(world_said(w, ACME_LOG_WARNING, "processes in a row") > 0);
    assert_non_null(strstr(acme_worker_waiting(w->worker)->text,
                           "nothing is ordered since"));
    assert_in_range(live(w, ACME_TIME_DAY), 10, 30);
    w->dies_of = NULL;
    assert_int_equal(live(w, 2 * ACME_TIME_DAY), 0);
    assert_string_equal(acme_worker_waiting(w->worker)->text, "");
    world_assert_staged(w, "a.example");
}

static int dies_of_all_but_notes(world_t *w, const char *kind, const char *name)
{
    (void)w;
    (void)name;
    return strcmp(kind, ACME_STORE_NOTES) != 0;
}

static void acmectl_sees_the_wait(void **state)
{
    world_t *w = make_world(*state);
    acme_worker_lease_wait_t wait;

    w->loaded = w->clock->now;
    w->dies_of = dies_of_all_but_notes;
    assert_in_range(live(w, ACME_TIME_HOUR), ACME_CRASH_IN_A_ROW, 14);
    assert_true(acme_worker_lease_read_wait(&wait, w->vault, w->loaded, w->p));
    assert_string_equal(wait.text, acme_worker_waiting(w->worker)->text);
    assert_non_null(strstr(wait.text, "processes in a row"));
    assert_non_null(strstr(wait.to_fix, "exit signal"));
    assert_true(wait.since > 0 && wait.since <= w->clock->now);
    w->dies_of = NULL;
    assert_int_equal(live(w, ACME_TIME_DAY), 0);
    assert_false(acme_worker_lease_read_wait(&wait, w->vault, w->loaded, w->p));
}

static int dies_of_b(world_t *w, const char *kind, const char *name)
{
    (void)w;
    (void)kind;
    return !strcmp(name, "b.example");
}

static void a_job_that_cannot_be_written_waits_as_well(void **state)
{
    world_t *w = make_world(*state);

    w->dies_of = dies_of_b;
    assert_in_range(live(w, ACME_TIME_HOUR), 3, 8);
    world_assert_staged(w, "a.example");
    world_assert_staged(w, "c.example");
    assert_true(world_said(w, ACME_LOG_WARNING, "b.example: ") > 0);
}

ACME_T_MAIN(ACME_T(the_other_sites_go_on),
            ACME_T(a_ca_that_it_dies_of_fails_for_all_its_sites),
            ACME_T(deaths_from_outside_are_no_failures),
            ACME_T(all_work_waits_when_all_die), ACME_T(acmectl_sees_the_wait),
            ACME_T(a_job_that_cannot_be_written_waits_as_well))
