/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa_lookup.h
 * @brief Looks up the CAA records that count for a name: those of the first
 * name upwards that has any (RFC 8659 3).
 */
#ifndef ACME_CAA_LOOKUP_H
#define ACME_CAA_LOOKUP_H

#include "acme_caa.h"

/**
 * Takes the records.
 * @param at the name that has them, or NULL: there are none, which allows all
 * @param records acme_dns_record_t, valid only while this runs; NULL: they
 *        could not be looked up, so that a CA would refuse
 * @param problem why, or NULL
 */
typedef void acme_caa_lookup_done_fn(void *baton, const char *at,
                                     const apr_array_header_t *records,
                                     const acme_problem_t *problem);

/**
 * Begins to look up the records for an identifier. `done` is called once, from
 * inside the client's run() or cancel().
 * @param identifier canonical, no IP address; lives as long as p
 * @param p lives until `done` has been called
 */
void acme_caa_lookup(acme_dns_t *dns, const char *identifier,
                     acme_caa_lookup_done_fn *done, void *baton, apr_pool_t *p);

#endif
