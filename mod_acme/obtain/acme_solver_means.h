/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_means.h
 * @brief What solvers work with.
 */
#ifndef ACME_SOLVER_MEANS_H
#define ACME_SOLVER_MEANS_H

#include <apr_time.h>

#include "acme_vault.h"

struct acme_keygen_t;

typedef struct acme_solver_means_t {
    acme_vault_t *vault;
    struct acme_keygen_t *keygen;
    int security_level; /**< OpenSSL's, that a certificate has to meet; 0:
                             OpenSSL's default */
    apr_time_t now;
} acme_solver_means_t;

#endif
