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
    const acme_job_ca_t *there;
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
    job->swapped = 1;
    job->urgent = 1;
    job->ca = "https://ca.test/dir";
    acme_job_challenge_failed(job, "http-01");
    job->next_run = ACME_T_NOW + 11;
    assert_int_equal(acme_job_ca_failed(job, "https://ca.test/dir", 1), 1);
    assert_int_equal(acme_job_ca_failed(job, "https://ca.test/dir", 0), 1);
    job->next_run = ACME_SCHEDULE_NEVER;
    assert_int_equal(acme_job_ca_failed(job, "https://held.test/dir", 1), 1);
    job->next_run = ACME_T_NOW + 123456;
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
    assert_int_equal(job->swapped, 1);
    assert_string_equal(job->ca, "https://ca.test/dir");
    assert_string_equal(job->failed_challenge, "http-01");
    assert_int_equal(job->cas->nelts, 2);
    there = acme_job_ca_find(job, "https://held.test/dir");
    assert_true(there->next_run == ACME_SCHEDULE_NEVER);
    there = acme_job_ca_find(job, "https://ca.test/dir");
    assert_int_equal(there->errors, 2);
    assert_int_equal(there->faults, 1);
    assert_int_equal(there->next_run, ACME_T_NOW + 11);
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

static void a_hindrance_lasts_until_the_order_gets_on(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_failure_t failure = {&problem, "digest", "config", 0};
    acme_job_t *job = load(vault, p);
    int i;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, p, "nobody there");
    acme_job_hindered(job, &problem, ACME_T_NOW);
    save(job, vault, p);
    job = load(vault, p);
    assert_string_equal(job->hindrance->detail, "nobody there");
    assert_int_equal(job->hindered, ACME_T_NOW);
    assert_int_equal(job->errors, 0);
    for (i = 0; i < 7; ++i) {
        acme_job_hindered(job, &problem, ACME_T_NOW);
        switch (i) {
        case 0:
            acme_job_unhindered(job);
            break;
        case 1:
            acme_job_failed(job, &failure, ACME_T_NOW);
            break;
        case 2:
            acme_job_staged(job, "f00", ACME_T_NOW);
            break;
        case 3:
            acme_job_settled(job, ACME_JOB_LIVE);
            break;
        case 4:
            acme_job_order_dropped(job);
            break;
        case 5:
            acme_job_dropped(job);
            break;
        default:
            acme_job_begin(job, "digest", "reason", "", ACME_T_NOW);
            break;
        }
        assert_null(job->hindrance);
        assert_int_equal(job->hindered, 0);
    }
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
        "{\"format\":0}",
        "{\"format\":\"1\"}",
        "{\"digest\":7}",
        "{\"reason\":[]}",
        "{\"staged\":{}}",
        "{\"config\":1}",
        "{\"errors\":\"3\"}",
        "{\"errors\":-1}",
        "{\"errors\":2147483647}",
        "{\"errors\":1000001}",
        "{\"errors\":4294967296}",
        "{\"cas\":[{\"url\":\"x\",\"errors\":1000001,\"faults\":0}]}",
        "{\"cas\":[{\"url\":\"x\",\"errors\":2,\"faults\":3}]}",
        "{\"cas\":[{\"url\":\"x\",\"errors\":2,\"faults\":-1}]}",
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
        "{\"names\":[{\"name\":\"a.example\",\"failures\":1000001}]}",
        ("{\"log\":[{\"when\":\"2026-01-01T00:00:00Z\",\"type\":\"x\","
         "\"detail\":7}]}"),
    };
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_job_t *job;

        acme_t_put(vault, ACME_STORE_JOBS, NAME, texts[i], p);
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

static void put_text(acme_vault_t *vault, const char *text, apr_pool_t *p)
{
    acme_t_put(vault, ACME_STORE_JOBS, NAME, text, p);
}

static void a_job_says_its_format(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_json_t *json;
    apr_int64_t format;

    save(load(vault, p), vault, p);
    assert_int_equal(
        acme_vault_get_json(&json, NULL, vault, ACME_STORE_JOBS, NAME, NULL, p),
        APR_SUCCESS);
    assert_int_equal(acme_json_get_int(&format, json, "format"), APR_SUCCESS);
    assert_int_equal(format, 1);
    put_text(vault, "{\"errors\":3}", p);
    assert_int_equal(load(vault, p)->errors, 3);
}

