/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_job_cache.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

/* A job is not remembered until its stamp is this old, because two versions of
 * an item that are written within one tick of the kernel's clock may have the
 * same stamp. */
#define TICK apr_time_from_sec(1)

/* Returns non-zero if the renewal information has only numbers, and is about
 * the site's certificate. */
static int is_plain(const acme_ari_t *ari, const acme_cert_info_t *info)
{
    return !ari
           || (info && acme_ari_is_of(ari, info) && !ari->explanation
               && ari->errors == 0 && !ari->problem);
}

/* Returns non-zero if a slot can hold the job: it is idle, and all that is
 * needed of it is the time of its last try, renewal information and a log. An
 * order that the CA has not made yet leaves the job idle, perhaps with a
 * hindrance. */
static int is_simple(const acme_job_t *job, const acme_cert_info_t *info)
{
    return acme_job_phase(job) == ACME_JOB_IDLE && !job->problem
           && !job->hindrance && !job->look && !job->config && job->errors == 0
           && !job->names->nelts && !job->ca && !job->cas->nelts && !job->urgent
           && !job->revoked && !job->limit && job->asked == ACME_ASKED_NO
           && is_plain(job->ari, info);
}

static void name_cert(char *cert, const acme_cert_info_t *info)
{
    memset(cert, 0, ACME_JOB_CACHE_CERT);
    if (info) {
        apr_cpystrn(cert, info->fingerprint, ACME_JOB_CACHE_CERT);
    }
}

/* Copies a slot. Returns zero if it was being written. */
static int take(acme_job_cache_t *copy, acme_job_cache_t *slot)
{
    apr_uint32_t sequence = apr_atomic_read32(&slot->sequence);

    *copy = *slot;
    return sequence % 2 == 0
           && apr_atomic_cas32(&slot->sequence, sequence, sequence) == sequence;
}

int acme_job_cache_recall(acme_job_t **job, acme_job_cache_t *slot,
                          const acme_file_stamp_t *stamp, const char *name,
                          const acme_cert_info_t *info, apr_pool_t *p)
{
    char cert[ACME_JOB_CACHE_CERT];
    acme_job_cache_t copy;
    acme_ari_t *ari = NULL;

    name_cert(cert, info);
    if (!stamp->inode || !take(&copy, slot)
        || !acme_file_stamp_same(stamp, &copy.stamp)
        || memcmp(cert, copy.cert, sizeof(cert)) != 0
        || (copy.asked && (!info || !info->ari_id))) {
        return 0;
    }
    if (copy.asked) {
        ari = apr_pcalloc(p, sizeof(*ari));
        ari->cert = info->ari_id;
        ari->early = copy.early;
        ari->hasty = copy.hasty;
        ari->start = copy.start;
        ari->end = copy.end;
        ari->selected = copy.selected;
        ari->first = copy.first;
        ari->next = copy.next;
    }
    *job = acme_job_create(name, p);
    acme_job_recalled(*job, copy.last_run, ari);
    return 1;
}

static void fill(acme_job_cache_t *slot, const acme_file_stamp_t *stamp,
                 const acme_job_t *job, const acme_cert_info_t *info)
{
    const acme_ari_t *ari = job->ari;

    slot->stamp = *stamp;
    name_cert(slot->cert, info);
    slot->last_run = job->last_run;
    slot->asked = ari != NULL;
    if (ari) {
        slot->early = ari->early;
        slot->hasty = ari->hasty;
        slot->start = ari->start;
        slot->end = ari->end;
        slot->selected = ari->selected;
        slot->first = ari->first;
        slot->next = ari->next;
    }
}

void acme_job_cache_remember(acme_job_cache_t *slot,
                             const acme_file_stamp_t *stamp,
                             const acme_job_t *job,
                             const acme_cert_info_t *info)
{
    apr_uint32_t sequence = apr_atomic_read32(&slot->sequence);

    if (!stamp->inode || apr_time_now() - stamp->mtime < TICK
        || !is_simple(job, info) || sequence % 2
        || apr_atomic_cas32(&slot->sequence, sequence + 1, sequence)
               != sequence) {
        return;
    }
    fill(slot, stamp, job, info);
    /* Counted again only when the slot is complete, so that nobody takes half
     * of it. */
    apr_atomic_inc32(&slot->sequence);
}

apr_status_t acme_job_cache_load(acme_job_t **job, acme_job_cache_t *slot,
                                 acme_vault_t *vault, const char *name,
                                 const acme_cert_info_t *info,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_file_stamp_t stamp;
    apr_status_t rv;

    /* Get the stamp before the job is read, because a job that is written later
     * has another one. */
    acme_store_stamp(&stamp, acme_vault_store(vault), ACME_STORE_JOBS, name, p);
    if (acme_job_cache_recall(job, slot, &stamp, name, info, p)) {
        return APR_SUCCESS;
    }
    rv = acme_job_load(job, vault, name, problem, p);
    if (rv == APR_SUCCESS) {
        acme_job_cache_remember(slot, &stamp, *job, info);
    }
    return rv;
}

void acme_job_cache_copy(acme_job_cache_t *to, acme_job_cache_t *from)
{
    if (take(to, from)) {
        to->sequence = 0;
    }
    else {
        memset(to, 0, sizeof(*to));
    }
}
