/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_tmpfile.h"

static const char *read_text(const char *path, apr_pool_t *p)
{
    char buffer[20];
    apr_size_t len = sizeof(buffer);
    apr_file_t *file;

    assert_int_equal(apr_file_open(&file, path, APR_FOPEN_READ, 0, p), 0);
    assert_int_equal(apr_file_read(file, buffer, &len), 0);
    apr_file_close(file);
    return apr_pstrmemdup(p, buffer, len);
}

static void the_next_place_serves_when_one_does_not(void **state)
{
    apr_pool_t *p = *state;
    const char *places[3] = {"/none/at/all", NULL, NULL};
    acme_tmpfile_t *tmp;
    const char *path;

    places[1] = acme_t_dir(p);
    tmp = acme_tmpfile_create(places, p);
    assert_int_equal(acme_tmpfile_write(&path, tmp, "a", "A", NULL, p), 0);
    assert_memory_equal(path, places[1], strlen(places[1]));
    assert_string_equal(read_text(path, p), "A");
}

static void a_place_may_fail_later(void **state)
{
    apr_pool_t *p = *state;
    const char *places[3] = {NULL, NULL, NULL};
    acme_tmpfile_t *tmp;
    const char *first, *second;

    places[0] = acme_t_dir(p);
    places[1] = acme_t_dir(p);
    tmp = acme_tmpfile_create(places, p);
    assert_int_equal(acme_tmpfile_write(&first, tmp, "a", "A", NULL, p), 0);
    assert_int_equal(
        acme_file_remove_tree(apr_pstrmemdup(p, first, strlen(first) - 2), p),
        0);
    assert_int_equal(acme_tmpfile_write(&second, tmp, "b", "B", NULL, p), 0);
    assert_memory_equal(second, places[1], strlen(places[1]));
}

/* Files in memory, where the system has them. */
static void memory_serves_when_no_place_does(void **state)
{
    static const char *const places[2] = {"/none/at/all", NULL};
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *path;
    apr_pool_t *start;

    apr_pool_create(&start, p);
    if (acme_tmpfile_write(&path, acme_tmpfile_create(places, start), "a", "A",
                           &problem, p)) {
        assert_non_null(strstr(problem.detail, "/none/at/all"));
        return;
    }
    assert_string_equal(read_text(path, p), "A");
    apr_pool_destroy(start);
    assert_int_not_equal(access(path, R_OK), 0);
}

static void the_first_of_the_usual_places_is_the_one_given(void **state)
{
    const char *const *places = acme_tmpfile_places("/store", *state);

    assert_string_equal(places[0], "/store");
    assert_non_null(places[1]);
    assert_string_not_equal(acme_tmpfile_places(NULL, *state)[0], "/store");
}

ACME_T_MAIN(ACME_T(the_next_place_serves_when_one_does_not),
            ACME_T(a_place_may_fail_later),
            ACME_T(memory_serves_when_no_place_does),
            ACME_T(the_first_of_the_usual_places_is_the_one_given))
