/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_update.c
 * @brief Records of dns-01 that are written by updates, to a name server of the
 * test.
 */
#include "acme_t_bundle.h"

#include <unistd.h>

#include "acme_jws.h"
#include "acme_site.h"
#include "acme_solver_dns.h"
#include "acme_solver_dns_record.h"
#include "config.h"
#include "fake_clock.h"
#include "fake_commands.h"
#include "update_peer.h"

#ifdef HAVE_LDNS

/* Ends the program when something waits for ever. */
#define PATIENCE 120

static const update_peer_answer_t answers[] = {
    {"_acme-challenge.a.example", 0,
     "_acme-challenge.a.example. 60 IN CNAME a.zone.test.", NULL},
    {"a.zone.test", 3, NULL, "zone.test. 60 IN SOA a. b. 1 60 60 60 60"},
    {NULL, 0, NULL, NULL}};

typedef struct bench_t {
    acme_worker_ctx_t ctx;
    fake_clock_t *clock;
    update_peer_t *peer;
    acme_tsig_t key;
    apr_array_header_t *certs;
    apr_pool_t *p, *prun;
} bench_t;

/* Begins another process, which knows only what is in the store. */
static void boot(bench_t *b)
{
    if (b->prun) {
        apr_pool_destroy(b->prun);
    }
    apr_pool_create(&b->prun, b->p);
    b->ctx.dns = acme_solver_dns_create(
        &b->ctx, &fake_commands_create(b->prun)->system, b->prun);
}

static bench_t *make_bench(apr_pool_t *p)
{
    bench_t *b = apr_pcalloc(p, sizeof(*b));

    alarm(PATIENCE);
    b->p = p;
    b->clock = fake_clock_create(p);
    b->peer = update_peer_create(p);
    b->peer->answers = answers;
    b->certs = apr_array_make(p, 2, sizeof(acme_site_cert_t *));
    b->key.name = UPDATE_PEER_KEY;
    b->key.algorithm = "hmac-sha256";
    b->key.secret = UPDATE_PEER_SECRET;
    b->ctx.vault = acme_t_vault(NULL, p);
    b->ctx.clock = &b->clock->clock;
    boot(b);
    return b;
}

