/* SPDX-License-Identifier: Apache-2.0 */

/* Years of many sites, on a clock that costs nothing. Orders that a CA would
 * have refused are counted here, independently of the counts of the module. */

#include "acme_t.h"
#include "world_limits.h"

#include "acme_ari.h"
#include "acme_plan.h"
#include "acme_ratelimit_policy.h"

static const acme_ratelimit_policy_t letsencrypt = {
    ACME_RATELIMIT_POLICY_LETSENCRYPT, 0, 0};

#define YEAR (365 * ACME_TIME_DAY)

/* ---- renewal information ---- */

typedef struct ari_site_t {
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_job_t job;
} ari_site_t;

static void make_ari_site(ari_site_t *site, const acme_ca_spec_t *ca, int i,
                          apr_time_t now, apr_pool_t *p)
{
    memset(site, 0, sizeof(*site));
    site->spec.name = apr_psprintf(p, "s%d.example", i);
    site->spec.names = world_strings(p, site->spec.name);
    site->spec.ca = ca;
    site->spec.key.type = ACME_KEY_P256;
    site->spec.via_ari = 1;
    site->spec.challenge_types = world_strings(p, "http-01");
    site->info.names = apr_array_copy(p, site->spec.names);
    site->info.key_type = "P-256";
    site->info.fingerprint = site->spec.name;
    site->info.ari_id = apr_psprintf(p, "key.%d", i);
    site->info.not_before = now;
    site->info.not_after = now + 90 * ACME_TIME_DAY;
    site->live.info = &site->info;
    site->live.ca_url = ca->url;
    site->inventory.live = &site->live;
    site->inventory.serving = ACME_SERVING_LKC;
    site->job.name = site->spec.name;
    site->job.names = apr_array_make(p, 1, sizeof(acme_job_name_t));
    site->job.log = apr_array_make(p, 1, sizeof(acme_job_entry_t));
    site->job.p = p;
}

/* Returns the window that the CA names for a certificate at that time. Every
 * tenth window is moved ahead half-way, as when a CA wants certificates
 * back. */
static acme_renewal_t window_of(int i, apr_time_t issued, apr_time_t now)
{
    acme_renewal_t renewal = {0, 0, NULL, 0};
    int days = i % 10 == 0 && now > issued + 30 * ACME_TIME_DAY ? 35 + i % 5
                                                                : 55 + i % 9;

    renewal.start = issued + days * ACME_TIME_DAY;
    renewal.end = renewal.start + (1 + i % 3) * ACME_TIME_DAY;
    renewal.again = now + ACME_TIME_DAY;
    return renewal;
}

static void ten_thousand_renewals_are_inside_their_windows(void **state)
{
    static const acme_ca_spec_t ca = {
        .url = "https://ca.test/dir", .label = "ca.test", .agreed = 1};
    apr_time_t begun = apr_time_from_sec(2000000000);
    int i, asked = 0;
    apr_pool_t *p;

    apr_pool_create(&p, *state);
    for (i = 0; i < 10000; ++i) {
        acme_renewal_t renewal = {0, 0, NULL, 0};
        apr_time_t now = begun;
        acme_plan_t plan;
        ari_site_t site;

        apr_pool_clear(p);
        make_ari_site(&site, &ca, i, begun, p);
        for (;;) {
            acme_plan(&plan, &site.spec, &site.inventory, &site.job, now, p);
            if (plan.what == ACME_PLAN_ORDER) {
                break;
            }
            if (plan.what == ACME_PLAN_ARI_QUERY) {
                renewal = window_of(i, begun, now);
                site.job.ari = acme_ari_told(site.job.ari, &renewal, &site.info,
                                             site.spec.name, now, p);
                ++asked;
                continue;
            }
            assert_int_equal(plan.what, ACME_PLAN_IDLE);
            assert_true(plan.at > now);
            now = plan.at;
        }
        if (now < renewal.start || now > renewal.end) {
            fail_msg("site %d is renewed outside of its window", i);
        }
    }
    apr_pool_destroy(p);
    /* once a day, as the CA has asked for */
    assert_in_range(asked, 10000 * 30, 10000 * 65);
}

