/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_partial_names.h
 * @brief Names that keep failing (ACMEPartialNames): an order is made without
 * them, so that the others get their certificate.
 *
 * Only names that the spec calls optional are left out. A name is left out when
 * it, alone or with other optional names, made the order fail
 * ACME_PARTIAL_NAMES_FAILURES times in a row; at once, when the CA says that
 * trying again does not help. The next renewal tries all names again. The
 * failures are part of the job, and count as long as the spec is the one of the
 * order that failed.
 */
#ifndef ACME_PARTIAL_NAMES_H
#define ACME_PARTIAL_NAMES_H

#include "acme_job.h"
#include "acme_spec.h"

/** Returns non-zero when the next order leaves this name out. */
int acme_partial_names_is_out(const acme_job_t *job, const acme_spec_t *spec,
                              const char *name, apr_pool_t *ptemp);

/** Returns the first name that `held` does not cover and that is not left out,
 *  or NULL. */
const char *acme_partial_names_missing(const acme_job_t *job,
                                       const acme_spec_t *spec,
                                       const apr_array_header_t *held,
                                       apr_pool_t *ptemp);

/** Returns the names to order: those of the spec that are not left out. */
const apr_array_header_t *acme_partial_names(const acme_job_t *job,
                                             const acme_spec_t *spec,
                                             apr_pool_t *p);

/** Returns the names that are left out: "a.example, b.example", or "". */
const char *acme_partial_names_print(const acme_job_t *job,
                                     const acme_spec_t *spec, apr_pool_t *p);

#endif
