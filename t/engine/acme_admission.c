/* SPDX-License-Identifier: Apache-2.0 */

/* Limits that the CA names, and how a worker keeps to them; limits that are
 * known beforehand are in acme_admission_rates.c. */

#include "acme_t.h"
#include "world_ctl.h"

#include "acme_json.h"
#include "acme_ratelimit_policy.h"

static const acme_ratelimit_policy_t letsencrypt = {
    ACME_RATELIMIT_POLICY_LETSENCRYPT, 0, 0};

#define SITES 30

/* The model's limit: it refuses newOrders with `part` in them until `until`,
 * and lets `lets` of them through after that. */
static struct {
    world_t *w;
    const char *part;
    const char *words;
    apr_time_t until;
    int lets;
    int seconds;
    int refused;
    int refused_others;
} limit;

static const char *limits(void *baton, const char *kid, const char *payload,
                          int *seconds)
{
    world_t *w = limit.w;

    (void)baton;
    (void)kid;
    if (!strstr(payload, limit.part)) {
        return NULL;
    }
    if (w->clock->now >= limit.until && limit.lets-- > 0) {
        return NULL;
    }
    if (w->clock->now >= limit.until) {
        limit.until = w->clock->now + apr_time_from_sec(limit.seconds);
        limit.lets = 1000;
    }
    *seconds =
        limit.seconds ? (int)apr_time_sec(limit.until - w->clock->now) + 1 : 0;
    ++limit.refused;
    return limit.words;
}

static void set_limit(world_t *w, const char *part, const char *words,
                      int seconds)
{
    memset(&limit, 0, sizeof(limit));
    limit.w = w;
    limit.part = part;
    limit.words = words;
    limit.seconds = seconds;
    limit.until = w->clock->now + apr_time_from_sec(seconds ? seconds : 3600);
    limit.lets = 1000;
    w->ca->limit = limits;
}

static acme_ca_spec_t *another_account(world_t *w)
{
    acme_ca_spec_t *ca = apr_pmemdup(w->p, &w->ca_spec, sizeof(*ca));

    ca->contact = "mailto:other@example.org";
    return ca;
}

/* Makes SITES sites "one", and half as many sites "two" of another account. */
static world_t *two_accounts(apr_pool_t *p, int one_domain)
{
    world_t *w = world_create(p);
    const acme_ca_spec_t *other = another_account(w);
    int i;

    for (i = 0; i < SITES; ++i) {
        world_add(w, one_domain ? apr_psprintf(p, "s%d.one.test", i)
                                : apr_psprintf(p, "one%d.test", i));
    }
    for (i = 0; i < SITES / 2; ++i) {
        world_add(w, apr_psprintf(p, "two%d.test", i))->ca = other;
    }
    w->parallel = 10;
    world_boot(w);
    return w;
}

static int staged_of(const world_t *w, const char *part)
{
    apr_array_header_t *names;
    int i, n = 0;

    assert_int_equal(
        acme_store_list(&names, w->mem, ACME_STORE_STAGING, NULL, w->p), 0);
    for (i = 0; i < names->nelts; ++i) {
        n += strstr(APR_ARRAY_IDX(names, i, const char *), part) != NULL;
    }
    return n;
}

/* Asserts that each site that has not asked says for what it waits, and until
 * when. */
static void assert_held(const world_t *w, const char *part, int sites,
                        const char *why, apr_interval_time_t wait)
{
    int i, held = 0, refused = 0;

    for (i = 0; i < w->specs->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->name;
        const acme_job_t *job;

        if (!strstr(name, part)) {
            continue;
        }
        job = world_job(w, name);
        assert_true(job->next_run >= FAKE_CLOCK_START + wait);
        assert_true(job->next_run
                    <= FAKE_CLOCK_START + wait + ACME_TIME_MINUTE);
        if (job->limit) {
            assert_non_null(strstr(job->limit, why));
            assert_null(job->problem);
            ++held;
        }
        else {
            assert_true(acme_problem_is(job->problem, "rateLimited"));
            ++refused;
        }
    }
    assert_int_equal(refused, limit.refused);
    assert_int_equal(held, sites - refused);
}

