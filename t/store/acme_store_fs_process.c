/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_process.c
 * @brief The store in a folder among processes that write at the same time,
 * are killed, or have no right to it.
 */
#include "kill_at.h"

#include "acme_store_fs_t.h"

#include <time.h>
#include <utime.h>

#define NOBODY 65534

/* Time after which a test gives up, in steps of 10 ms and in seconds. No
 * machine is that slow. */
#define STEPS   12000
#define SECONDS 300

/* ---- other processes ---- */

static pid_t start(int (*run)(world_t *w), world_t *w)
{
    pid_t pid = fork();

    if (pid == 0) {
        alarm(SECONDS);
        _exit(run(w));
    }
    assert_true(pid > 0);
    return pid;
}

static int ended(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits until the other process has made a file. */
static void await(const world_t *w, const char *path)
{
    int i;

    for (i = 0; i < STEPS && access(in(w, path), F_OK) != 0; i++) {
        usleep(10000);
    }
    assert_int_equal(access(in(w, path), F_OK), 0);
}

static int hold_lease(world_t *w)
{
    acme_lease_t *lease;

    if (acme_store_lease(&lease, w->store, "a", 1, NULL, w->p)) {
        return 1;
    }
    put(w, "ready", "", NULL);
    pause();
    return 0;
}

static void a_kill_frees_a_lease(void **state)
{
    world_t *w = *state;
    pid_t pid = start(hold_lease, w);
    acme_lease_t *lease;

    await(w, "jobs/ready");
    assert_int_equal(
        acme_store_lease(&lease, w->store, "a", 1, &w->problem, w->p),
        APR_EBUSY);
    kill(pid, SIGKILL);
    assert_int_equal(ended(pid), 128 + SIGKILL);
    assert_int_equal(acme_store_lease(&lease, w->store, "a", 1, NULL, w->p),
                     APR_SUCCESS);
}

static int exec_holder(world_t *w)
{
    acme_lease_t *lease;

    if (acme_store_lease(&lease, w->store, "a", 1, NULL, w->p)) {
        return 1;
    }
    put(w, "ready", "", NULL);
    execl("/bin/sleep", "sleep", "600", (char *)NULL);
    return 1;
}

static void a_program_inherits_no_lease(void **state)
{
    world_t *w = *state;
    pid_t pid = start(exec_holder, w);
    acme_lease_t *lease;
    apr_status_t rv = APR_EBUSY;
    int i;

    await(w, "jobs/ready");
    for (i = 0; i < STEPS && rv == APR_EBUSY; i++) {
        usleep(10000);
        rv = acme_store_lease(&lease, w->store, "a", 1, NULL, w->p);
    }
    kill(pid, SIGKILL);
    ended(pid);
    assert_int_equal(rv, APR_SUCCESS);
}

#define ROUNDS 200

/* Counts up by read and put-if-version. */
static int count_up(world_t *w)
{
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_status_t rv = APR_EEXIST;

        while (rv == APR_EEXIST) {
            acme_store_item_t item;
            const char *version = ACME_STORE_ABSENT;
            int value = 0;
            apr_pool_t *p;

            apr_pool_create(&p, w->p);
            rv = acme_store_get(&item, w->store, JOBS, "n", NULL, p);
            if (rv == APR_SUCCESS) {
                value = atoi(item.data);
                version = item.version;
            }
            else if (rv != APR_ENOENT) {
                return 2;
            }
            rv = put(w, "n", apr_psprintf(p, "%d", value + 1), version);
            apr_pool_destroy(p);
        }
        if (rv != APR_SUCCESS) {
            return 1;
        }
    }
    return 0;
}

static void two_processes_lose_no_put(void **state)
{
    world_t *w = *state;
    pid_t one = start(count_up, w);
    pid_t two = start(count_up, w);

    assert_int_equal(ended(one), 0);
    assert_int_equal(ended(two), 0);
    assert_holds(w, "n", apr_psprintf(w->p, "%d", 2 * ROUNDS));
    assert_int_equal(count_files(w, JOBS), 1);
}

#define LARGE (64 * 1024)

/* Puts a letter many times, then the next letter: into new files first, then
 * into files that are written again. */
static int put_letters(void *baton)
{
    world_t *w = baton;
    char *text = apr_palloc(w->p, LARGE);
    int i;

    for (i = 0; i < 6; i++) {
        const acme_store_put_t letters = {
            .kind = JOBS,
            .name = "a",
            .data = text,
            .len = LARGE,
            .sync = i % 2 ? ACME_STORE_SYNC : ACME_STORE_LAZY,
        };

        memset(text, 'a' + i, LARGE);
        if (acme_store_put(NULL, w->store, &letters, NULL, w->p)) {
            return 1;
        }
    }
    return 0;
}

static void age(const world_t *w, const char *path)
{
    struct utimbuf old;

    old.actime = time(NULL) - 2 * 3600;
    old.modtime = old.actime;
    assert_int_equal(utime(in(w, path), &old), 0);
}