static void a_job_of_a_newer_version_is_refused(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = NULL;

    put_text(vault, "{\"format\":2,\"errors\":3}", p);
    assert_int_equal(acme_job_load(&job, vault, NAME, &problem, p),
                     APR_ENOTIMPL);
    assert_new(job);
    acme_t_contains(problem.detail, "the job of " NAME);
    acme_t_contains(problem.detail, "newer version of mod_acme");
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

/* ---- transitions ---- */

#define LATER (ACME_T_NOW + 1000)
#define NEVER ACME_SCHEDULE_NEVER

static void tried(acme_job_t *job, acme_retry_e retry, apr_time_t next_run)
{
    acme_problem_t *problem = apr_pcalloc(job->p, sizeof(*problem));
    acme_job_failure_t failure = {0};

    acme_problem_set(problem, APR_EGENERAL, retry, ACME_PROBLEM_NETWORK, job->p,
                     "no route");
    failure.problem = problem;
    failure.digest = "digest";
    failure.config = "config";
    failure.next_run = next_run;
    acme_job_failed(job, &failure, ACME_T_NOW);
}

static void begin(acme_job_t *job)
{
    acme_job_begin(job, "digest", "first certificate", "", ACME_T_NOW);
}

static void begin_another(acme_job_t *job)
{
    acme_job_begin(job, "another", "name added", "f00", ACME_T_NOW);
}

static void order_made(acme_job_t *job)
{
    acme_job_order_made(job, acme_json_object(job->p));
}

static void recalled(acme_job_t *job)
{
    acme_job_recalled(job, ACME_T_NOW, NULL);
}

static void urgent(acme_job_t *job)
{
    acme_job_set_urgent(job, 1);
}

static void swapped(acme_job_t *job)
{
    acme_job_swapped(job, 1);
    assert_int_equal(job->swapped != 0, job->staged != NULL);
}

static void fail_once(acme_job_t *job)
{
    tried(job, ACME_RETRY_BACKOFF, LATER);
}

static void fail_for_good(acme_job_t *job)
{
    tried(job, ACME_RETRY_CONFIG, NEVER);
}

static void ca_failed(acme_job_t *job)
{
    (void)acme_job_ca_failed(job, "https://ca.test/dir", 1);
}

static void next_ca(acme_job_t *job)
{
    acme_job_next_ca(job, "https://second.test/dir", 0);
}

static void next_ca_later(acme_job_t *job)
{
    acme_job_next_ca(job, "https://second.test/dir", LATER);
}

static void names_failed(acme_job_t *job)
{
    acme_spec_t spec = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(acme_job_names_failed(job, &spec, &problem, job->p), 0);
}

static void limit_wait(acme_job_t *job)
{
    (void)acme_job_limit_wait(job, "5 certificates a week", LATER);
}

static void bound_wait(acme_job_t *job)
{
    acme_job_bound_wait(job, 5);
}

static void staged(acme_job_t *job)
{
    acme_job_staged(job, "c0ffee", ACME_T_NOW);
}

static void challenge_failed(acme_job_t *job)
{
    acme_job_challenge_failed(job, "http-01");
}

static void found(acme_job_t *job)
{
    acme_job_found(job, "c0ffee");
}

static void settled_live(acme_job_t *job)
{
    acme_job_settled(job, ACME_JOB_LIVE);
}

static void settled_refused(acme_job_t *job)
{
    acme_job_settled(job, ACME_JOB_REFUSED);
}

static void settled_dropped(acme_job_t *job)
{
    acme_job_settled(job, ACME_JOB_DROPPED);
}

static void was_signed(acme_job_t *job)
{
    acme_job_signed(job, "a chain", ACME_T_NOW);
}

static void dry_run_over(acme_job_t *job)
{
    acme_job_failure_t failure = {0};

    failure.digest = "digest";
    failure.config = "config";
    acme_job_dry_run_over(job, &failure, ACME_T_NOW);
}

static void requested(acme_job_t *job)
{
    acme_job_requested(job, "0123", 0);
}

static void must_replace(acme_job_t *job)
{
    acme_blocklist_entry_t entry = {0};

    entry.name = NAME;
    entry.fingerprint = "f00";
    entry.key_hash = "b0b";
    entry.when = ACME_T_NOW;
    acme_job_must_replace(job, &entry);
}

static void ari_heard(acme_job_t *job)
{
    acme_job_ari_heard(job, NULL);
}

static void warned(acme_job_t *job)
{
    (void)acme_job_warned(job, "f00", 0);
}

static acme_job_look_t look_of(const char *digest, const char *text)
{
    acme_job_look_t look = {0};

    look.when = ACME_T_NOW;
    look.digest = digest;
    look.text = text;
    look.forbids = text != NULL;
    return look;
}

static void looked(acme_job_t *job)
{
    const acme_job_look_t look = look_of("d1", "it does not exist");

    acme_job_looked(job, &look);
}

static void hold_back(acme_job_t *job)
{
    looked(job);
    assert_int_equal(acme_job_hold_back(job, ACME_T_NOW + 1, ACME_T_NOW),
                     ACME_T_NOW);
}

#define PHASES (ACME_JOB_IDLE + 1)

/* Makes a job in a phase. In WAITING and HELD it has an order that could be
 * resumed. */
static acme_job_t *in_phase(acme_job_phase_e phase, apr_pool_t *p)
{
    acme_job_t *job = acme_job_create(NAME, p);

    if (phase != ACME_JOB_IDLE) {
        begin(job);
        order_made(job);
    }
    switch (phase) {
    case ACME_JOB_STAGED:
        staged(job);
        break;
    case ACME_JOB_SIGNED:
        was_signed(job);
        break;
    case ACME_JOB_HELD:
        fail_for_good(job);
        break;
    case ACME_JOB_WAITING:
        fail_once(job);
        break;
    case ACME_JOB_ORDERED:
    case ACME_JOB_IDLE:
        break;
    }
    assert_int_equal(acme_job_phase(job), phase);
    return job;
}

static void assert_holds_together(const acme_job_t *job)
{
    assert_int_equal(job->config != NULL, job->next_run == NEVER);
    assert_int_equal(job->failing != 0 || !job->errors, 1);
}

/* The phase to which each transition leads from STAGED, SIGNED, HELD, WAITING,
 * ORDERED and IDLE: their first letters, but G for SIGNED. */
static const struct {
    char to[PHASES + 1];
    const char *name;
    void (*go)(acme_job_t *job);
} transitions[] = {
    {"SGOOOI", "begin", begin},
    {"SGIIII", "begin with another spec", begin_another},
    {"SGHWOO", "order made", order_made},
    {"SGHWII", "order dropped", acme_job_order_dropped},
    {"SGHWOI", "urgent", urgent},
    {"SGWWWW", "failed", fail_once},
    {"SGHHHH", "failed for good", fail_for_good},
    {"SGHWOI", "CA failed", ca_failed},
    {"SGHWOI", "challenge failed", challenge_failed},
    {"SGIIII", "next CA", next_ca},
    {"SGWWWW", "next CA later", next_ca_later},
    {"SGHWOI", "names failed", names_failed},
    {"SGHWOI", "recalled", recalled},
    {"SGWWWW", "limit", limit_wait},
    {"SGHWOI", "limit over", acme_job_limit_over},
    {"SGHWOI", "wait bound", bound_wait},
    {"SSSSSS", "staged", staged},
    {"SSSSSS", "found", found},
    {"SGHWOI", "swapped", swapped},
    {"IGHWOI", "lost", acme_job_lost},
    {"IGIIII", "settled: live", settled_live},
    {"IGHWII", "settled: refused", settled_refused},
    {"IGIIII", "settled: dropped", settled_dropped},
    {"SGGGGG", "signed", was_signed},
    {"SGHHHH", "dry run over", dry_run_over},
    {"SGIIII", "dropped", acme_job_dropped},
    {"SGOOOI", "failures cleared", acme_job_clear_failures},
    {"SGOOOI", "requested", requested},
    {"SIHWII", "start over", acme_job_start_over},
    {"SGHWOI", "answered", acme_job_answered},
    {"SGOOOI", "must replace", must_replace},
    {"SGHWOI", "ARI heard", ari_heard},
    {"SGHWOI", "warned", warned},
    {"SGHWOI", "looked", looked},
    {"SGWWWW", "held back", hold_back},
    {"SGHOOI", "way changed", acme_job_way_changed},
};

static void each_transition_leads_to_its_phase(void **state)
{
    static const char letters[] = "SGHWOI";
    apr_size_t i;
    int from;

    for (i = 0; i < sizeof(transitions) / sizeof(transitions[0]); ++i) {
        for (from = 0; from < PHASES; ++from) {
            acme_job_t *job = in_phase((acme_job_phase_e)from, *state);

            transitions[i].go(job);
            if (letters[acme_job_phase(job)] != transitions[i].to[from]) {
                fail_msg("%s: from %c to %c, not to %c", transitions[i].name,
                         letters[from], letters[acme_job_phase(job)],
                         transitions[i].to[from]);
            }
            assert_holds_together(job);
        }
    }
}

static void what_preflight_has_found_is_kept_while_it_counts(void **state)
{
    acme_vault_t *vault = acme_t_vault(NULL, *state);
    acme_job_t *job = in_phase(ACME_JOB_IDLE, *state);
    acme_job_look_t fine = look_of("d0", NULL);
    acme_job_look_t other = look_of("d2", "it is closed");

    acme_job_looked(job, &fine);
    assert_null(job->look);
    hold_back(job);
    save(job, vault, *state);
    job = load(vault, *state);
    assert_string_equal(job->look->text, "it does not exist");
    assert_int_equal(job->look->forbids, 1);
    assert_int_equal(job->look->when, ACME_T_NOW);
    /* The hour goes on while anything forbids the order. */
    acme_job_looked(job, &other);
    assert_int_equal(acme_job_hold_back(job, ACME_T_NOW + 9, ACME_T_NOW + 5),
                     ACME_T_NOW);
    begin(job);
    assert_int_equal(job->look->held, 0);
    /* A CA that validates the names refutes it, and nothing else. */
    staged(job);
    assert_true(job->look->refuted);
    acme_job_looked(job, &other);
    assert_true(job->look->refuted);
    looked(job);
    assert_false(job->look->refuted);
    acme_job_looked(job, &fine);
    assert_null(job->look);
}

static void that_nothing_is_wrong_is_kept_after_a_failure(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);
    const acme_job_look_t fine = look_of("d0", NULL);

    acme_job_looked(job, &fine);
    assert_non_null(job->look);
    staged(job);
    assert_null(job->look);
}

