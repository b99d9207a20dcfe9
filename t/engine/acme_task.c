/* SPDX-License-Identifier: Apache-2.0 */

/* Orders for the same names, of a site with two kinds of keys: they must not
 * run at the same time. */

#include "acme_t.h"
#include "world.h"

#define A "a.example"

/* Makes a site and its second key. */
static world_t *both(apr_pool_t *p, const char *names)
{
    world_t *w = world_create(p);
    acme_spec_t *own = world_add(w, names), *second_key = world_add(w, names);

    second_key->kind = ACME_SPEC_SECOND_KEY;
    second_key->name = acme_spec_filed_name(own->name, second_key->kind, p);
    second_key->key.type = ACME_KEY_P384;
    return w;
}

static void a_ca_that_gives_an_open_order_again_issues_both(void **state)
{
    world_t *w = both(*state, A " www.a.example");

    w->ca->reuse_orders = 1;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    world_assert_staged(w, A "-rsa");
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(w->ca->finalized, 2);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    assert_int_equal(world_job(w, A)->errors, 0);
    assert_int_equal(world_job(w, A "-rsa")->errors, 0);
}

static void they_go_one_after_the_other_and_others_beside_them(void **state)
{
    world_t *w = both(*state, A);
    int i;

    w->ca->validate_polls = 3;
    for (i = 0; i < 6; ++i) {
        world_add(w, world_site_name(w, i));
    }
    w->parallel = 2;
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 8);
    assert_int_equal(script_http_most_pending(w->script), 2);
    assert_int_equal(w->ca->orders, 8);
}

static void one_that_fails_does_not_keep_the_other_waiting(void **state)
{
    world_t *w = both(*state, A);

    w->ca->fail_name = A;
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    assert_int_equal(world_job(w, A "-rsa")->errors, 1);
    assert_int_equal(w->ca->orders, 2);
}

/* A CA tells by the name alone which challenge it means. */
static void by_tls_they_go_one_after_the_other_at_two_cas_as_well(void **state)
{
    world_t *w = both(*state, A);
    acme_spec_t *second = APR_ARRAY_IDX(w->specs, 1, acme_spec_t *);
    int i;

    world_add_ca(w, second);
    second->ca = APR_ARRAY_IDX(second->more_cas, 0, const acme_ca_spec_t *);
    second->more_cas = NULL;
    for (i = 0; i < 2; ++i) {
        APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->challenge_types =
            world_strings(w->p, "tls-alpn-01 http-01");
    }
    w->ca->challenge_type = w->other->challenge_type = "tls-alpn-01";
    w->ca->validate_polls = w->other->validate_polls = 3;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    world_assert_staged(w, A "-rsa");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
}

ACME_T_MAIN(ACME_T(a_ca_that_gives_an_open_order_again_issues_both),
            ACME_T(they_go_one_after_the_other_and_others_beside_them),
            ACME_T(by_tls_they_go_one_after_the_other_at_two_cas_as_well),
            ACME_T(one_that_fails_does_not_keep_the_other_waiting))