static void a_kill_leaves_the_old_or_the_new(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    char last = 'a';
    long n;
    int j;

    assert_int_equal(put_letters(w), 0);
    for (n = 1; kill_at_run(n, put_letters, w); n++) {
        assert_int_equal(get(&item, w, "a"), APR_SUCCESS);
        assert_int_equal(item.len, LARGE);
        for (j = 1; j < LARGE; j++) {
            assert_int_equal(item.data[j], item.data[0]);
        }
        /* The later it is killed, the more letters were put, after the 'f' that
         * was there before. */
        assert_true(item.data[0] >= last || (n > 1 && last == 'f'));
        last = item.data[0];
        assert_int_equal(count(w), 1);
        /* The next writer does not wait. */
        assert_int_equal(put(w, "b", "x", NULL), APR_SUCCESS);
        acme_store_delete(w->store, JOBS, "b", NULL, w->p);
    }
    assert_int_equal(last, 'f');
    assert_true(n > 6 * 5);
}

static void what_killed_writers_left_goes_away(void **state)
{
    world_t *w = *state;
    const char *half = "acme-store 1 0123456789abcdef\nhal";

    put(w, "a", "1", NULL);
    age(w, "jobs/a");
    plant(w, "jobs/.tmp-old123", half, strlen(half));
    age(w, "jobs/.tmp-old123");
    plant(w, "jobs/.tmp-new123", half, strlen(half));
    plant(w, "jobs/foreign~", half, strlen(half));
    age(w, "jobs/foreign~");
    assert_int_equal(count(w), 1);
    assert_int_not_equal(access(in(w, "jobs/.tmp-old123"), F_OK), 0);
    /* Another process may be writing it now. */
    assert_int_equal(access(in(w, "jobs/.tmp-new123"), F_OK), 0);
    assert_int_equal(access(in(w, "jobs/foreign~"), F_OK), 0);
    assert_holds(w, "a", "1");
}

/* ---- rights ---- */

static int write_unwritable(world_t *w)
{
    acme_store_item_t item;
    apr_array_header_t *names;
    acme_lease_t *lease;
    acme_problem_t *problem = &w->problem;

    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return 2;
    }
    if (get(&item, w, "a") != APR_SUCCESS
        || acme_store_list(&names, w->store, JOBS, problem, w->p)) {
        return 3;
    }
    if (!APR_STATUS_IS_EACCES(put(w, "a", "2", NULL))
        || !strstr(problem->detail, "/jobs/")) {
        return 4;
    }
    if (!APR_STATUS_IS_EACCES(
            acme_store_delete(w->store, JOBS, "a", problem, w->p))
        || !strstr(problem->detail, "/jobs/a")) {
        return 5;
    }
    if (chmod(in(w, "locks"), 0500) != 0
        || !APR_STATUS_IS_EACCES(
            acme_store_lease(&lease, w->store, "a", 1, problem, w->p))
        || !strstr(problem->detail, "/locks/")) {
        return 6;
    }
    if (!APR_STATUS_IS_EACCES(put(w, "a", "2", NULL))
        && !APR_STATUS_IS_EACCES(put(w, "b", "2", NULL))) {
        return 7;
    }
    return 0;
}

static void says_that_a_folder_is_unwritable(void **state)
{
    world_t *w = *state;

    assert_int_equal(put(w, "a", "1", NULL), APR_SUCCESS);
    if (geteuid() == 0) {
        assert_int_equal(chmod(w->dir, 0755), 0);
        assert_int_equal(chown(in(w, "jobs"), NOBODY, NOBODY), 0);
        assert_int_equal(chown(in(w, "jobs/a"), NOBODY, NOBODY), 0);
        assert_int_equal(chown(in(w, "locks"), NOBODY, NOBODY), 0);
        assert_int_equal(chown(in(w, "locks/kind.jobs"), NOBODY, NOBODY), 0);
    }
    assert_int_equal(chmod(in(w, "jobs"), 0500), 0);
    assert_int_equal(ended(start(write_unwritable, w)), 0);
    chmod(in(w, "jobs"), 0700);
    chmod(in(w, "locks"), 0700);
    assert_holds(w, "a", "1");
}

static void says_that_the_store_is_not_there(void **state)
{
    world_t *w = *state;
    acme_store_item_t item;
    apr_array_header_t *names;
    acme_lease_t *lease;

    assert_int_equal(acme_file_remove_tree(in(w, JOBS), w->p), 0);
    assert_int_equal(get(&item, w, "a"), APR_ENOENT);
    assert_int_not_equal(put(w, "a", "x", NULL), APR_SUCCESS);
    assert_problem(w, "/jobs/a");
    memset(&w->problem, 0, sizeof(w->problem));
    assert_int_not_equal(
        acme_store_list(&names, w->store, JOBS, &w->problem, w->p),
        APR_SUCCESS);
    assert_problem(w, "/jobs");
    assert_int_equal(acme_file_remove_tree(in(w, "locks"), w->p), 0);
    assert_int_not_equal(put(w, "a", "x", NULL), APR_SUCCESS);
    assert_problem(w, "/locks/");
    assert_int_not_equal(
        acme_store_lease(&lease, w->store, "a", 1, &w->problem, w->p),
        APR_SUCCESS);
    assert_problem(w, "/locks/");
    assert_int_equal(acme_store_fs_open(&w->store, "", &w->problem, w->p),
                     APR_EINVAL);
}

