/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_placeholder.h"

static acme_chain_t *read_chain(const char *path, apr_pool_t *p)
{
    acme_chain_t *chain;
    char *data;
    apr_size_t len;

    assert_int_equal(acme_file_read(&data, &len, path, ACME_FILE_MAX, p), 0);
    assert_int_equal(acme_cert_chain_parse(&chain, data, len, NULL, p), 0);
    return chain;
}

static acme_key_t *read_key(const acme_placeholder_t *placeholder,
                            apr_pool_t *p)
{
    acme_key_t *key;
    char *data;
    apr_size_t len;

    assert_int_equal(acme_file_read(&data, &len,
                                    acme_placeholder_key(placeholder),
                                    ACME_FILE_MAX, p),
                     0);
    assert_int_equal(acme_key_from_pem(&key, data, len, NULL, p), 0);
    return key;
}

static void each_host_gets_one_that_names_it(void **state)
{
    static const char *const hosts[] = {"example.org", "www.example.org",
                                        "192.0.2.1"};
    apr_pool_t *p = *state;
    acme_placeholder_t *placeholder;
    const char *path;
    apr_size_t i;

    assert_int_equal(acme_placeholder_create(&placeholder, acme_t_dir(p), 0,
                                             ACME_T_NOW, NULL, p),
                     0);
    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        apr_array_header_t *names = apr_array_make(p, 1, sizeof(char *));

        APR_ARRAY_PUSH(names, const char *) = hosts[i];
        assert_int_equal(
            acme_placeholder_cert(&path, placeholder, hosts[i], NULL, p), 0);
        assert_int_equal(acme_cert_check(read_chain(path, p),
                                         read_key(placeholder, p), names,
                                         ACME_T_NOW, NULL, p),
                         0);
    }
}

static void it_loads_where_more_is_asked_for(void **state)
{
    apr_pool_t *p = *state;
    acme_placeholder_t *placeholder;
    const char *path;
    int level;

    for (level = 0; level <= 4; ++level) {
        assert_int_equal(acme_placeholder_create(&placeholder, acme_t_dir(p),
                                                 level, ACME_T_NOW, NULL, p),
                         0);
        assert_int_equal(
            acme_placeholder_cert(&path, placeholder, "example.org", NULL, p),
            0);
        assert_int_equal(acme_cert_check_loads(read_chain(path, p),
                                               read_key(placeholder, p), level,
                                               NULL, p),
                         0);
    }
}

static void what_is_no_host_gets_one_too(void **state)
{
    static const char *const hosts[] = {NULL, "", "no host", "../../etc",
                                        "a_b..c"};
    apr_pool_t *p = *state;
    apr_array_header_t *none = apr_array_make(p, 1, sizeof(char *));
    acme_placeholder_t *placeholder;
    const char *path;
    apr_size_t i;

    assert_int_equal(acme_placeholder_create(&placeholder, acme_t_dir(p), 0,
                                             ACME_T_NOW, NULL, p),
                     0);
    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        assert_int_equal(
            acme_placeholder_cert(&path, placeholder, hosts[i], NULL, p), 0);
        assert_int_equal(acme_cert_check(read_chain(path, p),
                                         read_key(placeholder, p), none,
                                         ACME_T_NOW, NULL, p),
                         0);
    }
}

static void nothing_is_left_behind(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_placeholder_t *placeholder;
    apr_array_header_t *names;
    const char *path;
    struct stat st;
    apr_pool_t *start;

    apr_pool_create(&start, p);
    assert_int_equal(
        acme_placeholder_create(&placeholder, dir, 0, ACME_T_NOW, NULL, start),
        0);
    acme_placeholder_cert(&path, placeholder, "example.org", NULL, start);
    assert_int_equal(stat(acme_placeholder_key(placeholder), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(acme_file_list(&names, dir, p), 0);
    assert_int_equal(names->nelts, 1);
    apr_pool_destroy(start);
    assert_int_equal(acme_file_list(&names, dir, p), 0);
    assert_int_equal(names->nelts, 0);
}

static void a_folder_of_no_use_is_no_loss(void **state)
{
    apr_pool_t *p = *state;
    acme_placeholder_t *placeholder;

    assert_int_equal(
        acme_placeholder_create(&placeholder,
                                apr_pstrcat(p, acme_t_dir(p), "/none", NULL), 0,
                                ACME_T_NOW, NULL, p),
        0);
    assert_non_null(read_key(placeholder, p));
}

ACME_T_MAIN(ACME_T(it_loads_where_more_is_asked_for),
            ACME_T(each_host_gets_one_that_names_it),
            ACME_T(what_is_no_host_gets_one_too),
            ACME_T(nothing_is_left_behind),
            ACME_T(a_folder_of_no_use_is_no_loss))
