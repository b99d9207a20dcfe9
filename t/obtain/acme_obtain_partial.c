/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#include "acme_partial_names.h"

#define A   "a.example"
#define WWW "www.a.example"
#define OLD "old.a.example"

static world_t *fresh(apr_pool_t *p)
{
    world_t *w = world_create(p);
    acme_spec_t *spec = world_add(w, A " " WWW " " OLD);

    spec->optional = world_strings(p, WWW " " OLD);
    w->ca->fail_name = OLD;
    return w;
}

static acme_spec_t *the_spec(const world_t *w)
{
    return APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
}

static void assert_staged_without_old(const world_t *w)
{
    const acme_bundle_t *bundle = world_staged(w, A);

    assert_non_null(bundle);
    assert_true(acme_ident_same(world_info(w, bundle)->names,
                                world_strings(w->p, A " " WWW)));
}

static void the_first_certificate_is_had_without_it(void **state)
{
    world_t *w = fresh(*state);

    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 3);
    assert_staged_without_old(w);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "obtained without " OLD),
                     1);
    world_restart(w);
    world_live(w, 50 * ACME_TIME_DAY);
    world_restart(w);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 3);
    assert_int_equal(world_job(w, A)->errors, 0);
    assert_null(world_job(w, A)->problem);
    assert_string_equal(
        acme_partial_names_print(world_job(w, A), the_spec(w), w->p), OLD);
    assert_string_equal(
        APR_ARRAY_IDX(world_job(w, A)->names, 0, acme_job_name_t).name, OLD);
}

static void the_renewal_has_it_again_once_it_works(void **state)
{
    world_t *w = fresh(*state);

    world_live(w, ACME_TIME_HOUR);
    world_restart(w);
    world_live(w, 50 * ACME_TIME_DAY);
    w->ca->fail_name = NULL;
    world_live(w, 15 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 4);
    world_assert_staged(w, A);
    world_restart(w);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(world_job(w, A)->names->nelts, 0);
    assert_int_equal(w->ca->orders, 4);
}

static void the_renewal_is_had_without_it_while_it_does_not(void **state)
{
    world_t *w = fresh(*state);

    world_live(w, ACME_TIME_HOUR);
    world_restart(w);
    world_live(w, 65 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 6);
    assert_staged_without_old(w);
    world_restart(w);
    world_live(w, 50 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 6);
}

static void an_alias_that_was_added_and_fails_costs_two_orders(void **state)
{
    world_t *w = fresh(*state);

    the_spec(w)->names = world_strings(w->p, A " " WWW);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 1);
    world_restart(w);
    world_live(w, ACME_TIME_HOUR);
    the_spec(w)->names = world_strings(w->p, A " " WWW " " OLD);
    world_boot(w);
    world_live(w, 40 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 3);
    assert_null(world_staged(w, A));
    assert_int_equal(world_job(w, A)->errors, 0);
    /* the renewal tries all three */
    w->ca->fail_name = NULL;
    world_live(w, 25 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 4);
    world_assert_staged(w, A);
}

static void it_is_remembered_over_restarts(void **state)
{
    world_t *w = fresh(*state);

    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    world_restart(w);
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
    world_restart(w);
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 3);
    assert_staged_without_old(w);
}

/* Killed at each request in turn, the worker gets the same certificate, and
 * does not order for ever. */
static void killed_anywhere_it_ends_the_same(void **state)
{
    int n;

    for (n = 1; n < 200; ++n) {
        apr_pool_t *p;
        world_t *w;
        int alive;

        apr_pool_create(&p, *state);
        w = fresh(p);
        w->kill_answer = n;
        alive = world_live(w, ACME_TIME_HOUR) && !w->killed;
        if (!alive) {
            world_boot(w);
            world_live(w, 3 * ACME_TIME_HOUR);
        }
        assert_staged_without_old(w);
        assert_in_range(w->ca->orders, 3, 4);
        apr_pool_destroy(p);
        if (alive) {
            break;
        }
    }
    assert_in_range(n, 10, 199);
}

static void the_server_name_is_never_left_out(void **state)
{
    world_t *w = fresh(*state);

    w->ca->fail_name = A;
    world_live(w, 3 * ACME_TIME_DAY);
    assert_null(world_staged(w, A));
    assert_true(world_job(w, A)->errors > 3);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "obtained without"), 0);
}

static void without_the_directive_all_wait(void **state)
{
    world_t *w = fresh(*state);

    the_spec(w)->optional = NULL;
    world_live(w, ACME_TIME_DAY);
    assert_null(world_staged(w, A));
    assert_int_equal(world_job(w, A)->names->nelts, 0);
}

ACME_T_MAIN(ACME_T(the_first_certificate_is_had_without_it),
            ACME_T(the_renewal_has_it_again_once_it_works),
            ACME_T(the_renewal_is_had_without_it_while_it_does_not),
            ACME_T(an_alias_that_was_added_and_fails_costs_two_orders),
            ACME_T(it_is_remembered_over_restarts),
            ACME_T(killed_anywhere_it_ends_the_same),
            ACME_T(the_server_name_is_never_left_out),
            ACME_T(without_the_directive_all_wait))
