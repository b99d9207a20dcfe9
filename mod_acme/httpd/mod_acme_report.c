/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_report.h"

#include <ap_mpm.h>

#include <apr_strings.h>

const acme_job_t *mod_acme_report(const acme_setup_t *setup,
                                  acme_vault_t *vault, int site, apr_pool_t *p)
{
    const acme_inventory_t *inventory =
        acme_site_cert_at(setup->certs, site)->inventory;
    const char *name = acme_site_cert_at(setup->certs, site)->spec->name;
    acme_job_t *job;

    return vault && setup->job_cache
                   && !acme_job_cache_load(
                       &job, &setup->job_cache[site], vault, name,
                       inventory->live ? inventory->live->info : NULL, NULL, p)
               ? job
               : NULL;
}

/* ---- the state of the server ---- */

void mod_acme_report_activation(acme_status_activation_t *view,
                                const acme_setup_t *setup, apr_pool_t *p)
{
    const acme_activation_e *activation = mod_acme_config_value(
        mod_acme_config_get(setup->server), ACME_SETTING_ACTIVATION);

    memset(view, 0, sizeof(*view));
    view->mode = activation && *activation == ACME_ACTIVATION_MANUAL
                     ? "manual"
                     : "graceful";
    ap_mpm_query(AP_MPMQ_GENERATION, &view->generation);
    view->pending = setup->shared->pending;
    view->next = setup->shared->next;
    if (*setup->shared->blocked) {
        /* Copy a bounded string, because the parent may be writing. */
        view->blocked = apr_pstrndup(p, setup->shared->blocked,
                                     sizeof(setup->shared->blocked) - 1);
    }
}

/* Copies a bounded string, because the worker may be writing. */
const char *mod_acme_report_waiting(const acme_setup_t *setup, apr_pool_t *p)
{
    return *setup->shared->waiting ? apr_pstrndup(
               p, setup->shared->waiting, sizeof(setup->shared->waiting) - 1)
                                   : NULL;
}
