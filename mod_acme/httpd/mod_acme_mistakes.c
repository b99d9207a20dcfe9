/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_mistakes.h"

#include <string.h>

#include <ap_listen.h>
#include <util_cfgtree.h>

#include <apr_strings.h>

#include "acme_default.h"
#include "acme_ident.h"

/* The most names that one message has. */
#define MAX_NAMED 5

/* The most mistakes of one site that its status has. */
#define MAX_KEPT 3

int mod_acme_mistakes_listens(int port)
{
    const ap_listen_rec *listener;

    for (listener = ap_listeners; listener; listener = listener->next) {
        if (listener->bind_addr && listener->bind_addr->port == port) {
            return 1;
        }
    }
    return 0;
}

static const char *place_of(const server_rec *s, apr_pool_t *p)
{
    return s->is_virtual
               ? apr_psprintf(p, "%s:%u", s->defn_name, s->defn_line_number)
               : "the main server";
}

/* Keeps a mistake for the status of a site. Many virtual hosts of a site may
 * have the same one. */
static void keep(acme_mistakes_site_t *site, const char *text, const char *fix,
                 apr_pool_t *p)
{
    if ((site->text && strstr(site->text, text)) || site->kept >= MAX_KEPT) {
        return;
    }
    site->kept++;
    site->text =
        site->text ? apr_pstrcat(p, site->text, "; ", text, NULL) : text;
    site->fix = site->fix ? apr_pstrcat(p, site->fix, "; ", fix, NULL) : fix;
}

/* Returns non-zero when an address of a virtual host is for this port. Port 0
 * stands for all ports. */
static int is_for(const server_addr_rec *addr, int port)
{
    return port
           && (addr->host_port == port
               || (!addr->host_port && mod_acme_mistakes_listens(port)));
}

static int host_is_for(const server_rec *s, int port)
{
    const server_addr_rec *addr;

    for (addr = s->addrs; addr && s->is_virtual; addr = addr->next) {
        if (is_for(addr, port)) {
            return 1;
        }
    }
    return 0;
}

/* ---- TLS on the port for plain http ---- */

static void say_tls_on_http(const acme_mistakes_t *mistakes,
                            const server_rec *s)
{
    acme_sites_t *sites = mistakes->sites;
    const ap_directive_t *engine = mod_acme_config_get(s)->engine;
    const char *place = engine
                            ? apr_psprintf(sites->p, "%s:%d", engine->filename,
                                           engine->line_num)
                            : place_of(s, sites->p);

    if (mod_acme_sites_first(sites, "tls on http", place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0046) "SSLEngine on at %s: it makes port %d speak TLS "
                           "(%s%s), so that the authority, which asks for "
                           "http-01 answers there in plain http, gets none; "
                           "write a virtual host of its own for port %d, "
                           "without it%s",
            place, mistakes->http, s->is_virtual ? "virtual host at " : "",
            place_of(s, sites->p), mistakes->http,
            engine && engine->parent ? ""
                                     : ", and SSLEngine on into the virtual "
                                       "hosts for https only");
    }
}

/* Keeps it for the status of the site, if the virtual host is of one. */
static void keep_tls_on_http(const acme_mistakes_t *mistakes,
                             const server_rec *s, int site)
{
    apr_pool_t *p = mistakes->sites->p;

    if (site >= 0) {
        keep(&mistakes->by_site[site],
             apr_psprintf(p,
                          "SSLEngine on makes port %d speak TLS (virtual host "
                          "at %s), where the authority asks in plain http",
                          mistakes->http, place_of(s, p)),
             apr_psprintf(p,
                          "write a virtual host of its own for port %d, "
                          "without SSLEngine on",
                          mistakes->http),
             p);
    }
}

/* Looks for virtual hosts with TLS on the http port. The first virtual host of
 * an address decides whether its connections have TLS. */
