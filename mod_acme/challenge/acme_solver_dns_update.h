/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_update.h
 * @brief The way of ACMEDnsUpdate: records are written into a zone by updates
 * (RFC 2136) that are sent to its primary server, signed by TSIG.
 *
 * Each update adds or deletes one TXT record, so that others at its name stay.
 * Where it was written is noted in the record's item before, because a CNAME
 * record may lead elsewhere when it is torn down.
 */
#ifndef ACME_SOLVER_DNS_UPDATE_H
#define ACME_SOLVER_DNS_UPDATE_H

#include "acme_solver_dns_work.h"

/** Seconds that resolvers may keep a record. */
#define ACME_SOLVER_DNS_UPDATE_TTL 60

extern const acme_solver_dns_way_t acme_solver_dns_update;

#endif
