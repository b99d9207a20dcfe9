/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_certless.h"

#include <http_core.h>
#include <http_main.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_time.h"
#include "mod_acme_hooks.h"

static const char *place_of(const server_rec *s, apr_pool_t *p)
{
    return s->is_virtual ? apr_psprintf(p, "the virtual host at %s:%u",
                                        s->defn_name, s->defn_line_number)
                         : "the main server, outside of virtual hosts,";
}

/* Returns non-zero when mod_md manages the virtual host, and so gives it a
 * certificate. */
static int is_of_md(const acme_conftree_t *tree, const server_rec *s)
{
    int i;

    if (s->server_hostname && mod_acme_conftree_md(tree, s->server_hostname)) {
        return 1;
    }
    for (i = 0; s->names && i < s->names->nelts; i++) {
        if (mod_acme_conftree_md(tree,
                                 APR_ARRAY_IDX(s->names, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

void mod_acme_certless_check(acme_sites_t *sites)
{
    server_rec *s;

    for (s = sites->server; s; s = s->next) {
        acme_config_t *config = mod_acme_config_get(s);

        config->certless =
            config->expect_tls && config->site < 0
            && config->expect_certs + config->expect_inherited == 0
            && !mod_acme_conftree_conf_cmd(sites->tree, s)
            && !is_of_md(sites->tree, s);
        if (config->certless) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0051) "%s (%s) has SSLEngine on and no certificate, "
                               "without which mod_ssl does not start the "
                               "server; %s, or write SSLCertificateFile and "
                               "SSLCertificateKeyFile into it, or remove "
                               "SSLEngine on",
                place_of(s, sites->p),
                s->server_hostname ? s->server_hostname : "without a name",
                config->off     ? "remove 'ACMEDomain off' and write "
                                  "'ACMEDomain' to have one obtained"
                : s->is_virtual ? "write 'ACMEDomain' into it to have one "
                                  "obtained"
                                : "write SSLEngine on into the virtual hosts "
                                  "that need it");
        }
    }
}

/* Returns the certificate that is filed under this name, or NULL. */
static const acme_certstore_cert_t *filed(const acme_certstore_t *certstore,
                                          const char *name, apr_pool_t *p)
{
    static const acme_place_e places[] = {ACME_PLACE_LIVE, ACME_PLACE_STASH};
    acme_certstore_cert_t *cert;
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!acme_certstore_get_at(&cert, certstore, places[i], name, NULL, p)
            && !acme_certstore_refusal(certstore, cert->info, p)) {
            return cert;
        }
    }
    return NULL;
}

/* Returns a certificate that covers the name, whatever it is filed under, or
 * NULL. Reads all of them, because this is an emergency. */
static const acme_certstore_cert_t *covering(const acme_certstore_t *certstore,
                                             const char *name, apr_pool_t *p)
{
    static const acme_place_e places[] = {ACME_PLACE_LIVE, ACME_PLACE_STASH};
    apr_array_header_t *names;
    size_t i;
    int j;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (acme_certstore_list(&names, certstore, places[i], NULL, p)) {
            continue;
        }
        for (j = 0; j < names->nelts; j++) {
            const acme_certstore_cert_t *cert =
                filed(certstore, APR_ARRAY_IDX(names, j, const char *), p);

            if (cert && acme_ident_covered(cert->info->names, name)) {
                return cert;
            }
        }
    }
    return NULL;
}

static const acme_certstore_cert_t *find(const server_rec *s, apr_pool_t *p)
{
    const acme_certstore_cert_t *cert;
    acme_certstore_t *certstore;
    const char *name, *why;

    if (!s->server_hostname
        || acme_ident_canonical(&name, s->server_hostname, &why, p)) {
        return NULL;
    }
    certstore =
        acme_certstore_look(mod_acme_config_store_dir(ap_server_conf, p), p);
    cert = filed(certstore, name, p);
    return cert && acme_ident_covered(cert->info->names, name)
               ? cert
               : covering(certstore, name, p);
}

int mod_acme_certless_is_saved(const server_rec *s, apr_pool_t *ptemp)
{
    return find(s, ptemp) != NULL;
}

int mod_acme_certless_give(const acme_setup_t *setup, server_rec *s,
                           apr_pool_t *p, apr_array_header_t *cert_files,
                           apr_array_header_t *key_files)
{
    acme_config_t *config = mod_acme_config_get(s);
    const acme_certstore_cert_t *cert;

    if (!config->certless || cert_files->nelts) {
        return DECLINED;
    }
    cert = find(s, p);
    if (!cert) {
        return DECLINED;
    }
    config->left = 1;
    APR_ARRAY_PUSH(cert_files, const char *) = cert->cert_path;
    APR_ARRAY_PUSH(key_files, const char *) = cert->key_path;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        acme_log(setup && setup->log ? setup->log
                                     : mod_acme_log_httpd(ap_server_conf, p),
                 ACME_LOG_WARNING, 0,
                 ACME_TAG(0052) "%s: %s has SSLEngine on, and neither "
                                "ACMEDomain nor SSLCertificateFile any more: "
                                "the certificate that was obtained before is "
                                "served until you decide; it is valid until "
                                "%s, and not renewed",
                 s->server_hostname, place_of(s, p),
                 acme_time_print(cert->info->not_after, p));
    }
    return OK;
}
