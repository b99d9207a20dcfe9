/* SPDX-License-Identifier: Apache-2.0 */

/* Ten years of a server. It is restarted every other day, and for every fifth
 * site the CA is asked for its window each day. The CA is away once a year,
 * moves windows ahead, and halves the lives of its certificates. There are five
 * sites, or as many as ACME_TEST_SITES in the environment says. */

#include "acme_t.h"
#include "world_limits.h"

#include "acme_ratelimit_policy.h"

static const acme_ratelimit_policy_t letsencrypt = {
    ACME_RATELIMIT_POLICY_LETSENCRYPT, 0, 0};

#define YEAR  (365 * ACME_TIME_DAY)
#define YEARS 10

typedef struct decade_t {
    world_t *w;
    world_limits_t *limits;
    apr_time_t begun;
    apr_time_t out;  /* when the CA was last gone */
    apr_time_t back; /* when it was back, or will be */
    int inside;      /* renewals inside their window */
    int held_up;     /* renewals after their window because of an outage */
} decade_t;

/* Returns the window that the CA names: three days, after two thirds of the
 * certificate's life; for each tenth, once it is 20 days old, after half of
 * it. */
static void window_of_cert(apr_time_t *start, apr_time_t *end,
                           const acme_cert_info_t *info, int site,
                           apr_time_t now)
{
    apr_interval_time_t life = info->not_after - info->not_before;
    int ahead = site % 10 == 3 && now > info->not_before + 20 * ACME_TIME_DAY;

    *start = info->not_before + (ahead ? life / 2 : life / 3 * 2);
    *end = *start + 3 * ACME_TIME_DAY;
}

static const char *window_of(void *baton, const char *id, apr_pool_t *p)
{
    const decade_t *decade = baton;
    const world_t *w = decade->w;
    apr_time_t start, end;
    int i;

    for (i = 0; i < w->specs->nelts; ++i) {
        const acme_certstore_cert_t *live = world_inventory(w, i)->live;

        if (live && strcmp(live->info->ari_id, id) == 0) {
            window_of_cert(&start, &end, live->info, i, w->clock->now);
            return apr_psprintf(p, "%s %s", acme_time_print(start, p),
                                acme_time_print(end, p));
        }
    }
    return NULL;
}

/* Checks each order that replaces a certificate. */
static void check_order(world_t *w, const script_request_t *request)
{
    decade_t *decade = w->ca->window_baton;
    apr_time_t start, end, now = w->clock->now;
    const acme_certstore_cert_t *live = NULL;
    apr_size_t len = strlen(request->url);
    int i;

    if (len < 6 || strcmp(request->url + len - 6, "/order") != 0
        || !w->ca->replaces) {
        return;
    }
    for (i = 0; i < w->specs->nelts; ++i) {
        live = world_inventory(w, i)->live;
        if (live && strcmp(live->info->ari_id, w->ca->replaces) == 0) {
            break;
        }
    }
    assert_true(i < w->specs->nelts);
    window_of_cert(&start, &end, live->info, i, now);
    assert_true(now >= start);
    if (now < end) {
        ++decade->inside;
        return;
    }
    /* a renewal that an outage has put off comes with the next try */
    if (!(decade->out < end && decade->back > start
          && now < decade->back + 5 * ACME_TIME_DAY / 4)) {
        fail_msg("%s is renewed after its window, on day %d",
                 APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->name,
                 (int)((now - decade->begun) / ACME_TIME_DAY));
    }
    ++decade->held_up;
}

/* Returns the size of all items of a kind. */
static apr_size_t bytes_of(const world_t *w, const char *kind, apr_pool_t *p)
{
    apr_array_header_t *names;
    acme_store_item_t item;
    apr_size_t bytes = 0;
    int i;

    assert_int_equal(acme_store_list(&names, w->mem, kind, NULL, p), 0);
    for (i = 0; i < names->nelts; ++i) {
        assert_int_equal(acme_store_get(&item, w->mem, kind,
                                        APR_ARRAY_IDX(names, i, const char *),
                                        NULL, p),
                         0);
        bytes += item.len;
    }
    return bytes;
}

