/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <util_filter.h>

#include <apr_atomic.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_preflight_probe.h"
#include "acme_solver_http.h"
#include "mod_acme_hot.h"
#include "mod_acme_stateless.h"

APLOG_USE_MODULE(acme);

/* Seconds after which a client should try again while the first certificate is
 * being obtained. */
#define RETRY_AFTER "30"

/* Half a year. */
#define HSTS_HEADER "Strict-Transport-Security"
#define HSTS_VALUE  "max-age=15768000"

/* Never redirected, because other handlers may answer below it (RFC 8615). */
#define WELL_KNOWN "/.well-known/"

/* Sends a whole answer at once, because no handler, filter configuration or
 * ErrorDocument of the virtual host may change it. */
static int answer(request_rec *r, int status, const char *text)
{
    apr_bucket_brigade *bb =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_size_t len = strlen(text);

    r->status = status;
    r->no_cache = 1;
    /* Announce that the connection is closed after the answer. */
    r->connection->keepalive = AP_CONN_CLOSE;
    ap_set_content_type(r, status == HTTP_OK ? "application/octet-stream"
                                             : "text/plain; charset=utf-8");
    ap_set_content_length(r, (apr_off_t)len);
    ap_discard_request_body(r);
    if (!r->header_only) {
        apr_brigade_write(bb, NULL, NULL, text, len);
    }
    APR_BRIGADE_INSERT_TAIL(bb,
                            apr_bucket_eos_create(r->connection->bucket_alloc));
    ap_pass_brigade(r->output_filters, bb);
    return DONE;
}

/* Finds the answer to a token: of an order of this server, or else, with
 * ACMEHttp01Stateless, of any order of the account. Logs which. */
static apr_status_t find_answer(const char **key_authorization, request_rec *r,
                                const acme_spec_t *spec, const char *host)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const char *token = r->parsed_uri.path + sizeof(ACME_SOLVER_HTTP_PATH) - 1;
    acme_vault_t *vault = mod_acme_config_setup_vault(setup, r->pool);

    if (!vault) {
        return APR_ENOENT;
    }
    if (acme_solver_http_answer(key_authorization, vault, host, token, r->pool)
        == APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      ACME_TAG(0602) "%s: http-01 challenge answered",
                      spec->name);
        return APR_SUCCESS;
    }
    if (mod_acme_stateless_answer(key_authorization, setup, vault, host, token,
                                  r->pool)
        == APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      ACME_TAG(0620) "%s: http-01 challenge of another node "
                                     "answered",
                      spec->name);
        return APR_SUCCESS;
    }
    return APR_ENOENT;
}

/* Answers a probe of preflight, for whatever host, because a host that no site
 * has is one of the faults that it looks for. */
static int answer_probe(request_rec *r, const acme_setup_t *setup,
                        const char *token)
{
    const char *host = r->hostname;
    int managed =
        mod_acme_config_setup_find(&host, setup, host, r->pool) != NULL;
    const char *text = setup->seal && r->method_number == M_GET
                           ? acme_preflight_probe_answer(setup->seal, token,
                                                         host, managed, r->pool)
                           : NULL;

    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    return text ? answer(r, HTTP_OK, text) : DECLINED;
}

int mod_acme_respond_challenge(request_rec *r)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const acme_site_t *site;
    const acme_spec_t *spec;
    const char *key_authorization;
    const char *token;
    const char *host;

    /* Compare the first two characters before, because every request passes
     * here. */
    if (!setup || !r->parsed_uri.path || r->parsed_uri.path[0] != '/'
        || r->parsed_uri.path[1] != '.'
        || strncmp(r->parsed_uri.path, ACME_SOLVER_HTTP_PATH,
                   sizeof(ACME_SOLVER_HTTP_PATH) - 1)
               != 0
        || !ap_is_initial_req(r)) {
        return DECLINED;
    }
    token = r->parsed_uri.path + sizeof(ACME_SOLVER_HTTP_PATH) - 1;
    if (acme_preflight_probe_is_token(token)) {
        return answer_probe(r, setup, token);
    }
    site = mod_acme_config_setup_find(&host, setup, r->hostname, r->pool);
    if (!site || r->method_number != M_GET) {
        return DECLINED;
    }
    spec = site->certs[ACME_SPEC_FIRST_KEY]->spec;
    /* The answer is for the CA only: a browser that is led here must not take
     * the token in it for a page or a script. */
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (find_answer(&key_authorization, r, spec, host)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      ACME_TAG(0601) "%s: no challenge is pending for this "
                                     "token",
                      spec->name);
        return answer(r, HTTP_NOT_FOUND,
                      "No ACME challenge is pending for this token.\n");
    }
    return answer(r, HTTP_OK, key_authorization);
}

int mod_acme_respond_unavailable(request_rec *r)
{
    const acme_config_t *config = mod_acme_config_get(r->server);
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const acme_site_t *site;

    if (!config->placeholder || !ap_is_initial_req(r)
        || !ap_ssl_conn_is_ssl(r->connection)) {
        return DECLINED;
    }
    site = config->certless || !setup
               ? NULL
               : mod_acme_config_setup_site(setup, r->server);
    if (site && mod_acme_hot_serves(setup, site)) {
        return DECLINED;
    }
    if (config->certless) {
        return answer(r, HTTP_SERVICE_UNAVAILABLE,
                      "This site has no certificate at present.\n");
    }
    apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    return answer(r, HTTP_SERVICE_UNAVAILABLE,
                  "The first certificate of this site is being obtained. "
                  "Please try again in a little while.\n");
}

