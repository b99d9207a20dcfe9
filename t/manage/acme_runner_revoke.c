/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/* Revocations that acmectl asks for, and what the engine makes of them. */

#include "acme_t_world.h"

#include <stdlib.h>
#include <unistd.h>

#include <apr_file_io.h>

#include "acme_file.h"
#include "acme_revocation.h"
#include "acme_revoke.h"

#define A "a.example"
#define B "b.example"

typedef struct desk_t {
    world_t *w;
    const char *dir;
    acme_outbox_t *root;
    acme_request_t last;
    int hurries;
} desk_t;

static apr_status_t remove_dir(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

static void hurry(void *baton, int site)
{
    desk_t *desk = baton;

    assert_int_equal(site, 0);
    ++desk->hurries;
}

static void boot(desk_t *desk)
{
    world_t *w = desk->w;

    world_boot(w);
    w->config.outbox = acme_outbox_open(desk->dir, w->seal, w->prun);
    w->config.urgent = hurry;
    w->config.urgent_baton = desk;
    w->runner = acme_runner_create(&w->config, w->prun);
}

static void restart(desk_t *desk)
{
    world_restart(desk->w);
    boot(desk);
}

/* A and B serve their first certificates. */
static desk_t *served(apr_pool_t *p)
{
    desk_t *desk = apr_pcalloc(p, sizeof(*desk));
    const char *base;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, p), 0);
    dir = apr_pstrcat(p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, remove_dir, apr_pool_cleanup_null);
    desk->dir = dir;
    desk->w = world_create(p);
    assert_int_equal(acme_outbox_prepare(dir, getegid(), NULL, p), 0);
    desk->root = acme_outbox_open(dir, desk->w->seal, p);
    world_add(desk->w, A);
    world_add(desk->w, B);
    boot(desk);
    assert_true(world_run(desk->w));
    restart(desk);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->ca->orders, 2);
    return desk;
}

static const acme_cert_info_t *live(const desk_t *desk)
{
    return world_holding(desk->w, 0)->live->info;
}

static void ask_with(desk_t *desk, int reason, const char *ca_url,
                     const char *jws)
{
    world_t *w = desk->w;
    acme_revocation_errand_t errand;
    acme_revoked_t what;

    memset(&what, 0, sizeof(what));
    what.fingerprint = live(desk)->fingerprint;
    what.key_hash = live(desk)->key_hash;
    what.name = A;
    what.serial = live(desk)->serial;
    what.reason = reason;
    what.when = w->clock->now;
    errand.what = &what;
    errand.cert = "MIIB";
    errand.ca_url = ca_url;
    errand.jws = jws;
    memset(&desk->last, 0, sizeof(desk->last));
    desk->last.what = ACME_REQUEST_REVOKE;
    desk->last.name = what.fingerprint;
    desk->last.body = acme_revocation_errand_to_json(&errand, w->p);
    assert_int_equal(acme_outbox_put(desk->root, &desk->last, NULL, w->p), 0);
}

static void ask(desk_t *desk, int reason)
{
    ask_with(desk, reason, desk->w->ca_spec.url, NULL);
}

static const acme_revocation_t *progress(const desk_t *desk)
{
    acme_revocation_t *revocation;

    assert_int_equal(acme_revocation_load(&revocation, desk->w->vault,
                                          desk->last.name, NULL, desk->w->p),
                     0);
    assert_non_null(revocation->request);
    assert_string_equal(revocation->request, desk->last.id);
    return revocation;
}

static void assert_replaced(desk_t *desk)
{
    const char *old = live(desk)->fingerprint;
    const char *key = live(desk)->key_hash;

    assert_non_null(world_job(desk->w, A)->staged);
    assert_true(world_job(desk->w, A)->urgent);
    assert_true(desk->hurries > 0);
    assert_null(world_job(desk->w, B)->revoked);
    restart(desk);
    assert_true(world_run(desk->w));
    assert_string_not_equal(live(desk)->fingerprint, old);
    assert_string_not_equal(live(desk)->key_hash, key);
    assert_null(world_job(desk->w, A)->revoked);
}

static void it_is_done_by_the_account_and_replaced_at_once(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;
    int items = world_count(w, ACME_STORE_JOBS);

    ask(desk, 4);
    assert_true(world_run(w));
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_DONE);
    assert_false(progress(desk)->by_key);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(w->ca->revoked_reason, 4);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "ACME0841: " A), 1);
    assert_int_equal(w->ca->orders, 3);
    assert_replaced(desk);
    /* once, by whoever reads it again */
    restart(desk);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(w->ca->orders, 3);
    /* and what nobody asks about any more is gone */
    acme_outbox_remove(desk->root, &desk->last, w->p);
    assert_true(world_run(w));
    assert_int_equal(world_count(w, ACME_STORE_JOBS), items);
}

static void a_manual_site_waits_to_be_asked(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->renew_mode = ACME_RENEW_MANUAL;
    boot(desk);
    ask(desk, 0);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_DONE);
    assert_int_equal(w->ca->revoked_reason, 0);
    assert_int_equal(w->ca->orders, 2);
    assert_non_null(world_job(w, A)->revoked);
}

