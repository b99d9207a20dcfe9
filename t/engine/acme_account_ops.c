/* SPDX-License-Identifier: Apache-2.0 */

/* Operations on accounts that acmectl asks for, in a worker. */

#include "acme_t.h"
#include "world_ctl.h"

#include "acme_ctl_result.h"

#define A "a.example"

static const char *account_of(world_ctl_t *ctl)
{
    return acme_ca_account_name(&ctl->w->ca_spec, ctl->w->p);
}

static acme_ctl_request_t ask(world_ctl_t *ctl, acme_ctl_request_e what,
                              const char *name)
{
    acme_ctl_request_t request;

    memset(&request, 0, sizeof(request));
    request.what = what;
    request.name = name;
    request.id = world_ctl_ask(ctl, what, name, 0, NULL, NULL);
    return request;
}

static const acme_ctl_result_t *outcome(world_ctl_t *ctl,
                                        const acme_ctl_request_t *request)
{
    acme_ctl_result_t *result = apr_palloc(ctl->w->p, sizeof(*result));

    return acme_ctl_result_get(result, ctl->w->vault, request, ctl->w->p)
                   == APR_SUCCESS
               ? result
               : NULL;
}

static void a_new_key_is_asked_for_once(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request = ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));
    const acme_ctl_result_t *result;

    assert_true(world_run(ctl->w));
    result = outcome(ctl, &request);
    assert_null(result->problem);
    assert_string_equal(result->url, "https://ca.test/account/1");
    assert_int_equal(ctl->w->ca->changes, 1);
    /* also when the request is read again */
    world_ctl_restart(ctl);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->changes, 1);
}

static void a_renewal_uses_the_new_key(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);

    ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));
    assert_true(world_run(ctl->w));
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(ctl->w));
    world_assert_staged(ctl->w, A);
    assert_int_equal(ctl->w->ca->orders, 2);
    assert_int_equal(ctl->w->ca->accounts, 1);
}

static void running_orders_are_waited_for(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request;

    ctl->w->ca->validate_polls = 3;
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    request = ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));
    assert_true(world_run(ctl->w));
    world_assert_staged(ctl->w, A);
    assert_null(outcome(ctl, &request)->problem);
    assert_int_equal(ctl->w->ca->changes, 1);
}

static void a_refusal_is_told_and_not_repeated(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request = ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));
    const acme_ctl_result_t *result;
    int requests;

    ctl->w->ca->refuse_changes = 1;
    assert_true(world_run(ctl->w));
    result = outcome(ctl, &request);
    assert_non_null(strstr(result->problem->detail, "taken"));
    assert_int_equal(world_said(ctl->w, ACME_LOG_WARNING, "taken"), 1);
    requests = ctl->w->ca->requests;
    world_live(ctl->w, ACME_TIME_DAY);
    assert_int_equal(ctl->w->ca->changes, 0);
    assert_in_range(ctl->w->ca->requests, requests, requests + 10);
}

static void nothing_is_ordered_with_an_account_that_ended(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request = ask(ctl, ACME_CTL_DEACTIVATE, account_of(ctl));

    assert_true(world_run(ctl->w));
    assert_null(outcome(ctl, &request)->problem);
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(ctl->w));
    world_live(ctl->w, 3 * ACME_TIME_DAY);
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_int_equal(ctl->w->ca->accounts, 1);
    assert_non_null(strstr(world_job(ctl->w, A)->problem->detail,
                           "deactivated by acmectl"));
    /* a recovery then makes another account */
    request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(ctl->w));
    assert_null(outcome(ctl, &request)->problem);
    assert_int_equal(ctl->w->ca->accounts, 2);
    assert_int_equal(ctl->w->ca->orders, 2);
}

static void an_account_that_nobody_is_configured_for_is_left_alone(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request = ask(ctl, ACME_CTL_DEACTIVATE, "another");
    int requests = ctl->w->ca->requests;

    assert_true(world_run(ctl->w));
    assert_null(outcome(ctl, &request));
    assert_int_equal(ctl->w->ca->requests, requests);
}

static void one_that_is_killed_in_between_is_done_by_the_next(void **state)
{
    int n;

    for (n = 1; n <= 4; ++n) {
        world_ctl_t *ctl = world_ctl_served(*state, A);
        acme_ctl_request_t request =
            ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));

        ctl->w->kill_answer = n;
        if (!world_run(ctl->w)) {
            world_ctl_restart(ctl);
            assert_true(world_run(ctl->w));
        }
        ctl->w->kill_answer = 0;
        assert_non_null(outcome(ctl, &request));
        assert_null(outcome(ctl, &request)->problem);
        world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
        assert_true(world_run(ctl->w));
        assert_int_equal(ctl->w->ca->orders, 2);
        assert_int_equal(ctl->w->ca->accounts, 1);
    }
}

static void set_death(world_t *w, int kind, int n)
{
    w->kill_request = kind == 0 ? n : 0;
    w->kill_answer = kind == 1 ? n : 0;
    w->kill_put = kind == 2 ? n : 0;
    w->kill_after_put = kind == 3 ? n : 0;
}

