/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_compat.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <http_config.h>
#include <mpm_common.h>
#include <unixd.h>

#include <apr_strings.h>

#include "config.h"
#include "mod_acme_hooks.h"
#include "mod_acme_conftree.h"

/* ---- where the server runs ---- */

/* Returns the part of the path below ChrootDir, with its slash, or NULL when
 * the path is outside. */
static const char *below_chroot(const char *path)
{
    const char *root = ap_unixd_config.chroot_dir;
    apr_size_t len = strlen(root);

    while (len && root[len - 1] == '/') {
        len--;
    }
    if (strncmp(path, root, len) != 0 || path[len] != '/') {
        return NULL;
    }
    return path + len;
}

const char *mod_acme_compat_inside(const char *path, apr_pool_t *p)
{
    const char *below =
        path && ap_unixd_config.chroot_dir ? below_chroot(path) : NULL;

    return below ? apr_pstrdup(p, below) : path;
}

const char *mod_acme_compat_chroot(void)
{
    return ap_unixd_config.chroot_dir;
}

const char *mod_acme_compat_outside(const char *path, apr_pool_t *p)
{
    const char *root = ap_unixd_config.chroot_dir;
    apr_size_t len = root ? strlen(root) : 0;

    while (len && root[len - 1] == '/') {
        len--;
    }
    return root && *path == '/'
               ? apr_pstrcat(p, apr_pstrmemdup(p, root, len), path, NULL)
               : path;
}

static void check_chroot(acme_sites_t *sites)
{
    const char *store = mod_acme_config_store_dir(sites->server, sites->p);

    if (ap_unixd_config.chroot_dir && !below_chroot(store)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0020) "ChrootDir %s: httpd's children, which "
                           "obtain the certificates, cannot reach the "
                           "store %s from inside of it; write "
                           "'ACMEStoreDir %s%s'",
            ap_unixd_config.chroot_dir, store, ap_unixd_config.chroot_dir,
            store);
    }
}

/* Refuses modules that change the user of a whole child while it works, because
 * the worker is a thread of such a child. */
static void check_users(acme_sites_t *sites)
{
    static const char *const modules[][2] = {
        {"mpm_itk.c", "mpm-itk"},
        {"mod_ruid2.c", "mod_ruid2"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        if (ap_find_linked_module(modules[i][0])) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0021) "ACMEDomain does not work with %s, which is "
                               "loaded: httpd's children run as root or "
                               "change their user at every request, and so "
                               "would what obtains the certificates; "
                               "unload %s and run the sites' programs as "
                               "their users by other means, such as "
                               "php-fpm, mod_fcgid or suexec",
                modules[i][1], modules[i][1]);
        }
    }
}

static void check_core_dumps(acme_sites_t *sites)
{
    if (ap_coredumpdir_configured) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0022) "CoreDumpDirectory %s: while it is set, "
                           "every program that runs as httpd's user "
                           "can read the keys of all certificates out "
                           "of httpd's children; remove it when you "
                           "have found what you look for",
            ap_coredump_dir);
    }
}

static void check_resolver(acme_sites_t *sites)
{
#ifndef HAVE_LIBCARES
    const apr_array_header_t *servers = mod_acme_config_value(
        mod_acme_config_get(sites->server), ACME_SETTING_DNS_SERVERS);

    if (servers && servers->nelts > 0) {
        mod_acme_sites_warn(
            sites, ACME_TAG(0649) "ACMEDnsServers has no effect: this mod_acme "
                                  "was built without c-ares, and asks nothing "
                                  "of the DNS; build it with c-ares "
                                  "(libc-ares-dev), or remove the directive");
    }
#else
    (void)sites;
#endif
}

/* Returns non-zero when somebody else than root and the server's user may
 * rename what is in a folder. In a sticky one he may not. */
static int is_others(const struct stat *st)
{
    return (st->st_uid != 0 && st->st_uid != geteuid())
           || (st->st_mode & 022 && !(st->st_mode & S_ISVTX));
}

/* Warns when somebody else could put another folder in the place of the store,
 * because root trusts what it finds there. The store itself is checked at a
 * start. Folders that are not there yet are made by the server. */
