/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_promote.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "acme_certstore.h"
#include "acme_expiry_file.h"
#include "acme_own_cert.h"
#include "acme_pin.h"
#include "acme_promote.h"
#include "acme_promote_guard.h"
#include "acme_store_fs.h"
#include "acme_time.h"
#include "mod_acme_install.h"

/* Names all certificates with this verdict in a few words, because a start may
 * have promoted thousands. Returns NULL when there is none. */
static const char *print_found(const apr_array_header_t *found,
                               acme_promote_guard_verdict_e verdict,
                               apr_pool_t *p)
{
    const char *first = NULL;
    int count = 0;
    int i;

    for (i = 0; i < found->nelts; i++) {
        const acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(found, i, acme_promote_guard_found_t);

        if (one->verdict == verdict) {
            first = first ? first : one->name;
            count++;
        }
    }
    return count > 1 ? apr_psprintf(p, "%s and %d more", first, count - 1)
                     : first;
}

void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *found;
    const char *names;
    int i;

    setup->guard = acme_promote_guard_read(setup->certstore, setup->store_dir,
                                           setup->pconf);
    if (acme_promote_guard_recover(&found, setup->guard, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0191) "certificates that were never loaded cannot be "
                                "taken back: %s",
                 acme_problem_text(&problem, ptemp));
        return;
    }
    for (i = 0; i < found->nelts; i++) {
        const acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(found, i, acme_promote_guard_found_t);

        if (one->verdict != ACME_PROMOTE_GUARD_REFUSED) {
            continue;
        }
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0192) "%s: the server ended before it had loaded the "
                                "certificate that was activated (archive "
                                "number %d), which is taken back; %s",
                 one->name, one->version,
                 one->live
                     ? apr_psprintf(ptemp, "number %d is live again", one->live)
                     : "there was none before it");
    }
    names = print_found(found, ACME_PROMOTE_GUARD_AGAIN, ptemp);
    if (names) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0133) "%s: the last start ended before mod_ssl had "
                                "loaded the new certificate, which is tried "
                                "again now",
                 names);
    }
    names = print_found(found, ACME_PROMOTE_GUARD_HELD, ptemp);
    if (names) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0134) "%s: the last two starts ended before mod_ssl "
                                "had loaded the new certificate, so this start "
                                "does without it, and the next one tries again",
                 names);
    }
}

/* Records the names that are about to be promoted. Returns non-zero when
 * promotion may begin; logs what prevents it. */
static int prepare(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(ptemp, 4, sizeof(const char *));
    int i;

    for (i = 0; i < setup->certs->nelts; i++) {
        if (acme_site_cert_at(setup->certs, i)->staged.inode) {
            APR_ARRAY_PUSH(names, const char *) =
                acme_site_cert_at(setup->certs, i)->spec->name;
        }
    }
    if (acme_promote_guard_begin(setup->guard, names, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0193) "no new certificate is activated: %s",
                 acme_problem_text(&problem, ptemp));
        return 0;
    }
    return 1;
}

/* Reads an administrator's own certificate files. Files that mod_ssl could not
 * read are not given to it, because they would stop the server. */
static acme_inventory_t *examine_file(acme_setup_t *setup,
                                      const acme_spec_t *spec, apr_time_t now,
                                      apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_inventory_t *inventory = apr_pcalloc(setup->pconf, sizeof(*inventory));
    const char *warning;

    if (acme_own_cert_read(&inventory->file, spec->cert_file,
                           spec->cert_key_file, &problem, setup->pconf)) {
        inventory->file = NULL;
        inventory->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0131) "%s: ACMECertificateFile %s; https answers "
                                "503 until both files are in order and the "
                                "server was restarted gracefully",
                 spec->name, acme_problem_text(&problem, ptemp));
        return inventory;
    }
    warning = acme_expiry_file(inventory, &spec->warn_window, now, ptemp);
    if (warning) {
        acme_log(setup->log, ACME_LOG_WARNING, 0, ACME_TAG(0132) "%s: %s",
                 spec->name, warning);
    }
    return inventory;
}

/* Returns when the file of the staged certificate was last changed, which the
 * worker cannot date back, or 0. */
static apr_time_t changed_at(acme_vault_t *vault, const char *name,
                             apr_pool_t *ptemp)
{
    struct stat st;

    return lstat(acme_store_fs_path(acme_vault_store(vault), ACME_STORE_STAGING,
                                    name, ptemp),
                 &st)
               ? 0
               : apr_time_from_sec(st.st_ctim.tv_sec)
                     + st.st_ctim.tv_nsec / 1000;
}

/* Promotes the site's staged certificate if possible. One that was not there
 * when the names were recorded waits for the next start, because this one could
 * not take it back. */
