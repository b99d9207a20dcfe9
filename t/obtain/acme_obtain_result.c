/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

#include "acme_obtain_result.h"

#define A "a.example"

static acme_worker_ctx_t *work_of(world_t *w)
{
    acme_worker_ctx_t *work = apr_pcalloc(w->p, sizeof(*work));

    work->vault = w->vault;
    work->clock = &w->clock->clock;
    work->log = &w->log;
    return work;
}

static acme_problem_t *problem_of(world_t *w, acme_retry_e retry,
                                  const char *type, const char *detail)
{
    acme_problem_t *problem = apr_pcalloc(w->p, sizeof(*problem));

    acme_problem_set(problem, APR_EGENERAL, retry, type, w->p, "%s", detail);
    problem->retry = retry;
    return problem;
}

static const acme_job_t *fail_with(world_t *w, const acme_spec_t *spec,
                                   const acme_problem_t *problem,
                                   acme_obtain_failure_e whose)
{
    acme_job_t *job = world_job(w, A);

    acme_obtain_result_failed(job, work_of(w), spec, problem, whose, A, w->p);
    return world_job(w, A);
}

static void a_failure_says_what_and_when_in_one_line(void **state)
{
    world_t *w = world_create(*state);
    const acme_spec_t *spec = world_add(w, A);
    const acme_job_t *job;

    job = fail_with(w, spec,
                    problem_of(w, ACME_RETRY_BACKOFF,
                               ACME_PROBLEM_URN "connection",
                               "no answer\nERROR forged"),
                    ACME_OBTAIN_FAILURE_OWN);
    assert_int_equal(job->errors, 1);
    assert_int_equal(job->last_run, w->clock->now);
    assert_string_equal(job->problem->detail, "no answer\nERROR forged");
    assert_int_equal(w->lines->nelts, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "a.example: "), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "no answer"), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "\n"), 0);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "failure 1, trying again in 1 min"), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "; what to do: "), 1);
    assert_string_equal(job->problem->activity, "obtaining a certificate");
    assert_int_equal(job->log->nelts, 1);
    job = fail_with(w, spec, job->problem, ACME_OBTAIN_FAILURE_OWN);
    assert_int_equal(job->errors, 2);
    assert_in_range(job->next_run - w->clock->now, 10 * ACME_TIME_MINUTE,
                    12 * ACME_TIME_MINUTE);
}

static world_t *watched;
static int errors_then;

/* Reads the job when its failure is logged, as a program that watches the log
 * would. */
static void look(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    (void)baton;
    (void)rv;
    if (level == ACME_LOG_WARNING && strstr(message, "ACME0341")) {
        errors_then = world_job(watched, A)->errors;
    }
}

static void a_failure_is_saved_before_it_is_logged(void **state)
{
    world_t *w = world_create(*state);
    const acme_spec_t *spec = world_add(w, A);

    watched = w;
    w->log.sink = look;
    (void)fail_with(
        w, spec,
        problem_of(w, ACME_RETRY_BACKOFF, ACME_PROBLEM_URN "dns", "no address"),
        ACME_OBTAIN_FAILURE_OWN);
    assert_int_equal(errors_then, 1);
}

static void the_time_that_the_ca_named_is_the_next(void **state)
{
    world_t *w = world_create(*state);
    acme_problem_t *problem = problem_of(
        w, ACME_RETRY_LATER, ACME_PROBLEM_URN "rateLimited", "too many");

    problem->retry_at = w->clock->now + 3 * ACME_TIME_HOUR;
    assert_int_equal(
        fail_with(w, world_add(w, A), problem, ACME_OBTAIN_FAILURE_OWN)
            ->next_run,
        problem->retry_at);
}

