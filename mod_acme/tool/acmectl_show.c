/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_date.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_deployed.h"
#include "acme_certstore.h"
#include "acme_pin.h"
#include "acme_status.h"
#include "acme_text.h"
#include "acme_time.h"

/* ---- list ---- */

static acme_json_t *cert_json(const acmectl_t *ctl,
                              const acme_certstore_cert_t *cert, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_strs(json, "names", cert->info->names);
    acme_json_set_time(json, "from", cert->info->not_before);
    acme_json_set_time(json, "until", cert->info->not_after);
    acme_json_set_str(json, "serial", cert->info->serial);
    acme_json_set_str(json, "sha256-fingerprint", cert->info->fingerprint);
    acme_json_set_str(json, "key", cert->info->key_type);
    acme_json_set_str(json, "issuer", cert->info->issuer);
    acme_json_set_str(json, "ca", cert->ca_url);
    acme_json_set_int(json, "generation", cert->version);
    acme_json_set_str(json, "revoked",
                      acme_certstore_refusal(ctl->certstore, cert->info, p));
    return json;
}

static acme_json_t *broken_json(const acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "problem", problem->detail);
    return json;
}

/* Returns all names in the configuration or the store: first the sites as
 * configured, then names of no site. */
static apr_array_header_t *all_names(const acmectl_t *ctl)
{
    apr_array_header_t *names =
        apr_array_make(ctl->p, 16, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(ctl->p);
    apr_array_header_t *more;
    const char *name;
    int i, place;

    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        name = acmectl_store_spec(ctl, i)->name;
        apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    for (place = 0; place < ACME_PLACES; ++place) {
        if (acme_certstore_list(&more, ctl->certstore, place, NULL, ctl->p)) {
            continue;
        }
        for (i = 0; i < more->nelts; ++i) {
            name = APR_ARRAY_IDX(more, i, const char *);
            if (!apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
                apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
                APR_ARRAY_PUSH(names, const char *) = name;
            }
        }
    }
    return names;
}

static void list_text(const char *name, const char *site, const char *place,
                      const acme_certstore_cert_t *cert, const char *note,
                      apr_pool_t *p)
{
    printf("%-36s %-5s %-7s %-17s %s\n", acme_text_escape(name, 300, p), site,
           place, cert ? acmectl_io_date(cert->info->not_after, p) : "-", note);
}

static void list_one(const acmectl_t *ctl, acme_json_t *sites, const char *name,
                     apr_pool_t *p)
{
    int i = acme_published_find(ctl->published, name);
    const acme_spec_t *spec = i < 0 ? NULL : acmectl_store_spec(ctl, i);
    acme_json_t *json = acme_json_object(p);
    const char *site = "-";
    int place, found = 0;

    if (spec && strcmp(spec->name, name) == 0) {
        site = acme_inventory_serving_name(
            acme_site_cert_at(ctl->published->certs, i)->inventory->serving);
        acme_json_set_strs(json, "names", spec->names);
    }
    acme_json_set_str(json, "name", name);
    acme_json_set_str(json, "site", site);
    for (place = 0; place < ACME_PLACES; ++place) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_certstore_cert_t *cert = NULL;
        const char *where = acme_certstore_place_name(place);
        apr_status_t rv = acme_certstore_get_at(&cert, ctl->certstore, place,
                                                name, &problem, p);

        if (APR_STATUS_IS_ENOENT(rv)) {
            continue;
        }
        found = 1;
        acme_json_set(json, where,
                      rv ? broken_json(&problem, p) : cert_json(ctl, cert, p));
        if (!ctl->json) {
            list_text(name, site, where, cert,
                      rv ? acme_problem_text(&problem, p)
                      : acme_certstore_refusal(ctl->certstore, cert->info, p)
                          ? "revoked"
                      : place == ACME_PLACE_LIVE
                              && acme_pin_get(ctl->dir, name, p)
                                     == cert->version
                          ? "pinned"
                          : "",
                      p);
        }
    }
    if (!found && !ctl->json) {
        list_text(name, site, "-", NULL, "", p);
    }
    acme_json_set_bool(json, "pinned", acme_pin_get(ctl->dir, name, p) > 0);
    acme_json_append(sites, json);
}

