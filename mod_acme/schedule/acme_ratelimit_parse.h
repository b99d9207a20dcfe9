/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_parse.h
 * @brief Whom a CA means that says rateLimited to an order.
 *
 * RFC 8555 (6.6) has no member for it: it is in the words, and of the CAs only
 * Let's Encrypt's software (Boulder) says it in them:
 *
 * - too many new orders (300) from this account
 * - too many certificates (50) already issued for "example.org"; or for
 *   multiple names, which are in the subproblems
 * - too many certificates (5) already issued for this exact set of identifiers
 * - too many failed authorizations (5) for "www.example.org"
 *
 * Where they are followed by the address of the documentation, that counts for
 * less: one version named new-orders-per-account for all of them. Words that
 * are not understood mean the one site that heard them, as do those of a
 * domain or name that was not in its order: to pause too few costs a request
 * each, to pause too many may cost a certificate.
 */
#ifndef ACME_RATELIMIT_PARSE_H
#define ACME_RATELIMIT_PARSE_H

#include <apr_tables.h>

#include "acme_problem.h"

/** What limits count by. */
typedef enum {
    ACME_RATELIMIT_PARSE_ACCOUNT, /**< orders of an account */
    ACME_RATELIMIT_PARSE_DOMAIN,  /**< certificates for a domain and below */
    ACME_RATELIMIT_PARSE_SET,     /**< certificates for the very same names */
    ACME_RATELIMIT_PARSE_NAME, /**< an account's failed validations of a name */
    ACME_RATELIMIT_PARSE_KINDS
} acme_ratelimit_parse_e;

/** Who is meant. */
typedef struct acme_ratelimit_parse_t {
    acme_ratelimit_parse_e what;
    const char *of; /**< by acme_ratelimit_parse_of() */
} acme_ratelimit_parse_t;

/** "account", "domain", "set", "name". */
const char *acme_ratelimit_parse_name(acme_ratelimit_parse_e what);

/** The reverse; ACME_RATELIMIT_PARSE_KINDS: none of them. */
acme_ratelimit_parse_e acme_ratelimit_parse_find(const char *name);

/** What one of a kind is known by: an account and a domain by themselves; a
 *  set by acme_ratelimit_parse_set(), a name by account and name. */
const char *acme_ratelimit_parse_of(acme_ratelimit_parse_e what,
                                    const char *account, const char *name,
                                    apr_pool_t *p);

/** Names, in any order, as one text. */
const char *acme_ratelimit_parse_set(const apr_array_header_t *names,
                                     apr_pool_t *p);

/**
 * Reads what a CA says of an order that it has refused.
 * @param account name of the record of who ordered
 * @param names what was ordered
 * @return acme_ratelimit_parse_t; empty: the site alone, or it is no limit
 */
apr_array_header_t *acme_ratelimit_parse_read(const acme_problem_t *problem,
                                              const char *account,
                                              const apr_array_header_t *names,
                                              apr_pool_t *p);

#endif
