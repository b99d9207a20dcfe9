/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of acmectl, and how a worker carries them out. */

#include "acme_t.h"
#include "world_ctl.h"

#include "acme_csr.h"

#define A "a.example"

static const char *ask_renew(world_ctl_t *ctl, int force)
{
    return world_ctl_ask(ctl, ACME_CTL_RENEW, A, force, NULL, NULL);
}

static void assert_answered(world_ctl_t *ctl, const char *id)
{
    const acme_job_t *job = world_job(ctl->w, A);

    assert_string_equal(job->request, id);
    assert_int_equal(job->asked, ACME_ASKED_NO);
}

static void what_is_forced_is_ordered_once(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    const char *id = ask_renew(ctl, 1);

    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 2);
    world_assert_staged(ctl->w, A);
    assert_answered(ctl, id);
    /* also when the request is read again */
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    world_live(ctl->w, ACME_TIME_DAY);
    assert_int_equal(ctl->w->ca->orders, 2);
    /* another request is another order */
    ask_renew(ctl, 1);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 3);
}

static void what_is_not_due_is_answered_without_an_order(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
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
    /* another request ends the wait */
    ask_renew(ctl, 0);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, orders + 1);
    assert_int_equal(world_job(w, A)->errors, 2);
    /* the request lasts, in another process too */
    w->ca->fail_name = NULL;
    world_ctl_boot(ctl);
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(world_job(w, A)->asked, ACME_ASKED_NO);
}

static void requests_for_nobody_are_nothing(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);

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
    world_ctl_t *ctl = world_ctl_served(*state, A);
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
    /* the site gets nothing of it, and no key is made */
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    assert_null(world_job(w, A)->staged);
    /* it is done once */
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
    /* a second account comes too late */
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
    /* an account without a key is not kept */
    acme_json_set_str(record, "key", "none");
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, "another", 0, NULL, record);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void another_key_of_the_account_is_asked_about_once(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    world_ctl_t *ctl = world_ctl_served(*state, A);
    world_t *w = ctl->w;
    const char *name = acme_ca_account_name(&w->ca_spec, w->p);
    acme_json_t *before, *record, *after;
    const char *old, *pem, *read;
    acme_key_t *key;
    int requests;

    assert_int_equal(acme_vault_get_json(&before, NULL, w->vault,
                                         ACME_STORE_ACCOUNTS, name, NULL, w->p),
                     0);
    assert_int_equal(acme_json_get_str(&old, before, "key"), 0);
    old = apr_pstrdup(w->p, old);
    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, w->p), 0);
    record = before;
    acme_json_set_str(record, "key", pem);
    world_ctl_ask(ctl, ACME_CTL_ACCOUNT, name, 0, NULL, record);
    requests = w->ca->requests;
    assert_true(world_run(w));
    assert_true(w->ca->requests > requests);
    /* the CA does not know it */
    assert_int_equal(acme_vault_get_json(&after, NULL, w->vault,
                                         ACME_STORE_ACCOUNTS, name, NULL, w->p),
                     0);
    assert_int_equal(acme_json_get_str(&read, after, "key"), 0);
    assert_string_equal(read, old);
    assert_int_not_equal(acme_json_get_str(&read, after, "next-key"), 0);
    /* the request is read again, and is over */
    requests = w->ca->requests;
    world_ctl_boot(ctl);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests);
    assert_int_equal(w->ca->accounts, 1);
}

static void what_is_pinned_waits_until_it_is_due(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
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
    world_ctl_t *ctl = world_ctl_served(*state, A);
    world_t *w = ctl->w;

    world_inventory(w, 0)->pinned = 1;
    world_ctl_boot(ctl);
    world_live(w, 70 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    ask_renew(ctl, 0);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
}

/* ---- dry runs: the whole way to a certificate, and nothing that stays ---- */

static const char *ask_dry(world_ctl_t *ctl, const char *ca)
{
    acme_json_t *body = acme_json_object(ctl->w->p);

    acme_json_set_str(body, "ca", ca);
    acme_json_set_str(body, "label", "the test service");
    return world_ctl_ask(ctl, ACME_CTL_RENEW, A, 0, NULL, body);
}

static const acme_job_t *dry_job(world_ctl_t *ctl)
{
    return world_job(ctl->w, acme_ctl_request_dry_name(A, ctl->w->p));
}

/* Makes a site that serves a certificate of the first CA; the second CA is the
 * test service. */
static world_ctl_t *served_with_test_ca(apr_pool_t *p)
{
    world_ctl_t *ctl = world_ctl_create(p);
    world_t *w = ctl->w;

    w->other = model_ca_create(w->p);
    w->other->sign = w->ca->sign;
    w->other->sign_baton = w->ca->sign_baton;
    w->other->is_up = w->ca->is_up;
    w->other->is_up_baton = w;
    world_add(w, A);
    world_ctl_boot(ctl);
    assert_true(world_run(w));
    world_ctl_restart(ctl);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    return ctl;
}

/* Returns all that the site has, as text. */
static const char *all_of(world_t *w)
{
    static const char *const kinds[] = {ACME_STORE_STAGING, ACME_STORE_KEYS,
                                        ACME_STORE_CHALLENGES};
    acme_store_item_t item;
    const char *text;
    size_t i;

    assert_int_equal(
        acme_vault_get(&item, w->vault, ACME_STORE_JOBS, A, NULL, w->p), 0);
    text = item.data;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        text = apr_psprintf(w->p, "%s\n%s %d", text, kinds[i],
                            world_count(w, kinds[i]));
    }
    return text;
}

