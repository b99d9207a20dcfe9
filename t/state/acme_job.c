/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_job.h"
#include "acme_schedule.h"

#define NAME "a.example"

static acme_job_t *load(acme_vault_t *vault, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job;

    assert_int_equal(acme_job_load(&job, vault, NAME, &problem, p),
                     APR_SUCCESS);
    return job;
}

static void save(const acme_job_t *job, acme_vault_t *vault, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(acme_job_save(job, vault, ACME_STORE_LAZY, &problem, p),
                     APR_SUCCESS);
}

static void assert_new(const acme_job_t *job)
{
    assert_string_equal(job->name, NAME);
    assert_null(job->digest);
    assert_null(job->reason);
    assert_null(job->order);
    assert_null(job->staged);
    assert_null(job->instead);
    assert_null(job->problem);
    assert_null(job->config);
    assert_null(job->ari);
    assert_false(job->urgent);
    assert_null(job->request);
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_null(job->signed_pem);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->last_run, 0);
    assert_int_equal(job->next_run, 0);
    assert_int_equal(job->log->nelts, 0);
}

static void where_there_is_none_a_new_one_begins(void **state)
{
    assert_new(load(acme_t_vault(NULL, *state), *state));
}

static void everything_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = load(vault, p);
    acme_ari_t ari = {0};
    const acme_job_entry_t *entry;
    const char *phase;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_LATER,
                     ACME_PROBLEM_NETWORK, p, "no route to \"%s\"", "host");
    problem.retry_at = ACME_T_NOW + 77;
    job->digest = "digest";
    job->reason = "first certificate";
    job->staged = "f00";
    job->instead = "";
    job->config = "config";
    job->request = "0123";
    job->asked = ACME_ASKED_FORCE;
    job->signed_pem = "a chain";
    job->errors = 3;
    job->failing = ACME_T_NOW - 3;
    job->warned = "c0ffee";
    job->warned_over = 1;
    job->last_run = ACME_T_NOW + 1;
    job->next_run = ACME_T_NOW + 123456;
    job->problem = &problem;
    job->order = acme_json_object(p);
    acme_json_set_str(job->order, "phase", "await");
    job->urgent = 1;
    job->ca = "https://ca.test/dir";
    job->ca_errors = 1;
    job->blocked_until = ACME_T_NOW + 11;
    ari.cert = "key.serial";
    ari.next = ACME_T_NOW + 9;
    job->ari = &ari;
    acme_job_note(job, ACME_T_NOW, "order-created", "%s/%d", "order", 7);
    acme_job_note(job, ACME_T_NOW + 5, "activated", NULL);
    save(job, vault, p);

    job = load(vault, p);
    assert_true(job->failing == ACME_T_NOW - 3);
    assert_string_equal(job->warned, "c0ffee");
    assert_true(job->warned_over);
    assert_string_equal(job->request, "0123");
    assert_int_equal(job->asked, ACME_ASKED_FORCE);
    assert_string_equal(job->signed_pem, "a chain");
    assert_string_equal(job->name, NAME);
    assert_string_equal(job->digest, "digest");
    assert_string_equal(job->reason, "first certificate");
    assert_string_equal(job->staged, "f00");
    assert_string_equal(job->instead, "");
    assert_string_equal(job->config, "config");
    assert_int_equal(job->urgent, 1);
    assert_string_equal(job->ca, "https://ca.test/dir");
    assert_int_equal(job->ca_errors, 1);
    assert_int_equal(job->blocked_until, ACME_T_NOW + 11);
    assert_string_equal(job->ari->cert, "key.serial");
    assert_int_equal(job->ari->next, ACME_T_NOW + 9);
    assert_int_equal(job->errors, 3);
    assert_int_equal(job->last_run, ACME_T_NOW + 1);
    assert_int_equal(job->next_run, ACME_T_NOW + 123456);
    assert_string_equal(job->problem->detail, "no route to \"host\"");
    assert_int_equal(job->problem->retry, ACME_RETRY_LATER);
    assert_int_equal(job->problem->retry_at, ACME_T_NOW + 77);
    assert_int_equal(acme_json_get_str(&phase, job->order, "phase"),
                     APR_SUCCESS);
    assert_string_equal(phase, "await");
    assert_int_equal(job->log->nelts, 2);
    entry = &APR_ARRAY_IDX(job->log, 0, acme_job_entry_t);
    assert_int_equal(entry->when, ACME_T_NOW);
    assert_string_equal(entry->type, "order-created");
    assert_string_equal(entry->detail, "order/7");
    entry = &APR_ARRAY_IDX(job->log, 1, acme_job_entry_t);
    assert_string_equal(entry->type, "activated");
    assert_null(entry->detail);
}

static void a_time_that_never_comes_survives(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_job_t *job = load(vault, p);

    job->next_run = ACME_SCHEDULE_NEVER;
    save(job, vault, p);
    assert_true(load(vault, p)->next_run == ACME_SCHEDULE_NEVER);
    job->next_run = 0;
    save(job, vault, p);
    assert_int_equal(load(vault, p)->next_run, 0);
}

