/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#define A "a.example"

/* Windows. The clock begins on 2030-01-01. */
#define IN_MARCH "2030-03-01T00:00:00Z 2030-03-03T00:00:00Z"
#define IN_APRIL "2030-04-20T00:00:00Z 2030-04-21T00:00:00Z"
#define PAST     "2029-12-01T00:00:00Z 2029-12-02T00:00:00Z"
#define SINCE    "2029-12-01T00:00:00Z 2030-03-02T00:00:00Z"

static acme_spec_t *add(world_t *w, const char *names)
{
    acme_spec_t *spec = world_add(w, names);

    spec->via_ari = 1;
    return spec;
}

/* Makes a site that serves its first certificate; no CA was asked yet. */
static world_t *served(apr_pool_t *p)
{
    world_t *w = world_create(p);

    add(w, A);
    w->ca->renewal_window = IN_MARCH;
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_null(w->ca->replaces);
    world_restart(w);
    return w;
}

static const char *live_id(const world_t *w)
{
    return world_inventory(w, 0)->live->info->ari_id;
}

/* Returns the days since the clock began. */
static int today(const world_t *w)
{
    return (int)((w->clock->now - FAKE_CLOCK_START) / ACME_TIME_DAY);
}

static void a_certificate_is_renewed_inside_the_window_it_is_given(void **state)
{
    world_t *w = served(*state);
    const char *id = live_id(w);
    const acme_ari_t *ari;

    assert_true(world_run(w));
    assert_int_equal(w->ca->renewals, 1);
    ari = world_job(w, A)->ari;
    assert_string_equal(ari->cert, id);
    assert_true(ari->selected > ari->start && ari->selected < ari->end);
    /* March 1 is day 59; ACMERenewWindow begins on day 60.2 */
    world_live(w, ari->selected - w->clock->now - ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 1);
    world_live(w, 2 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->orders, 2);
    assert_string_equal(w->ca->replaces, id);
    world_assert_staged(w, A);
    assert_false(world_job(w, A)->urgent);
    assert_in_range(today(w), 59, 60);
}

static void it_is_asked_when_the_ca_says_so_and_not_more(void **state)
{
    world_t *w = served(*state);
    int directories;

    w->ca->renewal_window = IN_APRIL;
    w->ca->renewal_again = "21600";
    world_live(w, 10 * ACME_TIME_DAY);
    /* every 6 h, each time up to a tenth later */
    assert_in_range(w->ca->renewals, 36, 41);
    /* the directory is read once a day for the address of the service */
    directories = w->ca->directories;
    assert_in_range(directories, 2, 13);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "as ca.test suggests"), 1);
}

static void restarts_ask_nothing_and_keep_the_time(void **state)
{
    world_t *w = served(*state);
    apr_time_t selected;
    int i, requests;

    assert_true(world_run(w));
    selected = world_job(w, A)->ari->selected;
    requests = w->ca->requests;
    for (i = 0; i < 30; ++i) {
        world_restart(w);
        assert_true(world_run(w));
    }
    assert_int_equal(w->ca->requests, requests);
    assert_true(world_job(w, A)->ari->selected == selected);
}

static void what_the_ca_wants_early_is_renewed_at_once(void **state)
{
    static const char *const windows[] = {PAST, SINCE};
    size_t i;

    for (i = 0; i < sizeof(windows) / sizeof(windows[0]); ++i) {
        world_t *w = served(*state);

        w->ca->renewal_window = IN_APRIL;
        assert_true(world_run(w));
        assert_int_equal(w->ca->orders, 1);
        w->ca->renewal_window = windows[i];
        w->ca->explanation = "https://ca.test/incident";
        world_live(w, 7 * ACME_TIME_HOUR);
        assert_int_equal(w->ca->orders, 2);
        assert_true(world_job(w, A)->urgent);
        assert_int_equal(world_said(w, ACME_LOG_NOTICE,
                                    "to be renewed at once, see "
                                    "https://ca.test/incident"),
                         1);
    }
}

static void note_urgent(void *baton, int site)
{
    int *sites = baton;

    ++sites[site];
}

static void the_host_hears_what_must_not_wait(void **state)
{
    world_t *w = world_create(*state);
    int sites[2] = {0, 0};

    add(w, A);
    add(w, "b.example");
    assert_true(world_run(w));
    world_restart(w);
    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->via_ari = 0;
    w->ca->renewal_window = PAST;
    w->config.urgent = note_urgent;
    w->config.urgent_baton = sites;
    w->worker = acme_worker_create(&w->config, w->prun);
    assert_true(world_run(w));
    assert_int_equal(sites[0], 0);
    assert_int_equal(sites[1], 1);
    /* the next process says it once more, because the first may have died */
    world_boot(w);
    w->config.urgent = note_urgent;
    w->config.urgent_baton = sites;
    w->worker = acme_worker_create(&w->config, w->prun);
    assert_true(world_run(w));
    assert_int_equal(sites[1], 2);
    world_restart(w);
    w->ca->renewal_window = IN_MARCH;
    assert_true(world_run(w));
    assert_false(world_job(w, "b.example")->urgent);
}

static void a_ca_that_always_wants_more_gets_no_storm(void **state)
{
    world_t *w = served(*state);
    apr_time_t end = w->clock->now + 10 * ACME_TIME_DAY;

    w->ca->renewal_window = PAST;
    while (w->clock->now < end) {
        world_live(w, 10 * ACME_TIME_MINUTE);
        world_restart(w);
    }
    /* at once, then an hour, ten hours, and daily */
    assert_in_range(w->ca->orders, 4, 14);
}

static void without_the_service_the_window_counts(void **state)
{
    world_t *w = served(*state);

    w->ca->no_renewal_info = 1;
    world_live(w, 59 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->ca->renewals, 0);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
    assert_null(w->ca->replaces);
}

