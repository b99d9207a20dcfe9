/* SPDX-License-Identifier: Apache-2.0 */

/* A certificate that cannot be used, or cannot be had yet: it was issued, so
 * no other one is ordered in its place. */
#include "acme_t.h"
#include "acme_issue_action.h"
#include "world_ctl.h"

#define A           "a.example"
#define CERTIFICATE "/certificate/"

static world_t *fresh(apr_pool_t *p)
{
    world_t *w = world_create(p);

    world_add(w, A);
    return w;
}

/* Asserts that the site waits for its administrator, with what the problem says
 * and how to go on. */
static const acme_job_t *assert_held(world_t *w, const char *detail)
{
    const acme_job_t *job = world_job(w, A);

    assert_int_equal(acme_job_phase(job), ACME_JOB_HELD);
    assert_string_equal(job->problem->type, ACME_PROBLEM_CERTIFICATE);
    assert_non_null(strstr(job->problem->detail, detail));
    assert_non_null(job->problem->to_fix);
    assert_null(job->order);
    assert_null(world_staged(w, A));
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    assert_int_equal(world_said(w, ACME_LOG_ERR, detail), 1);
    assert_int_equal(world_said(w, ACME_LOG_ERR, job->problem->to_fix), 1);
    return job;
}

static void what_was_not_ordered_is_not_ordered_again(void **state)
{
    int names, i;

    for (names = 0; names <= 1; ++names) {
        world_t *w = fresh(*state);

        test_issuer_config(w->issuer)->wrong_key = !names;
        test_issuer_config(w->issuer)->wrong_name =
            names ? "DNS:b.example" : NULL;
        assert_true(world_run(w));
        assert_held(w, names ? "does not cover a.example" : "for another key");
        for (i = 0; i < 3; ++i) {
            world_live(w, 10 * ACME_TIME_DAY);
            world_restart(w);
        }
        world_live(w, 10 * ACME_TIME_DAY);
        assert_held(w, names ? "does not cover a.example" : "for another key");
        assert_int_equal(w->ca->orders, 1);
    }
}

static void another_configuration_orders_again(void **state)
{
    int which;

    for (which = 0; which < 3; ++which) {
        world_t *w = fresh(*state);
        acme_spec_t *spec = APR_ARRAY_IDX(w->specs, 0, acme_spec_t *);

        test_issuer_config(w->issuer)->wrong_key = 1;
        assert_true(world_run(w));
        assert_held(w, "for another key");
        test_issuer_config(w->issuer)->wrong_key = 0;
        if (which == 0) {
            spec->names = world_strings(w->p, A " www.a.example");
        }
        else if (which == 1) {
            world_add_ca(w, spec);
            spec->ca = APR_ARRAY_IDX(spec->more_cas, 0, const acme_ca_spec_t *);
            spec->more_cas = NULL;
        }
        else {
            spec->security_level = 1;
        }
        world_restart(w);
        assert_true(world_run(w));
        world_assert_staged(w, A);
        assert_int_equal(w->ca->orders, which == 1 ? 1 : 2);
    }
}

static void acmectl_renew_orders_again(void **state)
{
    world_ctl_t *ctl = world_ctl_create(*state);
    world_t *w = ctl->w;

    if (w->specs->nelts == 0) {
        world_add(w, A);
    }
    test_issuer_config(w->issuer)->wrong_key = 1;
    world_ctl_boot(ctl);
    assert_true(world_run(w));
    assert_held(w, "for another key");
    test_issuer_config(w->issuer)->wrong_key = 0;
    world_ctl_ask(ctl, ACME_CTL_RENEW, A, 0, NULL, NULL);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 2);
}

static void another_ca_is_asked_at_once(void **state)
{
    world_t *w = fresh(*state);

    world_add_ca(w, APR_ARRAY_IDX(w->specs, 0, acme_spec_t *));
    test_issuer_config(w->issuer)->wrong_key = 1;
    w->other->sign = test_issuer_sign;
    w->other->sign_baton = test_issuer_create(&w->clock->clock, w->p);
    assert_true(world_run(w));
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->other->orders, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "is asked instead"), 1);
}

