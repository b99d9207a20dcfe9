/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* ---- who we are at a CA ---- */

static int is_at(const acme_ca_queue_t *lane, const char *ca_url)
{
    return strcmp(lane->ca->url, ca_url) == 0;
}

static acme_ca_queue_t *find_lane(const acme_scheduler_t *fleet,
                                  const char *ca_url, const char *name)
{
    const acme_scheduler_site_t *site =
        apr_hash_get(fleet->by_name, name, APR_HASH_KEY_STRING);
    int i = site ? acme_spec_find_ca(site->known.spec, ca_url) : -1;

    if (i >= 0) {
        return site->lanes[i];
    }
    for (i = 0; i < fleet->n_lanes; ++i) {
        if (is_at(fleet->lanes[i], ca_url)) {
            return fleet->lanes[i];
        }
    }
    return NULL;
}

static acme_ca_account_t *ca_account(void *baton, const char *ca_url,
                                     const char *name)
{
    acme_scheduler_t *fleet = baton;
    acme_ca_queue_t *lane = find_lane(fleet, ca_url, name);

    return lane ? acme_ca_queue_account(fleet, lane) : NULL;
}

static int held(void *baton)
{
    const acme_scheduler_t *fleet = baton;
    int i;

    for (i = 0; i < fleet->n_lanes; ++i) {
        if (acme_ca_queue_is_held(fleet->lanes[i])) {
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
               || (acme_blocklist_is_compromised(what) && live->info->key_hash
                   && strcmp(live->info->key_hash, what->key_hash) == 0));
}

/* What waits for a restart already will do, and does not wait any more. */
static apr_status_t mark(acme_scheduler_t *fleet, acme_scheduler_site_t *site,
                         acme_job_t *job, const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_blocklist_entry_t own = *what;
    apr_time_t now = acme_time_now(fleet->work->clock);

    /* Another one, perhaps, with the same key. */
    own.fingerprint = site->known.inventory->live->info->fingerprint;
    job->revoked =
        acme_blocklist_from_json(acme_blocklist_to_json(&own, job->p), job->p);
    job->urgent = job->urgent || job->staged || job->order;
    job->next_run = 0;
    job->config = NULL;
    acme_job_note(job, now, "revoked", "%s", acme_blocklist_text(&own, p));
    return acme_job_save(job, fleet->work->vault, ACME_STORE_LAZY, problem, p);
}

static apr_status_t lose(acme_scheduler_t *fleet, acme_scheduler_site_t *site,
                         const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_job_t *job = acme_task_job(fleet, site);
    apr_status_t rv = APR_SUCCESS;

    /* The one of its order on its way, which will be saved again. */
    if (job) {
        return mark(fleet, site, job, what, problem, p);
    }
    rv = acme_job_load(&job, fleet->work->vault, site->known.spec->name,
                       problem, p);
    if (rv == APR_SUCCESS) {
        rv = mark(fleet, site, job, what, problem, p);
    }
    if (rv == APR_SUCCESS && !site->known.queued) {
        site->known.next = 0;
        fleet->look_at = 0;
    }
    return rv;
}

static apr_status_t lost(void *baton, const acme_blocklist_entry_t *what,
                         acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_scheduler_t *fleet = baton;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < fleet->n_sites; ++i) {
        if (serves(fleet->sites[i], what)) {
            rv = lose(fleet, fleet->sites[i], what, problem, ptemp);
        }
    }
    return rv;
}

acme_revoker_t *acme_revoker_sites_create(acme_scheduler_t *fleet)
{
    acme_revoker_host_t *host = apr_pcalloc(fleet->p, sizeof(*host));

    host->baton = fleet;
    host->ca_account = ca_account;
    host->held = held;
    host->lost = lost;
    return acme_revoker_create(fleet->work, host, fleet->p);
}