static void holds_those_it_names(apr_pool_t *p, int one_domain,
                                 const char *words, const char *why)
{
    static const char part[] = "one";
    world_t *w = two_accounts(p, one_domain);
    int refused;

    set_limit(w, part, words, 7200);
    world_live(w, ACME_TIME_MINUTE);
    assert_int_equal(staged_of(w, "two"), SITES / 2);
    assert_int_equal(staged_of(w, part), 0);
    /* no more than the running orders were refused */
    refused = limit.refused;
    assert_in_range(refused, 1, 10);
    assert_held(w, part, SITES, why, 2 * ACME_TIME_HOUR);
    /* no site asks again, not even a new one, or after a restart */
    world_add(w, "new.one.test");
    world_restart(w);
    world_live(w, ACME_TIME_HOUR);
    world_restart(w);
    world_live(w, 58 * ACME_TIME_MINUTE);
    assert_int_equal(limit.refused, refused);
    assert_held(w, part, SITES + 1, why, 2 * ACME_TIME_HOUR);
    /* all ask when the time has come */
    world_live(w, 10 * ACME_TIME_MINUTE);
    assert_int_equal(staged_of(w, part), SITES + 1);
    assert_int_equal(limit.refused, refused);
    assert_int_equal(w->ca->asked, refused + SITES + 1 + SITES / 2);
    assert_null(
        world_job(w, APR_ARRAY_IDX(w->specs, SITES - 1, acme_spec_t *)->name)
            ->limit);
}

static void a_limit_of_an_account_holds_its_sites(void **state)
{
    holds_those_it_names(*state, 0,
                         "too many new orders (300) from this account in the "
                         "last 3h0m0s, retry after 2030-01-01 02:00:00 UTC",
                         "orders of this account");
}

static void a_limit_of_a_domain_holds_its_sites(void **state)
{
    holds_those_it_names(*state, 1,
                         "too many certificates (50) already issued for "
                         "\\\"one.test\\\" in the last 168h0m0s",
                         "certificates for one.test");
}

