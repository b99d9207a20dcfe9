/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_job.h
 * @brief The worker's memory of a site: what is being done for it, and what
 * came of it.
 *
 * A job is one sealed item of kind jobs for each site. The worker that holds
 * the lease writes it; every process that has the seal may read it. A job that
 * cannot be read is a new one, because the certificate's key and the account
 * are stored elsewhere.
 *
 * Anybody may read the fields; only acme_job.c writes them, through the
 * transitions below. Each keeps what is said at it, and all of them keep this:
 * config is set if and only if next_run is ACME_SCHEDULE_NEVER.
 *
 * A transition changes memory only: the caller saves the job. Strings are
 * copied into the job's pool.
 */
#ifndef ACME_JOB_H
#define ACME_JOB_H

#include "acme_ari.h"
#include "acme_blocklist_entry.h"
#include "acme_job_look.h"
#include "acme_schedule.h"
#include "acme_spec.h"
#include "acme_vault.h"

/** Number of log entries that are kept: the newest ones. */
#define ACME_JOB_LOG_MAX 64

typedef struct acme_job_entry_t {
    apr_time_t when;
    const char *type;   /**< event: "order-created", "challenge-presented",
                             ... */
    const char *detail; /**< text, or NULL */
} acme_job_entry_t;

/** A request of acmectl for a certificate. */
typedef enum {
    ACME_ASKED_NO,
    ACME_ASKED_DUE,  /**< order now if a certificate is due, and do not wait */
    ACME_ASKED_FORCE /**< order now, whether or not a certificate is due */
} acme_asked_e;

/** Failures in a row after which an optional name is left out of the order. */
#define ACME_JOB_NAME_FAILURES 2

/** The failures of one name of an order: see acme_partial_names. */
typedef struct acme_job_name_t {
    const char *name;
    int failures;       /**< in a row */
    const char *detail; /**< the CA's text about the last failure, or NULL */
} acme_job_name_t;

/** The failures at one of several CAs: each has its own count and wait. */
typedef struct acme_job_ca_t {
    const char *url;     /**< of its directory */
    int errors;          /**< failures there, whoever's fault they are */
    int faults;          /**< those that are the CA's own fault */
    apr_time_t next_run; /**< no try there before */
} acme_job_ca_t;

typedef struct acme_job_t {
    const char *name;
    const char *digest;  /**< acme_spec_digest() of the order, or NULL */
    const char *reason;  /**< why it was ordered: "first certificate" */
    acme_json_t *order;  /**< snapshot of acme_issue, or NULL */
    const char *instead; /**< fingerprint of the certificate that was live when
                            the order was begun, "" where there was none; NULL:
                            not known */
    const char *staged;  /**< fingerprint of the certificate that waits for
                            root, or NULL */
    int swapped;         /**< children serve it already, with no restart */
    const char *failed_challenge; /**< type of the challenge that has failed
                                       last, since the last certificate, or
                                       NULL */
    int errors;                   /**< failures in a row */
    apr_time_t failing;           /**< time of the first of them */
    const char *ca; /**< directory of the CA to ask next; NULL: the first
                            CA of the spec */
    apr_array_header_t *cas; /**< acme_job_ca_t: CAs at which tries have failed
                                  since the last certificate; only where there
                                  are several */
    int at_once;         /**< the next CA is asked without a wait; not saved */
    apr_time_t last_run; /**< of the last try, or 0 */
    apr_time_t next_run; /**< no try before; 0: at once */
    const acme_problem_t *problem;   /**< of the last failure, or NULL */
    const acme_problem_t *hindrance; /**< why the order that is under way
                                         makes no progress now, or NULL */
    apr_time_t hindered;             /**< since when, or 0 */
    const acme_ari_t *ari; /**< the CA's renewal information, or NULL */
    const char *limit; /**< the CA's limit that the site waits for, or NULL */
    acme_job_look_t *look; /**< what the last preflight has found, or NULL:
                                nothing that counts */
    int urgent;            /**< the certificate that is ordered or staged must
                          become live at once */
    const acme_blocklist_entry_t
        *revoked;        /**< revoked certificate that must be replaced; it
                            counts while that certificate is live. Or NULL */
    const char *warned;  /**< fingerprint of the last certificate whose expiry
                            the log has announced, or NULL */
    int warned_over;     /**< the log has said that it has expired */
    const char *config;  /**< acme_plan_config() that the problem was seen
                            with: no try before it changes. Or NULL */
    const char *request; /**< id of the last control request seen, or NULL */
    acme_asked_e asked;  /**< until a certificate is staged */
    const char *signed_pem;    /**< chain for another machine's CSR, or NULL */
    apr_array_header_t *names; /**< acme_job_name_t: names that failed */
    apr_array_header_t *log;   /**< acme_job_entry_t, oldest first */
    apr_interval_time_t longest_wait; /**< limit of the wait after a failure,
                                         from the certificate's lifetime; 0:
                                         none. Not saved */
    apr_pool_t *p;
} acme_job_t;

