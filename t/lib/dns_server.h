/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file dns_server.h
 * @brief A DNS server on a port of 127.0.0.1, UDP and TCP, in a thread of its
 * own. It behaves as the first label of the name says that it is asked for.
 *
 *     one.*       a TXT record "one"
 *     big.*       over UDP it is cut; over TCP 200 TXT records
 *     cut.*       is cut, over TCP as well
 *     half.*      the TCP stream ends in the middle of the answer
 *     none.*      NXDOMAIN
 *     empty.*     no record
 *     loop.*      CNAME records that lead back
 *     fail.*      SERVFAIL
 *     refuse.*    REFUSED
 *     silent.*    no answer
 *     garbage.*   random bytes
 *     other.*     answers another question
 *     id.*        answers with another id
 *     once.*      no answer the first time, then as one.*
 *     flags.*     a TXT record that says "recursive" or "plain", as it was
 *                 asked
 */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include <apr_pools.h>

typedef struct dns_server_t dns_server_t;

dns_server_t *dns_server_start(apr_pool_t *p);

/** Returns its address and port, as a server of a question. */
const char *dns_server_address(const dns_server_t *server);

/** Returns how many queries came over UDP or TCP. */
int dns_server_count(dns_server_t *server, int tcp);

#endif
