/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_sites.h"

#include <http_log.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "mod_acme_dns_way.h"
#include "mod_acme_tls.h"

APLOG_USE_MODULE(acme);

/* Further mistakes or warnings are only counted. */
#define MAX_MESSAGES 20

void mod_acme_sites_refuse(acme_sites_t *sites, const char *fmt, ...)
{
    va_list args;

    if (sites->errors < MAX_MESSAGES) {
        va_start(args, fmt);
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, sites->server,
                     "%s", apr_pvsprintf(sites->p, fmt, args));
        va_end(args);
    }
    sites->errors++;
}

void mod_acme_sites_warn(acme_sites_t *sites, const char *fmt, ...)
{
    const char *text;
    va_list args;

    va_start(args, fmt);
    text = apr_pvsprintf(sites->p, fmt, args);
    va_end(args);
    sites->warned++;
    if (sites->warned > MAX_MESSAGES) {
        return;
    }
    APR_ARRAY_PUSH(sites->warnings, const char *) = text;
    if (sites->aloud) {
        ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0,
                     sites->server, "%s", text);
    }
}

int mod_acme_sites_first(acme_sites_t *sites, const char *subject,
                         const char *place)
{
    const char *key = apr_pstrcat(sites->p, subject, "\n", place, NULL);

    if (!sites->said) {
        sites->said = apr_hash_make(sites->p);
    }
    if (apr_hash_get(sites->said, key, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(sites->said, key, APR_HASH_KEY_STRING, key);
    return 1;
}

void mod_acme_sites_sum_up(acme_sites_t *sites)
{
    if (sites->warned > MAX_MESSAGES && sites->aloud) {
        ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0,
                     sites->server,
                     ACME_TAG(0030) "%d warnings about the configuration of "
                                    "mod_acme, of which the first %d are shown",
                     sites->warned, MAX_MESSAGES);
    }
    if (sites->errors) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, sites->server,
                     ACME_TAG(0012) "%d mistake%s in the configuration of "
                                    "mod_acme%s",
                     sites->errors, sites->errors == 1 ? "" : "s",
                     sites->errors > MAX_MESSAGES ? ", the first 20 are shown"
                                                  : "");
    }
}

int mod_acme_sites_wanted(server_rec *server)
{
    server_rec *s;

    for (s = server; s; s = s->next) {
        const acme_config_t *config = mod_acme_config_get(s);

        if (config->domains->nelts
            || mod_acme_config_flag(config, ACME_SETTING_AUTO_DOMAINS)) {
            return 1;
        }
    }
    return 0;
}

static const char *host_place(const server_rec *s, apr_pool_t *p)
{
    return s->defn_name
               ? apr_psprintf(p, "%s:%u", s->defn_name, s->defn_line_number)
               : "the main server";
}

static int is_asking(const acme_sites_t *sites, const server_rec *s)
{
    return s != sites->server && mod_acme_config_get(s)->domains->nelts;
}

/* Returns non-zero when ACMEAutoDomains takes this virtual host. */
static int is_taken(const acme_sites_t *sites, const server_rec *s)
{
    const acme_config_t *config = mod_acme_config_get(s);

    return !is_asking(sites, s) && !config->off
           && mod_acme_config_flag(config, ACME_SETTING_AUTO_DOMAINS)
           && config->expect_tls && !config->expect_certs;
}

/* Returns the canonical form of a name for the certificate. In a virtual host
 * with ACMEDomain a name that cannot be in a certificate is a mistake. In a
 * virtual host that is only collected the name is left out: returns NULL. */
static const char *certificate_name(acme_sites_t *sites, const server_rec *s,
                                    const char *directive, const char *text)
{
    const acme_config_t *config = mod_acme_config_get(s);
    int is_alias = directive[strlen("Server")] == 'A';
    const char *place;
    const char *name;
    const char *why;

    if (!is_alias && is_taken(sites, s)
        && !mod_acme_conftree_is_named(sites->tree, s)) {
        why = "it has no ServerName of its own, so this is httpd's guess";
    }
    else if (!acme_ident_canonical(&name, text, &why, sites->p)) {
        return name;
    }
    place = host_place(s, sites->p);
    if (is_asking(sites, s)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0001) "%s %s: %s (in the virtual host at "
                           "%s, which asks for a certificate by ACMEDomain)",
            directive, text, why, place);
    }
    else if (is_alias && is_taken(sites, s)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0031) "%s %s: left out of the certificate: %s (in "
                           "the virtual host at %s, which "
                           "ACMEAutoDomains takes)",
            directive, text, why, place);
    }
    else if (is_taken(sites, s) && config->expect_inherited) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0032) "%s %s: ACMEAutoDomains leaves the "
                           "virtual host at %s alone, which serves the "
                           "SSLCertificateFile of the main server: %s",
            directive, text, place, why);
    }
    else if (is_taken(sites, s)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0033) "%s %s: %s (in the virtual host at "
                           "%s, which ACMEAutoDomains takes, since it has no "
                           "certificate); give it a public name, or an "
                           "SSLCertificateFile of its own",
            directive, text, why, place);
    }
    return NULL;
}

