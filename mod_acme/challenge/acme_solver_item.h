/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_item.h
 * @brief Answers to challenges in the store: sealed items of challenges/, which
 * the worker writes and every child reads.
 *
 * Whatever the type of its challenge, an item says which identifier it is for,
 * for the order of which site it was made, and when, so that answers of lost
 * orders are found and removed.
 */
#ifndef ACME_SOLVER_ITEM_H
#define ACME_SOLVER_ITEM_H

#include "acme_challenge.h"
#include "acme_solver_means.h"

/** Returns a new item, which has what items of all types have. */
acme_json_t *acme_solver_item_create(const acme_challenge_t *challenge,
                                     apr_time_t now, apr_pool_t *p);

/** Writes an item under this name, in place of any other. */
apr_status_t acme_solver_item_put(const acme_solver_means_t *means,
                                  const char *name, const acme_json_t *item,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Reads an item. Returns APR_ENOENT when there is none, when it was not sealed
 *  by this server, and when it is for another identifier.
 *  @param identifier canonical, or NULL for any */
apr_status_t acme_solver_item_get(acme_json_t **item, acme_vault_t *vault,
                                  const char *name, const char *identifier,
                                  apr_pool_t *p);

/** Returns the key authorization that an item answers with, or NULL. */
const char *acme_solver_item_authorization(const acme_json_t *item);

/** Removes an item. Succeeds also when there is none. */
apr_status_t acme_solver_item_remove(acme_vault_t *vault, const char *name,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Removes all answers for the orders of one site, because the challenges of an
 *  order that is given up are not known any more. */
void acme_solver_item_forget(acme_vault_t *vault, const char *site,
                             apr_pool_t *ptemp);

/** Removes answers that were presented before `before`, as crashes leave
 *  them. */
void acme_solver_item_sweep(acme_vault_t *vault, apr_time_t before,
                            apr_pool_t *ptemp);

#endif