static void check_http_port(const acme_mistakes_t *mistakes)
{
    acme_sites_t *sites = mistakes->sites;
    apr_hash_t *taken = apr_hash_make(sites->p);
    int i;

    for (i = 0; i < sites->match.n_hosts; i++) {
        const server_rec *s = sites->hosts[i];
        int site = sites->match.hosts[i].site;
        const server_addr_rec *addr;

        for (addr = s->addrs; addr && s->is_virtual; addr = addr->next) {
            char *ip;

            if (!is_for(addr, mistakes->http)
                || apr_sockaddr_ip_get(&ip, addr->host_addr)
                || apr_hash_get(taken, ip, APR_HASH_KEY_STRING)) {
                continue;
            }
            apr_hash_set(taken, apr_pstrdup(sites->p, ip), APR_HASH_KEY_STRING,
                         s);
            if (mod_acme_config_get(s)->expect_tls) {
                say_tls_on_http(mistakes, s);
                keep_tls_on_http(mistakes, s, site);
            }
        }
    }
    if (!apr_hash_count(taken) && mistakes->http
        && mod_acme_mistakes_listens(mistakes->http)
        && mod_acme_config_get(sites->server)->expect_tls) {
        say_tls_on_http(mistakes, sites->server);
    }
}

/* ---- ports and names of sites ---- */

static int is_any(const apr_sockaddr_t *addr)
{
    char *ip;

    return apr_sockaddr_ip_get(&ip, (apr_sockaddr_t *)addr) == APR_SUCCESS
           && (!strcmp(ip, "0.0.0.0") || !strcmp(ip, "::"));
}

/* Returns non-zero when a connection can come to this address. A listener for
 * all addresses of one family counts for the other, because it may take
 * both. */
static int is_reached(const server_addr_rec *addr)
{
    const ap_listen_rec *listener;

    for (listener = ap_listeners; listener; listener = listener->next) {
        const apr_sockaddr_t *at = listener->bind_addr;

        if (at && (!addr->host_port || at->port == addr->host_port)
            && (is_any(at) || is_any(addr->host_addr)
                || apr_sockaddr_equal(at, addr->host_addr))) {
            return 1;
        }
    }
    return 0;
}

/* Returns the argument of the Listen that is missing. */
static const char *missing_listen(const server_addr_rec *addr, apr_pool_t *p)
{
    char *ip;

    if (!mod_acme_mistakes_listens(addr->host_port) || is_any(addr->host_addr)
        || apr_sockaddr_ip_get(&ip, addr->host_addr)) {
        return apr_itoa(p, (int)addr->host_port);
    }
    return apr_psprintf(p, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip,
                        (int)addr->host_port);
}

/* Warns when no connection can come to a virtual host. */
static void check_listeners(acme_sites_t *sites, acme_mistakes_site_t *site,
                            const server_rec *s)
{
    const char *place = place_of(s, sites->p);
    const server_addr_rec *addr;
    const char *text, *fix, *key;

    for (addr = s->addrs; addr; addr = addr->next) {
        if (!addr->host_port || is_reached(addr)) {
            return;
        }
    }
    if (!s->is_virtual) {
        return;
    }
    key = s->addrs ? missing_listen(s->addrs, sites->p) : place;
    if (s->addrs) {
        text = apr_psprintf(sites->p,
                            "nothing listens on %s%s, so nobody can reach the "
                            "virtual host at %s",
                            strchr(key, ':') ? "" : "port ", key, place);
        fix = apr_psprintf(sites->p, "add 'Listen %s'", key);
    }
    else {
        text = apr_psprintf(sites->p,
                            "the virtual host at %s has no address that is "
                            "known (AH00547), so nobody can reach it",
                            place);
        fix = "write '<VirtualHost *:443>', or an address instead of the name";
    }
    keep(site, text, fix, sites->p);
    if (mod_acme_sites_first(sites, "listen", key)) {
        mod_acme_sites_warn(sites, ACME_TAG(0049) "%s; %s", text, fix);
    }
}

/* Returns where ACMEDomain or ACMEAutoDomains is written that a virtual host
 * for the https port without TLS is meant by, or NULL. One that only shares a
 * name with a site counts when it has just this port, because one for all ports
 * may be there for plain http. */
