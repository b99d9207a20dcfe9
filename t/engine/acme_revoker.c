/* SPDX-License-Identifier: Apache-2.0 */

/* Revocations that acmectl asks for, and how a worker carries them out. */

#include "acme_t.h"
#include "world_ctl.h"

#include "acme_revoke_order.h"
#include "acme_revoke.h"

#define A "a.example"
#define B "b.example"

/* A world, the last request of acmectl, and how often the host was told that a
 * certificate must not wait. */
typedef struct counter_t {
    world_ctl_t *ctl;
    world_t *w;
    acme_ctl_request_t last;
    int urgent_calls;
} counter_t;

static void notify_urgent(void *baton, int site)
{
    counter_t *counter = baton;

    assert_int_equal(site, 0);
    ++counter->urgent_calls;
}

static void boot(counter_t *counter)
{
    world_t *w = counter->w;

    world_boot(w);
    w->config.ctl_requests =
        acme_ctl_request_open(counter->ctl->dir, w->seal, w->prun);
    w->config.urgent = notify_urgent;
    w->config.urgent_baton = counter;
    w->worker = acme_worker_create(&w->config, w->prun);
}

static void restart(counter_t *counter)
{
    world_restart(counter->w);
    boot(counter);
}

/* Makes two sites, A and B, that serve their first certificates. */
static counter_t *served(apr_pool_t *p)
{
    counter_t *counter = apr_pcalloc(p, sizeof(*counter));

    counter->ctl = world_ctl_create(p);
    counter->w = counter->ctl->w;
    world_add(counter->w, A);
    world_add(counter->w, B);
    boot(counter);
    assert_true(world_run(counter->w));
    restart(counter);
    assert_true(world_run(counter->w));
    assert_int_equal(counter->w->ca->orders, 2);
    return counter;
}

static const acme_cert_info_t *live(const counter_t *counter)
{
    return world_inventory(counter->w, 0)->live->info;
}

static void ask_with(counter_t *counter, int reason, const char *ca_url,
                     const char *jws)
{
    world_t *w = counter->w;
    acme_revoke_order_t order;
    acme_blocklist_entry_t what;

    memset(&what, 0, sizeof(what));
    what.fingerprint = live(counter)->fingerprint;
    what.key_hash = live(counter)->key_hash;
    what.name = A;
    what.serial = live(counter)->serial;
    what.reason = reason;
    what.when = w->clock->now;
    order.what = &what;
    order.cert = "MIIB";
    order.ca_url = ca_url;
    order.jws = jws;
    memset(&counter->last, 0, sizeof(counter->last));
    counter->last.what = ACME_CTL_REVOKE;
    counter->last.name = what.fingerprint;
    counter->last.body = acme_revoke_order_to_json(&order, w->p);
    assert_int_equal(
        acme_ctl_request_put(counter->ctl->root, &counter->last, NULL, w->p),
        0);
}

static void ask(counter_t *counter, int reason)
{
    ask_with(counter, reason, counter->w->ca_spec.url, NULL);
}

static const acme_revoke_order_progress_t *progress(const counter_t *counter)
{
    acme_revoke_order_progress_t *revoke_order;

    assert_int_equal(acme_revoke_order_load(&revoke_order, counter->w->vault,
                                            counter->last.name, NULL,
                                            counter->w->p),
                     0);
    assert_non_null(revoke_order->request);
    assert_string_equal(revoke_order->request, counter->last.id);
    return revoke_order;
}

static void assert_replaced(counter_t *counter)
{
    const char *old = live(counter)->fingerprint;
    const char *key = live(counter)->key_hash;

    assert_non_null(world_job(counter->w, A)->staged);
    assert_true(world_job(counter->w, A)->urgent);
    assert_true(counter->urgent_calls > 0);
    assert_null(world_job(counter->w, B)->revoked);
    restart(counter);
    assert_true(world_run(counter->w));
    assert_string_not_equal(live(counter)->fingerprint, old);
    assert_string_not_equal(live(counter)->key_hash, key);
    assert_null(world_job(counter->w, A)->revoked);
}

