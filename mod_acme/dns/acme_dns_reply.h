/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_reply.h
 * @brief Packets of a DNS server (RFC 1035 4): a query is read, a reply is
 * written. The wire format is left to ldns; without it nothing is read.
 *
 * A query comes from anybody, and may be cut, looped or garbage. What is read
 * of it is small, and says nothing about what is right to answer.
 */
#ifndef ACME_DNS_REPLY_H
#define ACME_DNS_REPLY_H

#include <apr_pools.h>
#include <apr_tables.h>

/** Longest name, as text without the dot at its end. */
#define ACME_DNS_REPLY_NAME_MAX 253

/** Codes of replies (RCODE). */
typedef enum {
    ACME_DNS_RCODE_OK = 0,
    ACME_DNS_RCODE_FORMAT = 1,
    ACME_DNS_RCODE_SERVER = 2, /**< SERVFAIL: for now it cannot be answered */
    ACME_DNS_RCODE_NO_NAME = 3,
    ACME_DNS_RCODE_NOT_DONE = 4, /**< NOTIMP */
    ACME_DNS_RCODE_REFUSED = 5,
    ACME_DNS_RCODE_VERSION = 16 /**< BADVERS (RFC 6891) */
} acme_dns_rcode_e;

/** Types and classes that only packets have. */
#define ACME_DNS_REPLY_HINFO 13
#define ACME_DNS_REPLY_ANY   255
#define ACME_DNS_REPLY_IN    1

/** A query, in the pool that it was read with. */
typedef struct acme_dns_reply_query_t {
    int id;
    int opcode; /**< 0: a query */
    int recursion;
    int checking_disabled;
    const char *asked; /**< the name in the case that it was asked in, with
                            escapes and a dot at its end; NULL: there is no
                            single question that can be read */
    const char *name;  /**< the same in lower case, without that dot; "": the
                            root */
    int type;
    int qclass;
    int edns;         /**< non-zero: it has an OPT record (RFC 6891) */
    int edns_version; /**< 0 is the only one */
    int udp_size;     /**< that the OPT record allows */
} acme_dns_reply_query_t;

/** A record of a reply. */
typedef struct acme_dns_reply_record_t {
    const char *name; /**< with escapes, if any; a dot at its end is left out or
                           not */
    int type;         /**< TXT, NS, SOA or HINFO */
    unsigned ttl;     /**< in seconds */
    const char *text; /**< TXT: up to 255 bytes; HINFO: the CPU; NS: the name;
                           SOA: the primary server's name */
    const char *mailbox; /**< SOA: as a name */
    unsigned negative;   /**< SOA: seconds for which it is remembered that a
                              record is not there */
} acme_dns_reply_record_t;

/** A reply to a query. */
typedef struct acme_dns_reply_t {
    acme_dns_rcode_e rcode;
    int authoritative;
    int truncated;
    int udp_size; /**< that is told, if the query has an OPT record */
    const apr_array_header_t *answer;    /**< acme_dns_reply_record_t, or
                                              NULL */
    const apr_array_header_t *authority; /**< the same */
} acme_dns_reply_t;

/** Returns non-zero when this was built with ldns. */
int acme_dns_reply_built(void);

/**
 * Reads a query.
 * @param query set; strings are in p
 * @return APR_EINVAL when it is no query at all, and must not be answered:
 *         shorter than a header, or itself a reply; APR_BADARG when only id,
 *         opcode and recursion could be read
 */
apr_status_t acme_dns_reply_read(acme_dns_reply_query_t *query,
                                 const unsigned char *data, apr_size_t len,
                                 apr_pool_t *p);

/**
 * Writes the reply to a query, with its question, if it has one.
 * @param data set in p
 * @return APR_EGENERAL when a name or text of it is too long
 */
apr_status_t acme_dns_reply_write(unsigned char **data, apr_size_t *len,
                                  const acme_dns_reply_query_t *query,
                                  const acme_dns_reply_t *reply, apr_pool_t *p);

#endif
