/* SPDX-License-Identifier: Apache-2.0 */

/* Dry runs: the whole journey, and nothing that stays. */

#include "acme_t_desk.h"

#define A "a.example"

static const char *ask(desk_t *desk, const char *ca)
{
    acme_json_t *body = acme_json_object(desk->w->p);

    acme_json_set_str(body, "ca", ca);
    acme_json_set_str(body, "label", "the test service");
    return desk_ask(desk, ACME_CTL_RENEW, A, 0, NULL, body);
}

static const acme_job_t *job_of(desk_t *desk)
{
    return world_job(desk->w, acme_ctl_request_dry_name(A, desk->w->p));
}

/* A site that serves its certificate from the first CA; the second is the test
 * service. */
static desk_t *served(apr_pool_t *p)
{
    desk_t *desk = desk_create(p);
    world_t *w = desk->w;

    w->other = model_ca_create(w->p);
    w->other->sign = w->ca->sign;
    w->other->sign_baton = w->ca->sign_baton;
    w->other->is_up = w->ca->is_up;
    w->other->is_up_baton = w;
    world_add(w, A);
    desk_boot(desk);
    assert_true(world_run(w));
    desk_restart(desk);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    return desk;
}

/* All that the site has, as text. */
static const char *all_of(world_t *w)
{
    static const char *const kinds[] = {ACME_STORE_STAGING, ACME_STORE_KEYS,
                                        ACME_STORE_CHALLENGES};
    acme_store_item_t item;
    const char *text;
    size_t i;

    assert_int_equal(
        acme_vault_get(&item, w->vault, ACME_STORE_JOBS, A, NULL, w->p), 0);
    text = item.data;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        text = apr_psprintf(w->p, "%s\n%s %d", text, kinds[i],
                            world_count(w, kinds[i]));
    }
    return text;
}

static void it_is_at_the_test_service_and_changes_nothing(void **state)
{
    desk_t *desk = served(*state);
    const char *before = all_of(desk->w);
    const char *id = ask(desk, WORLD_OTHER);

    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->other->orders, 1);
    assert_int_equal(desk->w->other->finalized, 1);
    assert_int_equal(desk->w->ca->orders, 1);
    assert_string_equal(all_of(desk->w), before);
    assert_string_equal(job_of(desk)->request, id);
    assert_int_equal(job_of(desk)->asked, ACME_ASKED_NO);
    assert_null(job_of(desk)->problem);
    /* once, whoever looks again */
    world_live(desk->w, 2 * ACME_TIME_DAY);
    desk_restart(desk);
    world_live(desk->w, 2 * ACME_TIME_DAY);
    assert_int_equal(desk->w->other->orders, 1);
    assert_int_equal(desk->w->ca->orders, 1);
    /* the next one has the same account */
    ask(desk, WORLD_OTHER);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->other->orders, 2);
    assert_int_equal(desk->w->other->accounts, 1);
}

static void what_fails_is_told_and_not_repeated(void **state)
{
    desk_t *desk = served(*state);
    const char *before = all_of(desk->w);

    desk->w->other->fail_name = A;
    ask(desk, WORLD_OTHER);
    assert_true(world_run(desk->w));
    assert_string_equal(all_of(desk->w), before);
    assert_non_null(job_of(desk)->problem);
    assert_int_equal(job_of(desk)->asked, ACME_ASKED_NO);
    assert_int_equal(world_said(desk->w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(world_said(desk->w, ACME_LOG_WARNING, NULL), 0);
    world_live(desk->w, 3 * ACME_TIME_DAY);
    assert_int_equal(desk->w->other->orders, 1);
    assert_null(world_job(desk->w, A)->problem);
}

static void a_test_service_that_is_out_is_no_failure_of_the_site(void **state)
{
    desk_t *desk = served(*state);

    desk->w->other->unreachable = 100;
    ask(desk, WORLD_OTHER);
    assert_true(world_run(desk->w));
    assert_non_null(job_of(desk)->problem);
    assert_int_equal(world_job(desk->w, A)->errors, 0);
    assert_true(desk->w->other->requests < 10);
}

static void the_ca_itself_may_be_named(void **state)
{
    desk_t *desk = served(*state);

    ask(desk, MODEL_CA_DIRECTORY);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->ca->orders, 2);
    assert_int_equal(desk->w->ca->accounts, 1);
    assert_int_equal(world_count(desk->w, ACME_STORE_STAGING), 0);
}

static void one_that_is_killed_is_done_by_the_next(void **state)
{
    int n;

    for (n = 2; n < 10; n += 3) {
        desk_t *desk = served(*state);
        const char *id = ask(desk, WORLD_OTHER);

        desk->w->kill_answer = n;
        assert_false(world_run(desk->w));
        desk_restart(desk);
        assert_true(world_run(desk->w));
        assert_string_equal(job_of(desk)->request, id);
        assert_int_equal(job_of(desk)->asked, ACME_ASKED_NO);
        assert_null(job_of(desk)->problem);
        assert_int_equal(world_count(desk->w, ACME_STORE_STAGING), 0);
        assert_int_equal(world_count(desk->w, ACME_STORE_KEYS), 0);
    }
}

static void a_request_that_makes_no_sense_is_left_alone(void **state)
{
    desk_t *desk = served(*state);
    acme_json_t *body = acme_json_object(desk->w->p);
    int requests = desk->w->ca->requests;

    acme_json_set_str(body, "ca", WORLD_OTHER);
    desk_ask(desk, ACME_CTL_RENEW, A, 0, NULL, body);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->ca->requests, requests);
    assert_int_equal(desk->w->other->requests, 0);
}

ACME_T_MAIN(ACME_T(it_is_at_the_test_service_and_changes_nothing),
            ACME_T(what_fails_is_told_and_not_repeated),
            ACME_T(a_test_service_that_is_out_is_no_failure_of_the_site),
            ACME_T(the_ca_itself_may_be_named),
            ACME_T(one_that_is_killed_is_done_by_the_next),
            ACME_T(a_request_that_makes_no_sense_is_left_alone))
