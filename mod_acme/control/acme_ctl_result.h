/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_result.h
 * @brief A request of acmectl that is not about the certificate of a
 * site, but about an account. What came of it.
 *
 * The worker tries it once and notes the outcome, of kind notes, under what was
 * asked of whom; acmectl reads it. One that was interrupted has none, and is
 * done by the next worker.
 */
#ifndef ACME_CTL_RESULT_H
#define ACME_CTL_RESULT_H

#include "acme_ctl_request.h"
#include "acme_vault.h"

typedef struct acme_ctl_result_t {
    const char *id;                /**< of the request */
    const char *url;               /**< of the account, or NULL */
    const acme_problem_t *problem; /**< NULL: it was done */
} acme_ctl_result_t;

/** Whether requests of this kind are errands. */
int acme_ctl_result_is_kept(const acme_ctl_request_t *request);

apr_status_t acme_ctl_result_note(acme_vault_t *vault,
                                  const acme_ctl_request_t *request,
                                  const char *url,
                                  const acme_problem_t *outcome,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** The outcome of this very request. APR_ENOENT when there is none yet. */
apr_status_t acme_ctl_result_get(acme_ctl_result_t *errand, acme_vault_t *vault,
                                 const acme_ctl_request_t *request,
                                 apr_pool_t *p);

#endif
