/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain.h
 * @brief One site's order, from its key to the staged certificate: carries out
 * the actions of acme_issue, and saves each step.
 */
#ifndef ACME_OBTAIN_H
#define ACME_OBTAIN_H

#include "acme_ca_account.h"
#include "acme_job.h"
#include "acme_obtain_key.h"

typedef struct acme_obtain_t acme_obtain_t;

/** Order to make: for which site, at which account, and why. The order copies
 *  the texts; spec, account and job are the caller's, and must live as long as
 *  the order. */
typedef struct acme_obtain_config_t {
    const acme_spec_t *spec;
    acme_ca_account_t *ca_account;
    acme_job_t *job;         /**< the site's; saved with each step */
    const char *reason;      /**< for the log and the job */
    int by_age;              /**< its only reason is an expiry: the order fails
                                  if our clock and the CA's disagree */
    const char *fingerprint; /**< of the live certificate, which a new order
                                  replaces; NULL: none is live */
    const char *replaces;    /**< ARI CertID of the live certificate (RFC 9773),
                                  or NULL */
    acme_obtain_key_live_t live_key;
    apr_time_t since; /**< when the site began to wait: see
                           acme_ca_account_ready() */
    const char *seed; /**< of the wait after a failure of the whole CA, so that
                           all its sites come back together */
} acme_obtain_config_t;

/**
 * Creates an order, or resumes the order of the job. Nothing is sent before the
 * first step.
 * @param p the order's own pool; it must not be destroyed while one of the
 *        order's requests is running
 */
acme_obtain_t *acme_obtain_create(acme_worker_ctx_t *ctx,
                                  const acme_obtain_config_t *config,
                                  apr_pool_t *p);

/**
 * Goes as far as possible without waiting.
 * @return when to step again; ACME_SCHEDULE_NEVER: not before a response or a
 *        key arrives
 */
apr_time_t acme_obtain_step(acme_obtain_t *order);

/** Returns non-zero when the order has ended. The job, which is saved, says
 *  how. */
int acme_obtain_is_over(const acme_obtain_t *order);

/** Returns non-zero if the CA has made the order, so that it counts for the
 *  CA's limits. */
int acme_obtain_was_made(const acme_obtain_t *order);

/** Returns non-zero if the CA has made the order and it names the certificate
 *  that it replaces. */
int acme_obtain_has_replaced(const acme_obtain_t *order);

#endif
