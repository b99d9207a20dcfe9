/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver.h
 * @brief Solvers: what a challenge asks for is presented and cleaned up by its
 * type, each of which is one row of a table.
 */
#ifndef ACME_SOLVER_H
#define ACME_SOLVER_H

#include "acme_challenge.h"
#include "acme_solver_means.h"

/** Presents the answer where the CA will look for it. Returns APR_EAGAIN while
 *  the answer is being made: call it again later, see acme_solver_again(). */
apr_status_t acme_solver_present(const acme_solver_means_t *means,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns when to call acme_solver_present() again; ACME_SCHEDULE_NEVER: not
 *  before a key is made. */
apr_time_t acme_solver_again(const acme_solver_means_t *means,
                             const acme_challenge_t *challenge);

/** Removes the answer, or lets it be removed. Succeeds also when there is
 *  none. */
apr_status_t acme_solver_cleanup(const acme_solver_means_t *means,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns non-zero if forgotten answers of this type are removed by a sweep,
 *  so that the order need not be saved before it presents one. */
int acme_solver_sweeps(const char *type);

#endif
