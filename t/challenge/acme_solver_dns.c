/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_job.h"
#include "acme_jws.h"
#include "acme_schedule.h"
#include "acme_site.h"
#include "acme_solver_dns.h"
#include "acme_solver_dns_queue.h"
#include "acme_solver_dns_record.h"
#include "fake_clock.h"
#include "fake_commands.h"

typedef struct bench_t {
    acme_worker_ctx_t ctx;
    fake_clock_t *clock;
    fake_commands_t *commands;
    apr_array_header_t *certs;
    acme_log_t log;
    apr_array_header_t *lines; /* const char *, of level WARNING or worse */
    apr_time_t visible;        /* of the record that was presented last */
    apr_pool_t *p;
    apr_pool_t *prun; /* of the process */
} bench_t;

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    bench_t *b = baton;

    (void)rv;
    if (level <= ACME_LOG_WARNING) {
        APR_ARRAY_PUSH(b->lines, const char *) = apr_pstrdup(b->p, message);
    }
}

/* Begins another process, which knows only what is in the store. */
static void boot(bench_t *b)
{
    if (b->prun) {
        apr_pool_destroy(b->prun);
    }
    fake_commands_orphan(b->commands);
    apr_pool_create(&b->prun, b->p);
    b->ctx.dns = acme_solver_dns_create(&b->ctx, &b->commands->system, b->prun);
}

static bench_t *make_bench(apr_pool_t *p)
{
    bench_t *b = apr_pcalloc(p, sizeof(*b));

    b->p = p;
    b->clock = fake_clock_create(p);
    b->commands = fake_commands_create(p);
    b->certs = apr_array_make(p, 2, sizeof(acme_site_cert_t *));
    b->lines = apr_array_make(p, 2, sizeof(const char *));
    b->log.sink = sink;
    b->log.baton = b;
    b->log.level = ACME_LOG_INFO;
    b->ctx.vault = acme_t_vault(NULL, p);
    b->ctx.clock = &b->clock->clock;
    b->ctx.log = &b->log;
    boot(b);
    return b;
}

static acme_spec_t *add_site(bench_t *b, const char *name, const char *program,
                             acme_dns_command_e version)
{
    acme_spec_t *spec = apr_pcalloc(b->p, sizeof(*spec));
    acme_dns_spec_t *dns = apr_pcalloc(b->p, sizeof(*dns));
    apr_array_header_t *argv = apr_array_make(b->p, 2, sizeof(const char *));
    apr_array_header_t *names = apr_array_make(b->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(argv, const char *) = program;
    APR_ARRAY_PUSH(names, const char *) = name;
    dns->argv = argv;
    dns->version = version;
    dns->propagation = apr_time_from_sec(20);
    dns->limit = 10 * ACME_TIME_MINUTE;
    spec->names = names;
    spec->name = name;
    spec->dns = dns;
    acme_site_add(b->certs, spec, apr_pcalloc(b->p, sizeof(acme_inventory_t)));
    return spec;
}

static acme_spec_t *add(bench_t *b, const char *name)
{
    return add_site(b, name, "/bin/dns", ACME_DNS_COMMAND_V2);
}

static acme_challenge_t challenge_of(const acme_spec_t *spec, const char *key)
{
    acme_challenge_t challenge = {"dns-01", spec->name, key, key, spec->name};

    return challenge;
}

static acme_solver_means_t means_of(bench_t *b, const acme_spec_t *spec)
{
    acme_solver_means_t means = {
        .vault = b->ctx.vault,
        .now = b->clock->now,
        .dns = b->ctx.dns,
        .spec = spec,
        .visible = &b->visible,
    };

    return means;
}

static apr_status_t present(bench_t *b, const acme_spec_t *spec,
                            const char *key, acme_problem_t *problem)
{
    acme_problem_t ignored = ACME_PROBLEM_INIT;
    acme_challenge_t challenge = challenge_of(spec, key);
    acme_solver_means_t means = means_of(b, spec);

    return acme_solver_dns_present(&means, &challenge,
                                   problem ? problem : &ignored, b->p);
}

static void cleanup(bench_t *b, const acme_spec_t *spec, const char *key)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_challenge_t challenge = challenge_of(spec, key);
    acme_solver_means_t means = means_of(b, spec);

    assert_int_equal(
        acme_solver_dns_cleanup(&means, &challenge, &problem, b->p),
        APR_SUCCESS);
}

/* Goes on until no command waits or runs. */
static void finish(bench_t *b)
{
    int waits, i = 0;

    do {
        acme_solver_dns_step(b->ctx.dns, &waits);
        b->clock->now += apr_time_from_sec(1);
        assert_true(++i < 2000);
    } while (waits);
}

