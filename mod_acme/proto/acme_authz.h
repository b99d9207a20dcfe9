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
    const char *type;  /**< "http-01", or any other type of the CA */
    const char *url;   /**< NULL only for an unknown type */
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

/** Reads and checks the resource. A challenge of a type that we know must be
 *  complete, and its token must be base64url of 16 to 256 bytes; a challenge
 *  of an unknown type is not checked. */
apr_status_t acme_authz_read(acme_authz_t **authz, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p);

/** Reads a challenge resource: the CA's answer to a response. */
apr_status_t acme_authz_challenge_read(acme_authz_challenge_t *challenge,
                                       const acme_json_t *json,
                                       acme_problem_t *problem, apr_pool_t *p);

/** Sets the problem to the reason why the authorization failed: the error of
 *  its invalid challenge. The problem always has a subproblem that names the
 *  identifier. */
void acme_authz_failure(acme_problem_t *problem, const acme_authz_t *authz,
                        apr_pool_t *p);

#endif
