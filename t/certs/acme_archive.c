/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_archive.h"

static const acme_archive_file_t files[] = {
    {"one", "1"}, {"two", ""}, {NULL, NULL}};

static void make_dir(const char *dir, const char *name, apr_pool_t *p)
{
    assert_int_equal(mkdir(apr_pstrcat(p, dir, "/", name, NULL), 0700), 0);
}

static int exists(const char *dir, const char *name, apr_pool_t *p)
{
    struct stat st;

    return lstat(apr_pstrcat(p, dir, "/", name, NULL), &st) == 0;
}

static void numbers_are_plain_and_positive(void **state)
{
    static const char *const bad[] = {"",    "0",   "01", "-1",
                                      "+1",  "1x",  " 1", "1 ",
                                      "0x1", "1.0", ".",  "1000000000"};
    int i;

    (void)state;
    assert_int_equal(acme_archive_version("1"), 1);
    assert_int_equal(acme_archive_version("20"), 20);
    assert_int_equal(acme_archive_version("999999999"), ACME_ARCHIVE_MAX);
    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); ++i) {
        assert_int_equal(acme_archive_version(bad[i]), 0);
    }
}

static void the_list_is_ascending_and_knows_only_generations(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    apr_array_header_t *numbers;

    make_dir(dir, "10", p);
    make_dir(dir, "9", p);
    make_dir(dir, "1", p);
    make_dir(dir, "01", p);
    make_dir(dir, ACME_FILE_TEMP "11", p);
    make_dir(dir, "aside", p);
    assert_int_equal(acme_archive_list(&numbers, dir, p), 0);
    assert_int_equal(numbers->nelts, 3);
    assert_int_equal(APR_ARRAY_IDX(numbers, 0, int), 1);
    assert_int_equal(APR_ARRAY_IDX(numbers, 1, int), 9);
    assert_int_equal(APR_ARRAY_IDX(numbers, 2, int), 10);
}

static void no_folder_has_no_generations(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *numbers;

    assert_int_equal(
        acme_archive_list(&numbers, apr_pstrcat(p, acme_t_dir(p), "/x", NULL),
                          p),
        0);
    assert_int_equal(numbers->nelts, 0);
}

static void a_generation_is_written_with_all_its_files(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    struct stat st;

    assert_int_equal(acme_archive_write(dir, 3, files, NULL, p), 0);
    assert_string_equal(acme_t_read(apr_pstrcat(p, dir, "/3/one", NULL), p),
                        "1");
    assert_string_equal(acme_t_read(apr_pstrcat(p, dir, "/3/two", NULL), p),
                        "");
    assert_int_equal(stat(apr_pstrcat(p, dir, "/3", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/3/one", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(exists(dir, ACME_FILE_TEMP "3", p));
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_archive_file_t bad[2] = {{"no/such/folder", "x"}, {NULL, NULL}};
    apr_array_header_t *names;

    assert_int_not_equal(acme_archive_write(dir, 1, bad, &problem, p), 0);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    acme_t_contains(problem.detail, dir);
    assert_int_equal(acme_file_list(&names, dir, p), 0);
    assert_int_equal(names->nelts, 0);
}

static void a_generation_that_is_there_is_not_touched(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    static const acme_archive_file_t other[] = {{"one", "2"}, {NULL, NULL}};

    assert_int_equal(acme_archive_write(dir, 1, files, NULL, p), 0);
    assert_int_not_equal(acme_archive_write(dir, 1, other, NULL, p), 0);
    assert_string_equal(acme_t_read(apr_pstrcat(p, dir, "/1/one", NULL), p),
                        "1");
}

static void a_removed_one_is_gone(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    apr_array_header_t *names;

    acme_archive_write(dir, 1, files, NULL, p);
    acme_archive_write(dir, 2, files, NULL, p);
    assert_int_equal(acme_archive_remove(dir, 1, p), 0);
    assert_int_equal(acme_file_list(&names, dir, p), 0);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "2");
    assert_int_not_equal(acme_archive_remove(dir, 1, p), 0);
}

static void leftovers_are_tidied_up_and_nothing_else(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);

    acme_archive_write(dir, 1, files, NULL, p);
    make_dir(dir, ACME_FILE_TEMP "2", p);
    acme_t_write(apr_pstrcat(p, dir, "/" ACME_FILE_TEMP "2/one", NULL), "x", p);
    acme_t_write(apr_pstrcat(p, dir, "/" ACME_FILE_TEMP "file", NULL), "x", p);
    assert_int_equal(
        symlink("1", apr_pstrcat(p, dir, "/" ACME_FILE_TEMP "link", NULL)), 0);
    acme_archive_tidy(dir, p);
    assert_false(exists(dir, ACME_FILE_TEMP "2", p));
    assert_false(exists(dir, ACME_FILE_TEMP "file", p));
    assert_false(exists(dir, ACME_FILE_TEMP "link", p));
    assert_true(exists(dir, "1/one", p));
    acme_archive_tidy(apr_pstrcat(p, dir, "/none", NULL), p);
}

ACME_T_MAIN(ACME_T(numbers_are_plain_and_positive),
            ACME_T(the_list_is_ascending_and_knows_only_generations),
            ACME_T(no_folder_has_no_generations),
            ACME_T(a_generation_is_written_with_all_its_files),
            ACME_T(what_cannot_be_written_leaves_nothing),
            ACME_T(a_generation_that_is_there_is_not_touched),
            ACME_T(a_removed_one_is_gone),
            ACME_T(leftovers_are_tidied_up_and_nothing_else))
