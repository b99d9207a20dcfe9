/* SPDX-License-Identifier: Apache-2.0 */

/* Limits of a CA that are known beforehand, and how a worker keeps to them. */

#include "acme_t.h"
#include "world.h"

#include "acme_ratelimit_policy.h"

static const acme_ratelimit_policy_t letsencrypt = {
    ACME_RATELIMIT_POLICY_LETSENCRYPT, 0, 0};

#define ACCOUNTS 30

/* Counts of the model. */
static struct {
    apr_time_t full; /* when a name may fail five times again */
    int refused;
} ca;

static const char *job_limit(const world_t *w, const char *name)
{
    return world_job(w, name)->limit;
}

/* Begins a process that does not wait after a failure. */
static void try_now(world_t *w, const char *name)
{
    acme_job_t *job = world_job(w, name);

    job->next_run = job->limit ? job->next_run : 0;
    assert_int_equal(acme_job_save(job, w->vault, ACME_STORE_LAZY, NULL, w->p),
                     0);
    world_boot(w);
}

/* Counts failures like Let's Encrypt: five, and one more every twelve
 * minutes. */
static const char *too_many_failures(void *baton, const char *kid,
                                     const char *payload, int *seconds)
{
    static const apr_interval_time_t token = 12 * ACME_TIME_MINUTE;
    world_t *w = baton;
    apr_time_t now = w->clock->now;

    (void)kid;
    if (!strstr(payload, "bad.test")) {
        return NULL;
    }
    ca.full = (ca.full > now ? ca.full : now) + token;
    ca.refused += ca.full > now + 5 * token;
    *seconds = 3600;
    return ca.full > now + 5 * token ? "too many failures" : NULL;
}

static void a_name_that_fails_is_asked_for_five_times_an_hour(void **state)
{
    world_t *w = world_create(*state);
    apr_time_t end;
    int hour;

    world_add(w, "bad.test");
    world_add(w, "good.test");
    w->ca_spec.rate = &letsencrypt;
    w->ca->fail_name = "bad.test";
    w->ca->limit = too_many_failures;
    w->ca->limit_baton = w;
    memset(&ca, 0, sizeof(ca));
    world_boot(w);
    /* an administrator without patience tries each minute */
    for (hour = 0; hour < 4; ++hour) {
        int before = w->ca->asked;

        for (end = w->clock->now + ACME_TIME_HOUR; w->clock->now < end;) {
            try_now(w, "bad.test");
            world_live(w, ACME_TIME_MINUTE);
        }
        /* first also the good site, and the five tokens of the beginning */
        assert_in_range(w->ca->asked - before, hour ? 4 : 9, hour ? 5 : 11);
        if (job_limit(w, "bad.test")) {
            assert_non_null(
                strstr(job_limit(w, "bad.test"), "failed validations"));
        }
    }
    assert_int_equal(ca.refused, 0);
    assert_int_equal(w->ca->finalized, 1);
    /* no certificate is counted, because none was issued */
    w->ca->fail_name = NULL;
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 2);
}

static void die_with_an_order(world_t *w, const script_request_t *request)
{
    if (strstr(request->url, "/authz/")) {
        w->kill_request = 1;
    }
}

static void a_failure_is_noted_by_who_sees_it(void **state)
{
    world_t *w = world_create(*state);
    int i;

    world_add(w, "bad.test");
    w->ca_spec.rate = &letsencrypt;
    w->ca->fail_name = "bad.test";
    world_boot(w);
    for (i = 0; i < 7; ++i) {
        w->on_request = die_with_an_order;
        world_live(w, 1);
        w->on_request = NULL;
        world_boot(w);
        world_live(w, 1);
        try_now(w, "bad.test");
    }
    assert_int_equal(w->ca->asked, 5);
    assert_non_null(strstr(job_limit(w, "bad.test"), "failed validations"));
}

static const char *slow_down(void *baton, const char *kid, const char *payload,
                             int *seconds)
{
    (void)baton;
    (void)kid;
    (void)payload;
    (void)seconds;
    ++ca.refused;
    return "slow down";
}

