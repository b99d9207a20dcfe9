/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#include "acme_site_check.h"

#define A "a.example"

static world_t *unseen(apr_pool_t *p)
{
    world_t *w = world_create(p);

    world_add(w, A);
    return w;
}

static const char *refuse(world_t *w, const acme_problem_t *problem)
{
    acme_inventory_t *inventory =
        apr_pmemdup(w->p, world_inventory(w, 0), sizeof(*inventory));

    inventory->staged = ACME_STAGED_REFUSED;
    inventory->staged_fingerprint = world_job(w, A)->staged;
    inventory->problem = problem;
    acme_site_cert_at(w->certs, 0)->inventory = inventory;
    return inventory->staged_fingerprint;
}

static void what_root_refused_is_ordered_again_after_a_while(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_job_t *job;
    int i;

    acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                     ACME_PROBLEM_CERTIFICATE, w->p, "root does not like it");
    assert_true(world_run(w));
    for (i = 1; i < 4; ++i) {
        refuse(w, i == 1 ? &problem : NULL);
        world_boot(w);
        assert_true(world_run(w));
        job = world_job(w, A);
        assert_int_equal(job->errors, i);
        assert_null(job->staged);
        assert_null(world_staged(w, A));
        assert_int_equal(job->problem->retry, ACME_RETRY_BACKOFF);
        assert_true(job->next_run > w->clock->now);
        assert_int_equal(w->ca->orders, i);
        w->clock->now = job->next_run;
        assert_true(world_run(w));
        assert_int_equal(w->ca->orders, i + 1);
        world_assert_staged(w, A);
    }
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "root does not like it"),
                     1);
    world_restart(w);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 0);
}

static void what_no_new_order_can_mend_waits_for_the_configuration(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_CONFIG,
                     ACME_PROBLEM_CERTIFICATE, w->p, "key too small here");
    assert_true(world_run(w));
    refuse(w, &problem);
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->problem->retry, ACME_RETRY_CONFIG);
    w->clock->now += 8 * ACME_TIME_DAY;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
}

static void
what_was_refused_and_is_not_wanted_any_more_is_no_failure(void **state)
{
    world_t *w = unseen(*state);

    assert_true(world_run(w));
    refuse(w, NULL);
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->names =
        world_strings(w->p, A " b.example");
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
}

static void a_finished_certificate_is_found_without_its_job(void **state)
{
    world_t *w = unseen(*state);

    assert_true(world_run(w));
    world_damage(w, ACME_STORE_JOBS, A);
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
    /* also if root has promoted it meanwhile */
    world_damage(w, ACME_STORE_JOBS, A);
    world_restart(w);
    assert_true(world_run(w));
    assert_null(world_job(w, A)->staged);
    assert_null(world_staged(w, A));
    assert_int_equal(w->ca->orders, 1);
}

static void what_is_staged_for_other_names_is_not_taken(void **state)
{
    world_t *w = unseen(*state);

    assert_true(world_run(w));
    world_damage(w, ACME_STORE_JOBS, A);
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->names =
        world_strings(w->p, A " b.example");
    world_boot(w);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
}

static void a_staged_certificate_that_is_gone_is_a_failure(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int damage;

    for (damage = 0; damage < 2; ++damage) {
        int orders = w->ca->orders;

        world_live(w, ACME_TIME_DAY);
        world_assert_staged(w, A);
        if (damage) {
            world_damage(w, ACME_STORE_STAGING, A);
        }
        else {
            assert_int_equal(acme_store_delete(w->mem, ACME_STORE_STAGING, A,
                                               &problem, w->p),
                             APR_SUCCESS);
        }
        world_boot(w);
        assert_true(world_run(w));
        assert_true(world_job(w, A)->errors > 0);
        assert_true(world_job(w, A)->next_run > w->clock->now);
        assert_int_equal(world_said(w, ACME_LOG_WARNING,
                                    "is gone from the "
                                    "store"),
                         damage + 1);
        assert_int_equal(w->ca->orders, orders + 1);
    }
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, A);
}

