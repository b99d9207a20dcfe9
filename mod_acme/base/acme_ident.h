/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ident.h
 * @brief Identifiers that a certificate can name (RFC 8555 9.7.7).
 *
 * One table row per type. A name is kept in its canonical form: lower case, no
 * trailing dot, A-labels. Sets are APR arrays of const char * in that form,
 * without repetition; order matters only for the first, which names the site.
 */
#ifndef ACME_IDENT_H
#define ACME_IDENT_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum { ACME_IDENT_DNS, ACME_IDENT_IP } acme_ident_e;

/** "dns" or "ip", as it stands in an order (RFC 8555 7.1.3, RFC 8738). */
const char *acme_ident_type_name(acme_ident_e type);

/** The type of a canonical name. */
acme_ident_e acme_ident_type(const char *name);

/**
 * Brings a name as an administrator writes it into canonical form.
 * @param why on failure, what is wrong and what to write instead; may be NULL
 * @return APR_EINVAL when no certificate can name it: bad characters, labels
 *         over 63 or names over 253 bytes, empty labels, an asterisk anywhere
 *         but as the whole first label, a single label, an all-numeric last
 *         label that is no IP address, U-labels
 */
apr_status_t acme_ident_canonical(const char **name, const char *text,
                                  const char **why, apr_pool_t *p);

/** Returns non-zero when the name starts with "*.". */
int acme_ident_is_wildcard(const char *name);

/** Returns non-zero when the set holds exactly this name. */
int acme_ident_in(const apr_array_header_t *set, const char *name);

/** Returns non-zero when some member of the set is this name, or a wildcard
 *  that covers it (one label). */
int acme_ident_covered(const apr_array_header_t *set, const char *name);

/** Adds it unless it is there already; the string is not copied. */
void acme_ident_add(apr_array_header_t *set, const char *name);

/** Returns non-zero when both sets hold the same names, in any order. */
int acme_ident_same(const apr_array_header_t *a, const apr_array_header_t *b);

#endif
