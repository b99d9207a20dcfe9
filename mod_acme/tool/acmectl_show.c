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
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set(json, "sites", sites);
        acmectl_io_print_json(ctl, json);
    }
    return names->nelts > 0 ? CTL_DONE : CTL_NOTHING;
}

/* ---- status ---- */

/* Returns non-zero when something is wrong or a wanted certificate is not
 * served. */
static int needs_attention(const acme_spec_t *spec,
                           const acme_inventory_t *inventory,
                           const acme_status_counts_t *counts)
{
    int watched = spec->renew_mode != ACME_RENEW_AUTO
                  || inventory->serving != ACME_SERVING_NOTHING;

    return counts->errored || counts->expiring || (watched && !counts->ok);
}

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

/* Converts a date of the status JSON, which has httpd's format. */
static const char *date_of(const char *text, apr_pool_t *p)
{
    return apr_pstrcat(p, acmectl_io_date(apr_date_parse_http(text), p), " UTC",
                       NULL);
}

/* Prints the last problem, what to do about it, and the next try. */
static void problem_text(const acme_json_t *json, apr_pool_t *p)
{
    const char *next = member(json, "renewal", "next-run");
    const char *detail, *to_fix;
    acme_json_t *renewal;

    if (acme_json_get(&renewal, json, "renewal")
        || !(detail = member(renewal, "last", "detail"))) {
        return;
    }
    printf("      %s%s%s\n", acme_text_escape(detail, 600, p),
           next ? "; next try " : "", next ? date_of(next, p) : "");
    to_fix = member(renewal, "last", "to-fix");
    if (to_fix) {
        printf("      to fix: %s\n", acme_text_escape(to_fix, 600, p));
    }
}

static void status_text(const acme_spec_t *spec,
                        const acme_inventory_t *inventory,
                        const acme_json_t *json, int attention, apr_pool_t *p)
{
    const char *descr = NULL, *renew = NULL;
    const char *detail = member(json, "problem", "detail");
    const acme_cert_info_t *info =
        inventory->live ? inventory->live->info : inventory->file;

    (void)acme_json_get_str(&descr, json, "state-descr");
    (void)acme_json_get_str(&renew, json, "renew-at");
    printf("%s%s: %s, %s", attention ? "! " : "  ", spec->name,
           acme_inventory_serving_name(inventory->serving),
           info ? apr_psprintf(p, "valid until %s UTC",
                               acmectl_io_date(info->not_after, p))
                : "no certificate");
    if (inventory->live && inventory->pinned) {
        printf(", pinned to generation %d", inventory->live->version);
    }
    if (renew) {
        printf(", renews %s", date_of(renew, p));
    }
    putchar('\n');
    if (descr) {
        printf("      %s\n", acme_text_escape(descr, 600, p));
    }
    if (detail) {
        printf("      %s\n", acme_text_escape(detail, 600, p));
    }
    problem_text(json, p);
}

static int status_one(const acmectl_t *ctl, int i, acme_json_t *sites,
                      apr_time_t now, apr_pool_t *p)
{
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);
    const acme_inventory_t *inventory = acmectl_store_inventory(ctl, i, p);
    acme_status_counts_t counts = {0, 0, 0, 0, 0, 0};
    acme_json_t *json =
        acme_status_site(spec, inventory, ctl->vault, now, &counts, p);
    int attention = needs_attention(spec, inventory, &counts);

    acme_json_set_bool(json, "needs-attention", attention);
    if (sites) {
        acme_json_append(sites, json);
    }
    else if (ctl->json) {
        acmectl_io_print_json(ctl, json);
    }
    if (!ctl->json) {
        status_text(spec, inventory, json, attention, p);
    }
    return attention;
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

int acmectl_show_status(acmectl_t *ctl)
{
    apr_time_t now = apr_time_now();
    acme_json_t *json, *sites;
    apr_pool_t *each;
    int i, attention = 0;

    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    add_deployed(ctl);
    if (ctl->args->nelts > 0) {
        i = acmectl_store_site(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
        return i < 0 || status_one(ctl, i, NULL, now, ctl->p) ? CTL_FAILED
                                                              : CTL_DONE;
    }
    sites = acme_json_array(ctl->p);
    apr_pool_create(&each, ctl->p);
    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        apr_pool_clear(each);
        attention += status_one(ctl, i, sites, now, each);
    }
    apr_pool_destroy(each);
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set(json, "managed-domains", sites);
        acme_json_set_int(json, "needs-attention", attention);
        acme_json_set_bool(json, "server",
                           ctl->ctl_requests
                               && acme_ctl_request_attended(ctl->ctl_requests));
        acmectl_io_print_json(ctl, json);
    }
    else if (ctl->published->certs->nelts == 0) {
        acmectl_io_say("no site is managed with %s", ctl->dir);
    }
    if (ctl->published->certs->nelts == 0) {
        return CTL_NOTHING;
    }
    return attention ? CTL_FAILED : CTL_DONE;
}
