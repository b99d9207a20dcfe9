/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"

#define FPROT_0640 (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)
#define FPROT_0600 (APR_FPROT_UREAD | APR_FPROT_UWRITE)
#define FPROT_0777 0x0777

static apr_status_t remove_tmp(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

/* Makes a folder that is removed with the test's pool. */
static const char *tmp(apr_pool_t *p)
{
    const char *parent;
    char *path;

    assert_int_equal(apr_temp_dir_get(&parent, p), APR_SUCCESS);
    path = apr_pstrcat(p, parent, "/acme_file_XXXXXX", NULL);
    assert_non_null(mkdtemp(path));
    apr_pool_cleanup_register(p, path, remove_tmp, apr_pool_cleanup_null);
    return path;
}

static const char *in(apr_pool_t *p, const char *folder, const char *name)
{
    return apr_pstrcat(p, folder, "/", name, NULL);
}

static void put(const char *path, const char *text, apr_pool_t *p)
{
    assert_int_equal(acme_file_write(path, text, strlen(text), FPROT_0600,
                                     ACME_FILE_LAZY, p),
                     APR_SUCCESS);
}

static int mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return (int)(st.st_mode & 07777);
}

static int count_in(const char *path, apr_pool_t *p)
{
    apr_array_header_t *names;

    assert_int_equal(acme_file_list(&names, path, p), APR_SUCCESS);
    return names->nelts;
}

static void reads_what_it_wrote(void **state)
{
    apr_pool_t *p = *state;
    const char *path = in(p, tmp(p), "file");
    char *bytes = apr_palloc(p, ACME_FILE_MAX);
    char *data;
    apr_size_t len;
    int i;

    for (i = 0; i < ACME_FILE_MAX; ++i) {
        bytes[i] = (char)(i * 7);
    }
    assert_int_equal(acme_file_write(path, bytes, ACME_FILE_MAX, FPROT_0640,
                                     ACME_FILE_SYNC, p),
                     APR_SUCCESS);
    assert_int_equal(acme_file_read(&data, &len, path, ACME_FILE_MAX, p),
                     APR_SUCCESS);
    assert_int_equal(len, ACME_FILE_MAX);
    assert_memory_equal(data, bytes, len);
    assert_int_equal(data[len], 0);
    /* Replace it by a shorter file, then by an empty one. */
    put(path, "short", p);
    assert_int_equal(acme_file_read(&data, &len, path, 5, p), APR_SUCCESS);
    assert_string_equal(data, "short");
    assert_int_equal(
        acme_file_write(path, NULL, 0, FPROT_0600, ACME_FILE_LAZY, p),
        APR_SUCCESS);
    assert_int_equal(acme_file_read(&data, &len, path, 0, p), APR_SUCCESS);
    assert_int_equal(len, 0);
    assert_string_equal(data, "");
}

static void never_reads_more_than_it_is_told(void **state)
{
    apr_pool_t *p = *state;
    const char *path = in(p, tmp(p), "file");
    char *data = NULL;
    apr_size_t len;

    put(path, "123456", p);
    assert_int_equal(acme_file_read(&data, &len, path, 5, p), EFBIG);
    assert_int_equal(acme_file_read(&data, &len, path, 0, p), EFBIG);
    assert_int_equal(acme_file_read_linked(&data, &len, path, 5, p), EFBIG);
    assert_null(data);
    assert_int_equal(acme_file_read(&data, &len, path, 6, p), APR_SUCCESS);
    assert_int_equal(len, 6);
}

static void reads_on_where_the_size_is_wrong(void **state)
{
    apr_pool_t *p = *state;
    char *data = NULL;
    apr_size_t len;
    apr_status_t rv;

    /* A regular file whose size is given as 0. */
    rv = acme_file_read(&data, &len, "/proc/self/status", ACME_FILE_MAX, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        skip();
    }
    assert_int_equal(rv, APR_SUCCESS);
    assert_true(len > 100);
    assert_int_equal(strlen(data), len);
    assert_int_equal(acme_file_read(&data, &len, "/proc/self/status", 99, p),
                     EFBIG);
}