static void a_mistake_is_an_error_with_a_remedy(void **state)
{
    world_t *w = world_create(*state);
    const acme_spec_t *spec = world_add(w, A);
    acme_problem_t *problem =
        problem_of(w, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG, "not so");
    const acme_job_t *job;

    problem->to_fix = "do it better";
    job = fail_with(w, spec, problem, ACME_OBTAIN_FAILURE_OWN);
    assert_true(job->next_run == ACME_SCHEDULE_NEVER);
    assert_string_equal(job->config, acme_plan_config(spec, w->p));
    assert_int_equal(world_said(w, ACME_LOG_ERR, "do it better"), 1);
    assert_int_equal(w->lines->nelts, 1);
}

static void the_failure_of_a_ca_is_said_for_it_once(void **state)
{
    world_t *w = world_create(*state);
    const acme_spec_t *spec = world_add(w, A);
    const acme_problem_t *problem =
        problem_of(w, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK, "down");

    (void)fail_with(w, spec, problem, ACME_OBTAIN_FAILURE_FIRST);
    (void)fail_with(w, spec, problem, ACME_OBTAIN_FAILURE_SHARED);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ca.test: "), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
    assert_int_equal(world_said(w, ACME_LOG_INFO, "a.example: waits for"), 1);
    problem = problem_of(w, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG, "no");
    (void)fail_with(w, spec, problem, ACME_OBTAIN_FAILURE_FIRST);
    (void)fail_with(w, spec, problem, ACME_OBTAIN_FAILURE_SHARED);
    assert_int_equal(world_said(w, ACME_LOG_ERR, "ca.test: "), 1);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 1);
}

static void what_is_settled_at_the_ca_is_tried_again(void **state)
{
    world_t *w = world_create(*state);
    const acme_spec_t *spec = world_add(w, A);
    const acme_job_t *job;

    job = fail_with(w, spec,
                    problem_of(w, ACME_RETRY_BACKOFF,
                               ACME_PROBLEM_URN "userActionRequired", "visit"),
                    ACME_OBTAIN_FAILURE_OWN);
    assert_true(job->next_run < w->clock->now + ACME_TIME_HOUR);
    job = fail_with(w, spec,
                    problem_of(w, ACME_RETRY_PERMANENT,
                               ACME_PROBLEM_URN "unauthorized",
                               "the account is deactivated"),
                    ACME_OBTAIN_FAILURE_FIRST);
    assert_true(job->next_run < w->clock->now + ACME_TIME_HOUR);
    job = fail_with(w, spec,
                    problem_of(w, ACME_RETRY_PERMANENT,
                               ACME_PROBLEM_URN "unauthorized", "never"),
                    ACME_OBTAIN_FAILURE_OWN);
    assert_true(job->next_run == ACME_SCHEDULE_NEVER);
}

static void
a_failure_that_cannot_be_saved_is_in_the_job_all_the_same(void **state)
{
    world_t *w = world_create(*state);
    acme_job_t *job = world_job(w, A);

    acme_store_mem_break(w->mem, APR_ENOSPC);
    acme_obtain_result_failed(
        job, work_of(w), world_add(w, A),
        problem_of(w, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK, "down"),
        ACME_OBTAIN_FAILURE_OWN, A, w->p);
    assert_int_equal(job->errors, 1);
    assert_true(job->next_run > w->clock->now);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 1);
}

/* A CA that names a time days away is not asked a second time before the next
 * CA. */
