/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_responder_name.h
 * @brief Names of ACMEDnsResponder: where the DNS leads a CA that looks for
 * `_acme-challenge` of a name, and the record that an administrator publishes
 * for that.
 *
 * The names depend on the identifier and the zone alone, so that a record that
 * was published once stays right.
 */
#ifndef ACME_RESPONDER_NAME_H
#define ACME_RESPONDER_NAME_H

#include <apr_pools.h>

/** Longest zone: a label of a hash must have room before it. */
#define ACME_RESPONDER_NAME_ZONE_MAX 212

/** Returns the name of the DNS that a CA asks for: _acme-challenge.NAME, of the
 *  base name of a wildcard.
 *  @param identifier canonical */
const char *acme_responder_name_asked(const char *identifier, apr_pool_t *p);

/**
 * Returns the name in our zone that `_acme-challenge` of an identifier leads
 * to: NAME.ZONE, or a hash below the zone where that is too long for the DNS.
 * @param identifier canonical; a wildcard has the name of its base
 * @param zone canonical, ACME_RESPONDER_NAME_ZONE_MAX at most
 */
const char *acme_responder_name_target(const char *identifier, const char *zone,
                                       apr_pool_t *p);

/** Returns the record to publish, as a zone file has it:
 *  "_acme-challenge.NAME. IN CNAME NAME.ZONE." NULL for an IP address, and for
 *  a name below the zone, which needs none. */
const char *acme_responder_name_record(const char *identifier, const char *zone,
                                       apr_pool_t *p);

/** Returns non-zero when the name is the zone or below it. */
int acme_responder_name_is_in(const char *name, const char *zone);

#endif
