/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_listen.h
 * @brief The sockets of a DNS server, UDP and TCP on one address and port.
 *
 * They are plain descriptors that belong to no pool, because they outlive the
 * configuration that asked for them. All have CLOEXEC and never block. A reply
 * over UDP leaves from the address that was asked, also when the server has
 * several and listens on all.
 */
#ifndef ACME_DNS_LISTEN_H
#define ACME_DNS_LISTEN_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <apr_errno.h>
#include <apr_pools.h>

typedef struct acme_dns_listen_t {
    int udp;
    int tcp;
} acme_dns_listen_t;

/** Most bytes of a query over UDP: longer ones are none that is answered. */
#define ACME_DNS_LISTEN_QUERY_MAX 1232

/** A query over UDP, and where it came from and to. */
typedef struct acme_dns_listen_query_t {
    unsigned char data[ACME_DNS_LISTEN_QUERY_MAX];
    apr_size_t len;
    struct sockaddr_storage from;
    socklen_t from_len;
    /** destination as the system told it, to be the source of the reply */
    unsigned char control[128];
    apr_size_t control_len;
} acme_dns_listen_query_t;

/**
 * Opens both sockets.
 * @param address IPv4 or IPv6, without brackets; NULL: all of the machine
 * @param shared non-zero: sockets that acme_dns_listen_share() was called for
 *        may hold the port
 * @param why set on failure to what could not be done
 * @return the system's error; nothing is open then
 */
apr_status_t acme_dns_listen_open(acme_dns_listen_t *listener,
                                  const char *address, int port, int shared,
                                  const char **why, apr_pool_t *p);

/** Lets new sockets of the same user be opened on an overlapping address. */
void acme_dns_listen_share(const acme_dns_listen_t *listener);

/** Closes both here; other processes may still have them. */
void acme_dns_listen_close(acme_dns_listen_t *listener);

/** Takes a query over UDP. Returns APR_EAGAIN when none has come; APR_EINVAL
 *  for one to be passed over; else the system's error. */
apr_status_t acme_dns_listen_receive(acme_dns_listen_query_t *query, int udp);

/** Sends the reply. What cannot be sent is lost, as it may be anyway. */
void acme_dns_listen_reply(int udp, const acme_dns_listen_query_t *query,
                           const unsigned char *data, apr_size_t len);

/** Finds the bytes of an address: 4 or 16; 4 also for one of IPv4 on a socket
 *  of IPv6. */
const unsigned char *
acme_dns_listen_source(apr_size_t *len, const struct sockaddr_storage *from);

#endif
