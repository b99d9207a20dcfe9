/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_request.h
 * @brief What acmectl asks of the worker: only the worker speaks to a CA.
 *
 * A request is a sealed file in outbox/ of the store, which root writes and
 * the worker's group reads. The worker takes what it has done down in jobs/
 * (acme_job.h: `request`), since it may change nothing here; root removes what
 * is done. A new request for the same thing replaces the old one.
 *
 * A worker says that it is there with a shared lock on a file in locks/, which
 * the kernel drops with it.
 */
#ifndef ACME_CTL_REQUEST_H
#define ACME_CTL_REQUEST_H

#include <apr_user.h>

#include "acme_json.h"
#include "acme_seal.h"

/** What can be asked. */
typedef enum {
    ACME_CTL_RENEW,     /**< of a site: order now, if it is due or forced */
    ACME_CTL_SIGN,      /**< a certificate for a CSR of another machine */
    ACME_CTL_ACCOUNT,   /**< keep this account, unless there is one */
    ACME_CTL_REVOKE,    /**< a certificate (acme_revoke_order.h) */
    ACME_CTL_RECOVER,   /**< of an account: find it at the CA by its key */
    ACME_CTL_ROLLOVER,  /**< of an account: give it another key */
    ACME_CTL_DEACTIVATE /**< of an account: its end */
} acme_ctl_request_e;

typedef struct acme_ctl_request_t {
    acme_ctl_request_e what;
    const char *name; /**< of the site; of an account its name in the store;
                           REVOKE: the certificate's fingerprint */
    const char *id;   /**< another one for each request */
    apr_time_t when;
    int force;               /**< RENEW: even when it is not due */
    const char *csr;         /**< SIGN: base64url of the DER */
    const acme_json_t *body; /**< ACCOUNT: its record in the store; SIGN:
                                  "names", those of the CSR; RENEW: a dry run
                                  at the directory "ca", called "label";
                                  REVOKE: as
                                  acme_revoke_order_to_json() has it */
} acme_ctl_request_t;

typedef struct acme_ctl_request_dir_t acme_ctl_request_dir_t;

/** "renew", "rollover". */
const char *acme_ctl_request_name(acme_ctl_request_e what);

/** The job under which a certificate for a CSR of another machine is ordered,
 *  beside that of the site. */
const char *acme_ctl_request_sign_name(const char *name, apr_pool_t *p);

/** The job of a dry run, beside that of the site. */
const char *acme_ctl_request_dry_name(const char *name, apr_pool_t *p);

/** Root's, at start: makes the folder and lets the worker's group read it. */
apr_status_t acme_ctl_request_prepare(const char *dir, apr_gid_t gid,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** A handle, for one thread; touches nothing yet.
 *  @param dir, seal live as long */
acme_ctl_request_dir_t *
acme_ctl_request_open(const char *dir, const acme_seal_t *seal, apr_pool_t *p);

/** Root's. Gives the request its id, in ptemp, and its time. */
apr_status_t acme_ctl_request_put(acme_ctl_request_dir_t *ctl_requests,
                                  acme_ctl_request_t *request,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Root's; a newer request for the same thing stays. */
void acme_ctl_request_remove(acme_ctl_request_dir_t *ctl_requests,
                             const acme_ctl_request_t *request,
                             apr_pool_t *ptemp);

/** Whether there may be something that acme_ctl_request_read() has not seen:
 * one stat(). */
int acme_ctl_request_moved(acme_ctl_request_dir_t *ctl_requests);

/** What was read is to be read once more: not all of it could be done. */
void acme_ctl_request_again(acme_ctl_request_dir_t *ctl_requests);

/** All requests (acme_ctl_request_t *), oldest first; what does not open is
 * left out. */
apr_status_t acme_ctl_request_read(apr_array_header_t **requests,
                                   acme_ctl_request_dir_t *ctl_requests,
                                   acme_problem_t *problem, apr_pool_t *p);

/** The worker's: it is there, until p is cleared. */
void acme_ctl_request_attend(const acme_ctl_request_dir_t *ctl_requests,
                             apr_pool_t *p);

/** Whether a worker is there. */
int acme_ctl_request_attended(const acme_ctl_request_dir_t *ctl_requests);

#endif