/* ---- rate limits ---- */

static int staged_somewhere(const world_t *w)
{
    return world_count(w, ACME_STORE_STAGING) > 0;
}

/* Returns the first site without a valid certificate, or NULL. */
static const char *expired(const world_t *w, int from, int to)
{
    int i;

    for (i = from; i < to; ++i) {
        const acme_certstore_cert_t *live = world_inventory(w, i)->live;

        if (!live || live->info->not_after <= w->clock->now) {
            return APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->name;
        }
    }
    return NULL;
}

/* Gives the certificates that there are begins spread over two days, as sites
 * are added. */
static void let_sites_come(world_t *w, int sites)
{
    int i;

    for (i = 0; i < sites; ++i) {
        world_add(w, apr_psprintf(w->p, "www.old%d.test", i));
        if (i % 10 == 9) {
            world_restart(w);
            world_live(w, 2 * ACME_TIME_HOUR);
        }
    }
    world_restart(w);
    assert_null(expired(w, 0, sites));
}

static void a_move_of_many_sites_is_never_refused(void **state)
{
    enum { OLD = 200, NEW = 2000, SHARED = 60 };
    world_t *w = world_create(*state);
    world_limits_t *limits = world_limits_create(w);
    int i;

    w->ca_spec.rate = &letsencrypt;
    w->log.level = ACME_LOG_WARNING;
    test_issuer_config(w->issuer)->life = 6 * ACME_TIME_DAY;
    let_sites_come(w, OLD);
    /* the other sites come when the old ones are due */
    world_live(w, ACME_TIME_DAY);
    for (i = 0; i < NEW - SHARED; ++i) {
        world_add(w, apr_psprintf(w->p, "www.new%d.test", i));
    }
    for (i = 0; i < SHARED; ++i) {
        world_add(w, apr_psprintf(w->p, "site%d.shared.test", i));
    }
    world_add(w, "www.bad.test");
    w->ca->fail_name = "www.bad.test";
    world_restart(w);
    for (i = 0; i < 4 * 24; ++i) {
        world_live(w, ACME_TIME_HOUR);
        assert_null(expired(w, 0, OLD));
        if (staged_somewhere(w)) {
            world_restart(w);
        }
        if (!expired(w, 0, OLD + NEW)) {
            break;
        }
    }
    assert_null(expired(w, 0, OLD + NEW));
    world_limits_assert_none_refused(limits);
    assert_int_equal(w->ca->accounts, 1);
    /* each site once, and nothing else but renewals, none of them late */
    assert_in_range(limits->renewals, OLD, 2 * OLD);
    assert_in_range(limits->latest, 0, ACME_TIME_HOUR);
    assert_in_range(w->ca->orders, OLD + NEW + limits->renewals,
                    OLD + NEW + limits->renewals + 10);
}

/* ---- short lives ---- */

static void certificates_for_160_hours_outlive_a_day_without_a_ca(void **state)
{
    world_t *w = world_create(*state);
    int hour, i;

    test_issuer_config(w->issuer)->life = 160 * ACME_TIME_HOUR;
    for (i = 0; i < 5; ++i) {
        world_add(w, apr_psprintf(w->p, "s%d.example", i));
    }
    for (hour = 0; hour < 30 * 24; ++hour) {
        if (hour % (24 * 5) == 24 * 3) {
            /* each time another part of the life is met */
            w->ca->outage = 1000000;
        }
        if (hour % (24 * 5) == 24 * 4) {
            w->ca->outage = 0;
        }
        world_live(w, ACME_TIME_HOUR);
        if (staged_somewhere(w)) {
            world_restart(w);
        }
        if (hour > 1 && expired(w, 0, 5)) {
            fail_msg("%s has expired in hour %d", expired(w, 0, 5), hour);
        }
    }
    assert_int_equal(w->ca->accounts, 1);
    /* every 80 hours, and the renewals that an outage has moved */
    assert_in_range(w->ca->orders, 5 * 8, 5 * 12);
}

