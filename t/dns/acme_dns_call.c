/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_call.c
 * @brief Updates and questions to a real socket, behind which a name server
 * answers well or badly.
 */
#include "acme_t_bundle.h"

#include <unistd.h>

#include <apr_strings.h>

#include "acme_dns_call.h"
#include "acme_dns_refused.h"
#include "config.h"
#include "update_peer.h"

#ifdef HAVE_LDNS

/* Ends the program when something waits for ever. */
#define PATIENCE 120

typedef struct bench_t {
    update_peer_t *peer;
    acme_dns_key_t key;
    acme_dns_server_t server;
    acme_dns_message_t message;
    acme_dns_reply_t reply;
    acme_problem_t problem;
    apr_time_t now; /* its steps are long, so that nothing is waited for */
    apr_pool_t *p;
} bench_t;

static bench_t *make_bench(apr_pool_t *p)
{
    bench_t *b = apr_pcalloc(p, sizeof(*b));

    alarm(PATIENCE);
    b->p = p;
    b->peer = update_peer_create(p);
    b->key.name = UPDATE_PEER_KEY;
    b->key.algorithm = "hmac-sha256";
    b->key.secret = UPDATE_PEER_SECRET;
    b->server.address = "127.0.0.1";
    b->server.port = b->peer->port;
    b->server.key = &b->key;
    b->now = apr_time_now();
    return b;
}

/* Lets a message reach the peer and its reply come back, then time pass. */
static apr_status_t finish(bench_t *b, acme_dns_call_t *call)
{
    apr_status_t rv;
    int i, n = 0;

    do {
        for (i = 0; i < 20; ++i) {
            update_peer_step(b->peer);
            rv = acme_dns_call_poll(call, &b->reply, b->now, &b->problem, b->p);
            if (!APR_STATUS_IS_EAGAIN(rv)) {
                return rv;
            }
        }
        b->now += apr_time_from_msec(500);
        assert_true(++n < 200);
    } while (APR_STATUS_IS_EAGAIN(rv));
    return rv;
}

static apr_status_t run(bench_t *b)
{
    acme_dns_call_t *call;
    apr_status_t rv = acme_dns_call_start(&call, &b->server, &b->message,
                                          b->now, &b->problem, b->p);

    return rv == APR_SUCCESS ? finish(b, call) : rv;
}

static apr_status_t update(bench_t *b, int remove)
{
    acme_dns_change_t change = {"a.example", "_acme-challenge.a.example",
                                "value-1_2", 60, remove};

    assert_int_equal(acme_dns_message_change(&b->message, &change,
                                             b->server.key, &b->problem, b->p),
                     APR_SUCCESS);
    return run(b);
}

static void an_update_adds_or_removes_one_record(void **state)
{
    bench_t *b = make_bench(*state);

    assert_int_equal(update(b, 0), APR_SUCCESS);
    assert_int_equal(b->reply.rcode, 0);
    assert_int_equal(update(b, 1), APR_SUCCESS);
    assert_int_equal(b->peer->by_udp, 2);
    assert_int_equal(b->peer->by_tcp, 0);
    assert_string_equal(
        APR_ARRAY_IDX(b->peer->updates, 0, const char *),
        "a.example. + _acme-challenge.a.example. \"value-1_2\"");
    assert_string_equal(
        APR_ARRAY_IDX(b->peer->updates, 1, const char *),
        "a.example. - _acme-challenge.a.example. \"value-1_2\"");
}

static void algorithms_are_those_that_ldns_signs_by(void **state)
{
    bench_t *b = make_bench(*state);

    assert_true(acme_dns_message_knows("hmac-sha256"));
    assert_true(acme_dns_message_knows("hmac-sha512"));
    assert_false(acme_dns_message_knows("hmac-sha384"));
    assert_false(acme_dns_message_knows("hmac-sha1"));
    assert_false(acme_dns_message_knows("hmac-md5"));
    assert_false(acme_dns_message_knows("hmac-md5.sig-alg.reg.int"));
    /* A reply by another algorithm than ours counts as by another key. */
    b->key.algorithm = "hmac-sha512";
    assert_int_not_equal(update(b, 0), APR_SUCCESS);
    acme_t_contains(b->problem.detail, "a reply that another key has signed");
}

static void an_update_without_a_key_needs_no_signature(void **state)
{
    bench_t *b = make_bench(*state);

    b->server.key = NULL;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    b->peer->how = UPDATE_PEER_OTHER_ID;
    assert_int_not_equal(update(b, 0), APR_SUCCESS);
}

static void what_gets_lost_is_sent_again(void **state)
{
    bench_t *b = make_bench(*state);

    b->peer->ignores = ACME_DNS_CALL_TRIES - 1;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    assert_int_equal(b->peer->by_udp, ACME_DNS_CALL_TRIES);
    assert_int_equal(b->peer->by_tcp, 0);
    /* The last resort is TCP. */
    b->peer->by_udp = 0;
    b->peer->ignores = ACME_DNS_CALL_TRIES;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    assert_int_equal(b->peer->by_tcp, 1);
}

static void a_reply_that_is_cut_comes_by_tcp(void **state)
{
    bench_t *b = make_bench(*state);

    b->peer->how = UPDATE_PEER_CUT;
    b->peer->rcode = 5;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    assert_int_equal(b->reply.rcode, 5);
    assert_int_equal(b->peer->by_udp, 1);
    assert_int_equal(b->peer->by_tcp, 1);
}

