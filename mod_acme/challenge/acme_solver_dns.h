/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns.h
 * @brief dns-01 (RFC 8555 8.4): a TXT record is set up and torn down, in the
 * way that is configured for the site (acme_solver_dns_work).
 *
 * A record that is set up is looked for at the name servers of its zone
 * (acme_dns_seen.h), and the CA is told of no challenge of the order before
 * they have it, or the time for it is over.
 *
 * Setups and teardowns run beside everything else. An order waits for the one
 * that sets its record up (acme_solver_dns_present() returns APR_EAGAIN), but
 * not for the one that tears it down.
 *
 * Each record has an item in the store (acme_solver_dns_record) from before it
 * is set up until it is torn down. A record whose setup was interrupted by the
 * end of the process is torn down before it is set up again, because not all
 * commands can set up what is there. What nobody wants any more is found by
 * acme_solver_dns_sweep(). A teardown that fails is repeated by later sweeps,
 * until it has failed ACME_SOLVER_DNS_QUEUE_TRIES times and the record is older
 * than ACME_SOLVER_DNS_QUEUE_KEEP; each failure is in the log.
 *
 * One thread. The records in memory are those of one run of the worker.
 */
#ifndef ACME_SOLVER_DNS_H
#define ACME_SOLVER_DNS_H

#include "acme_challenge.h"
#include "acme_command.h"
#include "acme_solver_means.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

typedef struct acme_solver_dns_t acme_solver_dns_t;

/** Creates the solver of a worker; it lives in p.
 *  @param system that runs the commands */
acme_solver_dns_t *acme_solver_dns_create(acme_worker_ctx_t *ctx,
                                          const acme_command_system_t *system,
                                          apr_pool_t *p);

/**
 * Presents the record of a challenge; sets means->visible to when the CA may be
 * told.
 * @return APR_EAGAIN while its setup waits or runs: call again
 */
apr_status_t acme_solver_dns_present(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/**
 * Returns when the CA can see all records of a site, as far as is known now.
 * That may be earlier than what acme_solver_dns_present() has set, and is
 * ACME_SCHEDULE_NEVER when none is looked for.
 * @param missing set to what is waited for, or NULL
 */
apr_time_t acme_solver_dns_seen(const acme_worker_ctx_t *ctx,
                                const acme_spec_t *spec,
                                const acme_problem_t **missing);

/** Lets the record of a challenge be torn down. Does not wait for it. */
apr_status_t acme_solver_dns_cleanup(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Lets all records of a site be torn down, because its order was given up. */
void acme_solver_dns_forget(const acme_worker_ctx_t *ctx,
                            const acme_spec_t *spec, apr_pool_t *ptemp);

/** Lets the records be torn down that no order will. To be called while no
 *  order runs.
 *  @param certs acme_site_cert_t *, of all sites */
void acme_solver_dns_sweep(acme_solver_dns_t *dns,
                           const apr_array_header_t *certs, apr_pool_t *ptemp);

/**
 * Goes on with setups and teardowns.
 * @param waits set to the number of those that wait or run
 * @return when to step again; ACME_SCHEDULE_NEVER: none runs
 */
apr_time_t acme_solver_dns_step(acme_solver_dns_t *dns, int *waits);

/** Ends all that run, within ACME_SOLVER_DNS_QUEUE_LEAVE, and forgets the
 *  records, which the next run finds in the store. */
void acme_solver_dns_end(acme_solver_dns_t *dns);

#endif
