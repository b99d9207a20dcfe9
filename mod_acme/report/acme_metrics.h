/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_metrics.h
 * @brief What is known of the sites, in the text format of Prometheus (0.0.4).
 *
 * The same numbers as in acme_status.h. Gathered site by site, since the lines
 * of one metric stand together, for all sites.
 */
#ifndef ACME_METRICS_H
#define ACME_METRICS_H

#include "acme_status.h"

#define ACME_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef struct acme_metrics_t acme_metrics_t;

/** What is said beside the sites. */
typedef struct acme_metrics_server_t {
    int usable;   /**< the store is */
    int ordering; /**< no other worker is waited for */
    const acme_status_activation_t *activation;
} acme_metrics_server_t;

typedef void acme_metrics_out_fn(void *baton, const char *text, apr_size_t len);

/** @param sites how many there will be, about */
acme_metrics_t *acme_metrics_create(int sites, apr_pool_t *p);

/** One site.
 *  @param spec must outlive the metrics
 *  @param job or NULL: not known */
void acme_metrics_add(acme_metrics_t *metrics, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, const acme_job_t *job,
                      apr_time_t now, apr_pool_t *ptemp);

/** All of it, in pieces of a few hundred bytes at most. */
void acme_metrics_print(const acme_metrics_t *metrics,
                        const acme_metrics_server_t *server,
                        acme_metrics_out_fn *out, void *baton);

#endif
