/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_dns.h"
#include "acme_dns_reply.h"
#include "acme_responder.h"
#include "acme_responder_limit.h"
#include "acme_responder_name.h"
#include "dns_wire.h"

#define NOW  apr_time_from_sec(1767323045)
#define ZONE "acme.example.net"
#define NS   "ns.example.net"
#define V1   "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"
#define V2   "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

/* The SOA record of a denial. */
#define DENIED(zone) " | SOA(0) " zone ". " NS ". hostmaster." NS "."

static int fails, asked_for;

/* Finds one value for one.test, two for two..., fifty for many.test. */
static apr_status_t values(const apr_array_header_t **found, void *baton,
                           const char *identifier, apr_time_t now,
                           apr_pool_t *p)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));
    int i;

    (void)baton;
    assert_true(now == NOW);
    ++asked_for;
    if (fails) {
        return APR_EGENERAL;
    }
    if (!strcmp(identifier, "one.test")
        || !strcmp(identifier, "two.sufficiently-long.test")) {
        APR_ARRAY_PUSH(array, const char *) = V1;
    }
    if (!strcmp(identifier, "two.sufficiently-long.test")) {
        APR_ARRAY_PUSH(array, const char *) = V2;
    }
    for (i = 0; i < 50 && !strcmp(identifier, "many.test"); ++i) {
        APR_ARRAY_PUSH(array, const char *) = apr_psprintf(p, "%02d" V1, i);
    }
    *found = array;
    return APR_SUCCESS;
}

static acme_responder_t *responder_of(apr_pool_t *p)
{
    acme_responder_t *responder = acme_responder_create(values, NULL, p);

    fails = asked_for = 0;
    acme_responder_add_zone(responder, ZONE, NS);
    acme_responder_add(responder, "one.test", ZONE);
    acme_responder_add(responder, "two.sufficiently-long.test", ZONE);
    acme_responder_add(responder, "*.two.sufficiently-long.test", ZONE);
    acme_responder_add(responder, "many.test", ZONE);
    acme_responder_add(responder, "idle.shop.test", ZONE);
    acme_responder_add(responder, "192.0.2.7", ZONE);
    acme_responder_add(responder, "stray.test", "other.zone");
    return responder;
}

static apr_size_t ask(const unsigned char **data, acme_responder_t *responder,
                      const unsigned char *query, apr_size_t len, int tcp,
                      apr_pool_t *p)
{
    static const unsigned char source[4] = {192, 0, 2, 1};
    acme_responder_query_t asked = {query, len, source, sizeof(source), tcp};

    return acme_responder_reply(data, responder, &asked, NOW, p);
}

static const char *reply_to(acme_responder_t *responder,
                            const dns_wire_query_t *query, int tcp,
                            apr_pool_t *p)
{
    const unsigned char *reply = NULL;
    unsigned char *data;
    apr_size_t len;

    data = dns_wire_query(&len, query, p);
    len = ask(&reply, responder, data, len, tcp, p);
    return dns_wire_print(reply, len, p);
}

