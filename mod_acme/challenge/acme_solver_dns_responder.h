/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_responder.h
 * @brief The way of ACMEDnsResponder: this server is the DNS. A record is in
 * the DNS as soon as its item is in the store, and the thread that answers
 * queries finds it there, whichever process it is in.
 *
 * That thread does not look into the store for each query, but at most every
 * ACME_SOLVER_DNS_RESPONDER_AGE. So the CA is told of a challenge only
 * ACME_SOLVER_DNS_RESPONDER_WAIT after its record is there.
 */
#ifndef ACME_SOLVER_DNS_RESPONDER_H
#define ACME_SOLVER_DNS_RESPONDER_H

#include "acme_solver_dns_work.h"

/** Longest time that a change of the records may not be seen. */
#define ACME_SOLVER_DNS_RESPONDER_AGE  apr_time_from_msec(250)
#define ACME_SOLVER_DNS_RESPONDER_WAIT apr_time_from_msec(500)

extern const acme_solver_dns_way_t acme_solver_dns_responder;

/** The records of the store, as one thread sees them. */
typedef struct acme_solver_dns_seen_t acme_solver_dns_seen_t;

/** Begins without any.
 *  @param vault a handle of this thread */
acme_solver_dns_seen_t *acme_solver_dns_responder_see(acme_vault_t *vault,
                                                      apr_pool_t *p);

/**
 * Gets the values of TXT records for an identifier.
 * @param values set to const char *, in p
 * @param baton acme_solver_dns_seen_t *
 * @return the store's error when it cannot be looked at
 */
apr_status_t acme_solver_dns_responder_values(const apr_array_header_t **values,
                                              void *baton,
                                              const char *identifier,
                                              apr_time_t now, apr_pool_t *p);

#endif
