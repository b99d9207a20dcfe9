/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_partial_names.h
 * @brief Names that keep failing: an order is made without them, so that the
 * others get their certificate (ACMEPartialNames).
 *
 * Only names that the spec calls optional are left out: at once, where the CA
 * says that trying again is of no use; else after ACME_JOB_NAME_FAILURES
 * failures in a row, each for optional names only. The next renewal tries all
 * again. The failures are in the job, and count as long as the spec is the one
 * that they were counted for: see acme_job_names_failed().
 */
#ifndef ACME_PARTIAL_NAMES_H
#define ACME_PARTIAL_NAMES_H

#include "acme_job.h"
#include "acme_spec.h"

/** Whether the certificate is to be had without this name. */
int acme_partial_names_is_out(const acme_job_t *job, const acme_spec_t *spec,
                              const char *name, apr_pool_t *ptemp);

/** The first name that `held` does not cover and that is not out, or NULL. */
const char *acme_partial_names_missing(const acme_job_t *job,
                                       const acme_spec_t *spec,
                                       const apr_array_header_t *held,
                                       apr_pool_t *ptemp);

/** What to order: the spec's names but for those that are out. */
const apr_array_header_t *acme_partial_names(const acme_job_t *job,
                                             const acme_spec_t *spec,
                                             apr_pool_t *p);

/** "a.example, b.example": the names that are out; "" for none. */
const char *acme_partial_names_print(const acme_job_t *job,
                                     const acme_spec_t *spec, apr_pool_t *p);

#endif
