/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_config.h"

#include <http_main.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_store_fs.h"
#include "acme_vault.h"
#include "config.h"

/* There is one per generation, because the module is loaded again with each
 * configuration. */
static acme_setup_t *current;

/* Settings of all configurations that set nothing. */
static const acme_setting_t nothing[ACME_SETTING_COUNT];

const acme_setting_t *mod_acme_config_nothing(void)
{
    return nothing;
}

acme_setting_t *mod_acme_config_change(acme_config_t *config, apr_pool_t *p)
{
    if (!config->changed) {
        config->changed = apr_pmemdup(p, config->settings, sizeof(nothing));
        config->settings = config->changed;
    }
    return config->changed;
}

void *mod_acme_config_create(apr_pool_t *p, server_rec *s)
{
    acme_config_t *config = apr_pcalloc(p, sizeof(*config));

    (void)s;
    config->settings = nothing;
    config->domains = apr_array_make(p, 0, sizeof(acme_domain_t));
    config->own = config;
    config->site = -1;
    return config;
}

void *mod_acme_config_merge(apr_pool_t *p, void *base, void *add)
{
    acme_config_t *merged = apr_pmemdup(p, add, sizeof(*merged));
    const acme_config_t *outer = base;

    merged->changed = NULL;
    if (merged->settings == nothing) {
        merged->settings = outer->settings;
    }
    else if (outer->settings != nothing) {
        acme_setting_merge(mod_acme_config_change(merged, p), outer->settings,
                           ACME_SETTING_COUNT);
    }
    merged->own = add;
    return merged;
}

void *mod_acme_config_create_dir(apr_pool_t *p, char *dir)
{
    (void)dir;
    return apr_pcalloc(p, sizeof(acme_dir_config_t));
}

void *mod_acme_config_merge_dir(apr_pool_t *p, void *base, void *add)
{
    const acme_dir_config_t *inner = add;

    (void)p;
    return inner->require_https == ACME_HTTPS_OFF ? base : add;
}

void mod_acme_config_separate(server_rec *server, apr_pool_t *p)
{
    acme_config_t *base = mod_acme_config_get(server);
    server_rec *s;

    for (s = server->next; s; s = s->next) {
        if (mod_acme_config_get(s) == base) {
            ap_set_module_config(
                s->module_config, &acme_module,
                mod_acme_config_merge(p, base, mod_acme_config_create(p, s)));
        }
    }
}

acme_config_t *mod_acme_config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &acme_module);
}

const void *mod_acme_config_value(const acme_config_t *config,
                                  acme_setting_e setting)
{
    return config->settings[setting].place ? config->settings[setting].value
                                           : NULL;
}

apr_interval_time_t mod_acme_config_interval(const acme_config_t *config,
                                             acme_setting_e setting,
                                             apr_interval_time_t otherwise)
{
    const apr_interval_time_t *value = mod_acme_config_value(config, setting);

    return value ? *value : otherwise;
}

int mod_acme_config_flag(const acme_config_t *config, acme_setting_e setting)
{
    const int *value = mod_acme_config_value(config, setting);

    return value && *value;
}

const char *mod_acme_config_setting_name(acme_setting_e setting)
{
    static const char *const names[ACME_SETTING_COUNT] = {
        "ACMECertificateAuthority",
        "ACMECertificateAgreement",
        "ACMEContactEmail",
        "ACMEExternalAccountBinding",
        "ACMECACertificateFile",
        "ACMEHttpProxy",
        "ACMEHttpProxyCACertificateFile",
        "ACMEPrivateKeys",
        "ACMEKeyReuse",
        "ACMERenewMode",
        "ACMERenewWindow",
        "ACMEWarnWindow",
        "ACMERenewViaARI",
        "ACMEPreflight",
        "ACMECAChallenges",
        "ACMEProfile",
        "ACMEProfileMandatory",
        "ACMERetryDelay",
        "ACMERetryFailover",
        "ACMEPreferredChain",
        "ACMEMustStaple",
        "ACMERequireHttps",
        "ACMEPartialNames",
        "ACMEHttp01Stateless",
        "ACMEChallengeDns01",
        "ACMEChallengeDns01Version",
        "ACMEDnsUpdate",
        "ACMEDnsPropagation",
        "ACMEDnsResponder",
        "ACMECertificateFile",
        "ACMECertificateKeyFile",
        "ACMEAutoDomains",
        "ACMEMembers",
        "ACMECheckInterval",
        "ACMEParallelOrders",
        "ACMERateLimit",
        "ACMEStoreDir",
        "ACMEPortMap",
        "ACMEActivation",
        "ACMEActivationDelay",
        "ACMEActivationInterval",
        "ACMEMatchNames",
        "ACMEBaseServer",
        "ACMEActivationWindow",
        "ACMEStashKeep",
        "ACMEDnsServers"};

    return names[setting];
}

acme_setup_t *mod_acme_config_setup_get(void)
{
    return current;
}

static apr_status_t setup_forget(void *setup)
{
    if (current == setup) {
        current = NULL;
    }
    return APR_SUCCESS;
}

void mod_acme_config_setup_set(acme_setup_t *setup)
{
    current = setup;
    apr_pool_cleanup_register(setup->pconf, setup, setup_forget,
                              apr_pool_cleanup_null);
}

acme_site_t *mod_acme_config_setup_site(const acme_setup_t *setup,
                                        const server_rec *s)
{
    int site = mod_acme_config_get(s)->site;

    return site < 0 ? NULL : APR_ARRAY_IDX(setup->sites, site, acme_site_t *);
}

acme_site_t *mod_acme_config_setup_find(const char **name,
                                        const acme_setup_t *setup,
                                        const char *host, apr_pool_t *p)
{
    apr_size_t len = host ? strlen(host) : 0;
    acme_site_t *site;
    char *canonical;
    const char *dot;

    if (!len || len > 254) {
        return NULL;
    }
    /* An IPv6 address can be written in many ways. */
    if (strchr(host, ':')) {
        return acme_ident_canonical(name, host, NULL, p) == APR_SUCCESS
                   ? apr_hash_get(setup->by_name, *name, APR_HASH_KEY_STRING)
                   : NULL;
    }
    /* A Host header may be written with a trailing dot or in upper case. */
    canonical = apr_pstrdup(p, host);
    ap_str_tolower(canonical);
    if (canonical[len - 1] == '.') {
        canonical[--len] = '\0';
    }
    *name = canonical;
    site = apr_hash_get(setup->by_name, canonical, (apr_ssize_t)len);
    dot = site ? NULL : strchr(canonical, '.');
    return dot ? apr_hash_get(setup->by_name, apr_pstrcat(p, "*", dot, NULL),
                              APR_HASH_KEY_STRING)
               : site;
}

acme_vault_t *mod_acme_config_setup_vault(const acme_setup_t *setup,
                                          apr_pool_t *p)
{
    acme_store_t *store;

    if (!setup->vault
        || acme_store_fs_open(&store, setup->store_dir, NULL, p)) {
        return NULL;
    }
    return acme_vault_share(setup->vault, store, p);
}

const char *mod_acme_config_store_dir(const server_rec *s, apr_pool_t *p)
{
    const char *dir =
        mod_acme_config_value(mod_acme_config_get(s), ACME_SETTING_STORE_DIR);

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