static void the_log_keeps_the_newest(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_job_t *job = load(vault, p);
    int i;

    for (i = 0; i < 3 * ACME_JOB_LOG_MAX; ++i) {
        acme_job_note(job, ACME_T_NOW + i, "note", "%d", i);
    }
    assert_int_equal(job->log->nelts, ACME_JOB_LOG_MAX);
    save(job, vault, p);
    job = load(vault, p);
    assert_int_equal(job->log->nelts, ACME_JOB_LOG_MAX);
    for (i = 0; i < ACME_JOB_LOG_MAX; ++i) {
        assert_int_equal(
            atoi(APR_ARRAY_IDX(job->log, i, acme_job_entry_t).detail),
            2 * ACME_JOB_LOG_MAX + i);
    }
}

static void sites_do_not_share_one(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = load(vault, p);
    acme_job_t *other;

    job->errors = 5;
    save(job, vault, p);
    assert_int_equal(acme_job_load(&other, vault, "b.example", &problem, p),
                     APR_SUCCESS);
    assert_int_equal(other->errors, 0);
}

static void what_is_damaged_is_a_new_one(void **state)
{
    static const char *const texts[] = {
        "[]",
        "not json",
        "{\"digest\":7}",
        "{\"reason\":[]}",
        "{\"staged\":{}}",
        "{\"config\":1}",
        "{\"errors\":\"3\"}",
        "{\"errors\":-1}",
        "{\"errors\":4294967296}",
        "{\"held\":\"yes\"}",
        "{\"last-run\":12}",
        "{\"next-run\":\"tomorrow\"}",
        "{\"order\":[]}",
        "{\"order\":\"x\"}",
        "{\"problem\":\"x\"}",
        "{\"problem\":{}}",
        "{\"log\":[{\"when\":\"never\",\"type\":\"x\"}]}",
        "{\"log\":[{\"when\":\"2026-01-01T00:00:00Z\"}]}",
        "{\"log\":[7]}",
        "{\"names\":[7]}",
        "{\"names\":[{\"name\":\"a.example\"}]}",
        "{\"names\":[{\"name\":7,\"failures\":1}]}",
        "{\"names\":[{\"name\":\"a.example\",\"failures\":-1}]}",
        "{\"names\":[{\"name\":\"a.example\",\"failures\":2147483647}]}",
        ("{\"log\":[{\"when\":\"2026-01-01T00:00:00Z\",\"type\":\"x\","
         "\"detail\":7}]}"),
    };
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_job_t *job;

        assert_int_equal(acme_vault_put(NULL, vault, ACME_STORE_JOBS, NAME,
                                        texts[i], strlen(texts[i]), NULL,
                                        ACME_STORE_LAZY, &problem, p),
                         APR_SUCCESS);
        job = load(vault, p);
        assert_new(job);
    }
}

static void what_was_planted_is_not_there(void **state)
{
    apr_pool_t *p = *state;
    acme_t_log_t *log;
    acme_vault_t *vault = acme_t_vault(&log, p);

    acme_t_plant(vault, ACME_STORE_JOBS, NAME, "{\"errors\":9}", p);
    assert_new(load(vault, p));
    assert_int_equal(log->count, 1);
}

static void a_store_that_fails_says_so(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = load(vault, p);

    acme_store_mem_break(acme_vault_store(vault), APR_ENOSPC);
    assert_int_equal(acme_job_save(job, vault, ACME_STORE_SYNC, &problem, p),
                     APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

static void names_that_failed_come_back(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_job_t *job = load(vault, p);
    acme_job_name_t *name;

    assert_int_equal(job->names->nelts, 0);
    name = apr_array_push(job->names);
    name->name = "old.example";
    name->failures = 2;
    name->detail = "no such name";
    name = apr_array_push(job->names);
    name->name = "other.example";
    name->failures = 1;
    name->detail = NULL;
    save(job, vault, p);
    job = load(vault, p);
    assert_int_equal(job->names->nelts, 2);
    name = &APR_ARRAY_IDX(job->names, 0, acme_job_name_t);
    assert_string_equal(name->name, "old.example");
    assert_int_equal(name->failures, 2);
    assert_string_equal(name->detail, "no such name");
    name = &APR_ARRAY_IDX(job->names, 1, acme_job_name_t);
    assert_int_equal(name->failures, 1);
    assert_null(name->detail);
}

ACME_T_MAIN(ACME_T(where_there_is_none_a_new_one_begins),
            ACME_T(everything_comes_back),
            ACME_T(a_time_that_never_comes_survives),
            ACME_T(the_log_keeps_the_newest), ACME_T(sites_do_not_share_one),
            ACME_T(what_is_damaged_is_a_new_one),
            ACME_T(what_was_planted_is_not_there),
            ACME_T(a_store_that_fails_says_so),
            ACME_T(names_that_failed_come_back))
