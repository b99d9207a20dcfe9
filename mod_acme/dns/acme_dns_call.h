/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_call.h
 * @brief Sends one message to one name server and gets its reply: by UDP, again
 * when none comes, and by TCP when the reply does not fit or nothing came.
 *
 * Nothing waits: the caller polls, one thread at a time. What is no proper
 * reply is ignored as long as another may come, and named when none has. Its
 * sockets are closed with its pool.
 */
#ifndef ACME_DNS_CALL_H
#define ACME_DNS_CALL_H

#include "acme_dns_message.h"

/** A good time between two polls. */
#define ACME_DNS_CALL_POLL apr_time_from_msec(50)

/** Number of times that a message is sent by UDP, and how long a reply may
 *  take: this the first time, and longer by it each time. */
#define ACME_DNS_CALL_TRIES 3
#define ACME_DNS_CALL_WAIT  apr_time_from_sec(2)

/** Wait before the next try when the machine says that nothing is there. */
#define ACME_DNS_CALL_REFUSED apr_time_from_sec(1)

/** How long the reply by TCP may take. */
#define ACME_DNS_CALL_TCP apr_time_from_sec(10)

typedef struct acme_dns_call_t acme_dns_call_t;

/** A name server. */
typedef struct acme_dns_server_t {
    const char *address; /**< of IPv4 or IPv6 */
    int port;
    const acme_dns_key_t *key; /**< that signs, or NULL */
} acme_dns_server_t;

/** Returns "192.0.2.1:53" or "[2001:db8::1]:53". */
const char *acme_dns_call_address(const char *address, int port, apr_pool_t *p);

/** Begins.
 *  @param message lives as long as the call */
apr_status_t acme_dns_call_start(acme_dns_call_t **call,
                                 const acme_dns_server_t *server,
                                 const acme_dns_message_t *message,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *p);

/**
 * Goes on.
 * @param reply set in p
 * @return APR_EAGAIN: poll again; APR_TIMEUP and others: there is no usable
 *         reply, and the problem says what came instead
 */
apr_status_t acme_dns_call_poll(acme_dns_call_t *call, acme_dns_reply_t *reply,
                                apr_time_t now, acme_problem_t *problem,
                                apr_pool_t *p);

#endif