static void it_is_done_by_the_account_and_replaced_at_once(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;
    int items = world_count(w, ACME_STORE_JOBS);

    ask(counter, 4);
    assert_true(world_run(w));
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_DONE);
    assert_false(progress(counter)->by_key);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(w->ca->revoked_reason, 4);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "ACME0841: " A), 1);
    assert_int_equal(w->ca->orders, 3);
    assert_replaced(counter);
    /* not a second time when the request is read again */
    restart(counter);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(w->ca->orders, 3);
    /* without its request the revocation is forgotten */
    acme_ctl_request_remove(counter->ctl->root, &counter->last, w->p);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_JOBS), items);
}

static void a_manual_site_waits_to_be_asked(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->renew_mode = ACME_RENEW_MANUAL;
    boot(counter);
    ask(counter, 0);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_DONE);
    assert_int_equal(w->ca->revoked_reason, 0);
    assert_int_equal(w->ca->orders, 2);
    assert_non_null(world_job(w, A)->revoked);
}

static void a_waiting_one_does_not_wait_any_more(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    w->clock->now = live(counter)->not_after - 10 * ACME_TIME_DAY;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 4);
    assert_int_equal(counter->urgent_calls, 0);
    ask(counter, 1);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 4);
    assert_replaced(counter);
    assert_int_equal(w->ca->orders, 4);
}

static void killed_at_any_instant_it_is_done_once(void **state)
{
    int i, kills = 0;

    for (i = 1; i < 40; ++i) {
        counter_t *counter = served(*state);
        world_t *w = counter->w;

        ask(counter, 1);
        if (i < 20) {
            w->kill_put = i;
        }
        else {
            w->kill_answer = i - 19;
        }
        if (world_run(w)) {
            continue;
        }
        ++kills;
        w->clock->now += ACME_TIME_MINUTE;
        boot(counter);
        world_live(w, ACME_TIME_HOUR);
        assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_DONE);
        assert_in_range(w->ca->revocations, 1, 2);
        assert_int_equal(w->ca->revoked_reason, 1);
        assert_replaced(counter);
    }
    assert_true(kills > 10);
}

static void a_key_that_is_lost_takes_all_that_have_it(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;
    acme_certstore_cert_t *other =
        apr_pmemdup(w->p, world_inventory(w, 1)->live, sizeof(*other));
    acme_cert_info_t *info = apr_pmemdup(w->p, other->info, sizeof(*info));

    info->key_hash = live(counter)->key_hash;
    other->info = info;
    world_inventory(w, 1)->live = other;
    ask(counter, 4);
    assert_true(world_run(w));
    assert_null(world_job(w, B)->revoked);
    ask(counter, 1);
    counter->w->config.urgent = NULL;
    w->worker = acme_worker_create(&w->config, w->prun);
    world_live(w, ACME_TIME_HOUR);
    assert_string_equal(world_job(w, B)->revoked->fingerprint,
                        info->fingerprint);
    world_assert_staged(w, B);
}

static void another_account_leaves_it_to_the_key(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    counter_t *counter = served(*state);
    world_t *w = counter->w;
    acme_revoke_ticket_t ticket;
    const acme_revoke_order_progress_t *now;
    const char *jws;
    acme_key_t *key;
    int i;

    w->ca->refuse_accounts = 1;
    ask(counter, 5);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    now = progress(counter);
    assert_int_equal(now->state, ACME_REVOKE_ORDER_TICKET);
    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    ticket.url = now->url;
    ticket.nonce = "stale";
    for (i = 0; i < 2; ++i) {
        assert_int_equal(
            acme_revoke_sign(&jws, key, &ticket, "MIIB", 5, NULL, w->p), 0);
        ask_with(counter, 5, w->ca_spec.url, jws);
        boot(counter);
        assert_true(world_run(w));
        /* the first ticket is stale, so there is another one */
        assert_int_equal(progress(counter)->state,
                         i == 0 ? ACME_REVOKE_ORDER_TICKET
                                : ACME_REVOKE_ORDER_DONE);
        ticket.nonce = progress(counter)->nonce;
    }
    assert_true(w->ca->revoked_by_key);
    assert_true(progress(counter)->by_key);
    assert_replaced(counter);
}

