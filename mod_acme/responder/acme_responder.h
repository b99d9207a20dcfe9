/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_responder.h
 * @brief What the DNS server of ACMEDnsResponder answers: a query's bytes in, a
 * reply's bytes out, or none. No input or output, no clock.
 *
 * It is authoritative for two kinds of zones and for nothing else: the zone of
 * the directive, in which each name that is proven so has one of its own
 * (acme_responder_name_target), and `_acme-challenge.NAME` of each such name,
 * because that may be delegated here by NS records as well. Both have SOA and
 * NS records. Names exist whether or not a challenge is pending; without one
 * they have no TXT record. Negative replies are not to be remembered, and TXT
 * records neither, since both change within seconds.
 *
 * One thread.
 */
#ifndef ACME_RESPONDER_H
#define ACME_RESPONDER_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/** Most bytes of a reply over UDP, and over TCP. */
#define ACME_RESPONDER_UDP_MAX 1232
#define ACME_RESPONDER_TCP_MAX 65535

/** A reply over UDP has at most so many times the bytes of its query. */
#define ACME_RESPONDER_FACTOR 3

/** Most TXT records in a reply. */
#define ACME_RESPONDER_VALUES_MAX 100

typedef struct acme_responder_t acme_responder_t;

/**
 * Gets the values of TXT records that are wanted of an identifier.
 * @param values set to const char *, none if no challenge is pending
 * @return an error: the query is answered with SERVFAIL
 */
typedef apr_status_t acme_responder_values_fn(const apr_array_header_t **values,
                                              void *baton,
                                              const char *identifier,
                                              apr_time_t now, apr_pool_t *p);

/** A query as it came. */
typedef struct acme_responder_query_t {
    const unsigned char *data;
    apr_size_t len;
    const unsigned char *source; /**< address of the client, 4 or 16 bytes */
    apr_size_t source_len;
    int tcp;
} acme_responder_query_t;

acme_responder_t *acme_responder_create(acme_responder_values_fn *values,
                                        void *baton, apr_pool_t *p);

/** Adds a zone, or finds the one that was added.
 *  @param zone canonical; it and the other name live as long as the responder
 *  @param name_server for NS and SOA records */
void acme_responder_add_zone(acme_responder_t *responder, const char *zone,
                             const char *name_server);

/** Adds a name whose challenges are answered in a zone that was added.
 *  @param identifier canonical; an IP address adds nothing */
void acme_responder_add(acme_responder_t *responder, const char *identifier,
                        const char *zone);

/**
 * Answers a query.
 * @param data set in p
 * @return the length of the reply; 0: there is none, and a TCP connection is
 *         to be closed
 */
apr_size_t acme_responder_reply(const unsigned char **data,
                                acme_responder_t *responder,
                                const acme_responder_query_t *query,
                                apr_time_t now, apr_pool_t *p);

#endif
