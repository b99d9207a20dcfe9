/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_log.h>

#include <apr_strings.h>

#include <sys/stat.h>

#include "acme_default.h"
#include "acme_ident.h"
#include "acme_time.h"
#include "acme_str.h"
#include "mod_acme_certless.h"
#include "mod_acme_challenges.h"
#include "mod_acme_dns.h"
#include "mod_acme_dns_responder.h"
#include "mod_acme_limits.h"
#include "mod_acme_mistakes.h"
#include "mod_acme_noeffect.h"
#include "mod_acme_sites.h"
#include "mod_acme_stateless.h"
#include "mod_acme_compat.h"
#include "mod_acme_tls.h"

APLOG_USE_MODULE(acme);

static void check_modules(acme_sites_t *sites)
{
    static const char *const needed[][2] = {
        {"mod_ssl.c", "ssl_module modules/mod_ssl.so"},
        {"mod_watchdog.c", "watchdog_module modules/mod_watchdog.so"}};
    apr_size_t i;

    for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!ap_find_linked_module(needed[i][0])) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0007) "ACMEDomain needs %.*s, which is "
                               "not loaded; add 'LoadModule %s'",
                (int)strlen(needed[i][0]) - 2, needed[i][0], needed[i][1]);
        }
    }
}

/* Refuses sites that share an account but differ in how its CA is reached or
 * the account is opened, because one client serves the account. */
static void check_account(acme_sites_t *sites, apr_hash_t *cas,
                          const acme_ca_spec_t *ca, const char *place)
{
    const char *key = apr_pstrcat(sites->p, "account\n", ca->url, "\n",
                                  ca->contact ? ca->contact : "", "\n",
                                  acme_eab_name(ca->eab, sites->p), NULL);
    const acme_ca_spec_t *other = apr_hash_get(cas, key, APR_HASH_KEY_STRING);
    const char *setting;

    if (!other) {
        apr_hash_set(cas, key, APR_HASH_KEY_STRING, ca);
        return;
    }
    setting =
        other->agreed != ca->agreed
            ? mod_acme_config_setting_name(ACME_SETTING_AGREEMENT)
        : strcmp(acme_eab_text(other->eab, sites->p),
                 acme_eab_text(ca->eab, sites->p))
                != 0
            ? mod_acme_config_setting_name(ACME_SETTING_EAB)
        : !acme_str_same(other->proxy, ca->proxy)
            ? mod_acme_config_setting_name(ACME_SETTING_HTTP_PROXY)
        : !acme_str_same(other->proxy_ca_file, ca->proxy_ca_file)
            ? mod_acme_config_setting_name(ACME_SETTING_HTTP_PROXY_CA_FILE)
            : mod_acme_config_setting_name(ACME_SETTING_CA_FILE);
    mod_acme_sites_refuse(
        sites,
        ACME_TAG(0013) "%s differs between sites that share an "
                       "account at %s (the one at %s, and one before it); "
                       "write it once, outside of the virtual hosts",
        setting, ca->label, place);
}

/* Returns the acme_ca_spec_t of this CA and account; all sites with the same
 * values share one. */
static const acme_ca_spec_t *ca_spec(acme_sites_t *sites, apr_hash_t *cas,
                                     const acme_config_t *config,
                                     const acme_ca_name_t *name, int one_of,
                                     const char *place)
{
    const char *ca_file = mod_acme_config_value(config, ACME_SETTING_CA_FILE);
    const char *proxy = mod_acme_config_value(config, ACME_SETTING_HTTP_PROXY);
    const char *proxy_ca_file =
        mod_acme_config_value(config, ACME_SETTING_HTTP_PROXY_CA_FILE);
    const char *contact = mod_acme_config_value(config, ACME_SETTING_CONTACT);
    const acme_eab_t *eab = mod_acme_config_value(config, ACME_SETTING_EAB);
    acme_ca_spec_t *ca;
    const char *key;
    int has_eab;

    has_eab = eab && (eab->file || eab->key.kid);
    key = apr_pstrcat(
        sites->p, name->url, "\n", ca_file ? ca_file : "", "\n",
        contact ? contact : "", "\n",
        has_eab ? acme_eab_text(eab, sites->p) : "",
        has_eab && one_of > 1 ? " if required" : "", "\n",
        mod_acme_config_value(config, ACME_SETTING_AGREEMENT) ? "agreed" : "",
        "\n", proxy ? proxy : "", "\n", proxy_ca_file ? proxy_ca_file : "",
        NULL);
    ca = apr_hash_get(cas, key, APR_HASH_KEY_STRING);
    if (ca) {
        return ca;
    }
    ca = apr_pcalloc(sites->p, sizeof(*ca));
    ca->url = name->url;
    ca->label = name->label;
    ca->ca_file = mod_acme_compat_inside(ca_file, sites->p);
    ca->proxy = proxy;
    ca->proxy_ca_file = mod_acme_compat_inside(proxy_ca_file, sites->p);
    ca->eab_if_required = one_of > 1;
    ca->eab = has_eab ? apr_pmemdup(sites->p, eab, sizeof(*eab)) : NULL;
    ca->contact = contact && *contact ? contact : NULL;
    ca->rate = mod_acme_config_value(mod_acme_config_get(sites->server),
                                     ACME_SETTING_RATE);
    ca->agreed = mod_acme_config_value(config, ACME_SETTING_AGREEMENT) != NULL;
    apr_hash_set(cas, key, APR_HASH_KEY_STRING, ca);
    check_account(sites, cas, ca, place);
    if (!ca->agreed && name->has_terms) {
        mod_acme_sites_warn(sites,
                            ACME_TAG(0010) "nothing will be ordered from "
                                           "%s before its terms of "
                                           "service are accepted; read "
                                           "them (ACME0340 tells where, when "
                                           "the CA was asked) and add "
                                           "'ACMECertificateAgreement "
                                           "accepted'",
                            ca->label);
    }
    return ca;
}

