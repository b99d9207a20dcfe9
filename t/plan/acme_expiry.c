/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#include "acme_expiry.h"
#include "acme_plan.h"

#define NAME  "a.example"
#define HOURS ACME_TIME_HOUR
#define LE    (160 * ACME_TIME_HOUR)
#define DAYS  ACME_TIME_DAY

#define SAYS_NEAR "the certificate that it serves expires in "
#define SAYS_OVER "the certificate that it serves has expired "

/* ---- pure ---- */

typedef struct row_t {
    acme_spec_t spec;
    acme_ca_spec_t ca;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_job_t *job;
    apr_time_t begun;
    apr_pool_t *p;
} row_t;

static row_t *make_row(apr_interval_time_t life, apr_pool_t *p)
{
    row_t *row = apr_pcalloc(p, sizeof(*row));

    row->p = p;
    row->begun = FAKE_CLOCK_START;
    row->ca.url = "https://ca.test/dir";
    row->spec.name = NAME;
    row->spec.names = world_strings(p, NAME);
    row->spec.ca = &row->ca;
    row->info.names = world_strings(p, NAME);
    row->info.ari_id = "key.serial";
    row->info.not_before = row->begun;
    row->info.not_after = row->begun + life;
    row->live.info = &row->info;
    row->live.ca_url = row->ca.url;
    row->inventory.live = &row->live;
    row->inventory.serving = ACME_SERVING_LKC;
    row->job = acme_job_create(NAME, p);
    return row;
}

static acme_expiry_e at(const row_t *row, apr_interval_time_t age)
{
    const char *text;
    acme_expiry_e how = acme_expiry(&text, &row->spec, &row->inventory,
                                    row->job, row->begun + age, row->p);

    assert_true((text != NULL) == (how != ACME_EXPIRY_FAR));
    return how;
}

/* Checks that the end becomes near at that age. */
static void assert_near_from(const row_t *row, apr_interval_time_t age)
{
    assert_int_equal(at(row, age - 1), ACME_EXPIRY_FAR);
    assert_int_equal(at(row, age), ACME_EXPIRY_NEAR);
    assert_int_equal(
        acme_expiry_next(&row->spec, &row->inventory, row->job, row->begun),
        row->begun + age);
    assert_int_equal(acme_expiry_next(&row->spec, &row->inventory, row->job,
                                      row->begun + age),
                     row->info.not_after);
}

static void the_window_counts_for_short_and_long_lives(void **state)
{
    row_t *row = make_row(LE, *state);

    assert_near_from(row, 144 * HOURS);
    assert_int_equal(at(row, LE - 1), ACME_EXPIRY_NEAR);
    assert_int_equal(at(row, LE), ACME_EXPIRY_OVER);
    assert_true(
        acme_expiry_next(&row->spec, &row->inventory, row->job, row->begun + LE)
        == ACME_SCHEDULE_NEVER);
    row->spec.warn_window.span = 10 * HOURS;
    assert_near_from(row, 150 * HOURS);
    row->spec.warn_window.span = 30 * DAYS; /* longer than its life */
    assert_near_from(row, 144 * HOURS);
    row = make_row(90 * DAYS, *state);
    assert_near_from(row, 81 * DAYS);
    row->spec.warn_window.percent = 20;
    assert_near_from(row, 72 * DAYS);
    /* the CA names a later time, and the last tenth is due */
    row->spec.warn_window.percent = 0;
    row->spec.via_ari = 1;
    row->job->ari = acme_ari_told(NULL,
                                  &(acme_renewal_t){row->begun + 85 * DAYS,
                                                    row->begun + 86 * DAYS,
                                                    NULL, row->begun + DAYS},
                                  &row->info, NAME, row->begun, row->p);
    assert_near_from(row, 81 * DAYS + 9 * DAYS / 10);
    row->spec.via_ari = 0;
    row->inventory.pinned = 1;
    assert_near_from(row, 81 * DAYS + 9 * DAYS / 10);
}

static void there_is_no_warning_before_a_renewal_is_due(void **state)
{
    static const apr_interval_time_t lives[] = {20 * HOURS, LE, 47 * DAYS,
                                                90 * DAYS, 365 * DAYS};
    size_t i;
    int percent;

    for (i = 0; i < sizeof(lives) / sizeof(lives[0]); ++i) {
        row_t *row = make_row(lives[i], *state);
        apr_time_t due =
            acme_plan_renew_at(&row->spec, &row->inventory, row->job);

        for (percent = 1; percent < 100; ++percent) {
            row->spec.warn_window.percent = percent;
            assert_true(acme_expiry_next(&row->spec, &row->inventory, row->job,
                                         row->begun)
                        >= due + (row->info.not_after - due) / 10);
        }
    }
}

static void nobody_minds_what_is_not_served(void **state)
{
    row_t *row = make_row(LE, *state);

    row->inventory.serving = ACME_SERVING_NOTHING;
    assert_int_equal(at(row, LE), ACME_EXPIRY_FAR);
    row->inventory.serving = ACME_SERVING_LKC;
    row->spec.cert_file = "/etc/cert.pem";
    assert_int_equal(at(row, LE), ACME_EXPIRY_FAR);
    row->spec.cert_file = NULL;
    row->spec.dry_run = 1;
    assert_int_equal(at(row, LE), ACME_EXPIRY_FAR);
    row->spec.dry_run = 0;
    assert_int_equal(at(row, LE), ACME_EXPIRY_OVER);
    row->inventory.live = NULL;
    assert_int_equal(at(row, LE), ACME_EXPIRY_FAR);
    assert_true(
        acme_expiry_next(&row->spec, &row->inventory, row->job, row->begun)
        == ACME_SCHEDULE_NEVER);
}

