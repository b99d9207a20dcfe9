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

#include "mod_acme_sites.h"

#include <http_log.h>

#include <apr_strings.h>

#include "acme_ident.h"

APLOG_USE_MODULE(acme);

/* After so many mistakes the rest is only counted. */
#define MAX_MISTAKES 20

void acme_sites_refuse(acme_sites_t *sites, const char *fmt, ...)
{
    va_list args;

    if (sites->errors < MAX_MISTAKES) {
        va_start(args, fmt);
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, sites->server,
                     "%s", apr_pvsprintf(sites->p, fmt, args));
        va_end(args);
    }
    sites->errors++;
}

void acme_sites_warn(acme_sites_t *sites, const char *fmt, ...)
{
    va_list args;

    const char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(sites->p, fmt, args);
    va_end(args);
    APR_ARRAY_PUSH(sites->warnings, const char *) = text;
    if (sites->aloud) {
        ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0,
                     sites->server, "%s", text);
    }
}

int acme_sites_wanted(server_rec *server)
{
    server_rec *s;

    for (s = server; s; s = s->next) {
        if (acme_config_get(s)->domains->nelts) {
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

static acme_site_draft_t *draft_create(acme_sites_t *sites, const char *place,
                                       int listed)
{
    acme_site_draft_t *site = apr_pcalloc(sites->p, sizeof(*site));

    site->names = apr_array_make(sites->p, 2, sizeof(const char *));
    site->place = place;
    site->listed = listed;
    site->index = sites->drafts->nelts;
    APR_ARRAY_PUSH(sites->drafts, acme_site_draft_t *) = site;
    return site;
}

static acme_claim_t *claim_find(const acme_sites_t *sites, const char *name)
{
    return apr_hash_get(sites->claims, name, APR_HASH_KEY_STRING);
}

static void claim(acme_sites_t *sites, acme_site_draft_t *site,
                  const char *name, const char *place)
{
    acme_claim_t *claims = claim_find(sites, name);

    if (!claims) {
        claims = apr_palloc(sites->p, sizeof(*claims));
        claims->site = site;
        claims->place = place;
        apr_hash_set(sites->claims, name, APR_HASH_KEY_STRING, claims);
        APR_ARRAY_PUSH(site->names, const char *) = name;
    }
}

/* One name of a virtual host, brought into canonical form. */
static void host_name(acme_sites_t *sites, apr_array_header_t *names,
                      const server_rec *s, const char *directive,
                      const char *text, int strict)
{
    const char *name;
    const char *why;

    if (!acme_ident_canonical(&name, text, &why, sites->p)) {
        acme_ident_add(names, name);
    }
    else if (strict) {
        acme_sites_refuse(
            sites,
            ACME_TAG(0001) "%s %s: %s (in the virtual host at "
                           "%s, which asks for a certificate by ACMEDomain)",
            directive, text, why, host_place(s, sites->p));
    }
}

/* ServerName, then all ServerAliases, of a virtual host.
 * strict: it asks for a certificate, so each name must be fit for one. */
static apr_array_header_t *host_names(acme_sites_t *sites, const server_rec *s,
                                      int strict)
{
    apr_array_header_t *names =
        apr_array_make(sites->p, 2, sizeof(const char *));
    int i;

    if (s->server_hostname) {
        host_name(sites, names, s, "ServerName", s->server_hostname, strict);
    }
    for (i = 0; s->names && i < s->names->nelts; i++) {
        host_name(sites, names, s, "ServerAlias",
                  APR_ARRAY_IDX(s->names, i, const char *), strict);
    }
    for (i = 0; strict && s->wild_names && i < s->wild_names->nelts; i++) {
        acme_sites_warn(
            sites,
            ACME_TAG(0002) "ServerAlias %s: left out of the "
                           "certificate of %s (%s): a wildcard can only be "
                           "proven by a dns challenge, which is not available",
            APR_ARRAY_IDX(s->wild_names, i, const char *), s->server_hostname,
            host_place(s, sites->p));
    }
    return names;
}

static void refuse_repeated(acme_sites_t *sites, const char *name,
                            const char *place, const acme_claim_t *other)
{
    acme_sites_refuse(sites,
                      ACME_TAG(0003) "ACMEDomain %s at %s: the name is in "
                                     "ACMEDomain at %s already; one name can "
                                     "be in one certificate only: remove it "
                                     "from one of them",
                      name, place, other->place);
}

static void refuse_shared(acme_sites_t *sites, const char *name,
                          const char *place, const char *first,
                          const acme_claim_t *other)
{
    const char *site = APR_ARRAY_IDX(other->site->names, 0, const char *);

    acme_sites_refuse(sites,
                      ACME_TAG(0004) "ACMEDomain at %s: %s belongs to the "
                                     "site %s (%s) as well; one name can be "
                                     "in one certificate only: remove it from "
                                     "one of them, or write 'ACMEDomain %s "
                                     "%s' outside of the virtual hosts to "
                                     "have one certificate for both",
                      place, name, site, other->place, site, first);
}

static void collect_listed(acme_sites_t *sites)
{
    const apr_array_header_t *domains = acme_config_get(sites->server)->domains;
    int i;
    int j;

    for (i = 0; i < domains->nelts; i++) {
        const acme_domain_t *domain = &APR_ARRAY_IDX(domains, i, acme_domain_t);
        acme_site_draft_t *site = draft_create(sites, domain->place, 1);

        for (j = 0; j < domain->names->nelts; j++) {
            const char *name = APR_ARRAY_IDX(domain->names, j, const char *);
            const acme_claim_t *other = claim_find(sites, name);

            if (other) {
                refuse_repeated(sites, name, domain->place, other);
                continue;
            }
            claim(sites, site, name, domain->place);
        }
    }
}

/* Whether a virtual host whose ServerName is `server_name` and which has one
 * of the site's names is that site on another port or address. */
static int is_same_site(const acme_site_draft_t *site,
                        const apr_array_header_t *names,
                        const char *server_name)
{
    return site->listed || acme_ident_in(site->names, server_name)
           || acme_ident_in(names, APR_ARRAY_IDX(site->names, 0, const char *));
}

/* The site that a virtual host with ACMEDomain belongs to, NULL: a new one. */
static acme_site_draft_t *match_asking(acme_sites_t *sites,
                                       const apr_array_header_t *names,
                                       const char *place, int *refused)
{
    acme_site_draft_t *match = NULL;
    const char *first = APR_ARRAY_IDX(names, 0, const char *);
    int i;

    for (i = 0; i < names->nelts && !*refused; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const acme_claim_t *other = claim_find(sites, name);

        if (!other || other->site == match) {
            continue;
        }
        if (!match && is_same_site(other->site, names, first)) {
            match = other->site;
            continue;
        }
        refuse_shared(sites, name, place, first, other);
        *refused = 1;
    }
    return match;
}

static void join_settings(acme_sites_t *sites, acme_site_draft_t *site,
                          const acme_config_t *config)
{
    acme_setting_e clash = acme_config_join(&site->settings, config->own);

    if (clash != ACME_SETTING_COUNT) {
        const acme_setting_t *have = &site->settings.settings[clash];
        const acme_setting_t *more = &config->own->settings[clash];

        acme_sites_refuse(
            sites,
            ACME_TAG(0005) "%s is '%s' at %s and '%s' at %s, "
                           "but both virtual hosts are one site, %s; write it "
                           "in one of them only, or the same in both",
            acme_setting_name(clash), have->text, have->place, more->text,
            more->place, APR_ARRAY_IDX(site->names, 0, const char *));
    }
}

static void collect_asking(acme_sites_t *sites, server_rec *s)
{
    acme_config_t *config = acme_config_get(s);
    apr_array_header_t *names = host_names(sites, s, 1);
    const char *place = APR_ARRAY_IDX(config->domains, 0, acme_domain_t).place;
    acme_site_draft_t *site;
    int refused = 0;
    int i;
    int j;

    for (i = 0; i < config->domains->nelts; i++) {
        const acme_domain_t *domain =
            &APR_ARRAY_IDX(config->domains, i, acme_domain_t);

        for (j = 0; j < domain->names->nelts; j++) {
            acme_ident_add(names,
                           APR_ARRAY_IDX(domain->names, j, const char *));
        }
    }
    if (!names->nelts) {
        if (!sites->errors) {
            acme_sites_refuse(
                sites,
                ACME_TAG(0006) "ACMEDomain at %s: the virtual "
                               "host has no name; give it a ServerName",
                place);
        }
        return;
    }
    site = match_asking(sites, names, place, &refused);
    if (refused) {
        return;
    }
    if (!site) {
        site = draft_create(sites, place, 0);
    }
    for (i = 0; i < names->nelts; i++) {
        claim(sites, site, APR_ARRAY_IDX(names, i, const char *), place);
    }
    join_settings(sites, site, config);
    config->site = site->index;
}

static void collect_silent(acme_sites_t *sites, server_rec *s)
{
    apr_array_header_t *names = host_names(sites, s, 0);
    acme_site_draft_t *site = NULL;
    int ambiguous = 0;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const acme_claim_t *other =
            claim_find(sites, APR_ARRAY_IDX(names, i, const char *));

        if (other && i == 0) {
            site = other->site;
            break;
        }
        if (other && site && other->site != site) {
            ambiguous = 1;
        }
        if (other && !site) {
            site = other->site;
        }
    }
    /* A virtual host on port 80 that redirects all sites is nobody's. */
    if (!site || ambiguous) {
        return;
    }
    acme_config_get(s)->site = site->index;
    for (i = 0; site->listed && i < names->nelts; i++) {
        claim(sites, site, APR_ARRAY_IDX(names, i, const char *),
              host_place(s, sites->p));
    }
}

void acme_sites_collect(acme_sites_t *sites)
{
    server_rec *s;

    collect_listed(sites);
    for (s = sites->server->next; s; s = s->next) {
        if (acme_config_get(s)->domains->nelts) {
            collect_asking(sites, s);
        }
    }
    for (s = sites->server->next; s; s = s->next) {
        if (!acme_config_get(s)->domains->nelts) {
            collect_silent(sites, s);
        }
    }
}