/* Kills the worker during an operation, and lets the next one do it. Returns
 * non-zero when it was killed. */
static int die_of(world_ctl_t *ctl, acme_ctl_request_e what, int kind, int n)
{
    acme_ctl_request_t request = ask(ctl, what, account_of(ctl));
    int killed;

    set_death(ctl->w, kind, n);
    killed = !world_run(ctl->w);
    set_death(ctl->w, kind, 0);
    fake_clock_turn(ctl->w->clock, ACME_TIME_HOUR);
    world_ctl_boot(ctl);
    assert_true(world_run(ctl->w));
    assert_non_null(outcome(ctl, &request));
    assert_null(outcome(ctl, &request)->problem);
    return killed;
}

static void a_kill_at_any_instant_leaves_a_usable_account(void **state)
{
    int kind, n, killed, deaths = 0;

    for (kind = 0; kind < 4; ++kind) {
        for (n = 1, killed = 1; killed; ++n) {
            world_ctl_t *ctl = world_ctl_served(*state, A);

            killed = die_of(ctl, ACME_CTL_ROLLOVER, kind, n);
            deaths += killed;
            assert_in_range(ctl->w->ca->changes, 1, 2);
            world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
            assert_true(world_run(ctl->w));
            world_assert_staged(ctl->w, A);
            assert_int_equal(ctl->w->ca->accounts, 1);
            assert_true(n < 30);
        }
    }
    assert_in_range(deaths, 8, 60);
}

static void a_kill_leaves_an_account_that_ended_at_its_end(void **state)
{
    int kind, n, killed, style;

    for (style = 0; style < 2; ++style) {
        for (kind = 0; kind < 4; ++kind) {
            for (n = 1, killed = 1; killed; ++n) {
                world_ctl_t *ctl = world_ctl_served(*state, A);

                ctl->w->ca->shows_ended = style;
                killed = die_of(ctl, ACME_CTL_DEACTIVATE, kind, n);
                world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
                assert_true(world_run(ctl->w));
                assert_non_null(strstr(world_job(ctl->w, A)->problem->detail,
                                       "deactivated by acmectl"));
                assert_int_equal(ctl->w->ca->accounts, 1);
                assert_true(n < 30);
            }
        }
    }
}

/* An account that the CA ended costs one error, and no other account is made,
 * because the administrator has not asked for one. */
static void what_the_ca_has_ended_is_one_error_until_somebody_asks(void **state)
{
    int style;

    for (style = 0; style < 2; ++style) {
        world_ctl_t *ctl = world_ctl_served(*state, A);
        world_t *w = ctl->w;
        acme_ctl_request_t request;
        int requests;

        world_add(w, "b.example");
        w->ca->shows_ended = style;
        apr_hash_set(w->ca->ended, "https://ca.test/account/1",
                     APR_HASH_KEY_STRING, "");
        requests = w->ca->requests;
        world_ctl_restart(ctl);
        world_live(w, 3 * ACME_TIME_DAY);
        world_ctl_restart(ctl);
        world_live(w, 3 * ACME_TIME_DAY);
        assert_int_equal(w->ca->accounts, 1);
        assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 1);
        assert_true(world_said(w, ACME_LOG_WARNING, "what to do") > 0);
        assert_in_range(w->ca->requests, requests, requests + 70);
        assert_non_null(strstr(world_job(w, "b.example")->problem->to_fix,
                               "acmectl account recover"));
        request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
        world_ctl_ask(ctl, ACME_CTL_RENEW, "b.example", 0, NULL, NULL);
        assert_true(world_run(w));
        assert_null(outcome(ctl, &request)->problem);
        assert_int_equal(w->ca->accounts, 2);
        world_assert_staged(w, "b.example");
    }
}

/* Asks twice because a mistake of the CA must not cost the key. */
static void what_ended_unseen_is_forgotten_when_asked_twice(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request;

    apr_hash_set(ctl->w->ca->ended, "https://ca.test/account/1",
                 APR_HASH_KEY_STRING, "");
    request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    assert_true(world_run(ctl->w));
    assert_true(
        acme_problem_is(outcome(ctl, &request)->problem, "unauthorized"));
    apr_hash_clear(ctl->w->ca->ended);
    request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    assert_true(world_run(ctl->w));
    assert_string_equal(outcome(ctl, &request)->url,
                        "https://ca.test/account/1");
    assert_int_equal(ctl->w->ca->accounts, 1);
}

static void a_new_key_that_was_taken_unheard_is_recovered(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    acme_ctl_request_t request = ask(ctl, ACME_CTL_ROLLOVER, account_of(ctl));

    ctl->w->ca->lose_after = 3; /* directory, nonce, keyChange */
    assert_true(world_run(ctl->w));
    assert_non_null(outcome(ctl, &request)->problem);
    assert_int_equal(ctl->w->ca->changes, 1);
    request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    assert_true(world_run(ctl->w));
    assert_null(outcome(ctl, &request)->problem);
    assert_int_equal(world_said(ctl->w, ACME_LOG_NOTICE, "has a new key"), 1);
    assert_int_equal(ctl->w->ca->accounts, 1);
}

