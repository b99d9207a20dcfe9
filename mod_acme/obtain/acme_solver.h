/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver.h
 * @brief How to prove what a challenge asks for: one table row per type.
 */
#ifndef ACME_SOLVER_H
#define ACME_SOLVER_H

#include "acme_challenge.h"
#include "acme_vault.h"

/** Puts the answer where the CA will look for it. */
apr_status_t acme_solver_present(acme_vault_t *vault,
                                 const acme_challenge_t *challenge,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *ptemp);

/** Takes it down; success also when it is not there. */
apr_status_t acme_solver_cleanup(acme_vault_t *vault,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** Whether what was put up for this type goes away by itself, even when nobody
 *  remembers it: then its order need not be saved before. */
int acme_solver_sweeps(const char *type);

#endif
