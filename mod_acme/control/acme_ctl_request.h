/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_request.h
 * @brief Requests of acmectl to the worker, because only the worker talks to a
 * CA.
 *
 * A request is a sealed file in outbox/ of the store, which root writes and the
 * worker's group reads. The worker may change nothing there: it notes in jobs/
 * what is done (acme_job.h: `request`), and root removes the request. A new
 * request for the same thing replaces the old one.
 *
 * A worker shows that it runs by a shared lock on a file in locks/, which the
 * kernel drops with the process.
 */
#ifndef ACME_CTL_REQUEST_H
#define ACME_CTL_REQUEST_H

#include <apr_user.h>

#include "acme_json.h"
#include "acme_seal.h"

/** Kinds of requests. */
typedef enum {
    ACME_CTL_RENEW,     /**< order for a site now, if a certificate is due or
                             force is set */
    ACME_CTL_SIGN,      /**< order a certificate for a CSR of another machine */
    ACME_CTL_ACCOUNT,   /**< take this account over, unless there is one */
    ACME_CTL_REVOKE,    /**< revoke a certificate (acme_revoke_order.h) */
    ACME_CTL_RECOVER,   /**< find an account at the CA by its key */
    ACME_CTL_ROLLOVER,  /**< give an account another key */
    ACME_CTL_DEACTIVATE /**< deactivate an account */
} acme_ctl_request_e;

typedef struct acme_ctl_request_t {
    acme_ctl_request_e what;
    const char *name; /**< of the site, or of the account in the store;
                           REVOKE: fingerprint of the certificate */
    const char *id;   /**< different for each request */
    apr_time_t when;
    int force;               /**< RENEW: nonzero: even when it is not due */
    const char *csr;         /**< SIGN: base64url of the DER */
    const acme_json_t *body; /**< ACCOUNT: its record in the store; SIGN:
                                  "names", those of the CSR; RENEW: a dry run
                                  at the directory "ca" with the label
                                  "label"; REVOKE: made by
                                  acme_revoke_order_to_json() */
} acme_ctl_request_t;

typedef struct acme_ctl_request_dir_t acme_ctl_request_dir_t;

/** Returns the name of a kind: "renew", "rollover". */
const char *acme_ctl_request_name(acme_ctl_request_e what);

/** Returns the name of the job for a CSR of another machine, beside the job of
 *  the site. */
const char *acme_ctl_request_sign_name(const char *name, apr_pool_t *p);

/** Returns the name of the job of a dry run, beside the job of the site. */
const char *acme_ctl_request_dry_name(const char *name, apr_pool_t *p);

/** Makes the folder and lets the worker's group read it. For root, at start. */
apr_status_t acme_ctl_request_prepare(const char *dir, apr_gid_t gid,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Opens a handle, for one thread. Touches no file yet.
 *  @param dir folder of the store; lives as long as p, as does seal */
acme_ctl_request_dir_t *
acme_ctl_request_open(const char *dir, const acme_seal_t *seal, apr_pool_t *p);

/** Writes a request, and sets its id, in ptemp, and its time. For root. */
apr_status_t acme_ctl_request_put(acme_ctl_request_dir_t *ctl_requests,
                                  acme_ctl_request_t *request,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Removes a request, unless a newer one for the same thing has replaced it.
 *  For root. */
void acme_ctl_request_remove(acme_ctl_request_dir_t *ctl_requests,
                             const acme_ctl_request_t *request,
                             apr_pool_t *ptemp);

/** Returns non-zero when there may be requests that acme_ctl_request_read() has
 *  not seen. Costs one stat(). */
int acme_ctl_request_moved(acme_ctl_request_dir_t *ctl_requests);

/** Makes acme_ctl_request_moved() report the folder once more, because not
 *  every request could be done. */
void acme_ctl_request_again(acme_ctl_request_dir_t *ctl_requests);

/** Reads all requests (acme_ctl_request_t *), oldest first. A file that cannot
 *  be opened is left out. */
apr_status_t acme_ctl_request_read(apr_array_header_t **requests,
                                   acme_ctl_request_dir_t *ctl_requests,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Shows that a worker runs, until p is cleared. For the worker. */
void acme_ctl_request_attend(const acme_ctl_request_dir_t *ctl_requests,
                             apr_pool_t *p);

/** Returns non-zero while a worker runs. */
int acme_ctl_request_attended(const acme_ctl_request_dir_t *ctl_requests);

#endif