static void a_swap_is_about_what_is_staged(void **state)
{
    static void (*const ends[])(acme_job_t * job) = {
        staged, found, acme_job_lost, settled_live, settled_refused};
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); ++i) {
        acme_job_t *job = in_phase(ACME_JOB_STAGED, *state);

        swapped(job);
        assert_true(job->swapped);
        ends[i](job);
        assert_false(job->swapped);
    }
}

static void a_try_of_another_spec_starts_afresh(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);

    next_ca(job);
    fail_once(job);
    order_made(job);
    begin_another(job);
    assert_string_equal(job->digest, "another");
    assert_string_equal(job->reason, "name added");
    assert_string_equal(job->instead, "f00");
    assert_null(job->order);
    assert_null(job->ca);
    assert_int_equal(job->cas->nelts, 0);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->last_run, ACME_T_NOW);
}

static void a_try_goes_on_with_its_order_and_its_failures(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);

    acme_job_begin(job, "digest", "expires soon", "f00", LATER);
    assert_non_null(job->order);
    assert_string_equal(job->reason, "first certificate");
    assert_string_equal(job->instead, "");
    assert_int_equal(job->errors, 1);
    assert_int_equal(job->last_run, LATER);
}

static void a_try_after_a_change_of_configuration_counts_anew(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_HELD, *state);

    assert_string_equal(job->config, "config");
    begin(job);
    assert_int_equal(job->errors, 0);
    assert_null(job->config);
}