static apr_size_t kept(const world_t *w)
{
    static const char *const kinds[] = {ACME_STORE_JOBS, ACME_STORE_NOTES};
    apr_size_t bytes = 0;
    apr_pool_t *p;
    size_t i;

    apr_pool_create(&p, w->p);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        bytes += bytes_of(w, kinds[i], p);
    }
    apr_pool_destroy(p);
    return bytes;
}

/* Adds the sites one after the other, in ten days. */
static void let_them_come(world_t *w, int sites)
{
    int i;

    for (i = 0; i < sites; ++i) {
        world_add(w, apr_psprintf(w->p, "www.s%d.test", i))->via_ari =
            i % 5 == 3;
        if (i % (sites / 5) == 0) {
            world_restart(w);
            world_live(w, 2 * ACME_TIME_DAY);
        }
    }
}

static void assert_all_valid(const world_t *w, apr_time_t begun)
{
    int i;

    for (i = 0; i < w->certs->nelts; ++i) {
        const acme_certstore_cert_t *live = world_inventory(w, i)->live;

        if (live->info->not_after <= w->clock->now) {
            fail_msg("site %d has expired on day %d", i,
                     (int)((w->clock->now - begun) / ACME_TIME_DAY));
        }
    }
}

static void one_year(decade_t *decade, int year)
{
    world_t *w = decade->w;
    int day;

    for (day = 0; day < 364; day += 2) {
        if (day == 200) {
            decade->out = w->clock->now;
            decade->back = w->clock->now + 4 * ACME_TIME_DAY;
            w->ca->outage = 100000000;
        }
        if (day == 204) {
            w->ca->outage = 0;
        }
        world_live(w, 2 * ACME_TIME_DAY);
        world_restart(w);
        assert_all_valid(w, decade->begun);
    }
    if (year == 4) {
        test_issuer_config(w->issuer)->life = 45 * ACME_TIME_DAY;
    }
}

static void ten_years_of_a_server(void **state)
{
    const char *asked = getenv("ACME_TEST_SITES");
    int sites = asked && atoi(asked) >= 5 ? atoi(asked) / 5 * 5 : 5;
    int asking = sites / 5;
    world_t *w = world_create(*state);
    decade_t decade = {NULL, NULL, 0, 0, 0, 0, 0};
    apr_size_t after[YEARS];
    int year, jobs = 0;

    decade.w = w;
    decade.begun = w->clock->now;
    decade.limits = world_limits_create(w);
    w->ca_spec.rate = &letsencrypt;
    w->log.level = ACME_LOG_ERR;
    w->ca->window_of = window_of;
    w->ca->window_baton = &decade;
    w->ca->renewal_again = "86400";
    w->on_request = check_order;
    let_them_come(w, sites);
    world_restart(w);
    for (year = 0; year < YEARS; ++year) {
        one_year(&decade, year);
        after[year] = kept(w);
        jobs = year == 0 ? world_count(w, ACME_STORE_JOBS) : jobs;
    }
    world_limits_assert_none_refused(decade.limits);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(w->ca->accounts, 1);
    /* every 60 days, then every 30, at the next restart; the CA moves some
     * windows ahead */
    assert_in_range(w->ca->orders, sites * 75, sites * 100);
    assert_in_range(decade.inside + decade.held_up, asking * 75, asking * 125);
    assert_in_range(decade.held_up, 0, asking * YEARS);
    assert_int_equal(decade.limits->exempt, decade.inside + decade.held_up);
    /* nothing grows, because the logs of the jobs are full after some years */
    assert_int_equal(world_count(w, ACME_STORE_JOBS), jobs);
    assert_in_range(after[9], after[7] / 2, after[7] / 10 * 11);
    assert_in_range(world_count(w, ACME_STORE_NOTES), 0, 20);
}

ACME_T_MAIN(ACME_T(ten_years_of_a_server))
