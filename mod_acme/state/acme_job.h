/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_job.h
 * @brief What is being done for a site, and what came of it: survives
 * everything.
 *
 * One sealed item of kind jobs per site. The worker that holds the lease
 * writes it; anybody with the seal reads it. A job that cannot be read is a
 * new one: the certificate's key and the account are elsewhere.
 */
#ifndef ACME_JOB_H
#define ACME_JOB_H

#include "acme_ari.h"
#include "acme_blocklist.h"
#include "acme_spec.h"
#include "acme_vault.h"

/** Most entries of the log that are kept: the newest. */
#define ACME_JOB_LOG_MAX 64

typedef struct acme_job_entry_t {
    apr_time_t when;
    const char *type;   /**< "order-created", "challenge-presented", ... */
    const char *detail; /**< or NULL */
} acme_job_entry_t;

/** What acmectl has asked of a site. */
typedef enum {
    ACME_ASKED_NO,
    ACME_ASKED_DUE,  /**< to order now whatever is due, and not to wait */
    ACME_ASKED_FORCE /**< to order now, due or not */
} acme_asked_e;
/** What one name of an order that failed has done: see acme_partial_names. */
typedef struct acme_job_name_t {
    const char *name;
    int failures;       /**< in a row */
    const char *detail; /**< the CA's words of the last, or NULL */
} acme_job_name_t;

typedef struct acme_job_t {
    const char *name;
    const char *digest;  /**< acme_spec_digest() of the order, or NULL */
    const char *reason;  /**< why it was ordered: "first certificate" */
    acme_json_t *order;  /**< snapshot of acme_issue, or NULL */
    const char *instead; /**< fingerprint of what was live when that was begun,
                             "" where nothing was; NULL: nobody knows */
    const char *staged;  /**< fingerprint of what waits for root, or NULL */
    int errors;          /**< failures in a row */
    apr_time_t failing;  /**< since when, where there are any */
    const char
        *ca;       /**< directory of the CA whose turn it is; NULL: the first */
    int ca_errors; /**< failures in a row that were this CA's */
    apr_time_t
        blocked_until;   /**< not before that at a CA that has failed, or 0 */
    int at_once;         /**< another CA is asked now; of this run */
    apr_time_t last_run; /**< or 0 */
    apr_time_t next_run; /**< not before; 0: at once */
    const acme_problem_t *problem; /**< of the last failure, or NULL */
    const acme_ari_t *ari;         /**< what the CA said of renewal, or NULL */
    const char *limit;             /**< of the CA that it waits for, or NULL */
    int urgent; /**< what is ordered or staged is to be live at once */
    const acme_blocklist_entry_t
        *revoked;        /**< that another has to take the place of;
                           it counts while it is live. Or NULL */
    const char *warned;  /**< fingerprint of the last certificate that the log
                             said nears its end, or NULL */
    int warned_over;     /**< and that it has expired */
    const char *config;  /**< digest that a CONFIG problem was seen with */
    const char *request; /**< id of the last request seen, or NULL */
    acme_asked_e asked;  /**< until a certificate is staged */
    const char *signed_pem; /**< chain for a CSR of another machine, or NULL */
    apr_array_header_t *names;        /**< acme_job_name_t: those that failed */
    apr_array_header_t *log;          /**< acme_job_entry_t, oldest first */
    apr_interval_time_t longest_wait; /**< after failures, for this run: a
                                           short life leaves less; 0: any */
    apr_pool_t *p;
} acme_job_t;

/** One of which nothing is known. */
acme_job_t *acme_job_create(const char *name, apr_pool_t *p);

/** A new one where there is none. Fails only when the store does. */
apr_status_t acme_job_load(acme_job_t **job, acme_vault_t *vault,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *p);

apr_status_t acme_job_save(const acme_job_t *job, acme_vault_t *vault,
                           acme_store_sync_e sync, acme_problem_t *problem,
                           apr_pool_t *ptemp);

/** Adds to the log; strings are copied.
 *  @param fmt of the detail, or NULL */
void acme_job_note(acme_job_t *job, apr_time_t when, const char *type,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** Which of the spec's CAs is to be asked; the first where the job is about
 *  another spec. */
int acme_job_ca(const acme_job_t *job, const acme_spec_t *spec, apr_pool_t *p);

#endif
