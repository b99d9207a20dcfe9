/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_secret.h"

static void it_is_made_once_and_stays(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const acme_seal_label_t label = {.purpose = "a", .name = "b"};
    unsigned char *sealed;
    acme_seal_t *first, *second;
    apr_size_t len;
    struct stat st;
    char *text;

    assert_int_equal(acme_secret_open(&first, dir, 0, NULL, p), APR_ENOENT);
    assert_int_equal(acme_secret_open(&first, dir, 1, NULL, p), 0);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/secret", NULL), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, ACME_SEAL_SECRET_LEN);
    assert_int_equal(acme_secret_open(&second, dir, 1, NULL, p), 0);
    assert_int_equal(acme_seal(&sealed, &len, first, &label, "c", 1, NULL, p),
                     0);
    assert_int_equal(
        acme_seal_open(&text, &len, second, &label, sealed, len, NULL, p), 0);
}

static void a_damaged_one_is_never_replaced(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/secret", NULL);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_seal_t *seal;

    acme_t_write(path, "short", p);
    assert_int_equal(acme_secret_open(&seal, dir, 1, &problem, p), APR_EINVAL);
    acme_t_contains(problem.detail, "is damaged: it has 5 bytes");
    assert_string_equal(acme_t_read(path, p), "short");
}

ACME_T_MAIN(ACME_T(it_is_made_once_and_stays),
            ACME_T(a_damaged_one_is_never_replaced))
