/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_preflight_probe.h"
#include "fake_dns.h"
#include "world.h"

#define NAME "a.example"

/* The world, its DNS, and how its servers answer. */
typedef struct sky_t {
    world_t *w;
    fake_dns_t *dns;
    const char *host; /* by which our server is asked; NULL: the right one */
    int is_elsewhere; /* another server answers */
    apr_interval_time_t delay;
    int probes;
} sky_t;

/* Answers probes; everything else is for the CA. */
static int answer(world_t *w, const script_request_t *request,
                  script_answer_t *out, apr_pool_t *p)
{
    sky_t *sky = w->refuse_baton;
    const char *token, *host;

    if (!request->address) {
        return 0;
    }
    ++sky->probes;
    token = strstr(request->url, ACME_SOLVER_HTTP_PATH)
            + sizeof(ACME_SOLVER_HTTP_PATH) - 1;
    host = request->url + sizeof("http://") - 1;
    host = sky->host ? sky->host : apr_pstrndup(p, host, strcspn(host, "/"));
    out->status = sky->is_elsewhere ? 404 : 200;
    out->headers = apr_table_make(p, 1);
    out->delay = sky->delay;
    out->body =
        acme_preflight_probe_answer(w->seal, token, host, sky->host == NULL, p);
    return 1;
}

/* A world with a site whose name leads to this server. */
static sky_t *make_sky(apr_pool_t *p)
{
    sky_t *sky = apr_pcalloc(p, sizeof(*sky));
    world_t *w = world_create(p);

    sky->w = w;
    sky->dns = fake_dns_create(w->clock, p);
    fake_dns_set(sky->dns, NAME, ACME_DNS_A, "192.0.2.1");
    fake_dns_has_authority(sky->dns);
    w->resolver = fake_dns_client(sky->dns);
    w->preflight.seal = w->seal;
    w->preflight.resolvers_named = 1;
    w->preflight.http_port = 80;
    w->preflight.https_port = 443;
    w->refuse = answer;
    w->refuse_baton = sky;
    world_add(w, NAME)->preflight = 1;
    return sky;
}

static void an_order_goes_as_soon_as_all_is_found_right(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    apr_time_t begun = w->clock->now;

    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    assert_int_equal(sky->probes, 1);
    /* A, AAAA, and CAA of the name and of its parent. */
    assert_int_equal(fake_dns_count(sky->dns), 4);
    assert_true(w->clock->now - begun < apr_time_from_sec(60));
    assert_null(world_job(w, NAME)->look);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void nothing_is_looked_at_where_it_is_off(void **state)
{
    sky_t *sky = make_sky(*state);

    APR_ARRAY_IDX(sky->w->specs, 0, acme_spec_t *)->preflight = 0;
    assert_true(world_run(sky->w));
    world_assert_staged(sky->w, NAME);
    assert_int_equal(sky->probes, 0);
    assert_int_equal(fake_dns_count(sky->dns), 0);
}

static void what_only_warns_holds_nothing_back(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    sky->is_elsewhere = 1;
    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "another server answers"),
                     1);
    /* The CA was content. */
    assert_true(world_job(w, NAME)->look->refuted);
}

static void what_forbids_holds_it_back_until_it_is_mended(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    const acme_job_t *job;

    sky->host = "backend";
    assert_true(world_run(w));
    assert_null(world_staged(w, NAME));
    assert_int_equal(w->ca->orders, 0);
    job = world_job(w, NAME);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->look->held, job->look->when);
    assert_in_range(w->next - w->clock->now, 5 * ACME_TIME_MINUTE,
                    6 * ACME_TIME_MINUTE);
    world_live(w, 20 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 0);
    assert_true(sky->probes >= 4 && sky->probes <= 5);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "is held back"), 1);
    sky->host = NULL;
    world_live(w, 6 * ACME_TIME_MINUTE);
    world_assert_staged(w, NAME);
    assert_null(world_job(w, NAME)->look);
}