/* ---- ten years ---- */

typedef struct years_t {
    int orders;
    int tries;
    int most_tries; /* in one outage */
} years_t;

static int is_out(apr_time_t since)
{
    return since % YEAR > 200 * ACME_TIME_DAY
           && since % YEAR < 203 * ACME_TIME_DAY;
}

static void renew(ari_site_t *site, apr_time_t now, apr_time_t begun,
                  years_t *years, int *row, apr_pool_t *p)
{
    acme_problem_t *problem;

    ++years->tries;
    if (is_out(now - begun)) {
        problem = apr_pcalloc(site->job.p, sizeof(*problem));
        acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_NETWORK, site->job.p, "out");
        ++site->job.errors;
        site->job.problem = problem;
        site->job.digest = acme_spec_digest(&site->spec, site->job.p);
        site->job.last_run = now;
        site->job.next_run = acme_schedule_retry_at(
            problem, site->job.errors, ACME_TIME_MINUTE, site->spec.name, now);
        if (++*row > years->most_tries) {
            years->most_tries = *row;
        }
        return;
    }
    (void)p;
    *row = 0;
    ++years->orders;
    site->job.errors = 0;
    site->job.problem = NULL;
    site->job.next_run = 0;
    site->info.not_before = now;
    site->info.not_after =
        now + (now - begun < 5 * YEAR ? 90 : 45) * ACME_TIME_DAY;
}

static void one_site_for_ten_years(ari_site_t *site, apr_time_t begun,
                                   years_t *years, apr_pool_t *p)
{
    apr_time_t now = begun, end = begun + 10 * YEAR;
    int row = 0, turned = 0;
    acme_plan_t plan;

    while (now < end) {
        acme_plan(&plan, &site->spec, &site->inventory, &site->job, now, p);
        if (plan.what == ACME_PLAN_ORDER) {
            renew(site, now, begun, years, &row, p);
            continue;
        }
        assert_int_equal(plan.what, ACME_PLAN_IDLE);
        assert_true(plan.at > now);
        /* a restart every night plans anew */
        now = plan.at < now + ACME_TIME_DAY ? plan.at : now + ACME_TIME_DAY;
        if (!turned && now - begun > 6 * YEAR) {
            turned = 1;
            now -= 20 * ACME_TIME_HOUR;
        }
        if (site->info.not_after <= now) {
            fail_msg("%s has expired on day %d", site->spec.name,
                     (int)((now - begun) / ACME_TIME_DAY));
        }
    }
}

static void five_hundred_sites_for_ten_years(void **state)
{
    static const acme_ca_spec_t ca = {
        .url = "https://ca.test/dir", .label = "ca.test", .agreed = 1};
    apr_time_t begun = apr_time_from_sec(2000000000);
    int sites = 500;
    years_t years = {0, 0, 0};
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, *state);
    for (i = 0; i < sites; ++i) {
        ari_site_t site;

        apr_pool_clear(p);
        make_ari_site(&site, &ca, i, begun, p);
        site.spec.via_ari = 0;
        /* the certificates were not all issued on the same day */
        site.info.not_before -= (i % 60) * ACME_TIME_DAY;
        site.info.not_after -= (i % 60) * ACME_TIME_DAY;
        one_site_for_ten_years(&site, begun, &years, p);
    }
    apr_pool_destroy(p);
    /* every 60 days, then every 30 */
    assert_in_range(years.orders, sites * 88, sites * 93);
    /* an outage gets no more requests than the backoff allows */
    assert_in_range(years.most_tries, 1, 7);
    assert_in_range(years.tries - years.orders, 0, sites * 7 * 10);
}

ACME_T_MAIN(ACME_T(ten_thousand_renewals_are_inside_their_windows),
            ACME_T(a_move_of_many_sites_is_never_refused),
            ACME_T(certificates_for_160_hours_outlive_a_day_without_a_ca),
            ACME_T(five_hundred_sites_for_ten_years))