static void check_parents(acme_sites_t *sites)
{
    const char *store = mod_acme_config_store_dir(sites->server, sites->p);
    char *path = apr_pstrdup(sites->p, store);
    char *slash, *real;
    struct stat st;

    while ((slash = strrchr(path, '/')) != NULL) {
        *slash = '\0';
        real = realpath(*path ? path : "/", NULL);
        if (real && !stat(real, &st) && S_ISDIR(st.st_mode) && is_others(&st)) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0136) "ACMEStoreDir %s: a user who may write in %s "
                               "(owner %ld, mode %o) can put another folder in "
                               "its place, with other keys; give it to root, "
                               "let nobody else write in it, or name a folder "
                               "elsewhere",
                store, real, (long)st.st_uid, (unsigned int)st.st_mode & 07777);
            free(real);
            return;
        }
        free(real);
    }
}

/* Refuses ACMEDomain in a virtual host without a ServerName, because httpd
 * gives it another server's name and that name would be ordered. */
static void check_names(acme_sites_t *sites)
{
    const server_rec *s;

    for (s = sites->server->next; s; s = s->next) {
        const acme_config_t *config = mod_acme_config_get(s);

        if (config->domains->nelts
            && !mod_acme_conftree_is_named(sites->tree, s)) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0023) "ACMEDomain at %s: the virtual host has no "
                               "ServerName of its own; write one into it",
                APR_ARRAY_IDX(config->domains, 0, acme_domain_t).place);
        }
    }
}

void mod_acme_compat_check(acme_sites_t *sites)
{
    sites->tree = mod_acme_conftree_read(sites->p);
    check_users(sites);
    check_chroot(sites);
    check_core_dumps(sites);
    check_resolver(sites);
    check_parents(sites);
    check_names(sites);
}

/* ---- other modules that want the same names ---- */

static void check_md(acme_sites_t *sites)
{
    apr_hash_index_t *hi;

    if (!apr_hash_count(sites->tree->md_names)) {
        return;
    }
    for (hi = apr_hash_first(sites->p, sites->match.claims); hi;
         hi = apr_hash_next(hi)) {
        const char *name = apr_hash_this_key(hi);
        const acme_match_claim_t *claim = apr_hash_this_val(hi);
        const acme_conftree_directive_t *found =
            mod_acme_conftree_md(sites->tree, name);

        if (found) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0024) "ACMEDomain %s at %s: mod_md manages this "
                               "name too, by '%s' at %s; remove it from "
                               "one of them",
                name, claim->place, found->text, found->place);
        }
    }
}

/* Refuses a virtual host that mod_md manages as well, because mod_md takes all
 * names of a virtual host that has one of its names. */
static void check_md_host(acme_sites_t *sites, const server_rec *s)
{
    const acme_conftree_directive_t *found = NULL;
    const acme_site_draft_t *site;
    int i;

    if (s->server_hostname) {
        found = mod_acme_conftree_md(sites->tree, s->server_hostname);
    }
    for (i = 0; !found && s->names && i < s->names->nelts; i++) {
        found = mod_acme_conftree_md(sites->tree,
                                     APR_ARRAY_IDX(s->names, i, const char *));
    }
    if (found) {
        site = &sites->drafts[mod_acme_config_get(s)->site];
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0025) "ACMEDomain at %s: the virtual host at "
                           "%s:%u is of this site, and mod_md has it "
                           "too, by '%s' at %s; have one of them "
                           "manage all of its names",
            site->match->place, s->defn_name ? s->defn_name : "",
            s->defn_line_number, found->text, found->place);
    }
}

/* Refuses certificates from SSLOpenSSLConfCmd, because mod_ssl loads them after
 * ours and in the place of ours. */
static void check_conf_cmd(acme_sites_t *sites, const server_rec *s)
{
    const acme_conftree_directive_t *found =
        mod_acme_conftree_conf_cmd(sites->tree, s);

    if (found) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0026) "'%s' at %s would always be served in the "
                           "place of the certificate that is obtained "
                           "for the virtual host at %s:%u; write "
                           "SSLCertificateFile and "
                           "SSLCertificateKeyFile instead, which serve "
                           "until it is there",
            found->text, found->place, s->defn_name ? s->defn_name : "",
            s->defn_line_number);
    }
}

