/* SPDX-License-Identifier: Apache-2.0 */

#include "dns_wire.h"

#include <string.h>

#include <apr_strings.h>

#include "config.h"

#define ID 0x1234

static unsigned char *put16(unsigned char *to, int number)
{
    *to++ = (unsigned char)(number >> 8);
    *to++ = (unsigned char)number;
    return to;
}

static unsigned char *put_name(unsigned char *to, const char *name)
{
    while (*name) {
        apr_size_t len = strcspn(name, ".");

        *to++ = (unsigned char)len;
        memcpy(to, name, len);
        to += len;
        name += len + (name[len] == '.');
    }
    *to++ = 0;
    return to;
}

unsigned char *dns_wire_query(apr_size_t *len, const dns_wire_query_t *query,
                              apr_pool_t *p)
{
    unsigned char *data = apr_pcalloc(p, strlen(query->name) + 40), *to;

    to = put16(data, ID);
    to = put16(to, query->opcode << 11 | (query->no_flags ? 0 : 1 << 8));
    to = put16(to, 1);
    to = put16(to, 0);
    to = put16(to, 0);
    to = put16(to, query->edns ? 1 : 0);
    to = put_name(to, query->name);
    to = put16(to, query->type);
    to = put16(to, query->qclass ? query->qclass : 1);
    if (query->edns) {
        *to++ = 0;
        to = put16(to, 41);
        to = put16(to, query->edns);
        to = put16(to, query->version);
        to = put16(to, 0);
        to = put16(to, 0);
    }
    *len = (apr_size_t)(to - data);
    return data;
}

#ifdef HAVE_LDNS

#include <ldns/ldns.h>

static const char *text_of(char *text, apr_pool_t *p)
{
    const char *copy = apr_pstrdup(p, text ? text : "(nothing)");

    LDNS_FREE(text);
    return copy;
}

static const char *section(const ldns_rr_list *list, const char *asked,
                           apr_pool_t *p)
{
    const char *text = "";
    size_t i, j;

    for (i = 0; list && i < ldns_rr_list_rr_count(list); ++i) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        const char *owner = text_of(ldns_rdf2str(ldns_rr_owner(rr)), p);

        text = apr_psprintf(p, "%s%s %s(%u)", text, i ? "," : " |",
                            text_of(ldns_rr_type2str(ldns_rr_get_type(rr)), p),
                            (unsigned)ldns_rr_ttl(rr));
        if (!asked || strcmp(owner, asked) != 0) {
            text = apr_pstrcat(p, text, " ", owner, NULL);
        }
        for (j = 0; j < ldns_rr_rd_count(rr) && j < 2; ++j) {
            text =
                apr_pstrcat(p, text, " ",
                            text_of(ldns_rdf2str(ldns_rr_rdf(rr, j)), p), NULL);
        }
    }
    return text;
}

const char *dns_wire_print(const unsigned char *data, apr_size_t len,
                           apr_pool_t *p)
{
    const char *asked = NULL, *text;
    const ldns_rr_list *questions;
    ldns_pkt *pkt = NULL;

    if (len == 0) {
        return "nothing";
    }
    if (ldns_wire2pkt(&pkt, data, len) != LDNS_STATUS_OK || !ldns_pkt_qr(pkt)
        || ldns_pkt_id(pkt) != ID) {
        return "garbage";
    }
    questions = ldns_pkt_question(pkt);
    if (questions && ldns_rr_list_rr_count(questions) == 1) {
        asked = text_of(
            ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(questions, 0))), p);
    }
    text =
        text_of(ldns_pkt_rcode2str((ldns_pkt_rcode)ldns_pkt_get_rcode(pkt)), p);
    if (ldns_pkt_edns_extended_rcode(pkt)) {
        text = apr_psprintf(p, "RCODE%d",
                            ldns_pkt_edns_extended_rcode(pkt) << 4
                                | ldns_pkt_get_rcode(pkt));
    }
    text = apr_pstrcat(
        p, text, ldns_pkt_aa(pkt) ? " aa" : "", ldns_pkt_tc(pkt) ? " tc" : "",
        ldns_pkt_rd(pkt) ? " rd" : "", ldns_pkt_ra(pkt) ? " ra" : "",
        asked ? " " : "", asked ? asked : "", asked ? "?" : "",
        section(ldns_pkt_answer(pkt), asked, p),
        section(ldns_pkt_authority(pkt), NULL, p), NULL);
    if (ldns_pkt_edns(pkt)) {
        text = apr_psprintf(p, "%s | edns %d", text,
                            (int)ldns_pkt_edns_udp_size(pkt));
    }
    ldns_pkt_free(pkt);
    return text;
}

#else

const char *dns_wire_print(const unsigned char *data, apr_size_t len,
                           apr_pool_t *p)
{
    (void)data;
    (void)p;
    return len ? "garbage" : "nothing";
}

#endif
