/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <http_core.h>
#include <http_main.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "acme_archive.h"
#include "acme_file.h"
#include "acme_other_client.h"
#include "acme_owned.h"
#include "acme_promote_guard.h"
#include "acme_removed.h"
#include "acme_tmpfile.h"
#include "acme_status_state.h"
#include "mod_acme_hot.h"
#include "mod_acme_install.h"
#include "mod_acme_process.h"
#include "mod_acme_stateless.h"
#include "mod_acme_job_cache.h"
#include "mod_acme_tls.h"
#include "mod_acme_promote.h"
#include "mod_acme_responder_sockets.h"

/* Removes temporary files of a start that was killed. No other process creates
 * such files here. */
static void remove_leftovers(const char *dir, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    int i;

    if (acme_file_list(&names, dir, ptemp)) {
        return;
    }
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!strncmp(name, ACME_TMPFILE_PREFIX, strlen(ACME_TMPFILE_PREFIX))) {
            acme_file_remove_tree(apr_pstrcat(ptemp, dir, "/", name, NULL),
                                  ptemp);
        }
    }
}

/* Removes temporary files that killed writers have left in the folders of root,
 * where nothing else lists them: a start that was killed, or acmectl. The first
 * start of a process looks into the archive of each site, too, where a version
 * may be half removed, because its key must not stay. */
static void sweep(const acme_setup_t *setup, apr_pool_t *ptemp)
{
    static const char *const folders[] = {
        "",         "/archive", "/live",    "/stash",  "/import",
        "/desired", "/outbox",  "/bundles", "/pinned", "/revoked",
        "/reuse",   "/removed", "/waiting"};
    const char *archive =
        apr_pstrcat(ptemp, setup->store_dir, "/archive/", NULL);
    apr_array_header_t *names;
    apr_pool_t *tmp;
    size_t i;
    int j;

    apr_pool_create(&tmp, ptemp);
    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        acme_file_sweep(apr_pstrcat(tmp, setup->store_dir, folders[i], NULL),
                        tmp);
    }
    if (!mod_acme_process_get(setup->server->process)->generation
        && !acme_file_list(&names, archive, ptemp)) {
        for (j = 0; j < names->nelts; j++) {
            apr_pool_clear(tmp);
            acme_archive_tidy(apr_pstrcat(tmp, archive,
                                          APR_ARRAY_IDX(names, j, const char *),
                                          NULL),
                              tmp);
        }
    }
    apr_pool_destroy(tmp);
}

/* Makes the placeholder, in the store if it is ours. ptemp removes it after
 * mod_ssl has read it. */
static void open_placeholder(acme_setup_t *setup, const char *dir,
                             apr_time_t now, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i, level = 0;

    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;

        level = spec->security_level > level ? spec->security_level : level;
    }
    if (acme_placeholder_create(&setup->placeholder, dir, level, now, &problem,
                                ptemp)) {
        setup->placeholder = NULL;
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0103) "there is no placeholder certificate for "
                                "sites without one: %s",
                 acme_problem_text(&problem, ptemp));
    }
}

static void load_binding(const acme_setup_t *setup, const acme_ca_spec_t *ca)
{
    acme_eab_t *eab = ca->eab;

    if (!eab || !eab->file || eab->key.kid || eab->problem) {
        return;
    }
    acme_eab_load(eab, setup->pconf);
    if (eab->problem) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0806) "nothing is ordered from %s: %s; what to do: "
                                "%s",
                 ca->label, eab->problem->detail, eab->problem->to_fix);
    }
}

/* Reads the files of external account bindings while we are root, because only
 * root may be allowed to read them. */
static void load_bindings(const acme_setup_t *setup)
{
    int i;

    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;
        const acme_ca_spec_t *ca;
        int j;

        for (j = 0, ca = spec->ca; ca; ca = acme_spec_ca(spec, ++j)) {
            load_binding(setup, ca);
        }
    }
}

