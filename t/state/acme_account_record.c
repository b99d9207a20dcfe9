/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"
#include "world.h"

#include "acme_account_record.h"

static acme_key_t *make_key(apr_pool_t *p)
{
    acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, p), 0);
    return key;
}

static const char *pem_of(const acme_key_t *key, apr_pool_t *p)
{
    const char *pem;

    assert_int_equal(acme_key_to_pem(&pem, key, NULL, p), 0);
    return pem;
}

static void all_of_it_comes_back(void **state)
{
    world_t *w = world_create(*state);
    acme_account_record_t record = {0}, *read;
    apr_array_header_t *caa = apr_array_make(w->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(caa, const char *) = "ca.test";
    record.key = make_key(w->p);
    record.next_key = make_key(w->p);
    record.url = "https://ca.test/account/1";
    record.ca = "https://ca.test/dir";
    record.contact = "mailto:a@example.org";
    record.eab_kid = "kid";
    record.caa = caa;
    record.created = w->clock->now;
    record.deactivated = w->clock->now + 1;
    assert_int_equal(
        acme_account_record_save(&record, w->vault, "one", NULL, w->p), 0);
    assert_int_equal(
        acme_account_record_load(&read, w->vault, "one", NULL, w->p), 0);
    assert_string_equal(pem_of(read->key, w->p), pem_of(record.key, w->p));
    assert_string_equal(pem_of(read->next_key, w->p),
                        pem_of(record.next_key, w->p));
    assert_string_equal(read->url, record.url);
    assert_string_equal(read->ca, record.ca);
    assert_string_equal(read->contact, record.contact);
    assert_string_equal(read->eab_kid, record.eab_kid);
    assert_string_equal(APR_ARRAY_IDX(read->caa, 0, const char *), "ca.test");
    assert_true(read->created == record.created);
    assert_true(read->deactivated == record.deactivated);
}

static void most_of_it_may_be_missing(void **state)
{
    world_t *w = world_create(*state);
    acme_account_record_t record = {0}, *read;

    record.key = make_key(w->p);
    assert_int_equal(
        acme_account_record_save(&record, w->vault, "one", NULL, w->p), 0);
    assert_int_equal(
        acme_account_record_load(&read, w->vault, "one", NULL, w->p), 0);
    assert_null(read->next_key);
    assert_null(read->url);
    assert_null(read->caa);
    assert_true(read->deactivated == 0);
}

static void one_without_a_key_is_damaged(void **state)
{
    world_t *w = world_create(*state);
    acme_account_record_t *read;

    assert_int_equal(
        acme_account_record_load(&read, w->vault, "one", NULL, w->p),
        APR_ENOENT);
    acme_t_put(w->vault, ACME_STORE_ACCOUNTS, "one", "{\"key\":\"?\"}", w->p);
    assert_int_equal(
        acme_account_record_load(&read, w->vault, "one", NULL, w->p),
        ACME_STORE_DAMAGED);
}

static void one_of_a_newer_version_is_refused(void **state)
{
    world_t *w = world_create(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_account_record_t record = {0}, *read;
    acme_json_t *json;
    apr_int64_t format;

    record.key = make_key(w->p);
    assert_int_equal(
        acme_account_record_save(&record, w->vault, "one", NULL, w->p), 0);
    assert_int_equal(acme_vault_get_json(&json, NULL, w->vault,
                                         ACME_STORE_ACCOUNTS, "one", NULL,
                                         w->p),
                     0);
    assert_int_equal(acme_json_get_int(&format, json, "format"), 0);
    assert_int_equal(format, 1);
    acme_t_put(w->vault, ACME_STORE_ACCOUNTS, "one",
               "{\"format\":2,\"key\":\"?\"}", w->p);
    assert_int_equal(
        acme_account_record_load(&read, w->vault, "one", &problem, w->p),
        APR_ENOTIMPL);
    assert_non_null(
        strstr(problem.detail, "the account one was written by a newer"));
}

static void they_are_listed_and_deleted(void **state)
{
    world_t *w = world_create(*state);
    acme_account_record_t record = {0};
    apr_array_header_t *names;

    record.key = make_key(w->p);
    assert_int_equal(
        acme_account_record_save(&record, w->vault, "one", NULL, w->p), 0);
    assert_int_equal(acme_account_record_list(&names, w->vault, NULL, w->p), 0);
    assert_int_equal(names->nelts, 1);
    assert_int_equal(acme_account_record_delete(w->vault, "one", NULL, w->p),
                     0);
    assert_int_equal(acme_account_record_delete(w->vault, "one", NULL, w->p),
                     0);
    assert_int_equal(acme_account_record_list(&names, w->vault, NULL, w->p), 0);
    assert_int_equal(names->nelts, 0);
}

ACME_T_MAIN(ACME_T(all_of_it_comes_back), ACME_T(most_of_it_may_be_missing),
            ACME_T(one_without_a_key_is_damaged),
            ACME_T(one_of_a_newer_version_is_refused),
            ACME_T(they_are_listed_and_deleted))
