/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_ares.c
 * @brief Questions to real sockets, behind which a server answers well or
 * badly.
 */
#include "acme_t.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_dns_ares.h"
#include "acme_http_curl.h"
#include "config.h"
#include "dns_server.h"

#ifdef HAVE_LIBCARES

/* Ends the program when something waits for ever. */
#define PATIENCE 120

typedef struct world_t {
    dns_server_t *server;
    acme_http_t *http;
    acme_dns_ares_config_t config;
    acme_dns_t *dns;
    apr_array_header_t *servers; /* of the questions, or NULL */
    apr_pool_t *p, *pdns;
} world_t;

typedef struct outcome_t {
    world_t *w;
    acme_dns_question_t question;
    int calls;
    acme_dns_outcome_e outcome;
    int records;
    char *value; /* of the last record */
    char *detail;
    apr_status_t rv;
    struct outcome_t *next; /* is asked by `done` */
    int cancels;            /* `done` cancels all */
} outcome_t;

static void done(void *baton, const acme_dns_answer_t *answer)
{
    outcome_t *o = baton;

    ++o->calls;
    o->outcome = answer->outcome;
    o->records = answer->records->nelts;
    if (o->records > 0) {
        o->value =
            apr_pstrdup(o->w->p, APR_ARRAY_IDX(answer->records, o->records - 1,
                                               acme_dns_record_t)
                                     .value);
    }
    assert_true((answer->outcome == ACME_DNS_FAILED)
                == (answer->problem != NULL));
    if (answer->problem) {
        o->rv = answer->problem->rv;
        o->detail = apr_pstrdup(o->w->p, answer->problem->detail);
    }
    if (o->next) {
        o->w->dns->ask(o->w->dns, &o->next->question, done, o->next);
    }
    if (o->cancels) {
        o->w->dns->cancel(o->w->dns, NULL);
    }
}

static void open_dns(world_t *w)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    apr_pool_create(&w->pdns, w->p);
    assert_int_equal(
        acme_dns_ares_create(&w->dns, &w->config, &problem, w->pdns),
        APR_SUCCESS);
    assert_non_null(w->dns);
}

static world_t *make(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));
    acme_http_curl_config_t curl = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;

    alarm(PATIENCE);
    w->p = p;
    w->server = dns_server_start(p);
    assert_int_equal(acme_http_curl_global_init(), APR_SUCCESS);
    assert_int_equal(acme_http_curl_create(&w->http, &curl,
                                           &acme_time_system_clock, NULL,
                                           &problem, p),
                     APR_SUCCESS);
    w->servers = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(w->servers, const char *) = dns_server_address(w->server);
    w->config.http = w->http;
    w->config.clock = &acme_time_system_clock;
    open_dns(w);
    return w;
}

static void quickly(world_t *w)
{
    w->config.limit = apr_time_from_msec(400);
    w->config.try = apr_time_from_msec(100);
    open_dns(w);
}

static outcome_t *ask(world_t *w, const char *name)
{
    outcome_t *o = apr_pcalloc(w->p, sizeof(*o));

    o->w = w;
    o->question.name = name;
    o->question.type = ACME_DNS_TXT;
    o->question.servers = w->servers;
    w->dns->ask(w->dns, &o->question, done, o);
    assert_int_equal(o->calls, 0);
    return o;
}

/* Runs until nothing is pending, waiting as a worker does. */
static void drain(world_t *w)
{
    apr_time_t at, now;

    for (at = w->dns->run(w->dns); at != 0; at = w->dns->run(w->dns)) {
        now = apr_time_now();
        w->http->run(w->http, at > now ? at - now : 0);
    }
    assert_int_equal(w->dns->pending(w->dns), 0);
}

/* Asks for a name, and expects that the question fails with this. */
static void expect_failure(world_t *w, const char *name, const char *why)
{
    outcome_t *o = ask(w, name);

    drain(w);
    assert_int_equal(o->calls, 1);
    assert_int_equal(o->outcome, ACME_DNS_FAILED);
    assert_string_equal(
        o->detail, apr_psprintf(w->p,
                                "the TXT records of %s cannot be looked up: "
                                "%s",
                                name, why));
}

/* Says what is wrong with the answer of the server. */
static const char *answer_is(world_t *w, const char *what)
{
    return apr_pstrcat(w->p, "the answer of ", dns_server_address(w->server),
                       " ", what, NULL);
}

static void asks_a_server(void **state)
{
    world_t *w = make(*state);
    outcome_t *found = ask(w, "one.test");
    outcome_t *none = ask(w, "none.test");
    outcome_t *empty = ask(w, "empty.test");
    outcome_t *flags = ask(w, "flags.test");

    assert_int_equal(w->dns->pending(w->dns), 4);
    drain(w);
    assert_int_equal(found->calls, 1);
    assert_int_equal(found->outcome, ACME_DNS_FOUND);
    assert_string_equal(found->value, "one");
    assert_int_equal(none->outcome, ACME_DNS_NO_NAME);
    assert_int_equal(empty->outcome, ACME_DNS_NODATA);
    assert_string_equal(flags->value, "plain");
    assert_int_equal(dns_server_count(w->server, 0), 4);
    assert_true(w->dns->run(w->dns) == 0);
}

