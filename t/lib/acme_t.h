/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t.h
 * @brief What every unit test starts from: cmocka, APR, a pool per test.
 *
 *     static void decodes_nothing_to_nothing(void **state)
 *     {
 *         apr_pool_t *p = *state;
 *         ...
 *     }
 *
 *     ACME_T_MAIN(ACME_T(decodes_nothing_to_nothing), ACME_T(...))
 *
 * The program prints TAP; cases are named by the behaviour they show. Each
 * gets a fresh pool as its state, destroyed afterwards.
 */
#ifndef ACME_T_H
#define ACME_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>

static int acme_t_abort(int status)
{
    (void)status;
    abort();
}

static inline int acme_t_setup(void **state)
{
    apr_pool_t *p;

    if (apr_pool_create_ex(&p, NULL, acme_t_abort, NULL) != APR_SUCCESS) {
        return -1;
    }
    *state = p;
    return 0;
}

static inline int acme_t_teardown(void **state)
{
    apr_pool_destroy(*state);
    return 0;
}

#define ACME_T(test) \
    cmocka_unit_test_setup_teardown(test, acme_t_setup, acme_t_teardown)

#define ACME_T_MAIN(...)                                        \
    int main(int argc, const char *const *argv)                 \
    {                                                           \
        static const struct CMUnitTest tests[] = {__VA_ARGS__}; \
        int failed;                                             \
                                                                \
        apr_app_initialize(&argc, &argv, NULL);                 \
        cmocka_set_message_output(CM_OUTPUT_TAP);               \
        failed = cmocka_run_group_tests(tests, NULL, NULL);     \
        apr_terminate();                                        \
        return failed != 0;                                     \
    }

#endif
