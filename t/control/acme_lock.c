/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <signal.h>

#include <sys/wait.h>

#include "acme_lock.h"

static apr_interval_time_t slept;

/* Takes the place of libapr's, because it tells who would wait, and how long,
 * whatever the machine's speed. */
void apr_sleep(apr_interval_time_t t)
{
    slept += t;
}

/** A process that holds the lock until it is killed. */
static pid_t hold(const char *dir, apr_pool_t *p)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        acme_lock_t *lock;

        if (acme_lock_take(&lock, dir, 0, NULL, p) == APR_SUCCESS) {
            (void)!write(ready[1], "x", 1);
        }
        for (;;) {
            pause();
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void it_is_roots_alone(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_lock_t *lock;
    struct stat st;

    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, p), 0);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/lock", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    acme_lock_release(lock);
    acme_lock_release(lock);
    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, p), 0);
}

static void one_that_others_may_open_is_not_waited_for(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/lock", NULL);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_lock_t *lock;

    acme_t_write(path, "", p);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(acme_lock_take(&lock, dir, 0, &problem, p), APR_EACCES);
    acme_t_contains(problem.detail, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_not_equal(acme_lock_take(&lock, dir, 0, NULL, p), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, p), APR_EACCES);
}

static void who_comes_second_is_told_who_has_it(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    pid_t pid = hold(dir, p);
    acme_lock_t *lock;

    assert_int_equal(acme_lock_take(&lock, dir, 0, &problem, p), APR_EBUSY);
    acme_t_contains(problem.detail, apr_psprintf(p, "process %ld", (long)pid));
    assert_int_equal(slept, 0);
    assert_int_equal(
        acme_lock_take(&lock, dir, apr_time_from_msec(300), NULL, p),
        APR_EBUSY);
    assert_in_range(slept, apr_time_from_msec(300), apr_time_from_msec(600));
    end(pid);
}

static void it_ends_with_its_holder(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_lock_t *lock;

    end(hold(dir, p));
    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, p), 0);
}

static void a_child_does_not_inherit_it(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_lock_t *lock;
    pid_t child, pid;

    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, p), 0);
    child = fork();
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    acme_lock_release(lock);
    /* as a CGI daemon that was forked at start would */
    pid = hold(dir, p);
    end(pid);
    end(child);
}

static void it_goes_with_its_pool(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    apr_pool_t *inner;
    acme_lock_t *lock;

    apr_pool_create(&inner, p);
    assert_int_equal(acme_lock_take(&lock, dir, 0, NULL, inner), 0);
    apr_pool_destroy(inner);
    end(hold(dir, p));
}

ACME_T_MAIN(ACME_T(it_is_roots_alone),
            ACME_T(one_that_others_may_open_is_not_waited_for),
            ACME_T(who_comes_second_is_told_who_has_it),
            ACME_T(it_ends_with_its_holder),
            ACME_T(a_child_does_not_inherit_it), ACME_T(it_goes_with_its_pool))