static void promote(acme_setup_t *setup, acme_inventory_t *inventory,
                    acme_vault_t *vault, const acme_site_cert_t *cert,
                    apr_time_t now, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = cert->spec;

    if (vault && setup->install && cert->staged.inode) {
        const acme_promote_t promotion = {
            .spec = spec,
            .vault = vault,
            .certstore = setup->certstore,
            .pinned = acme_pin_get(setup->store_dir, spec->name, ptemp),
            .staged_at = changed_at(vault, spec->name, ptemp),
            .keep = ACME_ARCHIVE_KEEP,
            .now = now,
        };

        inventory->staged = acme_promote(&inventory->staged_fingerprint,
                                         &promotion, &problem, setup->pconf);
    }
    if (inventory->staged == ACME_STAGED_REFUSED) {
        inventory->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0, ACME_TAG(0104) "%s",
                 acme_problem_text(&problem, ptemp));
    }
    if (inventory->staged == ACME_STAGED_FAILED) {
        inventory->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0109) "%s; it is kept, and tried again at the next "
                                "restart",
                 acme_problem_text(&problem, ptemp));
    }
}

static acme_inventory_t *examine(acme_setup_t *setup, acme_vault_t *vault,
                                 const acme_site_cert_t *cert, apr_time_t now,
                                 apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = cert->spec;
    acme_inventory_t *inventory = apr_pcalloc(setup->pconf, sizeof(*inventory));
    acme_certstore_cert_t *live = NULL;
    apr_status_t rv;

    promote(setup, inventory, vault, cert, now, ptemp);
    rv = setup->certstore ? acme_certstore_get(
             &live, setup->certstore, spec->name, &problem, setup->pconf)
                          : APR_ENOENT;
    if (!rv) {
        rv = acme_certstore_loads(live, spec->security_level, &problem,
                                  setup->pconf);
    }
    if (!rv) {
        inventory->live = live;
        inventory->revoked =
            acme_certstore_revoked(setup->certstore, live, setup->pconf);
        inventory->pinned =
            acme_pin_get(setup->store_dir, spec->name, ptemp) == live->version;
    }
    else if (!APR_STATUS_IS_ENOENT(rv)) {
        inventory->problem = acme_problem_dup(&problem, setup->pconf);
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0105) "%s: the stored certificate cannot be used, "
                                "%s: %s",
                 spec->name,
                 vault ? "another is ordered" : "and nothing is ordered",
                 acme_problem_text(&problem, ptemp));
    }
    if (inventory->live && inventory->staged == ACME_STAGED_PROMOTED) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0106) "%s: certificate %s from %s is served from "
                                "now on, valid until %s",
                 spec->name, live->info->serial, spec->ca->label,
                 acme_time_print(live->info->not_after, ptemp));
    }
    return inventory;
}

static void forget_staged(acme_site_cert_t *cert)
{
    memset(&cert->staged, 0, sizeof(cert->staged));
}

int mod_acme_promote_all(acme_setup_t *setup, apr_time_t now, apr_pool_t *ptemp)
{
    acme_store_t *store = NULL;
    acme_vault_t *vault = mod_acme_config_setup_vault(setup, ptemp);
    apr_pool_t *tmp;
    int promoted = 0;
    int i;

    if (vault) {
        store = acme_vault_store(vault);
    }
    if (setup->certstore && setup->ours) {
        mod_acme_install_open(setup, vault, now, ptemp);
    }
    apr_pool_create(&tmp, ptemp);
    /* Read the stamps before the items, because the activator must notice a
     * change that comes after. */
    for (i = 0; store && i < setup->certs->nelts; i++) {
        acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);

        acme_file_stamp_read(&cert->staged,
                             acme_store_fs_path(store, ACME_STORE_STAGING,
                                                cert->spec->name, tmp),
                             ACME_FILE_STAMP_LINK, tmp);
        apr_pool_clear(tmp);
    }
    if (vault && !prepare(setup, ptemp)) {
        vault = NULL;
        for (i = 0; i < setup->certs->nelts; i++) {
            forget_staged(acme_site_cert_at(setup->certs, i));
        }
    }
    for (i = 0; i < setup->certs->nelts; i++) {
        acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);
        const acme_spec_t *spec = cert->spec;

        cert->inventory = spec->cert_file
                              ? examine_file(setup, spec, now, tmp)
                              : examine(setup, vault, cert, now, tmp);
        promoted += cert->inventory->staged == ACME_STAGED_PROMOTED;
        if (cert->inventory->staged == ACME_STAGED_FAILED) {
            /* Forget the stamp, so that the activator tries again. */
            forget_staged(cert);
        }
        apr_pool_clear(tmp);
    }
    if (setup->guard) {
        acme_promote_guard_loading(setup->guard);
    }
    return promoted;
}

void mod_acme_promote_give(acme_setup_t *setup, const acme_site_t *site)
{
    const char *names[ACME_SPEC_KINDS];
    int count = 0;
    int i;

    if (!setup->guard) {
        return;
    }
    for (i = 0; site && i < ACME_SPEC_KINDS; i++) {
        if (site->certs[i]) {
            names[count++] = site->certs[i]->spec->name;
        }
    }
    acme_promote_guard_give(setup->guard, names, count);
}

int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();

    (void)pconf;
    (void)plog;
    (void)s;
    if (setup && setup->guard) {
        acme_promote_guard_end(setup->guard, ptemp);
    }
    return OK;
}
