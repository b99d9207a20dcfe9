/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain_result.h
 * @brief What is written down, in job and log, when a try has ended.
 */
#ifndef ACME_OBTAIN_RESULT_H
#define ACME_OBTAIN_RESULT_H

#include "acme_bundle.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** Whose failure it is, and who says so. */
typedef enum {
    ACME_OBTAIN_FAILURE_OWN,   /**< this site's */
    ACME_OBTAIN_FAILURE_FIRST, /**< the CA's as a whole; nobody has logged it
                                  yet */
    ACME_OBTAIN_FAILURE_SHARED /**< the CA's, and it is in the log */
} acme_obtain_failure_e;

/**
 * A failure: counts it, sets the time of the next try, saves, and logs what
 * happened, what comes next and when. job->order stays as it is, unless another
 * CA is asked instead.
 * @param seed of the wait; one for all sites of a CA makes them come back
 *        together
 */
void acme_obtain_result_failed(acme_job_t *job, acme_worker_ctx_t *work,
                               const acme_spec_t *spec,
                               const acme_problem_t *problem,
                               acme_obtain_failure_e whose, const char *seed,
                               apr_pool_t *ptemp);

/** A certificate in the staging folder. */
typedef struct acme_obtain_staged_t {
    const char *fingerprint;
    apr_time_t not_after;
} acme_obtain_staged_t;

/**
 * The CA has sent a certificate. It is staged, and what follows is for
 * acme_obtain_result_staged(); or, where the spec has another machine's
 * request, its chain is kept in the job for acmectl, and that was all. One that
 * is not what was ordered is a problem.
 * @param names what was ordered
 * @param staged in p; no fingerprint where nothing was staged
 */
apr_status_t acme_obtain_result_done(acme_obtain_staged_t *staged,
                                     acme_job_t *job, acme_worker_ctx_t *work,
                                     const acme_spec_t *spec,
                                     const apr_array_header_t *names,
                                     const acme_bundle_t *bundle,
                                     acme_problem_t *problem, apr_pool_t *p,
                                     apr_pool_t *ptemp);

/** What is staged is safe: the order is over. */
apr_status_t acme_obtain_result_staged(acme_job_t *job, acme_worker_ctx_t *work,
                                       const acme_obtain_staged_t *staged,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Root has decided on what the job had staged. */
apr_status_t acme_obtain_result_settled(acme_job_t *job,
                                        acme_worker_ctx_t *work,
                                        const acme_spec_t *spec,
                                        const acme_inventory_t *inventory,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

#endif
