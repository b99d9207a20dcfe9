/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_t.h"

#include "acme_store_fs_repair.h"

#define NOBODY 65534

/* Takes for sealed what begins with "ours". */
static int is_ours(void *baton, const char *kind, const char *name,
                   const acme_store_item_t *item, apr_pool_t *ptemp)
{
    int *asked = baton;

    (void)kind;
    (void)ptemp;
    assert_true(*name != '\0');
    ++*asked;
    return strncmp(item->data, "ours", 4) == 0;
}

static int asked;

static acme_store_fs_repair_t repair(world_t *w, uid_t uid)
{
    acme_store_fs_repair_t repair;

    memset(&repair, 0, sizeof(repair));
    repair.dir = w->dir;
    repair.uid = uid;
    repair.gid = uid == NOBODY ? NOBODY : getegid();
    repair.is_item = is_ours;
    repair.baton = &asked;
    asked = 0;
    acme_store_fs_repair(&repair, w->p);
    return repair;
}

static void assert_file(const world_t *w, const char *path, uid_t uid,
                        mode_t mode)
{
    struct stat st;

    assert_int_equal(lstat(path[0] == '/' ? path : in(w, path), &st), 0);
    assert_int_equal(st.st_uid, uid);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void give_folder(const world_t *w, const char *name, uid_t uid)
{
    assert_int_equal(chown(in(w, name), uid, uid), 0);
}

static void what_is_in_order_is_left_as_it_is(void **state)
{
    world_t *w = *state;
    acme_store_fs_repair_t done;

    put(w, "a", "ours", NULL);
    done = repair(w, geteuid());
    assert_int_equal(done.repaired, 0);
    assert_int_equal(done.left, 0);
    assert_int_equal(asked, 0);
}

static void modes_are_set_again(void **state)
{
    world_t *w = *state;

    put(w, "a", "ours", NULL);
    chmod(in(w, "jobs/a"), 0);
    chmod(in(w, "locks/kind.jobs"), 0644);
    assert_int_equal(repair(w, geteuid()).repaired, 2);
    assert_file(w, "jobs/a", geteuid(), 0600);
    assert_file(w, "locks/kind.jobs", geteuid(), 0600);
    assert_holds(w, "a", "ours");
}

static void items_go_back_to_the_worker(void **state)
{
    world_t *w = *state;
    acme_store_fs_repair_t done;
    const char *name =
        "a.name.that.is.much.too.long.for.a.file.name.and.is."
        "shortened.therefore.because.no.file.name.has.more.than."
        "255.bytes.on.the.file.systems.that.we.know.of.today.and"
        ".we.leave.some.room.for.what.others.may.add.to.it.while"
        ".they.write.the.file.so.this.is.long.enough.example.org";

    if (geteuid() != 0) {
        skip();
    }
    put(w, "a", "ours", NULL);
    put(w, name, "ours too", NULL);
    plant(w, "jobs/.tmp-half", "x", 1);
    /* one that all may use, and that somebody may hold */
    plant(w, "locks/open", "", 0);
    chmod(in(w, "locks/open"), 0666);
    done = repair(w, NOBODY);
    assert_int_equal(done.left, 0);
    assert_int_equal(asked, 2);
    /* the items are given; locks and halves are removed */
    assert_int_equal(done.repaired, 2 + 2);
    assert_file(w, "jobs/a", NOBODY, 0600);
    assert_int_equal(access(in(w, "jobs/.tmp-half"), F_OK), -1);
    assert_int_equal(access(in(w, "locks/kind.jobs"), F_OK), -1);
    assert_int_equal(access(in(w, "locks/open"), F_OK), 0);
    assert_int_equal(repair(w, NOBODY).repaired, 0);
    assert_holds(w, name, "ours too");
}

/* Makes a file of root's that is no item, as httpd's user may rename one. */
static void root_keeps_what_is_not_proved(void **state)
{
    world_t *w = *state;
    acme_store_fs_repair_t done;
    const char *outside;

    if (geteuid() != 0) {
        skip();
    }
    put(w, "b", "theirs", NULL);
    plant(w, "jobs/shadow", "root:x:", 7);
    put(w, "c", "ours", NULL);
    outside = in(w, "outside");
    assert_int_equal(link(in(w, "jobs/c"), outside), 0);
    plant(w, "target", "ours", 4);
    assert_int_equal(symlink(in(w, "target"), in(w, "jobs/d")), 0);
    assert_int_equal(mkfifo(in(w, "jobs/e"), 0600), 0);
    assert_int_equal(mkdir(in(w, "jobs/f"), 0700), 0);
    plant(w, "jobs/f/g", "ours", 4);
    give_folder(w, "jobs", NOBODY);
    done = repair(w, NOBODY);
    assert_int_equal(done.left, 3);
    assert_non_null(strstr(done.path, "/jobs/"));
    assert_file(w, "jobs/b", 0, 0600);
    assert_file(w, "jobs/shadow", 0, 0600);
    assert_file(w, outside, 0, 0600);
    assert_file(w, "target", 0, 0600);
    assert_file(w, "jobs/f/g", 0, 0600);
    assert_file(w, "jobs/e", 0, 0600);
}

static void folders_of_others_are_passed_over(void **state)
{
    world_t *w = *state;

    if (geteuid() != 0) {
        skip();
    }
    put(w, "a", "ours", NULL);
    give_folder(w, "jobs", 12345);
    assert_int_equal(repair(w, NOBODY).left, 0);
    assert_file(w, "jobs/a", 0, 0600);
    /* nor is a folder that is a link */
    assert_int_equal(rename(in(w, "jobs"), in(w, "elsewhere")), 0);
    give_folder(w, "elsewhere", 0);
    assert_int_equal(symlink("elsewhere", in(w, "jobs")), 0);
    repair(w, NOBODY);
    assert_file(w, "elsewhere/a", 0, 0600);
}

static const char *check(world_t *w, uid_t uid)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    return acme_store_fs_repair_check(w->dir, uid, &problem, w->p)
               ? apr_pstrcat(w->p, problem.detail, "; ", problem.to_fix, NULL)
               : "";
}

static void says_what_keeps_the_worker_out(void **state)
{
    world_t *w = *state;

    assert_string_equal(check(w, geteuid()), "");
    assert_non_null(strstr(check(w, NOBODY), "/accounts belongs to user "));
    assert_non_null(strstr(check(w, NOBODY), "apachectl graceful"));
    put(w, "a", "x", NULL);
    chmod(in(w, "locks/kind.jobs"), 0);
    assert_non_null(
        strstr(check(w, geteuid()), "locks/kind.jobs has the mode 0"));
    chmod(in(w, "locks/kind.jobs"), 0600);
    chmod(in(w, JOBS), 0500);
    assert_non_null(strstr(check(w, geteuid()), "/jobs has the mode 500"));
    chmod(in(w, JOBS), 0700);
    assert_int_equal(acme_file_remove_tree(in(w, "notes"), w->p), 0);
    assert_non_null(strstr(check(w, geteuid()), "/notes is missing"));
}

ACME_T_MAIN(T(what_is_in_order_is_left_as_it_is), T(modes_are_set_again),
            T(items_go_back_to_the_worker), T(root_keeps_what_is_not_proved),
            T(folders_of_others_are_passed_over),
            T(says_what_keeps_the_worker_out))
