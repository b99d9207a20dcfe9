/* SPDX-License-Identifier: Apache-2.0 */

#include "account_world.h"

static const char *jwk_of(acme_ca_account_t *account)
{
    return acme_client_signer(acme_ca_account_client(account))->jwk;
}

static acme_json_t *stored(world_t *w)
{
    acme_json_t *json;

    assert_int_equal(acme_vault_get_json(
                         &json, NULL, w->vault, ACME_STORE_ACCOUNTS,
                         acme_ca_account_name(&w->ca_spec, w->p), NULL, w->p),
                     APR_SUCCESS);
    return json;
}

static void store(world_t *w, const acme_json_t *record)
{
    assert_int_equal(
        acme_vault_put_json(w->vault, ACME_STORE_ACCOUNTS,
                            acme_ca_account_name(&w->ca_spec, w->p), record,
                            ACME_STORE_SYNC, NULL, w->p),
        APR_SUCCESS);
}

/* An account whose key was changed: the record of before, and that of now. */
typedef struct changed_t {
    acme_json_t *old;
    acme_json_t *new;
    const char *jwk; /* of the new key */
} changed_t;

static changed_t change_key(world_t *w, acme_worker_ctx_t *ctx)
{
    acme_ca_account_t *account = account_open(w, ctx);
    account_heard_t heard;
    changed_t changed;

    changed.old = stored(w);
    account_change(w, account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    changed.new = stored(w);
    changed.jwk = jwk_of(account);
    return changed;
}

static int is_news(world_t *w, acme_worker_ctx_t *ctx,
                   const acme_json_t *record)
{
    const char *name = acme_ca_account_name(&w->ca_spec, w->p);

    return acme_ca_account_keep_is_news(ctx, name, record, w->p);
}

/* Imports the record into a store that has another one, as the engine does. */
static void import(world_t *w, acme_worker_ctx_t *ctx,
                   const acme_json_t *record, int loaded)
{
    acme_ca_account_t *account =
        loaded ? account_open(w, ctx)
               : acme_ca_account_create(ctx, &w->ca_spec, w->p);
    account_heard_t heard;

    assert_int_equal(
        acme_ca_account_keep(ctx, acme_ca_account_name(&w->ca_spec, w->p),
                             record, NULL, w->p),
        APR_EEXIST);
    assert_true(is_news(w, ctx, record));
    assert_int_equal(acme_ca_account_keep_offer(account, record, NULL, w->p),
                     APR_SUCCESS);
    account_change(w, account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
}

static void the_key_of_another_node_is_taken(void **state)
{
    int loaded;

    for (loaded = 0; loaded < 2; ++loaded) {
        world_t *w = world_create(*state);
        acme_worker_ctx_t *ctx = account_ctx(w);
        changed_t changed = change_key(w, ctx);

        store(w, changed.old);
        import(w, ctx, changed.new, loaded);
        assert_string_equal(jwk_of(account_open(w, ctx)), changed.jwk);
        assert_false(is_news(w, ctx, changed.new));
        assert_int_equal(w->ca->accounts, 1);
    }
}

static void an_older_export_changes_nothing(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    changed_t changed = change_key(w, ctx);

    import(w, ctx, changed.old, 1);
    assert_string_equal(jwk_of(account_open(w, ctx)), changed.jwk);
    assert_int_equal(w->ca->accounts, 1);
}

/* The CA is asked by the next order then. */
static void a_ca_that_is_away_is_asked_later(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    changed_t changed = change_key(w, ctx);
    acme_ca_account_t *account;
    account_heard_t heard;

    store(w, changed.old);
    account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    assert_int_equal(
        acme_ca_account_keep_offer(account, changed.new, NULL, w->p),
        APR_SUCCESS);
    w->ca->unreachable = 5;
    account_change(w, account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    w->ca->unreachable = 0;
    assert_string_equal(jwk_of(account_open(w, ctx)), changed.jwk);
    assert_int_equal(w->ca->accounts, 1);
}

static void what_is_no_other_key_of_the_account_is_no_news(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    changed_t changed = change_key(w, ctx);
    acme_json_t *closed;

    assert_false(is_news(w, ctx, changed.new));
    assert_true(is_news(w, ctx, changed.old));
    acme_json_set_str(changed.old, "url", "https://ca.test/account/2");
    assert_false(is_news(w, ctx, changed.old));
    acme_json_set_str(changed.old, "url", NULL);
    assert_false(is_news(w, ctx, changed.old));
    acme_json_set_str(changed.old, "url", "https://ca.test/account/1");
    assert_true(is_news(w, ctx, changed.old));
    acme_json_set_str(changed.old, "key", "none");
    assert_false(is_news(w, ctx, changed.old));
    /* a deactivated account stays so */
    closed = stored(w);
    acme_json_set_time(closed, "deactivated", w->clock->now);
    store(w, closed);
    assert_false(is_news(w, ctx, changed.new));
}

ACME_T_MAIN(ACME_T(the_key_of_another_node_is_taken),
            ACME_T(an_older_export_changes_nothing),
            ACME_T(a_ca_that_is_away_is_asked_later),
            ACME_T(what_is_no_other_key_of_the_account_is_no_news))
