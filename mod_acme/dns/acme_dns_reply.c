/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_reply.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_dns.h"
#include "config.h"

#ifdef HAVE_LDNS

#include <ldns/ldns.h>

/* SOA: how often secondary servers would look, which there are none of. */
#define SOA_SERIAL  1
#define SOA_REFRESH 86400
#define SOA_RETRY   3600
#define SOA_EXPIRE  604800

int acme_dns_reply_built(void)
{
    return 1;
}

/* Returns the name as text, in p. */
static const char *text_of(const ldns_rdf *name, apr_pool_t *p)
{
    char *text = name ? ldns_rdf2str(name) : NULL;
    const char *copy = text ? apr_pstrdup(p, text) : NULL;

    LDNS_FREE(text);
    return copy;
}

static const char *canonical(const char *asked, apr_pool_t *p)
{
    char *name = apr_pstrdup(p, asked);
    apr_size_t len = strlen(name), i;

    for (i = 0; i < len; ++i) {
        if (name[i] >= 'A' && name[i] <= 'Z') {
            name[i] = (char)(name[i] - 'A' + 'a');
        }
    }
    if (len > 0 && name[len - 1] == '.') {
        name[len - 1] = '\0';
    }
    return name;
}

static void take_question(acme_dns_reply_query_t *query, const ldns_pkt *pkt,
                          apr_pool_t *p)
{
    const ldns_rr_list *questions = ldns_pkt_question(pkt);
    const ldns_rr *rr;

    if (!questions || ldns_rr_list_rr_count(questions) != 1) {
        return;
    }
    rr = ldns_rr_list_rr(questions, 0);
    query->asked = text_of(ldns_rr_owner(rr), p);
    if (query->asked) {
        query->name = canonical(query->asked, p);
        query->type = (int)ldns_rr_get_type(rr);
        query->qclass = (int)ldns_rr_get_class(rr);
    }
}

apr_status_t acme_dns_reply_read(acme_dns_reply_query_t *query,
                                 const unsigned char *data, apr_size_t len,
                                 apr_pool_t *p)
{
    ldns_pkt *pkt = NULL;

    memset(query, 0, sizeof(*query));
    if (len < LDNS_HEADER_SIZE || LDNS_QR_WIRE(data)) {
        return APR_EINVAL;
    }
    query->id = LDNS_ID_WIRE(data);
    query->opcode = LDNS_OPCODE_WIRE(data);
    query->recursion = LDNS_RD_WIRE(data) != 0;
    /* Other operations, such as UPDATE, use the sections for something else. */
    if (query->opcode != LDNS_PACKET_QUERY || LDNS_QDCOUNT(data) != 1
        || ldns_wire2pkt(&pkt, data, len) != LDNS_STATUS_OK) {
        return APR_BADARG;
    }
    query->checking_disabled = ldns_pkt_cd(pkt);
    query->edns = ldns_pkt_edns(pkt);
    query->edns_version = ldns_pkt_edns_version(pkt);
    query->udp_size = ldns_pkt_edns_udp_size(pkt);
    take_question(query, pkt, p);
    ldns_pkt_free(pkt);
    return query->asked ? APR_SUCCESS : APR_BADARG;
}

/* Adds a field to the record. Returns zero when there is none. */
static int push(ldns_rr *rr, ldns_rdf *rdf)
{
    if (!rdf) {
        return 0;
    }
    if (!ldns_rr_push_rdf(rr, rdf)) {
        ldns_rdf_deep_free(rdf);
        return 0;
    }
    return 1;
}

static int push_name(ldns_rr *rr, const char *name)
{
    return push(rr, ldns_dname_new_frm_str(name));
}

static int push_text(ldns_rr *rr, const char *text)
{
    ldns_rdf *rdf = NULL;

    return ldns_str2rdf_str(&rdf, text) == LDNS_STATUS_OK && push(rr, rdf);
}

static int push_number(ldns_rr *rr, unsigned number)
{
    return push(rr, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, number));
}

static int fill(ldns_rr *rr, const acme_dns_reply_record_t *record)
{
    switch (record->type) {
    case ACME_DNS_TXT:
        return push_text(rr, record->text);
    case ACME_DNS_REPLY_HINFO:
        return push_text(rr, record->text) && push_text(rr, "");
    case ACME_DNS_NS:
        return push_name(rr, record->text);
    case ACME_DNS_SOA:
        return push_name(rr, record->text) && push_name(rr, record->mailbox)
               && push_number(rr, SOA_SERIAL) && push_number(rr, SOA_REFRESH)
               && push_number(rr, SOA_RETRY) && push_number(rr, SOA_EXPIRE)
               && push_number(rr, record->negative);
    default:
        return 0;
    }
}

