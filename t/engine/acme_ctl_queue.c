/* SPDX-License-Identifier: Apache-2.0 */

/* What acmectl asks, and what the engine makes of it. */

#include "acme_t.h"
#include "world_ctl.h"

#include "acme_csr.h"

#define A "a.example"

static const char *ask_renew(world_ctl_t *ctl, int force)
{
    return world_ctl_ask(ctl, ACME_CTL_RENEW, A, force, NULL, NULL);
}

/* A site that serves its first certificate. */
static world_ctl_t *served(apr_pool_t *p)
{
    world_ctl_t *ctl = world_ctl_create(p);

    world_add(ctl->w, A);
    world_ctl_boot(ctl);
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 1);
    return ctl;
}

static void assert_answered(world_ctl_t *ctl, const char *id)
{
    const acme_job_t *job = world_job(ctl->w, A);

    assert_string_equal(job->request, id);
    assert_int_equal(job->asked, ACME_ASKED_NO);
}

static void what_is_forced_is_ordered_once(void **state)
{
    world_ctl_t *ctl = served(*state);
    const char *id = ask_renew(ctl, 1);

    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 2);
    world_assert_staged(ctl->w, A);
    assert_answered(ctl, id);
    /* whoever reads it again */
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    world_live(ctl->w, ACME_TIME_DAY);
    assert_int_equal(ctl->w->ca->orders, 2);
    /* another one is another one */
    ask_renew(ctl, 1);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 3);
}

static void what_is_not_due_is_answered_without_an_order(void **state)
{
    world_ctl_t *ctl = served(*state);
    const char *id = ask_renew(ctl, 0);

    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_answered(ctl, id);
}

static void manual_sites_are_ordered_when_asked(void **state)
{
    world_ctl_t *ctl = world_ctl_create(*state);
    acme_spec_t *spec = world_add(ctl->w, A);
    const char *id;

    spec->renew_mode = ACME_RENEW_MANUAL;
    world_ctl_boot(ctl);
    world_live(ctl->w, ACME_TIME_DAY);
    assert_int_equal(ctl->w->ca->orders, 0);
    id = ask_renew(ctl, 0);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 1);
    world_assert_staged(ctl->w, A);
    assert_answered(ctl, id);
}

static void a_request_ends_a_wait_and_lasts_over_failures(void **state)
{
    world_ctl_t *ctl = world_ctl_create(*state);
    acme_spec_t *spec = world_add(ctl->w, A);
    world_t *w = ctl->w;
    int orders;

    spec->renew_mode = ACME_RENEW_MANUAL;
    w->ca->fail_name = A;
    world_ctl_boot(ctl);
    ask_renew(ctl, 0);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    assert_int_equal(world_job(w, A)->asked, ACME_ASKED_DUE);
    orders = w->ca->orders;
    /* once more: at once, though it would wait */
    ask_renew(ctl, 0);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, orders + 1);
    assert_int_equal(world_job(w, A)->errors, 2);
    /* it goes on by itself, in another process too */
    w->ca->fail_name = NULL;
    world_ctl_boot(ctl);
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(world_job(w, A)->asked, ACME_ASKED_NO);
}

static void requests_for_nobody_are_nothing(void **state)
{
    world_ctl_t *ctl = served(*state);

    world_ctl_ask(ctl, ACME_CTL_RENEW, "b.example", 1, NULL, NULL);
    world_ctl_ask(ctl, ACME_CTL_SIGN, "b.example", 0, "AAAA", NULL);
    world_ctl_ask(ctl, ACME_CTL_SIGN, A, 0, NULL, NULL);
    world_ctl_ask(ctl, ACME_CTL_SIGN, A, 0, "AAAA", NULL);
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, "x", 0, NULL, NULL);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_int_equal(world_count(ctl->w, ACME_STORE_ACCOUNTS), 1);
}

static void a_request_of_another_machine_is_signed(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    world_ctl_t *ctl = served(*state);
    world_t *w = ctl->w;
    acme_json_t *body = acme_json_object(w->p);
    const char *name = acme_ctl_request_sign_name(A, w->p);
    const acme_job_t *job;
    acme_chain_t *chain;
    acme_key_t *key;
    const char *csr;

    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(
        acme_csr_create(&csr, key, world_strings(w->p, A), 0, NULL, w->p), 0);
    acme_json_set_strs(body, "names", world_strings(w->p, A));
    world_ctl_ask(ctl, ACME_CTL_SIGN, A, 0, csr, body);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
    job = world_job(w, name);
    assert_non_null(job->signed_pem);
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_int_equal(acme_cert_chain_parse(&chain, job->signed_pem,
                                           strlen(job->signed_pem), NULL, w->p),
                     0);
    assert_int_equal(acme_csr_read_match(csr, chain, NULL, w->p), 0);
    /* nothing of it is the site's, or anybody's key */
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    assert_null(world_job(w, A)->staged);
    /* and it is done once */
    world_ctl_boot(ctl);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
}

static void an_account_is_kept_unless_there_is_one(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    world_ctl_t *ctl = world_ctl_create(*state);
    world_t *w = ctl->w;
    const char *name = acme_ca_account_name(&w->ca_spec, w->p);
    acme_json_t *record = acme_json_object(w->p), *stored;
    const char *pem, *read;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, w->p), 0);
    acme_json_set_str(record, "key", pem);
    acme_json_set_str(record, "ca", w->ca_spec.url);
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, name, 0, NULL, record);
    world_add(w, A);
    world_ctl_boot(ctl);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(acme_vault_get_json(&stored, NULL, w->vault,
                                         ACME_STORE_ACCOUNTS, name, NULL, w->p),
                     0);
    assert_int_equal(acme_json_get_str(&read, stored, "key"), 0);
    assert_string_equal(read, pem);
    assert_int_equal(w->ca->accounts, 1);
    /* another one comes too late */
    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(acme_key_to_pem(&read, key, NULL, w->p), 0);
    acme_json_set_str(record, "key", read);
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, name, 0, NULL, record);
    assert_true(world_run(w));
    assert_int_equal(acme_vault_get_json(&stored, NULL, w->vault,
                                         ACME_STORE_ACCOUNTS, name, NULL, w->p),
                     0);
    assert_int_equal(acme_json_get_str(&read, stored, "key"), 0);
    assert_string_equal(read, pem);
    /* and what is no key is none */
    acme_json_set_str(record, "key", "none");
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, "another", 0, NULL, record);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void what_is_pinned_waits_until_it_is_due(void **state)
{
    world_ctl_t *ctl = served(*state);
    world_t *w = ctl->w;

    world_inventory(w, 0)->pinned = 1;
    world_ctl_boot(ctl);
    world_live(w, 70 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    world_live(w, 15 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
}

static void a_request_lifts_a_pin(void **state)
{
    world_ctl_t *ctl = served(*state);
    world_t *w = ctl->w;

    world_inventory(w, 0)->pinned = 1;
    world_ctl_boot(ctl);
    world_live(w, 70 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    ask_renew(ctl, 0);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
}

ACME_T_MAIN(ACME_T(what_is_forced_is_ordered_once),
            ACME_T(what_is_not_due_is_answered_without_an_order),
            ACME_T(manual_sites_are_ordered_when_asked),
            ACME_T(a_request_ends_a_wait_and_lasts_over_failures),
            ACME_T(requests_for_nobody_are_nothing),
            ACME_T(a_request_of_another_machine_is_signed),
            ACME_T(an_account_is_kept_unless_there_is_one),
            ACME_T(what_is_pinned_waits_until_it_is_due),
            ACME_T(a_request_lifts_a_pin))
