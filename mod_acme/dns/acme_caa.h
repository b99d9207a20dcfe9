/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa.h
 * @brief What CAA records allow (RFC 8659, RFC 8657): a pure judgement over
 * records, from the point of view of one of our orders.
 *
 * The records that count are those of the first of these names that has any:
 * acme_caa_first(), then each acme_caa_parent(). A resolver follows the aliases
 * of each name; the parents of an alias do not count.
 *
 * Parameters of RFC 8657 are judged as binding, because from 2027-03-15 on they
 * are for all public CAs.
 */
#ifndef ACME_CAA_H
#define ACME_CAA_H

#include "acme_dns.h"

/** Returns the first name whose records are looked up, or NULL: there are none
 *  for IP addresses (RFC 8738).
 *  @param identifier canonical; of a wildcard the name below it counts */
const char *acme_caa_first(const char *identifier);

/** Returns the next name to be looked up after one that has no record; NULL
 *  after a top-level domain. */
const char *acme_caa_parent(const char *name);

/** The order that is judged. */
typedef struct acme_caa_order_t {
    const char *identifier;               /**< canonical */
    const apr_array_header_t *identities; /**< const char *: names by which
                                               records mean the CA
                                               (meta.caaIdentities); empty or
                                               NULL: not known */
    const char *account; /**< URL of our account; NULL: not known yet; "": one
                              that no record can mean */
    const apr_array_header_t *types; /**< const char *: types of challenges that
                                          we would use, the best first */
} acme_caa_order_t;

typedef enum {
    ACME_CAA_ALLOWED,
    ACME_CAA_FORBIDDEN,
    ACME_CAA_UNKNOWN /**< what the CA is called, or our account, is not known */
} acme_caa_e;

typedef struct acme_caa_verdict_t {
    acme_caa_e what;
    apr_array_header_t *types; /**< ALLOWED: those that may be used, in order */
    const char *reason; /**< of the other two: half a sentence, such as "allows
                             only other.example" */
    const char *to_fix; /**< of FORBIDDEN: the record that would allow it, or
                             what has to go */
} acme_caa_verdict_t;

/**
 * Judges the records of one name.
 * @param verdict set in p
 * @param records acme_dns_record_t; those of other types are passed over. No
 *        record allows everything.
 */
void acme_caa_judge(acme_caa_verdict_t *verdict, const acme_caa_order_t *order,
                    const apr_array_header_t *records, apr_pool_t *p);

#endif