static void a_ca_that_is_not_configured_is_asked_with_the_key(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    w->other = model_ca_create(w->p);
    ask_with(counter, 1, WORLD_OTHER, NULL);
    assert_true(world_run(w));
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_TICKET);
    assert_non_null(strstr(progress(counter)->url, "//cb.test/"));
    assert_int_equal(w->other->accounts, 0);
    assert_int_equal(w->ca->revocations, 0);
}

static void what_the_ca_refuses_is_over(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    w->ca->refuse_revoke = "badRevocationReason";
    ask(counter, 3);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_REFUSED);
    assert_non_null(progress(counter)->problem);
    assert_int_equal(world_said(w, ACME_LOG_ERR, "ACME0843: " A), 1);
    assert_null(world_job(w, A)->revoked);
    assert_int_equal(w->ca->orders, 2);
    /* a compromised key is replaced whatever the CA says */
    ask(counter, 1);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 3);
    assert_replaced(counter);
}

static void a_ca_that_is_away_is_asked_until_it_is_back(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;
    int requests;

    w->ca->outage = 1000000;
    ask(counter, 1);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_ASKED);
    assert_in_range(progress(counter)->errors, 10, 40);
    requests = w->ca->requests;
    boot(counter);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests);
    w->ca->outage = 0;
    world_live(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_DONE);
    assert_replaced(counter);
}

static void an_account_that_gets_a_new_key_signs_with_that(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    ask(counter, 4);
    world_ctl_ask(counter->ctl, ACME_CTL_ROLLOVER,
                  acme_ca_account_name(&w->ca_spec, w->p), 0, NULL, NULL);
    assert_true(world_run(w));
    assert_int_equal(w->ca->changes, 1);
    assert_int_equal(progress(counter)->state, ACME_REVOKE_ORDER_DONE);
    assert_false(progress(counter)->by_key);
    assert_replaced(counter);
}

static void what_makes_no_sense_is_not_asked_for(void **state)
{
    counter_t *counter = served(*state);
    world_t *w = counter->w;

    counter->last.what = ACME_CTL_REVOKE;
    counter->last.name = "f00d";
    counter->last.body = acme_json_object(w->p);
    assert_int_equal(
        acme_ctl_request_put(counter->ctl->root, &counter->last, NULL, w->p),
        0);
    counter->last.name = "beef";
    counter->last.body = NULL;
    assert_int_equal(
        acme_ctl_request_put(counter->ctl->root, &counter->last, NULL, w->p),
        0);
    assert_true(world_run(w));
    assert_int_equal(w->ca->revocations, 0);
}

ACME_T_MAIN(ACME_T(it_is_done_by_the_account_and_replaced_at_once),
            ACME_T(a_manual_site_waits_to_be_asked),
            ACME_T(a_waiting_one_does_not_wait_any_more),
            ACME_T(killed_at_any_instant_it_is_done_once),
            ACME_T(a_key_that_is_lost_takes_all_that_have_it),
            ACME_T(another_account_leaves_it_to_the_key),
            ACME_T(a_ca_that_is_not_configured_is_asked_with_the_key),
            ACME_T(what_the_ca_refuses_is_over),
            ACME_T(a_ca_that_is_away_is_asked_until_it_is_back),
            ACME_T(an_account_that_gets_a_new_key_signs_with_that),
            ACME_T(what_makes_no_sense_is_not_asked_for))
