/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

static void what_was_put_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    const acme_store_put_t put = {
        .kind = ACME_STORE_KEYS,
        .name = "a",
        .data = "x\0y",
        .len = 3,
        .sync = ACME_STORE_SYNC,
    };
    acme_store_item_t item;
    const char *version;

    assert_int_equal(acme_vault_put(&version, vault, &put, NULL, p),
                     APR_SUCCESS);
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_KEYS, "a", NULL, p),
        APR_SUCCESS);
    assert_int_equal(item.len, 3);
    assert_memory_equal(item.data, "x\0y", 4);
    assert_string_equal(item.version, version);
}

static void nothing_is_stored_in_clear(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_store_item_t item;
    apr_size_t i;

    acme_t_put(vault, ACME_STORE_KEYS, "a", "very secret", p);
    assert_int_equal(acme_store_get(&item, acme_vault_store(vault),
                                    ACME_STORE_KEYS, "a", NULL, p),
                     APR_SUCCESS);
    assert_true(item.len > 11);
    for (i = 0; i + 11 <= item.len; ++i) {
        assert_memory_not_equal(item.data + i, "very secret", 11);
    }
}

static void what_is_not_there_is_no_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;

    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_KEYS, "a", &problem, p),
        APR_ENOENT);
    assert_null(problem.type);
    assert_int_equal(log->count, 0);
}

/** Copies the sealed bytes of keys/a to another item. */
static void copy_item(acme_vault_t *vault, const char *kind, const char *name,
                      apr_pool_t *p)
{
    acme_store_t *store = acme_vault_store(vault);
    acme_store_put_t copy = {
        .kind = kind,
        .name = name,
        .sync = ACME_STORE_LAZY,
    };
    acme_store_item_t item;

    assert_int_equal(
        acme_store_get(&item, store, ACME_STORE_KEYS, "a", NULL, p),
        APR_SUCCESS);
    copy.data = item.data;
    copy.len = item.len;
    assert_int_equal(acme_store_put(NULL, store, &copy, NULL, p), APR_SUCCESS);
}

static void an_item_copied_elsewhere_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;

    acme_t_put(vault, ACME_STORE_KEYS, "a", "1", p);
    copy_item(vault, ACME_STORE_KEYS, "b", p);
    copy_item(vault, ACME_STORE_JOBS, "a", p);
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_KEYS, "b", &problem, p),
        APR_ENOENT);
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_JOBS, "a", &problem, p),
        APR_ENOENT);
    assert_null(problem.type);
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_KEYS, "a", NULL, p),
        APR_SUCCESS);
}

static void another_secret_opens_nothing(void **state)
{
    apr_pool_t *p = *state;
    static const unsigned char other[ACME_SEAL_SECRET_LEN] = {9};
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_vault_t *thief = acme_vault_create(
        acme_vault_store(vault), acme_seal_create(other, p), NULL, p);
    acme_store_item_t item;

    acme_t_put(vault, ACME_STORE_KEYS, "a", "1", p);
    assert_int_equal(
        acme_vault_get(&item, thief, ACME_STORE_KEYS, "a", NULL, p),
        APR_ENOENT);
}

static void a_planted_item_is_warned_of_once(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_store_item_t item;
    int i;

    acme_t_plant(vault, ACME_STORE_CHALLENGES, "tok", "planted", p);
    acme_t_plant(vault, ACME_STORE_JOBS, "tok", "", p);
    for (i = 0; i < 50; ++i) {
        assert_int_equal(
            acme_vault_get(&item, vault, ACME_STORE_CHALLENGES, "tok", NULL, p),
            APR_ENOENT);
    }
    assert_int_equal(log->count, 1);
    acme_t_contains(log->last, "tok: ");
    acme_t_contains(log->last, "challenges");
    acme_vault_get(&item, vault, ACME_STORE_JOBS, "tok", NULL, p);
    assert_int_equal(log->count, 2);
    acme_t_contains(log->last, "jobs");
}

static apr_status_t get_fails(acme_store_item_t *item, acme_store_t *store,
                              const char *kind, const char *name,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const apr_status_t *rv = store->self;

    (void)item;
    (void)kind;
    (void)name;
    return acme_problem_set(problem, *rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "the test says so");
}

static void what_is_no_item_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    apr_status_t rv = ACME_STORE_DAMAGED;
    acme_store_backend_t backend = {0};
    acme_store_t store;
    acme_t_log_t *log;
    acme_vault_t *vault;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    int i;

    backend.get = get_fails;
    store.backend = &backend;
    store.self = &rv;
    vault = acme_vault_share(acme_t_vault(&log, p), &store, p);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(
            acme_vault_get(&item, vault, ACME_STORE_JOBS, "a", &problem, p),
            APR_ENOENT);
    }
    assert_null(problem.type);
    assert_int_equal(log->count, 1);
    acme_t_contains(log->last, "a: ");
    acme_t_contains(log->last, "the test says so");
    /* a failure that may pass is no damage */
    rv = EIO;
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_JOBS, "a", &problem, p), EIO);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

typedef struct mixture_t {
    acme_store_t *store;
    int left;
} mixture_t;

/* Gives the mixture that is read while the next item is written over it. */
static apr_status_t get_mixture(acme_store_item_t *item, acme_store_t *store,
                                const char *kind, const char *name,
                                acme_problem_t *problem, apr_pool_t *p)
{
    mixture_t *mixture = store->self;
    apr_status_t rv =
        acme_store_get(item, mixture->store, kind, name, problem, p);

    if (rv == APR_SUCCESS && mixture->left > 0) {
        --mixture->left;
        item->data[item->len / 2] ^= 1;
    }
    return rv;
}

