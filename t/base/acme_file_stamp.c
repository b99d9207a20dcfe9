/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <stdlib.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_file_stamp.h"

static const char *folder_of(apr_pool_t *p)
{
    const char *base;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, p), 0);
    dir = apr_pstrcat(p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void put(const char *path, const char *text, apr_pool_t *p)
{
    assert_int_equal(acme_file_write(path, text, strlen(text),
                                     APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                     ACME_FILE_LAZY, p),
                     0);
}

static void each_version_has_its_own(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = folder_of(p);
    const char *path = apr_pstrcat(p, dir, "/a", NULL);
    acme_file_stamp_t none, first, again, second;

    acme_file_stamp_read(&none, path, ACME_FILE_STAMP_FOLLOW, p);
    assert_int_equal(none.inode, 0);
    put(path, "one", p);
    acme_file_stamp_read(&first, path, ACME_FILE_STAMP_FOLLOW, p);
    acme_file_stamp_read(&again, path, ACME_FILE_STAMP_LINK, p);
    assert_true(acme_file_stamp_same(&first, &again));
    assert_false(acme_file_stamp_same(&first, &none));
    put(path, "two!", p);
    acme_file_stamp_read(&second, path, ACME_FILE_STAMP_FOLLOW, p);
    assert_false(acme_file_stamp_same(&first, &second));
    acme_file_remove_tree(dir, p);
}

static void a_link_is_followed_or_is_not(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = folder_of(p);
    const char *path = apr_pstrcat(p, dir, "/a", NULL);
    const char *link = apr_pstrcat(p, dir, "/b", NULL);
    acme_file_stamp_t of_file, through, of_link;

    put(path, "one", p);
    assert_int_equal(symlink("a", link), 0);
    acme_file_stamp_read(&of_file, path, ACME_FILE_STAMP_FOLLOW, p);
    acme_file_stamp_read(&through, link, ACME_FILE_STAMP_FOLLOW, p);
    acme_file_stamp_read(&of_link, link, ACME_FILE_STAMP_LINK, p);
    assert_true(acme_file_stamp_same(&of_file, &through));
    assert_false(acme_file_stamp_same(&of_file, &of_link));
    unlink(path);
    acme_file_stamp_read(&through, link, ACME_FILE_STAMP_FOLLOW, p);
    assert_int_equal(through.inode, 0);
    acme_file_remove_tree(dir, p);
}

ACME_T_MAIN(ACME_T(each_version_has_its_own),
            ACME_T(a_link_is_followed_or_is_not))
