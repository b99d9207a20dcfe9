/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <errno.h>

#include "acme_flush.h"

typedef struct disk_t {
    int flushes;
    apr_status_t rv;
} disk_t;

static apr_status_t flush_of(acme_store_t *store, acme_problem_t *problem,
                             apr_pool_t *ptemp)
{
    disk_t *disk = store->self;

    ++disk->flushes;
    return disk->rv ? acme_problem_set(problem, disk->rv, ACME_RETRY_INTERNAL,
                                       ACME_PROBLEM_STORE, ptemp, "no disk")
                    : APR_SUCCESS;
}

static void one_flush_serves_all_who_wait(void **state)
{
    static const acme_store_backend_t backend = {.flush = flush_of};
    disk_t disk = {0, 0};
    acme_store_t store = {&backend, &disk};
    acme_flush_t flush = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned int a, b, c;

    assert_false(acme_flush_run(&flush, &store, *state));
    a = acme_flush_want(&flush);
    b = acme_flush_want(&flush);
    assert_int_not_equal(a, 0);
    assert_int_equal(acme_flush_rv(&flush, a, &problem, *state), APR_EAGAIN);
    assert_true(acme_flush_run(&flush, &store, *state));
    assert_int_equal(disk.flushes, 1);
    assert_int_equal(acme_flush_rv(&flush, a, &problem, *state), 0);
    c = acme_flush_want(&flush);
    assert_int_equal(acme_flush_rv(&flush, b, &problem, *state), 0);
    assert_int_equal(acme_flush_rv(&flush, c, &problem, *state), APR_EAGAIN);
    assert_true(acme_flush_run(&flush, &store, *state));
    assert_false(acme_flush_run(&flush, &store, *state));
    assert_int_equal(disk.flushes, 2);
}

static void all_who_waited_hear_of_a_failure(void **state)
{
    static const acme_store_backend_t backend = {.flush = flush_of};
    disk_t disk = {0, EIO};
    acme_store_t store = {&backend, &disk};
    acme_flush_t flush = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned int a = acme_flush_want(&flush), b = acme_flush_want(&flush);

    assert_true(acme_flush_run(&flush, &store, *state));
    assert_int_equal(acme_flush_rv(&flush, a, &problem, *state), EIO);
    assert_string_equal(problem.detail, "no disk");
    problem.detail = NULL;
    assert_int_equal(acme_flush_rv(&flush, b, &problem, *state), EIO);
    assert_string_equal(problem.detail, "no disk");
    /* the next flush succeeds */
    disk.rv = 0;
    a = acme_flush_want(&flush);
    assert_true(acme_flush_run(&flush, &store, *state));
    assert_int_equal(acme_flush_rv(&flush, a, &problem, *state), 0);
}

static void a_ticket_is_never_none(void **state)
{
    static const acme_store_backend_t backend = {.flush = flush_of};
    disk_t disk = {0, 0};
    acme_store_t store = {&backend, &disk};
    acme_flush_t flush = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned int last;

    flush.round = ~0u;
    last = acme_flush_want(&flush);
    assert_true(acme_flush_run(&flush, &store, *state));
    assert_int_equal(acme_flush_rv(&flush, last, &problem, *state), 0);
    assert_int_not_equal(acme_flush_want(&flush), 0);
}

ACME_T_MAIN(ACME_T(one_flush_serves_all_who_wait),
            ACME_T(all_who_waited_hear_of_a_failure),
            ACME_T(a_ticket_is_never_none))