static void what_was_read_while_it_changed_is_read_again(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_store_backend_t backend = {0};
    mixture_t mixture = {acme_vault_store(vault), 1};
    acme_store_t store = {&backend, &mixture};
    acme_store_item_t item;

    acme_t_put(vault, ACME_STORE_JOBS, "a", "text", p);
    backend.get = get_mixture;
    vault = acme_vault_share(vault, &store, p);
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_JOBS, "a", NULL, p), 0);
    assert_string_equal(item.data, "text");
    assert_int_equal(log->count, 0);
    /* it is not read again for ever */
    mixture.left = 1000;
    assert_int_equal(
        acme_vault_get(&item, vault, ACME_STORE_JOBS, "a", NULL, p),
        APR_ENOENT);
    assert_true(mixture.left > 900);
    assert_int_equal(log->count, 1);
}

static void handles_that_share_warn_once(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_store_item_t item;
    int i;

    acme_t_plant(vault, ACME_STORE_CHALLENGES, "tok", "planted", p);
    for (i = 0; i < 50; ++i) {
        acme_store_t *store = acme_store_mem_share(acme_vault_store(vault), p);
        acme_vault_t *other = acme_vault_share(vault, store, p);

        assert_ptr_equal(acme_vault_store(other), store);
        assert_int_equal(
            acme_vault_get(&item, other, ACME_STORE_CHALLENGES, "tok", NULL, p),
            APR_ENOENT);
    }
    assert_int_equal(log->count, 1);
}

static void a_flood_of_planted_items_does_not_fill_the_log(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_store_item_t item;
    int i;

    for (i = 0; i < 1000; ++i) {
        const char *name = apr_psprintf(p, "t%d", i);

        acme_t_plant(vault, ACME_STORE_CHALLENGES, name, "x", p);
        assert_int_equal(
            acme_vault_get(&item, vault, ACME_STORE_CHALLENGES, name, NULL, p),
            APR_ENOENT);
    }
    assert_in_range(log->count, 1, 100);
    acme_t_contains(log->last, "without a message");
}

static void a_planted_name_forges_no_log_line(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_store_item_t item;
    char *name = apr_pcalloc(p, 1000);

    memset(name, 'n', 999);
    memcpy(name, "a\n[error] ", 10);
    acme_t_plant(vault, ACME_STORE_CHALLENGES, name, "x", p);
    acme_vault_get(&item, vault, ACME_STORE_CHALLENGES, name, NULL, p);
    assert_int_equal(log->count, 1);
    assert_null(strchr(log->last, '\n'));
    assert_in_range(strlen(log->last), 1, 400);
}

static void put_keeps_to_the_version(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_store_put_t put = {
        .kind = ACME_STORE_JOBS,
        .name = "a",
        .data = "1",
        .len = 1,
        .if_version = ACME_STORE_ABSENT,
        .sync = ACME_STORE_LAZY,
    };
    const char *first;

    assert_int_equal(acme_vault_put(&first, vault, &put, NULL, p), APR_SUCCESS);
    put.data = "2";
    assert_int_equal(acme_vault_put(NULL, vault, &put, NULL, p), APR_EEXIST);
    put.if_version = first;
    assert_int_equal(acme_vault_put(NULL, vault, &put, NULL, p), APR_SUCCESS);
    put.data = "3";
    assert_int_equal(acme_vault_put(NULL, vault, &put, NULL, p), APR_EEXIST);
}

static void a_broken_store_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_store_mem_break(acme_vault_store(vault), APR_ENOSPC);
    assert_int_equal(acme_vault_put_json(vault, ACME_STORE_JOBS, "a",
                                         acme_json_object(p), ACME_STORE_LAZY,
                                         &problem, p),
                     APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

static void json_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_json_t *json = acme_json_object(p);
    const char *version = NULL;
    const char *text;

    acme_json_set_str(json, "k", "v");
    assert_int_equal(acme_vault_put_json(vault, ACME_STORE_JOBS, "a", json,
                                         ACME_STORE_LAZY, NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_vault_get_json(&json, &version, vault,
                                         ACME_STORE_JOBS, "a", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_json_get_str(&text, json, "k"), APR_SUCCESS);
    assert_string_equal(text, "v");
    assert_non_null(version);
}

static void what_is_no_json_object_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    static const char *const bad[] = {
        "", "[]", "{", "{\"a\":1}x", "\"s\"", "{\"a\":1,\"a\":2}"};
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);
    acme_json_t *json;
    int i;

    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); ++i) {
        const char *name = apr_psprintf(p, "n%d", i);
        acme_problem_t problem = ACME_PROBLEM_INIT;

        acme_t_put(vault, ACME_STORE_JOBS, name, bad[i], p);
        assert_int_equal(acme_vault_get_json(&json, NULL, vault,
                                             ACME_STORE_JOBS, name, &problem,
                                             p),
                         APR_ENOENT);
        assert_null(problem.type);
        assert_int_equal(log->count, i + 1);
    }
}

ACME_T_MAIN(ACME_T(what_was_put_comes_back), ACME_T(nothing_is_stored_in_clear),
            ACME_T(what_is_not_there_is_no_problem),
            ACME_T(an_item_copied_elsewhere_is_not_there),
            ACME_T(another_secret_opens_nothing),
            ACME_T(a_planted_item_is_warned_of_once),
            ACME_T(what_is_no_item_is_not_there),
            ACME_T(what_was_read_while_it_changed_is_read_again),
            ACME_T(handles_that_share_warn_once),
            ACME_T(a_flood_of_planted_items_does_not_fill_the_log),
            ACME_T(a_planted_name_forges_no_log_line),
            ACME_T(put_keeps_to_the_version),
            ACME_T(a_broken_store_is_a_problem), ACME_T(json_comes_back),
            ACME_T(what_is_no_json_object_is_not_there))
