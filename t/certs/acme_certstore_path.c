/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_certstore_path.h"

static void make_site(acme_certstore_path_t *site, const char *name,
                      apr_pool_t *p)
{
    struct acme_certstore_t *certstore = apr_pcalloc(p, sizeof(*certstore));
    const char *dir = acme_t_dir(p);

    certstore->places[ACME_PLACE_LIVE] = dir;
    certstore->archive = apr_pstrcat(p, dir, "/archive", NULL);
    acme_certstore_path_find(site, certstore, ACME_PLACE_LIVE, name, p);
}

static void a_hostile_name_stays_in_its_folder(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_path_t site;

    make_site(&site, "../../x", p);
    assert_string_equal(site.name, "../../x");
    assert_string_equal(strrchr(site.link, '/'), "/%2E.%2F..%2Fx");
    assert_string_equal(strrchr(site.archive, '/'), "/%2E.%2F..%2Fx");
    assert_string_equal(site.target, "../archive/%2E.%2F..%2Fx/");
}

static const struct {
    const char *target; /* NULL: no link */
    apr_status_t rv;
    int number;
} links[] = {
    {NULL, APR_ENOENT, 0},
    {"../archive/a.example/1", APR_SUCCESS, 1},
    {"../archive/a.example/999999999", APR_SUCCESS, 999999999},
    {"../archive/a.example/1234567890", APR_EINVAL, 0},
    {"../archive/a.example/0", APR_EINVAL, 0},
    {"../archive/a.example/", APR_EINVAL, 0},
    {"../archive/a.example/1/", APR_EINVAL, 0},
    {"../archive/a.example/../b.example/1", APR_EINVAL, 0},
    {"../archive/b.example/1", APR_EINVAL, 0},
    {"/etc", APR_EINVAL, 0},
    {"../archive/a.example/111111111111111111111111111111111", APR_EINVAL, 0},
};

static void only_a_link_to_a_generation_points(void **state)
{
    apr_pool_t *p = *state;
    int i;

    for (i = 0; i < (int)(sizeof(links) / sizeof(links[0])); ++i) {
        acme_certstore_path_t site;
        int number = 0;

        make_site(&site, "a.example", p);
        if (links[i].target) {
            assert_int_equal(symlink(links[i].target, site.link), 0);
        }
        assert_int_equal(acme_certstore_path_pointed(&number, &site),
                         links[i].rv);
        assert_int_equal(number, links[i].number);
    }
}

static void what_is_no_link_does_not_point(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_path_t site;
    int number;

    make_site(&site, "a.example", p);
    assert_int_equal(mkdir(site.link, 0700), 0);
    assert_int_equal(acme_certstore_path_pointed(&number, &site), APR_EINVAL);
    make_site(&site, "a.example", p);
    acme_t_write(site.link, "x", p);
    assert_int_equal(acme_certstore_path_pointed(&number, &site), APR_EINVAL);
}

static void folders_are_for_us_alone(void **state)
{
    apr_pool_t *p = *state;
    const char *path = apr_pstrcat(p, acme_t_dir(p), "/f", NULL);
    struct stat st;

    assert_int_equal(acme_certstore_path_mkdir(path, NULL, p), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(acme_certstore_path_mkdir(path, NULL, p), 0);
}

static void a_folder_of_others_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/f", NULL);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(acme_certstore_path_mkdir(path, &problem, p), APR_EACCES);
    acme_t_contains(problem.detail, path);
    acme_t_contains(problem.detail, "0700");
    chmod(path, 0702);
    assert_int_equal(acme_certstore_path_mkdir(path, NULL, p), APR_EACCES);
    chmod(path, 0700);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(acme_certstore_path_mkdir(path, NULL, p), APR_EACCES);
    }
}

static void what_is_no_folder_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *file = apr_pstrcat(p, dir, "/file", NULL);
    const char *link = apr_pstrcat(p, dir, "/link", NULL);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_t_write(file, "x", p);
    assert_int_not_equal(acme_certstore_path_mkdir(file, &problem, p), 0);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_int_equal(symlink("/", link), 0);
    assert_int_not_equal(acme_certstore_path_mkdir(link, NULL, p), 0);
    assert_int_not_equal(
        acme_certstore_path_mkdir(apr_pstrcat(p, dir, "/x/y", NULL), NULL, p),
        0);
}

ACME_T_MAIN(ACME_T(a_hostile_name_stays_in_its_folder),
            ACME_T(only_a_link_to_a_generation_points),
            ACME_T(what_is_no_link_does_not_point),
            ACME_T(folders_are_for_us_alone),
            ACME_T(a_folder_of_others_is_refused),
            ACME_T(what_is_no_folder_is_refused))
