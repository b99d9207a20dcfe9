/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_packet.c
 * @brief Packets of answers: right ones of each type, and all kinds of wrong
 * ones.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "acme_dns_packet.h"
#include "config.h"
#include "dns_packet.h"

#ifdef HAVE_LIBCARES

#define SHOP "shop.test"

/* Flags of a good answer. */
#define GOOD (DNS_PACKET_ANSWER | DNS_PACKET_AUTHORITATIVE)

static dns_packet_t packet;

static apr_status_t read_it(acme_dns_answer_t *answer, acme_problem_t *problem,
                            const char *name, acme_dns_type_e type,
                            apr_pool_t *p)
{
    acme_dns_question_t question = {NULL, ACME_DNS_A, NULL};
    /* Allocates just that size, so that ASan sees what is read behind it. */
    unsigned char *exact = malloc(packet.len ? packet.len : 1);
    apr_status_t rv;

    memcpy(exact, packet.data, packet.len);
    question.name = name;
    question.type = type;
    memset(answer, 0, sizeof(*answer));
    memset(problem, 0, sizeof(*problem));
    rv = acme_dns_packet_read(answer, &question, exact, packet.len, problem, p);
    free(exact);
    return rv;
}

static const acme_dns_record_t *record_at(const acme_dns_answer_t *answer,
                                          int i)
{
    assert_true(i < answer->records->nelts);
    return &APR_ARRAY_IDX(answer->records, i, acme_dns_record_t);
}

/* Reads it and expects no more than one record with that value. */
static void expect_one(acme_dns_type_e type, const char *value, apr_pool_t *p)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;

    assert_int_equal(read_it(&answer, &problem, SHOP, type, p), APR_SUCCESS);
    assert_int_equal(answer.outcome, ACME_DNS_FOUND);
    assert_true(answer.authoritative);
    assert_int_equal(answer.records->nelts, 1);
    assert_string_equal(record_at(&answer, 0)->name, SHOP);
    assert_int_equal(record_at(&answer, 0)->type, type);
    assert_true(record_at(&answer, 0)->ttl == apr_time_from_sec(60));
    assert_string_equal(record_at(&answer, 0)->value, value);
}

/* Reads it and expects that it cannot be used, because of this. */
static void expect_wrong(const char *why, const char *name,
                         acme_dns_type_e type, apr_pool_t *p)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;

    assert_int_equal(read_it(&answer, &problem, name, type, p), APR_EGENERAL);
    assert_string_equal(problem.detail, why);
    assert_string_equal(problem.type, ACME_PROBLEM_DNS);
    assert_non_null(answer.records);
}

static void reads_each_type(void **state)
{
    apr_pool_t *p = *state;
    unsigned char soa[300];
    apr_size_t len;

    dns_packet_begin(&packet, 1, GOOD, "SHOP.test", ACME_DNS_A);
    dns_packet_add(&packet, "Shop.TEST", ACME_DNS_A, "\xc0\x00\x02\x01", 4);
    expect_one(ACME_DNS_A, "192.0.2.1", p);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_AAAA);
    dns_packet_add(&packet, SHOP, ACME_DNS_AAAA,
                   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    expect_one(ACME_DNS_AAAA, "2001:db8::1", p);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_NS);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_NS, "NS1.example");
    expect_one(ACME_DNS_NS, "ns1.example", p);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_CNAME);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "other.example");
    expect_one(ACME_DNS_CNAME, "other.example", p);
    len = dns_packet_name(soa, "ns1.example");
    len += dns_packet_name(soa + len, "admin.example");
    memset(soa + len, 1, 20);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_SOA);
    dns_packet_add(&packet, SHOP, ACME_DNS_SOA, soa, len + 20);
    expect_one(ACME_DNS_SOA, "ns1.example", p);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    dns_packet_add(&packet, SHOP, ACME_DNS_TXT, "\3one\0\3two", 9);
    expect_one(ACME_DNS_TXT, "onetwo", p);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    dns_packet_add(&packet, SHOP, ACME_DNS_TXT, "\4a\0\nb", 5);
    expect_one(ACME_DNS_TXT, "a\\000\\010b", p);
}

static void reads_caa(void **state)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;

    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_CAA);
    dns_packet_add_caa(&packet, SHOP, 128, "Issue", "ca.test; a=b");
    dns_packet_add_caa(&packet, SHOP, 0, "iodef", "");
    assert_int_equal(read_it(&answer, &problem, SHOP, ACME_DNS_CAA, *state),
                     APR_SUCCESS);
    assert_int_equal(answer.records->nelts, 2);
    assert_string_equal(record_at(&answer, 0)->tag, "issue");
    assert_string_equal(record_at(&answer, 0)->value, "ca.test; a=b");
    assert_true(record_at(&answer, 0)->critical);
    assert_string_equal(record_at(&answer, 1)->tag, "iodef");
    assert_string_equal(record_at(&answer, 1)->value, "");
    assert_false(record_at(&answer, 1)->critical);
}

