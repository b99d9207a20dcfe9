/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_parse.h
 * @brief Reads from a rateLimited answer whose limit it is.
 *
 * RFC 8555 (section 6.6) has no member for it. It is in the words, and of the
 * CAs only Let's Encrypt's software (Boulder) is precise:
 *
 * - too many new orders (300) from this account
 * - too many certificates (50) already issued for "example.org"; or for
 *   multiple names, which are in the subproblems
 * - too many certificates (5) already issued for this exact set of identifiers
 * - too many failed authorizations (5) for "www.example.org"
 *
 * The address of the documentation that may follow counts for less, because one
 * version named new-orders-per-account for all of them. An answer in other
 * words concerns only the site that got it, as does one about a domain or name
 * that was not in its order: to pause too few sites costs a request each, to
 * pause too many may cost a certificate.
 */
#ifndef ACME_RATELIMIT_PARSE_H
#define ACME_RATELIMIT_PARSE_H

#include <apr_tables.h>

#include "acme_problem.h"

/** Kinds of limits, by what they count. */
typedef enum {
    ACME_RATELIMIT_PARSE_ACCOUNT, /**< orders of an account */
    ACME_RATELIMIT_PARSE_DOMAIN,  /**< certificates for a domain and below */
    ACME_RATELIMIT_PARSE_SET,     /**< certificates for the very same names */
    ACME_RATELIMIT_PARSE_NAME, /**< an account's failed validations of a name */
    ACME_RATELIMIT_PARSE_KINDS
} acme_ratelimit_parse_e;

/** The account, domain, set or name that a limit is about. */
typedef struct acme_ratelimit_parse_t {
    acme_ratelimit_parse_e what;
    const char *of; /**< by acme_ratelimit_parse_of() */
} acme_ratelimit_parse_t;

/** Returns "account", "domain", "set" or "name". */
const char *acme_ratelimit_parse_name(acme_ratelimit_parse_e what);

/** Finds a kind by that name; ACME_RATELIMIT_PARSE_KINDS: there is none. */
acme_ratelimit_parse_e acme_ratelimit_parse_find(const char *name);

/** Returns the key of a kind: the account or domain itself; for a set
 *  acme_ratelimit_parse_set(), for a name the account and the name. */
const char *acme_ratelimit_parse_of(acme_ratelimit_parse_e what,
                                    const char *account, const char *name,
                                    apr_pool_t *p);

/** Returns one text for the names, the same in any order. */
const char *acme_ratelimit_parse_set(const apr_array_header_t *names,
                                     apr_pool_t *p);

/** Reads the answer of a CA that refused an order.
 *  @param account name of the record of the account that ordered
 *  @param names the names that were ordered
 *  @return acme_ratelimit_parse_t; empty: only the site is concerned, or it is
 *         no limit */
apr_array_header_t *acme_ratelimit_parse_read(const acme_problem_t *problem,
                                              const char *account,
                                              const apr_array_header_t *names,
                                              apr_pool_t *p);

#endif