static void after_an_hour_the_ca_is_asked_once(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    apr_time_t begun = w->clock->now;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->retry_delay = ACME_TIME_DAY;
    sky->host = "backend";
    w->ca->fail_name = NAME;
    world_live(w, 55 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 0);
    /* A restart of the server does not begin the hour anew. */
    world_restart(w);
    world_live(w, 12 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 1);
    assert_true(w->clock->now - begun < 68 * ACME_TIME_MINUTE);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "asked anyway"), 1);
    assert_int_equal(world_job(w, NAME)->errors, 1);
}

static void who_asks_is_not_held_back(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    acme_job_t *job = acme_job_create(NAME, w->p);

    sky->host = "backend";
    acme_job_requested(job, "0123", 0);
    assert_int_equal(acme_job_save(job, w->vault, ACME_STORE_LAZY, NULL, w->p),
                     0);
    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    assert_int_equal(sky->probes, 0);
}

static void caa_records_forbid_what_the_ca_is_not_called(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    /* The first order tells the worker what the CA is called. */
    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    fake_dns_set(sky->dns, "b.example", ACME_DNS_A, "192.0.2.1");
    fake_dns_set_caa(sky->dns, "b.example", "issue", "other.test");
    world_add(w, "b.example")->preflight = 1;
    world_restart(w);
    world_live(w, 11 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING,
                   "the CAA record of b.example allows only other.test"),
        1);
    fake_dns_set_caa(sky->dns, "b.example", "issue", "ca.test");
    world_live(w, 6 * ACME_TIME_MINUTE);
    world_assert_staged(w, "b.example");
}

static void a_name_that_does_not_exist_holds_its_own_order_only(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    world_add(w, "gone.example")->preflight = 1;
    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    assert_null(world_staged(w, "gone.example"));
    assert_int_equal(w->ca->orders, 1);
}

static void slow_answers_are_not_waited_for(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    sky->delay = apr_time_from_sec(9);
    sky->is_elsewhere = 1;
    assert_true(world_run(w));
    world_assert_staged(w, NAME);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "does not wait"), 1);
    /* The log has what comes late, too. */
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "another server answers"),
                     1);
}

/* Adds sites that are due at once with the one that is there. */
static void add_forty(sky_t *sky)
{
    const char *name;
    int i;

    for (i = 0; i < 40; ++i) {
        name = apr_psprintf(sky->w->p, "b%d.example", i);
        fake_dns_set(sky->dns, name, ACME_DNS_A, "192.0.2.1");
        world_add(sky->w, name)->preflight = 1;
    }
}

static void orders_do_not_wait_for_slow_answers_of_others(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    add_forty(sky);
    sky->delay = apr_time_from_sec(9);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 41);
    /* None but those that were begun at once. */
    assert_int_equal(sky->probes, 8);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "does not wait"), 41);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void many_orders_wait_for_their_turn_while_answers_come(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    add_forty(sky);
    /* Six turns take longer than an order waits for answers. */
    sky->delay = apr_time_from_sec(1);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 41);
    assert_int_equal(sky->probes, 41);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "does not wait"), 0);
}

static void without_a_resolver_all_orders_go(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    int i;

    for (i = 0; i < 40; ++i) {
        world_add(w, apr_psprintf(w->p, "b%d.example", i))->preflight = 1;
    }
    fake_dns_hang(sky->dns, 1);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 41);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "no resolver answers"), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
    /* Three for each of those that were begun. */
    assert_true(fake_dns_count(sky->dns) <= 3 * 8);
}