static void a_service_that_fails_is_asked_less_and_less(void **state)
{
    world_t *w = served(*state);

    w->ca->renewal_status = 500;
    world_live(w, 5 * ACME_TIME_DAY);
    /* 0, 10, 110 min, 18 h, and daily */
    assert_in_range(w->ca->renewals, 5, 9);
    assert_int_equal(w->ca->orders, 1);
    world_live(w, 60 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
}

static void a_ca_that_is_away_is_tried_once_for_all_sites(void **state)
{
    world_t *w = world_create(*state);
    int i, requests;

    for (i = 0; i < 40; ++i) {
        add(w, apr_psprintf(w->p, "s%d.example", i));
    }
    assert_true(world_run(w));
    world_restart(w);
    w->ca->unreachable = 1000;
    requests = w->ca->requests;
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, requests + 1);
    world_live(w, ACME_TIME_DAY);
    /* the sites ask again together */
    assert_in_range(w->ca->requests - requests, 2, 6);
    w->ca->unreachable = 0;
    world_live(w, 3 * ACME_TIME_DAY);
    assert_true(w->ca->renewals >= 40);
}

static void forty_sites_are_asked_for_with_one_directory(void **state)
{
    world_t *w = world_create(*state);
    int i, directories;

    for (i = 0; i < 40; ++i) {
        add(w, apr_psprintf(w->p, "s%d.example", i));
    }
    assert_true(world_run(w));
    world_restart(w);
    directories = w->ca->directories;
    assert_true(world_run(w));
    assert_int_equal(w->ca->renewals, 40);
    assert_int_equal(w->ca->directories, directories + 1);
    assert_in_range(script_http_most_pending(w->script), 2, 10);
}

static void a_certificate_that_was_replaced_already_is_renewed(void **state)
{
    world_t *w = served(*state);

    w->ca->renewal_window = PAST;
    w->ca->replaced = 1;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
    assert_null(w->ca->replaces);
    world_assert_staged(w, A);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void another_ca_is_not_asked(void **state)
{
    world_t *w = served(*state);
    acme_certstore_cert_t *live =
        apr_pmemdup(w->p, world_inventory(w, 0)->live, sizeof(*live));

    live->ca_url = "https://other.test/dir";
    world_inventory(w, 0)->live = live;
    assert_true(world_run(w));
    assert_int_equal(w->ca->renewals, 0);
    /* the CA is not told what is replaced: the site orders anew there */
    assert_int_equal(w->ca->orders, 2);
    assert_null(w->ca->replaces);
}

static void who_does_nothing_by_itself_asks_nothing(void **state)
{
    world_t *w = served(*state);
    acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

    spec->renew_mode = ACME_RENEW_MANUAL;
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(w->ca->renewals, 0);
    spec->renew_mode = ACME_RENEW_AUTO;
    world_inventory(w, 0)->serving = ACME_SERVING_NOTHING;
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(w->ca->renewals, 0);
    spec->via_ari = 0;
    world_inventory(w, 0)->serving = ACME_SERVING_LKC;
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(w->ca->renewals, 0);
}

static void killed_at_any_request_it_asks_again(void **state)
{
    int n;

    for (n = 1; n <= 2; ++n) {
        world_t *w = served(*state);

        w->kill_answer = n;
        assert_false(world_run(w));
        world_boot(w);
        assert_true(world_run(w));
        assert_in_range(w->ca->renewals, 1, 2);
        assert_non_null(world_job(w, A)->ari);
    }
}

static void be_back(world_t *w, const script_request_t *request)
{
    (void)request;
    if (w->ca->renewals > 0) {
        w->ca->renewal_status = 0;
        w->ca->renewal_again = NULL;
    }
}

/* Asks in the same run, which lasts as long as orders run. */
static void a_ca_that_is_back_is_asked_while_others_are_ordered(void **state)
{
    world_t *w = served(*state);
    apr_time_t begun = w->clock->now;
    int i;

    for (i = 0; i < 4; ++i) {
        add(w, apr_psprintf(w->p, "s%d.example", i));
    }
    w->parallel = 1;
    w->ca->validate_polls = 5;
    w->ca->retry_after = 100;
    world_boot(w);
    w->ca->renewal_status = 503;
    w->ca->renewal_again = "60";
    w->on_request = be_back;
    assert_true(world_run(w));
    assert_true(w->clock->now - begun > 30 * ACME_TIME_MINUTE);
    assert_int_equal(w->ca->renewals, 2);
    assert_int_equal(world_job(w, A)->ari->errors, 0);
}

ACME_T_MAIN(ACME_T(a_certificate_is_renewed_inside_the_window_it_is_given),
            ACME_T(it_is_asked_when_the_ca_says_so_and_not_more),
            ACME_T(restarts_ask_nothing_and_keep_the_time),
            ACME_T(what_the_ca_wants_early_is_renewed_at_once),
            ACME_T(the_host_hears_what_must_not_wait),
            ACME_T(a_ca_that_always_wants_more_gets_no_storm),
            ACME_T(without_the_service_the_window_counts),
            ACME_T(a_service_that_fails_is_asked_less_and_less),
            ACME_T(a_ca_that_is_away_is_tried_once_for_all_sites),
            ACME_T(forty_sites_are_asked_for_with_one_directory),
            ACME_T(a_certificate_that_was_replaced_already_is_renewed),
            ACME_T(another_ca_is_not_asked),
            ACME_T(who_does_nothing_by_itself_asks_nothing),
            ACME_T(killed_at_any_request_it_asks_again),
            ACME_T(a_ca_that_is_back_is_asked_while_others_are_ordered))
