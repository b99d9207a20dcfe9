/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_job_cache.h
 * @brief Jobs of which there is nothing to tell but their time, and when the CA
 * wants a renewal: almost all, almost always. They are remembered in memory
 * that the processes of a server share, so that neither a new worker nor a page
 * with all sites opens and parses them again.
 *
 * A slot holds numbers only. Any process and thread may read and write one at
 * any time; whoever reads while another writes, or finds an item of the store
 * that has changed since, or another certificate, reads the store. Root copies
 * slots from one generation of the server to the next and believes nothing in
 * them.
 */
#ifndef ACME_JOB_CACHE_H
#define ACME_JOB_CACHE_H

#include "acme_job.h"

/** How much of a certificate's fingerprint tells it from the next. */
#define ACME_JOB_CACHE_CERT 16

/** All zero: nothing is remembered. */
typedef struct acme_job_cache_t {
    volatile apr_uint32_t turn;     /**< odd: it is being written */
    acme_file_stamp_t stamp;        /**< of the job's item */
    char cert[ACME_JOB_CACHE_CERT]; /**< what the site had */
    apr_time_t last_run;
    int asked; /**< the CA was, and these are its numbers (acme_ari_t) */
    int early;
    int hasty;
    apr_time_t start;
    apr_time_t end;
    apr_time_t selected;
    apr_time_t first;
    apr_time_t next;
} acme_job_cache_t;

/** Zero: nothing is remembered of this version of the job, or of the site with
 *  this certificate. Else the job, without its log.
 *  @param info of what is live, or NULL */
int acme_job_cache_recall(acme_job_t **job, acme_job_cache_t *slot,
                          const acme_file_stamp_t *stamp, const char *name,
                          const acme_cert_info_t *info, apr_pool_t *p);

/** If it is quiet, and was not written just now.
 *  @param stamp of its item, read before the job was */
void acme_job_cache_remember(acme_job_cache_t *slot,
                             const acme_file_stamp_t *stamp,
                             const acme_job_t *job,
                             const acme_cert_info_t *info);

/** The job, from either: without its log where it is quiet. */
apr_status_t acme_job_cache_load(acme_job_t **job, acme_job_cache_t *slot,
                                 acme_vault_t *vault, const char *name,
                                 const acme_cert_info_t *info,
                                 acme_problem_t *problem, apr_pool_t *p);

/** What the last generation knew; nothing where it was being written. */
void acme_job_cache_copy(acme_job_cache_t *to, acme_job_cache_t *from);

#endif
