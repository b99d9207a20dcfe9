/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_result.h
 * @brief The result of a request of acmectl that is about an account.
 *
 * Results for sites are in their jobs. The worker tries a request for an
 * account once and notes the result, of kind notes, under the kind of the
 * request and the name of the account; acmectl reads it. A request that was
 * interrupted has no result, and is done by the next worker.
 */
#ifndef ACME_CTL_RESULT_H
#define ACME_CTL_RESULT_H

#include "acme_ctl_request.h"
#include "acme_vault.h"

typedef struct acme_ctl_result_t {
    const char *id;                /**< of the request */
    const char *url;               /**< of the account at the CA, or NULL */
    const acme_problem_t *problem; /**< why it failed; NULL: it was done */
} acme_ctl_result_t;

/** Returns non-zero when requests of this kind have a result. */
int acme_ctl_result_is_kept(const acme_ctl_request_t *request);

apr_status_t acme_ctl_result_note(acme_vault_t *vault,
                                  const acme_ctl_request_t *request,
                                  const char *url,
                                  const acme_problem_t *outcome,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Reads the result of this very request. Returns APR_ENOENT when there is none
 *  yet. */
apr_status_t acme_ctl_result_get(acme_ctl_result_t *result, acme_vault_t *vault,
                                 const acme_ctl_request_t *request,
                                 apr_pool_t *p);

#endif
