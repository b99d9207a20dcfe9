/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_ctl_restart.h"
#include "acme_file.h"
#include "acme_ident.h"
#include "acme_certstore.h"
#include "acme_install_recover.h"
#include "acme_own_cert.h"
#include "acme_pin.h"
#include "acme_secret.h"
#include "acme_store_fs.h"
#include "acme_text.h"
#include "config.h"

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    (void)baton;
    (void)level;
    (void)rv;
    acmectl_io_say("%s", message);
}

static int exists(const char *dir, const char *name, apr_pool_t *p)
{
    struct stat st;

    return lstat(apr_pstrcat(p, dir, "/", name, NULL), &st) == 0;
}

/* Returns non-zero when a folder is the store of a server. */
static int is_store(const char *dir, apr_pool_t *p)
{
    return exists(dir, "secret", p) || exists(dir, "live", p);
}

/* Returns the only store below the default place, or NULL after printing why
 * there is none. */
static const char *default_dir(const acmectl_t *ctl)
{
    apr_array_header_t *names;
    const char *dir = NULL;
    const char *path;
    apr_status_t rv = acme_file_list(&names, ACME_STATEDIR, ctl->p);
    int i;

    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: %s; name the store with --store DIR (ACMEStoreDir)",
                       ACME_STATEDIR,
                       apr_strerror(rv, apr_palloc(ctl->p, 120), 120));
        return NULL;
    }
    for (i = 0; i < names->nelts; ++i) {
        path = apr_pstrcat(ctl->p, ACME_STATEDIR "/",
                           APR_ARRAY_IDX(names, i, const char *), NULL);
        if (!is_store(path, ctl->p)) {
            continue;
        }
        if (dir) {
            acmectl_io_say("there is more than one store (%s, %s): choose with "
                           "--store DIR",
                           dir, path);
            return NULL;
        }
        dir = path;
    }
    if (!dir) {
        acmectl_io_say(
            "there is no store in %s: has a server with ACMEDomain been "
            "started? else name it with --store DIR (ACMEStoreDir)",
            ACME_STATEDIR);
    }
    return dir;
}

/* Returns non-zero when the folder of the store, which is there, is ours. */
static int is_ours(const acmectl_t *ctl, const struct stat *st)
{
    if (!S_ISDIR(st->st_mode)) {
        acmectl_io_say("%s is no folder", ctl->dir);
        return 0;
    }
    if (st->st_uid != geteuid()) {
        acmectl_io_say("%s belongs to user %ld: run acmectl as that user%s",
                       ctl->dir, (long)st->st_uid,
                       st->st_uid == 0 ? " (sudo acmectl ...)"
                       : geteuid() == 0
                           ? ", if that user starts the server; else the "
                             "server does not use it either: chown -R "
                             "root:root it, then apachectl graceful"
                           : "");
        return 0;
    }
    return 1;
}

/* Returns non-zero when a folder that is not there could be made. */
static int can_be_made(const acmectl_t *ctl)
{
    char *above = apr_pstrdup(ctl->p, ctl->dir);
    struct stat st;
    char *slash;

    while ((slash = strrchr(above, '/')) != NULL) {
        *slash = '\0';
        if (stat(slash == above ? "/" : above, &st) == 0) {
            break;
        }
    }
    above = slash == NULL ? apr_pstrdup(ctl->p, ".")
            : *above      ? above
                          : apr_pstrdup(ctl->p, "/");
    if (stat(above, &st) == 0 && S_ISDIR(st.st_mode)
        && access(above, W_OK | X_OK) == 0) {
        return 1;
    }
    acmectl_io_say("%s cannot be made in %s", ctl->dir, above);
    return 0;
}

static int check_dir(const acmectl_t *ctl, acmectl_open_e how)
{
    struct stat st;

    if (stat(ctl->dir, &st) == 0) {
        if (!is_ours(ctl, &st)) {
            return 0;
        }
        if (how != CTL_MAKE && !is_store(ctl->dir, ctl->p)) {
            acmectl_io_say("%s is no store of mod_acme", ctl->dir);
            return 0;
        }
        return 1;
    }
    if (how != CTL_MAKE) {
        acmectl_io_say("there is no store %s", ctl->dir);
        return 0;
    }
    /* Make the folders above the store readable, because the worker must pass
     * through. */
    umask(022);
    if (apr_dir_make_recursive(ctl->dir, APR_FPROT_OS_DEFAULT, ctl->p)
        || chmod(ctl->dir, geteuid() == 0 ? 0711 : 0700)) {
        acmectl_io_say("%s cannot be made", ctl->dir);
        return 0;
    }
    umask(077);
    return 1;
}

static int open_sealed(acmectl_t *ctl, acmectl_open_e how,
                       acme_problem_t *problem)
{
    acme_log_t *log = apr_pcalloc(ctl->p, sizeof(*log));
    acme_store_t *store;
    apr_status_t rv = acme_secret_open(&ctl->seal, ctl->dir, how == CTL_MAKE,
                                       problem, ctl->p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return 1;
    }
    if (rv == APR_SUCCESS) {
        rv = acme_store_fs_open(&store, ctl->dir, problem, ctl->p);
    }
    if (rv != APR_SUCCESS) {
        return 0;
    }
    log->sink = sink;
    log->level = ACME_LOG_WARNING;
    ctl->vault = acme_vault_create(store, ctl->seal, log, ctl->p);
    ctl->ctl_requests = acme_ctl_request_open(ctl->dir, ctl->seal, ctl->p);
    return 1;
}

