/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_responder.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_dns.h"
#include "acme_dns_reply.h"
#include "acme_ident.h"
#include "acme_responder_limit.h"
#include "acme_responder_name.h"

/* For how many seconds NS, SOA and HINFO records may be remembered. */
#define TTL_STABLE 300

/* Most bytes of a reply over UDP to a query without OPT record (RFC 1035). */
#define PLAIN_MAX 512

/* Types from here on, up to ANY, are operations, such as AXFR (RFC 6895). */
#define FIRST_OPERATION 128

typedef struct zone_t {
    const char *name;
    const char *name_server;
    const char *mailbox;
} zone_t;

/* A name that exists. */
typedef struct node_t {
    const char *identifier; /* whose values are its TXT records, or NULL */
} node_t;

struct acme_responder_t {
    acme_responder_values_fn *values;
    void *baton;
    acme_responder_limit_t *limit;
    apr_hash_t *zones; /* name -> zone_t * */
    apr_hash_t *nodes; /* name -> node_t *, apexes included */
    apr_pool_t *p;
};

acme_responder_t *acme_responder_create(acme_responder_values_fn *values,
                                        void *baton, apr_pool_t *p)
{
    acme_responder_t *responder = apr_pcalloc(p, sizeof(*responder));

    responder->values = values;
    responder->baton = baton;
    responder->limit = acme_responder_limit_create(p);
    responder->zones = apr_hash_make(p);
    responder->nodes = apr_hash_make(p);
    responder->p = p;
    return responder;
}

/* Returns the name without its first label; NULL behind the last one. A dot
 * behind a backslash is part of a label. */
static const char *parent_of(const char *name)
{
    for (; *name; ++name) {
        if (*name == '\\' && name[1]) {
            ++name;
        }
        else if (*name == '.') {
            return name + 1;
        }
    }
    return NULL;
}

static node_t *add_node(acme_responder_t *responder, const char *name)
{
    node_t *node = apr_hash_get(responder->nodes, name, APR_HASH_KEY_STRING);

    if (!node) {
        node = apr_pcalloc(responder->p, sizeof(*node));
        apr_hash_set(responder->nodes, name, APR_HASH_KEY_STRING, node);
    }
    return node;
}

void acme_responder_add_zone(acme_responder_t *responder, const char *name,
                             const char *name_server)
{
    zone_t *zone;

    if (apr_hash_get(responder->zones, name, APR_HASH_KEY_STRING)) {
        return;
    }
    zone = apr_palloc(responder->p, sizeof(*zone));
    zone->name = name;
    zone->name_server = name_server;
    zone->mailbox = apr_pstrcat(responder->p, "hostmaster.", name_server, NULL);
    if (strlen(zone->mailbox) > ACME_DNS_REPLY_NAME_MAX) {
        zone->mailbox = name_server;
    }
    apr_hash_set(responder->zones, name, APR_HASH_KEY_STRING, zone);
    add_node(responder, name);
}

void acme_responder_add(acme_responder_t *responder, const char *identifier,
                        const char *zone)
{
    const zone_t *of =
        apr_hash_get(responder->zones, zone, APR_HASH_KEY_STRING);
    const char *base =
        acme_ident_is_wildcard(identifier) ? identifier + 2 : identifier;
    const char *target, *asked, *name;

    if (!of || acme_ident_type(base) == ACME_IDENT_IP) {
        return;
    }
    target = acme_responder_name_target(base, zone, responder->p);
    add_node(responder, target)->identifier = base;
    for (name = parent_of(target); name && strcmp(name, zone) != 0;
         name = parent_of(name)) {
        add_node(responder, name);
    }
    asked = acme_responder_name_asked(base, responder->p);
    if (strlen(asked) <= ACME_DNS_REPLY_NAME_MAX) {
        acme_responder_add_zone(responder, asked, of->name_server);
        add_node(responder, asked)->identifier = base;
    }
}

/* ---- records ---- */

static acme_dns_reply_record_t *add_record(apr_array_header_t *records,
                                           const char *name, int type,
                                           unsigned ttl)
{
    acme_dns_reply_record_t *record = apr_array_push(records);

    memset(record, 0, sizeof(*record));
    record->name = name;
    record->type = type;
    record->ttl = ttl;
    return record;
}

static void add_soa(apr_array_header_t *records, const char *name,
                    const zone_t *zone, unsigned ttl)
{
    acme_dns_reply_record_t *record =
        add_record(records, name, ACME_DNS_SOA, ttl);

    record->text = zone->name_server;
    record->mailbox = zone->mailbox;
    record->negative = 0;
}

/* ---- rules ---- */

/* A query, and what is being answered. */
typedef struct turn_t {
    acme_responder_t *responder;
    acme_dns_reply_query_t query;
    acme_dns_reply_t reply;
    apr_array_header_t *answer;
    const zone_t *zone;
    apr_time_t now;
    apr_pool_t *p;
} turn_t;

static const zone_t *zone_of(const acme_responder_t *responder,
                             const char *name)
{
    const zone_t *zone = NULL;

    for (; name && !zone; name = parent_of(name)) {
        zone = apr_hash_get(responder->zones, name, APR_HASH_KEY_STRING);
    }
    return zone;
}

/* Says that the record is not there. */
static void deny(turn_t *turn, acme_dns_rcode_e rcode)
{
    apr_array_header_t *authority =
        apr_array_make(turn->p, 1, sizeof(acme_dns_reply_record_t));

    turn->reply.rcode = rcode;
    add_soa(authority, turn->zone->name, turn->zone, 0);
    turn->reply.authority = authority;
}

