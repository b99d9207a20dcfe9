/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_stage.h
 * @brief The worker's side of what waits for root: put there when an order is
 * finished, taken away when root has decided (acme_promote.h is root's side).
 */
#ifndef ACME_STAGE_H
#define ACME_STAGE_H

#include "acme_bundle.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/**
 * Checks what a CA issued and stages it: it is safe after the next flush of
 * the store. A certificate that is not for
 * this key and these names, or that is of no use for another reason, is a
 * problem of type ACME_PROBLEM_CERTIFICATE.
 * @param bundle its obtained, key_pem and chain_pem at least
 * @param info of the leaf, in p
 */
apr_status_t acme_stage_put(const acme_cert_info_t **info,
                            acme_worker_ctx_t *work, const acme_spec_t *spec,
                            const apr_array_header_t *names,
                            const acme_bundle_t *bundle,
                            acme_problem_t *problem, apr_pool_t *p);

/** The checks of acme_stage_put() alone. */
apr_status_t acme_stage_check(const acme_cert_info_t **info,
                              acme_worker_ctx_t *work, const acme_spec_t *spec,
                              const apr_array_header_t *names,
                              const acme_bundle_t *bundle,
                              acme_problem_t *problem, apr_pool_t *p);

/** The fingerprint of what is staged for a site. APR_ENOENT when there is
 *  nothing that can be read.
 *  @param fit nonzero when it is what the spec wants */
apr_status_t acme_stage_look(const char **fingerprint, int *fit,
                             acme_worker_ctx_t *work, const acme_spec_t *spec,
                             acme_problem_t *problem, apr_pool_t *p);

/**
 * Brings a job in step with what is there: a certificate that was staged when
 * its job was lost is not ordered again, and one that is gone is not waited
 * for.
 * @return APR_SUCCESS: the job may have changed, and is saved;
 *         APR_NOTFOUND: what the job waits for is gone; else the store failed
 */
apr_status_t acme_stage_recover(acme_job_t *job, acme_worker_ctx_t *work,
                                const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                acme_problem_t *problem, apr_pool_t *p);

/** Removes the staged item and the key it was ordered with. */
apr_status_t acme_stage_clear(acme_worker_ctx_t *work, const char *name,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
