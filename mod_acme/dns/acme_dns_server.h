/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_server.h
 * @brief The loop of a DNS server: takes queries from sockets, has them
 * answered, sends the replies.
 *
 * It runs in a thread of its own, and uses as much memory whatever comes. TCP
 * is bounded: ACME_DNS_SERVER_CONNECTIONS at once, of which the oldest makes
 * room for a new one; each lasts ACME_DNS_SERVER_LIFE at most, and has
 * ACME_DNS_SERVER_QUERIES queries of ACME_DNS_SERVER_QUERY_MAX bytes at most.
 */
#ifndef ACME_DNS_SERVER_H
#define ACME_DNS_SERVER_H

#include <apr_pools.h>
#include <apr_time.h>

#include "acme_dns_listen.h"

#define ACME_DNS_SERVER_CONNECTIONS 32
#define ACME_DNS_SERVER_LIFE        apr_time_from_sec(10)
#define ACME_DNS_SERVER_QUERIES     32
#define ACME_DNS_SERVER_QUERY_MAX   1232

/** Most pairs of sockets. */
#define ACME_DNS_SERVER_LISTENERS 8

/** A query as it came. */
typedef struct acme_dns_server_query_t {
    const unsigned char *data;
    apr_size_t len;
    const unsigned char *source; /**< address of the client, 4 or 16 bytes */
    apr_size_t source_len;
    int tcp;
} acme_dns_server_query_t;

/** Answers a query.
 *  @param reply set, valid until p is cleared
 *  @return the length of the reply, 65535 at most; 0: there is none */
typedef apr_size_t
acme_dns_server_answer_fn(const unsigned char **reply, void *baton,
                          const acme_dns_server_query_t *query, apr_pool_t *p);

typedef struct acme_dns_server_t acme_dns_server_t;

/**
 * Creates a server.
 * @param listeners of which it closes none
 * @param count ACME_DNS_SERVER_LISTENERS at most
 */
apr_status_t acme_dns_server_create(acme_dns_server_t **server,
                                    const acme_dns_listen_t *listeners,
                                    int count,
                                    acme_dns_server_answer_fn *answer,
                                    void *baton, apr_pool_t *p);

/** Returns non-zero when a server is to end. */
typedef int acme_dns_server_over_fn(void *baton);

/** Lets the server end by itself, too: `over` is called every half second, by
 *  the server's own thread. To be called before that begins. */
void acme_dns_server_until(acme_dns_server_t *server,
                           acme_dns_server_over_fn *over);

/** Waits for so long, or until the server is stopped. Returns non-zero when it
 *  is. For the thread that will run it. */
int acme_dns_server_wait(acme_dns_server_t *server, apr_interval_time_t time);

/** Serves until it is stopped, and closes its connections then. */
void acme_dns_server_run(acme_dns_server_t *server);

/** Stops it, within the time that a single query takes. To be called from any
 *  thread or signal handler. */
void acme_dns_server_stop(acme_dns_server_t *server);

#endif
