/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_packet.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include "acme_str.h"
#include "config.h"

#ifdef HAVE_LIBCARES

#include <arpa/inet.h>
#include <string.h>

#include <ares.h>

#define HEADER_LEN 12
#define CLASS_IN   1

/* Bits of the header. */
#define IS_ANSWER        0x8000
#define IS_AUTHORITATIVE 0x0400
#define IS_CUT           0x0200
#define RCODE            0x000f

#define RCODE_NO_NAME 3

static const char *const rcodes[] = {
    NULL,       "FORMERR", "SERVFAIL", NULL,      "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH", "NOTZONE"};

/* Reads forward through a packet. */
typedef struct reader_t {
    const unsigned char *packet;
    apr_size_t len;
    apr_size_t at;
    apr_pool_t *p;
} reader_t;

/* A record before its data is read. */
typedef struct raw_t {
    const char *name;
    unsigned int type, class;
    unsigned long ttl;
    apr_size_t data, data_len;
} raw_t;

static apr_status_t fail(acme_problem_t *problem, apr_pool_t *p,
                         const char *what)
{
    return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_DNS, p, "%s", what);
}

static int has(const reader_t *in, apr_size_t len)
{
    return in->len - in->at >= len;
}

static unsigned int get16(const reader_t *in, apr_size_t at)
{
    return (unsigned int)in->packet[at] << 8 | in->packet[at + 1];
}

/* Returns a text that can be printed. */
static const char *printable(const unsigned char *data, apr_size_t len,
                             apr_pool_t *p)
{
    char *text = apr_palloc(p, 4 * len + 1);
    apr_size_t i, n = 0;

    for (i = 0; i < len; ++i) {
        if (data[i] >= 0x20 && data[i] < 0x7f) {
            text[n++] = (char)data[i];
        }
        else {
            text[n++] = '\\';
            text[n++] = (char)('0' + data[i] / 100);
            text[n++] = (char)('0' + data[i] / 10 % 10);
            text[n++] = (char)('0' + data[i] % 10);
        }
    }
    text[n] = '\0';
    return text;
}

/* Reads a name and goes on behind it; in lower case. Returns NULL for none. */
static const char *read_name(reader_t *in)
{
    const char *name;
    char *expanded;
    long used = 0;

    if (in->at >= in->len
        || ares_expand_name(in->packet + in->at, in->packet, (int)in->len,
                            &expanded, &used)
               != ARES_SUCCESS) {
        return NULL;
    }
    name = printable((const unsigned char *)expanded, strlen(expanded), in->p);
    ares_free_string(expanded);
    in->at += (apr_size_t)used;
    if (in->at > in->len) {
        return NULL;
    }
    return acme_str_lower(name, in->p);
}

/* Reads the one question. Returns zero when it is not the one that was asked.
 */
static int is_the_question(reader_t *in, const acme_dns_question_t *question)
{
    const char *name = read_name(in);
    apr_size_t at = in->at;

    if (!name || !has(in, 4)) {
        return 0;
    }
    in->at += 4;
    return apr_cstr_casecmp(name, question->name) == 0
           && get16(in, at) == (unsigned int)question->type
           && get16(in, at + 2) == CLASS_IN;
}

/* Reads a record and goes on behind it. Returns zero when it is cut. */
static int read_raw(raw_t *raw, reader_t *in)
{
    raw->name = read_name(in);
    if (!raw->name || !has(in, 10)) {
        return 0;
    }
    raw->type = get16(in, in->at);
    raw->class = get16(in, in->at + 2);
    raw->ttl =
        (unsigned long)get16(in, in->at + 4) << 16 | get16(in, in->at + 6);
    raw->data_len = get16(in, in->at + 8);
    in->at += 10;
    raw->data = in->at;
    if (!has(in, raw->data_len)) {
        return 0;
    }
    in->at += raw->data_len;
    return 1;
}

/* Joins the strings of a TXT record. Returns NULL when they are damaged. */
static const char *read_txt(const reader_t *in, const raw_t *raw)
{
    const unsigned char *data = in->packet + raw->data;
    unsigned char *joined = apr_palloc(in->p, raw->data_len + 1);
    apr_size_t at = 0, n = 0, len;

    while (at < raw->data_len) {
        len = data[at++];
        if (len > raw->data_len - at) {
            return NULL;
        }
        memcpy(joined + n, data + at, len);
        n += len;
        at += len;
    }
    return printable(joined, n, in->p);
}

/* Reads a CAA record (RFC 8659 4.1). Returns zero when it is damaged. */
static int read_caa(acme_dns_record_t *record, const reader_t *in,
                    const raw_t *raw)
{
    const unsigned char *data = in->packet + raw->data;
    apr_size_t len = raw->data_len > 1 ? data[1] : 0;

    if (len == 0 || len > raw->data_len - 2) {
        return 0;
    }
    record->tag = acme_str_lower(printable(data + 2, len, in->p), in->p);
    record->critical = (data[0] & 0x80) != 0;
    record->value = printable(data + 2 + len, raw->data_len - 2 - len, in->p);
    return 1;
}

/* Reads a name that a record has for its data, or at the begin of it. */
static const char *read_data_name(const reader_t *in, const raw_t *raw)
{
    reader_t inside = *in;
    const char *name;

    inside.at = raw->data;
    name = read_name(&inside);
    return name && inside.at <= raw->data + raw->data_len ? name : NULL;
}

static const char *read_address(const reader_t *in, const raw_t *raw,
                                int family, apr_size_t len)
{
    char text[64];

    if (raw->data_len != len
        || !inet_ntop(family, in->packet + raw->data, text, sizeof(text))) {
        return NULL;
    }
    return apr_pstrdup(in->p, text);
}