/* TXT: 16, A: 1, NS: 2, CNAME: 5, SOA: 6, HINFO: 13, AAAA: 28, CAA: 257. */
static const struct {
    dns_wire_query_t query;
    const char *reply;
} rows[] = {
    /* Values: one, two; by CNAME and by NS. */
    {{"one.test." ZONE, 16, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".? | TXT(0) \"" V1 "\""},
    {{"two.sufficiently-long.test." ZONE, 16, 0, 0, 0, 0, 1},
     "NOERROR aa two.sufficiently-long.test." ZONE ".? | TXT(0) \"" V1
     "\", TXT(0) \"" V2 "\""},
    {{"_acme-challenge.two.sufficiently-long.test", 16, 0, 0, 1232, 0, 0},
     "NOERROR aa rd _acme-challenge.two.sufficiently-long.test.? | TXT(0) \"" V1
     "\", TXT(0) \"" V2 "\" | edns 1232"},
    /* The case of the question. */
    {{"OnE.tEsT.aCmE.example.NET", 16, 0, 0, 0, 0, 0},
     "NOERROR aa rd OnE.tEsT.aCmE.example.NET.? | TXT(0) \"" V1 "\""},
    {{"_ACME-challenge.TWO.sufficiently-long.test", 2, 0, 0, 0, 0, 0},
     "NOERROR aa rd _ACME-challenge.TWO.sufficiently-long.test.? | NS(300) " NS
     "."},
    /* No order is open. */
    {{"idle.shop.test." ZONE, 16, 0, 0, 0, 0, 0},
     "NOERROR aa rd idle.shop.test." ZONE ".?" DENIED(ZONE)},
    {{"_acme-challenge.idle.shop.test", 16, 0, 0, 0, 0, 0},
     "NOERROR aa rd _acme-challenge.idle.shop.test.?" DENIED(
         "_acme-challenge.idle.shop.test")},
    {{ZONE, 6, 0, 0, 1232, 0, 0},
     "NOERROR aa rd " ZONE ".? | SOA(300) " NS ". hostmaster." NS
     ". | edns 1232"},
    {{ZONE, 2, 0, 0, 0, 0, 0}, "NOERROR aa rd " ZONE ".? | NS(300) " NS "."},
    {{"_acme-challenge.idle.shop.test", 6, 0, 0, 0, 0, 0},
     "NOERROR aa rd _acme-challenge.idle.shop.test.? | SOA(300) " NS
     ". hostmaster." NS "."},
    /* Other types, and empty non-terminals. */
    {{"one.test." ZONE, 1, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".?" DENIED(ZONE)},
    {{"one.test." ZONE, 5, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".?" DENIED(ZONE)},
    {{"one.test." ZONE, 257, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".?" DENIED(ZONE)},
    {{"one.test." ZONE, 6, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".?" DENIED(ZONE)},
    {{"one.test." ZONE, 2, 0, 0, 0, 0, 0},
     "NOERROR aa rd one.test." ZONE ".?" DENIED(ZONE)},
    {{ZONE, 16, 0, 0, 0, 0, 0}, "NOERROR aa rd " ZONE ".?" DENIED(ZONE)},
    {{ZONE, 28, 0, 0, 0, 0, 0}, "NOERROR aa rd " ZONE ".?" DENIED(ZONE)},
    {{"test." ZONE, 16, 0, 0, 0, 0, 0},
     "NOERROR aa rd test." ZONE ".?" DENIED(ZONE)},
    {{"shop.test." ZONE, 1, 0, 0, 0, 0, 0},
     "NOERROR aa rd shop.test." ZONE ".?" DENIED(ZONE)},
    /* Unknown names. */
    {{"none.test." ZONE, 16, 0, 0, 0, 0, 0},
     "NXDOMAIN aa rd none.test." ZONE ".?" DENIED(ZONE)},
    {{"below.one.test." ZONE, 16, 0, 0, 0, 0, 0},
     "NXDOMAIN aa rd below.one.test." ZONE ".?" DENIED(ZONE)},
    {{"below._acme-challenge.one.test", 16, 0, 0, 0, 0, 0},
     "NXDOMAIN aa rd below._acme-challenge.one.test.?" DENIED(
         "_acme-challenge.one.test")},
    {{"192.0.2.7." ZONE, 16, 0, 0, 0, 0, 0},
     "NXDOMAIN aa rd 192.0.2.7." ZONE ".?" DENIED(ZONE)},
    /* Elsewhere: no recursion. */
    {{"one.test", 1, 0, 0, 0, 0, 0}, "REFUSED rd one.test.?"},
    {{"test", 2, 0, 0, 0, 0, 0}, "REFUSED rd test.?"},
    {{"", 2, 0, 0, 1232, 0, 0}, "REFUSED rd .? | edns 1232"},
    {{"xacme.example.net", 6, 0, 0, 0, 0, 0}, "REFUSED rd xacme.example.net.?"},
    {{"example.net", 6, 0, 0, 0, 0, 0}, "REFUSED rd example.net.?"},
    {{"_acme-challenge.stray.test", 16, 0, 0, 0, 0, 0},
     "REFUSED rd _acme-challenge.stray.test.?"},
    {{"_acme-challenge.192.0.2.7", 16, 0, 0, 0, 0, 0},
     "REFUSED rd _acme-challenge.192.0.2.7.?"},
    /* Other classes: CH, ANY. */
    {{"one.test." ZONE, 16, 3, 0, 0, 0, 0}, "REFUSED rd one.test." ZONE ".?"},
    {{"one.test." ZONE, 16, 255, 0, 0, 0, 0}, "REFUSED rd one.test." ZONE ".?"},
    /* AXFR, IXFR, TSIG; UPDATE, NOTIFY. */
    {{ZONE, 252, 0, 0, 0, 0, 0}, "REFUSED rd " ZONE ".?"},
    {{ZONE, 251, 0, 0, 0, 0, 0}, "REFUSED rd " ZONE ".?"},
    {{ZONE, 250, 0, 0, 0, 0, 0}, "REFUSED rd " ZONE ".?"},
    {{ZONE, 6, 0, 5, 0, 0, 0}, "NOTIMPL rd"},
    {{ZONE, 6, 0, 4, 0, 0, 0}, "NOTIMPL rd"},
    /* ANY. */
    {{"two.sufficiently-long.test." ZONE, 255, 0, 0, 0, 0, 0},
     "NOERROR aa rd two.sufficiently-long.test." ZONE
     ".? | HINFO(300) \"RFC8482\" \"\""},
    {{ZONE, 255, 0, 0, 0, 0, 0},
     "NOERROR aa rd " ZONE ".? | HINFO(300) \"RFC8482\" \"\""},
    {{"none." ZONE, 255, 0, 0, 0, 0, 0},
     "NXDOMAIN aa rd none." ZONE ".?" DENIED(ZONE)},
    /* EDNS. */
    {{"one.test." ZONE, 16, 0, 0, 65535, 0, 0},
     "NOERROR aa rd one.test." ZONE ".? | TXT(0) \"" V1 "\" | edns 1232"},
    {{"one.test." ZONE, 16, 0, 0, 100, 0, 0},
     "NOERROR aa rd one.test." ZONE ".? | TXT(0) \"" V1 "\" | edns 1232"},
    {{"one.test." ZONE, 16, 0, 0, 1232, 1, 0},
     "RCODE16 rd one.test." ZONE ".? | edns 1232"},
    /* Too much for UDP. */
    {{"many.test." ZONE, 16, 0, 0, 0, 0, 0},
     "NOERROR aa tc rd many.test." ZONE ".?"},
    {{"many.test." ZONE, 16, 0, 0, 4096, 0, 0},
     "NOERROR aa tc rd many.test." ZONE ".? | edns 1232"},
};

static void each_query_has_its_reply(void **state)
{
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    size_t i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        assert_string_equal(reply_to(responder, &rows[i].query, 0, p),
                            rows[i].reply);
    }
}

static void tcp_has_room_for_all(void **state)
{
    const dns_wire_query_t query = {.name = "many.test." ZONE, .type = 16};
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    const char *reply;

    if (!acme_dns_reply_built()) {
        skip();
    }
    reply = reply_to(responder, &query, 1, p);
    assert_null(strstr(reply, " tc "));
    assert_non_null(strstr(reply, "\"00" V1));
    assert_non_null(strstr(reply, "\"49" V1));
}

static void a_store_that_fails_is_no_denial(void **state)
{
    const dns_wire_query_t query = {.name = "one.test." ZONE, .type = 16};
    const dns_wire_query_t soa = {.name = ZONE, .type = 6};
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);

    if (!acme_dns_reply_built()) {
        skip();
    }
    fails = 1;
    assert_string_equal(reply_to(responder, &query, 0, p),
                        "SERVFAIL rd one.test." ZONE ".?");
    assert_non_null(strstr(reply_to(responder, &soa, 1, p), "NOERROR aa"));
}

/* Checks the length of replies over UDP. */
static void no_reply_over_udp_is_an_amplification(void **state)
{
    apr_pool_t *p = *state;
    acme_responder_t *responder = acme_responder_create(values, NULL, p);
    const char *far = "a-name-server-with-a-long-name.of.somebody.example.org";
    dns_wire_query_t query = {.name = "a.b", .type = 6};
    const unsigned char *reply;
    unsigned char *data;
    apr_size_t len, got;
    size_t i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    acme_responder_add_zone(responder, "a.b", far);
    assert_string_equal(reply_to(responder, &query, 0, p),
                        "NOERROR aa tc rd a.b.?");
    assert_non_null(strstr(reply_to(responder, &query, 1, p), far));
    responder = responder_of(p);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        data = dns_wire_query(&len, &rows[i].query, p);
        got = ask(&reply, responder, data, len, 0, p);
        assert_true(got > 0 && got <= 3 * len && got <= 1232);
        assert_true(rows[i].query.edns || got <= 512);
    }
}

static void what_is_cut_gets_a_format_error_or_nothing(void **state)
{
    const dns_wire_query_t query = {.name = "one.test." ZONE, .type = 16};
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    const unsigned char *reply;
    unsigned char *data;
    apr_size_t len, got, i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &query, p);
    for (i = 0; i < len; ++i) {
        got = ask(&reply, responder, data, i, 0, p);
        assert_string_equal(dns_wire_print(reply, got, p),
                            i < 12 ? "nothing" : "FORMERR rd");
    }
    data[2] |= 0x80;
    assert_int_equal(ask(&reply, responder, data, len, 0, p), 0);
    assert_int_equal(asked_for, 0);
}

static void a_dot_inside_a_label_parts_no_labels(void **state)
{
    const dns_wire_query_t query = {.name = "oneXtest." ZONE, .type = 16};
    const dns_wire_query_t other = {.name = "aXacme.example.net", .type = 16};
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    const unsigned char *reply;
    unsigned char *data;
    apr_size_t len;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &query, p);
    data[16] = '.';
    len = ask(&reply, responder, data, len, 0, p);
    assert_non_null(strstr(dns_wire_print(reply, len, p), "NXDOMAIN aa"));
    data = dns_wire_query(&len, &other, p);
    data[14] = '.';
    len = ask(&reply, responder, data, len, 0, p);
    assert_non_null(strstr(dns_wire_print(reply, len, p), "REFUSED"));
}

