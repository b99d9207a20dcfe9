/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* ---- who we are at a CA ---- */

static int is_at(const acme_ca_queue_t *ca_queue, const char *ca_url)
{
    return strcmp(ca_queue->ca->url, ca_url) == 0;
}

static acme_ca_queue_t *find_ca_queue(const acme_scheduler_t *scheduler,
                                      const char *ca_url, const char *name)
{
    const acme_scheduler_site_t *site =
        apr_hash_get(scheduler->by_name, name, APR_HASH_KEY_STRING);
    int i = site ? acme_spec_find_ca(site->known.spec, ca_url) : -1;

    if (i >= 0) {
        return site->ca_queues[i];
    }
    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        if (is_at(scheduler->ca_queues[i], ca_url)) {
            return scheduler->ca_queues[i];
        }
    }
    return NULL;
}

static acme_ca_account_t *ca_account(void *baton, const char *ca_url,
                                     const char *name)
{
    acme_scheduler_t *scheduler = baton;
    acme_ca_queue_t *ca_queue = find_ca_queue(scheduler, ca_url, name);

    return ca_queue ? acme_ca_queue_account(scheduler, ca_queue) : NULL;
}

static int held(void *baton)
{
    const acme_scheduler_t *scheduler = baton;
    int i;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        if (acme_ca_queue_is_held(scheduler->ca_queues[i])) {
            return 1;
        }
    }
    return 0;
}

/* ---- what serves it ---- */

static int serves(const acme_scheduler_site_t *site,
                  const acme_blocklist_entry_t *what)
{
    const acme_certstore_cert_t *live = site->known.inventory->live;

    return live
           && (strcmp(live->info->fingerprint, what->fingerprint) == 0
               || (acme_blocklist_entry_is_compromised(what)
                   && live->info->key_hash
                   && strcmp(live->info->key_hash, what->key_hash) == 0));
}

/* What waits for a restart already will do, and does not wait any more. */
static apr_status_t mark(acme_scheduler_t *scheduler,
                         acme_scheduler_site_t *site, acme_job_t *job,
                         const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_blocklist_entry_t own = *what;
    apr_time_t now = acme_time_now(scheduler->work->clock);

    /* Another one, perhaps, with the same key. */
    own.fingerprint = site->known.inventory->live->info->fingerprint;
    acme_job_must_replace(job, &own);
    acme_job_note(job, now, "revoked", "%s",
                  acme_blocklist_entry_text(&own, p));
    return acme_job_save(job, scheduler->work->vault, ACME_STORE_LAZY, problem,
                         p);
}

static apr_status_t lose(acme_scheduler_t *scheduler,
                         acme_scheduler_site_t *site,
                         const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_job_t *job = acme_task_job(scheduler, site);
    apr_status_t rv = APR_SUCCESS;

    /* The one of its order on its way, which will be saved again. */
    if (job) {
        return mark(scheduler, site, job, what, problem, p);
    }
    rv = acme_job_load(&job, scheduler->work->vault, site->known.spec->name,
                       problem, p);
    if (rv == APR_SUCCESS) {
        rv = mark(scheduler, site, job, what, problem, p);
    }
    if (rv == APR_SUCCESS && !site->known.queued) {
        site->known.next = 0;
        scheduler->look_at = 0;
    }
    return rv;
}

static apr_status_t lost(void *baton, const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_scheduler_t *scheduler = baton;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < scheduler->n_sites; ++i) {
        if (serves(scheduler->sites[i], what)) {
            rv = lose(scheduler, scheduler->sites[i], what, problem, ptemp);
        }
    }
    return rv;
}

acme_revoker_t *acme_revoker_sites_create(acme_scheduler_t *scheduler)
{
    acme_revoker_host_t *host = apr_pcalloc(scheduler->p, sizeof(*host));

    host->baton = scheduler;
    host->ca_account = ca_account;
    host->held = held;
    host->lost = lost;
    return acme_revoker_create(scheduler->work, host, scheduler->p);
}
