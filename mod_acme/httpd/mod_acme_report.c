/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_report.h"

#include <string.h>
#include <unistd.h>

#include <ap_mpm.h>

#include <apr_strings.h>

#include "acme_store_fs_repair.h"
#include "mod_acme_hooks.h"
#include "mod_acme_hot.h"

const acme_job_t *mod_acme_report(const acme_setup_t *setup,
                                  acme_vault_t *vault, int site, apr_pool_t *p)
{
    const acme_inventory_t *inventory = mod_acme_hot_inventory(setup, site, p);
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
    memset(view, 0, sizeof(*view));
    view->mode = mod_acme_control_activation(setup);
    view->hot = mod_acme_hot_report(setup, p);
    view->swapped = setup->shared->swapped;
    ap_mpm_query(AP_MPMQ_GENERATION, &view->generation);
    view->pending = setup->shared->pending;
    view->next = setup->shared->next;
    if (*setup->shared->blocked) {
        /* Copy a bounded string, because the parent may be writing. */
        view->blocked = apr_pstrndup(p, setup->shared->blocked,
                                     sizeof(setup->shared->blocked) - 1);
    }
}

/* Copies a bounded string of shared memory, because its owner may be writing.
 * Returns NULL for an empty one. */
static const char *copy(const char *text, apr_size_t size, apr_pool_t *p)
{
    return *text ? apr_pstrndup(p, text, size - 1) : NULL;
}

/* Sets why nothing can be ordered, if nothing can be. */
static void find_stop(acme_judgement_server_t *server,
                      const acme_setup_t *setup, apr_pool_t *p)
{
    const acme_shared_t *shared = setup->shared;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (setup->unusable) {
        server->stopped = setup->unusable;
        server->stop_fix = setup->to_fix;
        server->stop_at = setup->loaded;
        server->store_fails = 1;
        return;
    }
    server->stopped = copy(shared->waiting, sizeof(shared->waiting), p);
    if (server->stopped) {
        server->stop_fix =
            copy(shared->waiting_fix, sizeof(shared->waiting_fix), p);
        server->stop_at = shared->waiting_since;
        server->store_fails = shared->store_fails;
    }
    else if (acme_store_fs_repair_check(setup->store_dir, geteuid(), &problem,
                                        p)) {
        /* The worker has not met it yet. */
        server->stopped = problem.detail;
        server->stop_fix = problem.to_fix;
        server->store_fails = 1;
    }
}

void mod_acme_report_server(acme_judgement_server_t *server,
                            const acme_setup_t *setup, apr_pool_t *p)
{
    acme_status_activation_t view;

    memset(server, 0, sizeof(*server));
    find_stop(server, setup, p);
    mod_acme_report_activation(&view, setup, p);
    server->manual = strcmp(view.mode, "manual") == 0;
    server->blocked = view.blocked;
    server->block_at = setup->shared->blocked_at;
    server->next = view.next;
    server->pending = view.pending;
}
