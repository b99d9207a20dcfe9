/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_partial_names.h
 * @brief Names that keep failing: an order is made without them, so that the
 * others get their certificate (ACMEPartialNames).
 *
 * Only names that the spec calls optional. One is left out when it alone, or
 * with others like it, made the order fail ACME_PARTIAL_NAMES_FAILURES times in
 * a row; at once, where the CA says that trying again is of no use. With the
 * next renewal all are tried again. What is known of them is in the job, and
 * holds as long as the spec is the one that they failed in.
 */
#ifndef ACME_PARTIAL_NAMES_H
#define ACME_PARTIAL_NAMES_H

#include "acme_job.h"
#include "acme_spec.h"

#define ACME_PARTIAL_NAMES_FAILURES 2

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

/** Counts a failure of the site's order.
 *  @return how many names are out since this one */
int acme_partial_names_failed(acme_job_t *job, const acme_spec_t *spec,
                              const acme_problem_t *problem, apr_pool_t *ptemp);

/** All are tried again. */
void acme_partial_names_forget(acme_job_t *job);

/** "a.example, b.example": the names that are out; "" for none. */
const char *acme_partial_names_print(const acme_job_t *job,
                                     const acme_spec_t *spec, apr_pool_t *p);

#endif
