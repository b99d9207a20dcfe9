/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_deployed.h"

static const apr_array_header_t *list(apr_pool_t *p, const char *a,
                                      const char *b)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(names, const char *) = b;
    }
    return names;
}

static acme_deployed_site_t *site(apr_pool_t *p, acme_deployed_e state,
                                  const char *a, const char *b)
{
    acme_deployed_site_t *made = apr_pcalloc(p, sizeof(*made));

    made->names = list(p, a, b);
    made->name = a;
    made->state = state;
    made->managed = 1;
    return made;
}

static void what_is_written_is_read(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_deployed_t *deployed = acme_deployed_create(p);
    acme_deployed_site_t *okc = site(p, ACME_DEPLOYED_OKC, "o.test", NULL);
    const acme_deployed_site_t *got;
    struct stat st;

    assert_int_equal(acme_deployed_read(&deployed, dir, NULL, p), APR_ENOENT);
    okc->cert_files = list(p, "/etc/o.pem", "/etc/o2.pem");
    okc->key_files = list(p, "/etc/o.key", "/etc/o2.key");
    okc->chain_file = "/etc/chain.pem";
    okc->managed = 0;
    deployed->written = ACME_T_NOW;
    acme_deployed_add(deployed, site(p, ACME_DEPLOYED_LKC, "a.test", "b.test"));
    acme_deployed_add(deployed, okc);
    acme_deployed_add(deployed, site(p, ACME_DEPLOYED_HTTP, "h.test", NULL));
    acme_deployed_add(deployed, site(p, ACME_DEPLOYED_NONE, "n.test", NULL));
    assert_int_equal(acme_deployed_write(dir, deployed, NULL, p), 0);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/sites", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(acme_deployed_read(&deployed, dir, NULL, p), 0);
    assert_int_equal(deployed->written, ACME_T_NOW);
    assert_int_equal(deployed->sites->nelts, 4);
    got = acme_deployed_find(deployed, "b.test");
    assert_string_equal(got->name, "a.test");
    assert_int_equal(got->state, ACME_DEPLOYED_LKC);
    assert_true(got->managed);
    got = acme_deployed_find(deployed, "o.test");
    assert_false(got->managed);
    assert_string_equal(got->chain_file, "/etc/chain.pem");
    assert_null(acme_deployed_find(deployed, "a.test")->chain_file);
    assert_string_equal(APR_ARRAY_IDX(got->cert_files, 1, const char *),
                        "/etc/o2.pem");
    assert_string_equal(APR_ARRAY_IDX(got->key_files, 0, const char *),
                        "/etc/o.key");
    assert_int_equal(acme_deployed_find(deployed, "h.test")->state,
                     ACME_DEPLOYED_HTTP);
    assert_null(acme_deployed_find(deployed, "x.test"));
}

static void damage_is_told(void **state)
{
    static const char *const texts[] = {"", "x", "[]", "{}", "{\"sites\""};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_deployed_t *deployed;

        acme_t_write(apr_pstrcat(p, dir, "/sites", NULL), texts[i], p);
        assert_int_not_equal(acme_deployed_read(&deployed, dir, &problem, p),
                             0);
        acme_t_contains(problem.detail, "/sites");
    }
}

static void a_damaged_site_takes_no_other_with_it(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_deployed_t *deployed;

    acme_t_write(apr_pstrcat(p, dir, "/sites", NULL),
                 "{\"sites\":[1,{},{\"names\":[],\"deployed\":\"lkc\"},"
                 "{\"names\":[\"x\"],\"deployed\":\"?\"},"
                 "{\"names\":[\"a.test\"],\"deployed\":\"okc\","
                 "\"cert-files\":[1]}]}",
                 p);
    assert_int_equal(acme_deployed_read(&deployed, dir, NULL, p), 0);
    assert_int_equal(deployed->sites->nelts, 1);
    assert_null(acme_deployed_find(deployed, "a.test")->cert_files);
}

static void ten_thousand_sites_are_no_matter(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_deployed_t *deployed = acme_deployed_create(p);
    int i;

    for (i = 0; i < 10000; ++i) {
        const char *name = apr_psprintf(p, "site-%d.example.org", i);

        acme_deployed_add(deployed, site(p, ACME_DEPLOYED_LKC, name,
                                         apr_pstrcat(p, "www.", name, NULL)));
    }
    assert_int_equal(acme_deployed_write(dir, deployed, NULL, p), 0);
    assert_int_equal(acme_deployed_read(&deployed, dir, NULL, p), 0);
    assert_string_equal(
        acme_deployed_find(deployed, "www.site-9999.example.org")->name,
        "site-9999.example.org");
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(acme_deployed_name(ACME_DEPLOYED_NONE), "none");
    assert_string_equal(acme_deployed_name(ACME_DEPLOYED_HTTP), "http");
    assert_string_equal(acme_deployed_name(ACME_DEPLOYED_OKC), "okc");
    assert_string_equal(acme_deployed_name(ACME_DEPLOYED_LKC), "lkc");
}

static void a_deleted_certificate_is_forgotten(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_deployed_t *deployed = acme_deployed_create(p);

    assert_int_equal(acme_deployed_forget(dir, "a.test", NULL, p), 0);
    deployed->written = ACME_T_NOW;
    acme_deployed_add(deployed, site(p, ACME_DEPLOYED_LKC, "a.test", "b.test"));
    acme_deployed_add(deployed, site(p, ACME_DEPLOYED_LKC, "c.test", NULL));
    assert_int_equal(acme_deployed_write(dir, deployed, NULL, p), 0);
    assert_int_equal(acme_deployed_forget(dir, "a.test", NULL, p), 0);
    assert_int_equal(acme_deployed_forget(dir, "b.test", NULL, p), 0);
    assert_int_equal(acme_deployed_read(&deployed, dir, NULL, p), 0);
    assert_int_equal(acme_deployed_find(deployed, "b.test")->state,
                     ACME_DEPLOYED_NONE);
    assert_int_equal(acme_deployed_find(deployed, "c.test")->state,
                     ACME_DEPLOYED_LKC);
    assert_int_equal(deployed->written, ACME_T_NOW);
}

ACME_T_MAIN(ACME_T(a_deleted_certificate_is_forgotten),
            ACME_T(states_have_names), ACME_T(what_is_written_is_read),
            ACME_T(damage_is_told),
            ACME_T(a_damaged_site_takes_no_other_with_it),
            ACME_T(ten_thousand_sites_are_no_matter))