static void make_shared(acme_setup_t *setup)
{
    apr_size_t size;
    apr_shm_t *shm;

    if (!apr_shm_create(&shm, sizeof(acme_shared_t), NULL, setup->pconf)) {
        setup->shared = apr_shm_baseaddr_get(shm);
        memset(setup->shared, 0, sizeof(*setup->shared));
    }
    else {
        setup->shared = apr_pcalloc(setup->pconf, sizeof(acme_shared_t));
    }
    size = sizeof(acme_notify_urgent_t) + (apr_size_t)setup->certs->nelts;
    if (!apr_shm_create(&shm, size, NULL, setup->pconf)) {
        setup->notify_urgent = apr_shm_baseaddr_get(shm);
        memset(setup->notify_urgent, 0, size);
    }
    mod_acme_job_cache_prepare(setup);
}

/* Logs the warnings of check_config now, because the error log was not open
 * then. */
static void say_warnings(const acme_setup_t *setup)
{
    int i;

    for (i = 0; i < setup->warnings->nelts; i++) {
        acme_log(setup->log, ACME_LOG_WARNING, 0, "%s",
                 APR_ARRAY_IDX(setup->warnings, i, const char *));
    }
}

/* Runs the first of the two passes of a start: httpd reads its configuration
 * twice, and mod_ssl asks for certificates both times. The first pass only
 * reads the store; the second pass finds out whose it is and checks its
 * state. */
static void first_pass(acme_setup_t *setup, apr_time_t now, apr_pool_t *ptemp)
{
    const char *dir = mod_acme_config_store_dir(setup->server, ptemp);
    acme_promote_guard_t *guard;
    int i;

    apr_dir_make_recursive(dir, APR_FPROT_OS_DEFAULT, ptemp);
    setup->certstore = acme_certstore_look(dir, ptemp);
    acme_certstore_recall(setup->certstore, ptemp);
    guard = acme_promote_guard_read(setup->certstore, dir, ptemp);
    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;
        acme_inventory_t *inventory =
            apr_pcalloc(setup->pconf, sizeof(*inventory));
        acme_certstore_cert_t *live;

        if (!acme_promote_guard_has(guard, spec->name, ptemp)
            && !acme_certstore_get(&live, setup->certstore, spec->name, NULL,
                                   setup->pconf)
            && !acme_certstore_loads(live, spec->security_level, NULL, ptemp)) {
            inventory->live = live;
        }
        acme_site_cert_at(setup->certs, i)->inventory = inventory;
    }
    open_placeholder(setup, acme_owned_dir_linked(dir) ? dir : NULL, now,
                     ptemp);
}

int mod_acme_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                               apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();
    apr_time_t now = apr_time_now();
    apr_status_t rv;
    int promoted;

    (void)plog;
    if (!setup) {
        mod_acme_responder_sockets_open(NULL, s->process, ptemp);
        return OK;
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        first_pass(setup, now, ptemp);
        return OK;
    }
    setup->log = mod_acme_log_httpd(s, pconf);
    setup->loaded = now;
    say_warnings(setup);
    make_shared(setup);
    load_bindings(setup);
    mod_acme_store_open(setup, ptemp);
    mod_acme_responder_sockets_open(setup, s->process, ptemp);
    mod_acme_control_prepare(setup, ptemp);
    /* Change nothing in a store that another server owns. */
    if (setup->ours) {
        acme_certstore_recall(setup->certstore, ptemp);
        acme_removed_prune(setup->certstore, now, ptemp);
        sweep(setup, ptemp);
    }
    promoted = mod_acme_promote_all(setup, now, ptemp);
    mod_acme_hot_prepare(setup, ptemp);
    acme_certstore_keep(setup->certstore);
    if (setup->vault) {
        remove_leftovers(setup->store_dir, ptemp);
    }
    open_placeholder(setup, setup->vault ? setup->store_dir : NULL, now, ptemp);
    mod_acme_restart_prepare(setup, promoted, ptemp);
    mod_acme_stateless_prepare(setup);
    rv = setup->seal ? mod_acme_watchdog_register(setup) : APR_SUCCESS;
    if (rv) {
        acme_log(setup->log, ACME_LOG_ERR, rv,
                 ACME_TAG(0107) "mod_watchdog gives no thread: nothing is "
                                "ordered or renewed");
    }
    return OK;
}

