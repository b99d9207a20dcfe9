/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_t_bundle.h"

#include "acme_owner.h"

static const acme_owner_t one = {"/etc/httpd", "/etc/httpd/httpd.conf",
                                 "/run/httpd.pid"};

static void the_first_takes_it(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_owner_t *owner;
    struct stat st;

    assert_int_equal(acme_owner_read(&owner, dir, NULL, p), APR_ENOENT);
    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), 0);
    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), 0);
    assert_int_equal(acme_owner_read(&owner, dir, NULL, p), 0);
    assert_string_equal(owner->config, one.config);
    assert_string_equal(owner->pid_file, one.pid_file);
    assert_string_equal(owner->server_root, one.server_root);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/owner", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void others_are_refused_with_the_remedy(void **state)
{
    static const acme_owner_t others[] = {
        {"/etc/httpd", "/etc/httpd/other.conf", "/run/httpd.pid"},
        {"/etc/httpd", "/etc/httpd/httpd.conf", "/run/other.pid"},
        {"/etc/other", "/etc/httpd/httpd.conf", "/run/httpd.pid"},
    };
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    size_t i;

    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), 0);
    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        assert_int_equal(acme_owner_claim(&others[i], dir, &problem, p),
                         APR_EACCES);
        acme_t_contains(problem.detail, one.config);
        acme_t_contains(problem.detail, "acmectl --store");
        assert_non_null(problem.to_fix);
    }
    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), 0);
}

static void a_released_one_is_the_next_ones(void **state)
{
    static const acme_owner_t other = {"/x", "/x/httpd.conf", "/x/pid"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);

    assert_int_equal(acme_owner_release(dir, NULL, p), 0);
    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), 0);
    assert_int_equal(acme_owner_release(dir, NULL, p), 0);
    assert_int_equal(acme_owner_claim(&other, dir, NULL, p), 0);
    assert_int_equal(acme_owner_claim(&one, dir, NULL, p), APR_EACCES);
}

static void damage_is_told_and_not_overwritten(void **state)
{
    static const char *const texts[] = {"", "x", "[]", "{}",
                                        "{\"config\":1,\"pid-file\":\"x\"}"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/owner", NULL);
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        acme_t_write(path, texts[i], p);
        assert_int_not_equal(acme_owner_claim(&one, dir, &problem, p), 0);
        acme_t_contains(problem.detail, "damaged");
        acme_t_contains(problem.to_fix, "acmectl adopt");
        assert_string_equal(acme_t_read(path, p), texts[i]);
    }
}

ACME_T_MAIN(ACME_T(the_first_takes_it),
            ACME_T(others_are_refused_with_the_remedy),
            ACME_T(a_released_one_is_the_next_ones),
            ACME_T(damage_is_told_and_not_overwritten))
