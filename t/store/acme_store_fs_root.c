/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_t.h"

#include "acme_store_fs_root.h"

#ifdef __linux__
#include <sys/xattr.h>
#endif

#define NOBODY 65534

static acme_store_fs_root_t repair(const world_t *w)
{
    acme_store_fs_root_t root;

    memset(&root, 0, sizeof(root));
    root.dir = w->dir;
    root.uid = NOBODY;
    root.gid = getegid();
    acme_store_fs_root_repair(&root, w->p);
    return root;
}

static void make(const world_t *w, const char *path, mode_t mode)
{
    assert_int_equal(mkdir(in(w, path), 0700), 0);
    assert_int_equal(chmod(in(w, path), mode), 0);
}

static void write_file(const world_t *w, const char *path, mode_t mode)
{
    plant(w, path, "text", 4);
    assert_int_equal(chmod(in(w, path), mode), 0);
}

static void assert_is(const world_t *w, const char *path, uid_t uid,
                      mode_t mode)
{
    struct stat st;

    assert_int_equal(lstat(in(w, path), &st), 0);
    assert_int_equal(st.st_uid, uid);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void make_all(const world_t *w)
{
    make(w, "live", 0700);
    make(w, "archive", 0700);
    make(w, "archive/a", 0700);
    make(w, "archive/a/1", 0700);
    make(w, "desired", 0750);
    make(w, "outbox", 0750);
    write_file(w, "archive/a/1/privkey.pem", 0600);
    write_file(w, "outbox/request", 0640);
    write_file(w, "secret", 0600);
    write_file(w, "lock", 0600);
    assert_int_equal(symlink("../archive/a/1", in(w, "live/a")), 0);
}

static void what_is_in_order_is_left_as_it_is(void **state)
{
    world_t *w = *state;
    acme_store_fs_root_t done;

    assert_int_equal(repair(w).repaired, 0);
    make_all(w);
    done = repair(w);
    assert_int_equal(done.repaired, 0);
    assert_int_equal(done.taken, 0);
    assert_is(w, "lock", geteuid(), 0600);
}

static void modes_are_set_again(void **state)
{
    world_t *w = *state;

    make_all(w);
    chmod(in(w, "lock"), 0666);
    chmod(in(w, "secret"), 0622);
    chmod(in(w, "outbox"), 0700);
    chmod(in(w, "outbox/request"), 0777);
    chmod(in(w, "desired"), 0777);
    chmod(in(w, "archive/a"), 0777);
    chmod(in(w, "archive/a/1/privkey.pem"), 0666);
    /* the caller closes a folder of certificates, and says so */
    chmod(in(w, "live"), 0777);
    assert_int_equal(repair(w).repaired, 7);
    assert_int_equal(access(in(w, "lock"), F_OK), -1);
    assert_is(w, "secret", geteuid(), 0600);
    assert_is(w, "outbox", geteuid(), 0750);
    assert_is(w, "outbox/request", geteuid(), 0640);
    assert_is(w, "desired", geteuid(), 0755);
    assert_is(w, "archive/a", geteuid(), 0755);
    assert_is(w, "archive/a/1/privkey.pem", geteuid(), 0644);
    assert_is(w, "live", geteuid(), 0777);
    assert_int_equal(repair(w).repaired, 0);
}

#ifdef __linux__
#define ACCESS  "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

/* Lets a user do what is given, and the group nothing. Returns zero where the
 * file system has no such lists. */
static int give_acl(const world_t *w, const char *path, const char *kind,
                    unsigned char may)
{
    const unsigned char acl[] = {
        2,    0,   0,   0,   0x01, 0,   7,   0,
        255,  255, 255, 255,                       /* the owner */
        0x02, 0,   may, 0,   254,  255, 0,   0,    /* a user */
        0x04, 0,   0,   0,   255,  255, 255, 255,  /* the group */
        0x10, 0,   7,   0,   255,  255, 255, 255,  /* the mask */
        0x20, 0,   1,   0,   255,  255, 255, 255}; /* others */

    return setxattr(in(w, path), kind, acl, sizeof(acl), 0) == 0;
}

static void assert_no_acl(const world_t *w, const char *path, const char *kind)
{
    char acl[100];

    assert_int_equal(getxattr(in(w, path), kind, acl, sizeof(acl)), -1);
}

static void an_access_control_list_is_removed(void **state)
{
    world_t *w = *state;

    make_all(w);
    if (!give_acl(w, "", ACCESS, 0)) {
        return;
    }
    assert_true(give_acl(w, "outbox", ACCESS, 7));
    assert_true(give_acl(w, "outbox", DEFAULT, 7));
    assert_true(give_acl(w, "outbox/request", ACCESS, 6));
    assert_true(give_acl(w, "archive", DEFAULT, 7));
    assert_true(repair(w).repaired >= 4);
    assert_no_acl(w, "", ACCESS);
    assert_no_acl(w, "outbox", ACCESS);
    assert_no_acl(w, "outbox", DEFAULT);
    assert_no_acl(w, "outbox/request", ACCESS);
    assert_no_acl(w, "archive", DEFAULT);
    assert_is(w, "outbox", geteuid(), 0750);
    assert_is(w, "outbox/request", geteuid(), 0640);
    assert_int_equal(repair(w).repaired, 0);
}
#else
static void an_access_control_list_is_removed(void **state)
{
    (void)state;
}
#endif

static void what_was_given_to_the_worker_is_taken_back(void **state)
{
    world_t *w = *state;
    static const char *const given[] = {
        "live",   "live/a", "archive", "archive/a/1", "archive/a/1/privkey.pem",
        "outbox", "secret"};
    acme_store_fs_root_t done;
    size_t i;

    if (geteuid() != 0) {
        skip();
    }
    make_all(w);
    for (i = 0; i < sizeof(given) / sizeof(given[0]); ++i) {
        assert_int_equal(lchown(in(w, given[i]), NOBODY, NOBODY), 0);
    }
    done = repair(w);
    assert_int_equal(done.taken, 7);
    assert_string_equal(done.path, in(w, "secret"));
    assert_is(w, "live", 0, 0700);
    assert_is(w, "live/a", 0, 0777);
    assert_is(w, "archive/a/1", 0, 0700);
    assert_is(w, "archive/a/1/privkey.pem", 0, 0600);
    assert_is(w, "outbox", 0, 0750);
    assert_is(w, "secret", 0, 0600);
    assert_int_equal(repair(w).taken, 0);
}

/* No link is followed, and files with a second name are somebody's own. */
static void what_is_elsewhere_is_left_alone(void **state)
{
    world_t *w = *state;

    if (geteuid() != 0) {
        skip();
    }
    make_all(w);
    make(w, "elsewhere", 0777);
    write_file(w, "elsewhere/file", 0666);
    assert_int_equal(lchown(in(w, "elsewhere/file"), NOBODY, NOBODY), 0);
    assert_int_equal(lchown(in(w, "elsewhere"), NOBODY, NOBODY), 0);
    assert_int_equal(symlink("../elsewhere", in(w, "stash")), 0);
    assert_int_equal(symlink("../elsewhere/file", in(w, "archive/a/link")), 0);
    assert_int_equal(
        link(in(w, "elsewhere/file"), in(w, "archive/a/1/chain.pem")), 0);
    /* a folder of a third user, too */
    make(w, "import", 0777);
    assert_int_equal(lchown(in(w, "import"), 12345, 12345), 0);
    assert_int_equal(repair(w).taken, 0);
    assert_is(w, "elsewhere", NOBODY, 0777);
    assert_is(w, "elsewhere/file", NOBODY, 0666);
    assert_is(w, "import", 12345, 0777);
    /* nor is anything done in a store that is not root's itself */
    assert_int_equal(lchown(in(w, "secret"), NOBODY, NOBODY), 0);
    assert_int_equal(lchown(w->dir, NOBODY, NOBODY), 0);
    assert_int_equal(repair(w).taken, 0);
    assert_is(w, "secret", NOBODY, 0600);
}

ACME_T_MAIN(T(what_is_in_order_is_left_as_it_is), T(modes_are_set_again),
            T(an_access_control_list_is_removed),
            T(what_was_given_to_the_worker_is_taken_back),
            T(what_is_elsewhere_is_left_alone))