static void set_cas(acme_sites_t *sites, apr_hash_t *cas,
                    const acme_config_t *config, acme_spec_t *spec)
{
    const apr_array_header_t *names =
        mod_acme_config_value(config, ACME_SETTING_CA);
    const int *failover = mod_acme_config_value(config, ACME_SETTING_FAILOVER);
    apr_array_header_t *more;
    int i;

    if (!names) {
        spec->ca = ca_spec(sites, cas, config, acme_ca_find(ACME_DEFAULT_CA), 1,
                           spec->place);
        return;
    }
    spec->ca = ca_spec(sites, cas, config,
                       APR_ARRAY_IDX(names, 0, const acme_ca_name_t *),
                       names->nelts, spec->place);
    spec->failover = failover ? *failover : 0;
    if (names->nelts > 1) {
        more = apr_array_make(sites->p, names->nelts,
                              sizeof(const acme_ca_spec_t *));
        for (i = 1; i < names->nelts; i++) {
            APR_ARRAY_PUSH(more, const acme_ca_spec_t *) =
                ca_spec(sites, cas, config,
                        APR_ARRAY_IDX(names, i, const acme_ca_name_t *),
                        names->nelts, spec->place);
        }
        spec->more_cas = more;
    }
}

/* Returns non-zero when the file does not exist. A file that may not be
 * examined counts as present, because any user may run configtest. */
static int is_missing(const char *path)
{
    struct stat st;

    return stat(path, &st) && (errno == ENOENT || errno == ENOTDIR);
}

/* Sets the administrator's own certificate files, which replace a certificate
 * that would be ordered. */
static void take_files(acme_sites_t *sites, acme_spec_t *spec,
                       const acme_config_t *config)
{
    static const acme_setting_e files[2] = {ACME_SETTING_CERT_FILE,
                                            ACME_SETTING_CERT_KEY_FILE};
    const char *paths[2];
    int i;

    for (i = 0; i < 2; i++) {
        const acme_setting_t *set = &config->settings[files[i]];
        const acme_setting_t *other = &config->settings[files[1 - i]];

        paths[i] = mod_acme_config_value(config, files[i]);
        if (paths[i] && !other->place) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0036) "%s %s at %s: the site %s needs "
                               "both files; add %s",
                mod_acme_config_setting_name(files[i]), paths[i], set->place,
                spec->name, mod_acme_config_setting_name(files[1 - i]));
        }
        else if (paths[i] && is_missing(paths[i])) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0037) "%s %s at %s: there is no such "
                               "file; correct the path, or remove the "
                               "directive to have a certificate obtained",
                mod_acme_config_setting_name(files[i]), paths[i], set->place);
        }
    }
    spec->cert_file = paths[0];
    spec->cert_key_file = paths[1];
}

/* Warns of names without quotes, because names of issuers have blanks, and one
 * name is then read as several. */
