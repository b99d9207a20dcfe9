/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* Questions about renewals in flight per CA. */
#define PARALLEL_ASKS 10

/* Of dry runs, in the life of a worker. */
#define TEST_CAS 16

/* Limits are a CA's, whoever we are there. */
static acme_admission_ca_t *find_ca(acme_scheduler_t *fleet,
                                    const acme_ca_spec_t *ca)
{
    int i;

    for (i = 0; i < fleet->cas->nelts; ++i) {
        acme_admission_ca_t *known =
            APR_ARRAY_IDX(fleet->cas, i, acme_admission_ca_t *);

        if (strcmp(known->url, ca->url) == 0) {
            return known;
        }
    }
    return acme_admission_create(fleet, ca);
}

static void begin_queue(acme_ca_queue_sites_t *queue, apr_pool_t *p)
{
    queue->sites = apr_array_make(p, 8, sizeof(acme_scheduler_site_t *));
    queue->head = 0;
    queue->flying = 0;
}

void acme_ca_queue_begin(acme_ca_queue_t *lane, apr_pool_t *p)
{
    lane->ca_account = NULL;
    lane->asking = 0;
    lane->asker.down = NULL;
    begin_queue(&lane->orders, p);
    begin_queue(&lane->asks, p);
    lane->errands = apr_array_make(p, 1, sizeof(acme_account_op_t *));
    lane->errand = 0;
}

acme_ca_queue_t *acme_ca_queue_make(acme_scheduler_t *fleet,
                                    const acme_spec_t *spec,
                                    const acme_ca_spec_t *ca)
{
    const char *name = acme_ca_account_name(ca, fleet->p);
    acme_ca_queue_t *lane =
        apr_hash_get(fleet->lane_by_name, name, APR_HASH_KEY_STRING);

    if (!lane && fleet->n_lanes < fleet->most_lanes) {
        lane = apr_pcalloc(fleet->p, sizeof(*lane));
        lane->ca = ca;
        lane->seed = spec->name;
        lane->asker.seed = spec->name;
        lane->orders.most = fleet->parallel;
        lane->asks.most = PARALLEL_ASKS;
        lane->at = find_ca(fleet, ca);
        apr_hash_set(fleet->lane_by_name, name, APR_HASH_KEY_STRING, lane);
        fleet->lanes[fleet->n_lanes++] = lane;
        if (fleet->prun) {
            acme_ca_queue_begin(lane, fleet->prun);
        }
    }
    return lane;
}

static int count_cas(const acme_spec_t *spec)
{
    return 1 + (spec->more_cas ? spec->more_cas->nelts : 0);
}

static acme_ca_queue_t **find_lanes(acme_scheduler_t *fleet,
                                    const acme_spec_t *spec)
{
    int i, count = count_cas(spec);
    acme_ca_queue_t **found =
        apr_palloc(fleet->p, sizeof(acme_ca_queue_t *) * (apr_size_t)count);

    for (i = 0; i < count; ++i) {
        found[i] = acme_ca_queue_make(fleet, spec, acme_spec_ca(spec, i));
    }
    return found;
}

acme_scheduler_t *acme_scheduler_create(acme_worker_ctx_t *work,
                                        const apr_array_header_t *specs,
                                        const apr_array_header_t *inventories,
                                        acme_job_cache_t *quiet, int parallel,
                                        apr_pool_t *p)
{
    acme_scheduler_t *fleet = apr_pcalloc(p, sizeof(*fleet));
    apr_size_t room = (apr_size_t)specs->nelts + 1;
    apr_size_t n_cas = 1;
    acme_scheduler_site_t *sites =
        apr_pcalloc(p, sizeof(acme_scheduler_site_t) * room);
    acme_scheduler_site_t *site;
    int i;

    fleet->work = work;
    fleet->p = p;
    fleet->n_sites = specs->nelts;
    /* Each can have two beside it: one that is ordered for another machine,
     * and a dry run. */
    fleet->sites = apr_pcalloc(p, sizeof(acme_scheduler_site_t *) * 3 * room);
    fleet->by_name = apr_hash_make(p);
    fleet->lane_by_name = apr_hash_make(p);
    apr_pool_create(&fleet->prequests, p);
    for (i = 0; i < specs->nelts; ++i) {
        n_cas +=
            (apr_size_t)count_cas(APR_ARRAY_IDX(specs, i, const acme_spec_t *));
    }
    fleet->most_lanes = (int)n_cas + TEST_CAS;
    fleet->lanes = apr_pcalloc(p, sizeof(acme_ca_queue_t *)
                                      * (apr_size_t)fleet->most_lanes);
    fleet->parallel = parallel;
    fleet->cas = apr_array_make(p, 2, sizeof(acme_admission_ca_t *));
    fleet->revokes = acme_revoker_sites_create(fleet);
    for (i = 0; i < fleet->n_sites; ++i) {
        site = &sites[i];
        fleet->sites[i] = site;
        site->index = i;
        site->known.spec = APR_ARRAY_IDX(specs, i, const acme_spec_t *);
        site->known.inventory =
            APR_ARRAY_IDX(inventories, i, const acme_inventory_t *);
        site->known.quiet = quiet ? &quiet[i] : NULL;
        site->lanes = find_lanes(fleet, site->known.spec);
        apr_hash_set(fleet->by_name, site->known.spec->name,
                     APR_HASH_KEY_STRING, site);
    }
    return fleet;
}
