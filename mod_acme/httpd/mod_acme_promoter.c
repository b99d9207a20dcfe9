/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_promoter.h"

#include <stdlib.h>

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <unixd.h>

#include <apr_strings.h>

#include "acme_hot_bundle.h"
#include "acme_install_recover.h"
#include "acme_key_choice.h"
#include "acme_key_reuse.h"
#include "acme_lock.h"
#include "acme_owner.h"
#include "acme_pin.h"
#include "acme_promote.h"
#include "acme_promote_guard.h"
#include "acme_secret.h"
#include "acme_store_fs.h"
#include "acme_time.h"
#include "mod_acme_hooks.h"
#include "mod_acme_hot.h"
#include "mod_acme_process.h"

APLOG_USE_MODULE(acme);

/* Environment variable: the store's folder. */
#define VARIABLE "MOD_ACME_PROMOTE"

/* Time between two runs; it doubles with each that fails. */
#define PAUSE_MIN apr_time_from_sec(10)
#define PAUSE_MAX apr_time_from_sec(600)

/* A certificate that was staged so shortly before a run may have come too late
 * for it, because of the steps of time stamps. */
#define CLOCK_TICK apr_time_from_sec(2)

/* ---- the process with -t ---- */

/* All that one run needs. */
typedef struct run_t {
    acme_setup_t *setup;
    acme_certstore_t *certstore;
    acme_vault_t *vault;
    const acme_seal_t *seal;
    const acme_hot_bundle_t *bundles;
    const char *dir;
} run_t;

