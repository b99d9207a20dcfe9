/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_stateless.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "acme_account_record.h"
#include "acme_ca_account.h"
#include "acme_jws.h"
#include "acme_solver_http.h"

/* How long a child takes an account for what it was, so that a flood of
 * requests does not become a flood of reads. */
#define LOOK_EVERY apr_time_from_sec(2)

/* SHA-256 as base64url, and its end. */
#define THUMBPRINT_SIZE 44

/* An account as this child knows it. */
typedef struct account_t {
    const char *name;                 /* of its record */
    char thumbprint[THUMBPRINT_SIZE]; /* "": there is none */
    apr_time_t looked;                /* or 0 */
} account_t;

/* Made by the parent; each child goes on with a copy of its own. */
typedef struct mod_acme_stateless_t {
    apr_thread_mutex_t *mutex; /* for all accounts */
    apr_hash_t *accounts; /* acme_ca_spec_t *, as bytes -> account_t *; const */
} mod_acme_stateless_t;

/* ---- check_config ---- */

static void say_others(acme_sites_t *sites, const acme_setting_t *setting,
                       const acme_spec_t *spec)
{
    if (mod_acme_sites_first(sites, "stateless", setting->place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0072) "ACMEHttp01Stateless on at %s: every http-01 token "
                           "for the names of the site %s (%s) is answered with "
                           "the account of this server, so that certbot or any "
                           "other ACME client can prove none of them by "
                           "http-01, here or on a machine behind this one; "
                           "write it only where several nodes share one "
                           "account",
            setting->place, spec->name, spec->place);
    }
}

static void say_accounts(acme_sites_t *sites, const acme_setting_t *setting,
                         const acme_spec_t *spec)
{
    if (spec->more_cas && spec->more_cas->nelts
        && mod_acme_sites_first(sites, "stateless accounts", setting->place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0073) "ACMEHttp01Stateless on at %s: the site %s (%s) has "
                           "several authorities: tokens of orders of another "
                           "node are answered with the account at %s, the "
                           "first one; orders at the others succeed only where "
                           "the authority comes to the node that ordered; "
                           "name one authority for it, or use dns-01",
            setting->place, spec->name, spec->place, spec->ca->label);
    }
}

void mod_acme_stateless_set(acme_sites_t *sites, const acme_config_t *config,
                            acme_spec_t *spec)
{
    const acme_setting_t *setting =
        &config->settings[ACME_SETTING_HTTP01_STATELESS];

    /* Nothing is ordered for a site with files of its own. */
    if (!mod_acme_config_flag(config, ACME_SETTING_HTTP01_STATELESS)
        || spec->cert_file) {
        return;
    }
    if (!acme_spec_has_challenge(spec, "http-01")) {
        if (mod_acme_sites_first(sites, "stateless off", setting->place)) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0074) "ACMEHttp01Stateless on at %s has no effect for "
                               "the site %s (%s), because http-01 is not among "
                               "its challenges; remove it, or allow http-01 in "
                               "ACMECAChallenges and ACMEPortMap",
                setting->place, spec->name, spec->place);
        }
        return;
    }
    spec->http01_stateless = 1;
    say_others(sites, setting, spec);
    say_accounts(sites, setting, spec);
}

/* ---- start ---- */

void mod_acme_stateless_prepare(acme_setup_t *setup)
{
    apr_pool_t *p = setup->pconf;
    mod_acme_stateless_t *stateless = NULL;
    int i;

    for (i = 0; setup->seal && i < setup->sites->nelts; i++) {
        const acme_site_t *site = APR_ARRAY_IDX(setup->sites, i, acme_site_t *);
        const acme_spec_t *spec = site->certs[ACME_SPEC_FIRST_KEY]->spec;
        account_t *account;

        if (!spec->http01_stateless) {
            continue;
        }
        if (!stateless) {
            stateless = apr_pcalloc(p, sizeof(*stateless));
            stateless->accounts = apr_hash_make(p);
        }
        /* Most sites share one spec of a CA. */
        if (!apr_hash_get(stateless->accounts, &spec->ca, sizeof(spec->ca))) {
            account = apr_pcalloc(p, sizeof(*account));
            account->name = acme_ca_account_name(spec->ca, p);
            apr_hash_set(stateless->accounts, &spec->ca, sizeof(spec->ca),
                         account);
        }
    }
    if (stateless
        && apr_thread_mutex_create(&stateless->mutex, APR_THREAD_MUTEX_DEFAULT,
                                   p)
               == APR_SUCCESS) {
        setup->stateless = stateless;
    }
}

/* ---- requests ---- */

/* Looks at the store. An account that is closed is none, because no order of
 * it succeeds. While its key is changed, the old one counts. */
static void look(account_t *account, const acme_setup_t *setup,
                 acme_vault_t *vault, apr_pool_t *p)
{
    acme_account_record_t *record;
    acme_jws_signer_t *signer;
    const char *thumbprint = "";

    if (acme_account_record_load(&record, vault, account->name, NULL, p)
            == APR_SUCCESS
        && !record->deactivated && !record->refused
        && acme_jws_signer_create(&signer, record->key, NULL, p)
               == APR_SUCCESS) {
        thumbprint = signer->thumbprint;
    }
    if (strcmp(thumbprint, account->thumbprint) != 0) {
        acme_log(setup->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0621) "http-01 tokens of other nodes are answered "
                                "with the account key %s from now on",
                 *thumbprint ? thumbprint : "of no account");
        apr_cpystrn(account->thumbprint, thumbprint, THUMBPRINT_SIZE);
    }
}

/* Returns the thumbprint of the account in p, or "". */
static const char *thumbprint_of(account_t *account, const acme_setup_t *setup,
                                 acme_vault_t *vault, apr_pool_t *p)
{
    apr_time_t now = apr_time_now();
    const char *thumbprint;

    apr_thread_mutex_lock(setup->stateless->mutex);
    if (!account->looked || now - account->looked >= LOOK_EVERY
        || now < account->looked) {
        look(account, setup, vault, p);
        account->looked = now;
    }
    thumbprint = apr_pstrdup(p, account->thumbprint);
    apr_thread_mutex_unlock(setup->stateless->mutex);
    return thumbprint;
}

/* Returns the account in whose name tokens for a host are answered, or NULL. A
 * wildcard does not count, because no CA proves it by http-01: what it covers
 * may be a name that others prove. */
static account_t *account_for(const acme_setup_t *setup, const char *host)
{
    const acme_site_t *site =
        setup->stateless
            ? apr_hash_get(setup->by_name, host, APR_HASH_KEY_STRING)
            : NULL;
    const acme_spec_t *spec =
        site ? site->certs[ACME_SPEC_FIRST_KEY]->spec : NULL;

    return spec && spec->http01_stateless ? apr_hash_get(
               setup->stateless->accounts, &spec->ca, sizeof(spec->ca))
                                          : NULL;
}

apr_status_t mod_acme_stateless_answer(const char **key_authorization,
                                       const acme_setup_t *setup,
                                       acme_vault_t *vault, const char *host,
                                       const char *token, apr_pool_t *p)
{
    account_t *account = account_for(setup, host);
    const char *thumbprint =
        account ? thumbprint_of(account, setup, vault, p) : "";

    return *thumbprint ? acme_solver_http_stateless(key_authorization, token,
                                                    thumbprint, p)
                       : APR_ENOENT;
}
