/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mpm_common.h>
#include <unixd.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_owner.h"
#include "acme_owned.h"
#include "acme_secret.h"
#include "acme_store_fs.h"
#include "acme_store_fs_repair.h"
#include "acme_store_fs_root.h"
#include "config.h"
#include "mod_acme_process.h"
#include "mod_acme_compat.h"
#include "mod_acme_promote.h"

/* Notes why the store cannot be used, and the command that mends it. The server
 * starts anyway: it logs the reason, serves what it can, and orders nothing. */
static void unusable(acme_setup_t *setup, const char *to_fix, const char *fmt,
                     ...) __attribute__((format(printf, 3, 4)));

static void unusable(acme_setup_t *setup, const char *to_fix, const char *fmt,
                     ...)
{
    va_list args;

    va_start(args, fmt);
    setup->unusable = apr_pvsprintf(setup->pconf, fmt, args);
    va_end(args);
    setup->to_fix = apr_pstrdup(setup->pconf, to_fix);
    setup->seal = NULL;
    acme_log(setup->log, ACME_LOG_ERR, 0,
             ACME_TAG(0101) "%s; nothing is ordered or renewed until this is "
                            "repaired and the server restarted; what to do: %s",
             setup->unusable, setup->to_fix);
}

static void unusable_for(acme_setup_t *setup, const acme_problem_t *problem,
                         apr_pool_t *ptemp)
{
    unusable(setup,
             problem->to_fix ? problem->to_fix
                             : "repair it, then apachectl graceful",
             "%s", acme_problem_text(problem, ptemp));
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
        unusable(setup, "make the folder, or name another one, then restart",
                 "ACMEStoreDir %s cannot be made: %pm", dir, &rv);
        return 0;
    }
    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
        unusable(setup, "name another folder in ACMEStoreDir",
                 "ACMEStoreDir %s is no folder", dir);
        return 0;
    }
    if (st.st_uid != geteuid()) {
        unusable(setup,
                 apr_psprintf(ptemp,
                              "chown -R %ld:%ld %s, then restart (apachectl "
                              "graceful)%s",
                              (long)geteuid(), (long)getegid(), dir,
                              as_root ? ": the start gives its folders back "
                                        "to the server's user"
                                      : ""),
                 "ACMEStoreDir %s belongs to user %ld, not to %s", dir,
                 (long)st.st_uid,
                 as_root ? "root" : "the user that runs the server");
        return 0;
    }
    /* Root's folder is 0711, because the worker, which is another user, must
     * reach its own folders inside. */
    if ((st.st_mode & 0777) != (as_root ? 0711 : 0700)
        && chmod(dir, as_root ? 0711 : 0700)) {
        unusable(setup, "see what kind of file system it is on",
                 "ACMEStoreDir %s: its permissions cannot be set", dir);
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
        unusable_for(setup, &problem, ptemp);
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
        unusable_for(setup, &problem, setup->pconf);
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

/* Returns non-zero when bytes are an item that was sealed here, for this name:
 * nobody but the worker and root can make such bytes. */
static int is_sealed(void *baton, const char *kind, const char *name,
                     const acme_store_item_t *item, apr_pool_t *ptemp)
{
    const acme_seal_t *seal = baton;
    acme_seal_label_t label = {kind, name};
    apr_size_t len;
    char *data;

    return acme_seal_open(&data, &len, seal, &label, item->data, item->len,
                          NULL, ptemp)
           == APR_SUCCESS;
}

/* Gives the files of the store back to the worker, whose owners or modes a
 * chown, a copy or a backup has changed. */
static void repair_files(acme_setup_t *setup, int repaired, apr_pool_t *ptemp)
{
    acme_store_fs_repair_t repair;

    memset(&repair, 0, sizeof(repair));
    repair.dir = setup->store_dir;
    repair.uid = ap_unixd_config.user_id;
    repair.gid = ap_unixd_config.group_id;
    repair.is_item = is_sealed;
    repair.baton = (void *)setup->seal;
    acme_store_fs_repair(&repair, ptemp);
    repair.repaired += repaired;
    if (repair.repaired > 0) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0510) "%s: owner or mode of %d file%s had been "
                                "changed, which is repaired: the server's "
                                "user %lu can use the store again",
                 setup->store_dir, repair.repaired,
                 repair.repaired == 1 ? "" : "s",
                 (unsigned long)ap_unixd_config.user_id);
    }
    if (repair.left > 0) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0511) "%s belongs to another user and is no item of "
                                "the store, so it is left alone (%d such "
                                "file%s); what to do: move it out of the store",
                 repair.path, repair.left, repair.left == 1 ? "" : "s");
    }
}

/* Sets owners and modes of what is root's in the store. Returns how many were
 * set, without those that are said here. */
static int repair_root(const acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_store_fs_root_t root;

    memset(&root, 0, sizeof(root));
    root.dir = setup->store_dir;
    root.uid = ap_unixd_config.user_id;
    root.gid = ap_unixd_config.group_id;
    acme_store_fs_root_repair(&root, ptemp);
    if (root.taken > 0) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0161) "%s belonged to the server's user %lu, and is "
                                "root's again (%d such file%s); who could act "
                                "as that user may have read or changed what is "
                                "there",
                 root.path, (unsigned long)root.uid, root.taken,
                 root.taken == 1 ? "" : "s");
    }
    return root.repaired;
}

/* Returns non-zero when the file system can be written. */
static int is_writable(acme_setup_t *setup)
{
    struct statvfs fs;

    if (statvfs(setup->store_dir, &fs) || !(fs.f_flag & ST_RDONLY)) {
        return 1;
    }
    unusable(setup,
             "make it writable (mount -o remount,rw), then restart "
             "(apachectl graceful)",
             "the file system of ACMEStoreDir %s is read-only",
             setup->store_dir);
    return 0;
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
    int is_ours, repaired;
    int place;

    setup->store_dir = mod_acme_config_store_dir(setup->server, setup->pconf);
    setup->inner_dir = mod_acme_compat_inside(setup->store_dir, setup->pconf);
    if (!open_folder(setup, ptemp) || !is_writable(setup)) {
        setup->certstore = acme_certstore_look(setup->store_dir, setup->pconf);
        return;
    }
    is_ours = claim_store(setup, ptemp);
    repaired = is_ours ? repair_root(setup, ptemp) : 0;
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
        unusable_for(setup, &problem, ptemp);
        return;
    }
    if (!is_ours) {
        return;
    }
    open_secret(setup);
    if (setup->seal) {
        repair_files(setup, repaired, ptemp);
    }
    if (setup->seal
        && acme_store_fs_prepare(setup->store_dir, ap_unixd_config.user_id,
                                 ap_unixd_config.group_id, &problem, ptemp)) {
        unusable_for(setup, &problem, ptemp);
    }
    mod_acme_promote_recover(setup, ptemp);
    if (setup->seal) {
        open_vault(setup);
    }
    setup->ours = 1;
}