static void assert_says(const row_t *row, apr_interval_time_t age,
                        const char *part)
{
    const char *text;

    (void)acme_expiry(&text, &row->spec, &row->inventory, row->job,
                      row->begun + age, row->p);
    if (!text || !strstr(text, part)) {
        fail_msg("%s is not in %s", part, text ? text : "nothing");
    }
}

static void it_is_said_what_holds_the_renewal_back(void **state)
{
    row_t *row = make_row(LE, *state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_says(row, 150 * HOURS,
                "expires in 10 hours, at 2030-01-07T16:00:00Z"
                "; its renewal is due since 2030-01-04T08");
    row->spec.renew_mode = ACME_RENEW_MANUAL;
    assert_says(row, 150 * HOURS, "by acmectl renew only");
    row->job->limit = "5 in 7 days";
    row->job->next_run = row->begun + 155 * HOURS;
    assert_says(row, 150 * HOURS, "until 2030-01-07T11:00:00Z for a limit");
    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, row->p, "nobody there");
    row->job->errors = 1;
    row->job->problem = &problem;
    row->job->failing = row->begun + 81 * HOURS;
    assert_says(row, 162 * HOURS, "expired at 2030-01-07T16:00:00Z; ");
    assert_says(row, 162 * HOURS, "failed 1 time since 2030-01-04T09:00:00Z: ");
    assert_says(row, 162 * HOURS, "nobody there");
    row->job->staged = "f00";
    assert_says(row, 150 * HOURS, "waits for activation");
    row->job = NULL;
    assert_says(row, 150 * HOURS, "by acmectl renew only");
}

/* ---- in the engine ---- */

static world_t *served(apr_interval_time_t life, apr_pool_t *p)
{
    world_t *w = world_create(p);

    test_issuer_config(w->issuer)->life = life;
    world_add(w, NAME);
    assert_true(world_run(w));
    world_restart(w);
    return w;
}

static void assert_said(const world_t *w, int near, int over)
{
    assert_int_equal(world_said(w, ACME_LOG_WARNING, SAYS_NEAR), near);
    assert_int_equal(world_said(w, ACME_LOG_ERR, SAYS_OVER), over);
}

static void outlived(apr_interval_time_t life, apr_pool_t *p)
{
    world_t *w = served(life, p);
    int i;

    w->ca->outage = 1000000;
    world_live(w, life / 10 * 9 - HOURS);
    assert_true(world_job(w, NAME)->errors > 0);
    assert_said(w, 0, 0);
    world_live(w, 2 * HOURS);
    assert_said(w, 1, 0);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "renewal has failed"), 1);
    for (i = 0; i < 5; ++i) {
        world_boot(w);
        world_live(w, HOURS);
    }
    assert_said(w, 1, 0);
    world_live(w, life / 10);
    assert_said(w, 1, 1);
    world_boot(w);
    world_live(w, 3 * HOURS);
    assert_said(w, 1, 1);
    /* the next certificate is warned about anew */
    w->ca->outage = 0;
    world_live(w, 2 * DAYS);
    world_restart(w);
    world_live(w, HOURS);
    assert_said(w, 1, 1);
    w->ca->outage = 1000000;
    world_live(w, world_inventory(w, 0)->live->info->not_after - w->clock->now
                      - 5 * HOURS);
    assert_said(w, 2, 1);
}

static void it_is_said_once_for_a_certificate(void **state)
{
    outlived(LE, *state);
    outlived(90 * DAYS, *state);
}

static void who_is_renewed_in_time_hears_nothing(void **state)
{
    world_t *w = served(LE, *state);
    int i;

    APR_ARRAY_IDX(w->specs, 0, acme_spec_t *)->warn_window.percent = 99;
    for (i = 0; i < 30; ++i) {
        world_live(w, 20 * HOURS);
        if (world_staged(w, NAME)) {
            world_restart(w);
        }
    }
    assert_true(w->ca->orders > 5);
    assert_said(w, 0, 0);
    /* nor about a site that comes back after weeks, and is renewed at once */
    w->clock->now += 30 * DAYS;
    world_boot(w);
    world_live(w, HOURS);
    world_assert_staged(w, NAME);
    assert_said(w, 0, 0);
}

static void what_nobody_activates_is_warned_about(void **state)
{
    world_t *w = served(LE, *state);

    world_live(w, 145 * HOURS);
    assert_said(w, 1, 0);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "waits for activation"),
                     1);
    world_live(w, 20 * HOURS);
    assert_said(w, 1, 1);
}

static void warnings_cost_no_looks(void **state)
{
    world_t *w = served(LE, *state);
    int gets;

    w->ca->outage = 1000000;
    world_live(w, 100 * HOURS);
    gets = w->gets;
    world_live(w, 55 * HOURS);
    assert_said(w, 1, 0);
    assert_in_range(w->gets - gets, 5, 200);
}

ACME_T_MAIN(ACME_T(the_window_counts_for_short_and_long_lives),
            ACME_T(there_is_no_warning_before_a_renewal_is_due),
            ACME_T(nobody_minds_what_is_not_served),
            ACME_T(it_is_said_what_holds_the_renewal_back),
            ACME_T(it_is_said_once_for_a_certificate),
            ACME_T(who_is_renewed_in_time_hears_nothing),
            ACME_T(what_nobody_activates_is_warned_about),
            ACME_T(warnings_cost_no_looks))