static void check_chain(acme_sites_t *sites, const acme_config_t *config,
                        const acme_chain_choice_t *chain)
{
    const char *place = config->settings[ACME_SETTING_PREFERRED_CHAIN].place;

    if (chain && chain->names && chain->names->nelts > 1 && !chain->quoted
        && mod_acme_sites_first(sites, "chain", place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0061) "ACMEPreferredChain at %s is read as %d names; "
                           "where they are one, write it in quotes: "
                           "ACMEPreferredChain \"%s\"",
            place, chain->names->nelts,
            apr_array_pstrcat(sites->p, chain->names, ' '));
    }
}

static acme_spec_t *make_spec(acme_sites_t *sites,
                              const acme_private_key_t **second_key,
                              apr_hash_t *cas, acme_challenges_t *challenges,
                              int index)
{
    const acme_site_draft_t *draft = &sites->drafts[index];
    const acme_config_t *config = mod_acme_config_merge(
        sites->p, mod_acme_config_get(sites->server), (void *)&draft->settings);
    const apr_array_header_t *keys =
        mod_acme_config_value(config, ACME_SETTING_PRIVATE_KEYS);
    const acme_renew_mode_e *mode =
        mod_acme_config_value(config, ACME_SETTING_RENEW_MODE);
    const acme_require_https_e *require =
        mod_acme_config_value(config, ACME_SETTING_REQUIRE_HTTPS);
    const acme_window_t *window =
        mod_acme_config_value(config, ACME_SETTING_RENEW_WINDOW);
    const acme_window_t *warn =
        mod_acme_config_value(config, ACME_SETTING_WARN_WINDOW);
    const int *mandatory =
        mod_acme_config_value(config, ACME_SETTING_PROFILE_MANDATORY);
    const int *must_staple =
        mod_acme_config_value(config, ACME_SETTING_MUST_STAPLE);
    const acme_chain_choice_t *chain =
        mod_acme_config_value(config, ACME_SETTING_PREFERRED_CHAIN);
    const int *via_ari =
        mod_acme_config_value(config, ACME_SETTING_RENEW_VIA_ARI);
    const int *preflight =
        mod_acme_config_value(config, ACME_SETTING_PREFLIGHT);
    acme_spec_t *spec = apr_pcalloc(sites->p, sizeof(*spec));

    spec->names = draft->match->names;
    spec->name = APR_ARRAY_IDX(spec->names, 0, const char *);
    spec->place = draft->match->place;
    if (mod_acme_config_flag(config, ACME_SETTING_PARTIAL_NAMES)) {
        spec->optional = draft->match->collected;
    }
    take_files(sites, spec, config);
    spec->security_level = draft->level;
    set_cas(sites, cas, config, spec);
    spec->key.type = ACME_DEFAULT_KEY_TYPE;
    if (keys) {
        spec->key = APR_ARRAY_IDX(keys, 0, acme_private_key_t).key;
        spec->key_written = APR_ARRAY_IDX(keys, 0, acme_private_key_t).written;
        *second_key = keys->nelts > 1 && !spec->cert_file
                          ? &APR_ARRAY_IDX(keys, 1, acme_private_key_t)
                          : NULL;
    }
    spec->key_reuse = mod_acme_config_flag(config, ACME_SETTING_KEY_REUSE);
    spec->renew_mode = mode ? *mode : ACME_RENEW_AUTO;
    spec->require_https = require ? *require : ACME_HTTPS_OFF;
    if (window) {
        spec->renew_window = *window;
    }
    if (warn) {
        spec->warn_window = *warn;
    }
    spec->profile = mod_acme_config_value(config, ACME_SETTING_PROFILE);
    spec->profile_mandatory = mandatory && *mandatory;
    spec->must_staple = must_staple && *must_staple;
    spec->preferred_chains = chain ? chain->names : NULL;
    spec->trusted_chain = chain && chain->trusted;
    spec->via_ari = !via_ari || *via_ari;
    spec->preflight = !preflight || *preflight;
    spec->retry_delay = mod_acme_config_interval(
        config, ACME_SETTING_RETRY_DELAY, ACME_DEFAULT_RETRY_DELAY);
    check_chain(sites, config, chain);
    mod_acme_limits_check(sites, draft, config, spec);
    mod_acme_dns_set(sites, draft, config, spec);
    mod_acme_challenges_set(challenges, index, config, spec);
    mod_acme_stateless_set(sites, config, spec);
    spec->dns_records = mod_acme_dns_responder_records(spec, sites->p);
    mod_acme_dns_check_wildcards(sites, spec);
    return spec;
}

/* Adds a second certificate for the same names with the other kind of key,
 * because each client then gets the kind that it knows. */