static void failures_of_a_name_that_was_removed_are_forgotten(void **state)
{
    world_t *w = unseen(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    assert_true(world_run(w));
    w->ca->fail_name = "b.example";
    spec->names = world_strings(w->p, A " b.example");
    world_restart(w);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    spec->names = world_strings(w->p, A);
    world_restart(w);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 0);
    assert_null(world_job(w, A)->problem);
    assert_true(w->next > w->clock->now + ACME_TIME_HOUR);
}

/* Makes a certificate live that the order has not issued: an import, say. */
static void make_live(world_t *w, const acme_cert_info_t *info)
{
    acme_inventory_t *inventory =
        apr_pmemdup(w->p, world_inventory(w, 0), sizeof(*inventory));
    acme_certstore_cert_t *live = apr_pcalloc(w->p, sizeof(*live));

    live->info = info;
    inventory->live = live;
    inventory->serving = ACME_SERVING_LKC;
    inventory->staged = ACME_STAGED_NONE;
    acme_site_cert_at(w->certs, 0)->inventory = inventory;
}

/* Returns a certificate for these names that another server has ordered. */
static const acme_cert_info_t *elsewhere(const char *names, apr_pool_t *p)
{
    world_t *other = world_create(p);

    world_add(other, names);
    assert_true(world_run(other));
    return world_info(other, world_staged(other, A));
}

static void assert_untouched(world_t *w, int requests)
{
    const acme_job_t *job = world_job(w, A);

    assert_int_equal(w->ca->requests, requests);
    assert_null(job->order);
    assert_null(job->problem);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    assert_null(world_staged(w, A));
    assert_true(w->next > w->clock->now + ACME_TIME_HOUR);
}

static void an_order_that_an_import_makes_needless_ends(void **state)
{
    const acme_cert_info_t *info = elsewhere(A, *state);
    int n, requests, dropped = 0, presented = 0;

    /* the process may end at any request of the order */
    for (n = 1; n < 100; ++n) {
        world_t *w = unseen(*state);

        w->kill_request = n;
        if (world_run(w)) {
            break;
        }
        requests = w->ca->requests;
        presented += world_count(w, ACME_STORE_CHALLENGES);
        if (world_job(w, A)->order) {
            ++dropped;
            make_live(w, info);
            world_boot(w);
            assert_true(world_run(w));
            assert_untouched(w, requests);
            assert_int_equal(
                world_said(w, ACME_LOG_INFO, A ": its order is given up"), 1);
            /* it is given up once */
            world_boot(w);
            assert_true(world_run(w));
            assert_int_equal(world_said(w, ACME_LOG_INFO, "given up"), 1);
        }
    }
    assert_true(n < 100 && dropped > 4 && presented > 0);
}

static void one_that_an_import_does_not_make_needless_goes_on(void **state)
{
    const acme_cert_info_t *info = elsewhere(A, *state);
    world_t *w = world_create(*state);

    world_add(w, A " www." A);
    w->kill_request = 8;
    assert_false(world_run(w));
    assert_non_null(world_job(w, A)->order);
    make_live(w, info);
    world_boot(w);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "given up"), 0);
    world_assert_staged(w, A);
}

static void failures_end_with_an_import(void **state)
{
    const acme_cert_info_t *info = elsewhere(A, *state);
    world_t *w = unseen(*state);
    int requests;

    w->ca->fail_name = A;
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    requests = w->ca->requests;
    make_live(w, info);
    world_boot(w);
    assert_true(world_run(w));
    assert_untouched(w, requests);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "has failed is given up"), 1);
}

static void one_that_is_ready_and_was_outlived_is_settled(void **state)
{
    const acme_cert_info_t *info = elsewhere(A, *state);
    world_t *w = unseen(*state);
    int requests;

    assert_true(world_run(w));
    requests = w->ca->requests;
    make_live(w, info);
    world_inventory(w, 0)->staged = ACME_STAGED_PROMOTED;
    world_inventory(w, 0)->staged_fingerprint = world_job(w, A)->staged;
    world_boot(w);
    assert_true(world_run(w));
    assert_untouched(w, requests);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "certificate is live"), 0);
}