static void open_published(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv =
        acme_published_read(&ctl->published, ctl->dir, &problem, ctl->p);

    if (rv == APR_SUCCESS) {
        return;
    }
    if (!APR_STATUS_IS_ENOENT(rv)) {
        acmectl_io_fail(ctl, &problem);
    }
    ctl->published = apr_pcalloc(ctl->p, sizeof(*ctl->published));
    ctl->published->activation = "graceful";
    ctl->published->certs =
        apr_array_make(ctl->p, 1, sizeof(acme_site_cert_t *));
}

int acmectl_store_open(acmectl_t *ctl, acmectl_open_e how)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    ctl->dir = ctl->store ? ctl->store : default_dir(ctl);
    if (!ctl->dir || !check_dir(ctl, how)) {
        return 0;
    }
    /* Wait for the lock, because the server may be starting. */
    rv = acme_lock_take(&ctl->lock, ctl->dir, ACME_LOCK_TOOL, &problem, ctl->p);
    if (rv == EROFS && how == CTL_READ) {
        /* Nothing changes there, so nobody has to be kept out. */
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = acme_certstore_open(&ctl->certstore, ctl->dir, &problem, ctl->p);
    }
    if (rv != APR_SUCCESS || !open_sealed(ctl, how, &problem)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    acme_install_recover(ctl->certstore, ctl->p);
    open_published(ctl);
    if (how == CTL_READ && ctl->lock) {
        acme_lock_release(ctl->lock);
    }
    return 1;
}

int acmectl_store_look(acmectl_t *ctl)
{
    struct stat st;

    ctl->dir = ctl->store ? ctl->store : default_dir(ctl);
    if (!ctl->dir
        || !(stat(ctl->dir, &st) == 0 ? is_ours(ctl, &st) : can_be_made(ctl))) {
        return 0;
    }
    ctl->certstore = acme_certstore_look(ctl->dir, ctl->p);
    open_published(ctl);
    return 1;
}

int acmectl_store_changed(acmectl_t *ctl, const char *what)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_ctl_restart_touch(ctl->dir, what, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    acme_lock_release(ctl->lock);
    if (!acmectl_server_is_running(ctl)) {
        acmectl_io_say(
            "no server is running with this store: it takes effect when "
            "one starts");
    }
    else if (strcmp(ctl->published->activation, "manual") == 0) {
        acmectl_io_say("it takes effect with the next restart (ACMEActivation "
                       "manual): apachectl graceful");
    }
    else {
        acmectl_io_say("the server restarts itself gracefully for it");
    }
    return CTL_DONE;
}

/* ---- sites ---- */

const char *acmectl_store_name(const acmectl_t *ctl, const char *text)
{
    const char *name, *why;

    if (acme_spec_name_parse(&name, text, &why, ctl->p) != APR_SUCCESS) {
        acmectl_io_say("%s: %s", acme_text_escape(text, 300, ctl->p), why);
        return NULL;
    }
    return name;
}

int acmectl_store_site(const acmectl_t *ctl, const char *text)
{
    const char *name = acmectl_store_name(ctl, text);
    int i;

    if (!name) {
        return -1;
    }
    i = acme_published_find(ctl->published, name);
    if (i < 0) {
        acmectl_io_say("%s: no site of that name is managed", name);
    }
    return i;
}

const acme_spec_t *acmectl_store_spec(const acmectl_t *ctl, int i)
{
    return acme_site_cert_at(ctl->published->certs, i)->spec;
}

int acmectl_store_second_key(const acmectl_t *ctl, int i)
{
    const acme_site_t *site = acme_site_cert_at(ctl->published->certs, i)->site;
    const acme_site_cert_t *second = site->certs[ACME_SPEC_SECOND_KEY];

    return second && second->index != i ? second->index : -1;
}

acme_inventory_t *acmectl_store_inventory(const acmectl_t *ctl, int i,
                                          apr_pool_t *p)
{
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_inventory_t *inventory =
        apr_pmemdup(p, acme_site_cert_at(ctl->published->certs, i)->inventory,
                    sizeof(*inventory));
    acme_certstore_cert_t *live;
    apr_status_t rv;

    if (spec->cert_file) {
        if (acme_own_cert_read(&inventory->file, spec->cert_file,
                               spec->cert_key_file, &problem, p)) {
            inventory->file = NULL;
            inventory->problem = acme_problem_dup(&problem, p);
        }
        return inventory;
    }
    rv = acme_certstore_get(&live, ctl->certstore, spec->name, &problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_certstore_loads(live, spec->security_level, &problem, p);
    }
    if (rv == APR_SUCCESS) {
        inventory->live = live;
        if (strcmp(ctl->published->activation, "hot") == 0
            && inventory->serving != ACME_SERVING_NOTHING) {
            /* It may be live since the configuration was published. */
            inventory->serving = ACME_SERVING_LKC;
        }
        inventory->revoked = acme_certstore_revoked(ctl->certstore, live, p);
        inventory->pinned =
            acme_pin_get(ctl->dir, spec->name, p) == live->version;
    }
    else if (!APR_STATUS_IS_ENOENT(rv)) {
        inventory->problem = acme_problem_dup(&problem, p);
    }
    return inventory;
}
