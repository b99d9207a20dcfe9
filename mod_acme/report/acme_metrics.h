/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_metrics.h
 * @brief The state of sites in the text format of Prometheus (0.0.4).
 *
 * The numbers are those of acme_status_state.h. They are gathered site by site
 * and printed afterwards, because the format wants all lines of a metric
 * together.
 */
#ifndef ACME_METRICS_H
#define ACME_METRICS_H

#include "acme_status.h"

#define ACME_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef struct acme_metrics_t acme_metrics_t;

/** Metrics of the server. */
typedef struct acme_metrics_server_t {
    const acme_judgement_server_t *server;
    const acme_status_activation_t *activation;
} acme_metrics_server_t;

typedef void acme_metrics_out_fn(void *baton, const char *text, apr_size_t len);

/** Creates an empty set of metrics.
 *  @param sites about how many will be added */
acme_metrics_t *acme_metrics_create(int sites, apr_pool_t *p);

/** Adds one site.
 *  @param spec must outlive the metrics
 *  @param job NULL: not known */
void acme_metrics_add(acme_metrics_t *metrics, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, const acme_job_t *job,
                      apr_time_t now, const acme_judgement_server_t *server,
                      apr_pool_t *ptemp);

/** Prints all metrics, in pieces of a few hundred bytes at most. */
void acme_metrics_print(const acme_metrics_t *metrics,
                        const acme_metrics_server_t *server,
                        acme_metrics_out_fn *out, void *baton);

#endif