/* Warns of what belongs to the certificate in the configuration alone, because
 * mod_ssl goes on using it with the one that is obtained. */
static void check_bound(acme_sites_t *sites, const server_rec *s,
                        const acme_conftree_directive_t **said)
{
    const acme_conftree_directive_t *found =
        mod_acme_conftree_bound(sites->tree, s);

    const acme_config_t *config = mod_acme_config_get(s);

    /* Say one of the main server once, for the first virtual host. A
     * certificate of the administrator may be the one that it belongs to. */
    if (!found || found == *said || !config->expect_tls
        || mod_acme_config_value(&sites->drafts[config->site].settings,
                                 ACME_SETTING_CERT_FILE)) {
        return;
    }
    *said = found;
    mod_acme_sites_warn(
        sites,
        ACME_TAG(0162) "'%s' at %s belongs to another certificate than the one "
                       "that is obtained for the virtual host at %s:%u, and "
                       "clients may refuse that because of it; remove it, or "
                       "leave the virtual host out ('ACMEDomain off')",
        found->text, found->place, s->defn_name ? s->defn_name : "",
        s->defn_line_number);
}

/* Returns the place of an ACMERequireHttps that is not off, or NULL. */
static const char *place_if_required(const acme_setting_t *settings)
{
    const acme_setting_t *set = &settings[ACME_SETTING_REQUIRE_HTTPS];
    const acme_require_https_e *value = set->place ? set->value : NULL;

    return value && *value != ACME_HTTPS_OFF ? set->place : NULL;
}

/* Returns the place of the first of them in servers and sets, or NULL. */
static const char *find_required(const acme_sites_t *sites)
{
    const apr_array_header_t *domains =
        mod_acme_config_get(sites->server)->domains;
    const char *place = NULL;
    const server_rec *s;
    int i;

    for (s = sites->server; s && !place; s = s->next) {
        place = place_if_required(mod_acme_config_get(s)->settings);
    }
    for (i = 0; i < domains->nelts && !place; i++) {
        const acme_domain_t *set = &APR_ARRAY_IDX(domains, i, acme_domain_t);

        place = set->settings ? place_if_required(set->settings) : NULL;
    }
    return place;
}

/* Warns of a redirect to https that may lead back to itself, because a proxy
 * that ends TLS asks by plain http. */
static void check_proxy(acme_sites_t *sites, const char *place)
{
    const acme_conftree_directive_t *found = sites->tree->remote_ip;

    if (found) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0054) "ACMERequireHttps at %s: '%s' at %s says that a "
                           "proxy is in front; if it ends TLS, it has to "
                           "send 'X-Forwarded-Proto: https', or else its "
                           "visitors are redirected for ever; or remove "
                           "ACMERequireHttps and let the proxy redirect; where "
                           "all is well, write it within '<If true>', of which "
                           "this is not said",
            place, found->text, found->place);
    }
}

/* Warns of a redirect to https that no client could follow. */
static void check_redirect(acme_sites_t *sites)
{
    const acme_config_t *base = mod_acme_config_get(sites->server);
    const acme_port_map_t *map =
        mod_acme_config_value(base, ACME_SETTING_PORT_MAP);
    const char *place = find_required(sites);

    if (!place) {
        return;
    }
    if (!map || map->https) {
        check_proxy(sites, place);
        return;
    }
    mod_acme_sites_warn(sites,
                        ACME_TAG(0027) "ACMERequireHttps at %s does nothing: "
                                       "by ACMEPortMap at %s no https comes "
                                       "in",
                        place, base->settings[ACME_SETTING_PORT_MAP].place);
}

void mod_acme_compat_check_sites(acme_sites_t *sites)
{
    const acme_conftree_directive_t *said = NULL;
    const server_rec *s;

    check_redirect(sites);
    check_md(sites);
    for (s = sites->server; s && !sites->errors; s = s->next) {
        if (mod_acme_config_get(s)->site >= 0) {
            check_md_host(sites, s);
            check_conf_cmd(sites, s);
            check_bound(sites, s, &said);
        }
    }
}
