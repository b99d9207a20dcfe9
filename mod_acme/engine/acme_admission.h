/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_admission.h
 * @brief Decides whether the rate limits of a CA let an order go now.
 *
 * There are two kinds of limits. Some are known before the CA has refused
 * anything (acme_ratelimit.h); others the CA has named when it refused an order
 * (acme_ratelimit_pause.h). Both count for a CA, whichever of our accounts
 * there makes the order, and survive the worker as notes in the store. A note
 * that cannot be read counts as empty, because the CA's own limits still hold.
 *
 * After a refusal of the account itself, the account sends one order, then
 * doubles the number of orders that the CA has not made yet while it makes
 * them.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_ADMISSION_H
#define ACME_ADMISSION_H

#include "acme_client.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** The limits of all CAs. */
typedef struct acme_admission_t acme_admission_t;

/** The limits of a CA. */
typedef struct acme_admission_ca_t acme_admission_ca_t;

/** An account at a CA, as its limits see it. */
typedef struct acme_admission_account_t {
    const acme_ca_spec_t *ca;
    const char *seed; /**< of waits that all sites of the account share */
    acme_admission_ca_t *limits;
    int wait_logged; /**< the log has in this run that a site waits */
    int unmade;      /**< counted orders that the CA has not made yet */
    int probe_limit; /**< most of these after a refusal; 0: any number */
} acme_admission_account_t;

/** An order; the first five members are set by the caller. */
typedef struct acme_admission_order_t {
    acme_admission_account_t *account;
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    acme_job_t *job;
    int exempt;  /**< the CA has asked for it (RFC 9773): known limits do not
                      hold it, but what the CA has named does */
    int counted; /**< made by this task, and not resumed from the job */
    int unmade;  /**< stands in the account's `unmade` */
} acme_admission_order_t;

/** @param parallel as in acme_worker_config_t
 *  @param ctx lives as long as p */
acme_admission_t *acme_admission_create(acme_worker_ctx_t *ctx, int parallel,
                                        apr_pool_t *p);

/** Makes an account known.
 *  @param ca, seed live as long as the pool of `admission` */
void acme_admission_open(acme_admission_t *admission,
                         acme_admission_account_t *account,
                         const acme_ca_spec_t *ca, const char *seed);

/** Begins a run: reads the notes.
 *  @param prun lives until acme_admission_end() */
void acme_admission_begin(acme_admission_t *admission, apr_pool_t *prun);
void acme_admission_end(acme_admission_t *admission);

/** Begins a run of an account. */
void acme_admission_begin_account(acme_admission_account_t *account);

/** Writes the notes that have changed.
 *  @param failure_logged a failure is logged if it is zero, and then set */
void acme_admission_save(acme_admission_t *admission, int *failure_logged);

/** Makes an account's client keep the CA's limits of requests, together with
 *  the clients of other accounts there. */
void acme_admission_share_client(const acme_admission_account_t *account,
                                 acme_client_t *client);

/** Returns how many more orders the account may begin now, as far as it probes;
 *  `most` when it does not. */
int acme_admission_room(const acme_admission_account_t *account, int most);

/**
 * Lets an order go, and counts it; or tells it to wait. The job then says why,
 * and is saved.
 * @return 0: the order may be made; else when to try again
 */
apr_time_t acme_admission_hold(acme_admission_t *admission,
                               acme_admission_order_t *order, apr_pool_t *p);

/** The order begins. */
void acme_admission_start(acme_admission_order_t *order);

/** The CA has made the order, so it may get more of them. May be called again
 *  for the same order. */
void acme_admission_made(const acme_admission_t *admission,
                         acme_admission_order_t *order);

/**
 * The order has ended, or was given up. Corrects what was counted for it, and
 * learns the limits that the CA has named in the job's problem.
 * @param made the CA has made it, now or in an earlier run
 * @param has_replaced the CA's order names the certificate that it replaces
 */
void acme_admission_finish(acme_admission_t *admission,
                           acme_admission_order_t *order, int made,
                           int has_replaced, apr_pool_t *p);

#endif
