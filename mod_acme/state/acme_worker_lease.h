/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_worker_lease.h
 * @brief Whose turn it is: the workers' lease, and who had it last.
 *
 * While a server restarts, workers of two generations live side by side. The
 * lease keeps them apart; a mark in the store tells each whether another one
 * acted in between, so that it knows when what it remembers is old. A worker
 * whose generation has been followed by another never acts again: it would
 * plan on certificates that have been replaced.
 */
#ifndef ACME_WORKER_LEASE_H
#define ACME_WORKER_LEASE_H

#include "acme_time.h"
#include "acme_vault.h"

typedef struct acme_worker_lease_t acme_worker_lease_t;

/** @param loaded when this generation read its certificates, or 0: unknown */
acme_worker_lease_t *acme_worker_lease_create(acme_vault_t *vault,
                                              const acme_clock_t *clock,
                                              apr_time_t loaded, apr_pool_t *p);

/**
 * Takes it. Does not wait.
 * @param again nonzero when nobody else had it since we had it last
 * @param p released with it at the latest
 * @return APR_EBUSY when somebody else has it, or a newer generation acts
 */
apr_status_t acme_worker_lease_take(acme_worker_lease_t *turn, int *again,
                                    acme_problem_t *problem, apr_pool_t *p);

/** Renews it when that is due; to be called at acme_worker_lease_renew_at() at
 * the latest. APR_EBUSY when it is lost. */
apr_status_t acme_worker_lease_renew(acme_worker_lease_t *turn);

apr_time_t acme_worker_lease_renew_at(const acme_worker_lease_t *turn);

/** Gives it back; harmless when it is not held. */
void acme_worker_lease_release(acme_worker_lease_t *turn);

#endif
