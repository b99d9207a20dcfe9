/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status_revoked.h
 * @brief What the status says of a certificate that has to be replaced since
 * it is revoked.
 */
#ifndef ACME_STATUS_REVOKED_H
#define ACME_STATUS_REVOKED_H

#include "acme_plan.h"

/** For `state-descr`; NULL: the site's is not one. */
const char *acme_status_revoked_text(const acme_spec_t *spec,
                                     const acme_inventory_t *inventory,
                                     const acme_job_t *job, apr_pool_t *p);

/** The member `revoked`, or NULL: when, its reason, whether the CA has
 *  confirmed it. */
acme_json_t *acme_status_revoked(const acme_inventory_t *inventory,
                                 const acme_job_t *job, apr_pool_t *p);

#endif
