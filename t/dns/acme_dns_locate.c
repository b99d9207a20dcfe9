/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_locate.c
 * @brief CNAME records that are followed, and zones that are found, at a name
 * server of the test.
 */
#include "acme_t_bundle.h"

#include <unistd.h>

#include <apr_strings.h>

#include "acme_dns_locate.h"
#include "config.h"
#include "update_peer.h"

#ifdef HAVE_LDNS

/* Ends the program when something waits for ever. */
#define PATIENCE 120

#define SOA(zone) zone " 60 IN SOA ns." zone " a." zone " 1 60 60 60 60"
#define NXDOMAIN  3

typedef struct bench_t {
    update_peer_t *peer;
    acme_dns_key_t key;
    acme_dns_server_t server;
    acme_dns_t resolver;
    const char *alias; /* CNAME record that the resolver has */
    int asked;         /* times that it was asked */
    acme_dns_done_fn *done;
    void *baton;
    const char *zone; /* that is given */
    const char *at, *in;
    acme_problem_t problem;
    apr_pool_t *p;
} bench_t;

/* Keeps the question; it is answered in the next step. */
static void ask(acme_dns_t *dns, const acme_dns_question_t *question,
                acme_dns_done_fn *done, void *baton)
{
    bench_t *b = dns->self;

    assert_int_equal(question->type, ACME_DNS_CNAME);
    ++b->asked;
    b->done = done;
    b->baton = baton;
}

static void cancel(acme_dns_t *dns, const void *baton)
{
    bench_t *b = dns->self;

    (void)baton;
    b->done = NULL;
}

static void answer(bench_t *b)
{
    acme_dns_record_t record = {
        "_acme-challenge.a.example", ACME_DNS_CNAME, 0, b->alias, NULL, 0};
    apr_array_header_t *records =
        apr_array_make(b->p, 1, sizeof(acme_dns_record_t));
    acme_dns_answer_t found = {ACME_DNS_FOUND, 0, records, NULL, b->p};
    acme_dns_done_fn *done = b->done;

    b->done = NULL;
    if (!done) {
        return;
    }
    if (b->alias) {
        APR_ARRAY_PUSH(records, acme_dns_record_t) = record;
    }
    else {
        found.outcome = ACME_DNS_NO_NAME;
    }
    done(b->baton, &found);
}

static bench_t *make_bench(const update_peer_answer_t *answers, apr_pool_t *p)
{
    bench_t *b = apr_pcalloc(p, sizeof(*b));

    alarm(PATIENCE);
    b->p = p;
    b->peer = update_peer_create(p);
    b->peer->answers = answers;
    b->key.name = UPDATE_PEER_KEY;
    b->key.algorithm = "hmac-sha256";
    b->key.secret = UPDATE_PEER_SECRET;
    b->server.address = "127.0.0.1";
    b->server.port = b->peer->port;
    b->server.key = &b->key;
    b->resolver.self = b;
    b->resolver.ask = ask;
    b->resolver.cancel = cancel;
    return b;
}

static apr_status_t locate(bench_t *b, int resolves)
{
    acme_dns_locate_t *work;
    apr_time_t now = apr_time_now();
    apr_status_t rv;
    int n = 0;

    b->at = NULL;
    b->in = NULL;
    assert_int_equal(acme_dns_locate_start(&work, &b->server,
                                           resolves ? &b->resolver : NULL,
                                           b->zone, "_acme-challenge.a.example",
                                           now, &b->problem, b->p),
                     APR_SUCCESS);
    do {
        update_peer_step(b->peer);
        answer(b);
        rv = acme_dns_locate_poll(work, &b->at, &b->in, now, &b->problem, b->p);
        assert_true(++n < 100000);
        now += n % 1000 == 0 ? apr_time_from_msec(100) : 0;
    } while (APR_STATUS_IS_EAGAIN(rv));
    return rv;
}

static void assert_located(const bench_t *b, const char *at, const char *zone)
{
    assert_string_equal(b->at, at);
    assert_string_equal(b->in, zone);
}

