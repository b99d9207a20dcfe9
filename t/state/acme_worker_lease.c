/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"
#include "world.h"

#include "acme_worker_lease.h"

static apr_status_t take(acme_worker_lease_t *lease, int *again, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    return acme_worker_lease_take(lease, again, &problem, p);
}

static acme_worker_lease_t *create(world_t *w, apr_time_t loaded)
{
    return acme_worker_lease_create(w->vault, &w->clock->clock, loaded, w->p);
}

static void one_at_a_time(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, 0), *b = create(w, 0);
    int again;

    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    assert_int_equal(take(b, &again, w->p), APR_EBUSY);
    acme_worker_lease_release(a);
    assert_int_equal(take(b, &again, w->p), APR_SUCCESS);
    assert_int_equal(take(a, &again, w->p), APR_EBUSY);
    acme_worker_lease_release(a);
    assert_int_equal(take(a, &again, w->p), APR_EBUSY);
}

static void it_ends_with_its_pool(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, 0), *b = create(w, 0);
    apr_pool_t *p;
    int again;

    apr_pool_create(&p, w->p);
    assert_int_equal(take(a, &again, p), APR_SUCCESS);
    apr_pool_destroy(p);
    assert_int_equal(take(b, &again, w->p), APR_SUCCESS);
}

static void it_tells_whether_another_one_acted(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, 0), *b = create(w, 0);
    int again;

    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    assert_false(again);
    acme_worker_lease_release(a);
    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    assert_true(again);
    acme_worker_lease_release(a);
    assert_int_equal(take(b, &again, w->p), APR_SUCCESS);
    assert_false(again);
    acme_worker_lease_release(b);
    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    assert_false(again);
}

static void it_is_kept_as_long_as_it_is_renewed(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, 0), *b = create(w, 0);
    int again, i;

    assert_int_equal(acme_worker_lease_renew(a), APR_EBUSY);
    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    for (i = 0; i < 20; ++i) {
        assert_true(acme_worker_lease_renew_at(a) > w->clock->now);
        w->clock->now = acme_worker_lease_renew_at(a);
        assert_int_equal(acme_worker_lease_renew(a), APR_SUCCESS);
        assert_int_equal(take(b, &again, w->p), APR_EBUSY);
    }
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_int_equal(take(b, &again, w->p), APR_SUCCESS);
    assert_int_equal(acme_worker_lease_renew(a), APR_EBUSY);
}

static void who_is_older_does_not_act_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *old = create(w, w->clock->now - ACME_TIME_HOUR);
    acme_worker_lease_t *sister = create(w, w->clock->now - ACME_TIME_HOUR);
    acme_worker_lease_t *young = create(w, w->clock->now);
    int again;

    assert_int_equal(take(old, &again, w->p), APR_SUCCESS);
    acme_worker_lease_release(old);
    assert_int_equal(take(sister, &again, w->p), APR_SUCCESS);
    acme_worker_lease_release(sister);
    assert_int_equal(take(young, &again, w->p), APR_SUCCESS);
    acme_worker_lease_release(young);
    assert_int_equal(take(old, &again, w->p), APR_EBUSY);
    assert_int_equal(take(sister, &again, w->p), APR_EBUSY);
    assert_int_equal(take(young, &again, w->p), APR_SUCCESS);
    assert_true(again);
    acme_worker_lease_release(young);
    /* a wrong clock keeps a worker out for an hour at most */
    fake_clock_turn(w->clock, 59 * ACME_TIME_MINUTE);
    assert_int_equal(take(old, &again, w->p), APR_EBUSY);
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_int_equal(take(old, &again, w->p), APR_SUCCESS);
}

static void a_mark_of_a_newer_version_stops_the_worker(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *lease = create(w, w->clock->now);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int again;

    acme_t_put(w->vault, ACME_STORE_JOBS, "worker", "{\"format\":2}", w->p);
    assert_int_equal(acme_worker_lease_take(lease, &again, &problem, w->p),
                     APR_ENOTIMPL);
    assert_non_null(strstr(problem.detail, "newer version of mod_acme"));
}

static void a_mark_from_the_future_stops_nobody(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *young = create(w, w->clock->now + ACME_TIME_DAY);
    acme_worker_lease_t *old = create(w, w->clock->now);
    int again;

    assert_int_equal(take(young, &again, w->p), APR_SUCCESS);
    acme_worker_lease_release(young);
    assert_int_equal(take(old, &again, w->p), APR_SUCCESS);
    assert_false(again);
}

static void a_damaged_mark_stops_nobody(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, w->clock->now);
    int again;

    world_damage(w, ACME_STORE_JOBS, "worker");
    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
    assert_false(again);
}

static void a_store_that_fails_gives_it_to_nobody(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_lease_t *a = create(w, 0);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int again;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(acme_worker_lease_take(a, &again, &problem, w->p),
                     APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    assert_int_equal(take(a, &again, w->p), APR_SUCCESS);
}

ACME_T_MAIN(ACME_T(one_at_a_time), ACME_T(it_ends_with_its_pool),
            ACME_T(it_tells_whether_another_one_acted),
            ACME_T(it_is_kept_as_long_as_it_is_renewed),
            ACME_T(who_is_older_does_not_act_again),
            ACME_T(a_mark_of_a_newer_version_stops_the_worker),
            ACME_T(a_mark_from_the_future_stops_nobody),
            ACME_T(a_damaged_mark_stops_nobody),
            ACME_T(a_store_that_fails_gives_it_to_nobody))
