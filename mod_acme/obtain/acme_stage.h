/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_stage.h
 * @brief The worker's side of staging: a certificate is put there when its
 * order is finished, and removed when root has decided on it
 * (acme_promote.h is root's side).
 */
#ifndef ACME_STAGE_H
#define ACME_STAGE_H

#include "acme_bundle.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** Certificate that a CA has issued, beside what was ordered. All of it is the
 *  caller's, and is not kept. */
typedef struct acme_stage_issued_t {
    const acme_spec_t *spec;         /**< of the site */
    const apr_array_header_t *names; /**< (const char *) that were ordered */
    const acme_bundle_t *bundle;     /**< with at least obtained, chain_pem and,
                                          unless the spec has a CSR, key_pem */
} acme_stage_issued_t;

/**
 * Checks a certificate that a CA has issued and stages it: it is on disk after
 * the next flush of the store. A certificate that is not for this key and these
 * names, is not valid now or does not load is a problem of type
 * ACME_PROBLEM_CERTIFICATE. Its class is CONFIG where another order would bring
 * the same: another key, other names, or nothing that this server can load;
 * else BACKOFF, because the same certificate may do later, or with another
 * chain.
 * @param info of the leaf, set in p
 */
apr_status_t acme_stage_put(const acme_cert_info_t **info,
                            acme_worker_ctx_t *ctx,
                            const acme_stage_issued_t *issued,
                            acme_problem_t *problem, apr_pool_t *p);

/** Does the checks of acme_stage_put(), and stages nothing. */
apr_status_t acme_stage_check(const acme_cert_info_t **info,
                              acme_worker_ctx_t *ctx,
                              const acme_stage_issued_t *issued,
                              acme_problem_t *problem, apr_pool_t *p);

/**
 * Compares a job with the staging folder: a staged certificate that the job
 * does not know is noted in it, so that it is not ordered again.
 * @return APR_SUCCESS: the job may have changed, and is saved; APR_NOTFOUND:
 *        the certificate that the job waits for is gone; APR_ENOTIMPL: a newer
 *        version of mod_acme has staged one, which is left as it was; else the
 *        store has failed
 */
apr_status_t acme_stage_recover(acme_job_t *job, acme_worker_ctx_t *ctx,
                                const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                acme_problem_t *problem, apr_pool_t *p);

/** Removes the staged item and the key of its order. */
apr_status_t acme_stage_clear(acme_worker_ctx_t *ctx, const char *name,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
