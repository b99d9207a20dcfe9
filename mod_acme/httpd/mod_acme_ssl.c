/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <apr_strings.h>

#include "acme_own_cert.h"
#include "mod_acme_certless.h"
#include "mod_acme_install.h"
#include "mod_acme_promote.h"

/* Notes what a virtual host serves. The site's virtual hosts may differ; the
 * worst one counts. */
static void serves(acme_inventory_t *inventory, acme_serving_e serving)
{
    if (inventory->serving == ACME_SERVING_NOTHING
        || serving == ACME_SERVING_PLACEHOLDER) {
        inventory->serving = serving;
    }
}

static void give(apr_array_header_t *cert_files, const char *cert,
                 apr_array_header_t *key_files, const char *key)
{
    apr_array_clear(cert_files);
    apr_array_clear(key_files);
    APR_ARRAY_PUSH(cert_files, const char *) = cert;
    APR_ARRAY_PUSH(key_files, const char *) = key;
}

/* Makes mod_ssl forget SSLCertificateChainFile, which belongs to the
 * certificates in the configuration: it would be sent behind ours instead of
 * our chain, and clients would refuse them. mod_ssl keeps it unless there are
 * more files than in the configuration, so the last pair is named again, which
 * changes nothing else. */
static void leave_chain_file_out(apr_array_header_t *cert_files,
                                 apr_array_header_t *key_files, int configured)
{
    while (cert_files->nelts && cert_files->nelts <= configured) {
        const char *cert =
            APR_ARRAY_IDX(cert_files, cert_files->nelts - 1, const char *);
        const char *key =
            key_files->nelts
                ? APR_ARRAY_IDX(key_files, key_files->nelts - 1, const char *)
                : cert;

        APR_ARRAY_PUSH(cert_files, const char *) = cert;
        APR_ARRAY_PUSH(key_files, const char *) = key;
    }
}

static void add(apr_array_header_t *cert_files, apr_array_header_t *key_files,
                const acme_certstore_cert_t *live)
{
    APR_ARRAY_PUSH(cert_files, const char *) = live->cert_path;
    APR_ARRAY_PUSH(key_files, const char *) = live->key_path;
}

static int give_live(const acme_setup_t *setup, const acme_spec_t *spec,
                     acme_inventory_t *inventory,
                     apr_array_header_t *cert_files,
                     apr_array_header_t *key_files)
{
    if (cert_files->nelts) {
        acme_log(setup->log,
                 inventory->staged == ACME_STAGED_PROMOTED ? ACME_LOG_NOTICE
                                                           : ACME_LOG_INFO,
                 0,
                 ACME_TAG(0110) "%s: SSLCertificateFile %s is left out, "
                                "the certificate from %s is served instead",
                 spec->name, APR_ARRAY_IDX(cert_files, 0, const char *),
                 spec->ca->label);
    }
    give(cert_files, inventory->live->cert_path, key_files,
         inventory->live->key_path);
    serves(inventory, ACME_SERVING_LKC);
    return OK;
}

/* Returns non-zero when clients can trust the certificate. A site with two must
 * not serve an untrusted one, because clients that know both kinds of keys may
 * get it. */
static int is_good(const acme_inventory_t *inventory)
{
    return inventory->live && !inventory->revoked
           && inventory->live->info->not_after > apr_time_now();
}

static void say_alone(const acme_setup_t *setup, const acme_spec_t *spec,
                      const acme_certstore_cert_t *live,
                      const acme_spec_t *missing)
{
    acme_log(setup->log, ACME_LOG_INFO, 0,
             ACME_TAG(0851) "%s: only its certificate with the key %s is "
                            "served until there is a good one with the key %s",
             spec->name, live->info->key_type,
             acme_key_spec_print(&missing->key, setup->pconf));
}

/* Adds the certificate with the second kind of key. It is served beside the
 * first one or, while the first one is missing or no longer trusted, instead of
 * the fallback. */
static int give_second_key(acme_setup_t *setup, const acme_site_t *site,
                           int status, server_rec *s,
                           apr_array_header_t *cert_files,
                           apr_array_header_t *key_files)
{
    const acme_spec_t *spec = site->certs[ACME_SPEC_FIRST_KEY]->spec;
    acme_inventory_t *inventory = site->certs[ACME_SPEC_FIRST_KEY]->inventory;
    const acme_site_cert_t *cert = site->certs[ACME_SPEC_SECOND_KEY];
    acme_inventory_t *second_key = cert->inventory;
    int live = setup->install ? mod_acme_install_second_key(setup, cert)
                              : second_key->live != NULL;
    int own = inventory->serving == ACME_SERVING_LKC;

    if (live && own && is_good(inventory) && !is_good(second_key)) {
        say_alone(setup, spec, inventory->live, cert->spec);
        live = 0;
    }
    if (!live) {
        serves(second_key, inventory->serving == ACME_SERVING_PLACEHOLDER
                               ? ACME_SERVING_PLACEHOLDER
                               : ACME_SERVING_OKC);
        return status;
    }
    serves(second_key, ACME_SERVING_LKC);
    if (own && (is_good(inventory) || !is_good(second_key))) {
        add(cert_files, key_files, second_key->live);
        return status;
    }
    say_alone(setup, spec, second_key->live, spec);
    give(cert_files, second_key->live->cert_path, key_files,
         second_key->live->key_path);
    mod_acme_config_get(s)->placeholder = 0;
    inventory->serving = ACME_SERVING_OKC;
    return OK;
}