static void asks_resolvers_with_recursion(void **state)
{
    world_t *w = make(*state);
    outcome_t *o;

    w->config.servers = w->servers;
    w->servers = NULL;
    open_dns(w);
    o = ask(w, "flags.test");
    drain(w);
    assert_string_equal(o->value, "recursive");
}

/* A name server at an address that is configured is asked at the port there. */
static void takes_the_port_that_is_configured(void **state)
{
    world_t *w = make(*state);
    outcome_t *o;

    w->config.servers = w->servers;
    w->servers = apr_array_make(w->p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(w->servers, const char *) = "127.0.0.1";
    open_dns(w);
    o = ask(w, "flags.test");
    drain(w);
    assert_string_equal(o->value, "plain");
}

static void goes_on_over_tcp(void **state)
{
    world_t *w = make(*state);
    outcome_t *big = ask(w, "big.test");

    drain(w);
    assert_int_equal(big->outcome, ACME_DNS_FOUND);
    assert_int_equal(big->records, 200);
    assert_int_equal(dns_server_count(w->server, 1), 1);
}

static void asks_again_what_was_lost(void **state)
{
    world_t *w = make(*state);
    outcome_t *o;

    w->config.try = apr_time_from_msec(100);
    open_dns(w);
    o = ask(w, "once.test");
    drain(w);
    assert_int_equal(o->outcome, ACME_DNS_FOUND);
    assert_int_equal(dns_server_count(w->server, 0), 2);
}

static void a_bad_answer_is_named(void **state)
{
    world_t *w = make(*state);

    expect_failure(w, "cut.test", answer_is(w, "is cut, also over TCP"));
    expect_failure(w, "fail.test", answer_is(w, "is SERVFAIL"));
    expect_failure(w, "refuse.test", answer_is(w, "is REFUSED"));
    expect_failure(w, "loop.test",
                   answer_is(w, "has a chain of CNAME records that is too "
                                "long, or a loop"));
}

/* Resolvers, too: c-ares goes on to the next one then, and does not say why
 * none has helped. */
static void the_error_of_resolvers_is_named(void **state)
{
    world_t *w = make(*state);
    const char *why = answer_is(w, "is SERVFAIL");
    outcome_t *o;

    w->config.servers = w->servers;
    w->servers = NULL;
    open_dns(w);
    expect_failure(w, "fail.test", why);
    /* the next one helps */
    w->config.servers = apr_array_make(w->p, 2, sizeof(const char *));
    APR_ARRAY_PUSH((apr_array_header_t *)(void *)w->config.servers,
                   const char *) = "127.0.0.1:9";
    APR_ARRAY_PUSH((apr_array_header_t *)(void *)w->config.servers,
                   const char *) = dns_server_address(w->server);
    open_dns(w);
    o = ask(w, "one.test");
    drain(w);
    assert_int_equal(o->outcome, ACME_DNS_FOUND);
}

static void what_does_not_answer_is_given_up(void **state)
{
    static const char *const names[] = {"silent.test", "other.test", "id.test"};
    world_t *w = make(*state);
    const char *why =
        apr_pstrcat(w->p, "no answer of ", dns_server_address(w->server), NULL);
    apr_size_t i;

    quickly(w);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        expect_failure(w, names[i], why);
    }
}

/* Newer versions of c-ares name it, and do not wait for another packet. */
static void what_is_no_packet_fails(void **state)
{
    world_t *w = make(*state);
    outcome_t *o;

    quickly(w);
    o = ask(w, "garbage.test");
    drain(w);
    assert_int_equal(o->calls, 1);
    assert_int_equal(o->outcome, ACME_DNS_FAILED);
    assert_non_null(strstr(o->detail, dns_server_address(w->server)));
}

static void a_stream_that_ends_early_fails(void **state)
{
    world_t *w = make(*state);
    outcome_t *o;

    quickly(w);
    o = ask(w, "half.test");
    drain(w);
    assert_int_equal(o->calls, 1);
    assert_int_equal(o->outcome, ACME_DNS_FAILED);
}

/* Its limit holds with however many tries. */
static void the_whole_is_bounded(void **state)
{
    world_t *w = make(*state);
    apr_time_t begun;
    outcome_t *o;

    w->config.limit = apr_time_from_msec(300);
    w->config.try = apr_time_from_sec(1000);
    open_dns(w);
    begun = apr_time_now();
    o = ask(w, "silent.test");
    drain(w);
    assert_int_equal(o->outcome, ACME_DNS_FAILED);
    assert_true(apr_time_now() >= begun + w->config.limit);
}

static void refuses_what_is_no_name(void **state)
{
    static const char *const names[] = {
        "", ".", "a..test", ".test", "a b.test", "a\\.test", "\xc3\xa4.test"};
    world_t *w = make(*state);
    char *label = apr_pcalloc(w->p, 70);
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        expect_failure(w, names[i], "the question is about no valid name");
    }
    memset(label, 'x', 64);
    expect_failure(w, label, "the question is about no valid name");
    APR_ARRAY_IDX(w->servers, 0, const char *) = "ns1.example";
    expect_failure(w, "one.test",
                   "the question has no valid address of a server");
    assert_int_equal(dns_server_count(w->server, 0), 0);
}

