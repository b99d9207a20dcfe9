/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_status.h"
#include "acme_text.h"
#include "acme_time.h"
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
    json = acme_status_site(cert->spec, cert->inventory,
                            mod_acme_config_setup_vault(setup, r->pool),
                            apr_time_now(), &server, NULL, r->pool);
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
                              acme_site_cert_at(setup->certs, i)->inventory,
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

static const char *str_of(const acme_json_t *json, const char *key)
{
    const char *value = "";

    if (json) {
        (void)acme_json_get_str(&value, json, key);
    }
    return value;
}

static const acme_json_t *child_of(const acme_json_t *json, const char *key)
{
    acme_json_t *value = NULL;

    return json && !acme_json_get(&value, json, key) ? value : NULL;
}

/* Returns a member of the site's judgement. */
static const char *judged(const acme_json_t *site, const char *key)
{
    return str_of(child_of(site, "judgement"), key);
}

static acme_judgement_level_e level_of(const acme_json_t *site)
{
    const char *name = judged(site, "level");
    int level = ACME_JUDGEMENT_OK;

    while (level < ACME_JUDGEMENT_BLOCKED
           && strcmp(acme_judgement_level_name(level), name) != 0) {
        ++level;
    }
    return level;
}

/* Returns a text for HTML, in bounded length because a CA may have written
 * it. */
static const char *html(const char *text, apr_pool_t *p)
{
    return ap_escape_html(p, acme_text_bound(text, MAX_TEXT, p));
}

/* Prints how far away a date of the JSON is, and the date itself below that;
 * neither wraps. */
static const char *date_of(const char *text, apr_time_t now, apr_pool_t *p)
{
    apr_time_t at = apr_date_parse_http(text);

    if (!*text || at <= 0) {
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

/* Returns a link to a page that the CA has named, or "" when it is no https
 * URL: another scheme may be a script. */
static const char *link_to(const char *url, const char *words, apr_pool_t *p)
{
    const char *c;

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
static const char *links_of(const acme_json_t *site, apr_pool_t *p)
{
    const acme_json_t *renewal = child_of(site, "renewal");
    const char *last = str_of(child_of(renewal, "last"), "instance");
    const char *hindrance = str_of(child_of(renewal, "hindrance"), "instance");

    return apr_pstrcat(p, link_to(last, "the problem, by the CA", p),
                       strcmp(hindrance, last) != 0
                           ? link_to(hindrance, "the hindrance, by the CA", p)
                           : "",
                       link_to(str_of(child_of(site, "ari"), "explanation-url"),
                               "the time, by the CA", p),
                       NULL);
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

static void print_row(const section_t *section, const acme_spec_t *spec,
                      const acme_inventory_t *inventory,
                      const acme_json_t *site, apr_pool_t *p)
{
    const acme_json_t *cert = child_of(site, "cert");
    const char *to_fix = judged(site, "to-fix");
    const char *next = judged(site, "next");
    const char *at = judged(site, "at");
    acme_judgement_level_e level = level_of(site);

    ap_rprintf(
        section->r,
        "<tr style=\"background:%s\"><td>%s</td><td>%s</td><td>%d</td>"
        "<td>%s%s</td><td style=\"overflow-wrap:anywhere\">%s</td>"
        "<td>%s</td><td>%s%s%s</td>"
        "<td style=\"overflow-wrap:anywhere\">%s%s</td><td>%s</td></tr>\n",
        level >= ACME_JUDGEMENT_FAILING ? "#fcc"
        : level != ACME_JUDGEMENT_OK    ? "#ffc"
                                        : "#cfc",
        html(spec->name, p), acme_judgement_level_name(level),
        spec->names->nelts, acme_inventory_serving_name(inventory->serving),
        inventory->stashed ? " (stashed)" : "", html(judged(site, "what"), p),
        date_of(str_of(child_of(cert, "valid"), "until"), section->now, p),
        html(next, p), *next && *at ? " " : "",
        *next && *at ? date_of(at, section->now, p) : "", html(to_fix, p),
        links_of(site, p), html(spec->ca->label, p));
}

static const acme_json_t *site_at(const section_t *section, int i,
                                  acme_status_counts_t *counts,
                                  apr_pool_t *ptemp)
{
    const acme_site_cert_t *cert = acme_site_cert_at(section->setup->certs, i);

    return acme_status_brief(
        cert->spec, cert->inventory,
        mod_acme_report(section->setup, section->vault, i, ptemp),
        section->vault, section->now, &section->server, counts, ptemp);
}

/* Counts all sites. Returns their levels. */
static unsigned char *count_sites(const section_t *section)
{
    int i, n = section->setup->certs->nelts;
    unsigned char *levels = apr_pcalloc(section->r->pool, (apr_size_t)n + 1);
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, section->r->pool);
    for (i = 0; i < n; i++) {
        levels[i] = (unsigned char)level_of(
            site_at(section, i, section->counts, ptemp));
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
    return levels;
}

/* Prints the rows, the worst first. */
static void print_rows(const section_t *section, const unsigned char *levels)
{
    apr_pool_t *ptemp;
    int i, level;

    apr_pool_create(&ptemp, section->r->pool);
    for (level = ACME_JUDGEMENT_BLOCKED; level >= ACME_JUDGEMENT_OK; level--) {
        for (i = 0; i < section->setup->certs->nelts
                    && !section->r->connection->aborted;
             i++) {
            const acme_site_cert_t *cert =
                acme_site_cert_at(section->setup->certs, i);

            if (levels[i] == level) {
                print_row(section, cert->spec, cert->inventory,
                          site_at(section, i, NULL, ptemp), ptemp);
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
