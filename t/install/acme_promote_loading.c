/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <sys/wait.h>
#include <unistd.h>

#include "acme_file.h"
#include "acme_promote_loading.h"

static acme_promote_loading_e left(apr_array_header_t **names, const char *dir,
                                   apr_pool_t *p)
{
    return acme_promote_loading_read(names, dir, 7, p);
}

static void tells_what_was_given_last(void **state)
{
    static const char *const first[] = {"a-rather-long-name.example.org", "b"};
    static const char *const second[] = {"c.example.org"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_promote_loading_t *loading;
    apr_array_header_t *names;

    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_NONE);
    loading = acme_promote_loading_open(dir, 7, p);
    assert_non_null(loading);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_KILLED);
    assert_int_equal(names->nelts, 0);
    acme_promote_loading_note(loading, first, 2);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_KILLED);
    assert_int_equal(names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), first[0]);
    assert_string_equal(APR_ARRAY_IDX(names, 1, const char *), "b");
    acme_promote_loading_note(loading, second, 1);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_KILLED);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), second[0]);
    assert_int_equal(acme_promote_loading_read(&names, dir, 8, p),
                     ACME_PROMOTE_LOADING_NONE);
    acme_promote_loading_note(loading, NULL, 0);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_KILLED);
    assert_int_equal(names->nelts, 0);
    acme_promote_loading_close(loading);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_NONE);
}

static void tells_that_httpd_ended_itself(void **state)
{
    static const char *const given[] = {"a.example.org"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_promote_loading_t *loading;
    apr_array_header_t *names;
    apr_pool_t *pstart;
    pid_t child;
    int status;

    apr_pool_create(&pstart, p);
    loading = acme_promote_loading_open(dir, 7, pstart);
    acme_promote_loading_note(loading, given, 1);
    child = fork();
    if (child == 0) {
        /* Another process that ends is not httpd. */
        apr_pool_destroy(pstart);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_KILLED);
    apr_pool_destroy(pstart);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_ENDED);
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), given[0]);
    acme_promote_loading_remove(dir, p);
    assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_NONE);
}

static void a_damaged_record_counts_as_none(void **state)
{
    static const char *const texts[] = {"", "\n", "loading", "loading \n",
                                        "loading x a\n"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/loading", NULL);
    apr_array_header_t *names;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(acme_file_write(path, texts[i], strlen(texts[i]),
                                         APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                         0);
        assert_int_equal(left(&names, dir, p), ACME_PROMOTE_LOADING_NONE);
    }
    assert_null(
        acme_promote_loading_open(apr_pstrcat(p, dir, "/no", NULL), 7, p));
    acme_promote_loading_note(NULL, NULL, 0);
    acme_promote_loading_close(NULL);
}

ACME_T_MAIN(ACME_T(tells_what_was_given_last),
            ACME_T(tells_that_httpd_ended_itself),
            ACME_T(a_damaged_record_counts_as_none))