static void a_waiting_one_does_not_wait_any_more(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;
    acme_request_t renew;

    memset(&renew, 0, sizeof(renew));
    renew.what = ACME_REQUEST_RENEW;
    renew.name = A;
    renew.force = 1;
    assert_int_equal(acme_outbox_put(desk->root, &renew, NULL, w->p), 0);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(desk->hurries, 0);
    ask(desk, 1);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 3);
    assert_replaced(desk);
    assert_int_equal(w->ca->orders, 3);
}

static void killed_at_any_instant_it_is_done_once(void **state)
{
    int i, kills = 0;

    for (i = 1; i < 40; ++i) {
        desk_t *desk = served(*state);
        world_t *w = desk->w;

        ask(desk, 1);
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
        boot(desk);
        world_live(w, ACME_TIME_HOUR);
        assert_int_equal(progress(desk)->state, ACME_REVOCATION_DONE);
        assert_in_range(w->ca->revocations, 1, 2);
        assert_int_equal(w->ca->revoked_reason, 1);
        assert_replaced(desk);
    }
    assert_true(kills > 10);
}

static void a_key_that_is_lost_takes_all_that_have_it(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;
    acme_live_cert_t *other =
        apr_pmemdup(w->p, world_holding(w, 1)->live, sizeof(*other));
    acme_cert_info_t *info = apr_pmemdup(w->p, other->info, sizeof(*info));

    info->key_hash = live(desk)->key_hash;
    other->info = info;
    world_holding(w, 1)->live = other;
    ask(desk, 4);
    assert_true(world_run(w));
    assert_null(world_job(w, B)->revoked);
    ask(desk, 1);
    desk->w->config.urgent = NULL;
    w->runner = acme_runner_create(&w->config, w->prun);
    world_live(w, ACME_TIME_HOUR);
    assert_string_equal(world_job(w, B)->revoked->fingerprint,
                        info->fingerprint);
    world_assert_staged(w, B);
}

static void another_account_leaves_it_to_the_key(void **state)
{
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    desk_t *desk = served(*state);
    world_t *w = desk->w;
    acme_revoke_ticket_t ticket;
    const acme_revocation_t *now;
    const char *jws;
    acme_key_t *key;
    int i;

    w->ca->refuse_accounts = 1;
    ask(desk, 5);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    now = progress(desk);
    assert_int_equal(now->state, ACME_REVOCATION_TICKET);
    assert_int_equal(acme_key_generate(&key, &kind, NULL, NULL, NULL, w->p), 0);
    ticket.url = now->url;
    ticket.nonce = "stale";
    for (i = 0; i < 2; ++i) {
        assert_int_equal(
            acme_revoke_sign(&jws, key, &ticket, "MIIB", 5, NULL, w->p), 0);
        ask_with(desk, 5, w->ca_spec.url, jws);
        boot(desk);
        assert_true(world_run(w));
        /* a stale one: there is another ticket */
        assert_int_equal(progress(desk)->state, i == 0 ? ACME_REVOCATION_TICKET
                                                       : ACME_REVOCATION_DONE);
        ticket.nonce = progress(desk)->nonce;
    }
    assert_true(w->ca->revoked_by_key);
    assert_true(progress(desk)->by_key);
    assert_replaced(desk);
}

static void a_ca_that_is_not_configured_is_asked_with_the_key(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;

    w->other = model_ca_create(w->p);
    ask_with(desk, 1, WORLD_OTHER, NULL);
    assert_true(world_run(w));
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_TICKET);
    assert_non_null(strstr(progress(desk)->url, "//cb.test/"));
    assert_int_equal(w->other->accounts, 0);
    assert_int_equal(w->ca->revocations, 0);
}

static void what_the_ca_refuses_is_over(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;

    w->ca->refuse_revocation = "badRevocationReason";
    ask(desk, 3);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->revocations, 1);
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_REFUSED);
    assert_non_null(progress(desk)->problem);
    assert_int_equal(world_said(w, ACME_LOG_ERR, "ACME0843: " A), 1);
    assert_null(world_job(w, A)->revoked);
    assert_int_equal(w->ca->orders, 2);
    /* but its key is lost, whatever the CA says */
    ask(desk, 1);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 3);
    assert_replaced(desk);
}

static void a_ca_that_is_away_is_asked_until_it_is_back(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;
    int requests;

    w->ca->outage = 1000000;
    ask(desk, 1);
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_ASKED);
    assert_in_range(progress(desk)->errors, 10, 40);
    requests = w->ca->requests;
    boot(desk);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests);
    w->ca->outage = 0;
    world_live(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(progress(desk)->state, ACME_REVOCATION_DONE);
    assert_replaced(desk);
}

static void what_makes_no_sense_is_not_asked_for(void **state)
{
    desk_t *desk = served(*state);
    world_t *w = desk->w;

    desk->last.what = ACME_REQUEST_REVOKE;
    desk->last.name = "f00d";
    desk->last.body = acme_json_object(w->p);
    assert_int_equal(acme_outbox_put(desk->root, &desk->last, NULL, w->p), 0);
    desk->last.name = "beef";
    desk->last.body = NULL;
    assert_int_equal(acme_outbox_put(desk->root, &desk->last, NULL, w->p), 0);
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
            ACME_T(what_makes_no_sense_is_not_asked_for))
