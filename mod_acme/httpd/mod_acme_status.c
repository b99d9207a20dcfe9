/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_status.h"
#include "acme_text.h"
#include "acme_time.h"
#include "mod_acme_report.h"

/* Limits the length of a CA's message in the table. */
#define MAX_PROBLEM 300

static int send_json(request_rec *r, int status, const acme_json_t *json)
{
    const char *text = acme_json_print(json, 1, r->pool);

    r->status = status;
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    if (!r->header_only) {
        ap_rputs(text, r);
    }
    return OK;
}

static int send_one(request_rec *r, const acme_setup_t *setup, const char *name)
{
    acme_status_counts_t counts = {0, 0, 0, 0, 0, 0};
    acme_json_t *json;
    const acme_site_cert_t *cert = acme_site_cert_find(setup->certs, name);

    if (!cert) {
        json = acme_json_object(r->pool);
        acme_json_set_str(json, "error", "no such managed domain");
        acme_json_set_str(json, "name", name);
        return send_json(r, HTTP_NOT_FOUND, json);
    }
    json = acme_status_site(cert->spec, cert->inventory,
                            mod_acme_config_setup_vault(setup, r->pool),
                            apr_time_now(), &counts, r->pool);
    return send_json(r, HTTP_OK, json);
}

/* Returns what follows the path of the <Location>. path_info cannot be used,
 * because a virtual host need not have a DocumentRoot. If the handler was set
 * in another way, a last part with a dot or, as in an IPv6 address, colons is a
 * name. */
static const char *asked_for(const request_rec *r)
{
    const core_dir_config *section =
        ap_get_core_module_config(r->per_dir_config);
    const char *path = section->d && !section->d_is_fnmatch ? section->d : "";
    apr_size_t len = strlen(path);
    const char *name;

    while (len && path[len - 1] == '/') {
        len--;
    }
    if (len && !strncmp(r->uri, path, len)
        && (r->uri[len] == '/' || !r->uri[len])) {
        return r->uri[len] ? r->uri + len + 1 : "";
    }
    name = strrchr(r->uri, '/');
    name = name ? name + 1 : r->uri;
    return strpbrk(name, ".:") ? name : "";
}

/* Sends all sites and then what acme_status_frame() says. Each site is made and
 * sent by itself, because thousands at once would need much memory. */
static int send_all(request_rec *r, const acme_setup_t *setup)
{
    acme_vault_t *vault = mod_acme_config_setup_vault(setup, r->pool);
    acme_status_activation_t view;
    apr_time_t now = apr_time_now();
    acme_json_t *json;
    const char *frame;
    apr_pool_t *ptemp;
    int i;

    mod_acme_report_activation(&view, setup, r->pool);
    json = acme_status_frame(setup->unusable, &view, r->pool);
    acme_json_set_str(json, "waiting", mod_acme_report_waiting(setup, r->pool));
    frame = acme_json_print(json, 1, r->pool);
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (r->header_only) {
        return OK;
    }
    apr_pool_create(&ptemp, r->pool);
    ap_rputs("{\n  \"managed-domains\": [", r);
    for (i = 0; i < setup->certs->nelts && !r->connection->aborted; i++) {
        const acme_json_t *site = acme_status_brief(
            acme_site_cert_at(setup->certs, i)->spec,
            acme_site_cert_at(setup->certs, i)->inventory,
            mod_acme_report(setup, vault, i, ptemp), vault, now, NULL, ptemp);

        ap_rputs(i ? ",\n" : "\n", r);
        ap_rputs(acme_json_print(site, 0, ptemp), r);
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
    ap_rputs("\n  ],\n", r);
    /* Skip the opening brace, because it has been sent. */
    ap_rputs(frame + strspn(frame, "{\n"), r);
    return OK;
}

int mod_acme_status_handler(request_rec *r)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const char *name;

    /* Compare the common prefix of both handlers first, because every request
     * of the server passes here. */
    if (!r->handler || strncmp(r->handler, "acme-", 5) != 0) {
        return DECLINED;
    }
    if (strcmp(r->handler, "acme-metrics") == 0) {
        return mod_acme_metrics_handler(r);
    }
    if (strcmp(r->handler, "acme-status") != 0) {
        return DECLINED;
    }
    r->allowed = (AP_METHOD_BIT << M_GET);
    if (r->method_number != M_GET) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    if (!setup) {
        acme_json_t *none = acme_json_object(r->pool);

        acme_json_set(none, "managed-domains", acme_json_array(r->pool));
        return send_json(r, HTTP_OK, none);
    }
    name = asked_for(r);
    if (*name) {
        return send_one(r, setup, name);
    }
    return send_all(r, setup);
}

/* server-status: one line of the table per site. */

static const char *str_of(const acme_json_t *json, const char *key)
{
    const char *value = "";

    acme_json_get_str(&value, json, key);
    return value;
}

static const acme_json_t *child_of(const acme_json_t *json, const char *key)
{
    acme_json_t *value = NULL;

    return json && !acme_json_get(&value, json, key) ? value : NULL;
}

