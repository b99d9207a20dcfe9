/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* Questions about renewals in flight per CA. */
#define PARALLEL_ARI_QUERIES 10

/* Of dry runs, in the life of a worker. */
#define TEST_CAS 16

/* Limits are a CA's, whoever we are there. */
static acme_admission_ca_t *find_ca(acme_scheduler_t *scheduler,
                                    const acme_ca_spec_t *ca)
{
    int i;

    for (i = 0; i < scheduler->cas->nelts; ++i) {
        acme_admission_ca_t *known =
            APR_ARRAY_IDX(scheduler->cas, i, acme_admission_ca_t *);

        if (strcmp(known->url, ca->url) == 0) {
            return known;
        }
    }
    return acme_admission_create(scheduler, ca);
}

static void begin_queue(acme_ca_queue_sites_t *queue, apr_pool_t *p)
{
    queue->sites = apr_array_make(p, 8, sizeof(acme_scheduler_site_t *));
    queue->head = 0;
    queue->flying = 0;
}

void acme_ca_queue_begin(acme_ca_queue_t *ca_queue, apr_pool_t *p)
{
    ca_queue->ca_account = NULL;
    ca_queue->asking = 0;
    ca_queue->ari_service.down = NULL;
    begin_queue(&ca_queue->orders, p);
    begin_queue(&ca_queue->ari_queries, p);
    ca_queue->errands = apr_array_make(p, 1, sizeof(acme_account_op_t *));
    ca_queue->errand = 0;
}

acme_ca_queue_t *acme_ca_queue_make(acme_scheduler_t *scheduler,
                                    const acme_spec_t *spec,
                                    const acme_ca_spec_t *ca)
{
    const char *name = acme_ca_account_name(ca, scheduler->p);
    acme_ca_queue_t *ca_queue =
        apr_hash_get(scheduler->ca_queue_by_name, name, APR_HASH_KEY_STRING);

    if (!ca_queue && scheduler->n_ca_queues < scheduler->most_ca_queues) {
        ca_queue = apr_pcalloc(scheduler->p, sizeof(*ca_queue));
        ca_queue->ca = ca;
        ca_queue->seed = spec->name;
        ca_queue->ari_service.seed = spec->name;
        ca_queue->orders.most = scheduler->parallel;
        ca_queue->ari_queries.most = PARALLEL_ARI_QUERIES;
        ca_queue->at = find_ca(scheduler, ca);
        apr_hash_set(scheduler->ca_queue_by_name, name, APR_HASH_KEY_STRING,
                     ca_queue);
        scheduler->ca_queues[scheduler->n_ca_queues++] = ca_queue;
        if (scheduler->prun) {
            acme_ca_queue_begin(ca_queue, scheduler->prun);
        }
    }
    return ca_queue;
}

static int count_cas(const acme_spec_t *spec)
{
    return 1 + (spec->more_cas ? spec->more_cas->nelts : 0);
}

static acme_ca_queue_t **find_ca_queues(acme_scheduler_t *scheduler,
                                        const acme_spec_t *spec)
{
    int i, count = count_cas(spec);
    acme_ca_queue_t **found =
        apr_palloc(scheduler->p, sizeof(acme_ca_queue_t *) * (apr_size_t)count);

    for (i = 0; i < count; ++i) {
        found[i] = acme_ca_queue_make(scheduler, spec, acme_spec_ca(spec, i));
    }
    return found;
}

acme_scheduler_t *acme_scheduler_create(acme_worker_ctx_t *work,
                                        const apr_array_header_t *specs,
                                        const apr_array_header_t *inventories,
                                        acme_job_cache_t *job_cache,
                                        int parallel, apr_pool_t *p)
{
    acme_scheduler_t *scheduler = apr_pcalloc(p, sizeof(*scheduler));
    apr_size_t room = (apr_size_t)specs->nelts + 1;
    apr_size_t n_cas = 1;
    acme_scheduler_site_t *sites =
        apr_pcalloc(p, sizeof(acme_scheduler_site_t) * room);
    acme_scheduler_site_t *site;
    int i;

    scheduler->work = work;
    scheduler->p = p;
    scheduler->n_sites = specs->nelts;
    /* Each can have two beside it: one that is ordered for another machine,
     * and a dry run. */
    scheduler->sites =
        apr_pcalloc(p, sizeof(acme_scheduler_site_t *) * 3 * room);
    scheduler->by_name = apr_hash_make(p);
    scheduler->ca_queue_by_name = apr_hash_make(p);
    apr_pool_create(&scheduler->prequests, p);
    for (i = 0; i < specs->nelts; ++i) {
        n_cas +=
            (apr_size_t)count_cas(APR_ARRAY_IDX(specs, i, const acme_spec_t *));
    }
    scheduler->most_ca_queues = (int)n_cas + TEST_CAS;
    scheduler->ca_queues = apr_pcalloc(
        p, sizeof(acme_ca_queue_t *) * (apr_size_t)scheduler->most_ca_queues);
    scheduler->parallel = parallel;
    scheduler->cas = apr_array_make(p, 2, sizeof(acme_admission_ca_t *));
    scheduler->revokes = acme_revoker_sites_create(scheduler);
    for (i = 0; i < scheduler->n_sites; ++i) {
        site = &sites[i];
        scheduler->sites[i] = site;
        site->index = i;
        site->known.spec = APR_ARRAY_IDX(specs, i, const acme_spec_t *);
        site->known.inventory =
            APR_ARRAY_IDX(inventories, i, const acme_inventory_t *);
        site->known.job_cache = job_cache ? &job_cache[i] : NULL;
        site->ca_queues = find_ca_queues(scheduler, site->known.spec);
        apr_hash_set(scheduler->by_name, site->known.spec->name,
                     APR_HASH_KEY_STRING, site);
    }
    return scheduler;
}
