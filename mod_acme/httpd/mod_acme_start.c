/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mpm_common.h>
#include <unixd.h>

#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_okc.h"
#include "acme_owner.h"
#include "acme_store_fs.h"
#include "acme_time.h"
#include "config.h"
#include "mod_acme_process.h"
#include "mod_acme_surroundings.h"
#include "mod_acme_tls.h"

/* Generations kept besides the live one. */
#define ARCHIVE_KEEP 3

/* Whatever is wrong with the store, the server starts: it says so, serves what
 * it can and orders nothing. */
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

const char *acme_start_store_dir(const server_rec *s, apr_pool_t *p)
{
    const char *dir =
        acme_config_value(acme_config_get(s), ACME_SETTING_STORE_DIR);

    if (!dir) {
        char *root = apr_pstrdup(p, ap_server_root);
        apr_size_t len = strlen(root);

        while (len > 1 && root[len - 1] == '/') {
            root[--len] = '\0';
        }
        dir = apr_pstrcat(p, ACME_STATEDIR "/", apr_filepath_name_get(root),
                          NULL);
    }
    return dir;
}

/* Once, not with every restart. */
static void tell_of_one_user(acme_setup_t *setup)
{
    if (!acme_process_get(setup->server->process)->generation) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0102) "the server was not started by root: keys "
                                "are not kept apart from the user that it "
                                "runs as");
    }
}

/* Its owner must be us, and nobody else may write in it: that is what makes
 * the names in it trustworthy. */
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
    /* The worker, another user, has to get at its own folders inside. */
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

/* Of two servers that share a store one would stash what the other needs. The
 * second serves what is there, so that a moved configuration leaves no site
 * without its certificate, and touches nothing. */
static int claim_store(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_owner_t mine;

    mine.server_root = ap_server_root;
    mine.config = acme_process_config(setup->server->process, ptemp);
    mine.pid_file = ap_server_root_relative(ptemp, ap_pid_fname);
    if (acme_owner_claim(&mine, setup->store_dir, &problem, ptemp)) {
        unusable(setup, "%s; %s", acme_problem_text(&problem, ptemp),
                 problem.to_fix ? problem.to_fix : "repair it");
        return 0;
    }
    return 1;
}

/* A secret that is there is never replaced: everything sealed depends on it. */
static void open_secret(acme_setup_t *setup, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, setup->store_dir, "/secret", NULL);
    struct stat st;
    char *secret;
    apr_size_t len;
    apr_status_t rv = acme_file_read(&secret, &len, path, 4096, ptemp);

    if (APR_STATUS_IS_ENOENT(rv)) {
        len = ACME_SEAL_SECRET_LEN;
        secret = apr_palloc(ptemp, len);
        rv = acme_key_random((unsigned char *)secret, len);
        if (!rv) {
            rv = acme_file_write(path, secret, len,
                                 APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                 ACME_FILE_SYNC, ptemp);
        }
    }
    if (rv) {
        unusable(setup, "%s cannot be read or written: %pm", path, &rv);
        return;
    }
    if (!stat(path, &st) && (st.st_mode & 077) && !chmod(path, 0600)) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0113) "%s could be read by others "
                                "(mode %o), which is changed "
                                "now; who has read it can open "
                                "what the store keeps sealed",
                 path, (unsigned int)st.st_mode & 0777);
    }
    if (len != ACME_SEAL_SECRET_LEN) {
        unusable(setup,
                 "%s is damaged: it has %lu bytes, not %d; put it back "
                 "from a backup, or remove it to begin anew with a new "
                 "account (live certificates are not affected)",
                 path, (unsigned long)len, ACME_SEAL_SECRET_LEN);
    }
    else {
        setup->seal = acme_seal_create((unsigned char *)secret, setup->pconf);
    }
    acme_key_wipe(secret, len);
}

/* One before the children are forked, so that all together complain once of an
 * item that does not open. */
static void open_vault(acme_setup_t *setup)
{
    acme_store_t *store;

    if (!acme_store_fs_open(&store, setup->store_dir, NULL, setup->pconf)) {
        setup->vault =
            acme_vault_create(store, setup->seal, setup->log, setup->pconf);
    }
}

static void open_store(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int is_ours;

    setup->store_dir = acme_start_store_dir(setup->server, setup->pconf);
    setup->inner_dir = acme_surroundings_inside(setup->store_dir, setup->pconf);
    if (!open_folder(setup, ptemp)) {
        return;
    }
    is_ours = claim_store(setup, ptemp);
    if (acme_live_open(&setup->live, setup->store_dir, &problem,
                       setup->pconf)) {
        setup->live = NULL;
        unusable(setup, "%s", acme_problem_text(&problem, ptemp));
        return;
    }
    if (!is_ours) {
        return;
    }
    open_secret(setup, ptemp);
    if (setup->seal
        && acme_store_fs_prepare(setup->store_dir, ap_unixd_config.user_id,
                                 ap_unixd_config.group_id, &problem, ptemp)) {
        unusable(setup, "%s", acme_problem_text(&problem, ptemp));
    }
    if (setup->seal) {
        open_vault(setup);
    }
}

