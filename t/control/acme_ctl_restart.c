/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_ctl_restart.h"

static void each_touch_is_another_file(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = acme_ctl_restart_path(dir, p);
    struct stat first, second;

    assert_int_equal(acme_ctl_restart_touch(dir, "import", NULL, p), 0);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(first.st_mode & 0777, 0600);
    acme_t_contains(acme_t_read(path, p), " import\n");
    apr_sleep(20000);
    assert_int_equal(acme_ctl_restart_touch(dir, "import", NULL, p), 0);
    assert_int_equal(stat(path, &second), 0);
    assert_true(first.st_ino != second.st_ino
                || first.st_mtim.tv_sec != second.st_mtim.tv_sec
                || first.st_mtim.tv_nsec != second.st_mtim.tv_nsec);
}

static void a_store_that_is_gone_is_a_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_not_equal(
        acme_ctl_restart_touch("/nowhere", "import", &problem, *state), 0);
    acme_t_contains(problem.detail, "/nowhere/changed");
}

ACME_T_MAIN(ACME_T(each_touch_is_another_file),
            ACME_T(a_store_that_is_gone_is_a_problem))
