/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_directory.h
 * @brief A CA's directory: where its resources are (RFC 8555 7.1.1).
 */
#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H

#include <apr_tables.h>

#include "acme_json.h"
#include "acme_problem.h"

typedef struct acme_directory_t {
    const char *new_nonce;
    const char *new_account;
    const char *new_order;
    const char *revoke_cert;      /**< or NULL */
    const char *key_change;       /**< or NULL */
    const char *renewal_info;     /**< or NULL: the CA has no RFC 9773 */
    const char *terms;            /**< meta.termsOfService, or NULL */
    const char *website;          /**< or NULL */
    int account_required;         /**< meta.externalAccountRequired */
    apr_array_header_t *profiles; /**< const char *: names of meta.profiles */
    apr_array_header_t *caa;      /**< const char *: meta.caaIdentities, names
                                       that CAA records know the CA by */
} acme_directory_t;

/** Reads the resource. Fails when newNonce, newAccount or newOrder is missing
 *  or no https URL; `problem` then names the member. Others that cannot be used
 *  are taken for absent. */
apr_status_t acme_directory_read(acme_directory_t **directory,
                                 const acme_json_t *json,
                                 acme_problem_t *problem, apr_pool_t *p);

/** Returns non-zero when the CA offers a profile of that name. */
int acme_directory_has_profile(const acme_directory_t *directory,
                               const char *name);

#endif
