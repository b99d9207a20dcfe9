/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_way.h
 * @brief The table of ways how records of dns-01 challenges come into the DNS.
 */
#ifndef ACME_SOLVER_DNS_WAY_H
#define ACME_SOLVER_DNS_WAY_H

#include "acme_solver_dns_work.h"

/** Returns the row of a way. */
const acme_solver_dns_way_t *acme_solver_dns_way(acme_dns_way_e way);

#endif