static void over_the_limit_replies_are_truncated_or_none(void **state)
{
    const dns_wire_query_t query = {.name = "one.test." ZONE, .type = 16};
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    int answered = 0, truncated = 0, none = 0, i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    for (i = 0; i < 2 * ACME_RESPONDER_LIMIT_NETWORK; ++i) {
        const char *reply = reply_to(responder, &query, 0, p);

        answered += strstr(reply, "TXT") != NULL;
        truncated += strstr(reply, "NOERROR tc rd") != NULL;
        none += strcmp(reply, "nothing") == 0;
    }
    assert_int_equal(answered, ACME_RESPONDER_LIMIT_NETWORK);
    assert_int_equal(truncated, ACME_RESPONDER_LIMIT_NETWORK / 2);
    assert_int_equal(none, ACME_RESPONDER_LIMIT_NETWORK / 2);
    assert_int_equal(asked_for, ACME_RESPONDER_LIMIT_NETWORK);
    assert_non_null(strstr(reply_to(responder, &query, 1, p), "TXT"));
}

static void a_name_too_long_is_answered_by_its_hash(void **state)
{
    apr_pool_t *p = *state;
    acme_responder_t *responder = responder_of(p);
    char name[251];
    dns_wire_query_t query = {.type = 16};
    int i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    memset(name, 'n', sizeof(name));
    for (i = 50; i < 240; i += 50) {
        name[i] = '.';
    }
    memcpy(name + 245, ".test", 6);
    acme_responder_add(responder, name, ZONE);
    query.name = acme_responder_name_target(name, ZONE, p);
    assert_int_equal(strlen(query.name), 40 + strlen("." ZONE));
    assert_non_null(strstr(reply_to(responder, &query, 0, p), "NOERROR aa"));
    assert_int_equal(asked_for, 1);
}

ACME_T_MAIN(ACME_T(each_query_has_its_reply), ACME_T(tcp_has_room_for_all),
            ACME_T(a_store_that_fails_is_no_denial),
            ACME_T(no_reply_over_udp_is_an_amplification),
            ACME_T(what_is_cut_gets_a_format_error_or_nothing),
            ACME_T(a_dot_inside_a_label_parts_no_labels),
            ACME_T(over_the_limit_replies_are_truncated_or_none),
            ACME_T(a_name_too_long_is_answered_by_its_hash))
