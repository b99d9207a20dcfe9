/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <string.h>

#include <http_protocol.h>

#include "acme_metrics.h"
#include "acme_swapped.h"
#include "mod_acme_hot.h"
#include "mod_acme_report.h"

static void send_text(void *baton, const char *text, apr_size_t len)
{
    request_rec *r = baton;

    if (!r->connection->aborted) {
        ap_rwrite(text, (int)len, r);
    }
}

static acme_metrics_t *gather(request_rec *r, const acme_setup_t *setup,
                              const acme_judgement_server_t *server)
{
    acme_metrics_t *metrics = acme_metrics_create(setup->certs->nelts, r->pool);
    acme_vault_t *vault = mod_acme_config_setup_vault(setup, r->pool);
    apr_time_t now = apr_time_now();
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, r->pool);
    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;
        const acme_job_t *job = mod_acme_report(setup, vault, i, ptemp);
        acme_job_t *loaded;

        if (!job && vault
            && acme_job_load(&loaded, vault, spec->name, NULL, ptemp)
                   == APR_SUCCESS) {
            job = loaded;
        }
        acme_metrics_add(metrics, spec,
                         acme_swapped_inventory(
                             spec, mod_acme_hot_inventory(setup, i, ptemp), job,
                             vault, ptemp),
                         job, now, server, ptemp);
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
    return metrics;
}

int mod_acme_metrics_handler(request_rec *r)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    acme_judgement_server_t known;
    acme_metrics_server_t server = {NULL, NULL};
    acme_status_activation_t view;
    acme_metrics_t *metrics;

    r->allowed = (AP_METHOD_BIT << M_GET);
    if (r->method_number != M_GET) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    ap_set_content_type(r, ACME_METRICS_TYPE);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (r->header_only) {
        return OK;
    }
    memset(&known, 0, sizeof(known));
    server.server = &known;
    if (setup) {
        mod_acme_report_server(&known, setup, r->pool);
        metrics = gather(r, setup, &known);
        mod_acme_report_activation(&view, setup, r->pool);
        server.activation = &view;
    }
    else {
        metrics = acme_metrics_create(0, r->pool);
    }
    acme_metrics_print(metrics, &server, send_text, r);
    return OK;
}