static void reads_regular_files_only(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    struct sockaddr_un address;
    char *data;
    apr_size_t len;
    const char *path;
    int fd;

    assert_true(APR_STATUS_IS_ENOENT(
        acme_file_read(&data, &len, in(p, folder, "no"), 10, p)));
    assert_true(APR_STATUS_IS_ENOENT(
        acme_file_read(&data, &len, in(p, folder, "no/no"), 10, p)));
    assert_int_equal(acme_file_read(&data, &len, folder, 10, p), APR_EINVAL);
    assert_int_equal(acme_file_read(&data, &len, "/dev/null", 10, p),
                     APR_EINVAL);

    /* It must not wait, although nobody writes to the FIFO. */
    path = in(p, folder, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(acme_file_read(&data, &len, path, 10, p), APR_EINVAL);
    assert_int_equal(acme_file_read_linked(&data, &len, path, 10, p),
                     APR_EINVAL);

    path = in(p, folder, "socket");
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    assert_true(strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(acme_file_read(&data, &len, path, 10, p), APR_EINVAL);
    close(fd);
}

static void follows_a_link_only_where_told(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *link = in(p, folder, "link");
    const char *file = in(p, folder, "file");
    char *data;
    apr_size_t len;

    put(file, "text", p);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(acme_file_read(&data, &len, link, 10, p), ELOOP);
    assert_int_equal(acme_file_read_linked(&data, &len, link, 10, p),
                     APR_SUCCESS);
    assert_string_equal(data, "text");
    /* Writing replaces the link, not its target. */
    put(link, "new", p);
    assert_int_equal(acme_file_read(&data, &len, link, 10, p), APR_SUCCESS);
    assert_string_equal(data, "new");
    assert_int_equal(acme_file_read(&data, &len, file, 10, p), APR_SUCCESS);
    assert_string_equal(data, "text");
}

static void sets_permissions_exactly(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *path = in(p, folder, "file");
    mode_t before = umask(0);

    acme_file_write(path, "x", 1, FPROT_0600, ACME_FILE_LAZY, p);
    assert_int_equal(mode_of(path), 0600);
    umask(0777);
    acme_file_write(path, "x", 1, FPROT_0640, ACME_FILE_LAZY, p);
    assert_int_equal(mode_of(path), 0640);
    acme_file_write(path, "x", 1, FPROT_0777, ACME_FILE_LAZY, p);
    assert_int_equal(mode_of(path), 0777);
    assert_int_equal(acme_file_mkdir(in(p, folder, "d1"), 0x0750, p),
                     APR_SUCCESS);
    assert_int_equal(mode_of(in(p, folder, "d1")), 0750);
    assert_int_equal(
        acme_file_mkdir(in(p, folder, "d2"), 0x0777 | APR_FPROT_WSTICKY, p),
        APR_SUCCESS);
    assert_int_equal(mode_of(in(p, folder, "d2")), 01777);
    umask(before);
}

static void a_failed_write_changes_and_leaves_nothing(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *path = in(p, folder, "file");
    char *bytes = apr_pcalloc(p, 65536);
    struct rlimit before;
    struct rlimit small;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    put(path, "old", p);
    /* The disk is full after 4 kB. */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rv = acme_file_write(path, bytes, 65536, FPROT_0600, ACME_FILE_SYNC, p);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rv, EFBIG);
    assert_int_equal(acme_file_read(&data, &len, path, 10, p), APR_SUCCESS);
    assert_string_equal(data, "old");
    assert_int_equal(count_in(folder, p), 1);

    /* The rename fails, because there is a folder of that name. */
    assert_int_equal(acme_file_mkdir(in(p, folder, "d"), 0x0700, p),
                     APR_SUCCESS);
    assert_int_not_equal(acme_file_write(in(p, folder, "d"), "x", 1, FPROT_0600,
                                         ACME_FILE_LAZY, p),
                         APR_SUCCESS);
    assert_int_not_equal(
        acme_file_link(in(p, folder, "d"), "x", ACME_FILE_LAZY, p),
        APR_SUCCESS);
    assert_int_equal(count_in(folder, p), 2);

    assert_true(APR_STATUS_IS_ENOENT(acme_file_write(
        in(p, folder, "no/file"), "x", 1, FPROT_0600, ACME_FILE_SYNC, p)));
    assert_true(APR_STATUS_IS_ENOENT(
        acme_file_link(in(p, folder, "no/link"), "x", ACME_FILE_SYNC, p)));
}

static void flips_a_link_in_one_step(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *path = in(p, folder, "current");
    char target[16];
    ssize_t len;
    int i;

    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_file_link(path, apr_psprintf(p, "gen-%d", i),
                                        i ? ACME_FILE_SYNC : ACME_FILE_LAZY, p),
                         APR_SUCCESS);
        len = readlink(path, target, sizeof(target));
        assert_int_equal(len, 5);
        assert_int_equal(target[4], '0' + i);
    }
    assert_int_equal(count_in(folder, p), 1);
}

