/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_link.h
 * @brief Link headers (RFC 8288), and references that are resolved against a
 * URL (RFC 3986 5).
 */
#ifndef ACME_LINK_H
#define ACME_LINK_H

#include <apr_pools.h>
#include <apr_tables.h>

/**
 * Returns the targets of a Link header with that relation, resolved and in
 * their order: const char *, in p. A target that is no https URL then, and a
 * link whose context is another resource (anchor), are left out. What is
 * malformed ends at the next comma, so that other links are read.
 * @param header the field value, several of them joined by commas; or NULL
 * @param base https URL of the request
 * @param relation in any case, because relation types have none
 * @param most at most so many
 */
apr_array_header_t *acme_link_targets(const char *header, const char *base,
                                      const char *relation, int most,
                                      apr_pool_t *p);

/** Returns the https URL that a reference means, without its fragment; NULL
 *  when it means no usable one.
 *  @param reference as a server sent it, or NULL
 *  @param base https URL of the request; NULL: only an absolute reference
 *         means anything */
const char *acme_link_resolve(const char *reference, const char *base,
                              apr_pool_t *p);

#endif