static void assert_folder(const world_t *w, const char *name, uid_t uid,
                          gid_t gid)
{
    struct stat st;

    assert_int_equal(lstat(in(w, name), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(st.st_uid, uid);
    assert_int_equal(st.st_gid, gid);
}

static apr_status_t prepare(world_t *w, uid_t uid, gid_t gid)
{
    memset(&w->problem, 0, sizeof(w->problem));
    return acme_store_fs_prepare(w->dir, uid, gid, &w->problem, w->p);
}

static void prepares_private_folders(void **state)
{
    world_t *w = *state;
    int i;

    for (i = 0; acme_store_kinds[i]; i++) {
        assert_folder(w, acme_store_kinds[i], geteuid(), getegid());
    }
    assert_folder(w, "locks", geteuid(), getegid());
    assert_int_equal(put(w, "a", "1", NULL), APR_SUCCESS);
    /* A second call changes nothing, but takes rights from others again. */
    assert_int_equal(chmod(in(w, JOBS), 0777), 0);
    assert_int_equal(rmdir(in(w, "staging")), 0);
    assert_int_equal(prepare(w, geteuid(), getegid()), APR_SUCCESS);
    assert_folder(w, JOBS, geteuid(), getegid());
    assert_folder(w, "staging", geteuid(), getegid());
    assert_holds(w, "a", "1");
}

static void prepares_whatever_the_umask(void **state)
{
    world_t *w = *state;
    mode_t before = umask(0177);
    apr_status_t rv;

    assert_int_equal(rmdir(in(w, "staging")), 0);
    rv = prepare(w, geteuid(), getegid());
    umask(before);
    assert_int_equal(rv, APR_SUCCESS);
    assert_folder(w, "staging", geteuid(), getegid());
}

static void gives_folders_to_the_worker_only(void **state)
{
    world_t *w = *state;
    struct stat st;

    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(rmdir(in(w, "staging")), 0);
    plant(w, "jobs/a", "x", 1);
    assert_int_equal(prepare(w, NOBODY, NOBODY), APR_SUCCESS);
    assert_folder(w, "staging", NOBODY, NOBODY);
    assert_folder(w, "locks", NOBODY, NOBODY);
    /* A folder that a killed start has made, but not given to the worker. */
    assert_folder(w, JOBS, NOBODY, NOBODY);
    assert_int_equal(lstat(in(w, "jobs/a"), &st), 0);
    assert_int_equal(st.st_uid, 0);
    assert_int_equal(prepare(w, NOBODY, NOBODY), APR_SUCCESS);
    /* The server's user has changed: folders of the old user are not given
     * away. */
    assert_true(APR_STATUS_IS_EACCES(prepare(w, 12345, 12345)));
    assert_problem(w, "accounts, staging, challenges, dns, jobs, keys, notes, "
                      "locks belongs to user 65534");
    assert_non_null(strstr(w->problem.to_fix, "chown -R 12345:12345 "));
    assert_non_null(strstr(w->problem.to_fix, in(w, "accounts ")));
    assert_non_null(strstr(w->problem.to_fix, in(w, "locks, then restart")));
    assert_folder(w, JOBS, NOBODY, NOBODY);
}

static void prepares_through_no_link(void **state)
{
    world_t *w = *state;
    struct stat st;

    assert_int_equal(mkdir(in(w, "elsewhere"), 0755), 0);
    assert_int_equal(rmdir(in(w, "staging")), 0);
    assert_int_equal(symlink("elsewhere", in(w, "staging")), 0);
    assert_int_not_equal(prepare(w, NOBODY, NOBODY), APR_SUCCESS);
    assert_problem(w, "/staging");
    assert_int_equal(lstat(in(w, "elsewhere"), &st), 0);
    assert_int_equal(st.st_uid, geteuid());
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(unlink(in(w, "staging")), 0);
    plant(w, "staging", "x", 1);
    assert_int_not_equal(prepare(w, NOBODY, NOBODY), APR_SUCCESS);
    assert_problem(w, "/staging");
    w->dir = in(w, "missing");
    assert_int_not_equal(prepare(w, NOBODY, NOBODY), APR_SUCCESS);
    assert_problem(w, "/missing/");
    w->dir = apr_pstrndup(w->p, w->dir, strlen(w->dir) - strlen("/missing"));
}

ACME_T_MAIN(T(a_kill_frees_a_lease), T(a_program_inherits_no_lease),
            T(two_processes_lose_no_put), T(a_kill_leaves_the_old_or_the_new),
            T(what_killed_writers_left_goes_away),
            T(says_that_a_folder_is_unwritable),
            T(says_that_the_store_is_not_there), T(prepares_private_folders),
            T(prepares_whatever_the_umask), T(gives_folders_to_the_worker_only),
            T(prepares_through_no_link))