/* Fails as a store does that cannot be read. */
static apr_status_t unreadable(acme_store_item_t *item, acme_store_t *store,
                               const char *kind, const char *name,
                               acme_problem_t *problem, apr_pool_t *p)
{
    (void)item;
    (void)store;
    return acme_problem_set(problem, APR_EACCES, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "cannot read %s/%s", kind,
                            name);
}

static void what_cannot_be_read_is_read_again_later(void **state)
{
    world_t *w = unseen(*state);

    w->backend.get = unreadable;
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->requests, 0);
    assert_in_range(world_said(w, ACME_LOG_WARNING, "cannot read"), 2, 4);
    w->backend.get = world_get;
    world_live(w, 3 * ACME_TIME_HOUR);
    world_assert_staged(w, A);
}

static void an_idle_site_says_when(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_site_check_t site;
    acme_worker_ctx_t ctx;
    acme_plan_t plan;
    acme_job_t *job;

    assert_true(world_run(w));
    world_restart(w);
    memset(&site, 0, sizeof(site));
    memset(&ctx, 0, sizeof(ctx));
    site.spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
    site.inventory = world_inventory(w, 0);
    ctx.vault = w->vault;
    ctx.clock = &w->clock->clock;
    ctx.log = &w->log;
    assert_int_equal(acme_site_check(&plan, &job, &site, &ctx, &problem, w->p),
                     APR_SUCCESS);
    assert_int_equal(plan.what, ACME_PLAN_IDLE);
    assert_true(plan.at > w->clock->now + 50 * ACME_TIME_DAY);
    assert_null(job->staged);
    assert_true(site.was_checked);
}

/* Tells the two by the log: a job from the cache has none. */
static void a_job_at_rest_is_not_read_again(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ctl_request_t request = {0};
    acme_inventory_t inventory;
    acme_site_check_t site;
    acme_job_cache_t job_cache;
    acme_worker_ctx_t ctx;
    acme_plan_t plan;
    acme_job_t *job;
    int i;

    assert_true(world_run(w));
    world_restart(w);
    assert_true(world_run(w));
    memset(&job_cache, 0, sizeof(job_cache));
    memset(&site, 0, sizeof(site));
    memset(&ctx, 0, sizeof(ctx));
    inventory = *world_inventory(w, 0);
    inventory.staged = ACME_STAGED_NONE;
    site.spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);
    site.inventory = &inventory;
    site.job_cache = &job_cache;
    ctx.vault = w->vault;
    ctx.clock = &w->clock->clock;
    ctx.log = &w->log;
    for (i = 0; i < 5; ++i) {
        /* read again: for a request, and when its time has come */
        site.request = i == 2 ? &request : NULL;
        request.id = "1";
        request.name = A;
        w->clock->now += i == 4 ? 80 * ACME_TIME_DAY : 0;
        assert_int_equal(
            acme_site_check(&plan, &job, &site, &ctx, &problem, w->p),
            APR_SUCCESS);
        assert_int_equal(plan.what, i == 4 ? ACME_PLAN_ORDER : ACME_PLAN_IDLE);
        assert_int_equal(job->log->nelts > 0, i != 1);
    }
}

ACME_T_MAIN(ACME_T(a_job_at_rest_is_not_read_again),
            ACME_T(what_root_refused_is_ordered_again_after_a_while),
            ACME_T(what_no_new_order_can_mend_waits_for_the_configuration),
            ACME_T(what_was_refused_and_is_not_wanted_any_more_is_no_failure),
            ACME_T(a_finished_certificate_is_found_without_its_job),
            ACME_T(what_is_staged_for_other_names_is_not_taken),
            ACME_T(a_staged_certificate_that_is_gone_is_a_failure),
            ACME_T(failures_of_a_name_that_was_removed_are_forgotten),
            ACME_T(an_order_that_an_import_makes_needless_ends),
            ACME_T(one_that_an_import_does_not_make_needless_goes_on),
            ACME_T(failures_end_with_an_import),
            ACME_T(one_that_is_ready_and_was_outlived_is_settled),
            ACME_T(what_cannot_be_read_is_read_again_later),
            ACME_T(an_idle_site_says_when))