/* What a start that was killed left behind. Nobody else writes here. */
static void remove_leftovers(const char *dir, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    int i;

    if (acme_file_list(&names, dir, ptemp)) {
        return;
    }
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!strncmp(name, "placeholder.", 12)) {
            acme_file_remove_tree(apr_pstrcat(ptemp, dir, "/", name, NULL),
                                  ptemp);
        }
    }
}

/* In the store, or where that is of no use in the system's temporary folder.
 * Gone with ptemp, when mod_ssl has read it. */
static void open_placeholder(acme_setup_t *setup, apr_time_t now,
                             apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *temp;

    if (setup->vault) {
        remove_leftovers(setup->store_dir, ptemp);
        if (!acme_placeholder_create(&setup->placeholder, setup->store_dir, now,
                                     &problem, ptemp)) {
            return;
        }
    }
    if (!apr_temp_dir_get(&temp, ptemp)
        && !acme_placeholder_create(&setup->placeholder, temp, now, &problem,
                                    ptemp)) {
        return;
    }
    setup->placeholder = NULL;
    acme_log(setup->log, ACME_LOG_ERR, 0,
             ACME_TAG(0103) "there is no placeholder certificate for sites "
                            "without one: %s",
             acme_problem_text(&problem, ptemp));
}

/* Files that an administrator brings. What mod_ssl could not read would stop
 * the server, so it is not given to it. */
static acme_holding_t *examine_file(acme_setup_t *setup,
                                    const acme_spec_t *spec, apr_time_t now,
                                    apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_holding_t *holding = apr_pcalloc(setup->pconf, sizeof(*holding));
    const char *warning;

    if (acme_okc_read(&holding->file, spec->cert_file, spec->cert_key_file,
                      &problem, setup->pconf)) {
        holding->file = NULL;
        holding->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0131) "%s: ACMECertificateFile %s; https answers "
                                "503 until both files are in order and the "
                                "server was restarted gracefully",
                 spec->name, acme_problem_text(&problem, ptemp));
        return holding;
    }
    warning = acme_holding_file_warning(holding, now, ptemp);
    if (warning) {
        acme_log(setup->log, ACME_LOG_WARNING, 0, ACME_TAG(0132) "%s: %s",
                 spec->name, warning);
    }
    return holding;
}

static acme_holding_t *examine(acme_setup_t *setup, acme_vault_t *vault,
                               const acme_spec_t *spec, apr_time_t now,
                               apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_holding_t *holding = apr_pcalloc(setup->pconf, sizeof(*holding));
    acme_live_cert_t *live = NULL;
    apr_status_t rv;

    if (vault) {
        holding->staged =
            acme_activate(&holding->staged_fingerprint, setup->live, vault,
                          spec, ARCHIVE_KEEP, now, &problem, setup->pconf);
    }
    if (holding->staged == ACME_STAGED_REFUSED) {
        holding->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0, ACME_TAG(0104) "%s",
                 acme_problem_text(&problem, ptemp));
    }
    if (holding->staged == ACME_STAGED_FAILED) {
        holding->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0109) "%s; it is kept, and tried again at the next "
                                "restart",
                 acme_problem_text(&problem, ptemp));
    }
    rv = setup->live ? acme_live_get(&live, setup->live, spec->name, &problem,
                                     setup->pconf)
                     : APR_ENOENT;
    if (!rv) {
        holding->live = live;
    }
    else if (!APR_STATUS_IS_ENOENT(rv)) {
        holding->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0105) "%s: the stored certificate is of no use, "
                                "another is ordered: %s",
                 spec->name, acme_problem_text(&problem, ptemp));
    }
    if (live && holding->staged == ACME_STAGED_PROMOTED) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0106) "%s: certificate %s from %s is served from "
                                "now on, valid until %s",
                 spec->name, live->info->serial, spec->ca->label,
                 acme_time_print(live->info->not_after, ptemp));
    }
    return holding;
}

static int examine_all(acme_setup_t *setup, apr_time_t now, apr_pool_t *ptemp)
{
    acme_store_t *store = NULL;
    acme_vault_t *vault = acme_setup_vault(setup, ptemp);
    apr_pool_t *scratch;
    int promoted = 0;
    int i;

    if (vault) {
        store = acme_vault_store(vault);
    }
    apr_pool_create(&scratch, ptemp);
    setup->staged = apr_pcalloc(
        setup->pconf, sizeof(*setup->staged) * (apr_size_t)setup->specs->nelts);
    setup->holdings = apr_array_make(setup->pconf, setup->specs->nelts,
                                     sizeof(acme_holding_t *));
    for (i = 0; i < setup->specs->nelts; i++) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(setup->specs, i, const acme_spec_t *);
        acme_holding_t *holding;

        /* Before it is looked at: what comes later is news to the activator. */
        if (store) {
            acme_stamp_read(&setup->staged[i],
                            acme_store_fs_path(store, ACME_STORE_STAGING,
                                               spec->name, scratch),
                            ACME_STAMP_LINK, scratch);
        }
        holding = spec->cert_file ? examine_file(setup, spec, now, scratch)
                                  : examine(setup, vault, spec, now, scratch);
        promoted += holding->staged == ACME_STAGED_PROMOTED;
        if (holding->staged == ACME_STAGED_FAILED) {
            /* Still to be put in place: as if it had not been seen. */
            memset(&setup->staged[i], 0, sizeof(setup->staged[i]));
        }
        APR_ARRAY_PUSH(setup->holdings, acme_holding_t *) = holding;
        apr_pool_clear(scratch);
    }
    return promoted;
}

