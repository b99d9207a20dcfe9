/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_export.h"

static acme_export_t *filled(apr_pool_t *p)
{
    acme_export_t *export = acme_export_create(p);
    acme_export_account_t *account = apr_pcalloc(p, sizeof(*account));

    account->ca_url = "https://ca.example/dir";
    account->contact = "mailto:a@b.example";
    account->url = "https://ca.example/account/1";
    account->key_pem = acme_t_key_pem(p);
    account->created = ACME_T_NOW;
    APR_ARRAY_PUSH(export->bundles, acme_bundle_t *) =
        acme_t_bundle("a.example", ACME_T_NOW, p);
    APR_ARRAY_PUSH(export->bundles, acme_bundle_t *) =
        acme_t_bundle("b.example", ACME_T_NOW, p);
    APR_ARRAY_PUSH(export->accounts, acme_export_account_t *) = account;
    return export;
}

static void all_of_it_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_export_t *export = filled(p), *read;
    const char *text = acme_export_print(export, p);
    const acme_export_account_t *account;
    const acme_bundle_t *was, *is;

    assert_int_equal(acme_export_parse(&read, text, strlen(text), NULL, p), 0);
    assert_int_equal(read->bundles->nelts, 2);
    assert_int_equal(read->accounts->nelts, 1);
    was = APR_ARRAY_IDX(export->bundles, 1, acme_bundle_t *);
    is = APR_ARRAY_IDX(read->bundles, 1, acme_bundle_t *);
    assert_string_equal(is->name, "b.example");
    assert_string_equal(is->key_pem, was->key_pem);
    assert_string_equal(is->chain_pem, was->chain_pem);
    assert_string_equal(is->ca_url, was->ca_url);
    assert_int_equal(is->obtained, was->obtained);
    account = APR_ARRAY_IDX(read->accounts, 0, acme_export_account_t *);
    assert_string_equal(account->url, "https://ca.example/account/1");
    assert_string_equal(account->contact, "mailto:a@b.example");
    assert_int_equal(account->created, ACME_T_NOW);
    assert_int_equal(acme_export_check_account(account, NULL, p), 0);
}

static void what_is_damaged_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"format\":\"mod_acme bundle 2\"}",
        "{\"format\":\"mod_acme bundle 1\"}",
        "{\"format\":\"mod_acme bundle 1\",\"certificates\":[]}",
        "{\"format\":\"mod_acme bundle 1\",\"certificates\":[7]}",
        "{\"format\":\"mod_acme bundle 1\",\"certificates\":[{}]}",
        "{\"format\":\"mod_acme bundle 1\",\"certificates\":[{\"name\":\"a\","
        "\"key\":7,\"chain\":\"x\"}]}",
        "{\"format\":\"mod_acme bundle 1\",\"certificates\":[],"
        "\"accounts\":[{\"ca\":\"https://x\"}]}"};
    apr_pool_t *p = *state;
    acme_export_t *read;
    const char *text = acme_export_print(filled(p), p);
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        assert_int_equal(
            acme_export_parse(&read, bad[i], strlen(bad[i]), &problem, p),
            APR_EINVAL);
        assert_non_null(problem.detail);
    }
    for (i = 0; i + 2 < strlen(text); i += 97) {
        assert_int_equal(acme_export_parse(&read, text, i, NULL, p),
                         APR_EINVAL);
    }
}

static apr_status_t check(const acme_bundle_t *bundle, apr_time_t now,
                          apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info;
    apr_status_t rv = acme_export_check(&info, bundle, now, &problem, p);

    assert_true(rv == APR_SUCCESS || problem.detail != NULL);
    return rv;
}

static void only_what_can_be_served_is_taken(void **state)
{
    static const char *const names[] = {
        "../a.example", "a.example/..", "..",         ".", "/",           "a",
        "A.example",    "a..example",   "a.example.", "*", "a.example\n", "",
        "b.example"};
    apr_pool_t *p = *state;
    acme_bundle_t *bundle = acme_t_bundle("a.example", ACME_T_NOW, p);
    acme_bundle_t changed;
    apr_size_t i;

    assert_int_equal(check(bundle, ACME_T_NOW, p), 0);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        changed = *bundle;
        changed.name = names[i];
        assert_int_not_equal(check(&changed, ACME_T_NOW, p), 0);
    }
    assert_int_not_equal(check(bundle, ACME_T_NOW + 91 * ACME_TIME_DAY, p), 0);
    assert_int_not_equal(check(bundle, ACME_T_NOW - 91 * ACME_TIME_DAY, p), 0);
    changed = *bundle;
    changed.key_pem = acme_t_key_pem(p);
    assert_int_not_equal(check(&changed, ACME_T_NOW, p), 0);
    changed = *bundle;
    changed.key_pem = "x";
    assert_int_not_equal(check(&changed, ACME_T_NOW, p), 0);
    changed = *bundle;
    changed.chain_pem = "x";
    assert_int_not_equal(check(&changed, ACME_T_NOW, p), 0);
}

static void only_accounts_that_can_sign_are_taken(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_export_account_t account;

    memset(&account, 0, sizeof(account));
    account.ca_url = "http://ca.example/dir";
    account.key_pem = acme_t_key_pem(p);
    assert_int_not_equal(acme_export_check_account(&account, &problem, p), 0);
    account.ca_url = "https://ca.example/dir";
    assert_int_equal(acme_export_check_account(&account, NULL, p), 0);
    account.key_pem = "x";
    assert_int_not_equal(acme_export_check_account(&account, &problem, p), 0);
}

ACME_T_MAIN(ACME_T(all_of_it_comes_back), ACME_T(what_is_damaged_is_refused),
            ACME_T(only_what_can_be_served_is_taken),
            ACME_T(only_accounts_that_can_sign_are_taken))