static void another_contact_is_told_at_the_next_start(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    world_t *w = ctl->w;

    w->ca_spec.contact = "mailto:new@example.org";
    world_ctl_restart(ctl);
    assert_true(world_run(w));
    assert_non_null(strstr(w->ca->contact, "mailto:new@example.org"));
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void another_contact_is_no_way_around_an_end(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    world_t *w = ctl->w;

    (void)ask(ctl, ACME_CTL_DEACTIVATE, account_of(ctl));
    assert_true(world_run(w));
    w->ca_spec.contact = "mailto:new@example.org";
    world_ctl_restart(ctl);
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(w));
    assert_int_equal(w->ca->accounts, 1);
    assert_non_null(
        strstr(world_job(w, A)->problem->detail, "deactivated by acmectl"));
}

static world_ctl_t *asking; /* whose order runs */
static apr_time_t changed;  /* time of the first request after it */

static void note_change(world_t *w, const script_request_t *request)
{
    (void)request;
    if (!changed && w->ca->changes > 0) {
        changed = w->clock->now;
    }
}

static void ask_meanwhile(world_t *w, const script_request_t *request)
{
    if (strstr(request->url, "/challenge/")) {
        w->on_request = note_change;
        (void)ask(asking, ACME_CTL_ROLLOVER, account_of(asking));
    }
}

static void a_change_does_not_wait_for_slow_orders(void **state)
{
    world_ctl_t *ctl = world_ctl_create(*state);
    world_t *w = ctl->w;
    apr_time_t begun = w->clock->now;

    world_add(w, A);
    w->ca->validate_polls = 3;
    w->ca->retry_after = 1200;
    asking = ctl;
    changed = 0;
    w->on_request = ask_meanwhile;
    world_ctl_boot(ctl);
    while (w->ca->changes == 0 && w->clock->now < begun + ACME_TIME_DAY) {
        assert_true(world_run(w));
    }
    assert_in_range(changed - begun, 0, ACME_TIME_MINUTE);
    /* the order goes on after it */
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
}

static int lookups; /* of an account by its key */

/* Answers the first of two requests for a nonce last. */
static void answer_late(world_t *w, const script_request_t *request)
{
    lookups += request->payload
               && strstr(request->payload, "onlyReturnExisting") != NULL;
    w->ca->delay =
        lookups == 0 && w->ca->heads == 2 ? apr_time_from_sec(10) : 0;
}

/* Recovers an account whose contact has changed as well, so that the CA has to
 * be told. */
static void a_recovery_waits_for_what_is_under_way(void **state)
{
    world_ctl_t *ctl = world_ctl_served(*state, A);
    world_t *w = ctl->w;
    acme_ctl_request_t request;

    apr_hash_set(w->ca->ended, "https://ca.test/account/1", APR_HASH_KEY_STRING,
                 "");
    (void)ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    assert_true(world_run(w));
    w->ca_spec.contact = "mailto:new@example.org";
    world_ctl_restart(ctl);
    request = ask(ctl, ACME_CTL_RECOVER, account_of(ctl));
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 1, NULL, NULL);
    w->on_request = answer_late;
    w->ca->validate_polls = 3;
    w->ca->retry_after = 20;
    w->ca->heads = 0;
    lookups = 0;
    assert_true(world_run(w));
    assert_int_equal(lookups, 2);
    assert_null(outcome(ctl, &request)->problem);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->accounts, 2);
    /* about the old account, not the new one */
    assert_int_equal(world_said(w, ACME_LOG_ERR, "has deactivated"), 1);
}

ACME_T_MAIN(ACME_T(a_new_key_is_asked_for_once),
            ACME_T(a_renewal_uses_the_new_key),
            ACME_T(running_orders_are_waited_for),
            ACME_T(a_refusal_is_told_and_not_repeated),
            ACME_T(nothing_is_ordered_with_an_account_that_ended),
            ACME_T(an_account_that_nobody_is_configured_for_is_left_alone),
            ACME_T(one_that_is_killed_in_between_is_done_by_the_next),
            ACME_T(a_kill_at_any_instant_leaves_a_usable_account),
            ACME_T(a_kill_leaves_an_account_that_ended_at_its_end),
            ACME_T(what_the_ca_has_ended_is_one_error_until_somebody_asks),
            ACME_T(what_ended_unseen_is_forgotten_when_asked_twice),
            ACME_T(a_new_key_that_was_taken_unheard_is_recovered),
            ACME_T(another_contact_is_told_at_the_next_start),
            ACME_T(another_contact_is_no_way_around_an_end),
            ACME_T(a_change_does_not_wait_for_slow_orders),
            ACME_T(a_recovery_waits_for_what_is_under_way))
