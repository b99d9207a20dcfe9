/* SPDX-License-Identifier: Apache-2.0 */

/* Renewals that the CA has asked for do not count for its limits: those inside
 * their window, and no others. */

#include "acme_t.h"
#include "world.h"

#include "acme_ratelimit_policy.h"

#define A "a.example"
#define B "b.example"

/* Windows. The clock begins on 2030-01-01; a certificate of 90 days is renewed
 * on day 60.3 without a window, and on day 81 at the latest with one. */
#define DAYS_50_55 "2030-02-20T00:00:00Z 2030-02-25T00:00:00Z"
#define DAYS_85_89 "2030-03-27T00:00:00Z 2030-03-31T00:00:00Z"
#define PAST       "2029-12-01T00:00:00Z 2029-12-02T00:00:00Z"

typedef struct windows_t {
    world_t *w;
    const char *of[2]; /* of the site's live certificate; NULL: 404 */
} windows_t;

static const char *window_of(void *baton, const char *id, apr_pool_t *p)
{
    const windows_t *windows = baton;
    const acme_certstore_cert_t *live;
    int i;

    (void)p;
    for (i = 0; i < 2; ++i) {
        live = world_inventory(windows->w, i)->live;
        if (live && strcmp(live->info->ari_id, id) == 0) {
            return windows->of[i];
        }
    }
    return NULL;
}

/* Makes two sites that have used up all orders of half a year. */
static world_t *used_up(apr_pool_t *p, const char *a, const char *b, int orders)
{
    windows_t *windows = apr_pcalloc(p, sizeof(*windows));
    world_t *w = world_create(p);

    w->ca_spec.rate = world_rate(w, orders, 366 * ACME_TIME_DAY);
    windows->w = w;
    windows->of[0] = a;
    windows->of[1] = b;
    w->ca->window_of = window_of;
    w->ca->window_baton = windows;
    world_add(w, A)->via_ari = 1;
    world_add(w, B)->via_ari = 1;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 2);
    world_restart(w);
    return w;
}

static int waits(const world_t *w, const char *name)
{
    const acme_job_t *job = world_job(w, name);

    return job->limit && job->next_run > w->clock->now;
}

static void one_inside_its_window_is_renewed(void **state)
{
    world_t *w = used_up(*state, DAYS_50_55, NULL, 2);

    world_live(w, 65 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 3);
    assert_non_null(w->ca->replaces);
    world_assert_staged(w, A);
    /* the other site has no window, and has been due for days */
    assert_false(waits(w, A));
    assert_true(waits(w, B));
}

static void one_that_is_not_inside_waits(void **state)
{
    static const char *const windows[] = {DAYS_85_89, PAST, NULL};
    size_t i;

    for (i = 0; i < sizeof(windows) / sizeof(windows[0]); ++i) {
        world_t *w = used_up(*state, windows[i], NULL, 2);

        world_live(w, 82 * ACME_TIME_DAY);
        assert_int_equal(w->ca->orders, 2);
        assert_true(waits(w, A));
        assert_true(waits(w, B));
    }
}

static void what_was_said_of_another_certificate_is_no_window(void **state)
{
    world_t *w = used_up(*state, DAYS_50_55, NULL, 2);
    acme_certstore_cert_t *live;
    acme_cert_info_t *info;

    assert_true(world_run(w));
    assert_non_null(world_job(w, A)->ari);
    live = apr_pmemdup(w->p, world_inventory(w, 0)->live, sizeof(*live));
    info = apr_pmemdup(w->p, live->info, sizeof(*info));
    info->ari_id = "other.certificate";
    live->info = info;
    world_inventory(w, 0)->live = live;
    world_boot(w);
    w->ca->renewal_status = 500;
    world_live(w, 65 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
    assert_true(waits(w, A));
}

static void one_that_replaces_nothing_after_all_counts(void **state)
{
    world_t *w = used_up(*state, DAYS_50_55, NULL, 3);

    /* the exempt renewal leaves an order to the other site */
    world_live(w, 65 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 4);
    assert_false(waits(w, B));
    w = used_up(*state, DAYS_50_55, NULL, 3);
    w->ca->replaced = 1;
    world_live(w, 65 * ACME_TIME_DAY);
    assert_null(w->ca->replaces);
    assert_int_equal(w->ca->orders, 3);
    world_assert_staged(w, A);
    assert_true(waits(w, B));
}

ACME_T_MAIN(ACME_T(one_inside_its_window_is_renewed),
            ACME_T(one_that_is_not_inside_waits),
            ACME_T(what_was_said_of_another_certificate_is_no_window),
            ACME_T(one_that_replaces_nothing_after_all_counts))
