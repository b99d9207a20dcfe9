/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_how.h
 * @brief How a record comes into the DNS, as a value: copied, compared, and
 * kept in the record's item, one row of a table for each way.
 */
#ifndef ACME_SOLVER_DNS_HOW_H
#define ACME_SOLVER_DNS_HOW_H

#include "acme_json.h"
#include "acme_spec.h"

/** Copies it into p. */
void acme_solver_dns_how_copy(acme_dns_spec_t *to, const acme_dns_spec_t *from,
                              apr_pool_t *p);

/** Reads the members that an item has for its way.
 *  @param how set in p; what is no part of an item stays zero
 *  @return zero when one is missing or wrong */
int acme_solver_dns_how_read(acme_dns_spec_t *how, const acme_json_t *item,
                             apr_pool_t *p);

/** Adds them to an item. */
void acme_solver_dns_how_write(acme_json_t *item, const acme_dns_spec_t *how);

/** Returns non-zero when what the configuration has now tears down what was set
 *  up by `old`: the same way, to the same place. */
int acme_solver_dns_how_fits(const acme_dns_spec_t *old,
                             const acme_dns_spec_t *now);

/** Returns non-zero when that holds whichever site `now` belongs to, because
 *  its place says all. */
int acme_solver_dns_how_fits_any(const acme_dns_spec_t *old,
                                 const acme_dns_spec_t *now);

#endif
