/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_locate.h
 * @brief Finds where a record has to be written at a name server: CNAME records
 * at its name are followed, and the zone is found by the SOA records that the
 * server has for the name or those above it.
 *
 * CNAME records that the server does not know itself are asked for at the
 * resolvers of this machine, if there is a client for that. Nothing waits.
 */
#ifndef ACME_DNS_LOCATE_H
#define ACME_DNS_LOCATE_H

#include "acme_dns_call.h"

/** Most CNAME records that are followed. */
#define ACME_DNS_LOCATE_HOPS 8

typedef struct acme_dns_locate_t acme_dns_locate_t;

/** Begins.
 *  @param server lives as long as p
 *  @param resolver or NULL
 *  @param zone that the record is in, or NULL: find it
 *  @param name of the record */
apr_status_t acme_dns_locate_start(acme_dns_locate_t **locate,
                                   const acme_dns_server_t *server,
                                   acme_dns_t *resolver, const char *zone,
                                   const char *name, apr_time_t now,
                                   acme_problem_t *problem, apr_pool_t *p);

/**
 * Goes on.
 * @param name set to where the record has to be written
 * @param zone set to the zone that it is in; both live as long as the pool of
 *        acme_dns_locate_start()
 * @return APR_EAGAIN: poll again
 */
apr_status_t acme_dns_locate_poll(acme_dns_locate_t *locate, const char **name,
                                  const char **zone, apr_time_t now,
                                  acme_problem_t *problem, apr_pool_t *p);

#endif
