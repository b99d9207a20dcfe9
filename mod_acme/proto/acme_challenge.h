/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_challenge.h
 * @brief Chooses a challenge of an authorization (RFC 8555 8).
 */
#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H

#include "acme_authz.h"
#include "acme_challenge_type.h"

/** A challenge as a solver presents it. */
typedef struct acme_challenge_t {
    const char *type;       /**< from acme_challenge_type() */
    const char *identifier; /**< canonical name that is validated */
    const char *token;
    const char *key_authorization; /**< RFC 8555 8.1 */
    const char *site; /**< the site whose order it is of, or NULL */
} acme_challenge_t;

/**
 * Returns the authorization's challenge of the most preferred type, leaving out
 * challenges that have failed.
 * @param types const char *, preferred first
 * @param faults const char *, "TYPE: REASON" of each type that is configured
 *        and cannot be offered here; or NULL
 * @return NULL when there is none; `problem` then names the types that the CA
 *         offered, and says of each type why it is not taken
 */
const acme_authz_challenge_t *acme_challenge_choose(
    const acme_authz_t *authz, const apr_array_header_t *types,
    const apr_array_header_t *faults, acme_problem_t *problem, apr_pool_t *p);

#endif