/** The phase of a job: the first that applies. */
typedef enum {
    ACME_JOB_STAGED,  /**< a certificate is staged and waits for root */
    ACME_JOB_SIGNED,  /**< the chain for another machine's CSR is there */
    ACME_JOB_HELD,    /**< no try before the configuration changes */
    ACME_JOB_WAITING, /**< no try before next_run, after a failure or for a
                         limit of the CA; that time may be past, and there may
                         be an order to resume */
    ACME_JOB_ORDERED, /**< an order is under way */
    ACME_JOB_IDLE     /**< none of these */
} acme_job_phase_e;

/** Returns the phase of a job. It is inline because rooms that only know the
 *  job's type ask for it too. */
static inline acme_job_phase_e acme_job_phase(const acme_job_t *job)
{
    if (job->staged) {
        return ACME_JOB_STAGED;
    }
    if (job->signed_pem) {
        return ACME_JOB_SIGNED;
    }
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        return ACME_JOB_HELD;
    }
    if (job->next_run) {
        return ACME_JOB_WAITING;
    }
    return job->order ? ACME_JOB_ORDERED : ACME_JOB_IDLE;
}

/** Creates a job that knows nothing. */
acme_job_t *acme_job_create(const char *name, apr_pool_t *p);

/**
 * Loads the job of a site; creates one where there is none, or none that can be
 * read.
 * @param job set in any case
 * @return an error only when the store fails, and APR_ENOTIMPL for a job that a
 *         newer version of mod_acme wrote: it must not be replaced
 */
apr_status_t acme_job_load(acme_job_t **job, acme_vault_t *vault,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *p);

apr_status_t acme_job_save(const acme_job_t *job, acme_vault_t *vault,
                           acme_store_sync_e sync, acme_problem_t *problem,
                           apr_pool_t *ptemp);

/**
 * Adds an entry to the log; strings are copied.
 * @param fmt format of the detail, or NULL
 */
