/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoker.h
 * @brief Carries out the revocations that acmectl asks for: all of them, side
 * by side, each as far as it goes.
 *
 * The account's signature first. Where the CA does not take it, or there is no
 * account there, a ticket is left for who has the certificate's key
 * (acme_revoke_order.h). Killed before its end is written down, a revocation is
 * asked for again, and the CA says that it is done already.
 */
#ifndef ACME_REVOKER_H
#define ACME_REVOKER_H

#include "acme_ca_account.h"
#include "acme_ctl_request.h"
#include "acme_revoke_order.h"
#include "acme_worker_ctx.h"

/** What it asks of who has the sites. */
typedef struct acme_revoker_host_t {
    void *baton;
    /** Who we are at that CA in this run, the one of that site if it can be;
     *  NULL: nobody. */
    acme_ca_account_t *(*ca_account)(void *baton, const char *ca_url,
                                     const char *site);
    /** Whether none may begin now: an account is about to change. */
    int (*held)(void *baton);
    /** What serves this certificate, or another with its lost key, needs
     *  another one now; on disk when this returns. */
    apr_status_t (*lost)(void *baton, const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *ptemp);
} acme_revoker_host_t;

typedef struct acme_revoker_t acme_revoker_t;

/** @param host, work live as long as p */
acme_revoker_t *acme_revoker_create(acme_worker_ctx_t *work,
                                    const acme_revoker_host_t *host,
                                    apr_pool_t *p);

/** The requests are read again: begin, each that there is, end. What is not
 *  asked for any more is dropped. */
void acme_revoker_read_begin(acme_revoker_t *revokes);
void acme_revoker_take(acme_revoker_t *revokes,
                       const acme_ctl_request_t *request);
void acme_revoker_read_end(acme_revoker_t *revokes);

/** As for the fleet's: of one run.
 *  @param p no request is under way when it is destroyed */
void acme_revoker_begin(acme_revoker_t *revokes, apr_pool_t *p);
void acme_revoker_end(acme_revoker_t *revokes);

/** When the first of them has something to do by itself. */
apr_time_t acme_revoker_due(const acme_revoker_t *revokes);

/** Whether anything is under way, signed by an account perhaps. */
int acme_revoker_is_busy(const acme_revoker_t *revokes);

/** Moves all of them; nonzero when one is under way. */
int acme_revoker_step(acme_revoker_t *revokes);

#endif
