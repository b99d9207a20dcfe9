/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_expiry.h
 * @brief The warning about a site's certificate that nears its end and should
 * have been renewed: pure functions.
 *
 * There is no warning before the renewal is due and has had the first tenth of
 * the time that is left; then it begins with ACMEWarnWindow. A certificate that
 * no virtual host serves is not warned about; acme_expiry_file.h judges the
 * administrator's own files.
 */
#ifndef ACME_EXPIRY_H
#define ACME_EXPIRY_H

#include "acme_inventory.h"
#include "acme_job.h"

typedef enum {
    ACME_EXPIRY_FAR,  /**< not near; or there is no certificate, or no
                           virtual host serves it */
    ACME_EXPIRY_NEAR, /**< it ends soon, and has no successor yet */
    ACME_EXPIRY_OVER  /**< it has ended */
} acme_expiry_e;

/** Judges the certificate that the site serves.
 *  @param text unless FAR: "expires in 14 hours, ...", with what holds the
 *         renewal back, in p; else NULL
 *  @param job NULL: not known */
acme_expiry_e acme_expiry(const char **text, const acme_spec_t *spec,
                          const acme_inventory_t *inventory,
                          const acme_job_t *job, apr_time_t now, apr_pool_t *p);

/** Returns when acme_expiry() changes its answer by the time alone, or
 *  ACME_SCHEDULE_NEVER. */
apr_time_t acme_expiry_next(const acme_spec_t *spec,
                            const acme_inventory_t *inventory,
                            const acme_job_t *job, apr_time_t now);

#endif