static void writes_in_the_current_folder_too(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    char before[4096];
    char *data;
    apr_size_t len;

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(
        acme_file_write("name", "x", 1, FPROT_0600, ACME_FILE_SYNC, p),
        APR_SUCCESS);
    assert_int_equal(acme_file_link("link", "name", ACME_FILE_SYNC, p),
                     APR_SUCCESS);
    assert_int_equal(acme_file_read_linked(&data, &len, "link", 1, p),
                     APR_SUCCESS);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(count_in(folder, p), 2);
}

static void a_folder_that_is_there_is_success(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *path = in(p, folder, "d");

    assert_int_equal(acme_file_mkdir(path, 0x0700, p), APR_SUCCESS);
    assert_int_equal(acme_file_mkdir(path, 0x0755, p), APR_SUCCESS);
    assert_int_equal(mode_of(path), 0700);
    put(in(p, folder, "file"), "x", p);
    assert_int_equal(acme_file_mkdir(in(p, folder, "file"), 0x0700, p),
                     APR_ENOTDIR);
    assert_int_equal(symlink("d", in(p, folder, "link")), 0);
    assert_int_equal(acme_file_mkdir(in(p, folder, "link"), 0x0700, p),
                     APR_ENOTDIR);
    assert_true(
        APR_STATUS_IS_ENOENT(acme_file_mkdir(in(p, folder, "a/b"), 0x0700, p)));
}

static void lists_and_syncs_folders(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    apr_array_header_t *names = NULL;

    assert_int_equal(count_in(folder, p), 0);
    put(in(p, folder, ".hidden"), "x", p);
    put(in(p, folder, "seen"), "x", p);
    assert_int_equal(count_in(folder, p), 2);
    assert_int_equal(acme_file_sync_dir(folder, p), APR_SUCCESS);
    assert_true(
        APR_STATUS_IS_ENOENT(acme_file_list(&names, in(p, folder, "no"), p)));
    assert_int_not_equal(acme_file_list(&names, in(p, folder, "seen"), p),
                         APR_SUCCESS);
    assert_null(names);
    assert_true(
        APR_STATUS_IS_ENOENT(acme_file_sync_dir(in(p, folder, "no"), p)));
    assert_int_not_equal(acme_file_sync_dir(in(p, folder, "seen"), p),
                         APR_SUCCESS);
}

static void removes_a_tree_but_nothing_behind_a_link(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *tree = in(p, folder, "tree");
    const char *kept = in(p, folder, "kept");
    const char *path = tree;
    int i;

    acme_file_mkdir(tree, 0x0700, p);
    acme_file_mkdir(kept, 0x0700, p);
    put(in(p, kept, "file"), "x", p);
    for (i = 0; i < 20; ++i) {
        put(in(p, path, "file"), "x", p);
        assert_int_equal(symlink(kept, in(p, path, "link")), 0);
        assert_int_equal(symlink("nowhere", in(p, path, "broken")), 0);
        assert_int_equal(mkfifo(in(p, path, "fifo"), 0600), 0);
        path = in(p, path, "d");
        assert_int_equal(acme_file_mkdir(path, 0x0700, p), APR_SUCCESS);
    }
    assert_int_equal(acme_file_remove_tree(tree, p), APR_SUCCESS);
    assert_int_equal(count_in(folder, p), 1);
    assert_int_equal(count_in(kept, p), 1);

    assert_int_equal(symlink("kept", in(p, folder, "link")), 0);
    assert_int_equal(acme_file_remove_tree(in(p, folder, "link"), p),
                     APR_ENOTDIR);
    assert_int_equal(acme_file_remove_tree(in(p, kept, "file"), p),
                     APR_ENOTDIR);
    assert_true(
        APR_STATUS_IS_ENOENT(acme_file_remove_tree(in(p, folder, "no"), p)));
    assert_int_equal(count_in(kept, p), 1);
}

