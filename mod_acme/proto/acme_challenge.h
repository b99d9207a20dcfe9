/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_challenge.h
 * @brief Which challenge to meet, and what a solver needs (RFC 8555 8).
 */
#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H

#include "acme_authz.h"
#include "acme_challenge_type.h"

/** What a solver has to put where the CA will look. */
typedef struct acme_challenge_t {
    const char *type;       /**< of the table */
    const char *identifier; /**< canonical name to be proven */
    const char *token;
    const char *key_authorization; /**< RFC 8555 8.1 */
    const char *site;              /**< whose order it is of, or NULL */
} acme_challenge_t;

/**
 * The authorization's challenge that comes first in our order of preference
 * and has not failed already.
 * @param types const char *, preferred first
 * @return NULL when none fits; `problem` then names what the CA offered
 */
const acme_authz_challenge_t *
acme_challenge_choose(const acme_authz_t *authz,
                      const apr_array_header_t *types, acme_problem_t *problem,
                      apr_pool_t *p);

#endif