/* Adds a record to the answer. Returns zero when it is damaged. */
static int add(apr_array_header_t *records, const reader_t *in,
               const raw_t *raw)
{
    acme_dns_record_t *record = apr_array_push(records);

    memset(record, 0, sizeof(*record));
    record->name = raw->name;
    record->type = (acme_dns_type_e)raw->type;
    record->ttl = apr_time_from_sec((apr_int64_t)raw->ttl);
    switch (record->type) {
    case ACME_DNS_A:
        record->value = read_address(in, raw, AF_INET, 4);
        break;
    case ACME_DNS_AAAA:
        record->value = read_address(in, raw, AF_INET6, 16);
        break;
    case ACME_DNS_TXT:
        record->value = read_txt(in, raw);
        break;
    case ACME_DNS_CAA:
        return read_caa(record, in, raw);
    default:
        record->value = read_data_name(in, raw);
        break;
    }
    return record->value != NULL;
}

/* Finds the CNAME record of a name, among those of the answer section. */
static const raw_t *cname_of(const char *name, const apr_array_header_t *all)
{
    int i;

    for (i = 0; i < all->nelts; ++i) {
        const raw_t *raw = &APR_ARRAY_IDX(all, i, raw_t);

        if (raw->type == ACME_DNS_CNAME && strcmp(raw->name, name) == 0) {
            return raw;
        }
    }
    return NULL;
}

/* Takes the records that belong to the question, by their names. Returns
 * nothing, or what is wrong with them. */
static const char *choose(acme_dns_answer_t *answer,
                          apr_array_header_t *records,
                          const acme_dns_question_t *question,
                          const apr_array_header_t *all, const reader_t *in)
{
    const char *name = question->name;
    const raw_t *raw;
    int i, chain;

    raw = question->type == ACME_DNS_CNAME ? NULL : cname_of(name, all);
    while (raw) {
        if (records->nelts == ACME_DNS_MOST_CNAMES) {
            return "a chain of CNAME records that is too long, or a loop";
        }
        if (!add(records, in, raw)) {
            return "a damaged CNAME record";
        }
        name =
            APR_ARRAY_IDX(records, records->nelts - 1, acme_dns_record_t).value;
        raw = cname_of(name, all);
    }
    chain = records->nelts;
    for (i = 0; i < all->nelts; ++i) {
        raw = &APR_ARRAY_IDX(all, i, raw_t);
        if (raw->type == (unsigned int)question->type
            && strcmp(raw->name, name) == 0 && !add(records, in, raw)) {
            return apr_pstrcat(in->p, "a damaged ",
                               acme_dns_type_name(question->type), " record",
                               NULL);
        }
    }
    if (records->nelts > chain) {
        answer->outcome = ACME_DNS_FOUND;
    }
    return NULL;
}

/* Reads the answer section. Returns zero when it is cut or damaged. */
static int read_all(apr_array_header_t *all, reader_t *in, unsigned int count)
{
    raw_t raw;

    while (count-- > 0) {
        if (!read_raw(&raw, in)) {
            return 0;
        }
        if (raw.class == CLASS_IN) {
            APR_ARRAY_PUSH(all, raw_t) = raw;
        }
    }
    return 1;
}

apr_status_t acme_dns_packet_read(acme_dns_answer_t *answer,
                                  const acme_dns_question_t *question,
                                  const unsigned char *packet, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    reader_t in = {packet, len, HEADER_LEN, p};
    apr_array_header_t *all = apr_array_make(p, 8, sizeof(raw_t));
    apr_array_header_t *records =
        apr_array_make(p, 8, sizeof(acme_dns_record_t));
    const char *wrong;
    unsigned int flags, rcode;

    answer->records = records;
    if (len < HEADER_LEN || len > ACME_DNS_PACKET_MAX) {
        return fail(problem, p, "is no packet of the DNS");
    }
    flags = get16(&in, 2);
    rcode = flags & RCODE;
    if (!(flags & IS_ANSWER) || get16(&in, 4) != 1
        || !is_the_question(&in, question)) {
        return fail(problem, p, "does not answer this question");
    }
    if (rcode && rcode != RCODE_NO_NAME) {
        return fail(problem, p,
                    rcode < sizeof(rcodes) / sizeof(rcodes[0])
                        ? apr_pstrcat(p, "is ", rcodes[rcode], NULL)
                        : apr_psprintf(p, "is error %u", rcode));
    }
    if (flags & IS_CUT) {
        return fail(problem, p, "is cut, also over TCP");
    }
    if (!read_all(all, &in, get16(&in, 6))) {
        return fail(problem, p, "is cut or damaged");
    }
    answer->authoritative = (flags & IS_AUTHORITATIVE) != 0;
    answer->outcome =
        rcode == RCODE_NO_NAME ? ACME_DNS_NO_NAME : ACME_DNS_NODATA;
    wrong = choose(answer, records, question, all, &in);
    return wrong ? fail(problem, p, apr_pstrcat(p, "has ", wrong, NULL))
                 : APR_SUCCESS;
}

#else

apr_status_t acme_dns_packet_read(acme_dns_answer_t *answer,
                                  const acme_dns_question_t *question,
                                  const unsigned char *packet, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    (void)question;
    (void)packet;
    (void)len;
    answer->outcome = ACME_DNS_FAILED;
    answer->records = apr_array_make(p, 1, sizeof(acme_dns_record_t));
    return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_DNS, p, "is not read without c-ares");
}

#endif