/* Returns the canonical form of a wildcard in ServerAlias that the certificate
 * can have, or NULL. */
static const char *certificate_wildcard(const server_rec *s, const char *text,
                                        apr_pool_t *p)
{
    const char *name;

    return mod_acme_dns_way_is_on(mod_acme_config_get(s))
                   && acme_ident_canonical(&name, text, NULL, p) == APR_SUCCESS
               ? name
               : NULL;
}

static void take_names(acme_sites_t *sites, acme_match_host_t *host,
                       const server_rec *s)
{
    apr_array_header_t *aliases = apr_array_make(
        sites->p, s->names ? s->names->nelts : 0, sizeof(const char *));
    const char *wildcard;
    int i;

    if (s->server_hostname) {
        host->server_name =
            certificate_name(sites, s, "ServerName", s->server_hostname);
    }
    for (i = 0; s->names && i < s->names->nelts; i++) {
        const char *name = certificate_name(
            sites, s, "ServerAlias", APR_ARRAY_IDX(s->names, i, const char *));

        if (name) {
            APR_ARRAY_PUSH(aliases, const char *) = name;
        }
    }
    for (i = 0; s->wild_names && i < s->wild_names->nelts; i++) {
        wildcard = certificate_wildcard(
            s, APR_ARRAY_IDX(s->wild_names, i, const char *), sites->p);
        if (wildcard) {
            APR_ARRAY_PUSH(aliases, const char *) = wildcard;
        }
    }
    host->aliases = aliases;
}

/* Returns non-zero in manual mode: as written with ACMEDomain, else as
 * ACMEMembers says. */
static int is_manual(const acme_config_t *config, const acme_domain_t *domain)
{
    const acme_members_e *members = domain ? domain->members : NULL;

    if (!members) {
        members = mod_acme_config_value(config, ACME_SETTING_MEMBERS);
    }
    return members && *members == ACME_MEMBERS_MANUAL;
}

static void take_domains(acme_sites_t *sites, acme_match_host_t *host,
                         const acme_config_t *config)
{
    apr_array_header_t *more =
        apr_array_make(sites->p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < config->domains->nelts; i++) {
        const acme_domain_t *domain =
            &APR_ARRAY_IDX(config->domains, i, acme_domain_t);

        if (!i) {
            host->place = domain->place;
        }
        if (domain->members || !i) {
            host->manual = is_manual(config, domain);
        }
        apr_array_cat(more, domain->names);
    }
    host->more = more;
    host->asks = 1;
}

static void make_host(acme_sites_t *sites, acme_match_host_t *host,
                      server_rec *s)
{
    const acme_config_t *config = mod_acme_config_get(s);

    host->place = host_place(s, sites->p);
    host->tls = config->expect_tls;
    host->has_own_cert = config->expect_tls
                         && config->expect_certs + config->expect_inherited > 0;
    host->manual = is_manual(config, NULL);
    host->alone = config->off != NULL;
    host->automatic = is_taken(sites, s);
    take_names(sites, host, s);
    if (is_asking(sites, s)) {
        take_domains(sites, host, config);
    }
    else {
        host->asks = host->automatic && host->server_name != NULL;
    }
}

static void make_hosts(acme_sites_t *sites)
{
    int base = mod_acme_config_flag(mod_acme_config_get(sites->server),
                                    ACME_SETTING_BASE_SERVER);
    server_rec *first = base ? sites->server : sites->server->next;
    server_rec *s;
    int count = 0;

    for (s = first; s; s = s->next) {
        count++;
    }
    sites->match.n_hosts = count;
    sites->match.hosts = apr_pcalloc(sites->p, sizeof(acme_match_host_t)
                                                   * ((apr_size_t)count + 1));
    sites->hosts =
        apr_pcalloc(sites->p, sizeof(server_rec *) * ((apr_size_t)count + 1));
    /* Fill the array from its end, because httpd lists the last virtual host
     * first, and the first one gives a site its name. */
    for (s = first; s; s = s->next) {
        sites->hosts[--count] = s;
        make_host(sites, &sites->match.hosts[count], s);
    }
}