static void a_dry_run_is_at_the_test_service_and_changes_nothing(void **state)
{
    world_ctl_t *ctl = served_with_test_ca(*state);
    const char *before = all_of(ctl->w);
    const char *id = ask_dry(ctl, WORLD_OTHER);

    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->other->orders, 1);
    assert_int_equal(ctl->w->other->finalized, 1);
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_string_equal(all_of(ctl->w), before);
    assert_string_equal(dry_job(ctl)->request, id);
    assert_int_equal(dry_job(ctl)->asked, ACME_ASKED_NO);
    assert_null(dry_job(ctl)->problem);
    /* not a second time, in another process either */
    world_live(ctl->w, 2 * ACME_TIME_DAY);
    world_ctl_restart(ctl);
    world_live(ctl->w, 2 * ACME_TIME_DAY);
    assert_int_equal(ctl->w->other->orders, 1);
    assert_int_equal(ctl->w->ca->orders, 1);
    /* the next dry run uses the same account */
    ask_dry(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->other->orders, 2);
    assert_int_equal(ctl->w->other->accounts, 1);
}

static void a_dry_run_that_fails_is_told_and_not_repeated(void **state)
{
    world_ctl_t *ctl = served_with_test_ca(*state);
    const char *before = all_of(ctl->w);

    ctl->w->other->fail_name = A;
    ask_dry(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_string_equal(all_of(ctl->w), before);
    assert_non_null(dry_job(ctl)->problem);
    assert_int_equal(dry_job(ctl)->asked, ACME_ASKED_NO);
    assert_int_equal(world_said(ctl->w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(world_said(ctl->w, ACME_LOG_WARNING, NULL), 0);
    world_live(ctl->w, 3 * ACME_TIME_DAY);
    assert_int_equal(ctl->w->other->orders, 1);
    assert_null(world_job(ctl->w, A)->problem);
}

static void a_test_service_that_is_out_is_no_failure_of_the_site(void **state)
{
    world_ctl_t *ctl = served_with_test_ca(*state);

    ctl->w->other->unreachable = 100;
    ask_dry(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_non_null(dry_job(ctl)->problem);
    assert_int_equal(world_job(ctl->w, A)->errors, 0);
    assert_true(ctl->w->other->requests < 10);
}

static void a_dry_run_may_name_the_ca_itself(void **state)
{
    world_ctl_t *ctl = served_with_test_ca(*state);

    ask_dry(ctl, MODEL_CA_DIRECTORY);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 2);
    assert_int_equal(ctl->w->ca->accounts, 1);
    assert_int_equal(world_count(ctl->w, ACME_STORE_STAGING), 0);
}

static void a_dry_run_that_is_killed_is_done_by_the_next(void **state)
{
    int n;

    for (n = 2; n < 10; n += 3) {
        world_ctl_t *ctl = served_with_test_ca(*state);
        const char *id = ask_dry(ctl, WORLD_OTHER);

        ctl->w->kill_answer = n;
        assert_false(world_run(ctl->w));
        world_ctl_restart(ctl);
        assert_true(world_run(ctl->w));
        assert_string_equal(dry_job(ctl)->request, id);
        assert_int_equal(dry_job(ctl)->asked, ACME_ASKED_NO);
        assert_null(dry_job(ctl)->problem);
        assert_int_equal(world_count(ctl->w, ACME_STORE_STAGING), 0);
        assert_int_equal(world_count(ctl->w, ACME_STORE_KEYS), 0);
    }
}

static void a_dry_run_that_makes_no_sense_is_left_alone(void **state)
{
    world_ctl_t *ctl = served_with_test_ca(*state);
    acme_json_t *body = acme_json_object(ctl->w->p);
    int requests = ctl->w->ca->requests;

    acme_json_set_str(body, "ca", WORLD_OTHER);
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 0, NULL, body);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->requests, requests);
    assert_int_equal(ctl->w->other->requests, 0);
}

ACME_T_MAIN(ACME_T(what_is_forced_is_ordered_once),
            ACME_T(what_is_not_due_is_answered_without_an_order),
            ACME_T(manual_sites_are_ordered_when_asked),
            ACME_T(a_request_ends_a_wait_and_lasts_over_failures),
            ACME_T(requests_for_nobody_are_nothing),
            ACME_T(a_request_of_another_machine_is_signed),
            ACME_T(an_account_is_kept_unless_there_is_one),
            ACME_T(another_key_of_the_account_is_asked_about_once),
            ACME_T(what_is_pinned_waits_until_it_is_due),
            ACME_T(a_request_lifts_a_pin),
            ACME_T(a_dry_run_is_at_the_test_service_and_changes_nothing),
            ACME_T(a_dry_run_that_fails_is_told_and_not_repeated),
            ACME_T(a_test_service_that_is_out_is_no_failure_of_the_site),
            ACME_T(a_dry_run_may_name_the_ca_itself),
            ACME_T(a_dry_run_that_is_killed_is_done_by_the_next),
            ACME_T(a_dry_run_that_makes_no_sense_is_left_alone))
