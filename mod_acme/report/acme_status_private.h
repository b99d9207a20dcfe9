/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status_private.h
 * @brief What the parts of acme_status share: a site's state, judged from all
 * that is known of it, before it is put into words.
 */
#ifndef ACME_STATUS_PRIVATE_H
#define ACME_STATUS_PRIVATE_H

#include "acme_expiry.h"
#include "acme_plan.h"

/** Numbers of mod_md's `state`; 3 (expired) is not used there any more: an
 *  expired certificate is an error. */
typedef enum {
    ACME_STATUS_UNKNOWN = 0,
    ACME_STATUS_INCOMPLETE = 1,
    ACME_STATUS_COMPLETE = 2,
    ACME_STATUS_ERROR = 4,
    ACME_STATUS_MISSING_INFORMATION = 5
} acme_status_state_e;

/** All that is known of one site. */
typedef struct acme_status_view_t {
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    const acme_job_t *job; /**< NULL: not known */
    acme_plan_t plan;
    apr_time_t renew_at; /**< or 0 */
    acme_status_state_e state;
    const char *descr; /**< or NULL */
    acme_expiry_e expiry;
    int renew;
    apr_time_t now;
} acme_status_view_t;

/** The name of a kind of key in the status: mod_md's. */
const char *acme_status_state_key_type(const char *key_type);

/** Fills what follows from spec, holding, job and now. */
void acme_status_state(acme_status_view_t *view, apr_pool_t *p);

/** What the site serves, as far as it is known; or NULL. */
const acme_cert_info_t *
acme_status_state_served(const acme_status_view_t *view);

/** Whether a time of its next run is known. */
int acme_status_state_is_scheduled(const acme_status_view_t *view);

/** Failures since something last went well: none once a certificate waits for
 *  its activation, whatever the backoff of the next one will begin with.
 *  @param job or NULL */
int acme_status_state_errors(const acme_job_t *job);

/** Adds a site that was judged. */
void acme_status_state_count(acme_status_counts_t *counts,
                             const acme_status_view_t *view);

#endif