static void the_zone_is_found_by_its_soa(void **state)
{
    static const update_peer_answer_t above[] = {
        {"_acme-challenge.a.example", NXDOMAIN, NULL, SOA("a.example.")},
        {NULL, 0, NULL, NULL}};
    static const update_peer_answer_t own[] = {
        {"_acme-challenge.a.example", 0, SOA("_acme-challenge.a.example."),
         NULL},
        {NULL, 0, NULL, NULL}};
    static const update_peer_answer_t climbed[] = {
        {"a.example", 0, NULL, SOA("example.")}, {NULL, 0, NULL, NULL}};
    bench_t *b = make_bench(above, *state);

    assert_int_equal(locate(b, 0), APR_SUCCESS);
    assert_located(b, "_acme-challenge.a.example", "a.example");
    assert_int_equal(b->peer->by_udp, 1);
    b->peer->answers = own;
    assert_int_equal(locate(b, 0), APR_SUCCESS);
    assert_located(b, "_acme-challenge.a.example", "_acme-challenge.a.example");
    /* The server refuses to say anything about the name itself. */
    b->peer->answers = climbed;
    assert_int_equal(locate(b, 1), APR_SUCCESS);
    assert_located(b, "_acme-challenge.a.example", "example");
    assert_int_equal(b->asked, 1);
}

static void a_server_without_a_zone_is_a_problem(void **state)
{
    static const update_peer_answer_t none[] = {{NULL, 0, NULL, NULL}};
    static const update_peer_answer_t root[] = {
        {"_acme-challenge.a.example", NXDOMAIN, NULL,
         ". 60 IN SOA a. b. 1 60 60 60 60"},
        {"a.example", NXDOMAIN, NULL, ". 60 IN SOA a. b. 1 60 60 60 60"},
        {NULL, 0, NULL, NULL}};
    static const update_peer_answer_t foreign[] = {
        {"_acme-challenge.a.example", 0, NULL, SOA("b.example.")},
        {NULL, 0, NULL, NULL}};
    static const update_peer_answer_t left[] = {
        {"_acme-challenge.a.example", 0, NULL,
         "a.example. 60 IN NS ns.others.example."},
        {NULL, 0, NULL, NULL}};
    const update_peer_answer_t *const cases[] = {none, root, foreign};
    bench_t *b = make_bench(none, *state);
    int i;

    for (i = 0; i < 3; ++i) {
        b->peer->answers = cases[i];
        assert_int_equal(locate(b, 0), APR_NOTFOUND);
        acme_t_contains(b->problem.detail,
                        " has no zone for _acme-challenge.a.example (");
    }
    b->peer->answers = left;
    assert_int_equal(locate(b, 0), APR_NOTFOUND);
    acme_t_contains(b->problem.detail,
                    "leaves _acme-challenge.a.example to others: the zone "
                    "a.example is at ns.others.example");
}

static void cname_records_are_followed(void **state)
{
    static const update_peer_answer_t answers[] = {
        {"_acme-challenge.a.example", 0,
         "_acme-challenge.a.example. 60 IN CNAME One.other.example.", NULL},
        {"one.other.example", 0,
         "one.other.example. 60 IN CNAME two.zone.test.", NULL},
        {"two.zone.test", NXDOMAIN, NULL, SOA("zone.test.")},
        {NULL, 0, NULL, NULL}};
    bench_t *b = make_bench(answers, *state);

    assert_int_equal(locate(b, 0), APR_SUCCESS);
    assert_located(b, "two.zone.test", "zone.test");
    b->zone = "zone.test";
    assert_int_equal(locate(b, 0), APR_SUCCESS);
    assert_located(b, "two.zone.test", "zone.test");
    b->zone = "a.example";
    assert_int_equal(locate(b, 0), APR_NOTFOUND);
    assert_string_equal(b->problem.detail,
                        "two.zone.test (where the CNAME record at "
                        "_acme-challenge.a.example leads) is not in the zone "
                        "a.example");
    /* It is found by the resolver, when the server does not know the name. */
    b->zone = NULL;
    b->peer->answers = answers + 2;
    b->alias = "two.zone.test";
    assert_int_equal(locate(b, 1), APR_SUCCESS);
    assert_located(b, "two.zone.test", "zone.test");
}

