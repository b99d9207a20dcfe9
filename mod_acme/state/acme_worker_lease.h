/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_worker_lease.h
 * @brief The worker's lease: only the worker that holds it acts.
 *
 * While a server restarts, there are workers of two generations. The lease
 * keeps them apart. A mark in the store tells a worker whether another one has
 * acted since, so that what it remembers may be out of date. A worker never
 * acts again when a newer generation has acted, because it would plan with
 * certificates that have been replaced.
 */
#ifndef ACME_WORKER_LEASE_H
#define ACME_WORKER_LEASE_H

#include "acme_time.h"
#include "acme_vault.h"

typedef struct acme_worker_lease_t acme_worker_lease_t;

/**
 * Creates a worker's lease, not taken yet.
 * @param loaded when this generation read its certificates; 0: unknown
 */
acme_worker_lease_t *acme_worker_lease_create(acme_vault_t *vault,
                                              const acme_clock_t *clock,
                                              apr_time_t loaded, apr_pool_t *p);

/**
 * Takes the lease. Does not wait.
 * @param again set non-zero if no other worker had it since we had it last
 * @param p the lease is released with it at the latest
 * @return APR_EBUSY when another worker has it, or a newer generation has acted
 */
apr_status_t acme_worker_lease_take(acme_worker_lease_t *lease, int *again,
                                    acme_problem_t *problem, apr_pool_t *p);

/** Renews the lease when that is due; to be called at
 *  acme_worker_lease_renew_at() at the latest. Returns APR_EBUSY when the lease
 *  is lost. */
apr_status_t acme_worker_lease_renew(acme_worker_lease_t *lease);

apr_time_t acme_worker_lease_renew_at(const acme_worker_lease_t *lease);

/** Releases the lease; does nothing when it is not held. */
void acme_worker_lease_release(acme_worker_lease_t *lease);

/** Why a worker orders nothing. */
typedef struct acme_worker_lease_wait_t {
    const char *text;
    const char *to_fix;
    apr_time_t since;
} acme_worker_lease_wait_t;

/** Leaves in the store, for acmectl, why this worker orders nothing; NULL: it
 *  does again. A failure is ignored, because the log has said it. */
void acme_worker_lease_note_wait(acme_worker_lease_t *lease,
                                 const acme_worker_lease_wait_t *wait,
                                 apr_pool_t *ptemp);

/** Reads why the worker of the generation that was loaded then waits. Returns
 *  zero when it does not. */
int acme_worker_lease_read_wait(acme_worker_lease_wait_t *wait,
                                acme_vault_t *vault, apr_time_t loaded,
                                apr_pool_t *p);

#endif
