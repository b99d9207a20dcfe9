/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ari_query.h
 * @brief Asks a site's CA when to renew its certificate (RFC 9773), and writes
 * the answer down in the job.
 *
 * A query is one GET. The address of the CA's service is remembered across
 * runs, so that a run with one query makes one request. A CA that does not
 * answer is asked once in ten minutes, however many sites have a query.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_ARI_QUERY_H
#define ACME_ARI_QUERY_H

#include "acme_client.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_resource.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** The ARI service of a CA, shared by all queries there; zeroed at first, but
 *  for the seed. */
typedef struct acme_ari_service_t {
    char service[ACME_RESOURCE_URL_MAX + 1]; /**< "": the CA has none */
    apr_time_t known;           /**< when the directory said so; 0: it is to be
                                     read */
    const acme_problem_t *down; /**< of this run: why it does not answer */
    apr_time_t down_at;         /**< since when */
    const char *seed;           /**< of the wait that all its sites share */
} acme_ari_service_t;

typedef struct acme_ari_query_t acme_ari_query_t;

/**
 * Makes a query; nothing is sent before the first step.
 * @param client of this run
 * @param job changed and saved when the answer is there
 * @param prun lives until the run ends
 * @param p lives until the query is over, and no request of it is under way
 */
acme_ari_query_t *
acme_ari_query_create(acme_worker_ctx_t *ctx, acme_ari_service_t *ari_service,
                      acme_client_t *client, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, acme_job_t *job,
                      apr_pool_t *prun, apr_pool_t *p);

/** Goes on with the query, as far as it goes without waiting. */
void acme_ari_query_step(acme_ari_query_t *query);

/** Returns non-zero when the answer, or the failure, is in the job. */
int acme_ari_query_is_over(const acme_ari_query_t *query);

#endif