static void follows_a_chain_in_any_order(void **state)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;

    dns_packet_begin(&packet, 1, DNS_PACKET_ANSWER, SHOP, ACME_DNS_TXT);
    dns_packet_add_txt(&packet, "c.test", "yes");
    dns_packet_add_txt(&packet, "elsewhere.test", "no");
    dns_packet_add_name(&packet, "b.test", ACME_DNS_CNAME, "c.test");
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "b.test");
    assert_int_equal(read_it(&answer, &problem, SHOP, ACME_DNS_TXT, *state),
                     APR_SUCCESS);
    assert_int_equal(answer.outcome, ACME_DNS_FOUND);
    assert_false(answer.authoritative);
    assert_int_equal(answer.records->nelts, 3);
    assert_string_equal(record_at(&answer, 0)->value, "b.test");
    assert_string_equal(record_at(&answer, 1)->value, "c.test");
    assert_string_equal(record_at(&answer, 2)->value, "yes");
}

static void tells_no_data_from_no_name(void **state)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;

    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    dns_packet_add(&packet, SHOP, ACME_DNS_A, "\xc0\x00\x02\x01", 4);
    assert_int_equal(read_it(&answer, &problem, SHOP, ACME_DNS_TXT, *state),
                     APR_SUCCESS);
    assert_int_equal(answer.outcome, ACME_DNS_NODATA);
    assert_int_equal(answer.records->nelts, 0);
    dns_packet_begin(&packet, 1, GOOD | 3, SHOP, ACME_DNS_TXT);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "gone.test");
    assert_int_equal(read_it(&answer, &problem, SHOP, ACME_DNS_TXT, *state),
                     APR_SUCCESS);
    assert_int_equal(answer.outcome, ACME_DNS_NO_NAME);
    assert_int_equal(answer.records->nelts, 1);
}

static void a_loop_ends(void **state)
{
    char name[32], next[32];
    acme_dns_answer_t answer;
    acme_problem_t problem;
    int i;

    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "b.test");
    dns_packet_add_name(&packet, "b.test", ACME_DNS_CNAME, SHOP);
    expect_wrong("has a chain of CNAME records that is too long, or a loop",
                 SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD, "n0.test", ACME_DNS_TXT);
    for (i = 0; i < ACME_DNS_MOST_CNAMES; ++i) {
        apr_snprintf(name, sizeof(name), "n%d.test", i);
        apr_snprintf(next, sizeof(next), "n%d.test", i + 1);
        dns_packet_add_name(&packet, name, ACME_DNS_CNAME, next);
    }
    assert_int_equal(
        read_it(&answer, &problem, "n0.test", ACME_DNS_TXT, *state),
        APR_SUCCESS);
    assert_int_equal(answer.records->nelts, ACME_DNS_MOST_CNAMES);
    dns_packet_add_name(&packet, next, ACME_DNS_CNAME, "end.test");
    expect_wrong("has a chain of CNAME records that is too long, or a loop",
                 "n0.test", ACME_DNS_TXT, *state);
}

static void what_is_of_another_question_is_refused(void **state)
{
    dns_packet_begin(&packet, 1, GOOD, "other.test", ACME_DNS_TXT);
    expect_wrong("does not answer this question", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_A);
    expect_wrong("does not answer this question", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    packet.data[packet.len - 1] = 3; /* the class */
    expect_wrong("does not answer this question", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, 0, SHOP, ACME_DNS_TXT);
    expect_wrong("does not answer this question", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    packet.data[5] = 2; /* questions */
    expect_wrong("does not answer this question", SHOP, ACME_DNS_TXT, *state);
}

static void errors_are_named(void **state)
{
    dns_packet_begin(&packet, 1, GOOD | 2, SHOP, ACME_DNS_TXT);
    expect_wrong("is SERVFAIL", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD | 5, SHOP, ACME_DNS_TXT);
    expect_wrong("is REFUSED", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD | 15, SHOP, ACME_DNS_TXT);
    expect_wrong("is error 15", SHOP, ACME_DNS_TXT, *state);
    dns_packet_begin(&packet, 1, GOOD | DNS_PACKET_CUT, SHOP, ACME_DNS_TXT);
    expect_wrong("is cut, also over TCP", SHOP, ACME_DNS_TXT, *state);
    packet.len = 0;
    expect_wrong("is no packet of the DNS", SHOP, ACME_DNS_TXT, *state);
}

static void damaged_records_are_refused(void **state)
{
    static const struct {
        acme_dns_type_e type;
        const char *data;
        apr_size_t len;
    } cases[] = {
        {ACME_DNS_A, "\1\2\3", 3},
        {ACME_DNS_AAAA, "\1\2\3\4", 4},
        {ACME_DNS_TXT, "\5abc", 4},
        {ACME_DNS_CAA, "\0", 1},
        {ACME_DNS_CAA, "\0\0x", 3},
        {ACME_DNS_CAA, "\0\6issue", 7},
        {ACME_DNS_NS, "", 0},
        {ACME_DNS_NS, "\300\377", 2}, /* points behind the end */
        {ACME_DNS_CNAME, "\3abc", 4}, /* goes on in the next record */
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        dns_packet_begin(&packet, 1, GOOD, SHOP, cases[i].type);
        dns_packet_add(&packet, SHOP, cases[i].type, cases[i].data,
                       cases[i].len);
        dns_packet_add(&packet, "", 99, "", 0);
        expect_wrong(apr_psprintf(*state, "has a damaged %s record",
                                  acme_dns_type_name(cases[i].type)),
                     SHOP, cases[i].type, *state);
    }
}

/* Each cut of a packet is refused, and none is read beyond its end. */
static void every_cut_is_refused(void **state)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;
    apr_size_t whole;

    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_TXT);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "b.test");
    dns_packet_add_txt(&packet, "b.test", "value");
    for (whole = packet.len; packet.len > 0; --packet.len) {
        assert_true((read_it(&answer, &problem, SHOP, ACME_DNS_TXT, *state)
                     == APR_SUCCESS)
                    == (packet.len == whole));
    }
}