static void after_a_failure_a_change_brings_the_next_try(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;
    apr_time_t failed;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->retry_delay = ACME_TIME_DAY;
    sky->is_elsewhere = 1;
    w->ca->fail_name = NAME;
    assert_true(world_run(w));
    assert_int_equal(world_job(w, NAME)->errors, 1);
    failed = w->clock->now;
    /* The same is found every five minutes, at no cost to the CA. */
    world_live(w, 31 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 1);
    assert_in_range(sky->probes, 6, 8);
    sky->is_elsewhere = 0;
    w->ca->fail_name = NULL;
    world_live(w, 6 * ACME_TIME_MINUTE);
    world_assert_staged(w, NAME);
    assert_int_equal(w->ca->orders, 2);
    assert_true(w->clock->now - failed < 40 * ACME_TIME_MINUTE);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "tried again now"), 1);
}

/* Another server answers every other time. */
static int flap(world_t *w, const script_request_t *request,
                script_answer_t *out, apr_pool_t *p)
{
    sky_t *sky = w->refuse_baton;

    if (request->address) {
        sky->is_elsewhere = !sky->is_elsewhere;
    }
    return answer(w, request, out, p);
}

static void what_changes_all_the_time_is_tried_ever_less(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->retry_delay = ACME_TIME_DAY;
    w->refuse = flap;
    w->ca->fail_name = NAME;
    world_live(w, ACME_TIME_HOUR);
    /* Below the five failures in an hour that Let's Encrypt allows. */
    assert_true(w->ca->orders >= 2 && w->ca->orders < 5);
}

static void sites_at_rest_are_looked_at_once_a_week(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    world_set_live(w, 0, 80 * ACME_TIME_DAY);
    world_live(w, 28 * ACME_TIME_DAY);
    assert_in_range(sky->probes, 3, 5);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    assert_int_equal(w->ca->orders, 0);
    sky->is_elsewhere = 1;
    world_live(w, 14 * ACME_TIME_DAY);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "when it is renewed"), 1);
    assert_non_null(world_job(w, NAME)->look->to_fix);
    sky->is_elsewhere = 0;
    world_live(w, 14 * ACME_TIME_DAY);
    assert_null(world_job(w, NAME)->look);
}

static void a_death_in_between_loses_nothing(void **state)
{
    int i, died = 1;

    for (i = 1; died && i < 40; ++i) {
        sky_t *sky = make_sky(*state);

        sky->w->kill_request = i;
        died = !world_run(sky->w);
        if (died) {
            world_boot(sky->w);
            world_live(sky->w, ACME_TIME_HOUR);
        }
        world_assert_staged(sky->w, NAME);
    }
    assert_false(died);
}

static void a_stop_ends_what_is_looked_at(void **state)
{
    sky_t *sky = make_sky(*state);
    world_t *w = sky->w;

    sky->delay = apr_time_from_sec(9);
    w->stop_request = 1;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 0);
    world_boot(w);
    sky->delay = 0;
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, NAME);
}

ACME_T_MAIN(ACME_T(an_order_goes_as_soon_as_all_is_found_right),
            ACME_T(nothing_is_looked_at_where_it_is_off),
            ACME_T(what_only_warns_holds_nothing_back),
            ACME_T(what_forbids_holds_it_back_until_it_is_mended),
            ACME_T(after_an_hour_the_ca_is_asked_once),
            ACME_T(who_asks_is_not_held_back),
            ACME_T(caa_records_forbid_what_the_ca_is_not_called),
            ACME_T(a_name_that_does_not_exist_holds_its_own_order_only),
            ACME_T(slow_answers_are_not_waited_for),
            ACME_T(orders_do_not_wait_for_slow_answers_of_others),
            ACME_T(many_orders_wait_for_their_turn_while_answers_come),
            ACME_T(without_a_resolver_all_orders_go),
            ACME_T(after_a_failure_a_change_brings_the_next_try),
            ACME_T(what_changes_all_the_time_is_tried_ever_less),
            ACME_T(sites_at_rest_are_looked_at_once_a_week),
            ACME_T(a_death_in_between_loses_nothing),
            ACME_T(a_stop_ends_what_is_looked_at))