static int give_own(const acme_setup_t *setup, const acme_spec_t *spec,
                    acme_inventory_t *inventory,
                    const apr_array_header_t *cert_files)
{
    acme_log(setup->log, ACME_LOG_INFO, 0,
             ACME_TAG(0111) "%s: SSLCertificateFile %s is served until "
                            "there is a certificate from %s",
             spec->name, APR_ARRAY_IDX(cert_files, 0, const char *),
             spec->ca->label);
    serves(inventory, ACME_SERVING_OKC);
    return DECLINED;
}

static int give_former(const acme_setup_t *setup, const acme_spec_t *spec,
                       acme_inventory_t *inventory,
                       const acme_fallback_t *fallback,
                       apr_array_header_t *cert_files,
                       apr_array_header_t *key_files)
{
    acme_log(setup->log, ACME_LOG_INFO, 0,
             ACME_TAG(0156) "%s: its former certificate %s is served until "
                            "there is one from %s",
             spec->name, fallback->former, spec->ca->label);
    apr_array_clear(cert_files);
    apr_array_clear(key_files);
    apr_array_cat(cert_files, fallback->cert_files);
    apr_array_cat(key_files, fallback->key_files);
    serves(inventory, ACME_SERVING_OKC);
    return OK;
}

static int give_placeholder(const acme_setup_t *setup, const acme_spec_t *spec,
                            acme_inventory_t *inventory, server_rec *s,
                            apr_array_header_t *cert_files,
                            apr_array_header_t *key_files, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *placeholder;

    if (!setup->placeholder
        || acme_placeholder_cert(&placeholder, setup->placeholder,
                                 s->server_hostname, &problem, p)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0112) "%s: there is no placeholder certificate: %s",
                 spec->name,
                 problem.detail ? problem.detail : "see the message before");
        return DECLINED;
    }
    give(cert_files, placeholder, key_files,
         acme_placeholder_key(setup->placeholder));
    mod_acme_config_get(s)->placeholder = 1;
    serves(inventory, ACME_SERVING_PLACEHOLDER);
    return OK;
}

/* Serves the files of ACMECertificateFile, if they could be read. */
static int give_file(acme_setup_t *setup, const acme_spec_t *spec,
                     acme_inventory_t *inventory, server_rec *s,
                     apr_array_header_t *cert_files,
                     apr_array_header_t *key_files, apr_pool_t *p)
{
    int status = DECLINED;

    if (inventory->file) {
        give(cert_files, spec->cert_file, key_files, spec->cert_key_file);
        serves(inventory, ACME_SERVING_OKC);
        status = OK;
    }
    else if (cert_files->nelts) {
        status = give_own(setup, spec, inventory, cert_files);
    }
    if (setup->install) {
        mod_acme_install_file(setup, s, cert_files, key_files);
    }
    return cert_files->nelts ? status
                             : give_placeholder(setup, spec, inventory, s,
                                                cert_files, key_files, p);
}

/* Serves the certificate with the site's first kind of key, or a fallback. */
static int give_site(acme_setup_t *setup, const acme_spec_t *spec,
                     acme_inventory_t *inventory, server_rec *s,
                     apr_array_header_t *cert_files,
                     apr_array_header_t *key_files, apr_pool_t *p)
{
    acme_fallback_t fallback = {NULL, NULL, NULL};
    int live;

    if (setup->install) {
        live = mod_acme_install_host(&fallback, setup, s, cert_files, key_files,
                                     p);
    }
    else {
        live = inventory->live != NULL;
        fallback.cert_files = cert_files->nelts ? cert_files : NULL;
    }
    if (live) {
        return give_live(setup, spec, inventory, cert_files, key_files);
    }
    if (fallback.cert_files && !fallback.former) {
        return give_own(setup, spec, inventory, cert_files);
    }
    if (fallback.cert_files) {
        return give_former(setup, spec, inventory, &fallback, cert_files,
                           key_files);
    }
    return give_placeholder(setup, spec, inventory, s, cert_files, key_files,
                            p);
}

int mod_acme_ssl_add_cert_files(server_rec *s, apr_pool_t *p,
                                apr_array_header_t *cert_files,
                                apr_array_header_t *key_files)
{
    acme_setup_t *setup = mod_acme_config_setup_get();
    const acme_site_t *site =
        setup ? mod_acme_config_setup_site(setup, s) : NULL;
    acme_inventory_t *inventory =
        site ? site->certs[ACME_SPEC_FIRST_KEY]->inventory : NULL;
    int configured = cert_files->nelts;
    const acme_spec_t *spec;
    int status;

    if (!setup) {
        return mod_acme_certless_give(NULL, s, p, cert_files, key_files);
    }
    mod_acme_promote_give(setup, site);
    mod_acme_config_get(s)->tls = 1;
    mod_acme_alpn_allow(s, p);
    if (!inventory) {
        if (!mod_acme_certless_give(setup, s, p, cert_files, key_files)) {
            return OK;
        }
        if (setup->install) {
            mod_acme_install_other(setup, s, cert_files, key_files);
        }
        return DECLINED;
    }
    spec = site->certs[ACME_SPEC_FIRST_KEY]->spec;
    if (spec->cert_file) {
        status = give_file(setup, spec, inventory, s, cert_files, key_files, p);
        /* The chain file may belong to a certificate that stands alone in
         * ACMECertificateFile. */
        if (status == OK && inventory->file
            && !acme_own_cert_has_chain(spec->cert_file, p)) {
            return status;
        }
    }
    else {
        status = give_site(setup, spec, inventory, s, cert_files, key_files, p);
        if (acme_site_has_two(site)) {
            status =
                give_second_key(setup, site, status, s, cert_files, key_files);
        }
    }
    if (status == OK) {
        leave_chain_file_out(cert_files, key_files, configured);
    }
    return status;
}