static const char *meant_by(const acme_mistakes_t *mistakes, int index)
{
    const acme_sites_t *sites = mistakes->sites;
    const server_rec *s = sites->hosts[index];
    const acme_config_t *config = mod_acme_config_get(s);
    const acme_match_host_t *host = &sites->match.hosts[index];
    const acme_setting_t *all = &config->settings[ACME_SETTING_AUTO_DOMAINS];
    const server_addr_rec *addr;

    if (!s->is_virtual || config->off || !host_is_for(s, mistakes->https)) {
        return NULL;
    }
    if (config->domains->nelts) {
        return apr_pstrcat(
            sites->p, "ACMEDomain at ",
            APR_ARRAY_IDX(config->domains, 0, acme_domain_t).place, NULL);
    }
    for (addr = s->addrs; addr; addr = addr->next) {
        if (addr->host_port != mistakes->https) {
            return NULL;
        }
    }
    /* SSLEngine off is written on purpose. */
    if (config->engine) {
        return NULL;
    }
    if (host->site >= 0) {
        return apr_pstrcat(sites->p, "ACMEDomain at ",
                           sites->drafts[host->site].match->place, NULL);
    }
    return mod_acme_config_flag(config, ACME_SETTING_AUTO_DOMAINS)
                   && host->server_name
                   && mod_acme_conftree_is_named(sites->tree, s)
               ? apr_pstrcat(sites->p, "ACMEAutoDomains at ", all->place, NULL)
               : NULL;
}

static void check_host(acme_mistakes_t *mistakes, int index)
{
    acme_sites_t *sites = mistakes->sites;
    const server_rec *s = sites->hosts[index];
    const acme_config_t *config = mod_acme_config_get(s);
    int site = sites->match.hosts[index].site;
    const char *by;

    if (site >= 0) {
        mistakes->by_site[site].hosts++;
    }
    if (config->expect_tls) {
        if (site >= 0) {
            mistakes->by_site[site].tls++;
            check_listeners(sites, &mistakes->by_site[site], s);
        }
        return;
    }
    by = meant_by(mistakes, index);
    if (!by) {
        return;
    }
    mod_acme_sites_warn(
        sites,
        ACME_TAG(0047) "%s: the virtual host at %s is for port %d and has no "
                       "TLS, so that nothing is ordered for it; add 'SSLEngine "
                       "on' to it",
        by, place_of(s, sites->p), mistakes->https);
    if (site >= 0) {
        mistakes->by_site[site].told = 1;
        keep(&mistakes->by_site[site],
             apr_psprintf(sites->p,
                          "the virtual host at %s is for port %d and has no "
                          "TLS",
                          place_of(s, sites->p), mistakes->https),
             apr_psprintf(sites->p,
                          "add 'SSLEngine on' to the virtual host at %s",
                          place_of(s, sites->p)),
             sites->p);
    }
}

static void note_names(acme_mistakes_t *mistakes)
{
    const acme_match_t *match = &mistakes->sites->match;
    const char *base = mistakes->sites->server->server_hostname;
    int i, j;

    mistakes->names = apr_hash_make(mistakes->sites->p);
    if (base) {
        apr_hash_set(mistakes->names, base, APR_HASH_KEY_STRING, base);
    }
    for (i = 0; i < match->n_hosts; i++) {
        const acme_match_host_t *host = &match->hosts[i];

        if (host->server_name) {
            apr_hash_set(mistakes->names, host->server_name,
                         APR_HASH_KEY_STRING, host);
        }
        for (j = 0; j < host->aliases->nelts; j++) {
            apr_hash_set(mistakes->names,
                         APR_ARRAY_IDX(host->aliases, j, const char *),
                         APR_HASH_KEY_STRING, host);
        }
    }
}

acme_mistakes_t *mod_acme_mistakes_find(acme_sites_t *sites)
{
    acme_mistakes_t *mistakes = apr_pcalloc(sites->p, sizeof(*mistakes));
    const acme_port_map_t *map = mod_acme_config_value(
        mod_acme_config_get(sites->server), ACME_SETTING_PORT_MAP);
    int i;

    mistakes->sites = sites;
    mistakes->http = map ? map->http : ACME_DEFAULT_HTTP_PORT;
    mistakes->https = map ? map->https : ACME_DEFAULT_HTTPS_PORT;
    mistakes->by_site = apr_pcalloc(
        sites->p, sizeof(*mistakes->by_site)
                      * ((apr_size_t)sites->match.sites->nelts + 1));
    for (i = 0; i < sites->match.n_hosts; i++) {
        check_host(mistakes, i);
    }
    check_http_port(mistakes);
    note_names(mistakes);
    return mistakes;
}

