/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mpm_common.h>
#include <unixd.h>

#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_owner.h"
#include "acme_owned.h"
#include "acme_secret.h"
#include "acme_store_fs.h"
#include "config.h"
#include "mod_acme_process.h"
#include "mod_acme_compat.h"
#include "mod_acme_promote.h"

/* Notes why the store cannot be used. The server starts anyway: it logs the
 * reason, serves what it can, and orders nothing. */
static void unusable(acme_setup_t *setup, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void unusable(acme_setup_t *setup, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    setup->unusable = apr_pvsprintf(setup->pconf, fmt, args);
    va_end(args);
    setup->seal = NULL;
    acme_log(setup->log, ACME_LOG_ERR, 0,
             ACME_TAG(0101) "%s; nothing is ordered until this is repaired "
                            "and the server restarted",
             setup->unusable);
}

/* Logs once per server, not at every restart. */
static void tell_of_one_user(acme_setup_t *setup)
{
    if (!mod_acme_process_get(setup->server->process)->generation) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0102) "the server was not started by root: keys "
                                "are not kept apart from the user that it "
                                "runs as");
    }
}

/* Makes and checks the store's folder. It must belong to us and nobody else may
 * write in it, because only then the names in it can be trusted. */
static int open_folder(acme_setup_t *setup, apr_pool_t *ptemp)
{
    const char *dir = setup->store_dir;
    int as_root = !geteuid();
    struct stat st;
    apr_status_t rv;

    rv = apr_dir_make_recursive(dir, APR_FPROT_OS_DEFAULT, ptemp);
    if (rv && !APR_STATUS_IS_EEXIST(rv)) {
        unusable(setup, "ACMEStoreDir %s cannot be made: %pm", dir, &rv);
        return 0;
    }
    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
        unusable(setup, "ACMEStoreDir %s is no folder", dir);
        return 0;
    }
    if (st.st_uid != geteuid()) {
        unusable(setup,
                 "ACMEStoreDir %s belongs to user %ld, not to %s; "
                 "chown it, or name another folder",
                 dir, (long)st.st_uid,
                 as_root ? "root" : "the user that runs the server");
        return 0;
    }
    /* Root's folder is 0711, because the worker, which is another user, must
     * reach its own folders inside. */
    if ((st.st_mode & 0777) != (as_root ? 0711 : 0700)
        && chmod(dir, as_root ? 0711 : 0700)) {
        unusable(setup, "ACMEStoreDir %s: its permissions cannot be set", dir);
        return 0;
    }
    if (!as_root) {
        tell_of_one_user(setup);
    }
    return 1;
}

/* Claims the store. If two servers shared a store, one would stash what the
 * other needs. The second server serves what is there, so that a moved
 * configuration leaves no site without its certificate, and changes nothing. */
static int claim_store(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_owner_t mine;

    mine.server_root = ap_server_root;
    mine.config = mod_acme_process_config(setup->server->process, ptemp);
    mine.pid_file = ap_server_root_relative(ptemp, ap_pid_fname);
    if (acme_owner_claim(&mine, setup->store_dir, &problem, ptemp)) {
        unusable(setup, "%s; %s", acme_problem_text(&problem, ptemp),
                 problem.to_fix ? problem.to_fix : "repair it");
        return 0;
    }
    return 1;
}

static void open_secret(acme_setup_t *setup)
{
    const char *path =
        apr_pstrcat(setup->pconf, setup->store_dir, "/secret", NULL);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_seal_t *seal;
    struct stat st;

    if (acme_secret_open(&seal, setup->store_dir, 1, &problem, setup->pconf)) {
        unusable(setup, "%s", problem.detail);
        return;
    }
    setup->seal = seal;
    if (!stat(path, &st) && (st.st_mode & 077) && !chmod(path, 0600)) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0113) "%s could be read by others "
                                "(mode %o), which is changed "
                                "now; who has read it can open "
                                "what the store keeps sealed",
                 path, (unsigned int)st.st_mode & 0777);
    }
}

/* Opens the vault before the children are forked, because all processes then
 * share what was logged and a damaged item is logged once. */
static void open_vault(acme_setup_t *setup)
{
    acme_store_t *store;

    if (!acme_store_fs_open(&store, setup->store_dir, NULL, setup->pconf)) {
        setup->vault =
            acme_vault_create(store, setup->seal, setup->log, setup->pconf);
    }
}

/* Takes the right to write in a folder of ours from all others. */
static void close_to_others(const acme_setup_t *setup, const char *dir)
{
    struct stat st;

    if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()
        || acme_owned(&st) || chmod(dir, 0700)) {
        return;
    }
    acme_log(setup->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0190) "%s could be written by others (mode %o), which is "
                            "changed now; who has done so may have put "
                            "certificates there",
             dir, (unsigned int)st.st_mode & 0777);
}

void mod_acme_store_open(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int is_ours;
    int place;

    setup->store_dir = mod_acme_config_store_dir(setup->server, setup->pconf);
    setup->inner_dir = mod_acme_compat_inside(setup->store_dir, setup->pconf);
    if (!open_folder(setup, ptemp)) {
        setup->certstore = acme_certstore_look(setup->store_dir, setup->pconf);
        return;
    }
    is_ours = claim_store(setup, ptemp);
    for (place = 0; place < ACME_PLACES; place++) {
        close_to_others(setup,
                        apr_pstrcat(ptemp, setup->store_dir, "/",
                                    acme_certstore_place_name(place), NULL));
    }
    close_to_others(setup,
                    apr_pstrcat(ptemp, setup->store_dir, "/archive", NULL));
    if (acme_certstore_open(&setup->certstore, setup->store_dir, &problem,
                            setup->pconf)) {
        setup->certstore = acme_certstore_look(setup->store_dir, setup->pconf);
        unusable(setup, "%s", acme_problem_text(&problem, ptemp));
        return;
    }
    if (!is_ours) {
        return;
    }
    open_secret(setup);
    if (setup->seal
        && acme_store_fs_prepare(setup->store_dir, ap_unixd_config.user_id,
                                 ap_unixd_config.group_id, &problem, ptemp)) {
        unusable(setup, "%s", acme_problem_text(&problem, ptemp));
    }
    mod_acme_promote_recover(setup, ptemp);
    if (setup->seal) {
        open_vault(setup);
    }
    setup->ours = 1;
}