static const char *problem_of(const acme_json_t *site, apr_pool_t *p)
{
    const acme_json_t *renewal = child_of(site, "renewal");
    const acme_json_t *last = child_of(renewal, "last");
    const char *to_fix = last ? str_of(last, "to-fix") : "";
    apr_int64_t errors = 0;

    if (!last || acme_json_get_int(&errors, renewal, "errors") || !errors) {
        return "";
    }
    return apr_pstrcat(
        p,
        acme_text_escape(apr_pstrcat(p, str_of(last, "problem"), ": ",
                                     str_of(last, "detail"), NULL),
                         MAX_PROBLEM, p),
        *to_fix ? "; to fix: " : "", acme_text_escape(to_fix, MAX_PROBLEM, p),
        NULL);
}

/* Returns the state in words, also when nothing is wrong. */
static const char *state_of(const acme_json_t *site)
{
    const acme_json_t *renewal = child_of(site, "renewal");
    const char *descr = str_of(site, "state-descr");
    int finished = 0;

    if (*descr) {
        return descr;
    }
    if (renewal) {
        (void)acme_json_get_bool(&finished, renewal, "finished");
    }
    return finished ? "a new certificate waits for its activation" : "ok";
}

static void print_row(request_rec *r, const acme_spec_t *spec,
                      const acme_inventory_t *inventory,
                      const acme_json_t *site)
{
    const acme_json_t *renewal = child_of(site, "renewal");
    const acme_cert_info_t *info =
        inventory->live ? inventory->live->info : NULL;
    const char *next = renewal ? str_of(renewal, "next-run") : "";

    ap_rprintf(r,
               "<tr><td>%s</td><td>%d</td><td>%s</td><td>%s</td><td>%s</td>"
               "<td>%s</td><td>%s</td><td>%s</td></tr>\n",
               ap_escape_html(r->pool, spec->name), spec->names->nelts,
               inventory->stashed
                   ? apr_pstrcat(
                       r->pool, acme_inventory_serving_name(inventory->serving),
                       " (stashed)", NULL)
                   : acme_inventory_serving_name(inventory->serving),
               ap_escape_html(r->pool, state_of(site)),
               info ? acme_time_print(info->not_after, r->pool) : "-",
               ap_escape_html(r->pool, spec->ca->label),
               ap_escape_html(r->pool, problem_of(site, r->pool)),
               *next ? ap_escape_html(r->pool, next) : "-");
}

static void print_table(request_rec *r, const acme_setup_t *setup,
                        acme_vault_t *vault, acme_status_counts_t *counts,
                        int short_form)
{
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, r->pool);
    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;
        const acme_inventory_t *inventory =
            acme_site_cert_at(setup->certs, i)->inventory;
        const acme_json_t *site = acme_status_brief(
            spec, inventory, mod_acme_report(setup, vault, i, ptemp), vault,
            apr_time_now(), counts, ptemp);

        if (!short_form) {
            print_row(r, spec, inventory, site);
        }
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
}

int mod_acme_status_section(request_rec *r, int flags)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    acme_status_counts_t counts = {0, 0, 0, 0, 0, 0};
    acme_status_activation_t view;
    acme_vault_t *vault;
    const char *waiting;

    if (!setup || !setup->loaded) {
        return DECLINED;
    }
    vault = mod_acme_config_setup_vault(setup, r->pool);
    mod_acme_report_activation(&view, setup, r->pool);
    if (flags & AP_STATUS_SHORT) {
        print_table(r, setup, vault, &counts, 1);
        ap_rprintf(r,
                   "ManagedCertificatesTotal: %d\nManagedCertificatesOK: %d\n"
                   "ManagedCertificatesRenew: %d\n"
                   "ManagedCertificatesErrored: %d\n"
                   "ManagedCertificatesReady: %d\n",
                   counts.total, counts.ok, counts.renew, counts.errored,
                   counts.ready);
        return OK;
    }
    ap_rputs("<hr />\n<h2>Managed Certificates</h2>\n", r);
    if (setup->unusable) {
        ap_rprintf(r, "<p><strong>%s</strong></p>\n",
                   ap_escape_html(r->pool, setup->unusable));
    }
    waiting = mod_acme_report_waiting(setup, r->pool);
    if (waiting) {
        ap_rprintf(r, "<p><strong>No orders: %s</strong></p>\n",
                   ap_escape_html(r->pool, waiting));
    }
    if (view.blocked) {
        ap_rprintf(r, "<p><strong>No restart: %s</strong></p>\n",
                   ap_escape_html(r->pool, view.blocked));
    }
    ap_rputs("<table border=\"0\"><tr><th>Domain</th><th>Names</th>"
             "<th>Serves</th><th>State</th><th>Valid until</th>"
             "<th>Authority</th><th>Last problem</th><th>Next run</th></tr>\n",
             r);
    print_table(r, setup, vault, &counts, 0);
    ap_rprintf(r,
               "</table>\n<p>%d certificates, %d ready for the next "
               "restart</p>\n",
               counts.total, view.pending);
    return OK;
}