/* Returns non-zero when some virtual host has the name, or a wildcard for
 * it. */
static int is_known(const acme_mistakes_t *mistakes, const char *name)
{
    const acme_sites_t *sites = mistakes->sites;
    int i, j;

    if (apr_hash_get(mistakes->names, name, APR_HASH_KEY_STRING)) {
        return 1;
    }
    for (i = 0; i < sites->match.n_hosts; i++) {
        const apr_array_header_t *wild = sites->hosts[i]->wild_names;

        for (j = 0; wild && j < wild->nelts; j++) {
            if (!ap_strcasecmp_match(name,
                                     APR_ARRAY_IDX(wild, j, const char *))) {
                return 1;
            }
        }
    }
    return 0;
}

/* Warns of names of a set that no virtual host has, because a mistyped name
 * cannot be proven to the CA. Returns their number. */
static int check_set(const acme_mistakes_t *mistakes,
                     acme_mistakes_site_t *site, const acme_match_set_t *set)
{
    acme_sites_t *sites = mistakes->sites;
    const char *named = "";
    int count = 0;
    int i;

    for (i = 0; i < set->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(set->names, i, const char *);

        /* A record in the DNS proves a wildcard, whoever has such names. */
        if (acme_ident_is_wildcard(name) || is_known(mistakes, name)) {
            continue;
        }
        if (count++ < MAX_NAMED) {
            named =
                apr_pstrcat(sites->p, named, count > 1 ? ", " : "", name, NULL);
        }
    }
    if (!count) {
        return 0;
    }
    named = apr_psprintf(sites->p,
                         "no virtual host has the name%s %s%s as ServerName or "
                         "ServerAlias",
                         count == 1 ? "" : "s", named,
                         count > MAX_NAMED ? apr_psprintf(
                             sites->p, " and %d more", count - MAX_NAMED)
                                           : "");
    mod_acme_sites_warn(
        sites,
        ACME_TAG(0048) "ACMEDomain at %s: %s; correct it here, or add it "
                       "there%s",
        set->place, named,
        count < set->names->nelts
            ? ""
            : ", since nothing is ordered for it otherwise");
    keep(site, named,
         apr_psprintf(sites->p,
                      "correct ACMEDomain at %s, or add it to a virtual host",
                      set->place),
         sites->p);
    return count;
}

/* Warns of a site that has no virtual host with TLS, unless that was said. */
static void check_tls(const acme_mistakes_t *mistakes,
                      acme_mistakes_site_t *site, const acme_spec_t *spec)
{
    acme_sites_t *sites = mistakes->sites;
    const char *text = site->hosts ? "none of its virtual hosts has TLS"
                                   : "no virtual host uses it";
    const char *result = spec->cert_file ? "its file is not served"
                                         : "nothing is ordered for it";
    const char *fix = apr_psprintf(
        sites->p,
        "add a virtual host for port %d with 'SSLEngine on', or write "
        "'ACMERenewMode always' where other programs use the certificate",
        mistakes->https ? mistakes->https : ACME_DEFAULT_HTTPS_PORT);

    mod_acme_sites_warn(sites,
                        ACME_TAG(0050) "ACMEDomain %s at %s: %s, so that "
                                       "%s; %s",
                        spec->name, spec->place, text, result, fix);
    keep(site, text, fix, sites->p);
}

void mod_acme_mistakes_check(acme_mistakes_t *mistakes, int index,
                             acme_spec_t *spec)
{
    acme_sites_t *sites = mistakes->sites;
    acme_mistakes_site_t *site = &mistakes->by_site[index];
    const acme_match_site_t *match = sites->drafts[index].match;

    /* The certificate may be for other programs. */
    if (spec->renew_mode != ACME_RENEW_ALWAYS) {
        /* Names that nobody has matter to the CA only. */
        int unknown =
            match->set < 0 || spec->cert_file
                ? 0
                : check_set(mistakes, site, &sites->match.sets[match->set]);

        if (!site->tls && !site->told
            && (site->hosts || (!unknown && !spec->cert_file))) {
            check_tls(mistakes, site, spec);
        }
    }
    spec->mistake = site->text;
    spec->mistake_fix = site->fix;
}