int acmectl_show_list(acmectl_t *ctl)
{
    apr_array_header_t *names;
    acme_json_t *json, *sites;
    apr_pool_t *each;
    int i;

    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    names = all_names(ctl);
    sites = acme_json_array(ctl->p);
    if (!ctl->json && names->nelts > 0) {
        printf("%-36s %-5s %-7s %-17s\n", "NAME", "SITE", "PLACE",
               "VALID UNTIL (UTC)");
    }
    apr_pool_create(&each, ctl->p);
    for (i = 0; i < names->nelts; ++i) {
        apr_pool_clear(each);
        list_one(ctl, sites, APR_ARRAY_IDX(names, i, const char *), each);
    }
    apr_pool_destroy(each);
    if (!ctl->json && names->nelts > 0) {
        printf(
            "\nSITE: what its virtual hosts serve. lkc: a certificate of this "
            "module; okc: their own\nSSLCertificateFile; http: none yet, https "
            "answers 503; none: no TLS virtual host uses it;\n-: no site of "
            "that name.\n");
    }
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set(json, "sites", sites);
        acmectl_io_print_json(ctl, json);
    }
    return names->nelts > 0 ? CTL_DONE : CTL_NOTHING;
}

/* ---- status ---- */

/* The status of all sites, while it is gathered. */
typedef struct table_t {
    const acmectl_t *ctl;
    acme_judgement_server_t server;
    apr_time_t now;
    acme_json_t *sites;
    apr_array_header_t *rows; /* row_t */
} table_t;

/* A site's lines. */
typedef struct row_t {
    int level;
    int attention;
    const char *text;
} row_t;

static const char *member(const acme_json_t *json, const char *a, const char *b)
{
    acme_json_t *inner;
    const char *value;

    if (acme_json_get(&inner, json, a) == APR_SUCCESS
        && acme_json_get_str(&value, inner, b) == APR_SUCCESS) {
        return value;
    }
    return NULL;
}

/* Prints a judgement: "! NAME: LEVEL: SENTENCE", what is next, what mends
 * it. */
static const char *print_judgement(const char *name,
                                   const acme_judgement_t *judgement,
                                   const char *more, apr_time_t now,
                                   apr_pool_t *p)
{
    const char *next = acme_judgement_outlook(judgement, now, p);

    return apr_pstrcat(
        p, judgement->attention ? "! " : "  ", name, ": ",
        acme_judgement_level_name(judgement->level), ": ",
        acme_text_bound(judgement->what, 1000, p), more, "\n",
        next ? "      next: " : "", next ? next : "", next ? "\n" : "",
        judgement->mend ? "      to fix: " : "",
        judgement->mend ? acme_text_bound(judgement->mend, 600, p) : "",
        judgement->mend ? "\n" : "", NULL);
}

/* Reads the judgement back from the JSON that has it. */
static void read_judgement(acme_judgement_t *judgement, const acme_json_t *json)
{
    const char *level = member(json, "judgement", "level");
    const char *at = member(json, "judgement", "at");
    acme_json_t *inner;

    memset(judgement, 0, sizeof(*judgement));
    while (judgement->level < ACME_JUDGEMENT_BLOCKED && level
           && strcmp(acme_judgement_level_name(judgement->level), level)) {
        ++judgement->level;
    }
    if (acme_json_get(&inner, json, "judgement") == APR_SUCCESS) {
        (void)acme_json_get_bool(&judgement->attention, inner, "attention");
    }
    judgement->what = member(json, "judgement", "what");
    judgement->next = member(json, "judgement", "next");
    judgement->at = at ? apr_date_parse_http(at) : 0;
    judgement->mend = member(json, "judgement", "to-fix");
}

/* Judges a site and adds it to the table. Returns non-zero when it needs
 * attention. */
static int status_one(table_t *table, int i, apr_pool_t *p)
{
    const acmectl_t *ctl = table->ctl;
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);
    const acme_inventory_t *inventory = acmectl_store_inventory(ctl, i, p);
    acme_json_t *json = acme_status_site(spec, inventory, ctl->vault,
                                         table->now, &table->server, NULL, p);
    acme_judgement_t judgement;
    row_t *row;

    read_judgement(&judgement, json);
    acme_json_set_bool(json, "needs-attention", judgement.attention);
    if (ctl->attention && !judgement.attention) {
        return 0;
    }
    if (table->sites) {
        acme_json_append(table->sites, json);
    }
    else if (ctl->json) {
        acmectl_io_print_json(ctl, json);
    }
    row = apr_array_push(table->rows);
    row->level = judgement.level;
    row->attention = judgement.attention;
    row->text =
        ctl->json
            ? ""
            : print_judgement(spec->name, &judgement,
                              inventory->live && inventory->pinned
                                  ? apr_psprintf(p, ", pinned to generation %d",
                                                 inventory->live->version)
                                  : "",
                              table->now, ctl->p);
    return judgement.attention;
}

