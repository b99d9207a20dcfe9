/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_status.h"
#include "acme_status_row.h"
#include "acme_str.h"
#include "acme_text.h"
#include "acme_time.h"
#include "mod_acme_hot.h"
#include "mod_acme_report.h"

/* Limits the length of a text in the table. */
#define MAX_TEXT 360

/* Limits the length of a URL that becomes a link. */
#define MAX_URL 2000

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
    acme_judgement_server_t server;
    acme_json_t *json;
    const acme_site_cert_t *cert = acme_site_cert_find(setup->certs, name);

    if (!cert) {
        json = acme_json_object(r->pool);
        acme_json_set_str(json, "error", "no such managed domain");
        acme_json_set_str(json, "name", name);
        return send_json(r, HTTP_NOT_FOUND, json);
    }
    mod_acme_report_server(&server, setup, r->pool);
    json = acme_status_site(cert->spec,
                            mod_acme_hot_inventory(setup, cert->index, r->pool),
                            mod_acme_config_setup_vault(setup, r->pool),
                            apr_time_now(), &server, NULL, r->pool);
    acme_json_give(json, "hot",
                   mod_acme_hot_report_site(setup, cert->index, r->pool));
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
    acme_judgement_server_t server;
    acme_status_activation_t view;
    apr_time_t now = apr_time_now();
    const char *frame;
    apr_pool_t *ptemp;
    int i;

    mod_acme_report_activation(&view, setup, r->pool);
    mod_acme_report_server(&server, setup, r->pool);
    frame =
        acme_json_print(acme_status_frame(&server, &view, r->pool), 1, r->pool);
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (r->header_only) {
        return OK;
    }
    apr_pool_create(&ptemp, r->pool);
    ap_rputs("{\n  \"managed-domains\": [", r);
    for (i = 0; i < setup->certs->nelts && !r->connection->aborted; i++) {
        const acme_json_t *site =
            acme_status_brief(acme_site_cert_at(setup->certs, i)->spec,
                              mod_acme_hot_inventory(setup, i, ptemp),
                              mod_acme_report(setup, vault, i, ptemp), vault,
                              now, &server, NULL, ptemp);

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

    /* Compare the first character and the common prefix of both handlers first,
     * because every request of the server passes here. */
    if (!r->handler || r->handler[0] != 'a'
        || strncmp(r->handler, "acme-", 5) != 0) {
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

/* Returns a text, or "" for NULL, for HTML, in bounded length because a CA may
 * have written it, and without places in the configuration, because everybody
 * may see the page. */
static const char *html(const char *text, apr_pool_t *p)
{
    const char *shown = acme_judgement_without_places(text ? text : "", p);

    return ap_escape_html(
        p, acme_text_bound(acme_text_utf8(shown, p), MAX_TEXT, p));
}

/* Prints how far away a date is, and the date itself below that; neither
 * wraps. */
static const char *date_of(apr_time_t at, apr_time_t now, apr_pool_t *p)
{
    at -= at % APR_USEC_PER_SEC;
    if (at <= 0) {
        return "-";
    }
    return apr_psprintf(
        p,
        "<span style=\"white-space:nowrap\">%s%s%s</span><br />"
        "<span style=\"white-space:nowrap\">%s</span>",
        at > now ? "in " : "",
        acme_time_print_duration(at > now ? at - now : now - at, p),
        at > now ? "" : " ago", acme_time_print(at, p));
}

/* Returns a link to a page that the CA has named, or "" when there is none, or
 * it is no https URL: another scheme may be a script. */
static const char *link_to(const char *url, const char *words, apr_pool_t *p)
{
    const char *c;

    if (!url) {
        return "";
    }
    for (c = url; apr_isascii(*c) && apr_isgraph(*c); c++) {
    }
    if (*c || strncmp(url, "https://", 8) != 0 || strlen(url) > MAX_URL) {
        return "";
    }
    return apr_psprintf(p, " <a href=\"%s\" rel=\"noopener noreferrer\">%s</a>",
                        ap_escape_html(p, url), words);
}

/* Returns links to the CA's pages about the last problem of a site, about what
 * hinders its order, and about the time of its renewal. */
static const char *links_of(const acme_status_row_t *row, apr_pool_t *p)
{
    return apr_pstrcat(
        p, link_to(row->problem, "the problem, by the CA", p),
        acme_str_same(row->hindrance, row->problem)
            ? ""
            : link_to(row->hindrance, "the hindrance, by the CA", p),
        link_to(row->ari, "the time, by the CA", p), NULL);
}

/* The section while it is printed: data that all rows share. */
typedef struct section_t {
    request_rec *r;
    const acme_setup_t *setup;
    acme_vault_t *vault;
    acme_judgement_server_t server;
    apr_time_t now;
    acme_status_counts_t *counts;
} section_t;

static void print_row(const section_t *section, const acme_site_cert_t *cert,
                      const acme_status_row_t *row, apr_pool_t *p)
{
    const acme_judgement_t *judgement = &row->judgement;
    const acme_spec_t *spec = cert->spec;
    int is_dated = judgement->next && judgement->at > 0;

    ap_rprintf(
        section->r,
        "<tr style=\"background:%s\"><td>%s</td><td>%s</td><td>%d</td>"
        "<td>%s%s</td><td style=\"overflow-wrap:anywhere\">%s</td>"
        "<td>%s</td><td>%s%s%s</td>"
        "<td style=\"overflow-wrap:anywhere\">%s%s</td><td>%s</td></tr>\n",
        judgement->level >= ACME_JUDGEMENT_FAILING ? "#fcc"
        : judgement->level != ACME_JUDGEMENT_OK    ? "#ffc"
                                                   : "#cfc",
        html(spec->name, p), acme_judgement_level_name(judgement->level),
        spec->names->nelts, acme_inventory_serving_name(row->serving),
        cert->inventory->stashed ? " (stashed)" : "", html(judgement->what, p),
        date_of(row->until, section->now, p), html(judgement->next, p),
        is_dated ? " " : "",
        is_dated ? date_of(judgement->at, section->now, p) : "",
        html(judgement->mend, p), links_of(row, p), html(spec->ca->label, p));
}

static void make_row(acme_status_row_t *row, const section_t *section, int i,
                     acme_status_counts_t *counts, apr_pool_t *ptemp)
{
    const acme_site_cert_t *cert = acme_site_cert_at(section->setup->certs, i);
    acme_status_view_t view;

    memset(&view, 0, sizeof(view));
    view.spec = cert->spec;
    view.inventory = mod_acme_hot_inventory(section->setup, i, ptemp);
    view.job = mod_acme_report(section->setup, section->vault, i, ptemp);
    view.now = section->now;
    acme_status_row(row, &view, section->vault, &section->server, counts,
                    ptemp);
}

/* Counts all sites. Returns their levels. */
static unsigned char *count_sites(const section_t *section)
{
    int i, n = section->setup->certs->nelts;
    unsigned char *levels = apr_pcalloc(section->r->pool, (apr_size_t)n + 1);
    acme_status_row_t row;
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, section->r->pool);
    for (i = 0; i < n; i++) {
        make_row(&row, section, i, section->counts, ptemp);
        levels[i] = (unsigned char)row.judgement.level;
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
    return levels;
}

/* Prints the rows, the worst first. */
static void print_rows(const section_t *section, const unsigned char *levels)
{
    acme_status_row_t row;
    apr_pool_t *ptemp;
    int i, level;

    apr_pool_create(&ptemp, section->r->pool);
    for (level = ACME_JUDGEMENT_BLOCKED; level >= ACME_JUDGEMENT_OK; level--) {
        for (i = 0; i < section->setup->certs->nelts
                    && !section->r->connection->aborted;
             i++) {
            if (levels[i] == level) {
                make_row(&row, section, i, NULL, ptemp);
                print_row(section, acme_site_cert_at(section->setup->certs, i),
                          &row, ptemp);
                apr_pool_clear(ptemp);
            }
        }
    }
    apr_pool_destroy(ptemp);
}

static void print_legend(request_rec *r)
{
    int level;

    ap_rputs("<p>", r);
    for (level = ACME_JUDGEMENT_OK; level <= ACME_JUDGEMENT_BLOCKED; level++) {
        ap_rprintf(r, "%s<em>%s</em>: %s", level ? "; " : "",
                   acme_judgement_level_name(level),
                   acme_judgement_level_text(level));
    }
    ap_rputs(".<br />\nServes: <em>lkc</em>: a certificate of this module; "
             "<em>okc</em>: its own SSLCertificateFile; <em>http</em>: none "
             "yet, https answers 503; <em>none</em>: it has no TLS virtual "
             "host. Times are UTC.</p>\n",
             r);
}

static void print_section(const section_t *section)
{
    request_rec *r = section->r;
    acme_judgement_t judgement;
    const char *outlook;

    ap_rputs("<hr />\n<h2>Managed Certificates</h2>\n", r);
    acme_judgement_of_server(&judgement, &section->server, r->pool);
    outlook = acme_judgement_outlook(&judgement, section->now, r->pool);
    if (judgement.level != ACME_JUDGEMENT_OK) {
        ap_rprintf(r, "<p><strong>%s: %s</strong>%s%s%s%s</p>\n",
                   acme_judgement_level_name(judgement.level),
                   html(judgement.what, r->pool), outlook ? "; " : "",
                   outlook ? html(outlook, r->pool) : "",
                   judgement.mend ? "; to fix: " : "",
                   judgement.mend ? html(judgement.mend, r->pool) : "");
    }
    ap_rputs("<table border=\"0\"><tr><th>Domain</th><th>Level</th>"
             "<th>Names</th><th>Serves</th><th>State</th><th>Valid until</th>"
             "<th>Next</th><th>To fix</th><th>Authority</th></tr>\n",
             r);
    print_rows(section, count_sites(section));
    ap_rprintf(r,
               "</table>\n<p>%d certificate%s, %d ready for the next "
               "restart</p>\n",
               section->counts->total, section->counts->total == 1 ? "" : "s",
               section->server.pending);
    print_legend(r);
}

int mod_acme_status_section(request_rec *r, int flags)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    acme_status_counts_t counts = {0, 0, 0, 0, 0, 0};
    section_t section;

    if (!setup || !setup->loaded) {
        return DECLINED;
    }
    section.r = r;
    section.setup = setup;
    section.vault = mod_acme_config_setup_vault(setup, r->pool);
    section.now = apr_time_now();
    section.counts = &counts;
    mod_acme_report_server(&section.server, setup, r->pool);
    if (!(flags & AP_STATUS_SHORT)) {
        print_section(&section);
        return OK;
    }
    count_sites(&section);
    ap_rprintf(r,
               "ManagedCertificatesTotal: %d\nManagedCertificatesOK: %d\n"
               "ManagedCertificatesRenew: %d\n"
               "ManagedCertificatesErrored: %d\n"
               "ManagedCertificatesReady: %d\n",
               counts.total, counts.ok, counts.renew, counts.errored,
               counts.ready);
    return OK;
}
