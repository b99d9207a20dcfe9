/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file dns_wire.h
 * @brief DNS packets for tests: queries are made, replies are told in words.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <apr_pools.h>

/** A query to be made. */
typedef struct dns_wire_query_t {
    const char *name; /* labels with dots between them; "": the root */
    int type;
    int qclass;   /* 0: IN */
    int opcode;   /* 0: a query */
    int edns;     /* non-zero: an OPT record with this size */
    int version;  /* of EDNS */
    int no_flags; /* non-zero: recursion is not desired */
} dns_wire_query_t;

/** Returns the bytes of a query with the id 0x1234. */
unsigned char *dns_wire_query(apr_size_t *len, const dns_wire_query_t *query,
                              apr_pool_t *p);

/**
 * Returns a reply in words: "NOERROR aa rd NAME? | TXT(0) value, ... | SOA(0)
 * owner | edns 1232"; a section without records is left out. An answer whose
 * owner is not spelled as the question says so.
 */
const char *dns_wire_print(const unsigned char *data, apr_size_t len,
                           apr_pool_t *p);

#endif
