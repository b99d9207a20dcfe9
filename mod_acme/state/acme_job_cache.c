/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_job_cache.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

/* Two versions of an item that are written within one tick of the kernel's
 * clock may have the same stamp. */
#define TICK apr_time_from_sec(1)

/* Numbers, about the certificate that the site has. */
static int is_plain(const acme_ari_t *ari, const acme_cert_info_t *info)
{
    return !ari
           || (info && acme_ari_is_of(ari, info) && !ari->explanation
               && ari->errors == 0 && !ari->problem);
}

/* Whether its time, and when the CA wants a renewal, are all that there is to
 * tell, its log apart. */
static int is_job_cache(const acme_job_t *job, const acme_cert_info_t *info)
{
    return acme_job_phase(job) == ACME_JOB_IDLE && !job->problem && !job->config
           && job->errors == 0 && !job->names->nelts && !job->ca
           && !job->blocked_until && !job->urgent && !job->revoked
           && !job->limit && job->asked == ACME_ASKED_NO
           && is_plain(job->ari, info);
}

static void name_cert(char *cert, const acme_cert_info_t *info)
{
    memset(cert, 0, ACME_JOB_CACHE_CERT);
    if (info) {
        apr_cpystrn(cert, info->fingerprint, ACME_JOB_CACHE_CERT);
    }
}

/* Zero: it was being written. */
static int take(acme_job_cache_t *copy, acme_job_cache_t *slot)
{
    apr_uint32_t turn = apr_atomic_read32(&slot->turn);

    *copy = *slot;
    return turn % 2 == 0 && apr_atomic_cas32(&slot->turn, turn, turn) == turn;
}

int acme_job_cache_recall(acme_job_t **job, acme_job_cache_t *slot,
                          const acme_file_stamp_t *stamp, const char *name,
                          const acme_cert_info_t *info, apr_pool_t *p)
{
    char cert[ACME_JOB_CACHE_CERT];
    acme_job_cache_t job_cache;
    acme_ari_t *ari = NULL;

    name_cert(cert, info);
    if (!stamp->inode || !take(&job_cache, slot)
        || !acme_file_stamp_same(stamp, &job_cache.stamp)
        || memcmp(cert, job_cache.cert, sizeof(cert)) != 0
        || (job_cache.asked && (!info || !info->ari_id))) {
        return 0;
    }
    if (job_cache.asked) {
        ari = apr_pcalloc(p, sizeof(*ari));
        ari->cert = info->ari_id;
        ari->early = job_cache.early;
        ari->hasty = job_cache.hasty;
        ari->start = job_cache.start;
        ari->end = job_cache.end;
        ari->selected = job_cache.selected;
        ari->first = job_cache.first;
        ari->next = job_cache.next;
    }
    *job = acme_job_create(name, p);
    acme_job_recalled(*job, job_cache.last_run, ari);
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
    apr_uint32_t turn = apr_atomic_read32(&slot->turn);

    if (!stamp->inode || apr_time_now() - stamp->mtime < TICK
        || !is_job_cache(job, info) || turn % 2
        || apr_atomic_cas32(&slot->turn, turn + 1, turn) != turn) {
        return;
    }
    fill(slot, stamp, job, info);
    /* Not before all of it is there. */
    apr_atomic_inc32(&slot->turn);
}

apr_status_t acme_job_cache_load(acme_job_t **job, acme_job_cache_t *slot,
                                 acme_vault_t *vault, const char *name,
                                 const acme_cert_info_t *info,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_file_stamp_t stamp;
    apr_status_t rv;

    /* Before it is read: what is written later has another one. */
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
        to->turn = 0;
    }
    else {
        memset(to, 0, sizeof(*to));
    }
}
