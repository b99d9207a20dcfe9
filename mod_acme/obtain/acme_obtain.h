/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain.h
 * @brief One site's order, from its key to the staged certificate: carries out
 * what acme_issue wishes, and saves each step.
 */
#ifndef ACME_OBTAIN_H
#define ACME_OBTAIN_H

#include "acme_ca_account.h"
#include "acme_job.h"

typedef struct acme_obtain_t acme_obtain_t;

/**
 * Begins or resumes; nothing is sent before the first step.
 * @param replaces CertID of the certificate there is, for a CA that wants to
 *        know, or NULL
 * @param since when the site began to wait for its turn
 * @param seed for waits after a failure of the CA as a whole, so that all its
 *        sites come back together
 * @param p the order's own; destroying it ends everything, but not while one
 *        of its requests is under way
 */
acme_obtain_t *acme_obtain_create(acme_worker_ctx_t *work,
                                  const acme_spec_t *spec,
                                  acme_ca_account_t *ca_account,
                                  acme_job_t *job, const char *reason,
                                  const char *replaces, apr_time_t since,
                                  const char *seed, apr_pool_t *p);

/** Before the first step: nothing is ordered where the CA's clock and ours
 *  disagree, since it is only an expiry that asks for it. */
void acme_obtain_by_age(acme_obtain_t *order);

/** Before the first step: the hash of the key that the site serves.
 *  @param again it is used again, if root has left it, and nothing is said
 *  against it; else the order is for another one */
void acme_obtain_live_key(acme_obtain_t *order, const char *key_hash,
                          int again);

/** Before the first step: the fingerprint of what is live, which a new order is
 *  to take the place of. */
void acme_obtain_instead(acme_obtain_t *order, const char *fingerprint);

/**
 * Goes as far as it can without waiting.
 * @return when to step again; ACME_SCHEDULE_NEVER: not before something comes
 *         in
 */
apr_time_t acme_obtain_step(acme_obtain_t *order);

/** Whether it has come to its end: the job, which is saved, says which. */
int acme_obtain_is_over(const acme_obtain_t *order);

/** Whether the CA has made the order: it counts for the CA's limits. */
int acme_obtain_was_made(const acme_obtain_t *order);

/** Whether the order that was made names the certificate that it replaces. */
int acme_obtain_has_replaced(const acme_obtain_t *order);

#endif