/* Begins a record or a question. Returns NULL when the name is none. */
static ldns_rr *begin(const char *name, int type, int rclass)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    ldns_rr *rr = owner ? ldns_rr_new() : NULL;

    if (!rr) {
        ldns_rdf_deep_free(owner);
        return NULL;
    }
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_type(rr, (ldns_rr_type)type);
    ldns_rr_set_class(rr, (ldns_rr_class)rclass);
    return rr;
}

static int add(ldns_pkt *pkt, ldns_pkt_section section, ldns_rr *rr)
{
    if (!ldns_pkt_push_rr(pkt, section, rr)) {
        ldns_rr_free(rr);
        return 0;
    }
    return 1;
}

static int add_question(ldns_pkt *pkt, const acme_dns_reply_query_t *query)
{
    ldns_rr *rr;

    if (!query->asked) {
        return 1;
    }
    rr = begin(query->asked, query->type, query->qclass);
    if (!rr) {
        return 0;
    }
    ldns_rr_set_question(rr, true);
    return add(pkt, LDNS_SECTION_QUESTION, rr);
}

static int add_records(ldns_pkt *pkt, ldns_pkt_section section,
                       const apr_array_header_t *records)
{
    int i;

    for (i = 0; records && i < records->nelts; ++i) {
        const acme_dns_reply_record_t *record =
            &APR_ARRAY_IDX(records, i, acme_dns_reply_record_t);
        ldns_rr *rr = begin(record->name, record->type, ACME_DNS_REPLY_IN);

        if (!rr) {
            return 0;
        }
        ldns_rr_set_ttl(rr, record->ttl);
        if (!fill(rr, record)) {
            ldns_rr_free(rr);
            return 0;
        }
        if (!add(pkt, section, rr)) {
            return 0;
        }
    }
    return 1;
}

static void set_header(ldns_pkt *pkt, const acme_dns_reply_query_t *query,
                       const acme_dns_reply_t *reply)
{
    ldns_pkt_set_id(pkt, (uint16_t)query->id);
    ldns_pkt_set_qr(pkt, true);
    ldns_pkt_set_opcode(pkt, (ldns_pkt_opcode)query->opcode);
    ldns_pkt_set_aa(pkt, reply->authoritative != 0);
    ldns_pkt_set_tc(pkt, reply->truncated != 0);
    ldns_pkt_set_rd(pkt, query->recursion != 0);
    ldns_pkt_set_cd(pkt, query->checking_disabled != 0);
    ldns_pkt_set_rcode(pkt, (uint8_t)(reply->rcode & 15));
    if (query->edns) {
        ldns_pkt_set_edns_udp_size(pkt, (uint16_t)reply->udp_size);
        ldns_pkt_set_edns_extended_rcode(pkt, (uint8_t)(reply->rcode >> 4));
    }
}

apr_status_t acme_dns_reply_write(unsigned char **data, apr_size_t *len,
                                  const acme_dns_reply_query_t *query,
                                  const acme_dns_reply_t *reply, apr_pool_t *p)
{
    ldns_pkt *pkt = ldns_pkt_new();
    apr_status_t rv = APR_EGENERAL;
    uint8_t *wire = NULL;
    size_t size = 0;

    if (!pkt) {
        return APR_ENOMEM;
    }
    set_header(pkt, query, reply);
    if (add_question(pkt, query)
        && add_records(pkt, LDNS_SECTION_ANSWER, reply->answer)
        && add_records(pkt, LDNS_SECTION_AUTHORITY, reply->authority)
        && ldns_pkt2wire(&wire, pkt, &size) == LDNS_STATUS_OK) {
        *data = apr_pmemdup(p, wire, size);
        *len = size;
        rv = APR_SUCCESS;
    }
    LDNS_FREE(wire);
    ldns_pkt_free(pkt);
    return rv;
}

#else

int acme_dns_reply_built(void)
{
    return 0;
}

apr_status_t acme_dns_reply_read(acme_dns_reply_query_t *query,
                                 const unsigned char *data, apr_size_t len,
                                 apr_pool_t *p)
{
    (void)data;
    (void)len;
    (void)p;
    memset(query, 0, sizeof(*query));
    return APR_EINVAL;
}

apr_status_t acme_dns_reply_write(unsigned char **data, apr_size_t *len,
                                  const acme_dns_reply_query_t *query,
                                  const acme_dns_reply_t *reply, apr_pool_t *p)
{
    (void)data;
    (void)len;
    (void)query;
    (void)reply;
    (void)p;
    return APR_ENOTIMPL;
}

#endif