/* Each CA is asked once, and none again after restarts. */
static void no_ca_is_asked_twice_for_what_is_useless(void **state)
{
    world_t *w = fresh(*state);
    int i;

    world_add_ca(w, APR_ARRAY_IDX(w->specs, 0, acme_spec_t *));
    test_issuer_config(w->issuer)->wrong_key = 1;
    assert_true(world_run(w));
    assert_held(w, "for another key");
    for (i = 0; i < 3; ++i) {
        world_boot(w);
        world_live(w, 10 * ACME_TIME_DAY);
        world_restart(w);
    }
    world_live(w, 10 * ACME_TIME_DAY);
    assert_held(w, "for another key");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->other->orders, 1);
}

/* The worker is killed between the two CAs. */
static void a_ca_that_is_held_is_remembered(void **state)
{
    world_t *w = fresh(*state);

    world_add_ca(w, APR_ARRAY_IDX(w->specs, 0, acme_spec_t *));
    test_issuer_config(w->issuer)->wrong_key = 1;
    w->other->unreachable = 1000;
    assert_true(world_run(w));
    w->other->unreachable = 0;
    w->other->sign_baton = test_issuer_create(&w->clock->clock, w->p);
    world_boot(w);
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, A);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->other->orders, 1);
}

/* A certificate that is refused for its dates may do when our clock is right:
 * it is the same one that is downloaded each time. */
static void a_certificate_that_is_out_of_date_is_downloaded_again(void **state)
{
    world_t *w = fresh(*state);
    const acme_job_t *job;

    test_issuer_config(w->issuer)->life = -ACME_TIME_MINUTE;
    assert_true(world_run(w));
    job = world_job(w, A);
    assert_string_equal(job->problem->type, ACME_PROBLEM_CERTIFICATE);
    assert_non_null(job->order);
    assert_int_equal(job->errors, 1);
    assert_in_range(job->next_run - job->last_run, ACME_TIME_MINUTE,
                    ACME_TIME_MINUTE * 12 / 10);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "check the clock of this machine"), 1);
    world_restart(w);
    world_live(w, 30 * ACME_TIME_DAY);
    assert_held(w, "expired at");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(
        world_said(w, ACME_LOG_ERR, "check the clock of this machine"), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL),
                     ACME_ISSUE_FAILURES - 1);
}

/* Answers requests for certificates, until the time of the baton. */
static const char *instead; /* body, or NULL: 404 */

static int refuse_certificates(world_t *w, const script_request_t *request,
                               script_answer_t *answer, apr_pool_t *p)
{
    const apr_time_t *until = w->refuse_baton;

    (void)p;
    if (!strstr(request->url, CERTIFICATE) || w->clock->now >= *until) {
        return 0;
    }
    answer->status = instead ? 200 : 404;
    answer->body = instead ? instead
                           : "{\"type\":\"urn:ietf:params:acme:error:"
                             "malformed\",\"detail\":\"no certificate\"}";
    apr_table_set(answer->headers, "Content-Type",
                  instead ? "text/html" : "application/problem+json");
    return 1;
}

/* The CA is late with the certificate by seconds, by an hour, by a day. */
static void a_certificate_that_comes_late_is_waited_for(void **state)
{
    static const char *const bodies[] = {NULL, "<html>",
                                         "-----BEGIN CERTIFICATE-----\nMIIB"};
    static const apr_interval_time_t late[] = {APR_USEC_PER_SEC, ACME_TIME_HOUR,
                                               ACME_TIME_DAY};
    size_t i, at;

    for (i = 0; i < 3; ++i) {
        for (at = 0; at < 3; ++at) {
            world_t *w = fresh(*state);
            apr_time_t until = w->clock->now + late[at];

            instead = bodies[i];
            w->refuse = refuse_certificates;
            w->refuse_baton = &until;
            assert_true(world_run(w));
            assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), at > 0);
            if (at > 0) {
                world_restart(w);
                world_live(w, 2 * late[at]);
                assert_true(world_said(w, ACME_LOG_WARNING, "trying again")
                            > 1);
            }
            world_assert_staged(w, A);
            assert_int_equal(w->ca->orders, 1);
        }
    }
}

ACME_T_MAIN(ACME_T(what_was_not_ordered_is_not_ordered_again),
            ACME_T(another_configuration_orders_again),
            ACME_T(acmectl_renew_orders_again),
            ACME_T(another_ca_is_asked_at_once),
            ACME_T(no_ca_is_asked_twice_for_what_is_useless),
            ACME_T(a_ca_that_is_held_is_remembered),
            ACME_T(a_certificate_that_is_out_of_date_is_downloaded_again),
            ACME_T(a_certificate_that_comes_late_is_waited_for))