static void gives_up_on_a_tree_without_end(void **state)
{
    apr_pool_t *p = *state;
    const char *folder = tmp(p);
    const char *top = in(p, folder, "top");
    const char *path = top;
    int i;

    acme_file_mkdir(top, 0x0700, p);
    for (i = 0; i < 40; ++i) {
        path = in(p, path, "d");
        assert_int_equal(acme_file_mkdir(path, 0x0700, p), APR_SUCCESS);
    }
    assert_true(APR_STATUS_IS_ENOTEMPTY(acme_file_remove_tree(top, p)));
    assert_int_equal(rename(apr_pstrcat(p, top, "/d/d/d/d/d/d/d/d/d/d", NULL),
                            in(p, folder, "rest")),
                     0);
    assert_int_equal(acme_file_remove_tree(in(p, folder, "rest"), p),
                     APR_SUCCESS);
    assert_int_equal(acme_file_remove_tree(top, p), APR_SUCCESS);
}

static void a_file_is_of_the_group_that_is_to_read_it(void **state)
{
    apr_pool_t *p = *state;
    const char *path = in(p, tmp(p), "name"), *folder;
    /* Only root can give a file to a group of which it is not a member. */
    gid_t gid = geteuid() == 0 ? getegid() + 1 : getegid();
    struct stat st;

    assert_int_equal(
        acme_file_write_for(gid, path, "x", 1, FPROT_0640, ACME_FILE_LAZY, p),
        APR_SUCCESS);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_gid, gid);
    assert_int_equal(st.st_mode & 07777, 0640);

    folder = in(p, tmp(p), "shared");
    path = in(p, folder, "name");
    assert_int_equal(acme_file_share(gid, path, "x", 1, p), APR_SUCCESS);
    assert_int_equal(acme_file_share(gid, path, "y", 1, p), APR_SUCCESS);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_gid, geteuid() == 0 ? gid : getegid());
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_gid, geteuid() == 0 ? gid : getegid());
    assert_int_equal(st.st_mode & 07777, 0750);
}

static void make_old(const char *path, int age)
{
    struct timespec times[2];

    times[0].tv_sec = times[1].tv_sec = time(NULL) - age;
    times[0].tv_nsec = times[1].tv_nsec = 0;
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void sweeps_what_killed_writers_left(void **state)
{
    static const char *const stay[] = {"item", ".tmp-young", ".tmq-old"};
    static const char *const go[] = {".tmp-file", ".tmp-link", ".tmp-folder"};
    apr_pool_t *p = *state;
    const char *dir = tmp(p);
    struct stat st;
    size_t i;

    for (i = 0; i < 3; i++) {
        const char *path = apr_pstrcat(p, dir, "/", stay[i], NULL);

        assert_int_equal(
            acme_file_write(path, "x", 1, FPROT_0600, ACME_FILE_LAZY, p), 0);
        make_old(path, i == 1 ? 60 : 7200);
        path = apr_pstrcat(p, dir, "/", go[i], NULL);
        if (i == 0) {
            assert_int_equal(
                acme_file_write(path, "x", 1, FPROT_0600, ACME_FILE_LAZY, p),
                0);
        }
        else if (i == 1) {
            assert_int_equal(symlink("item", path), 0);
        }
        else {
            assert_int_equal(mkdir(path, 0700), 0);
            assert_int_equal(
                acme_file_write(apr_pstrcat(p, path, "/privkey.pem", NULL), "x",
                                1, FPROT_0600, ACME_FILE_LAZY, p),
                0);
        }
        make_old(path, 7200);
    }
    acme_file_sweep(dir, p);
    acme_file_sweep(apr_pstrcat(p, dir, "/nothing", NULL), p);
    for (i = 0; i < 3; i++) {
        assert_int_equal(lstat(apr_pstrcat(p, dir, "/", stay[i], NULL), &st),
                         0);
        assert_int_not_equal(lstat(apr_pstrcat(p, dir, "/", go[i], NULL), &st),
                             0);
    }
}

ACME_T_MAIN(
    ACME_T(sweeps_what_killed_writers_left),
    ACME_T(a_file_is_of_the_group_that_is_to_read_it),

    ACME_T(reads_what_it_wrote), ACME_T(never_reads_more_than_it_is_told),
    ACME_T(reads_on_where_the_size_is_wrong), ACME_T(reads_regular_files_only),
    ACME_T(follows_a_link_only_where_told), ACME_T(sets_permissions_exactly),
    ACME_T(a_failed_write_changes_and_leaves_nothing),
    ACME_T(flips_a_link_in_one_step), ACME_T(writes_in_the_current_folder_too),
    ACME_T(a_folder_that_is_there_is_success), ACME_T(lists_and_syncs_folders),
    ACME_T(removes_a_tree_but_nothing_behind_a_link),
    ACME_T(gives_up_on_a_tree_without_end))
