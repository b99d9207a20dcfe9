/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_dns.h"
#include "acme_dns_reply.h"
#include "dns_wire.h"

static const dns_wire_query_t plain = {.name = "wWw.Example.org",
                                       .type = ACME_DNS_TXT};

static void a_query_is_read(void **state)
{
    apr_pool_t *p = *state;
    dns_wire_query_t with = plain;
    acme_dns_reply_query_t query;
    unsigned char *data;
    apr_size_t len;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &plain, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    assert_int_equal(query.id, 0x1234);
    assert_string_equal(query.asked, "wWw.Example.org.");
    assert_string_equal(query.name, "www.example.org");
    assert_int_equal(query.type, ACME_DNS_TXT);
    assert_int_equal(query.qclass, ACME_DNS_REPLY_IN);
    assert_int_equal(query.recursion, 1);
    assert_int_equal(query.edns, 0);

    with.edns = 4096;
    data = dns_wire_query(&len, &with, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    assert_int_equal(query.edns, 1);
    assert_int_equal(query.udp_size, 4096);
    assert_int_equal(query.edns_version, 0);
}

static void the_root_and_odd_bytes_are_names(void **state)
{
    apr_pool_t *p = *state;
    dns_wire_query_t odd = {.name = "", .type = ACME_DNS_NS};
    acme_dns_reply_query_t query;
    unsigned char *data;
    apr_size_t len;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &odd, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    assert_string_equal(query.asked, ".");
    assert_string_equal(query.name, "");
    odd.name = "aXb.c";
    data = dns_wire_query(&len, &odd, p);
    data[14] = '.';
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    assert_string_equal(query.name, "a\\.b.c");
    data[14] = '\0';
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    assert_string_equal(query.name, "a\\000b.c");
}

static void what_is_no_query_is_not_answered(void **state)
{
    apr_pool_t *p = *state;
    acme_dns_reply_query_t query;
    unsigned char *data;
    apr_size_t len, i;

    data = dns_wire_query(&len, &plain, p);
    for (i = 0; i < 12; ++i) {
        assert_int_equal(acme_dns_reply_read(&query, data, i, p), APR_EINVAL);
    }
    data[2] |= 0x80;
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), APR_EINVAL);
}

static void what_is_cut_has_only_its_header(void **state)
{
    apr_pool_t *p = *state;
    dns_wire_query_t update = plain;
    acme_dns_reply_query_t query;
    unsigned char *data;
    apr_size_t len, i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &plain, p);
    for (i = 12; i < len; ++i) {
        assert_int_equal(acme_dns_reply_read(&query, data, i, p), APR_BADARG);
        assert_int_equal(query.id, 0x1234);
        assert_null(query.asked);
    }
    data[5] = 2;
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), APR_BADARG);
    /* A name that points to itself. */
    data[5] = 1;
    data[12] = 0xc0;
    data[13] = 12;
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), APR_BADARG);
    update.opcode = 5;
    data = dns_wire_query(&len, &update, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), APR_BADARG);
    assert_int_equal(query.opcode, 5);
}

static void a_reply_is_written(void **state)
{
    static const char texts[][4] = {"one", "two"};
    apr_pool_t *p = *state;
    dns_wire_query_t with = plain;
    acme_dns_reply_query_t query;
    acme_dns_reply_t reply = {0};
    acme_dns_reply_record_t *record;
    apr_array_header_t *answer = apr_array_make(p, 2, sizeof(*record));
    apr_array_header_t *authority = apr_array_make(p, 2, sizeof(*record));
    unsigned char *data;
    apr_size_t len;
    int i;

    if (!acme_dns_reply_built()) {
        skip();
    }
    with.edns = 512;
    data = dns_wire_query(&len, &with, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    for (i = 0; i < 2; ++i) {
        record = memset(apr_array_push(answer), 0, sizeof(*record));
        record->name = query.asked;
        record->type = ACME_DNS_TXT;
        record->ttl = 7;
        record->text = texts[i];
    }
    record = memset(apr_array_push(authority), 0, sizeof(*record));
    record->name = "example.org";
    record->type = ACME_DNS_SOA;
    record->text = "ns.example.org";
    record->mailbox = "hostmaster.example.org";
    reply.answer = answer;
    reply.authority = authority;
    reply.authoritative = 1;
    reply.udp_size = 1232;
    assert_int_equal(acme_dns_reply_write(&data, &len, &query, &reply, p), 0);
    assert_string_equal(
        dns_wire_print(data, len, p),
        "NOERROR aa rd wWw.Example.org.? | TXT(7) \"one\", TXT(7) \"two\" | "
        "SOA(0) Example.org. ns.Example.org. hostmaster.Example.org. | edns "
        "1232");
    reply.rcode = ACME_DNS_RCODE_VERSION;
    reply.answer = reply.authority = NULL;
    assert_int_equal(acme_dns_reply_write(&data, &len, &query, &reply, p), 0);
    assert_string_equal(dns_wire_print(data, len, p),
                        "RCODE16 aa rd wWw.Example.org.? | edns 1232");
}

static void what_cannot_be_written_is_none(void **state)
{
    apr_pool_t *p = *state;
    acme_dns_reply_query_t query;
    acme_dns_reply_t reply = {0};
    acme_dns_reply_record_t *record;
    apr_array_header_t *answer = apr_array_make(p, 2, sizeof(*record));
    char text[300];
    unsigned char *data;
    apr_size_t len;

    if (!acme_dns_reply_built()) {
        skip();
    }
    data = dns_wire_query(&len, &plain, p);
    assert_int_equal(acme_dns_reply_read(&query, data, len, p), 0);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    record = memset(apr_array_push(answer), 0, sizeof(*record));
    record->name = query.asked;
    record->type = ACME_DNS_TXT;
    record->text = text;
    reply.answer = answer;
    assert_int_not_equal(acme_dns_reply_write(&data, &len, &query, &reply, p),
                         0);
    record->text = "short";
    record->name = text;
    assert_int_not_equal(acme_dns_reply_write(&data, &len, &query, &reply, p),
                         0);
    record->name = "x.org";
    record->type = ACME_DNS_A;
    assert_int_not_equal(acme_dns_reply_write(&data, &len, &query, &reply, p),
                         0);
}

ACME_T_MAIN(ACME_T(a_query_is_read), ACME_T(the_root_and_odd_bytes_are_names),
            ACME_T(what_is_no_query_is_not_answered),
            ACME_T(what_is_cut_has_only_its_header), ACME_T(a_reply_is_written),
            ACME_T(what_cannot_be_written_is_none))