static void cname_records_without_end_are_refused(void **state)
{
    static const update_peer_answer_t circle[] = {
        {"_acme-challenge.a.example", 0,
         "_acme-challenge.a.example. 60 IN CNAME b.example.", NULL},
        {"b.example", 0, "b.example. 60 IN CNAME _acme-challenge.a.example.",
         NULL},
        {NULL, 0, NULL, NULL}};
    update_peer_answer_t chain[12];
    bench_t *b = make_bench(circle, *state);
    int i;

    assert_int_equal(locate(b, 0), APR_NOTFOUND);
    assert_string_equal(b->problem.detail,
                        "the CNAME records at _acme-challenge.a.example lead "
                        "in a circle, back to _acme-challenge.a.example");
    memset(chain, 0, sizeof(chain));
    for (i = 0; i < 11; ++i) {
        chain[i].name = i ? apr_psprintf(b->p, "n%d.example", i)
                          : "_acme-challenge.a.example";
        chain[i].answer = apr_psprintf(b->p, "%s. 60 IN CNAME n%d.example.",
                                       chain[i].name, i + 1);
    }
    b->peer->answers = chain;
    assert_int_equal(locate(b, 0), APR_NOTFOUND);
    acme_t_contains(b->problem.detail, "from name to name, more than 8 times");
}

static void a_given_zone_needs_no_answer_about_it(void **state)
{
    static const update_peer_answer_t none[] = {{NULL, 0, NULL, NULL}};
    bench_t *b = make_bench(none, *state);

    b->zone = "example";
    assert_int_equal(locate(b, 1), APR_SUCCESS);
    assert_located(b, "_acme-challenge.a.example", "example");
    b->zone = "xample";
    assert_int_equal(locate(b, 1), APR_NOTFOUND);
    b->peer->how = UPDATE_PEER_BADKEY;
    assert_int_equal(locate(b, 1), APR_EACCES);
    acme_t_contains(b->problem.detail, "NOTAUTH, BADKEY");
}

static void the_end_of_its_pool_ends_its_question(void **state)
{
    static const update_peer_answer_t none[] = {{NULL, 0, NULL, NULL}};
    bench_t *b = make_bench(none, *state);
    acme_dns_locate_t *work;
    apr_pool_t *p;
    int n = 0;

    apr_pool_create(&p, *state);
    acme_dns_locate_start(&work, &b->server, &b->resolver, NULL, "x.a.example",
                          0, &b->problem, p);
    while (!b->done) {
        update_peer_step(b->peer);
        assert_int_equal(
            acme_dns_locate_poll(work, &b->at, &b->in, 0, &b->problem, *state),
            APR_EAGAIN);
        assert_true(++n < 100000);
    }
    apr_pool_destroy(p);
    assert_null(b->done);
}

ACME_T_MAIN(ACME_T(the_zone_is_found_by_its_soa),
            ACME_T(a_server_without_a_zone_is_a_problem),
            ACME_T(cname_records_are_followed),
            ACME_T(cname_records_without_end_are_refused),
            ACME_T(a_given_zone_needs_no_answer_about_it),
            ACME_T(the_end_of_its_pool_ends_its_question))

#else

static void nothing_is_asked_without_ldns(void **state)
{
    acme_dns_server_t server = {"127.0.0.1", 53, NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_locate_t *work;

    assert_int_equal(acme_dns_locate_start(&work, &server, NULL, NULL,
                                           "a.example", 0, &problem, *state),
                     APR_ENOTIMPL);
}

ACME_T_MAIN(ACME_T(nothing_is_asked_without_ldns))

#endif
