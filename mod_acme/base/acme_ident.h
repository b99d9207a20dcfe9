/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ident.h
 * @brief Identifiers that a certificate can name (RFC 8555 9.7.7).
 *
 * A name is kept in its canonical form: lower case, no trailing dot, A-labels.
 * A set is an APR array of const char * in that form, without repetition. The
 * order does not matter, except that the first name is the site's.
 */
#ifndef ACME_IDENT_H
#define ACME_IDENT_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum { ACME_IDENT_DNS, ACME_IDENT_IP } acme_ident_e;

/** Returns "dns" or "ip", the type as orders have it (RFC 8555 7.1.3, RFC
 *  8738). */
const char *acme_ident_type_name(acme_ident_e type);

/** Returns the type of a canonical name. */
acme_ident_e acme_ident_type(const char *name);

/**
 * Converts a name as an administrator writes it to its canonical form.
 * @param why on failure, what is wrong and what to write instead; may be NULL
 * @return APR_EINVAL when no certificate can have the name: it has a character
 *         that is not allowed, a U-label, a label over 63 bytes or an empty
 *         one, over 253 bytes, an asterisk that is not the whole first label,
 *         or a single label; or its last label is a number, and it is not an IP
 *         address
 */
apr_status_t acme_ident_canonical(const char **name, const char *text,
                                  const char **why, apr_pool_t *p);

/**
 * Returns the server name (SNI) by which a CA asks for an identifier in
 * tls-alpn-01: the name itself, and for an IP address its name below
 * in-addr.arpa or ip6.arpa (RFC 8738 6), because an address cannot be an SNI.
 * @param name canonical
 */
const char *acme_ident_server_name(const char *name, apr_pool_t *p);

/** Returns non-zero when the name starts with "*.". */
int acme_ident_is_wildcard(const char *name);

/** Returns non-zero when the set holds exactly this name. */
int acme_ident_in(const apr_array_header_t *set, const char *name);

/** Returns non-zero when the set holds this name, or a wildcard that covers it
 *  (one label). */
int acme_ident_covered(const apr_array_header_t *set, const char *name);

/** Adds a name unless the set holds it; the string is not copied. */
void acme_ident_add(apr_array_header_t *set, const char *name);

/** Returns non-zero when both sets hold the same names, in any order. */
int acme_ident_same(const apr_array_header_t *a, const apr_array_header_t *b);

#endif
