/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_owned.h"

static apr_status_t remove_dir(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

/** Makes a folder with a file `f` and a folder `d`, and links to both. */
static const char *make_dir(apr_pool_t *p)
{
    char *dir = apr_pstrdup(p, "/tmp/acme-t-XXXXXX");
    int fd;

    assert_non_null(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, remove_dir, apr_pool_cleanup_null);
    fd = open(apr_pstrcat(p, dir, "/f", NULL), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mkdir(apr_pstrcat(p, dir, "/d", NULL), 0700), 0);
    assert_int_equal(symlink("f", apr_pstrcat(p, dir, "/to-f", NULL)), 0);
    assert_int_equal(symlink("d", apr_pstrcat(p, dir, "/to-d", NULL)), 0);
    return dir;
}

static void only_the_owner_may_write(void **state)
{
    static const struct {
        mode_t mode;
        int is_owned;
    } rows[] = {{0600, 1}, {0700, 1}, {0755, 1}, {0711, 1},
                {0720, 0}, {0702, 0}, {0777, 0}, {01777, 0}};
    const char *dir = make_dir(*state);
    const char *file = apr_pstrcat(*state, dir, "/f", NULL);
    const char *folder = apr_pstrcat(*state, dir, "/d", NULL);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        assert_int_equal(chmod(file, rows[i].mode), 0);
        assert_int_equal(chmod(folder, rows[i].mode), 0);
        assert_int_equal(acme_owned_file(file), rows[i].is_owned);
        assert_int_equal(acme_owned_dir(folder), rows[i].is_owned);
        assert_int_equal(acme_owned_dir_linked(folder), rows[i].is_owned);
    }
}

static void a_link_is_followed_only_where_that_is_asked(void **state)
{
    const char *dir = make_dir(*state);
    const char *to_file = apr_pstrcat(*state, dir, "/to-f", NULL);
    const char *to_dir = apr_pstrcat(*state, dir, "/to-d", NULL);

    assert_false(acme_owned_file(to_file));
    assert_false(acme_owned_dir(to_dir));
    assert_true(acme_owned_dir_linked(to_dir));
}

static void a_file_is_no_folder(void **state)
{
    const char *dir = make_dir(*state);
    const char *file = apr_pstrcat(*state, dir, "/f", NULL);
    const char *folder = apr_pstrcat(*state, dir, "/d", NULL);

    assert_false(acme_owned_dir(file));
    assert_false(acme_owned_dir_linked(file));
    assert_false(acme_owned_file(folder));
}

static void what_is_not_there_is_nobodys(void **state)
{
    (void)state;
    assert_false(acme_owned_file("/nowhere/f"));
    assert_false(acme_owned_dir("/nowhere"));
    assert_false(acme_owned_dir_linked("/nowhere"));
}

static void of_another_user_it_is_not_ours(void **state)
{
    const char *dir = make_dir(*state);
    const char *file = apr_pstrcat(*state, dir, "/f", NULL);
    const char *folder = apr_pstrcat(*state, dir, "/d", NULL);

    if (geteuid() != 0) {
        return; /* there is only one user */
    }
    assert_int_equal(chown(file, 1, (gid_t)-1), 0);
    assert_int_equal(chown(folder, 1, (gid_t)-1), 0);
    assert_false(acme_owned_file(file));
    assert_false(acme_owned_dir(folder));
    assert_false(acme_owned_dir_linked(folder));
}

ACME_T_MAIN(ACME_T(only_the_owner_may_write),
            ACME_T(a_link_is_followed_only_where_that_is_asked),
            ACME_T(a_file_is_no_folder), ACME_T(what_is_not_there_is_nobodys),
            ACME_T(of_another_user_it_is_not_ours))