static void add_second_key(acme_sites_t *sites, acme_site_t *site,
                           apr_array_header_t *certs,
                           const acme_private_key_t *key)
{
    const acme_spec_t *of = site->certs[ACME_SPEC_FIRST_KEY]->spec;
    acme_spec_t *spec = apr_pmemdup(sites->p, of, sizeof(*of));

    spec->kind = ACME_SPEC_SECOND_KEY;
    spec->name = acme_spec_filed_name(of->name, spec->kind, sites->p);
    spec->key = key->key;
    spec->key_written = key->written;
    acme_site_add_second(site, certs, spec, NULL);
    if (apr_hash_get(sites->match.claims, spec->name, APR_HASH_KEY_STRING)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0850) "ACMEPrivateKeys of the site %s (%s): its "
                           "certificate with an RSA key is filed under %s, "
                           "which is the name of another site; give it one "
                           "kind of key only",
            of->name, of->place, spec->name);
    }
}

static void make_setup(acme_sites_t *sites)
{
    acme_setup_t *setup = apr_pcalloc(sites->p, sizeof(*setup));
    acme_challenges_t *challenges = mod_acme_challenges_find(sites);
    apr_hash_t *cas = apr_hash_make(sites->p);
    const acme_private_key_t **second_keys;
    acme_mistakes_t *mistakes = mod_acme_mistakes_find(sites);
    apr_hash_index_t *hi;
    acme_spec_t *spec;
    int i;

    setup->pconf = sites->p;
    setup->server = sites->server;
    setup->warnings = sites->warnings;
    setup->by_name = apr_hash_make(sites->p);
    setup->sites = apr_array_make(sites->p, sites->match.sites->nelts,
                                  sizeof(acme_site_t *));
    second_keys = apr_pcalloc(
        sites->p,
        sizeof(*second_keys) * ((apr_size_t)sites->match.sites->nelts + 1));
    setup->certs = apr_array_make(sites->p, sites->match.sites->nelts,
                                  sizeof(acme_site_cert_t *));
    for (i = 0; i < sites->match.sites->nelts; i++) {
        const acme_private_key_t *key = NULL;

        if (sites->drafts[i].match->names->nelts) {
            spec = make_spec(sites, &key, cas, challenges, i);
            second_keys[setup->sites->nelts] = key;
            APR_ARRAY_PUSH(setup->sites, acme_site_t *) =
                acme_site_add(setup->certs, spec, NULL);
            mod_acme_mistakes_check(mistakes, i, spec);
        }
    }
    /* The second certificates come after all first ones. */
    for (i = 0; i < setup->sites->nelts; i++) {
        if (second_keys[i]) {
            add_second_key(sites, APR_ARRAY_IDX(setup->sites, i, acme_site_t *),
                           setup->certs, second_keys[i]);
        }
    }
    setup->has_alpn = mod_acme_challenges_mark(challenges);
    if (sites->errors) {
        return;
    }
    for (hi = apr_hash_first(NULL, sites->match.claims); hi;
         hi = apr_hash_next(hi)) {
        const acme_match_claim_t *claim = apr_hash_this_val(hi);

        apr_hash_set(setup->by_name, apr_hash_this_key(hi),
                     apr_hash_this_key_len(hi),
                     APR_ARRAY_IDX(setup->sites, claim->site, acme_site_t *));
    }
    mod_acme_config_setup_set(setup);
}

/* Looks at a server without any site, because one may have been removed. */
static void check_unmanaged(acme_sites_t *sites)
{
    sites->tree = mod_acme_conftree_read(sites->p);
    mod_acme_tls_expect(sites->server, sites->p);
    mod_acme_certless_check(sites);
    mod_acme_sites_sum_up(sites);
}

int mod_acme_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s)
{
    acme_sites_t sites;

    (void)plog;
    (void)ptemp;
    memset(&sites, 0, sizeof(sites));
    mod_acme_config_separate(s, pconf);
    sites.p = pconf;
    sites.server = s;
    sites.warnings = apr_array_make(pconf, 2, sizeof(const char *));
    sites.aloud =
        ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
    if (!mod_acme_sites_wanted(s)) {
        check_unmanaged(&sites);
        return OK;
    }
    check_modules(&sites);
    mod_acme_compat_check(&sites);
    mod_acme_sites_collect(&sites);
    if (!sites.errors) {
        mod_acme_compat_check_sites(&sites);
        mod_acme_certless_check(&sites);
        mod_acme_noeffect_check(&sites);
    }
    make_setup(&sites);
    mod_acme_sites_sum_up(&sites);
    if (sites.errors) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        mod_acme_dns_responder_print(mod_acme_config_setup_get());
    }
    return OK;
}