static void make_sets(acme_sites_t *sites)
{
    const acme_config_t *config = mod_acme_config_get(sites->server);
    acme_match_set_t *sets = apr_pcalloc(
        sites->p, sizeof(*sets) * ((apr_size_t)config->domains->nelts + 1));
    int i;

    for (i = 0; i < config->domains->nelts; i++) {
        const acme_domain_t *domain =
            &APR_ARRAY_IDX(config->domains, i, acme_domain_t);

        sets[i].names = domain->names;
        sets[i].place = domain->place;
        sets[i].manual = is_manual(config, domain);
    }
    sites->match.sets = sets;
    sites->match.n_sets = config->domains->nelts;
}

static const char *set_directive(const acme_sites_t *sites, int index)
{
    return APR_ARRAY_IDX(mod_acme_config_get(sites->server)->domains, index,
                         acme_domain_t)
                   .settings
               ? "<ACMEDomainSet>"
               : "ACMEDomain";
}

static void say_overlap(acme_sites_t *sites, const acme_match_mistake_t *m)
{
    const server_rec *s = sites->hosts[m->index];

    mod_acme_sites_refuse(
        sites,
        ACME_TAG(0004) "%s at %s: %s belongs to the site %s (%s) "
                       "as well; one name can be in one "
                       "certificate only: remove it from one of "
                       "them, or write 'ACMEDomain %s %s' outside "
                       "of the virtual hosts to have one "
                       "certificate for both",
        is_asking(sites, s) ? "ACMEDomain" : "ACMEAutoDomains, virtual host",
        m->place, m->name, m->other, m->other_place, m->other,
        s->server_hostname ? s->server_hostname : m->name);
}

/* Returns why the names of a virtual host are collected that does not ask. */
static const char *taken_by(const acme_sites_t *sites,
                            const acme_match_host_t *host)
{
    const acme_match_site_t *site =
        host->site < 0 ? NULL
                       : APR_ARRAY_IDX(sites->match.sites, host->site,
                                       const acme_match_site_t *);

    return host->automatic || !site
               ? "ACMEAutoDomains takes"
               : apr_psprintf(sites->p, "belongs to the set of %s (%s)",
                              APR_ARRAY_IDX(site->names, 0, const char *),
                              site->place);
}

static void mistake(void *baton, const acme_match_mistake_t *m)
{
    acme_sites_t *sites = baton;

    switch (m->what) {
    case ACME_MATCH_TWICE:
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0003) "%s %s at %s: the name is in ACMEDomain at "
                           "%s already; one name can be in one "
                           "certificate only: remove it from one of "
                           "them",
            set_directive(sites, m->index), m->name, m->place, m->other_place);
        break;
    case ACME_MATCH_OVERLAP:
        say_overlap(sites, m);
        break;
    case ACME_MATCH_SHARED:
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0040) "ServerAlias %s at %s: left out of the certificate "
                           "of this virtual host, which %s: "
                           "the name belongs to the site %s (%s) as well, and "
                           "one name can be in one certificate only; remove it "
                           "from one of them, or write 'ACMEDomain %s %s' "
                           "outside of the virtual hosts to have one "
                           "certificate for both",
            m->name, m->place, taken_by(sites, &sites->match.hosts[m->index]),
            m->other, m->other_place, m->other,
            sites->hosts[m->index]->server_hostname);
        break;
    case ACME_MATCH_NAMELESS:
        if (!sites->errors) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0006) "ACMEDomain at %s: the virtual "
                               "host has no name; give it a ServerName",
                m->place);
        }
        break;
    case ACME_MATCH_UNCOVERED:
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0034) "ServerName %s at %s: the virtual host "
                           "belongs to the site %s (%s) by an alias, "
                           "but its own name is not in the certificate "
                           "(ACMEMembers manual); add the name to the "
                           "site, or write ACMEMembers auto",
            m->name, m->place, m->other, m->other_place);
        break;
    case ACME_MATCH_LEFT_OUT:
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0035) "ServerAlias %s at %s: not in the "
                           "certificate of the site %s (ACMEMembers "
                           "manual); add the name to the site, or "
                           "write ACMEMembers auto",
            m->name, m->place, m->other);
        break;
    }
}

static void join_settings(acme_sites_t *sites, acme_site_draft_t *draft,
                          const acme_setting_t *more)
{
    acme_setting_t *settings;
    int clash;

    if (more == mod_acme_config_nothing()) {
        return;
    }
    settings = mod_acme_config_change(&draft->settings, sites->p);
    clash = acme_setting_join(settings, more, ACME_SETTING_PER_HOST);
    if (clash != ACME_SETTING_PER_HOST) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0005) "%s is '%s' at %s and '%s' at %s, "
                           "but both are for one site, %s; write it in one of "
                           "them only, or the same in both",
            mod_acme_config_setting_name((acme_setting_e)clash),
            settings[clash].text, settings[clash].place, more[clash].text,
            more[clash].place,
            APR_ARRAY_IDX(draft->match->names, 0, const char *));
    }
}

