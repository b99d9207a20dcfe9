/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_job_cache.h
 * @brief A cache of idle jobs, in memory that all processes of a server share.
 *
 * Almost all jobs are idle: they only tell when the last try was and when the
 * CA wants a renewal. The cache holds these numbers, so that neither a new
 * worker nor a page with all sites opens and parses the jobs again.
 *
 * Any process and thread may read and write a slot at any time (a seqlock). The
 * store is read instead when a slot is being written, when the job's item has
 * changed since, and when the site has another certificate. Root copies slots
 * from one generation of the server to the next and trusts nothing in them.
 */
#ifndef ACME_JOB_CACHE_H
#define ACME_JOB_CACHE_H

#include "acme_job.h"

/** Bytes of a certificate's fingerprint that are compared. */
#define ACME_JOB_CACHE_CERT 16

/** A slot for one site. All zero: nothing is remembered. */
typedef struct acme_job_cache_t {
    volatile apr_uint32_t sequence; /**< odd while the slot is being written */
    acme_file_stamp_t stamp;        /**< stamp of the job's item */
    char cert[ACME_JOB_CACHE_CERT]; /**< fingerprint of the site's
                                         certificate */
    apr_time_t last_run;
    int asked; /**< the CA was asked; its numbers (acme_ari_t) follow */
    int early;
    int hasty;
    apr_time_t start;
    apr_time_t end;
    apr_time_t selected;
    apr_time_t first;
    apr_time_t next;
} acme_job_cache_t;

/**
 * Gets a job from its slot, without its log. Returns zero if the slot has
 * nothing about this version of the job and this certificate.
 * @param info of the live certificate, or NULL
 */
int acme_job_cache_recall(acme_job_t **job, acme_job_cache_t *slot,
                          const acme_file_stamp_t *stamp, const char *name,
                          const acme_cert_info_t *info, apr_pool_t *p);

/**
 * Remembers a job if it is idle and was not written just now.
 * @param stamp of its item, read before the job was
 */
void acme_job_cache_remember(acme_job_cache_t *slot,
                             const acme_file_stamp_t *stamp,
                             const acme_job_t *job,
                             const acme_cert_info_t *info);

/** Loads a job from its slot, else from the store. It has no log if it is from
 *  the slot. */
apr_status_t acme_job_cache_load(acme_job_t **job, acme_job_cache_t *slot,
                                 acme_vault_t *vault, const char *name,
                                 const acme_cert_info_t *info,
                                 acme_problem_t *problem, apr_pool_t *p);

/** Copies a slot of the last generation; it is cleared if it was being
 *  written. */
void acme_job_cache_copy(acme_job_cache_t *to, acme_job_cache_t *from);

#endif