/* Warns of revoked certificates that are still served. */
static void say_revoked(const acme_setup_t *setup, apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;
        const acme_inventory_t *inventory =
            acme_site_cert_at(setup->certs, i)->inventory;
        const char *text =
            acme_status_state_revoked(spec, inventory, NULL, ptemp);

        if (text) {
            acme_log(setup->log, ACME_LOG_WARNING, 0, ACME_TAG(0840) "%s: %s",
                     spec->name, text);
        }
    }
}

/* Names the sites that wait for their first certificate although another ACME
 * client of this machine has one. */
static void say_other_clients(const acme_setup_t *setup, apr_pool_t *ptemp)
{
    const struct {
        acme_other_client_e client;
        const char *name;
        const char *dir;
    } stores[] = {
        {ACME_OTHER_CLIENT_CERTBOT, "certbot", "/etc/letsencrypt"},
        {ACME_OTHER_CLIENT_MOD_MD, "mod_md",
         ap_server_root_relative(ptemp, "md")},
    };
    apr_array_header_t *hosts = apr_array_make(ptemp, 4, sizeof(const char *));
    size_t store;
    int i;

    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);

        if (!cert->spec->cert_file && !cert->inventory->live) {
            APR_ARRAY_PUSH(hosts, const char *) = acme_spec_host(cert->spec);
        }
    }
    for (store = 0; hosts->nelts && store < 2; store++) {
        const apr_array_header_t *found =
            acme_other_client_find(stores[store].client, stores[store].dir,
                                   hosts, setup->loaded, ptemp);

        if (found->nelts) {
            acme_log(setup->log, ACME_LOG_NOTICE, 0,
                     ACME_TAG(0137) "%s%s: %s has a certificate for it in %s; "
                                    "to take that one over instead of ordering "
                                    "another: acmectl import --from %s %s",
                     APR_ARRAY_IDX(found, 0, const char *),
                     found->nelts == 1 ? ""
                                       : apr_psprintf(ptemp, " and %d more",
                                                      found->nelts - 1),
                     stores[store].name, stores[store].dir, stores[store].name,
                     stores[store].dir);
        }
    }
}

int mod_acme_start_served(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();
    int counts[ACME_SERVING_LKC + 1] = {0};
    apr_pool_t *pleave;
    int i;

    (void)pconf;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    mod_acme_process_ready(s->process);
    if (!setup) {
        return OK;
    }
    setup->placeholder = NULL;
    mod_acme_install_rest(setup);
    mod_acme_tls_compare(setup);
    apr_pool_create(&pleave, ptemp);
    mod_acme_control_leave(setup, pleave);
    apr_pool_clear(pleave);
    say_revoked(setup, pleave);
    if (mod_acme_process_get(s->process)->generation == 1) {
        say_other_clients(setup, pleave);
    }
    apr_pool_destroy(pleave);
    for (i = 0; i < setup->sites->nelts; i++) {
        const acme_site_t *site = APR_ARRAY_IDX(setup->sites, i, acme_site_t *);

        counts[site->certs[ACME_SPEC_FIRST_KEY]->inventory->serving]++;
    }
    acme_log(setup->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0108) "%d site%s managed: %d with a certificate obtained "
                            "here, %d with another one, %d waiting for the "
                            "first one, %d without a TLS virtual host",
             setup->sites->nelts, setup->sites->nelts == 1 ? "" : "s",
             counts[ACME_SERVING_LKC], counts[ACME_SERVING_OKC],
             counts[ACME_SERVING_PLACEHOLDER], counts[ACME_SERVING_NOTHING]);
    return OK;
}

/* Gives free memory back to the system. The start of thousands of sites leaves
 * as many free pieces; glibc would join them later in each child, and each
 * child would then get its own copy of these pages. */
static void tidy_memory(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void mod_acme_start_done(void)
{
    acme_setup_t *setup = mod_acme_config_setup_get();

    if (setup) {
        mod_acme_install_done(setup);
        tidy_memory();
    }
}