/* Warns of a wildcard in a virtual host whose names are collected. */
static void say_wildcards(acme_sites_t *sites, const acme_match_host_t *host,
                          const server_rec *s)
{
    const acme_match_site_t *site = sites->drafts[host->site].match;
    int i;

    if (!host->asks && (site->set < 0 || sites->match.sets[site->set].manual)) {
        return;
    }
    for (i = 0; !host->manual && s->wild_names && i < s->wild_names->nelts;
         i++) {
        const char *name = APR_ARRAY_IDX(s->wild_names, i, const char *);

        if (certificate_wildcard(s, name, sites->p)
            || acme_ident_in(site->names, name)) {
            continue;
        }
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0002) "ServerAlias %s: left out of the "
                           "certificate of %s (%s): %s",
            name, s->server_hostname, host_place(s, sites->p),
            mod_acme_dns_way_is_on(mod_acme_config_get(s))
                ? "no certificate can have it"
                : "a wildcard can only be proven by a record in the "
                  "DNS; add ACMEChallengeDns01 there or outside of "
                  "virtual hosts");
    }
}

/* Warns of names that a set cannot collect. Only where TLS is, because clients
 * miss them in the certificate there. */
static void say_impossible(acme_sites_t *sites, const acme_match_host_t *host,
                           const server_rec *s)
{
    const acme_match_site_t *site = sites->drafts[host->site].match;
    int count = s->names ? s->names->nelts : 0;
    int i;

    if (host->asks || host->manual || !host->tls || site->set < 0
        || sites->match.sets[site->set].manual) {
        return;
    }
    /* The ServerName comes before the aliases. */
    for (i = -1; i < count; i++) {
        const char *text =
            i < 0 ? s->server_hostname : APR_ARRAY_IDX(s->names, i, char *);
        const char *name, *why;

        if (!text || !acme_ident_canonical(&name, text, &why, sites->p)) {
            continue;
        }
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0390) "Server%s %s: left out of the certificate: %s (in "
                           "the virtual host at %s, which %s)",
            i < 0 ? "Name" : "Alias", text, why, host->place,
            taken_by(sites, host));
    }
}

static void make_drafts(acme_sites_t *sites)
{
    const apr_array_header_t *found = sites->match.sites;
    const apr_array_header_t *domains =
        mod_acme_config_get(sites->server)->domains;
    int i;

    sites->drafts = apr_pcalloc(sites->p, sizeof(acme_site_draft_t)
                                              * ((apr_size_t)found->nelts + 1));
    for (i = 0; i < found->nelts; i++) {
        acme_site_draft_t *draft = &sites->drafts[i];

        draft->match = APR_ARRAY_IDX(found, i, const acme_match_site_t *);
        draft->settings.settings = mod_acme_config_nothing();
        if (draft->match->set >= 0) {
            const acme_setting_t *settings =
                APR_ARRAY_IDX(domains, draft->match->set, acme_domain_t)
                    .settings;

            if (settings) {
                draft->settings.settings = settings;
            }
        }
    }
}

void mod_acme_sites_collect(acme_sites_t *sites)
{
    const acme_config_t *base = mod_acme_config_get(sites->server);
    const acme_match_names_e *names =
        mod_acme_config_value(base, ACME_SETTING_MATCH_NAMES);
    int i;

    mod_acme_tls_expect(sites->server, sites->p);
    make_sets(sites);
    make_hosts(sites);
    sites->match.by_server_name = names && *names == ACME_MATCH_NAMES_SERVER;
    sites->match.mistake = mistake;
    sites->match.baton = sites;
    acme_match(&sites->match, sites->p);
    make_drafts(sites);
    for (i = 0; i < sites->match.n_hosts; i++) {
        const acme_match_host_t *host = &sites->match.hosts[i];
        acme_config_t *config = mod_acme_config_get(sites->hosts[i]);

        if (host->site < 0) {
            continue;
        }
        config->site = host->site;
        if (config->expect_level > sites->drafts[host->site].level) {
            sites->drafts[host->site].level = config->expect_level;
        }
        if (host->asks && sites->hosts[i] != sites->server) {
            join_settings(sites, &sites->drafts[host->site],
                          config->own->settings);
        }
        say_wildcards(sites, host, sites->hosts[i]);
        say_impossible(sites, host, sites->hosts[i]);
    }
}