/* Each packet of which one byte is another is read to some end. */
static void every_changed_byte_ends(void **state)
{
    acme_dns_answer_t answer;
    acme_problem_t problem;
    apr_pool_t *p;
    apr_size_t i;
    int value;

    apr_pool_create(&p, *state);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_CAA);
    dns_packet_add_name(&packet, SHOP, ACME_DNS_CNAME, "b.test");
    dns_packet_add_caa(&packet, "b.test", 0, "issue", "ca.test");
    for (i = 0; i < packet.len; ++i) {
        unsigned char before = packet.data[i];

        for (value = 0; value < 256; ++value) {
            packet.data[i] = (unsigned char)value;
            (void)read_it(&answer, &problem, SHOP, ACME_DNS_CAA, p);
            apr_pool_clear(p);
        }
        packet.data[i] = before;
    }
}

/* The longest packet, with as many records as it can have, whose names are as
 * long as they can be. */
static void the_longest_packet_ends(void **state)
{
    unsigned char name[256];
    acme_dns_answer_t answer;
    acme_problem_t problem;
    char label[64], longest[256];
    apr_size_t first;
    int n = 0;

    memset(label, 'x', 63);
    label[63] = '\0';
    apr_snprintf(longest, sizeof(longest), "%s.%s.%s.%.61s", label, label,
                 label, label);
    dns_packet_begin(&packet, 1, GOOD, SHOP, ACME_DNS_A);
    first = packet.len;
    dns_packet_add(&packet, longest, ACME_DNS_A, "\1\2\3\4", 4);
    name[0] = (unsigned char)(0xc0 | first >> 8);
    name[1] = (unsigned char)first;
    while (packet.len + 16 < DNS_PACKET_MAX) {
        memcpy(packet.data + packet.len, name, 2);
        memcpy(packet.data + packet.len + 2, "\0\1\0\1\0\0\0\0\0\4abcd", 14);
        packet.len += 16;
        ++n;
    }
    packet.data[6] = (unsigned char)((n + 1) >> 8);
    packet.data[7] = (unsigned char)(n + 1);
    assert_int_equal(read_it(&answer, &problem, SHOP, ACME_DNS_A, *state),
                     APR_SUCCESS);
    assert_int_equal(answer.outcome, ACME_DNS_NODATA);
}

ACME_T_MAIN(ACME_T(reads_each_type), ACME_T(reads_caa),
            ACME_T(follows_a_chain_in_any_order),
            ACME_T(tells_no_data_from_no_name), ACME_T(a_loop_ends),
            ACME_T(what_is_of_another_question_is_refused),
            ACME_T(errors_are_named), ACME_T(damaged_records_are_refused),
            ACME_T(every_cut_is_refused), ACME_T(every_changed_byte_ends),
            ACME_T(the_longest_packet_ends))

#else

static void reads_nothing_without_c_ares(void **state)
{
    acme_dns_question_t question = {"shop.test", ACME_DNS_A, NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_answer_t answer;

    assert_int_equal(acme_dns_packet_read(&answer, &question,
                                          (const unsigned char *)"", 0,
                                          &problem, *state),
                     APR_ENOTIMPL);
    assert_int_equal(answer.outcome, ACME_DNS_FAILED);
}

ACME_T_MAIN(ACME_T(reads_nothing_without_c_ares))

#endif
