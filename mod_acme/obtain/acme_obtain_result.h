/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain_result.h
 * @brief The end of a try: writes its result to the job, the store and the log.
 */
#ifndef ACME_OBTAIN_RESULT_H
#define ACME_OBTAIN_RESULT_H

#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_stage.h"
#include "acme_worker_ctx.h"

/** The scope of a failure, and how it is logged. */
typedef enum {
    ACME_OBTAIN_FAILURE_OWN,   /**< the failure is this site's */
    ACME_OBTAIN_FAILURE_WRONG, /**< it is this site's, and the CA has issued a
                                    certificate that cannot be used: another CA
                                    is asked at once if the site has one */
    ACME_OBTAIN_FAILURE_FIRST, /**< the failure is the whole CA's, and is logged
                                    for the CA */
    ACME_OBTAIN_FAILURE_SHARED /**< the failure is the whole CA's, and the log
                                    has it already */
} acme_obtain_failure_e;

/**
 * Ends a try that has failed: counts the failure, sets the time of the next
 * try, saves the job, and logs what happened, what comes next and when. The
 * job's order is kept, unless another CA is asked instead.
 * @param seed of the wait; the same seed for all sites of a CA makes them come
 *        back together
 */
void acme_obtain_result_failed(acme_job_t *job, acme_worker_ctx_t *ctx,
                               const acme_spec_t *spec,
                               const acme_problem_t *problem,
                               acme_obtain_failure_e whose, const char *seed,
                               apr_pool_t *ptemp);

/** A certificate in the store's staging folder. */
typedef struct acme_obtain_staged_t {
    const char *fingerprint;
    apr_time_t not_after;
} acme_obtain_staged_t;

/**
 * Takes the certificate that the CA has sent, and checks that it is what was
 * ordered. It is staged: call acme_obtain_result_staged() when the store is
 * flushed. If the spec has a CSR of another machine, the chain is saved in the
 * job for acmectl instead; a dry run saves nothing. In both cases the try has
 * ended.
 * @param staged set in p; its fingerprint is NULL if nothing was staged
 */
apr_status_t acme_obtain_result_done(acme_obtain_staged_t *staged,
                                     acme_job_t *job, acme_worker_ctx_t *ctx,
                                     const acme_stage_issued_t *issued,
                                     acme_problem_t *problem, apr_pool_t *p,
                                     apr_pool_t *ptemp);

/** Ends a try whose certificate is staged and on disk. */
apr_status_t acme_obtain_result_staged(acme_job_t *job, acme_worker_ctx_t *ctx,
                                       const acme_obtain_staged_t *staged,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Ends the wait for root: it has decided on the certificate that the job had
 *  staged. The staged item is removed; a certificate that root has refused is a
 *  failure of the try. */
apr_status_t acme_obtain_result_settled(acme_job_t *job, acme_worker_ctx_t *ctx,
                                        const acme_spec_t *spec,
                                        const acme_inventory_t *inventory,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

#endif