/* Opens the store. Nothing is made or repaired, because a start does that. */
static apr_status_t open_store(run_t *run, acme_problem_t *problem,
                               apr_pool_t *p)
{
    acme_store_t *store;
    acme_seal_t *seal;
    acme_lock_t *lock;
    apr_status_t rv;

    rv = acme_lock_take(&lock, run->dir, ACME_LOCK_START, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_certstore_open(&run->certstore, run->dir, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_secret_open(&seal, run->dir, 0, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_store_fs_open(&store, run->dir, problem, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    acme_install_recover(run->certstore, p);
    (void)acme_promote_guard_read(run->certstore, run->dir, p);
    run->seal = seal;
    run->bundles = acme_hot_bundle_open(run->dir, seal, p);
    run->vault = acme_vault_create(store, seal, run->setup->log, p);
    return APR_SUCCESS;
}

/* Leaves what is live for children and, where the site wants that, its key for
 * the next order. */
static apr_status_t leave(const run_t *run, const acme_spec_t *spec,
                          acme_problem_t *problem, apr_pool_t *p)
{
    acme_inventory_t inventory;
    acme_certstore_cert_t *live;
    acme_bundle_t *bundle;
    const char *hash;
    apr_status_t rv;

    rv = acme_certstore_get(&live, run->certstore, spec->name, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_certstore_bundle(&bundle, run->certstore, ACME_PLACE_LIVE,
                                   spec->name, problem, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memset(&inventory, 0, sizeof(inventory));
    inventory.live = live;
    hash = acme_key_choice_reused(spec, &inventory, NULL);
    if (hash) {
        rv = acme_key_reuse_put(acme_key_reuse_open(run->dir, run->seal, p),
                                hash, bundle->key_pem, ap_unixd_config.group_id,
                                problem, p);
    }
    return rv == APR_SUCCESS
               ? acme_hot_bundle_put(run->bundles, spec->name,
                                     acme_bundle_print(bundle, p),
                                     ap_unixd_config.group_id, problem, p)
               : rv;
}

/* Promotes a certificate, if children serve it. */
static void promote(const run_t *run, const acme_spec_t *spec, apr_pool_t *p)
{
    const acme_promote_t promotion = {
        .spec = spec,
        .vault = run->vault,
        .certstore = run->certstore,
        .pinned = acme_pin_get(run->dir, spec->name, p),
        .keep = ACME_ARCHIVE_KEEP,
        .now = apr_time_now(),
    };
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_staged_e staged = ACME_STAGED_NONE;
    const char *fingerprint;
    acme_job_t *job;

    if (spec->cert_file
        || acme_job_load(&job, run->vault, spec->name, &problem, p)
        || !job->staged || !job->swapped) {
        return;
    }
    staged = acme_promote(&fingerprint, &promotion, &problem, p);
    if (staged == ACME_STAGED_NONE) {
        return;
    }
    if (staged == ACME_STAGED_REFUSED || staged == ACME_STAGED_FAILED
        || leave(run, spec, &problem, p)) {
        acme_log(run->setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0710) "%s: it is not live yet: %s", spec->name,
                 acme_problem_text(&problem, p));
    }
}

int mod_acme_promoter_check(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();
    const char *dir = getenv(VARIABLE);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    run_t run = {.setup = setup, .dir = dir};
    apr_pool_t *each;
    int i;

    (void)plog;
    if (!dir || !setup
        || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_CONFIG_TEST) {
        return OK;
    }
    setup->log = mod_acme_log_httpd(s, pconf);
    if (strcmp(dir, mod_acme_config_store_dir(s, ptemp)) != 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     ACME_TAG(0711) "ACMEStoreDir was changed; certificates "
                                    "become live with the next restart");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (open_store(&run, &problem, ptemp)) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     ACME_TAG(0712) "certificates cannot be made live: %s",
                     acme_problem_text(&problem, ptemp));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < setup->certs->nelts; i++) {
        promote(&run, acme_site_cert_at(setup->certs, i)->spec, each);
        apr_pool_clear(each);
    }
    apr_pool_destroy(each);
    return OK;
}

/* ---- the parent ---- */

struct mod_acme_promoter_t {
    acme_setup_t *setup;
    acme_configtest_t *run;
    acme_store_t *store;
    const acme_hot_bundle_t *bundles;
    acme_modules_t modules;
    apr_time_t began; /* the last run */
    apr_time_t not_before;
    apr_interval_time_t pause;
    int failures; /* runs in a row */
};

mod_acme_promoter_t *mod_acme_promoter_create(acme_setup_t *setup,
                                              void (*ended)(void *baton),
                                              void *baton)
{
    mod_acme_promoter_t *promoter =
        apr_pcalloc(setup->pconf, sizeof(*promoter));

    promoter->setup = setup;
    promoter->pause = PAUSE_MIN;
    if (acme_store_fs_open(&promoter->store, setup->store_dir, NULL,
                           setup->pconf)) {
        return NULL;
    }
    promoter->bundles =
        acme_hot_bundle_open(setup->store_dir, setup->seal, setup->pconf);
    mod_acme_process_modules_read(&promoter->modules, setup->pconf);
    promoter->run = mod_acme_configtest_create(setup->server, setup->store_dir,
                                               ended, baton, setup->pconf);
    mod_acme_configtest_set(
        promoter->run,
        apr_pstrcat(setup->pconf, VARIABLE "=", setup->store_dir, NULL));
    return promoter;
}

/* Finds out which certificates are live now: root's copy of them is newer than
 * what was staged. One that is dated ahead, because the clock was set back,
 * waits for a restart: no copy is newer until then, and each run would leave it
 * for the next one. Only calls stat(), as the activator does. */
static void take_outcome(mod_acme_promoter_t *promoter, apr_time_t now,
                         apr_pool_t *ptemp)
{
    acme_setup_t *setup = promoter->setup;
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, ptemp);
    for (i = 0; i < setup->certs->nelts; i++) {
        acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);
        acme_file_stamp_t staged, copy;

        apr_pool_clear(each);
        if (!mod_acme_hot_is_served(setup, i)) {
            continue;
        }
        acme_file_stamp_read(&staged,
                             acme_store_fs_path(promoter->store,
                                                ACME_STORE_STAGING,
                                                cert->spec->name, each),
                             ACME_FILE_STAMP_LINK, each);
        if (!staged.inode || acme_file_stamp_same(&staged, &cert->staged)
            || (staged.mtime + CLOCK_TICK > promoter->began
                && staged.mtime <= now)) {
            continue;
        }
        acme_file_stamp_read(
            &copy,
            acme_hot_bundle_path(promoter->bundles, cert->spec->name, each),
            ACME_FILE_STAMP_LINK, each);
        if (copy.inode && copy.mtime >= staged.mtime) {
            cert->staged = staged;
            mod_acme_hot_promoted(setup, i);
        }
        else {
            mod_acme_hot_refused(setup, i);
        }
    }
    apr_pool_destroy(each);
}

static void fail(mod_acme_promoter_t *promoter, const char *why, apr_time_t now,
                 apr_pool_t *ptemp)
{
    acme_log(promoter->setup->log,
             promoter->failures++ ? ACME_LOG_DEBUG : ACME_LOG_WARNING, 0,
             ACME_TAG(0713) "certificates are served and could not be made "
                            "live: %s; tried again in %s, and at the next "
                            "restart",
             why, acme_time_print_duration(promoter->pause, ptemp));
    promoter->not_before = now + promoter->pause;
    promoter->pause *= 2;
    if (promoter->pause > PAUSE_MAX) {
        promoter->pause = PAUSE_MAX;
    }
}

int mod_acme_promoter_step(mod_acme_promoter_t *promoter, int swapped,
                           apr_time_t now, apr_pool_t *ptemp)
{
    const char *words = NULL;

    if (promoter->not_before > now + PAUSE_MAX) {
        promoter->not_before = now; /* the clock was turned back */
    }
    switch (mod_acme_configtest_state(promoter->run, &words, now)) {
    case ACME_CONFIGTEST_RUNNING:
        return 0;
    case ACME_CONFIGTEST_PASSED:
        promoter->failures = 0;
        promoter->pause = PAUSE_MIN;
        promoter->not_before = now + PAUSE_MIN;
        take_outcome(promoter, now, ptemp);
        return 1;
    case ACME_CONFIGTEST_FAILED:
        fail(promoter, words, now, ptemp);
        return 0;
    case ACME_CONFIGTEST_IDLE:
        break;
    }
    if (swapped > 0 && now >= promoter->not_before) {
        const char *replaced = mod_acme_process_replaced(
            promoter->setup->server->process, &promoter->modules, ptemp);

        if (replaced) {
            fail(promoter,
                 apr_psprintf(ptemp, "%s was replaced while the server runs",
                              replaced),
                 now, ptemp);
            return 0;
        }
        promoter->began = now;
        mod_acme_configtest_start(promoter->run, now);
    }
    return 0;
}
