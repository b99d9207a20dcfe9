/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ari_query.h
 * @brief Asks a site's CA when to renew its certificate (RFC 9773), and writes
 * down what it says.
 *
 * One GET per certificate. Where the CA is asked is remembered across runs, so
 * that a run that asks about one certificate makes one request; a CA that does
 * not answer is asked once in ten minutes, whoever has a question.
 */
#ifndef ACME_ARI_QUERY_H
#define ACME_ARI_QUERY_H

#include "acme_client.h"
#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_resource.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** What all questions to one CA share; zeroed at first. */
typedef struct acme_ari_service_t {
    char service[ACME_RESOURCE_URL_MAX + 1]; /**< or "": it has none */
    apr_time_t known;                        /**< when it said so, or 0 */
    const acme_problem_t *down; /**< of this run: it has not answered */
    apr_time_t down_at;         /**< since then */
    const char *seed;           /**< of their common wait */
} acme_ari_service_t;

typedef struct acme_ari_query_t acme_ari_query_t;

/**
 * Nothing is sent before the first step.
 * @param client of this run
 * @param job as it is now; changed and saved when the answer is there
 * @param prun lives until the run ends
 * @param p until it is over
 */
acme_ari_query_t *
acme_ari_query_create(acme_worker_ctx_t *work, acme_ari_service_t *ari_service,
                      acme_client_t *client, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, acme_job_t *job,
                      apr_pool_t *prun, apr_pool_t *p);

/** Moves it as far as it goes without waiting. */
void acme_ari_query_step(acme_ari_query_t *ask);

int acme_ari_query_is_over(const acme_ari_query_t *ask);

#endif
