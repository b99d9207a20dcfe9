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

/* Returns the certificate that is filed under this name, or NULL. Sets *why
 * when there is one that must not be served, or cannot be. */
static const acme_certstore_cert_t *filed(const char **why,
                                          const acme_certstore_t *certstore,
                                          const char *name, apr_pool_t *p)
{
    static const acme_place_e places[] = {ACME_PLACE_LIVE, ACME_PLACE_STASH};
    acme_certstore_cert_t *cert;
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        apr_status_t rv = acme_certstore_get_at(&cert, certstore, places[i],
                                                name, &problem, p);
        const char *refusal =
            rv ? problem.detail
               : acme_certstore_refusal(certstore, cert->info, p);

        if (!rv && !refusal) {
            return cert;
        }
        if (!APR_STATUS_IS_ENOENT(rv)) {
            *why = refusal ? refusal : "it cannot be read";
        }
    }
    return NULL;
}

/* Returns a certificate that covers the name, whatever it is filed under, or
 * NULL, and sets *why as filed() does. Reads all of them, because this is an
 * emergency. */
static const acme_certstore_cert_t *covering(const char **why,
                                             const acme_certstore_t *certstore,
                                             const char *name, apr_pool_t *p)
{
    static const acme_place_e places[] = {ACME_PLACE_LIVE, ACME_PLACE_STASH};
    acme_certstore_cert_t *cert;
    apr_array_header_t *names;
    const char *refusal;
    size_t i;
    int j;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (acme_certstore_list(&names, certstore, places[i], NULL, p)) {
            continue;
        }
        for (j = 0; j < names->nelts; j++) {
            if (acme_certstore_get_at(&cert, certstore, places[i],
                                      APR_ARRAY_IDX(names, j, const char *),
                                      NULL, p)
                || !acme_ident_covered(cert->info->names, name)) {
                continue;
            }
            refusal = acme_certstore_refusal(certstore, cert->info, p);
            if (!refusal) {
                return cert;
            }
            *why = refusal;
        }
    }
    return NULL;
}

/* Returns the former certificate of a virtual host, or NULL. *why is NULL when
 * there is none at all, else it says why the one that there is must not be
 * served. */
static const acme_certstore_cert_t *find(const char **why, const server_rec *s,
                                         apr_pool_t *p)
{
    const acme_certstore_cert_t *cert;
    apr_array_header_t *numbers;
    acme_certstore_t *certstore;
    const char *name, *no_name;

    *why = NULL;
    if (!s->server_hostname
        || acme_ident_canonical(&name, s->server_hostname, &no_name, p)) {
        return NULL;
    }
    certstore =
        acme_certstore_look(mod_acme_config_store_dir(ap_server_conf, p), p);
    cert = filed(why, certstore, name, p);
    if (!cert || !acme_ident_covered(cert->info->names, name)) {
        cert = covering(why, certstore, name, p);
    }
    if (!cert && !*why
        && acme_certstore_versions(&numbers, certstore, name, p) == APR_SUCCESS
        && numbers->nelts) {
        *why = "it is archived or was deleted";
    }
    return cert;
}

int mod_acme_certless_is_saved(const server_rec *s, apr_pool_t *ptemp)
{
    const char *why;

    return find(&why, s, ptemp) || why;
}

static const acme_log_t *log_of(const acme_setup_t *setup, apr_pool_t *p)
{
    return setup && setup->log ? setup->log
                               : mod_acme_log_httpd(ap_server_conf, p);
}

/* Gives a placeholder instead of a certificate that was revoked, because the
 * server must not end over it. */
static int give_placeholder(const acme_setup_t *setup, const server_rec *s,
                            const char *why, apr_pool_t *p,
                            apr_array_header_t *cert_files,
                            apr_array_header_t *key_files)
{
    acme_config_t *config = mod_acme_config_get(s);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_placeholder_t *made;
    const char *cert;

    if (acme_placeholder_create(
            &made, setup && setup->vault ? setup->store_dir : NULL,
            config->expect_level, apr_time_now(), &problem, p)
        || acme_placeholder_cert(&cert, made, s->server_hostname, &problem,
                                 p)) {
        acme_log(log_of(setup, p), ACME_LOG_ERR, 0,
                 ACME_TAG(0691) "%s: there is no placeholder certificate: %s",
                 s->server_hostname,
                 problem.detail ? problem.detail : "unknown");
        return DECLINED;
    }
    config->placeholder = 1;
    config->left = 1;
    APR_ARRAY_PUSH(cert_files, const char *) = cert;
    APR_ARRAY_PUSH(key_files, const char *) = acme_placeholder_key(made);
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        acme_log(log_of(setup, p), ACME_LOG_ERR, 0,
                 ACME_TAG(0690) "%s: %s has SSLEngine on, and neither "
                                "ACMEDomain nor SSLCertificateFile any more, "
                                "and the certificate that was obtained before "
                                "is not served: %s; https answers 503 until "
                                "you decide",
                 s->server_hostname, place_of(s, p), why);
    }
    return OK;
}

int mod_acme_certless_give(const acme_setup_t *setup, server_rec *s,
                           apr_pool_t *p, apr_array_header_t *cert_files,
                           apr_array_header_t *key_files)
{
    acme_config_t *config = mod_acme_config_get(s);
    const acme_certstore_cert_t *cert;
    const char *why;

    if (!config->certless || cert_files->nelts) {
        return DECLINED;
    }
    cert = find(&why, s, p);
    if (!cert) {
        return why ? give_placeholder(setup, s, why, p, cert_files, key_files)
                   : DECLINED;
    }
    config->left = 1;
    APR_ARRAY_PUSH(cert_files, const char *) = cert->cert_path;
    APR_ARRAY_PUSH(key_files, const char *) = cert->key_path;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        acme_log(log_of(setup, p), ACME_LOG_WARNING, 0,
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