/* Refused orders are not counted: three of them would be all that is
 * allowed. */
static void an_order_that_was_not_made_gives_its_token_back(void **state)
{
    world_t *w = world_create(*state);

    w->ca_spec.rate = world_rate(w, 4, 100 * ACME_TIME_DAY);
    world_add(w, "a.test");
    world_add(w, "b.test");
    world_boot(w);
    memset(&ca, 0, sizeof(ca));
    w->ca->limit = slow_down;
    world_live(w, ACME_TIME_DAY);
    assert_true(ca.refused >= 4);
    assert_null(world_job(w, "a.test")->limit);
    w->ca->limit = NULL;
    world_live(w, ACME_TIME_DAY);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 2);
    assert_int_equal(w->ca->asked, ca.refused + 2);
}

/* Makes six of eight orders; the rest is reserved for renewals. */
static world_t *six_of_eight(apr_pool_t *p)
{
    world_t *w = world_create(p);
    int i;

    w->ca_spec.rate = world_rate(w, 8, 300 * ACME_TIME_DAY);
    test_issuer_config(w->issuer)->life = 6 * ACME_TIME_DAY;
    for (i = 0; i < 6; ++i) {
        world_add(w, apr_psprintf(p, "s%d.test", i))->via_ari = 1;
    }
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->ca->orders, 6);
    world_restart(w);
    return w;
}

static void what_the_ca_wants_renewed_counts_nowhere(void **state)
{
    world_t *w = six_of_eight(*state);

    w->ca->renewal_window = "2030-01-02T00:00:00Z 2030-01-02T00:00:01Z";
    world_live(w, 2 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 12);
}

/* A renewal at our own time is not exempt. */
static void what_it_has_named_no_time_for_counts(void **state)
{
    world_t *w = six_of_eight(*state);

    w->ca->no_renewal_info = 1;
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 8);
}

/* Times of the last requests for nonces. */
static struct {
    apr_time_t heads[64];
    int n;
    int most;
} second;

static void count_heads(world_t *w, const script_request_t *request)
{
    int i, n = 1;

    if (strcmp(request->method, "HEAD") != 0) {
        return;
    }
    for (i = 0; i < second.n && i < 64; ++i) {
        n += second.heads[(second.n - 1 - i) % 64]
             > w->clock->now - apr_time_from_sec(1);
    }
    second.heads[second.n++ % 64] = w->clock->now;
    second.most = n > second.most ? n : second.most;
}

static void many_accounts_are_one_client_to_a_ca(void **state)
{
    world_t *w = world_create(*state);
    int i;

    w->ca_spec.rate = &letsencrypt;
    w->ca->delay = 300000;
    for (i = 0; i < ACCOUNTS; ++i) {
        acme_ca_spec_t *account =
            apr_pmemdup(w->p, &w->ca_spec, sizeof(*account));

        account->contact = apr_psprintf(w->p, "mailto:a%d@example.org", i);
        world_add(w, apr_psprintf(w->p, "a%d.test", i))->ca = account;
        world_add(w, apr_psprintf(w->p, "b%d.test", i))->ca = account;
    }
    memset(&second, 0, sizeof(second));
    w->on_request = count_heads;
    w->parallel = 50;
    assert_true(world_run(w));
    assert_int_equal(w->ca->accounts, ACCOUNTS);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 2 * ACCOUNTS);
    assert_int_equal(w->ca->directories, 1);
    assert_in_range(second.most, 10, 20);
    assert_true(second.n >= ACCOUNTS);
}

ACME_T_MAIN(ACME_T(a_name_that_fails_is_asked_for_five_times_an_hour),
            ACME_T(a_failure_is_noted_by_who_sees_it),
            ACME_T(an_order_that_was_not_made_gives_its_token_back),
            ACME_T(what_the_ca_wants_renewed_counts_nowhere),
            ACME_T(what_it_has_named_no_time_for_counts),
            ACME_T(many_accounts_are_one_client_to_a_ca))