static void failures_are_counted_since_the_first(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_IDLE, *state);
    acme_job_failure_t failure = {0};

    fail_once(job);
    assert_string_equal(job->digest, "digest");
    failure.digest = "another";
    failure.next_run = LATER + 1;
    acme_job_failed(job, &failure, ACME_T_NOW + 7);
    assert_int_equal(job->errors, 2);
    assert_int_equal(job->failing, ACME_T_NOW);
    assert_int_equal(job->last_run, ACME_T_NOW + 7);
    assert_int_equal(job->next_run, LATER + 1);
    assert_string_equal(job->digest, "digest");
    acme_job_clear_failures(job);
    acme_job_failed(job, &failure, ACME_T_NOW + 9);
    assert_int_equal(job->errors, 1);
    assert_int_equal(job->failing, ACME_T_NOW + 9);
}

static void each_CA_has_its_own_count_and_wait(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_ORDERED, *state);
    const char *first = "https://first.test/dir";
    const char *second = "https://second.test/dir";

    assert_null(acme_job_ca_find(job, first));
    tried(job, ACME_RETRY_LATER, LATER);
    assert_int_equal(acme_job_ca_failed(job, first, 1), 1);
    next_ca(job);
    assert_true(job->at_once);
    assert_null(job->order);
    assert_string_equal(job->ca, second);
    assert_int_equal(job->next_run, 0);
    tried(job, ACME_RETRY_BACKOFF, ACME_T_NOW + 1);
    assert_false(job->at_once);
    assert_int_equal(acme_job_ca_failed(job, second, 0), 0);
    assert_int_equal(acme_job_ca_failed(job, second, 1), 1);
    assert_int_equal(acme_job_ca_find(job, second)->errors, 2);
    assert_int_equal(acme_job_ca_find(job, second)->next_run, ACME_T_NOW + 1);
    assert_int_equal(acme_job_ca_find(job, first)->errors, 1);
    assert_int_equal(acme_job_ca_find(job, first)->next_run, LATER);
    acme_job_next_ca(job, first, LATER);
    assert_false(job->at_once);
    assert_string_equal(job->ca, first);
    assert_int_equal(job->next_run, LATER);
    assert_int_equal(job->errors, 2);
}