static void make_board(acme_setup_t *setup)
{
    apr_shm_t *shm;

    if (!apr_shm_create(&shm, sizeof(acme_board_t), NULL, setup->pconf)) {
        setup->board = apr_shm_baseaddr_get(shm);
        memset(setup->board, 0, sizeof(*setup->board));
    }
    else {
        setup->board = apr_pcalloc(setup->pconf, sizeof(acme_board_t));
    }
}

/* When check_config found them the error log was not open yet. */
static void say_warnings(const acme_setup_t *setup)
{
    int i;

    for (i = 0; i < setup->warnings->nelts; i++) {
        acme_log(setup->log, ACME_LOG_WARNING, 0, "%s",
                 APR_ARRAY_IDX(setup->warnings, i, const char *));
    }
}

/* A start reads its configuration twice, and mod_ssl wants a certificate the
 * first time too. The store is not for a rehearsal, but what was found good
 * the last time serves here as well as a placeholder that has to be made. */
static void rehearse(acme_setup_t *setup, apr_time_t now, apr_pool_t *ptemp)
{
    const char *dir = acme_start_store_dir(setup->server, ptemp);
    acme_live_t *live = NULL;
    struct stat st;
    int i;

    if (!stat(apr_pstrcat(ptemp, dir, "/live", NULL), &st)
        && st.st_uid == geteuid()
        && !acme_live_open(&live, dir, NULL, setup->pconf)) {
        acme_live_recall(live, ptemp);
    }
    setup->holdings = apr_array_make(setup->pconf, setup->specs->nelts,
                                     sizeof(acme_holding_t *));
    for (i = 0; i < setup->specs->nelts; i++) {
        acme_holding_t *holding = apr_pcalloc(setup->pconf, sizeof(*holding));
        acme_live_cert_t *cert;

        APR_ARRAY_PUSH(setup->holdings, acme_holding_t *) = holding;
        if (live
            && !acme_live_known(
                &cert, live,
                APR_ARRAY_IDX(setup->specs, i, const acme_spec_t *)->name,
                setup->pconf)) {
            holding->live = cert;
        }
    }
    open_placeholder(setup, now, ptemp);
}

int acme_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                           apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = acme_setup_get();
    apr_time_t now = apr_time_now();
    apr_status_t rv;
    int promoted;

    (void)plog;
    if (!setup) {
        return OK;
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        rehearse(setup, now, ptemp);
        return OK;
    }
    setup->log = acme_log_httpd(s, pconf);
    setup->loaded = now;
    say_warnings(setup);
    make_board(setup);
    open_store(setup, ptemp);
    if (setup->live) {
        acme_live_recall(setup->live, ptemp);
    }
    promoted = examine_all(setup, now, ptemp);
    if (setup->live) {
        acme_live_keep(setup->live);
    }
    open_placeholder(setup, now, ptemp);
    acme_monitor_prepare(setup, promoted, ptemp);
    rv = setup->seal ? acme_watchdog_register(setup) : APR_SUCCESS;
    if (rv) {
        acme_log(setup->log, ACME_LOG_ERR, rv,
                 ACME_TAG(0107) "mod_watchdog gives no thread: nothing is "
                                "ordered or renewed");
    }
    return OK;
}

int acme_start_served(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *s)
{
    acme_setup_t *setup = acme_setup_get();
    int counts[ACME_SERVING_LKC + 1] = {0};
    int i;

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    acme_process_ready(s->process);
    if (!setup) {
        return OK;
    }
    setup->placeholder = NULL;
    acme_tls_compare(setup);
    for (i = 0; i < setup->holdings->nelts; i++) {
        counts[APR_ARRAY_IDX(setup->holdings, i, acme_holding_t *)->serving]++;
    }
    acme_log(setup->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0108) "%d sites managed: %d serve a "
                            "certificate obtained here, %d "
                            "another one, %d wait for "
                            "their first, %d have no TLS "
                            "virtual host",
             setup->holdings->nelts, counts[ACME_SERVING_LKC],
             counts[ACME_SERVING_OKC], counts[ACME_SERVING_PLACEHOLDER],
             counts[ACME_SERVING_NOTHING]);
    return OK;
}
