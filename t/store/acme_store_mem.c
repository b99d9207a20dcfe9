/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_store_mem.h"

static apr_time_t turned(void *baton)
{
    return *(apr_time_t *)baton;
}

static void a_lease_ends_by_the_clock(void **state)
{
    apr_pool_t *p = *state;
    apr_time_t now = apr_time_from_sec(1000);
    acme_clock_t clock = {turned, &now};
    acme_store_t *store = acme_store_mem_create(&clock, p);
    acme_store_t *other = acme_store_mem_share(store, p);
    acme_lease_t *mine;
    acme_lease_t *theirs;

    assert_int_equal(acme_store_lease(&mine, store, "a", 100, NULL, p), 0);
    now += 99;
    assert_int_equal(acme_store_lease(&theirs, other, "a", 100, NULL, p),
                     APR_EBUSY);
    assert_int_equal(acme_store_renew(mine, NULL), 0);
    now += 99;
    assert_int_equal(acme_store_lease(&theirs, other, "a", 100, NULL, p),
                     APR_EBUSY);
    now += 1;
    /* It has expired, but was not taken. */
    assert_int_equal(acme_store_renew(mine, NULL), 0);
    now += 100;
    assert_int_equal(acme_store_lease(&theirs, other, "a", 100, NULL, p), 0);
    assert_int_equal(acme_store_renew(mine, NULL), APR_EBUSY);
    acme_store_release(mine);
    assert_int_equal(acme_store_renew(theirs, NULL), 0);
}

static void an_expired_lease_may_outlive_its_pool(void **state)
{
    apr_pool_t *p = *state;
    apr_time_t now = 1;
    acme_clock_t clock = {turned, &now};
    acme_store_t *store = acme_store_mem_create(&clock, p);
    acme_lease_t *mine;
    acme_lease_t *theirs;
    apr_pool_t *sub;

    apr_pool_create(&sub, p);
    assert_int_equal(acme_store_lease(&mine, store, "a", 100, NULL, sub), 0);
    now += 100;
    assert_int_equal(acme_store_lease(&theirs, store, "a", 100, NULL, p), 0);
    apr_pool_destroy(sub);
    assert_int_equal(acme_store_renew(theirs, NULL), 0);
    assert_int_equal(acme_store_lease(&mine, store, "a", 100, NULL, p),
                     APR_EBUSY);
}

static void a_broken_store_fails_each_put(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_t *store = acme_store_mem_create(&acme_time_system_clock, p);
    acme_store_t *other = acme_store_mem_share(store, p);
    acme_store_put_t put = {
        .kind = ACME_STORE_JOBS,
        .name = "a",
        .data = "1",
        .len = 1,
        .sync = ACME_STORE_LAZY,
    };
    acme_store_item_t item;

    assert_int_equal(acme_store_put(NULL, store, &put, NULL, p), 0);
    acme_store_mem_break(store, APR_ENOSPC);
    put.data = "2";
    assert_int_equal(acme_store_put(NULL, other, &put, &problem, p),
                     APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_int_equal(problem.retry, ACME_RETRY_INTERNAL);
    assert_int_equal(
        acme_store_get(&item, store, ACME_STORE_JOBS, "a", NULL, p), 0);
    assert_string_equal(item.data, "1");
    acme_store_mem_break(other, 0);
    assert_int_equal(acme_store_put(NULL, store, &put, NULL, p), 0);
}

ACME_T_MAIN(ACME_T(a_lease_ends_by_the_clock),
            ACME_T(an_expired_lease_may_outlive_its_pool),
            ACME_T(a_broken_store_fails_each_put))