static acme_spec_t *add(bench_t *b, const char *name)
{
    acme_spec_t *spec = apr_pcalloc(b->p, sizeof(*spec));
    acme_dns_spec_t *dns = apr_pcalloc(b->p, sizeof(*dns));
    acme_dns_update_spec_t *update = apr_pcalloc(b->p, sizeof(*update));
    apr_array_header_t *names = apr_array_make(b->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = name;
    update->server = "127.0.0.1";
    update->port = b->peer->port;
    update->key = &b->key;
    dns->way = ACME_DNS_UPDATE;
    dns->update = update;
    dns->limit = 10 * ACME_TIME_MINUTE;
    spec->names = names;
    spec->name = name;
    spec->dns = dns;
    acme_site_add(b->certs, spec, apr_pcalloc(b->p, sizeof(acme_inventory_t)));
    return spec;
}

static apr_status_t call(bench_t *b, const acme_spec_t *spec, int presents,
                         acme_problem_t *problem)
{
    apr_time_t visible;
    acme_challenge_t challenge = {"dns-01", spec->name, "one", "one",
                                  spec->name};
    acme_solver_means_t means = {
        .vault = b->ctx.vault,
        .now = b->clock->now,
        .dns = b->ctx.dns,
        .spec = spec,
        .visible = &visible,
    };

    return presents
               ? acme_solver_dns_present(&means, &challenge, problem, b->p)
               : acme_solver_dns_cleanup(&means, &challenge, problem, b->p);
}

static void finish(bench_t *b)
{
    int waits, n = 0;

    do {
        update_peer_step(b->peer);
        acme_solver_dns_step(b->ctx.dns, &waits);
        b->clock->now += ++n % 1000 == 0 ? apr_time_from_sec(1) : 0;
        assert_true(n < 1000000);
    } while (waits);
}

static apr_status_t present(bench_t *b, const acme_spec_t *spec,
                            acme_problem_t *problem)
{
    apr_status_t rv = call(b, spec, 1, problem);

    if (APR_STATUS_IS_EAGAIN(rv)) {
        finish(b);
        rv = call(b, spec, 1, problem);
    }
    return rv;
}

static int items(const bench_t *b)
{
    return acme_solver_dns_record_list(b->ctx.vault, b->p)->nelts;
}

static const char *update_at(const bench_t *b, int i)
{
    assert_true(i < b->peer->updates->nelts);
    return APR_ARRAY_IDX(b->peer->updates, i, const char *);
}

static const char *line(const bench_t *b, const char *sign)
{
    return apr_pstrcat(b->p, "zone.test. ", sign, " a.zone.test. \"",
                       acme_jws_sha256_b64("one", b->p), "\"", NULL);
}

static void a_record_is_removed_where_it_was_written(void **state)
{
    static const update_peer_answer_t none[] = {{NULL, 0, NULL, NULL}};
    bench_t *b = make_bench(*state);
    acme_spec_t *spec = add(b, "a.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(present(b, spec, &problem), APR_SUCCESS);
    assert_string_equal(update_at(b, 0), line(b, "+"));
    assert_int_equal(items(b), 1);
    /* The CNAME record is gone, and so is the process. */
    b->peer->answers = none;
    boot(b);
    assert_int_equal(call(b, spec, 0, &problem), APR_SUCCESS);
    finish(b);
    assert_string_equal(update_at(b, 1), line(b, "-"));
    assert_int_equal(items(b), 0);
}

static void a_site_that_is_gone_needs_a_key_of_another(void **state)
{
    bench_t *b = make_bench(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(present(b, add(b, "a.example"), &problem), APR_SUCCESS);
    apr_array_clear(b->certs);
    boot(b);
    acme_solver_dns_sweep(b->ctx.dns, b->certs, b->p);
    finish(b);
    assert_int_equal(b->peer->updates->nelts, 1);
    assert_int_equal(items(b), 1);
    add(b, "b.example");
    boot(b);
    acme_solver_dns_sweep(b->ctx.dns, b->certs, b->p);
    finish(b);
    assert_string_equal(update_at(b, 1), line(b, "-"));
    assert_int_equal(items(b), 0);
}

static void what_was_refused_is_not_torn_down(void **state)
{
    bench_t *b = make_bench(*state);
    acme_spec_t *spec = add(b, "a.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;

    b->peer->rcode = 5;
    assert_int_equal(present(b, spec, &problem), APR_EACCES);
    acme_t_contains(problem.detail,
                    "the record _acme-challenge.a.example cannot be set up: "
                    "the name server 127.0.0.1:");
    acme_t_contains(problem.detail, "REFUSED: it does not let this key");
    call(b, spec, 0, &problem);
    finish(b);
    assert_int_equal(b->peer->updates->nelts, 1);
    assert_int_equal(items(b), 0);
}

static void a_setup_that_nobody_answered_is_torn_down(void **state)
{
    bench_t *b = make_bench(*state);
    acme_spec_t *spec = add(b, "a.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int waits, n = 0;

    assert_int_equal(call(b, spec, 1, &problem), APR_EAGAIN);
    /* The update arrives, and its reply is lost with the process. */
    while (b->peer->updates->nelts == 0) {
        acme_solver_dns_step(b->ctx.dns, &waits);
        update_peer_step(b->peer);
        assert_true(++n < 100000);
    }
    boot(b);
    assert_int_equal(present(b, spec, &problem), APR_SUCCESS);
    assert_int_equal(b->peer->updates->nelts, 3);
    assert_string_equal(update_at(b, 1), line(b, "-"));
    assert_string_equal(update_at(b, 2), line(b, "+"));
    /* The end of the worker waits for no server. */
    b->peer->how = UPDATE_PEER_SILENT;
    call(b, spec, 0, &problem);
    acme_solver_dns_step(b->ctx.dns, &waits);
    acme_solver_dns_end(b->ctx.dns);
    assert_int_equal(items(b), 1);
}

ACME_T_MAIN(ACME_T(a_record_is_removed_where_it_was_written),
            ACME_T(a_site_that_is_gone_needs_a_key_of_another),
            ACME_T(what_was_refused_is_not_torn_down),
            ACME_T(a_setup_that_nobody_answered_is_torn_down))

#else

static void nothing_is_written_without_ldns(void **state)
{
    (void)state;
    assert_int_equal(0, 0);
}

ACME_T_MAIN(ACME_T(nothing_is_written_without_ldns))

#endif
