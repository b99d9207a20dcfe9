/* SPDX-License-Identifier: Apache-2.0 */

#include "account_world.h"

static int is_used(void *baton, const char *name)
{
    const char *const *used = baton;

    return *used && strcmp(*used, name) == 0;
}

static void another_contact_keeps_the_account(void **state)
{
    static const char *const contacts[] = {"mailto:new@example.org", NULL};
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const char *used = NULL;
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    int i;

    w->ca_spec.contact = "mailto:old@example.org";
    account_open(w, ctx);
    for (i = 0; i < 2; ++i) {
        w->ca_spec.contact = contacts[i];
        account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
        acme_ca_account_succeeds(account, is_used, (void *)&used);
        assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
        assert_string_equal(w->ca->contact,
                            i ? "{\"contact\":[]}"
                              : "{\"contact\":[\"mailto:new@example.org\"]}");
        w->ca->contact = NULL;
        account_open(w, ctx);
        assert_null(w->ca->contact);
    }
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void an_account_that_is_used_is_not_taken_over(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    const acme_problem_t *problem;
    acme_ca_account_t *account;
    const char *used;

    w->ca_spec.contact = "mailto:old@example.org";
    used = acme_ca_account_name(&w->ca_spec, w->p);
    account_open(w, ctx);
    w->ca_spec.contact = "mailto:new@example.org";
    account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    acme_ca_account_succeeds(account, is_used, (void *)&used);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 2);
    assert_null(w->ca->contact);
}

ACME_T_MAIN(ACME_T(another_contact_keeps_the_account),
            ACME_T(an_account_that_is_used_is_not_taken_over))