static void only_a_new_limit_is_told(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_IDLE, *state);

    assert_true(acme_job_limit_wait(job, "a week", LATER));
    assert_false(acme_job_limit_wait(job, "a week", LATER + 1));
    assert_int_equal(job->next_run, LATER + 1);
    assert_true(acme_job_limit_wait(job, "an hour", LATER));
    assert_string_equal(job->limit, "an hour");
    acme_job_limit_over(job);
    assert_null(job->limit);
    assert_true(acme_job_limit_wait(job, "an hour", LATER));
}

static void a_certificate_ends_request_and_problem(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);

    requested(job);
    staged(job);
    assert_string_equal(job->staged, "c0ffee");
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_null(job->order);
    assert_null(job->problem);
    assert_int_equal(job->errors, 1); /* until root has accepted it */
    job = in_phase(ACME_JOB_WAITING, *state);
    requested(job);
    was_signed(job);
    assert_string_equal(job->signed_pem, "a chain");
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_null(job->problem);
    assert_int_equal(job->errors, 0);
}

static void a_challenge_has_failed_until_there_is_a_certificate(void **state)
{
    static const struct {
        void (*go)(acme_job_t *job);
        int forgets;
    } cases[] = {
        {fail_once, 0},
        {fail_for_good, 0},
        {begin, 0},
        {order_made, 0},
        {next_ca, 0},
        {requested, 0},
        {staged, 1},
        {was_signed, 1},
        {settled_live, 1},
        {begin_another, 1},
        {acme_job_dropped, 1},
        {dry_run_over, 1},
        {acme_job_clear_failures, 1},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_job_t *job = in_phase(ACME_JOB_ORDERED, *state);

        challenge_failed(job);
        cases[i].go(job);
        assert_int_equal(job->failed_challenge == NULL, cases[i].forgets);
    }
}

static void what_is_asked_for_is_urgent_once_it_is_there(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_STAGED, *state);

    assert_false(job->urgent);
    acme_job_requested(job, "1", 0);
    assert_true(job->urgent);
    settled_live(job);
    assert_false(job->urgent);
    job = in_phase(ACME_JOB_ORDERED, *state);
    acme_job_requested(job, "2", 0);
    assert_true(job->urgent);
    job = in_phase(ACME_JOB_IDLE, *state);
    acme_job_requested(job, "3", 0);
    assert_false(job->urgent); /* nothing is ordered yet */
}

