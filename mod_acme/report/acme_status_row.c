/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_status_row.h"

#include <string.h>

#include "acme_swapped.h"

void acme_status_row(acme_status_row_t *row, acme_status_view_t *view,
                     acme_vault_t *vault, const acme_judgement_server_t *server,
                     acme_status_counts_t *counts, apr_pool_t *p)
{
    const acme_cert_info_t *served;
    const acme_ari_t *ari;
    acme_job_t *job;

    memset(row, 0, sizeof(*row));
    if (!view->job && vault
        && acme_job_load(&job, vault, view->spec->name, NULL, p)
               == APR_SUCCESS) {
        view->job = job;
    }
    view->inventory = acme_swapped_inventory(view->spec, view->inventory,
                                             view->job, vault, p);
    acme_status_state(view, p);
    if (counts) {
        acme_status_state_count(counts, view);
    }
    acme_judgement(&row->judgement, view, server, p);
    served = acme_status_state_served(view);
    row->serving = view->inventory->serving;
    row->until = served ? served->not_after : 0;
    ari = acme_status_state_ari(view);
    row->ari = ari ? ari->explanation : NULL;
    if (view->job && view->job->problem) {
        row->problem = view->job->problem->instance;
    }
    if (view->job && view->job->hindrance) {
        row->hindrance = view->job->hindrance->instance;
    }
}
