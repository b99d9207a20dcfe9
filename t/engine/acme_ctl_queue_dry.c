/* SPDX-License-Identifier: Apache-2.0 */

/* Dry runs: the whole journey, and nothing that stays. */

#include "acme_t.h"
#include "world_ctl.h"

#define A "a.example"

static const char *ask(world_ctl_t *ctl, const char *ca)
{
    acme_json_t *body = acme_json_object(ctl->w->p);

    acme_json_set_str(body, "ca", ca);
    acme_json_set_str(body, "label", "the test service");
    return world_ctl_ask(ctl, ACME_CTL_RENEW, A, 0, NULL, body);
}

static const acme_job_t *job_of(world_ctl_t *ctl)
{
    return world_job(ctl->w, acme_ctl_request_dry_name(A, ctl->w->p));
}

/* A site that serves its certificate from the first CA; the second is the test
 * service. */
static world_ctl_t *served(apr_pool_t *p)
{
    world_ctl_t *ctl = world_ctl_create(p);
    world_t *w = ctl->w;

    w->other = model_ca_create(w->p);
    w->other->sign = w->ca->sign;
    w->other->sign_baton = w->ca->sign_baton;
    w->other->is_up = w->ca->is_up;
    w->other->is_up_baton = w;
    world_add(w, A);
    world_ctl_boot(ctl);
    assert_true(world_run(w));
    world_ctl_restart(ctl);
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 1);
    return ctl;
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
    world_ctl_t *ctl = served(*state);
    const char *before = all_of(ctl->w);
    const char *id = ask(ctl, WORLD_OTHER);

    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->other->orders, 1);
    assert_int_equal(ctl->w->other->finalized, 1);
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_string_equal(all_of(ctl->w), before);
    assert_string_equal(job_of(ctl)->request, id);
    assert_int_equal(job_of(ctl)->asked, ACME_ASKED_NO);
    assert_null(job_of(ctl)->problem);
    /* once, whoever looks again */
    world_live(ctl->w, 2 * ACME_TIME_DAY);
    world_ctl_restart(ctl);
    world_live(ctl->w, 2 * ACME_TIME_DAY);
    assert_int_equal(ctl->w->other->orders, 1);
    assert_int_equal(ctl->w->ca->orders, 1);
    /* the next one has the same account */
    ask(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->other->orders, 2);
    assert_int_equal(ctl->w->other->accounts, 1);
}

static void what_fails_is_told_and_not_repeated(void **state)
{
    world_ctl_t *ctl = served(*state);
    const char *before = all_of(ctl->w);

    ctl->w->other->fail_name = A;
    ask(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_string_equal(all_of(ctl->w), before);
    assert_non_null(job_of(ctl)->problem);
    assert_int_equal(job_of(ctl)->asked, ACME_ASKED_NO);
    assert_int_equal(world_said(ctl->w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(world_said(ctl->w, ACME_LOG_WARNING, NULL), 0);
    world_live(ctl->w, 3 * ACME_TIME_DAY);
    assert_int_equal(ctl->w->other->orders, 1);
    assert_null(world_job(ctl->w, A)->problem);
}

static void a_test_service_that_is_out_is_no_failure_of_the_site(void **state)
{
    world_ctl_t *ctl = served(*state);

    ctl->w->other->unreachable = 100;
    ask(ctl, WORLD_OTHER);
    assert_true(world_run(ctl->w));
    assert_non_null(job_of(ctl)->problem);
    assert_int_equal(world_job(ctl->w, A)->errors, 0);
    assert_true(ctl->w->other->requests < 10);
}

static void the_ca_itself_may_be_named(void **state)
{
    world_ctl_t *ctl = served(*state);

    ask(ctl, MODEL_CA_DIRECTORY);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 2);
    assert_int_equal(ctl->w->ca->accounts, 1);
    assert_int_equal(world_count(ctl->w, ACME_STORE_STAGING), 0);
}

static void one_that_is_killed_is_done_by_the_next(void **state)
{
    int n;

    for (n = 2; n < 10; n += 3) {
        world_ctl_t *ctl = served(*state);
        const char *id = ask(ctl, WORLD_OTHER);

        ctl->w->kill_answer = n;
        assert_false(world_run(ctl->w));
        world_ctl_restart(ctl);
        assert_true(world_run(ctl->w));
        assert_string_equal(job_of(ctl)->request, id);
        assert_int_equal(job_of(ctl)->asked, ACME_ASKED_NO);
        assert_null(job_of(ctl)->problem);
        assert_int_equal(world_count(ctl->w, ACME_STORE_STAGING), 0);
        assert_int_equal(world_count(ctl->w, ACME_STORE_KEYS), 0);
    }
}

static void a_request_that_makes_no_sense_is_left_alone(void **state)
{
    world_ctl_t *ctl = served(*state);
    acme_json_t *body = acme_json_object(ctl->w->p);
    int requests = ctl->w->ca->requests;

    acme_json_set_str(body, "ca", WORLD_OTHER);
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 0, NULL, body);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->requests, requests);
    assert_int_equal(ctl->w->other->requests, 0);
}

ACME_T_MAIN(ACME_T(it_is_at_the_test_service_and_changes_nothing),
            ACME_T(what_fails_is_told_and_not_repeated),
            ACME_T(a_test_service_that_is_out_is_no_failure_of_the_site),
            ACME_T(the_ca_itself_may_be_named),
            ACME_T(one_that_is_killed_is_done_by_the_next),
            ACME_T(a_request_that_makes_no_sense_is_left_alone))