static void a_ca_that_names_days_hands_over_at_once(void **state)
{
    static const struct {
        apr_interval_time_t wait, longest;
        int over;
    } cases[] = {
        {5 * ACME_TIME_DAY, 0, 1},
        {5 * ACME_TIME_DAY, 9 * ACME_TIME_DAY, 1},
        {3 * ACME_TIME_HOUR, 9 * ACME_TIME_DAY, 0},
        {20 * ACME_TIME_HOUR, 16 * ACME_TIME_HOUR, 1},
        {20 * ACME_TIME_HOUR, 0, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        world_t *w = world_create(*state);
        acme_spec_t *spec = world_add(w, A);
        acme_job_t *job = world_job(w, A);
        acme_problem_t *problem = problem_of(
            w, ACME_RETRY_LATER, ACME_PROBLEM_URN "rateLimited", "too many");

        world_add_ca(w, spec);
        problem->retry_at = w->clock->now + cases[i].wait;
        job->longest_wait = cases[i].longest;
        acme_obtain_result_failed(job, work_of(w), spec, problem,
                                  ACME_OBTAIN_FAILURE_OWN, A, w->p);
        assert_int_equal(job->at_once, cases[i].over);
        assert_int_equal(acme_job_ca(job, spec, w->p), cases[i].over);
        assert_true(job->next_run == (cases[i].over ? 0 : problem->retry_at));
        if (!cases[i].over) {
            continue;
        }
        /* when the other CA fails too, its own wait counts, because the first
         * one is left alone longer */
        job->problem =
            problem_of(w, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK, "down");
        spec->failover = 1;
        acme_obtain_result_failed(job, work_of(w), spec, job->problem,
                                  ACME_OBTAIN_FAILURE_OWN, A, w->p);
        assert_int_equal(acme_job_ca(job, spec, w->p), 1);
        assert_in_range(job->next_run - w->clock->now, ACME_TIME_MINUTE,
                        2 * ACME_TIME_MINUTE);
    }
}

/* Three CAs, all of them down: each is asked at 1, 10 and 100 minutes and then
 * daily, as if it were alone, and a CA that was not asked yet comes at once. */
static void each_ca_has_its_own_count_and_wait(void **state)
{
    static const int rows[][2] = {
        /* the CA that fails, minutes until the next one is asked */
        {0, 1}, {0, 0}, {1, 1}, {1, 0}, {2, 1}, {2, 7}, {0, 0}};
    world_t *w = world_create(*state);
    acme_spec_t *spec = world_add(w, A);
    acme_job_t *job = world_job(w, A);
    acme_ca_spec_t third = {0};
    apr_array_header_t *more =
        apr_array_make(w->p, 2, sizeof(const acme_ca_spec_t *));
    size_t i;

    world_add_ca(w, spec);
    third = *spec->ca;
    third.url = "https://third.example/dir";
    third.label = "third.example";
    apr_array_cat(more, spec->more_cas);
    APR_ARRAY_PUSH(more, const acme_ca_spec_t *) = &third;
    spec->more_cas = more;
    spec->retry_delay = ACME_TIME_MINUTE;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_interval_time_t wait;

        assert_int_equal(acme_job_ca(job, spec, w->p), rows[i][0]);
        acme_job_begin(job, acme_spec_digest(spec, w->p), "first certificate",
                       "", w->clock->now);
        acme_obtain_result_failed(
            job, work_of(w), spec,
            problem_of(w, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK, "down"),
            ACME_OBTAIN_FAILURE_OWN, A, w->p);
        wait = job->next_run ? job->next_run - w->clock->now : 0;
        assert_in_range(wait, rows[i][1] * ACME_TIME_MINUTE,
                        (rows[i][1] * 3 / 2 + 3) * ACME_TIME_MINUTE);
        assert_int_equal(job->at_once, rows[i][1] == 0);
        w->clock->now += wait + (i == 5 ? 4 * ACME_TIME_MINUTE : 0);
    }
}

ACME_T_MAIN(ACME_T(a_failure_says_what_and_when_in_one_line),
            ACME_T(a_failure_is_saved_before_it_is_logged),
            ACME_T(the_time_that_the_ca_named_is_the_next),
            ACME_T(a_ca_that_names_days_hands_over_at_once),
            ACME_T(each_ca_has_its_own_count_and_wait),
            ACME_T(a_mistake_is_an_error_with_a_remedy),
            ACME_T(the_failure_of_a_ca_is_said_for_it_once),
            ACME_T(what_is_settled_at_the_ca_is_tried_again),
            ACME_T(a_failure_that_cannot_be_saved_is_in_the_job_all_the_same))