/* Prints the rows, the worst first, in the order of the configuration. */
static void print_rows(const table_t *table)
{
    int attention, level, i;

    for (attention = 1; attention >= 0; --attention) {
        for (level = ACME_JUDGEMENT_BLOCKED; level >= ACME_JUDGEMENT_OK;
             --level) {
            for (i = 0; i < table->rows->nelts; ++i) {
                const row_t *row = &APR_ARRAY_IDX(table->rows, i, row_t);

                if (row->level == level && row->attention == attention) {
                    fputs(row->text, stdout);
                }
            }
        }
    }
}

/* Prints how many sites are how, and what the words mean where not all are
 * well. */
static void print_summary(const table_t *table)
{
    int counts[ACME_JUDGEMENT_LEVELS] = {0};
    int i, total = table->rows->nelts;

    for (i = 0; i < total; ++i) {
        ++counts[APR_ARRAY_IDX(table->rows, i, row_t).level];
    }
    printf("%d certificate%s:", total, total == 1 ? "" : "s");
    for (i = ACME_JUDGEMENT_BLOCKED; i >= ACME_JUDGEMENT_OK; --i) {
        if (counts[i]) {
            printf(" %d %s", counts[i], acme_judgement_level_name(i));
        }
    }
    putchar('\n');
    for (i = ACME_JUDGEMENT_BLOCKED; i > ACME_JUDGEMENT_OK; --i) {
        if (counts[i]) {
            printf("  (%s: %s)\n", acme_judgement_level_name(i),
                   acme_judgement_level_text(i));
        }
    }
}

/* Adds what the last start recorded. Only root may read it. */
static void add_deployed(const acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_deployed_site_t *site;
    acme_deployed_t *deployed;
    apr_status_t rv = acme_deployed_read(&deployed, ctl->dir, &problem, ctl->p);
    int i;

    if (rv != APR_SUCCESS) {
        if (!APR_STATUS_IS_ENOENT(rv)) {
            acmectl_io_fail(ctl, &problem);
        }
        return;
    }
    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        site = acme_deployed_find(deployed, acmectl_store_spec(ctl, i)->name);
        if (site) {
            acme_site_cert_at(ctl->published->certs, i)->inventory->deployed =
                site->state;
        }
    }
}

static int print_all(const table_t *table, const acme_judgement_t *server,
                     int attention)
{
    const acmectl_t *ctl = table->ctl;
    acme_json_t *json;

    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set(json, "managed-domains", table->sites);
        acme_json_set(json, "judgement",
                      acme_judgement_to_json(server, ctl->p));
        acme_json_set_int(json, "needs-attention", attention);
        acme_json_set_bool(json, "server", !table->server.absent);
        acmectl_io_print_json(ctl, json);
    }
    else if (ctl->published->certs->nelts == 0) {
        acmectl_io_say("no site is managed with %s", ctl->dir);
    }
    else {
        if (server->level != ACME_JUDGEMENT_OK) {
            fputs(print_judgement("the server", server, "", table->now, ctl->p),
                  stdout);
        }
        print_rows(table);
        print_summary(table);
    }
    if (ctl->published->certs->nelts == 0 && !server->attention) {
        return CTL_NOTHING;
    }
    return attention || server->attention ? CTL_FAILED : CTL_DONE;
}

int acmectl_show_status(acmectl_t *ctl)
{
    acme_judgement_t server;
    apr_pool_t *each;
    table_t table;
    int i, attention = 0;

    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    add_deployed(ctl);
    memset(&table, 0, sizeof(table));
    table.ctl = ctl;
    table.now = apr_time_now();
    table.rows = apr_array_make(ctl->p, 16, sizeof(row_t));
    acmectl_server(&table.server, ctl);
    if (ctl->args->nelts > 0) {
        i = acmectl_store_site(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
        attention = i < 0 || status_one(&table, i, ctl->p);
        print_rows(&table);
        return attention ? CTL_FAILED : CTL_DONE;
    }
    table.sites = acme_json_array(ctl->p);
    apr_pool_create(&each, ctl->p);
    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        apr_pool_clear(each);
        attention += status_one(&table, i, each);
    }
    apr_pool_destroy(each);
    acme_judgement_of_server(&server, &table.server, ctl->p);
    return print_all(&table, &server, attention);
}
