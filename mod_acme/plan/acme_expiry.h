/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_expiry.h
 * @brief What is to be said of a site's certificate that nears its end and
 * should have been renewed: pure functions.
 *
 * Nothing, before its renewal is due and has had the first tenth of the time
 * that is left; then from ACMEWarnWindow on. Nothing either where no virtual
 * host serves it, nor of an administrator's own files (acme_inventory.h).
 */
#ifndef ACME_EXPIRY_H
#define ACME_EXPIRY_H

#include "acme_inventory.h"
#include "acme_job.h"

typedef enum {
    ACME_EXPIRY_FAR,  /**< or there is none, or nobody minds */
    ACME_EXPIRY_NEAR, /**< it ends soon, and there is nothing in its place */
    ACME_EXPIRY_OVER  /**< it has */
} acme_expiry_e;

/**
 * @param job or NULL: not known
 * @param text unless FAR: "expires in 14 hours, ...", with what holds its
 *        renewal back; or NULL
 */
acme_expiry_e acme_expiry(const char **text, const acme_spec_t *spec,
                          const acme_inventory_t *inventory,
                          const acme_job_t *job, apr_time_t now, apr_pool_t *p);

/** When its answer is another one by itself; ACME_SCHEDULE_NEVER. */
apr_time_t acme_expiry_next(const acme_spec_t *spec,
                            const acme_inventory_t *inventory,
                            const acme_job_t *job, apr_time_t now);

#endif