static void only_what_is_live_replaces_what_was_revoked(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_STAGED, *state);

    must_replace(job);
    assert_true(job->urgent);
    assert_string_equal(job->revoked->fingerprint, "f00");
    settled_refused(job);
    assert_true(job->urgent);
    staged(job);
    settled_dropped(job);
    assert_false(job->urgent);
    assert_non_null(job->revoked);
    staged(job);
    settled_live(job);
    assert_null(job->revoked);
    must_replace(job);
    assert_false(job->urgent); /* nothing is ordered yet */
}

static void a_settled_job_begins_with_the_first_CA(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);

    next_ca(job);
    tried(job, ACME_RETRY_LATER, LATER);
    ca_failed(job);
    staged(job);
    assert_string_equal(job->ca, "https://second.test/dir");
    settled_live(job);
    assert_null(job->ca);
    assert_int_equal(job->cas->nelts, 0);
    assert_int_equal(job->errors, 0);
}

static void a_forced_request_stays_forced(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_HELD, *state);

    acme_job_requested(job, "1", 1);
    assert_int_equal(job->asked, ACME_ASKED_FORCE);
    acme_job_requested(job, "2", 0);
    assert_int_equal(job->asked, ACME_ASKED_FORCE);
    assert_string_equal(job->request, "2");
    acme_job_answered(job);
    acme_job_requested(job, NULL, 0);
    assert_int_equal(job->asked, ACME_ASKED_DUE);
    assert_string_equal(job->request, "2");
}

static void what_is_dropped_leaves_the_log_and_the_last_request(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_WAITING, *state);

    requested(job);
    urgent(job);
    acme_job_note(job, ACME_T_NOW, "dropped", NULL);
    acme_job_dropped(job);
    assert_null(job->digest);
    assert_null(job->instead);
    assert_null(job->problem);
    assert_int_equal(job->errors, 0);
    assert_false(job->urgent);
    assert_int_equal(job->asked, ACME_ASKED_NO);
    assert_string_equal(job->request, "0123");
    assert_int_equal(job->log->nelts, 1);
}

static void an_expiry_is_announced_twice(void **state)
{
    acme_job_t *job = in_phase(ACME_JOB_IDLE, *state);

    assert_false(acme_job_warned(job, "f00", 0));
    assert_true(acme_job_warned(job, "f00", 0));
    assert_false(acme_job_warned(job, "f00", 1));
    assert_true(acme_job_warned(job, "f00", 1));
    assert_true(acme_job_warned(job, "f00", 0));
    assert_false(acme_job_warned(job, "c0ffee", 0));
}

ACME_T_MAIN(ACME_T(where_there_is_none_a_new_one_begins),
            ACME_T(everything_comes_back),
            ACME_T(a_hindrance_lasts_until_the_order_gets_on),
            ACME_T(a_time_that_never_comes_survives),
            ACME_T(the_log_keeps_the_newest), ACME_T(sites_do_not_share_one),
            ACME_T(what_is_damaged_is_a_new_one),
            ACME_T(what_was_planted_is_not_there),
            ACME_T(a_store_that_fails_says_so), ACME_T(a_job_says_its_format),
            ACME_T(a_job_of_a_newer_version_is_refused),
            ACME_T(names_that_failed_come_back),
            ACME_T(each_transition_leads_to_its_phase),
            ACME_T(what_preflight_has_found_is_kept_while_it_counts),
            ACME_T(that_nothing_is_wrong_is_kept_after_a_failure),
            ACME_T(a_swap_is_about_what_is_staged),
            ACME_T(a_try_of_another_spec_starts_afresh),
            ACME_T(a_try_goes_on_with_its_order_and_its_failures),
            ACME_T(a_try_after_a_change_of_configuration_counts_anew),
            ACME_T(failures_are_counted_since_the_first),
            ACME_T(each_CA_has_its_own_count_and_wait),
            ACME_T(only_a_new_limit_is_told),
            ACME_T(a_certificate_ends_request_and_problem),
            ACME_T(a_challenge_has_failed_until_there_is_a_certificate),
            ACME_T(what_is_asked_for_is_urgent_once_it_is_there),
            ACME_T(only_what_is_live_replaces_what_was_revoked),
            ACME_T(a_settled_job_begins_with_the_first_CA),
            ACME_T(a_forced_request_stays_forced),
            ACME_T(what_is_dropped_leaves_the_log_and_the_last_request),
            ACME_T(an_expiry_is_announced_twice))