/* Returns the site of the request's virtual host, or NULL. */
static const acme_site_t *site_of(const request_rec *r)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();

    return setup ? mod_acme_config_setup_site(setup, r->server) : NULL;
}

/* Returns non-zero when https works for this request: all TLS virtual hosts of
 * its site serve a certificate that a CA has signed, and the requested name is
 * in it. */
static int has_https(const char **host, const acme_site_t *site, request_rec *r)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const acme_port_map_t *map;

    /* OPTIONS * has no path to redirect to. */
    if (!r->parsed_uri.path || *r->parsed_uri.path != '/'
        || !ap_is_initial_req(r)
        || (site->certs[ACME_SPEC_FIRST_KEY]->inventory->serving
                != ACME_SERVING_LKC
            && !mod_acme_hot_serves(setup, site))
        || !strncmp(r->parsed_uri.path, WELL_KNOWN, sizeof(WELL_KNOWN) - 1)) {
        return 0;
    }
    map = mod_acme_config_value(mod_acme_config_get(setup->server),
                                ACME_SETTING_PORT_MAP);
    /* UseCanonicalName decides which name this is. */
    *host = ap_get_server_name(r);
    return (!map || map->https)
           && mod_acme_config_setup_find(host, setup, *host, r->pool) == site;
}

/* Returns what the proxy next to the client has written into a header, which is
 * the part before a comma where several have added to it; or NULL. */
static const char *first_part(request_rec *r, const char *header)
{
    const char *value = apr_table_get(r->headers_in, header);
    apr_size_t len = value ? strcspn(value, ",") : 0;

    while (len && apr_isspace(value[len - 1])) {
        len--;
    }
    return value ? apr_pstrmemdup(r->pool, value, len) : NULL;
}

/* Returns the header by which a proxy says that the client came by https, or
 * NULL. A client that claims it itself is only not redirected. */
static const char *https_header(request_rec *r)
{
    const char *proto = first_part(r, "X-Forwarded-Proto");
    const char *ssl = first_part(r, "X-Forwarded-Ssl");
    const char *forwarded = first_part(r, "Forwarded"); /* RFC 7239 */

    if (proto && !ap_cstr_casecmp(proto, "https")) {
        return "X-Forwarded-Proto";
    }
    if (ssl && !ap_cstr_casecmp(ssl, "on")) {
        return "X-Forwarded-Ssl";
    }
    return forwarded
                   && (ap_strcasestr(forwarded, "proto=https")
                       || ap_strcasestr(forwarded, "proto=\"https\""))
               ? "Forwarded"
               : NULL;
}

/* Logs once in a generation of the server that a proxy ends TLS. */
static void say_proxy(request_rec *r, const acme_spec_t *spec,
                      const char *header)
{
    acme_notify_urgent_t *shared = mod_acme_config_setup_get()->notify_urgent;

    if (!shared || apr_atomic_cas32(&shared->proxy_said, 1, 0) != 0) {
        return;
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  ACME_TAG(0055) "%s: not redirected to https, because a proxy "
                                 "says by %s that it has come by https; where "
                                 "a proxy in front ends TLS, let it redirect, "
                                 "and remove ACMERequireHttps",
                  spec->name, header);
}

/* Redirects a request to https, or tells the browser to remember that, as
 * required. */
static int redirect(request_rec *r, const acme_spec_t *spec, const char *host,
                    acme_require_https_e require)
{
    int permanent = require == ACME_HTTPS_PERMANENT;
    const char *header;

    if (ap_ssl_conn_is_ssl(r->connection)) {
        if (permanent && !apr_table_get(r->headers_out, HSTS_HEADER)) {
            apr_table_setn(r->headers_out, HSTS_HEADER, HSTS_VALUE);
        }
        return DECLINED;
    }
    header = https_header(r);
    if (header) {
        say_proxy(r, spec, header);
        return DECLINED;
    }
    /* Use the path as the client sent it, before it is unescaped. */
    apr_table_setn(r->headers_out, "Location",
                   apr_pstrcat(r->pool, "https://",
                               strchr(host, ':') ? "[" : "", host,
                               strchr(host, ':') ? "]" : "", r->parsed_uri.path,
                               r->args ? "?" : NULL, r->args, NULL));
    /* As it was 1999: only GET and HEAD may be repeated as something else. */
    if (r->method_number == M_GET) {
        return permanent ? HTTP_MOVED_PERMANENTLY : HTTP_MOVED_TEMPORARILY;
    }
    return permanent ? HTTP_PERMANENT_REDIRECT : HTTP_TEMPORARY_REDIRECT;
}

int mod_acme_respond_redirect(request_rec *r)
{
    const acme_site_t *site = site_of(r);
    const acme_spec_t *spec =
        site ? site->certs[ACME_SPEC_FIRST_KEY]->spec : NULL;
    const char *host;

    /* Look at the setting first, because every request passes here. */
    return spec && spec->require_https != ACME_HTTPS_OFF
                   && has_https(&host, site, r)
               ? redirect(r, spec, host, spec->require_https)
               : DECLINED;
}

int mod_acme_respond_redirect_section(request_rec *r)
{
    const acme_dir_config_t *dir =
        ap_get_module_config(r->per_dir_config, &acme_module);
    const acme_site_t *site =
        dir->require_https != ACME_HTTPS_OFF ? site_of(r) : NULL;
    const char *host;

    return site && has_https(&host, site, r)
               ? redirect(r, site->certs[ACME_SPEC_FIRST_KEY]->spec, host,
                          dir->require_https)
               : DECLINED;
}
