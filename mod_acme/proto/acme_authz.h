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
    const char *url;   /**< or NULL */
    const char *token; /**< or NULL: not every type has one */
    acme_challenge_status_e status; /**< pending, if the CA does not say */
    const acme_problem_t *error;    /**< or NULL */
    const char *fault;              /**< why it cannot be met, or NULL */
} acme_authz_challenge_t;

typedef struct acme_authz_t {
    acme_authz_status_e status;
    const char *identifier; /**< canonical, "*." left out; NULL only when the
                                 status is not pending */
    int wildcard;
    apr_array_header_t *challenges; /**< acme_authz_challenge_t */
    apr_time_t expires;             /**< or 0 */
} acme_authz_t;

/** Reads the resource. A pending authorization has to have an identifier and a
 *  challenge, a valid one nothing but its status; of others the challenges that
 *  can be read are read, because they tell why. A challenge of a pending
 *  authorization that cannot be met, of a type that we know, has a `fault`: its
 *  token must be base64url of 16 to 256 bytes. */
apr_status_t acme_authz_read(acme_authz_t **authz, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p);

/** Sets the problem to the reason why the authorization failed: the error of
 *  its invalid challenge. The problem always has a subproblem, which names the
 *  identifier if there is one. */
void acme_authz_failure(acme_problem_t *problem, const acme_authz_t *authz,
                        apr_pool_t *p);

/** Returns the type of the challenge by which the authorization failed, or
 *  "". */
const char *acme_authz_failed_type(const acme_authz_t *authz);

#endif