/* Begins another process, which looks for what nobody wants. */
static void sweep(bench_t *b)
{
    boot(b);
    acme_solver_dns_sweep(b->ctx.dns, b->certs, b->p);
    finish(b);
}

static int items(const bench_t *b)
{
    return acme_solver_dns_record_list(b->ctx.vault, b->p)->nelts;
}

static const char *call(const bench_t *b, int i)
{
    return fake_commands_call(b->commands, i);
}

static int teardowns(const bench_t *b)
{
    return fake_commands_count(b->commands, "teardown");
}

static const char *line(const bench_t *b, int i)
{
    assert_true(i < b->lines->nelts);
    return APR_ARRAY_IDX(b->lines, i, const char *);
}

static void a_record_is_noted_set_up_and_torn_down(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = make_bench(p);
    const acme_spec_t *spec = add(b, "a.example");
    const char *value = acme_jws_sha256_b64("one", p);

    assert_int_equal(present(b, spec, "one", NULL), APR_EAGAIN);
    assert_int_equal(items(b), 1);
    assert_string_equal(call(b, 0),
                        apr_pstrcat(p, "setup a.example ", value, NULL));
    finish(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_SUCCESS);
    /* Not before the name servers have it. */
    assert_true(b->visible > b->clock->now + apr_time_from_sec(10));
    assert_true(b->visible <= b->clock->now + apr_time_from_sec(20));
    assert_int_equal(items(b), 1);
    cleanup(b, spec, "one");
    assert_int_equal(items(b), 1);
    finish(b);
    assert_string_equal(call(b, 1),
                        apr_pstrcat(p, "teardown a.example ", value, NULL));
    assert_int_equal(items(b), 0);
    assert_int_equal(b->commands->records->nelts, 0);
    cleanup(b, spec, "one");
    finish(b);
    assert_int_equal(b->commands->calls->nelts, 2);
    assert_int_equal(b->lines->nelts, 0);
}

static void version_1_tears_down_by_name_once_nobody_needs_it(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec =
        add_site(b, "a.example", "/bin/dns", ACME_DNS_COMMAND_V1);

    present(b, spec, "base", NULL);
    finish(b);
    present(b, spec, "wild", NULL);
    finish(b);
    assert_int_equal(b->commands->records->nelts, 2);
    cleanup(b, spec, "base");
    finish(b);
    /* The other record is still looked at. */
    assert_int_equal(teardowns(b), 0);
    assert_int_equal(b->commands->records->nelts, 2);
    assert_int_equal(items(b), 1);
    cleanup(b, spec, "wild");
    finish(b);
    assert_string_equal(call(b, 2), "teardown a.example");
    assert_int_equal(b->commands->calls->nelts, 3);
    assert_int_equal(b->commands->records->nelts, 0);
    assert_int_equal(items(b), 0);
}

