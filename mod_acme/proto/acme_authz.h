/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_authz.h
 * @brief The authorization resource and its challenges (RFC 8555 7.1.4, 8).
 */
#ifndef ACME_AUTHZ_H
#define ACME_AUTHZ_H

#include <apr_tables.h>

#include "acme_json.h"
#include "acme_problem.h"

typedef enum {
    ACME_AUTHZ_PENDING,
    ACME_AUTHZ_VALID,
    ACME_AUTHZ_INVALID,
    ACME_AUTHZ_DEACTIVATED,
    ACME_AUTHZ_EXPIRED,
    ACME_AUTHZ_REVOKED
} acme_authz_status_e;

typedef enum {
    ACME_CHALLENGE_PENDING,
    ACME_CHALLENGE_PROCESSING,
    ACME_CHALLENGE_VALID,
    ACME_CHALLENGE_INVALID
} acme_challenge_status_e;

/** A challenge as the CA describes it. */
typedef struct acme_authz_challenge_t {
    const char *type;  /**< "http-01", or anything the CA invents */
    const char *url;   /**< NULL only for a type we do not know */
    const char *token; /**< or NULL: not every type has one */
    acme_challenge_status_e status;
    const acme_problem_t *error; /**< or NULL */
} acme_authz_challenge_t;

typedef struct acme_authz_t {
    acme_authz_status_e status;
    const char *identifier; /**< canonical, "*." left out */
    int wildcard;
    apr_array_header_t *challenges; /**< acme_authz_challenge_t */
    apr_time_t expires;             /**< or 0 */
} acme_authz_t;

/** Reads and checks the resource. A challenge of a type we do not know may
 *  look as it likes; one we know must be complete, its token base64url of 16
 *  to 256 bytes. */
apr_status_t acme_authz_read(acme_authz_t **authz, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p);

/** Reads one challenge, as the answer to a response has it. */
apr_status_t acme_authz_challenge_read(acme_authz_challenge_t *challenge,
                                       const acme_json_t *json,
                                       acme_problem_t *problem, apr_pool_t *p);

/** Why it failed: the error of its invalid challenge, with the identifier as
 *  subproblem where the CA did not give one. Never empty. */
void acme_authz_failure(acme_problem_t *problem, const acme_authz_t *authz,
                        apr_pool_t *p);

#endif
