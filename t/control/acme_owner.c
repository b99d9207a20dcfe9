/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_owner.c
 * @brief A store belongs to one server, and says to which.
 */
#include "acme_t.h"

#include <sys/stat.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_owner.h"

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    const char *path;
    acme_owner_t owner;
    acme_problem_t problem;
} world_t;

static int setup(void **state)
{
    world_t *w;
    const char *temp;
    char *dir;

    (void)acme_t_setup(state);
    w = apr_pcalloc(*state, sizeof(*w));
    w->p = *state;
    *state = w;
    assert_int_equal(apr_temp_dir_get(&temp, w->p), APR_SUCCESS);
    dir = apr_pstrcat(w->p, temp, "/acme_owner_XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    w->dir = dir;
    w->path = apr_pstrcat(w->p, dir, "/owner", NULL);
    w->owner.server_root = "/etc/apache2";
    w->owner.config = "/etc/apache2/apache2.conf";
    w->owner.pid_file = "/run/apache2.pid";
    return 0;
}

static int teardown(void **state)
{
    world_t *w = *state;

    acme_file_remove_tree(w->dir, w->p);
    *state = w->p;
    return acme_t_teardown(state);
}

static apr_status_t claim(world_t *w)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;

    w->problem = none;
    return acme_owner_claim(&w->owner, w->dir, &w->problem, w->p);
}

static const char *content(world_t *w)
{
    char *data;
    apr_size_t len;

    assert_int_equal(acme_file_read(&data, &len, w->path, 65536, w->p),
                     APR_SUCCESS);
    return data;
}

static void plant(world_t *w, const char *text)
{
    assert_int_equal(acme_file_write(w->path, text, strlen(text),
                                     APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                     ACME_FILE_LAZY, w->p),
                     APR_SUCCESS);
}

static void assert_refused(world_t *w, const char *words)
{
    assert_int_not_equal(claim(w), APR_SUCCESS);
    assert_non_null(strstr(w->problem.detail, words));
    assert_non_null(strstr(w->problem.detail, w->path));
    assert_non_null(strstr(w->problem.to_fix, "acmectl adopt"));
    assert_non_null(strstr(w->problem.to_fix, "ACMEStoreDir"));
}

static void the_first_one_owns_it_and_comes_back(void **state)
{
    world_t *w = *state;
    struct stat info;
    const char *before;

    assert_int_equal(claim(w), APR_SUCCESS);
    assert_int_equal(stat(w->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    before = content(w);
    assert_non_null(strstr(before, "/etc/apache2/apache2.conf"));
    assert_int_equal(claim(w), APR_SUCCESS);
    assert_string_equal(content(w), before);
}

static void another_one_is_refused(void **state)
{
    world_t *w = *state;
    const acme_owner_t first = w->owner;
    const char *before;

    assert_int_equal(claim(w), APR_SUCCESS);
    before = content(w);
    w->owner.config = "/srv/other/httpd.conf";
    assert_refused(w, "/etc/apache2/apache2.conf");
    assert_int_equal(w->problem.rv, APR_EACCES);
    w->owner = first;
    w->owner.pid_file = "/run/other.pid";
    assert_refused(w, "/run/apache2.pid");
    w->owner = first;
    w->owner.server_root = "/srv/other";
    assert_refused(w, "/etc/apache2");
    assert_string_equal(content(w), before);
    w->owner = first;
    assert_int_equal(claim(w), APR_SUCCESS);
}

static void what_was_claimed_is_read(void **state)
{
    world_t *w = *state;
    acme_owner_t *owner;

    assert_int_equal(acme_owner_read(&owner, w->dir, &w->problem, w->p),
                     APR_ENOENT);
    assert_int_equal(claim(w), APR_SUCCESS);
    assert_int_equal(acme_owner_read(&owner, w->dir, &w->problem, w->p),
                     APR_SUCCESS);
    assert_string_equal(owner->config, w->owner.config);
    assert_string_equal(owner->pid_file, w->owner.pid_file);
    assert_string_equal(owner->server_root, w->owner.server_root);
}

static void a_released_one_is_the_next_ones(void **state)
{
    world_t *w = *state;

    assert_int_equal(acme_owner_release(w->dir, &w->problem, w->p),
                     APR_SUCCESS);
    assert_int_equal(claim(w), APR_SUCCESS);
    assert_int_equal(acme_owner_release(w->dir, &w->problem, w->p),
                     APR_SUCCESS);
    w->owner.config = "/srv/other/httpd.conf";
    assert_int_equal(claim(w), APR_SUCCESS);
    w->owner.config = "/etc/apache2/apache2.conf";
    assert_refused(w, "/srv/other/httpd.conf");
}

static void without_the_file_it_is_the_next_ones(void **state)
{
    world_t *w = *state;

    assert_int_equal(claim(w), APR_SUCCESS);
    assert_int_equal(apr_file_remove(w->path, w->p), APR_SUCCESS);
    w->owner.config = "/srv/other/httpd.conf";
    assert_int_equal(claim(w), APR_SUCCESS);
    assert_non_null(strstr(content(w), "/srv/other/httpd.conf"));
}

static void paths_of_any_bytes(void **state)
{
    world_t *w = *state;

    w->owner.server_root = "/srv/Gr\xc3\xbc\xc3\x9f \"e\"\\n";
    w->owner.config = "/srv/\xff\xfe latin\xe9/httpd.conf";
    assert_int_equal(claim(w), APR_SUCCESS);
    assert_int_equal(claim(w), APR_SUCCESS);
    w->owner.server_root = "/srv/Gr\xc3\xbc\xc3\x9f";
    assert_refused(w, "belongs to the server");
}

static void damage_is_nobodys(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "nonsense",
                                        "{}",
                                        "{\"config\": 1}",
                                        "{\"config\":\"x\",\"pid-file\":\"x\"}",
                                        "{\"config\":1,\"pid-file\":\"x\"}"};
    world_t *w = *state;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        plant(w, texts[i]);
        assert_refused(w, "is damaged");
        assert_string_equal(content(w), texts[i]);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    world_t *w = *state;

    assert_int_equal(symlink("/etc/passwd", w->path), 0);
    assert_int_not_equal(claim(w), APR_SUCCESS);
    assert_non_null(strstr(w->problem.detail, "cannot be read"));
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(mkdir(w->path, 0700), 0);
    assert_int_not_equal(claim(w), APR_SUCCESS);
    w->dir = apr_pstrcat(w->p, w->dir, "/none", NULL);
    assert_int_not_equal(claim(w), APR_SUCCESS);
    w->dir = apr_pstrndup(w->p, w->dir, strlen(w->dir) - 5);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

ACME_T_MAIN(T(the_first_one_owns_it_and_comes_back), T(another_one_is_refused),
            T(what_was_claimed_is_read), T(a_released_one_is_the_next_ones),
            T(without_the_file_it_is_the_next_ones), T(paths_of_any_bytes),
            T(damage_is_nobodys), T(what_is_no_file_is_refused))