void acme_job_note(acme_job_t *job, apr_time_t when, const char *type,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** Returns the index of the spec's CA to ask next: the first one where the job
 *  is about another spec. */
int acme_job_ca(const acme_job_t *job, const acme_spec_t *spec, apr_pool_t *p);

/** A new job gets what acme_job_cache has remembered of it.
 *  @param ari or NULL; lives as long as the job */
void acme_job_recalled(acme_job_t *job, apr_time_t last_run,
                       const acme_ari_t *ari);

/* ---- transitions: a try ---- */

/**
 * A try begins. Where the job is about another spec, its order, its CA and its
 * failures are dropped. Reason and instead are those of the order that is under
 * way, if there is one. Names that failed are forgotten when a new order is
 * made and nothing has failed before it. The job is ORDERED or IDLE, unless a
 * certificate is staged or signed.
 * @param digest acme_spec_digest() of the spec that is ordered
 * @param instead fingerprint of the certificate that is live, or ""
 */
void acme_job_begin(acme_job_t *job, const char *digest, const char *reason,
                    const char *instead, apr_time_t now);

/** The order has gone one step further.
 *  @param order snapshot; lives as long as the job */
void acme_job_order_made(acme_job_t *job, acme_json_t *order);

/** The order is not resumed; failures and waits stay. */
void acme_job_order_dropped(acme_job_t *job);

/** A request of the order has failed and is repeated, or it waits for name
 *  servers: what hinders it is noted for the status. Nothing is counted.
 *  @param problem copied */
void acme_job_hindered(acme_job_t *job, const acme_problem_t *problem,
                       apr_time_t now);

/** The order gets on again. */
void acme_job_unhindered(acme_job_t *job);

/** Sets or clears: the certificate of this order must become live at once. */
void acme_job_set_urgent(acme_job_t *job, int urgent);

/** A failed try. */
typedef struct acme_job_failure_t {
    const acme_problem_t *problem; /**< lives as long as the job */
    const char *digest;  /**< acme_spec_digest(): of a job that has none */
    const char *config;  /**< acme_plan_config(): if next_run is never */
    apr_time_t next_run; /**< of the next try; ACME_SCHEDULE_NEVER: not before
                            the configuration changes */
} acme_job_failure_t;

/** A try has failed: counts it. The order stays, so that it can be resumed. The
 *  job is HELD or WAITING, unless a certificate is staged or signed. */
void acme_job_failed(acme_job_t *job, const acme_job_failure_t *failure,
                     apr_time_t now);

/** A challenge has failed: the next order prefers the type behind it.
 *  @param type of the challenge */
void acme_job_challenge_failed(acme_job_t *job, const char *type);

/** Returns the failures at this CA, or NULL: there are none. */
const acme_job_ca_t *acme_job_ca_find(const acme_job_t *job, const char *url);

/** Counts the failure that was counted last for this CA, which is not asked
 *  before the job's next_run.
 *  @param fault non-zero: it is the CA's own fault
 *  @return failures that were this CA's fault */
int acme_job_ca_failed(acme_job_t *job, const char *url, int fault);

/**
 * Another CA is asked next. The order is dropped, because it is at the CA that
 * failed.
 * @param url directory of the next CA
 * @param at not before; 0: at once
 */
void acme_job_next_ca(acme_job_t *job, const char *url, apr_time_t at);

/** Counts a failure of the site's order for the names that the CA blames, if
 *  all of them are optional.
 *  @return how many names are left out since this failure */
int acme_job_names_failed(acme_job_t *job, const acme_spec_t *spec,
                          const acme_problem_t *problem, apr_pool_t *ptemp);

/** The order waits for a limit of the CA. The job is WAITING, unless a
 *  certificate is staged or signed.
 *  @return non-zero if it did not wait for this limit before */
int acme_job_limit_wait(acme_job_t *job, const char *limit, apr_time_t until);

/** No limit holds the order any more; the wait, if any, stays. */
void acme_job_limit_over(acme_job_t *job);

/** A preflight has ended. That nothing is wrong is only remembered after a
 *  failure, which a later preflight is compared with. What is the same as what
 *  a CA has refuted counts as refuted.
 *  @param look copied; `held` and `refuted` are not used */
void acme_job_looked(acme_job_t *job, const acme_job_look_t *look);

/** The order is held back for what preflight has found. The job is WAITING,
 *  unless a certificate is staged or signed.
 *  @return since when it is held back */
apr_time_t acme_job_hold_back(acme_job_t *job, apr_time_t until,
                              apr_time_t now);

/** Preflight has found something else than at the last failure: the next try
 *  need not wait any longer, unless it waits for another configuration or for a
 *  limit of the CA. */
void acme_job_way_changed(acme_job_t *job);

/** Limits the wait after a failure; 0: no limit. */
void acme_job_bound_wait(acme_job_t *job, apr_interval_time_t longest_wait);

/* ---- transitions: what came of it ---- */

/** A certificate is staged, which ends order, request and problem. The job is
 *  STAGED; failures are counted until root has accepted the certificate. */
void acme_job_staged(acme_job_t *job, const char *fingerprint, apr_time_t now);

/** A staged certificate was found that the job did not know of. The job is
 *  STAGED; the rest is left for acme_job_settled(). */
void acme_job_found(acme_job_t *job, const char *fingerprint);

/** Children serve the staged certificate, or not: then it waits for a restart.
 *  The job stays STAGED, because root has not made it live. */
void acme_job_swapped(acme_job_t *job, int swapped);

/** The staged certificate that the job knew of is not there any more. */
void acme_job_lost(acme_job_t *job);

/** Root's decision on the staged certificate. */
typedef enum {
    ACME_JOB_LIVE,    /**< it is served; so another one is not to be replaced */
    ACME_JOB_REFUSED, /**< it cannot be served: acme_job_failed() follows */
    ACME_JOB_DROPPED  /**< it is not needed */
} acme_job_settled_e;

/** Root has decided. Nothing is staged and no order is left; unless it was
 *  refused, failures, waits and the choice of a CA end, and the job is IDLE. */
void acme_job_settled(acme_job_t *job, acme_job_settled_e how);

/** The certificate for another machine's CSR has come, which ends order,
 *  request and failures. The job is SIGNED. */
void acme_job_signed(acme_job_t *job, const char *chain_pem, apr_time_t now);

/** A dry run has ended. The job is HELD, so that it is not tried again without
 *  a request; errors are not counted.
 *  @param failure its problem is NULL if the dry run succeeded; next_run is
 *         not used */
void acme_job_dry_run_over(acme_job_t *job, const acme_job_failure_t *failure,
                           apr_time_t now);

/** The order, or the failures, are about a certificate that is not wanted any
 *  more: all that concerns the order ends. The job is IDLE, unless a
 *  certificate is staged or signed. */
void acme_job_dropped(acme_job_t *job);

/** The live certificate is what is wanted after all: failures and waits end.
 *  The job is ORDERED or IDLE, unless a certificate is staged or signed. */
void acme_job_clear_failures(acme_job_t *job);

/* ---- transitions: what others say ---- */

/** acmectl asks for a certificate: nothing holds the next try back, and what is
 *  ordered or staged already becomes urgent.
 *  @param id of the control request; NULL: keep the last one
 *  @param force even if none is due; a request that was forced before stays
 *         forced */
void acme_job_requested(acme_job_t *job, const char *id, int force);

/** The request wants a new order, whatever there is: order, problem and signed
 *  chain are forgotten. */
void acme_job_start_over(acme_job_t *job);

/** The request of acmectl is answered. */
void acme_job_answered(acme_job_t *job);

/** The live certificate is revoked, or its key is compromised: another must
 *  take its place. Nothing holds the next try back, and a certificate that is
 *  ordered or staged already becomes urgent.
 *  @param entry copied */
void acme_job_must_replace(acme_job_t *job,
                           const acme_blocklist_entry_t *entry);

/** The CA was asked when to renew.
 *  @param ari or NULL; lives as long as the job */
void acme_job_ari_heard(acme_job_t *job, const acme_ari_t *ari);

/** Returns non-zero if the log has announced the expiry of this certificate
 *  before; else records that it is announced now.
 *  @param over it has expired, which is announced once more */
int acme_job_warned(acme_job_t *job, const char *fingerprint, int over);

#endif