static void what_is_no_reply_is_named_and_ends_in_time(void **state)
{
    static const struct {
        update_peer_e how;
        const char *says;
    } cases[] = {
        {UPDATE_PEER_SILENT, "has sent no reply by UDP or TCP"},
        {UPDATE_PEER_UNSIGNED, "a reply without a signature (NOERROR)"},
        {UPDATE_PEER_FORGED, "a reply with a bad signature"},
        {UPDATE_PEER_CHANGED, "a reply with a bad signature"},
        {UPDATE_PEER_STALE, "a reply with a bad signature"},
        {UPDATE_PEER_OTHER_KEY, "a reply that another key has signed"},
        {UPDATE_PEER_OTHER_ID, "a message that is no reply to ours"},
        {UPDATE_PEER_OTHER_NAME, "a reply to another question"},
        {UPDATE_PEER_GARBAGE, "a damaged reply"},
        {UPDATE_PEER_SHORT, "something that is no DNS message"},
        {UPDATE_PEER_QUERY, "a message that is no reply to ours"},
    };
    bench_t *b = make_bench(*state);
    apr_time_t begun;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        b->peer->how = cases[i].how;
        begun = b->now;
        assert_int_not_equal(update(b, 0), APR_SUCCESS);
        acme_t_contains(b->problem.detail,
                        apr_psprintf(b->p, "the name server 127.0.0.1:%d has ",
                                     b->peer->port));
        acme_t_contains(b->problem.detail, cases[i].says);
        assert_true(b->now - begun < apr_time_from_sec(30));
    }
}

static void a_proper_reply_is_waited_for_behind_others(void **state)
{
    bench_t *b = make_bench(*state);
    acme_dns_call_t *call;
    acme_dns_change_t change = {"a.example", "x.a.example", "value", 60, 0};

    acme_dns_message_change(&b->message, &change, &b->key, &b->problem, b->p);
    b->peer->how = UPDATE_PEER_FORGED;
    assert_int_equal(acme_dns_call_start(&call, &b->server, &b->message, b->now,
                                         &b->problem, b->p),
                     APR_SUCCESS);
    update_peer_step(b->peer);
    assert_int_equal(
        acme_dns_call_poll(call, &b->reply, b->now, &b->problem, b->p),
        APR_EAGAIN);
    b->peer->how = UPDATE_PEER_GOOD;
    assert_int_equal(finish(b, call), APR_SUCCESS);
}

static void a_port_without_a_server_is_a_problem(void **state)
{
    bench_t *b = make_bench(*state);

    close(b->peer->udp);
    close(b->peer->tcp);
    assert_int_not_equal(update(b, 0), APR_SUCCESS);
    acme_t_contains(b->problem.detail, "has sent no reply: TCP: ");
    assert_string_equal(b->problem.type, ACME_PROBLEM_DNS_UPDATE);
    /* Opens them again, because the pool closes them. */
    b->peer->udp = dup(0);
    b->peer->tcp = dup(0);
    b->server.address = "ns.example";
    assert_int_equal(update(b, 0), APR_EINVAL);
}

static void errors_of_signatures_are_in_words(void **state)
{
    bench_t *b = make_bench(*state);
    apr_time_t now;

    b->peer->how = UPDATE_PEER_BADKEY;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    assert_int_equal(b->reply.rcode, 9);
    acme_dns_refused(&b->reply, "ns1", &b->message, b->now, &b->problem, b->p);
    assert_string_equal(b->problem.detail,
                        "the name server ns1 does not accept the key acme-key "
                        "(hmac-sha256): NOTAUTH, BADKEY: it does not know the "
                        "key, or has it with another algorithm");
    b->peer->how = UPDATE_PEER_BADTIME;
    assert_int_equal(update(b, 0), APR_SUCCESS);
    now = apr_time_from_sec(apr_time_sec(apr_time_now()));
    assert_in_range(now - b->reply.server_time, apr_time_from_sec(3590),
                    apr_time_from_sec(3660));
    b->reply.server_time = apr_time_from_sec(1700000000);
    acme_dns_refused(&b->reply, "ns1", &b->message,
                     apr_time_from_sec(1700003600), &b->problem, b->p);
    acme_t_contains(b->problem.detail,
                    "BADTIME: its clock and ours differ by more than 5 "
                    "minutes; its clock says 2023-11-14T22:13:20Z, ours "
                    "2023-11-14T23:13:20Z");
    acme_t_contains(b->problem.to_fix, "set the clocks");
    b->reply.tsig_error = 0;
    b->reply.rcode = 9;
    acme_dns_refused(&b->reply, "ns1", &b->message, now, &b->problem, b->p);
    assert_string_equal(b->problem.detail,
                        "the name server ns1 has refused the update of the "
                        "zone a.example, signed by the key acme-key "
                        "(hmac-sha256): NOTAUTH: it is not the primary server "
                        "of the zone");
}

ACME_T_MAIN(ACME_T(an_update_adds_or_removes_one_record),
            ACME_T(algorithms_are_those_that_ldns_signs_by),
            ACME_T(an_update_without_a_key_needs_no_signature),
            ACME_T(what_gets_lost_is_sent_again),
            ACME_T(a_reply_that_is_cut_comes_by_tcp),
            ACME_T(what_is_no_reply_is_named_and_ends_in_time),
            ACME_T(a_proper_reply_is_waited_for_behind_others),
            ACME_T(a_port_without_a_server_is_a_problem),
            ACME_T(errors_of_signatures_are_in_words))

#else

static void without_ldns_nothing_is_made(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_message_t message;

    assert_false(acme_dns_message_is_built());
    assert_int_equal(acme_dns_message_ask(&message, "a.example", ACME_DNS_SOA,
                                          NULL, &problem, *state),
                     APR_ENOTIMPL);
}

ACME_T_MAIN(ACME_T(without_ldns_nothing_is_made))

#endif