static void answer_txt(turn_t *turn, const node_t *node)
{
    const apr_array_header_t *values = NULL;
    const acme_responder_t *responder = turn->responder;
    int i;

    if (node->identifier
        && responder->values(&values, responder->baton, node->identifier,
                             turn->now, turn->p)
               != APR_SUCCESS) {
        turn->reply.rcode = ACME_DNS_RCODE_SERVER;
        turn->reply.authoritative = 0;
        return;
    }
    for (i = 0; values && i < values->nelts && i < ACME_RESPONDER_VALUES_MAX;
         ++i) {
        add_record(turn->answer, turn->query.asked, ACME_DNS_TXT, 0)->text =
            APR_ARRAY_IDX(values, i, const char *);
    }
}

/* Answers about a name that exists. */
static void answer_node(turn_t *turn, const node_t *node, int is_apex)
{
    switch (turn->query.type) {
    case ACME_DNS_TXT:
        answer_txt(turn, node);
        break;
    case ACME_DNS_REPLY_ANY:
        /* Says less than was asked for (RFC 8482). */
        add_record(turn->answer, turn->query.asked, ACME_DNS_REPLY_HINFO,
                   TTL_STABLE)
            ->text = "RFC8482";
        break;
    case ACME_DNS_SOA:
        if (is_apex) {
            add_soa(turn->answer, turn->query.asked, turn->zone, TTL_STABLE);
        }
        break;
    case ACME_DNS_NS:
        if (is_apex) {
            add_record(turn->answer, turn->query.asked, ACME_DNS_NS, TTL_STABLE)
                ->text = turn->zone->name_server;
        }
        break;
    default:
        break;
    }
    if (turn->answer->nelts == 0 && turn->reply.rcode == ACME_DNS_RCODE_OK) {
        deny(turn, ACME_DNS_RCODE_OK);
    }
}

static void answer_name(turn_t *turn)
{
    const acme_dns_reply_query_t *query = &turn->query;
    const node_t *node =
        apr_hash_get(turn->responder->nodes, query->name, APR_HASH_KEY_STRING);

    turn->zone = zone_of(turn->responder, query->name);
    if (!turn->zone || query->qclass != ACME_DNS_REPLY_IN
        || (query->type >= FIRST_OPERATION
            && query->type < ACME_DNS_REPLY_ANY)) {
        turn->reply.rcode = ACME_DNS_RCODE_REFUSED;
        return;
    }
    turn->reply.authoritative = 1;
    if (node) {
        answer_node(turn, node, strcmp(query->name, turn->zone->name) == 0);
    }
    else {
        deny(turn, ACME_DNS_RCODE_NO_NAME);
    }
}

/* Decides on the reply to a query that has this state after it was read. */
static void decide(turn_t *turn, apr_status_t read, int truncate)
{
    turn->reply.udp_size = ACME_RESPONDER_UDP_MAX;
    turn->answer = apr_array_make(turn->p, 2, sizeof(acme_dns_reply_record_t));
    turn->reply.answer = turn->answer;
    if (turn->query.opcode != 0) {
        turn->reply.rcode = ACME_DNS_RCODE_NOT_DONE;
    }
    else if (read != APR_SUCCESS) {
        turn->reply.rcode = ACME_DNS_RCODE_FORMAT;
    }
    else if (turn->query.edns && turn->query.edns_version != 0) {
        turn->reply.rcode = ACME_DNS_RCODE_VERSION;
    }
    else if (truncate) {
        turn->reply.truncated = 1;
    }
    else {
        answer_name(turn);
    }
}

static apr_size_t most(const turn_t *turn, const acme_responder_query_t *query)
{
    apr_size_t size = PLAIN_MAX;

    if (query->tcp) {
        return ACME_RESPONDER_TCP_MAX;
    }
    if (turn->query.edns && turn->query.udp_size > PLAIN_MAX) {
        size = turn->query.udp_size < ACME_RESPONDER_UDP_MAX
                   ? (apr_size_t)turn->query.udp_size
                   : ACME_RESPONDER_UDP_MAX;
    }
    return query->len * ACME_RESPONDER_FACTOR < size
               ? query->len * ACME_RESPONDER_FACTOR
               : size;
}

/* Writes the reply; without its records where they are too much. */
static apr_size_t write_reply(const unsigned char **data, turn_t *turn,
                              const acme_responder_query_t *query)
{
    apr_size_t limit = most(turn, query), len;
    unsigned char *bytes;

    if (acme_dns_reply_write(&bytes, &len, &turn->query, &turn->reply, turn->p)
        != APR_SUCCESS) {
        return 0;
    }
    if (len > limit) {
        turn->reply.truncated = 1;
        turn->reply.answer = NULL;
        turn->reply.authority = NULL;
        if (acme_dns_reply_write(&bytes, &len, &turn->query, &turn->reply,
                                 turn->p)
                != APR_SUCCESS
            || len > limit) {
            return 0;
        }
    }
    *data = bytes;
    return len;
}

apr_size_t acme_responder_reply(const unsigned char **data,
                                acme_responder_t *responder,
                                const acme_responder_query_t *query,
                                apr_time_t now, apr_pool_t *p)
{
    acme_responder_limit_e limit = ACME_RESPONDER_LIMIT_ANSWER;
    turn_t turn;
    apr_status_t rv;

    if (!query->tcp) {
        limit = acme_responder_limit_count(responder->limit, query->source,
                                           query->source_len, now);
        if (limit == ACME_RESPONDER_LIMIT_DROP) {
            return 0;
        }
    }
    memset(&turn, 0, sizeof(turn));
    turn.responder = responder;
    turn.now = now;
    turn.p = p;
    rv = acme_dns_reply_read(&turn.query, query->data, query->len, p);
    if (rv == APR_EINVAL) {
        return 0;
    }
    decide(&turn, rv, limit == ACME_RESPONDER_LIMIT_TRUNCATE);
    return write_reply(data, &turn, query);
}