/* The first order after the wait probes for the others. */
static void an_account_that_is_limited_again(void **state)
{
    world_t *w = two_accounts(*state, 0);
    int refused;

    set_limit(w, "one", "too many new orders (300) from this account", 7200);
    limit.lets = 0;
    world_live(w, ACME_TIME_HOUR);
    refused = limit.refused;
    assert_in_range(refused, 1, 10);
    world_live(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(limit.refused, refused + 1);
    assert_int_equal(staged_of(w, "one"), 0);
    /* the next process knows the time only */
    world_live(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(staged_of(w, "one"), SITES);
    assert_int_equal(limit.refused, refused + 1);
}

static void a_damaged_pause_counts_as_none(void **state)
{
    world_t *w = two_accounts(*state, 0);
    apr_array_header_t *names;
    int i, refused, damaged = 0;

    set_limit(w, "one", "too many new orders (300) from this account", 7200);
    world_live(w, ACME_TIME_MINUTE);
    refused = limit.refused;
    assert_int_equal(
        acme_store_list(&names, w->mem, ACME_STORE_NOTES, NULL, w->p), 0);
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (strncmp(name, "pause ", 6) == 0) {
            world_damage(w, ACME_STORE_NOTES, name);
            ++damaged;
        }
    }
    assert_int_equal(damaged, 1);
    world_add(w, "one-more.test");
    world_restart(w);
    world_live(w, ACME_TIME_MINUTE);
    /* the CA names the limit again */
    assert_int_equal(limit.refused, refused + 1);
    world_live(w, 2 * ACME_TIME_HOUR + 10 * ACME_TIME_MINUTE);
    assert_int_equal(staged_of(w, "one"), SITES + 1);
}

static void words_that_are_not_understood_hold_one_site(void **state)
{
    world_t *w = two_accounts(*state, 0);

    set_limit(w, "\"one0.test\"", "slow down", 7200);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(limit.refused, 1);
    assert_int_equal(staged_of(w, "one"), SITES - 1);
    assert_int_equal(staged_of(w, "two"), SITES / 2);
    world_live(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(staged_of(w, "one"), SITES);
}

static void without_a_time_the_wait_is_of_the_site(void **state)
{
    world_t *w = two_accounts(*state, 0);
    const acme_job_t *job;

    set_limit(w, "\"one0.test\"", "too many new orders from this account", 0);
    world_live(w, ACME_TIME_MINUTE - 1);
    assert_int_equal(limit.refused, 1);
    assert_int_equal(staged_of(w, "one"), SITES - 1);
    job = world_job(w, "one0.test");
    assert_in_range(job->next_run, FAKE_CLOCK_START + ACME_TIME_MINUTE,
                    FAKE_CLOCK_START + 80 * APR_USEC_PER_SEC);
}

/* A short wait holds all sites as well, because they would ask otherwise. */
static void a_wait_of_seconds_is_one_for_all(void **state)
{
    world_t *w = two_accounts(*state, 0);

    set_limit(w, "one", "too many new orders (300) from this account", 120);
    world_live(w, ACME_TIME_MINUTE);
    assert_in_range(limit.refused, 1, 10);
    assert_int_equal(w->ca->asked, limit.refused + SITES / 2);
    world_live(w, 5 * ACME_TIME_MINUTE);
    assert_int_equal(staged_of(w, "one"), SITES);
    assert_in_range(limit.refused, 1, 10);
}

/* Lets a site be refused for a limit of its account, for two hours. */
static void live_with_limit(world_t *w, const char *part)
{
    set_limit(w, part, "too many new orders (300) from this account", 7200);
    world_live(w, ACME_TIME_MINUTE);
    assert_int_equal(limit.refused, 1);
}

static void nobody_asks_sooner_by_hand(void **state)
{
    world_ctl_t *ctl = world_ctl_create(*state);
    world_t *w = ctl->w;

    world_add(w, "one.test");
    world_add(w, "alone.test")->ca = another_account(w);
    w->parallel = 1;
    world_ctl_boot(ctl);
    live_with_limit(w, "\"one.test\"");
    assert_int_equal(world_job(w, "one.test")->errors, 1);
    world_ctl_ask(ctl, ACME_CTL_RENEW, "one.test", 1, NULL, NULL);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(limit.refused, 1);
    assert_non_null(strstr(world_job(w, "one.test")->limit, "this account"));
    assert_int_equal(world_job(w, "one.test")->asked, ACME_ASKED_FORCE);
    world_live(w, 2 * ACME_TIME_HOUR);
    world_assert_staged(w, "one.test");
    assert_int_equal(limit.refused, 1);
}

/* A limit that the CA has named holds even a renewal that the CA has asked for;
 * a limit that is known beforehand does not. */
static void a_renewal_that_the_ca_wants_is_held_too(void **state)
{
    world_t *w = world_create(*state);
    acme_spec_t *old = world_add(w, "www.one.test");
    int asked;

    old->via_ari = 1;
    w->ca_spec.rate = &letsencrypt;
    world_live(w, ACME_TIME_HOUR);
    world_restart(w);
    world_live(w, ACME_TIME_HOUR);
    world_add(w, "new.one.test");
    w->ca->renewal_window = "2030-01-01T00:00:00Z 2030-01-01T00:00:01Z";
    w->ca->renewal_again = "60";
    set_limit(w, "one.test",
              "too many certificates (50) already issued for "
              "\\\"one.test\\\"",
              86400);
    world_restart(w);
    world_live(w, ACME_TIME_MINUTE);
    assert_int_equal(limit.refused, 1);
    world_live(w, 20 * ACME_TIME_HOUR);
    assert_int_equal(limit.refused, 1);
    asked = w->ca->asked;
    assert_non_null(strstr(world_job(w, "www.one.test")->limit, "one.test"));
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(w->ca->asked, asked + 2);
    assert_int_equal(staged_of(w, "one.test"), 2);
}

/* A site with a second CA goes there as soon as if the first had refused its
 * own order. */
static void who_has_another_ca_goes_there(void **state)
{
    world_t *w = world_create(*state);
    acme_spec_t *spec;

    world_add(w, "a.one.test");
    spec = world_add(w, "b.one.test");
    world_add_ca(w, spec);
    spec->failover = 1;
    w->parallel = 1;
    world_boot(w);
    live_with_limit(w, "one.test");
    assert_int_equal(w->other->orders, 1);
    world_assert_staged(w, "b.one.test");
    assert_null(world_job(w, "b.one.test")->limit);
}

ACME_T_MAIN(ACME_T(a_limit_of_an_account_holds_its_sites),
            ACME_T(a_limit_of_a_domain_holds_its_sites),
            ACME_T(an_account_that_is_limited_again),
            ACME_T(a_damaged_pause_counts_as_none),
            ACME_T(words_that_are_not_understood_hold_one_site),
            ACME_T(without_a_time_the_wait_is_of_the_site),
            ACME_T(a_wait_of_seconds_is_one_for_all),
            ACME_T(nobody_asks_sooner_by_hand),
            ACME_T(a_renewal_that_the_ca_wants_is_held_too),
            ACME_T(who_has_another_ca_goes_there))
