/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_host.h
 * @brief Looks up the address of a host: IPv4 before IPv6. Nothing waits.
 */
#ifndef ACME_DNS_HOST_H
#define ACME_DNS_HOST_H

#include "acme_dns.h"

typedef struct acme_dns_host_t acme_dns_host_t;

/** Begins. The lookup ends with its pool. */
acme_dns_host_t *acme_dns_host_start(acme_dns_t *resolver, const char *name,
                                     apr_pool_t *p);

/** Goes on.
 *  @param address set, in the pool of the lookup
 *  @return APR_EAGAIN: poll again */
apr_status_t acme_dns_host_poll(acme_dns_host_t *host, const char **address,
                                acme_problem_t *problem, apr_pool_t *p);

#endif
