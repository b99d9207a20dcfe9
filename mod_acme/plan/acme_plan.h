/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_plan.h
 * @brief What to do for a site: a pure function of what is wanted, what it has,
 * what was done so far, and the time.
 */
#ifndef ACME_PLAN_H
#define ACME_PLAN_H

#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"

typedef enum {
    ACME_PLAN_IDLE,   /**< nothing before `at` */
    ACME_PLAN_ORDER,  /**< order a certificate, or go on with the order */
    ACME_PLAN_STAGED, /**< finished, waits for root */
    ACME_PLAN_SETTLE, /**< what was staged is live or was refused: clear it */
    ACME_PLAN_MANUAL, /**< would be ordered, but only when asked */
    ACME_PLAN_ASK     /**< ask the CA when to renew */
} acme_plan_e;

typedef struct acme_plan_t {
    acme_plan_e what;
    apr_time_t at;       /**< when to look again; ACME_SCHEDULE_NEVER */
    const char *reason;  /**< for people: "expires in 9 days" */
    int urgent;          /**< ORDER: what comes of it is to be live at once */
    int by_age;          /**< ordered because of an expiry: only while the CA's
                              clock says much the same as ours */
    int content;         /**< IDLE, and the site has all that it needs */
    int needless;        /**< what the job is about was begun in place of
                              another certificate than the one that is live
                              now, which leaves nothing to be ordered */
    const char *warning; /**< what an administrator has to see to, or NULL */
} acme_plan_t;

/**
 * When a site's spec is no longer that of its last try, no wait for that try
 * holds.
 * @param inventory as of this process's start
 */
void acme_plan(acme_plan_t *plan, const acme_spec_t *spec,
               const acme_inventory_t *inventory, const acme_job_t *job,
               apr_time_t now, apr_pool_t *p);

/** When the live certificate, if there is one, is to be renewed: as the CA
 *  says where it is asked and has named a time, else by the window. 0: none. */
apr_time_t acme_plan_renew_at(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              const acme_job_t *job);

/** Whether the live certificate's CA is asked when to renew it, and told what
 *  is replaced. */
int acme_plan_is_via_ari(const acme_spec_t *spec,
                         const acme_inventory_t *inventory);

/** The mark of the live certificate, if another one has to take its place:
 *  from the store at start, or since then by this job. NULL: none.
 *  @param job or NULL */
const acme_blocklist_entry_t *
acme_plan_revoked(const acme_inventory_t *inventory, const acme_job_t *job);

/** "idle", "order", "staged", "settle", "manual", "ask". */
const char *acme_plan_name(acme_plan_e what);

/**
 * A short text that changes with everything in the spec that a problem of
 * class CONFIG or PERMANENT can be about: more than acme_spec_digest().
 */
const char *acme_plan_config(const acme_spec_t *spec, apr_pool_t *p);

#endif