static void a_command_that_fails_is_a_problem_and_is_torn_down(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec = add(b, "a.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;

    b->commands->setup = FAKE_COMMAND_FAILS;
    assert_int_equal(present(b, spec, "one", NULL), APR_EAGAIN);
    finish(b);
    assert_int_equal(present(b, spec, "one", &problem), APR_EGENERAL);
    assert_string_equal(problem.type, ACME_PROBLEM_COMMAND);
    assert_string_equal(
        problem.detail,
        "the dns-01 command /bin/dns (setup) for the record "
        "_acme-challenge.a.example has ended with exit status 3; it printed "
        "last: no such zone");
    assert_non_null(problem.to_fix);
    cleanup(b, spec, "one");
    finish(b);
    assert_int_equal(teardowns(b), 1);
    assert_int_equal(items(b), 0);
    /* The next try begins anew. */
    b->commands->setup = FAKE_COMMAND_WORKS;
    assert_int_equal(present(b, spec, "one", &problem), APR_EAGAIN);
    finish(b);
    assert_int_equal(present(b, spec, "one", &problem), APR_SUCCESS);
}

static void a_program_that_is_not_there_is_a_problem(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec =
        add_site(b, "a.example", "/missing", ACME_DNS_COMMAND_V2);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_not_equal(present(b, spec, "one", &problem), APR_SUCCESS);
    acme_t_contains(problem.detail, "the dns-01 command /missing (setup) for "
                                    "the record _acme-challenge.a.example "
                                    "cannot be started");
    /* Its teardown cannot be started either. */
    cleanup(b, spec, "one");
    finish(b);
    assert_int_equal(items(b), 1);
    assert_int_equal(b->lines->nelts, 1);
    acme_t_contains(line(b, 0), "ACME0631: a.example: the record "
                                "_acme-challenge.a.example could not be torn "
                                "down");
}

static void a_command_that_hangs_is_ended_and_stalls_no_other(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *a = add(b, "a.example");
    const acme_spec_t *other = add(b, "b.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int waits, i;

    b->commands->hangs = "a.example";
    assert_int_equal(present(b, a, "one", NULL), APR_EAGAIN);
    assert_int_equal(present(b, other, "two", NULL), APR_EAGAIN);
    for (i = 0; i < 60; ++i) {
        acme_solver_dns_step(b->ctx.dns, &waits);
        b->clock->now += apr_time_from_sec(1);
    }
    assert_int_equal(present(b, other, "two", NULL), APR_SUCCESS);
    assert_int_equal(present(b, a, "one", NULL), APR_EAGAIN);
    finish(b);
    assert_int_not_equal(present(b, a, "one", &problem), APR_SUCCESS);
    acme_t_contains(problem.detail, "did not end within 10 min");
}

static void commands_are_bounded_and_one_by_one_for_a_name(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = make_bench(p);
    const acme_spec_t *spec = add(b, "a.example");
    int i;

    b->commands->looks = 3;
    for (i = 0; i < 5; ++i) {
        present(b, spec, apr_psprintf(p, "key %d", i), NULL);
    }
    finish(b);
    assert_int_equal(b->commands->most, 1);
    assert_int_equal(b->commands->records->nelts, 5);
    for (i = 0; i < 30; ++i) {
        present(b, add(b, apr_psprintf(p, "site%d.example", i)),
                apr_psprintf(p, "other %d", i), NULL);
    }
    finish(b);
    assert_int_equal(b->commands->most, ACME_SOLVER_DNS_QUEUE_MOST);
    assert_int_equal(b->commands->records->nelts, 35);
}

static void an_interrupted_setup_is_torn_down_and_done_again(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec = add(b, "a.example");

    present(b, spec, "one", NULL);
    boot(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_EAGAIN);
    finish(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_SUCCESS);
    acme_t_contains(call(b, 0), "setup ");
    acme_t_contains(call(b, 1), "teardown ");
    acme_t_contains(call(b, 2), "setup ");
    assert_int_equal(b->commands->calls->nelts, 3);
    assert_int_equal(items(b), 1);
    /* A record that is known to be up is not set up again. */
    boot(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_SUCCESS);
    assert_int_equal(b->commands->calls->nelts, 3);
    /* It is torn down by the next process, too. */
    boot(b);
    cleanup(b, spec, "one");
    finish(b);
    assert_int_equal(b->commands->records->nelts, 0);
    assert_int_equal(items(b), 0);
}

static void a_record_that_is_wanted_again_comes_again(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec = add(b, "a.example");

    present(b, spec, "one", NULL);
    finish(b);
    b->commands->looks = 3;
    cleanup(b, spec, "one");
    assert_int_equal(present(b, spec, "one", NULL), APR_EAGAIN);
    finish(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_SUCCESS);
    assert_int_equal(b->commands->records->nelts, 1);
    assert_int_equal(b->commands->calls->nelts, 3);
}

static void a_setup_that_nobody_waits_for_is_ended(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec = add(b, "a.example");

    b->commands->setup = FAKE_COMMAND_HANGS;
    present(b, spec, "one", NULL);
    acme_solver_dns_forget(&b->ctx, spec, *state);
    finish(b);
    assert_int_equal(teardowns(b), 1);
    assert_int_equal(items(b), 0);
}

static void a_teardown_that_fails_is_repeated_and_given_up(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = make_bench(p);
    const acme_spec_t *spec = add(b, "a.example");
    int i;

    b->commands->teardown = FAKE_COMMAND_FAILS;
    present(b, spec, "one", NULL);
    finish(b);
    cleanup(b, spec, "one");
    finish(b);
    /* Restarts that come soon do not use the tries up. */
    for (i = 1; i < ACME_SOLVER_DNS_QUEUE_TRIES + 3; ++i) {
        assert_int_equal(items(b), 1);
        acme_t_contains(line(b, i - 1), "no such zone");
        acme_t_contains(line(b, i - 1), "tried again at the next");
        sweep(b);
    }
    b->clock->now += ACME_SOLVER_DNS_QUEUE_KEEP;
    sweep(b);
    assert_int_equal(items(b), 0);
    assert_int_equal(teardowns(b), i + 1);
    acme_t_contains(line(b, i),
                    "ACME0632: a.example: the record _acme-challenge.a.example "
                    "could not be torn down in 9 tries");
    acme_t_contains(line(b, i), acme_jws_sha256_b64("one", p));
}

static void give_order(const bench_t *b, const acme_spec_t *spec)
{
    acme_job_t *job = acme_job_create(spec->name, b->p);

    acme_job_begin(job, "digest", "first certificate", "", b->clock->now);
    acme_job_order_made(job, acme_json_object(b->p));
    assert_int_equal(
        acme_job_save(job, b->ctx.vault, ACME_STORE_LAZY, NULL, b->p), 0);
}

static void a_sweep_leaves_what_an_order_will_clean_up(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *a = add(b, "a.example");

    give_order(b, a);
    present(b, a, "one", NULL);
    present(b, add(b, "b.example"), "two", NULL);
    finish(b);
    sweep(b);
    assert_true(fake_commands_has(b->commands, "a.example", NULL));
    assert_false(fake_commands_has(b->commands, "b.example", NULL));
    assert_int_equal(items(b), 1);
    /* An order that does not come back within a day does not come back. */
    b->clock->now += 2 * ACME_TIME_DAY;
    sweep(b);
    assert_int_equal(b->commands->records->nelts, 0);
    assert_int_equal(items(b), 0);
}

static void the_record_of_a_site_that_is_gone_goes_by_its_command(void **state)
{
    bench_t *b = make_bench(*state);
    const acme_spec_t *spec = add(b, "a.example");

    give_order(b, spec);
    present(b, spec, "one", NULL);
    finish(b);
    apr_array_clear(b->certs);
    sweep(b);
    assert_int_equal(b->commands->records->nelts, 0);
    assert_int_equal(items(b), 0);
}

static void a_record_of_another_way_goes_by_its_own(void **state)
{
    bench_t *b = make_bench(*state);
    acme_spec_t *spec = add(b, "a.example");
    acme_dns_spec_t *dns = apr_pmemdup(b->p, spec->dns, sizeof(*dns));

    give_order(b, spec);
    present(b, spec, "one", NULL);
    present(b, spec, "two", NULL);
    finish(b);
    assert_int_equal(b->commands->records->nelts, 2);
    /* The configuration has another way now. */
    dns->way = ACME_DNS_RESPONDER;
    spec->dns = dns;
    boot(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_EAGAIN);
    finish(b);
    assert_int_equal(present(b, spec, "one", NULL), APR_SUCCESS);
    assert_int_equal(b->commands->records->nelts, 1);
    assert_int_equal(b->commands->calls->nelts, 3);
    cleanup(b, spec, "one");
    cleanup(b, spec, "two");
    finish(b);
    assert_int_equal(b->commands->records->nelts, 0);
    assert_int_equal(b->commands->calls->nelts, 4);
    assert_int_equal(items(b), 0);
}

static void a_damaged_item_is_removed(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = make_bench(p);
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "site", "a.example");
    assert_int_equal(acme_vault_put_json(b->ctx.vault, ACME_STORE_DNS, "value",
                                         json, ACME_STORE_LAZY, NULL, p),
                     0);
    sweep(b);
    assert_int_equal(b->commands->calls->nelts, 0);
    assert_int_equal(acme_vault_get_json(&json, NULL, b->ctx.vault,
                                         ACME_STORE_DNS, "value", NULL, p),
                     APR_ENOENT);
}

static void the_end_of_the_worker_ends_what_runs(void **state)
{
    bench_t *b = make_bench(*state);
    int waits;

    b->commands->setup = FAKE_COMMAND_HANGS;
    present(b, add(b, "a.example"), "one", NULL);
    assert_int_equal(b->commands->running, 1);
    acme_solver_dns_end(b->ctx.dns);
    assert_int_equal(b->commands->running, 0);
    assert_int_equal(acme_solver_dns_step(b->ctx.dns, &waits),
                     ACME_SCHEDULE_NEVER);
    assert_int_equal(waits, 0);
    assert_int_equal(items(b), 1);
}

ACME_T_MAIN(ACME_T(a_record_is_noted_set_up_and_torn_down),
            ACME_T(version_1_tears_down_by_name_once_nobody_needs_it),
            ACME_T(a_command_that_fails_is_a_problem_and_is_torn_down),
            ACME_T(a_program_that_is_not_there_is_a_problem),
            ACME_T(a_command_that_hangs_is_ended_and_stalls_no_other),
            ACME_T(commands_are_bounded_and_one_by_one_for_a_name),
            ACME_T(an_interrupted_setup_is_torn_down_and_done_again),
            ACME_T(a_record_that_is_wanted_again_comes_again),
            ACME_T(a_setup_that_nobody_waits_for_is_ended),
            ACME_T(a_teardown_that_fails_is_repeated_and_given_up),
            ACME_T(a_sweep_leaves_what_an_order_will_clean_up),
            ACME_T(the_record_of_a_site_that_is_gone_goes_by_its_command),
            ACME_T(a_record_of_another_way_goes_by_its_own),
            ACME_T(a_damaged_item_is_removed),
            ACME_T(the_end_of_the_worker_ends_what_runs))
