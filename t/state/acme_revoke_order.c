/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_revoke_order.h"

static const acme_blocklist_entry_t what = {
    "f00d", "beef", "a.example", "0a", 1, ACME_T_NOW, 0};

static void an_order_is_read_as_it_was_written(void **state)
{
    apr_pool_t *p = *state;
    acme_revoke_order_t order = {&what, "MIIB", "https://ca.test/dir", NULL};
    acme_revoke_order_t *read;

    read = acme_revoke_order_from_json(acme_revoke_order_to_json(&order, p), p);
    assert_non_null(read);
    assert_string_equal(read->what->fingerprint, "f00d");
    assert_string_equal(read->what->key_hash, "beef");
    assert_int_equal(read->what->reason, 1);
    assert_string_equal(read->cert, "MIIB");
    assert_string_equal(read->ca_url, "https://ca.test/dir");
    assert_null(read->jws);
    order.jws = "{}";
    read = acme_revoke_order_from_json(acme_revoke_order_to_json(&order, p), p);
    assert_string_equal(read->jws, "{}");
}

static void half_an_order_is_none(void **state)
{
    static const char *const bad[] = {
        "{}", "{\"what\":{},\"certificate\":\"a\",\"ca\":\"b\"}",
        "{\"what\":7,\"certificate\":\"a\",\"ca\":\"b\"}",
        "{\"certificate\":\"a\",\"ca\":\"b\"}"};
    acme_json_t *json;
    size_t i;

    assert_null(acme_revoke_order_from_json(NULL, *state));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(
            acme_json_parse(&json, bad[i], strlen(bad[i]), NULL, *state), 0);
        assert_null(acme_revoke_order_from_json(json, *state));
    }
}

static acme_revoke_order_progress_t *load(acme_vault_t *vault, apr_pool_t *p)
{
    acme_revoke_order_progress_t *progress;

    assert_int_equal(acme_revoke_order_load(&progress, vault, "f00d", NULL, p),
                     0);
    return progress;
}

static void progress_is_kept(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_revoke_order_progress_t *progress = load(vault, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_null(progress->request);
    assert_int_equal(progress->state, ACME_REVOKE_ORDER_ASKED);
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, p, "no way");
    progress->request = "id1";
    progress->state = ACME_REVOKE_ORDER_TICKET;
    progress->url = "https://ca.test/revoke";
    progress->nonce = "n";
    progress->by_key = 1;
    progress->errors = 3;
    progress->next_run = ACME_T_NOW;
    progress->problem = &problem;
    assert_int_equal(acme_revoke_order_save(progress, vault, NULL, p), 0);
    progress = load(vault, p);
    assert_string_equal(progress->request, "id1");
    assert_int_equal(progress->state, ACME_REVOKE_ORDER_TICKET);
    assert_string_equal(progress->url, "https://ca.test/revoke");
    assert_string_equal(progress->nonce, "n");
    assert_int_equal(progress->by_key, 1);
    assert_int_equal(progress->errors, 3);
    assert_true(progress->next_run == ACME_T_NOW);
    assert_string_equal(progress->problem->detail, "no way");
    acme_revoke_order_forget(vault, "f00d", p);
    assert_null(load(vault, p)->request);
    acme_revoke_order_forget(vault, "f00d", p);
}

static void damaged_progress_is_none(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"request\":\"a\",\"state\":\"dancing\",\"errors\":0}",
        "{\"request\":\"a\",\"state\":\"done\",\"errors\":-1}",
        "{\"request\":\"a\",\"state\":\"done\",\"errors\":2147483646}",
        "{\"request\":\"a\",\"state\":7,\"errors\":0}",
        "{\"request\":7,\"state\":\"done\",\"errors\":0}"};
    acme_vault_t *vault = acme_t_vault(NULL, *state);
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        acme_t_put(vault, ACME_STORE_JOBS, "revoke f00d", bad[i], *state);
        assert_null(load(vault, *state)->request);
        assert_int_equal(load(vault, *state)->state, ACME_REVOKE_ORDER_ASKED);
    }
}

static void progress_of_a_newer_version_is_refused(void **state)
{
    acme_vault_t *vault = acme_t_vault(NULL, *state);
    acme_revoke_order_progress_t *progress = load(vault, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;
    apr_int64_t format;

    progress->request = "id1";
    assert_int_equal(acme_revoke_order_save(progress, vault, NULL, *state), 0);
    assert_int_equal(acme_vault_get_json(&json, NULL, vault, ACME_STORE_JOBS,
                                         "revoke f00d", NULL, *state),
                     0);
    assert_int_equal(acme_json_get_int(&format, json, "format"), 0);
    assert_int_equal(format, 1);
    acme_t_put(vault, ACME_STORE_JOBS, "revoke f00d", "{\"format\":2}", *state);
    assert_int_equal(
        acme_revoke_order_load(&progress, vault, "f00d", &problem, *state),
        APR_ENOTIMPL);
    acme_t_contains(problem.detail, "the revocation of f00d was written by");
}

ACME_T_MAIN(ACME_T(an_order_is_read_as_it_was_written),
            ACME_T(half_an_order_is_none), ACME_T(progress_is_kept),
            ACME_T(damaged_progress_is_none),
            ACME_T(progress_of_a_newer_version_is_refused))
