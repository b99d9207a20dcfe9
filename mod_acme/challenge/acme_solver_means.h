/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_means.h
 * @brief What solvers work with.
 */
#ifndef ACME_SOLVER_MEANS_H
#define ACME_SOLVER_MEANS_H

#include <apr_time.h>

#include "acme_spec.h"
#include "acme_vault.h"

struct acme_keygen_t;
struct acme_solver_dns_t;

typedef struct acme_solver_means_t {
    acme_vault_t *vault;
    struct acme_keygen_t *keygen;
    int security_level; /**< OpenSSL's, that a certificate has to meet; 0:
                             OpenSSL's default */
    apr_time_t now;
    struct acme_solver_dns_t *dns; /**< for dns-01, or NULL */
    const acme_spec_t *spec;       /**< of the site whose order it is; for
                                        dns-01 */
    apr_time_t *visible; /**< set by dns-01, when a challenge is presented, to
                              when the CA can see it */
} acme_solver_means_t;

#endif