static void many_wait_for_their_turn(void **state)
{
    world_t *w = make(*state);
    outcome_t *all[3 * ACME_DNS_ARES_MOST];
    int i, n = (int)(sizeof(all) / sizeof(all[0]));

    w->config.try = w->config.limit = apr_time_from_sec(1000);
    open_dns(w);
    for (i = 0; i < n; ++i) {
        (void)ask(w, apr_psprintf(w->p, "silent.n%d.test", i));
    }
    (void)w->dns->run(w->dns);
    while (dns_server_count(w->server, 0) < ACME_DNS_ARES_MOST) {
        (void)w->dns->run(w->dns);
        apr_sleep(apr_time_from_msec(1));
    }
    (void)w->dns->run(w->dns);
    assert_int_equal(dns_server_count(w->server, 0), ACME_DNS_ARES_MOST);
    w->dns->cancel(w->dns, NULL);
    w->config.try = w->config.limit = 0;
    open_dns(w);
    for (i = 0; i < n; ++i) {
        all[i] = ask(w, apr_psprintf(w->p, "one.n%d.test", i));
    }
    drain(w);
    for (i = 0; i < n; ++i) {
        assert_int_equal(all[i]->calls, 1);
        assert_int_equal(all[i]->outcome, ACME_DNS_FOUND);
    }
}

static void a_question_may_follow_from_an_answer(void **state)
{
    world_t *w = make(*state);
    outcome_t *first = ask(w, "one.test");
    outcome_t *second = apr_pmemdup(w->p, first, sizeof(*first));

    second->question.name = "none.test";
    first->next = second;
    drain(w);
    assert_int_equal(second->calls, 1);
    assert_int_equal(second->outcome, ACME_DNS_NO_NAME);
}

static void cancels(void **state)
{
    world_t *w = make(*state);
    outcome_t *a = ask(w, "silent.a.test");
    outcome_t *b = ask(w, "silent.b.test");
    outcome_t *c = ask(w, "one.test");

    (void)w->dns->run(w->dns);
    w->dns->cancel(w->dns, a);
    assert_int_equal(a->calls, 1);
    assert_int_equal(a->rv, APR_EINTR);
    assert_int_equal(b->calls, 0);
    /* the rest from inside an answer, and one that was not begun */
    (void)ask(w, "silent.c.test");
    c->cancels = 1;
    drain(w);
    assert_int_equal(b->calls, 1);
    assert_int_equal(b->rv, APR_EINTR);
    assert_int_equal(c->outcome, ACME_DNS_FOUND);
}

/* Returns the number of open descriptors; those that programs would inherit are
 * counted in `inherited`. */
static int count_files(int *inherited)
{
    int fd, flags, n = 0;

    *inherited = 0;
    for (fd = 0; fd < 1024; ++fd) {
        flags = fcntl(fd, F_GETFD);
        if (flags >= 0) {
            ++n;
            *inherited += !(flags & FD_CLOEXEC);
        }
    }
    return n;
}

static void leaves_no_descriptor(void **state)
{
    world_t *w = make(*state);
    int inherited, inherited_then;
    int before = count_files(&inherited);
    outcome_t *o = ask(w, "silent.test");

    (void)w->dns->run(w->dns);
    assert_true(count_files(&inherited_then) > before);
    assert_int_equal(inherited_then, inherited);
    apr_pool_destroy(w->pdns);
    assert_int_equal(o->calls, 0);
    assert_int_equal(count_files(&inherited_then), before);
    /* nothing is watched any more either: a wait is not cut short */
    open_dns(w);
    o = ask(w, "one.test");
    drain(w);
    assert_int_equal(o->outcome, ACME_DNS_FOUND);
    assert_int_equal(count_files(&inherited_then), before);
}

ACME_T_MAIN(ACME_T(asks_a_server), ACME_T(asks_resolvers_with_recursion),
            ACME_T(takes_the_port_that_is_configured), ACME_T(goes_on_over_tcp),
            ACME_T(asks_again_what_was_lost), ACME_T(a_bad_answer_is_named),
            ACME_T(the_error_of_resolvers_is_named),
            ACME_T(what_does_not_answer_is_given_up),
            ACME_T(what_is_no_packet_fails),
            ACME_T(a_stream_that_ends_early_fails),
            ACME_T(the_whole_is_bounded), ACME_T(refuses_what_is_no_name),
            ACME_T(many_wait_for_their_turn),
            ACME_T(a_question_may_follow_from_an_answer), ACME_T(cancels),
            ACME_T(leaves_no_descriptor))

#else

static void is_not_there_without_c_ares(void **state)
{
    acme_dns_ares_config_t config = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_t *dns;

    assert_int_equal(acme_dns_ares_create(&dns, &config, &problem, *state),
                     APR_SUCCESS);
    assert_null(dns);
}

ACME_T_MAIN(ACME_T(is_not_there_without_c_ares))

#endif
