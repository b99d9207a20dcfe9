/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_solver_item.h"

static acme_challenge_t challenge_of(const char *token)
{
    acme_challenge_t challenge = {"http-01", "a.example", NULL, "tok.thumb",
                                  NULL};

    challenge.token = token;
    return challenge;
}

static void put(acme_vault_t *vault, const acme_challenge_t *challenge,
                apr_time_t now, apr_pool_t *p)
{
    acme_solver_means_t means = {.vault = vault, .now = now};

    assert_int_equal(acme_solver_item_put(
                         &means, challenge->token,
                         acme_solver_item_create(challenge, now, p), NULL, p),
                     APR_SUCCESS);
}

static void present(acme_vault_t *vault, const char *token, apr_time_t now,
                    apr_pool_t *p)
{
    acme_challenge_t challenge = challenge_of(token);

    put(vault, &challenge, now, p);
}

static void an_item_is_for_its_identifier(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_json_t *item;

    present(vault, "tok", ACME_T_NOW, p);
    assert_int_equal(acme_solver_item_get(&item, vault, "tok", "a.example", p),
                     APR_SUCCESS);
    assert_string_equal(acme_solver_item_authorization(item), "tok.thumb");
    assert_int_equal(acme_solver_item_get(&item, vault, "tok", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_item_get(&item, vault, "tok", "b.example", p),
                     APR_ENOENT);
    assert_int_equal(acme_solver_item_remove(vault, "tok", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_item_remove(vault, "tok", NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_solver_item_get(&item, vault, "tok", NULL, p),
                     APR_ENOENT);
    assert_null(acme_solver_item_authorization(acme_json_object(p)));
}

static int is_stored(acme_vault_t *vault, const char *token, apr_pool_t *p)
{
    acme_store_item_t item;

    return acme_store_get(&item, acme_vault_store(vault), ACME_STORE_CHALLENGES,
                          token, NULL, p)
           == APR_SUCCESS;
}

static void what_is_forgotten_is_of_one_site(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_challenge_t challenge = challenge_of("tok1");

    challenge.site = "a.example";
    put(vault, &challenge, ACME_T_NOW, p);
    challenge.site = "a.example-rsa";
    challenge.token = "tok2";
    put(vault, &challenge, ACME_T_NOW, p);
    present(vault, "tok3", ACME_T_NOW, p);
    acme_solver_item_forget(vault, "a.example", p);
    assert_false(is_stored(vault, "tok1", p));
    assert_true(is_stored(vault, "tok2", p));
    assert_true(is_stored(vault, "tok3", p));
}

static void the_sweep_takes_what_is_old_or_planted(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_json_t *timeless = acme_json_object(p);

    present(vault, "old", ACME_T_NOW - 2 * ACME_TIME_DAY, p);
    present(vault, "edge", ACME_T_NOW - ACME_TIME_DAY, p);
    present(vault, "new", ACME_T_NOW, p);
    acme_t_plant(vault, ACME_STORE_CHALLENGES, "planted", "x", p);
    acme_t_plant(vault, ACME_STORE_CHALLENGES, "../bad name", "x", p);
    acme_json_set_str(timeless, "identifier", "a.example");
    acme_vault_put_json(vault, ACME_STORE_CHALLENGES, "timeless", timeless,
                        ACME_STORE_LAZY, NULL, p);
    acme_solver_item_sweep(vault, ACME_T_NOW - ACME_TIME_DAY, p);
    assert_false(is_stored(vault, "old", p));
    assert_false(is_stored(vault, "planted", p));
    assert_false(is_stored(vault, "../bad name", p));
    assert_false(is_stored(vault, "timeless", p));
    assert_true(is_stored(vault, "edge", p));
    assert_true(is_stored(vault, "new", p));
    acme_solver_item_sweep(vault, ACME_T_NOW - ACME_TIME_DAY, p);
    assert_true(is_stored(vault, "new", p));
}

ACME_T_MAIN(ACME_T(an_item_is_for_its_identifier),
            ACME_T(what_is_forgotten_is_of_one_site),
            ACME_T(the_sweep_takes_what_is_old_or_planted))
