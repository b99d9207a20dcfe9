/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoker.h
 * @brief Carries out the revocations that acmectl asks for (RFC 8555 7.6): all
 * of them, side by side.
 *
 * The account signs first. If the CA does not accept its signature, or there is
 * no account at the CA, a ticket is left for acmectl, which has the
 * certificate's key (acme_revoke_order.h). A worker that is killed before the
 * end is written down carries the revocation out again, and the CA says that it
 * is done already.
 *
 * A certificate that is revoked has to be replaced, and so has one with a
 * compromised key, whatever the CA says: the job of each site that serves it,
 * or another one with the compromised key, says so.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_REVOKER_H
#define ACME_REVOKER_H

#include "acme_ca_queue.h"
#include "acme_ctl_request.h"
#include "acme_site_table.h"

typedef struct acme_revoker_t acme_revoker_t;

acme_revoker_t *acme_revoker_create(acme_site_table_t *table,
                                    acme_ca_queue_set_t *queues, apr_pool_t *p);

/** Reads the requests again: begin, then take for each request, then end. A
 *  revocation without a request is dropped, and so is one whose certificate
 *  has a newer request. */
void acme_revoker_read_begin(acme_revoker_t *revoker);
void acme_revoker_take(acme_revoker_t *revoker,
                       const acme_ctl_request_t *request);
void acme_revoker_read_end(acme_revoker_t *revoker);

/** Begins a run.
 *  @param prun lives until acme_revoker_end(); no request is under way when it
 *         is destroyed */
void acme_revoker_begin(acme_revoker_t *revoker, apr_pool_t *prun);
void acme_revoker_end(acme_revoker_t *revoker);

/** Returns when the first of them has something to do by itself;
 *  ACME_SCHEDULE_NEVER when none has. */
apr_time_t acme_revoker_due(const acme_revoker_t *revoker);

/** Returns non-zero while a revocation is under way: an account may have to
 *  sign it. */
int acme_revoker_is_busy(const acme_revoker_t *revoker);

/** Steps all of them; none begins while an operation on an account waits or
 *  runs. Returns non-zero when a revocation is under way. */
int acme_revoker_step(acme_revoker_t *revoker);

#endif
