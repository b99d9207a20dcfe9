/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_plan.h
 * @brief What to do for a site, and when: a pure function of spec, inventory,
 * job and time.
 */
#ifndef ACME_PLAN_H
#define ACME_PLAN_H

#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"

typedef enum {
    ACME_PLAN_IDLE,     /**< nothing before `at` */
    ACME_PLAN_ORDER,    /**< order a certificate, or continue the order */
    ACME_PLAN_STAGED,   /**< a certificate is staged and waits for root */
    ACME_PLAN_SETTLE,   /**< the staged certificate is live or was refused:
                           clear the job */
    ACME_PLAN_MANUAL,   /**< a certificate is needed, but ordered only when
                           acmectl asks */
    ACME_PLAN_ARI_QUERY /**< ask the CA when to renew (RFC 9773) */
} acme_plan_e;

typedef struct acme_plan_t {
    acme_plan_e what;
    apr_time_t at;       /**< when to plan again; ACME_SCHEDULE_NEVER */
    const char *reason;  /**< for people: "expires in 9 days" */
    int urgent;          /**< ORDER: the new certificate is to be live at
                              once */
    int by_age;          /**< ORDER: only because of an expiry, so the clock
                              of the CA has to agree with ours */
    int satisfied;       /**< nonzero: IDLE, and the site has all that it
                              needs */
    const char *other;   /**< why the live certificate, which is not due yet, is
                              not what the configuration wants: another name,
                              CA, kind of key or profile; or NULL */
    int needless;        /**< nonzero: the order or failures in the job are
                              of a time when another certificate was live,
                              and the one that is live now needs no order */
    const char *warning; /**< what the administrator has to do, or NULL */
} acme_plan_t;

/** Decides what to do for the site. The wait after a failed try ends when the
 *  spec has changed since.
 *  @param plan all members are set; strings are in p or constant
 *  @param inventory from the start of this process */
void acme_plan(acme_plan_t *plan, const acme_spec_t *spec,
               const acme_inventory_t *inventory, const acme_job_t *job,
               apr_time_t now, apr_pool_t *p);

/** Returns when the live certificate is to be renewed, or 0 when there is none.
 *  The time is that of the CA, where it is asked and has named one, else that
 *  of the window. */
apr_time_t acme_plan_renew_at(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              const acme_job_t *job);

/** Returns non-zero when the CA of the live certificate is asked when to renew
 *  it, and an order tells the CA which certificate it replaces. */
int acme_plan_is_via_ari(const acme_spec_t *spec,
                         const acme_inventory_t *inventory);

/** Returns the blocklist entry of the live certificate, when it has to be
 *  replaced, or NULL: found at start, or noted in the job since.
 *  @param job NULL: not known */
const acme_blocklist_entry_t *
acme_plan_revoked(const acme_inventory_t *inventory, const acme_job_t *job);

/** Returns "idle", "order", "staged", "settle", "manual" or "ask". */
const char *acme_plan_name(acme_plan_e what);

/** Returns a hash that changes with everything in the spec that a problem of
 *  class CONFIG or PERMANENT can be about: more than acme_spec_digest(). */
const char *acme_plan_config(const acme_spec_t *spec, apr_pool_t *p);

#endif
