/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_published.h"

#include <string.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_ident.h"
#include "acme_json.h"
#include "acme_ratelimit_policy.h"

#define FOLDER    "/desired"
#define FILE_NAME "/sites.json"

/* ---- to JSON ---- */

static acme_json_t *print_ca(const acme_ca_spec_t *ca, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "url", ca->url);
    acme_json_set_str(json, "label", ca->label);
    acme_json_set_str(json, "ca-file", ca->ca_file);
    acme_json_set_str(json, "contact", ca->contact);
    acme_json_set_bool(json, "agreed", ca->agreed);
    acme_json_set_str(json, "rate-limit",
                      acme_ratelimit_policy_print(ca->rate, p));
    if (ca->eab) {
        /* Leave the key out, because only the worker needs it. */
        acme_json_set_str(json, "eab-kid", ca->eab->key.kid);
        acme_json_set_str(json, "eab-file", ca->eab->file);
        acme_json_set_str(json, "eab-text", acme_eab_text(ca->eab, p));
        acme_json_set_bool(json, "eab-if-required", ca->eab_if_required);
    }
    return json;
}

static void print_order(acme_json_t *json, const acme_spec_t *spec)
{
    acme_json_set_int(json, "failover", spec->failover);
    acme_json_set_str(json, "profile", spec->profile);
    acme_json_set_bool(json, "profile-mandatory", spec->profile_mandatory);
    acme_json_set_bool(json, "must-staple", spec->must_staple);
    if (spec->preferred_chains) {
        acme_json_set_strs(json, "preferred-chains", spec->preferred_chains);
    }
    acme_json_set_bool(json, "trusted-chain", spec->trusted_chain);
    acme_json_set_bool(json, "via-ari", spec->via_ari);
}

static acme_json_t *print_spec(const acme_spec_t *spec, acme_serving_e serving,
                               apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "name", spec->name);
    acme_json_set_str(json, "of", acme_spec_of(spec));
    acme_json_set_strs(json, "names", spec->names);
    if (spec->optional) {
        acme_json_set_strs(json, "optional", spec->optional);
    }
    acme_json_set_str(json, "cert-file", spec->cert_file);
    acme_json_set_str(json, "cert-key-file", spec->cert_key_file);
    acme_json_set_str(json, "key", acme_key_spec_print(&spec->key, p));
    acme_json_set_int(json, "key-written", spec->key_written);
    acme_json_set_bool(json, "key-reuse", spec->key_reuse);
    print_order(json, spec);
    acme_json_set_strs(json, "challenges", spec->challenge_types);
    if (spec->challenge_faults) {
        acme_json_set_strs(json, "challenges-left-out", spec->challenge_faults);
    }
    if (spec->dns_records) {
        acme_json_set_strs(json, "dns-records", spec->dns_records);
    }
    if (spec->alpn_names) {
        acme_json_set_strs(json, "alpn-names", spec->alpn_names);
    }
    acme_json_set_str(json, "renew-mode",
                      acme_spec_renew_mode_name(spec->renew_mode));
    acme_json_set_int(json, "renew-percent", spec->renew_window.percent);
    acme_json_set_int(json, "renew-span", spec->renew_window.span);
    acme_json_set_int(json, "warn-percent", spec->warn_window.percent);
    acme_json_set_int(json, "warn-span", spec->warn_window.span);
    acme_json_set_int(json, "retry-delay", spec->retry_delay);
    acme_json_set_str(json, "require-https",
                      acme_spec_require_https_name(spec->require_https));
    acme_json_set_int(json, "security-level", spec->security_level);
    acme_json_set_str(json, "place", spec->place);
    acme_json_set_str(json, "mistake", spec->mistake);
    acme_json_set_str(json, "mistake-fix", spec->mistake_fix);
    acme_json_set_str(json, "site", acme_inventory_serving_name(serving));
    return json;
}

/* Returns the number of a CA in `cas`, and adds it there the first time,
 * because many sites share a CA. */
static int number_of_ca(apr_hash_t *numbers, acme_json_t *cas,
                        const acme_ca_spec_t *ca, apr_pool_t *p)
{
    const int *known = apr_hash_get(numbers, &ca, sizeof(ca));
    int *number;

    if (known) {
        return *known;
    }
    number = apr_palloc(p, sizeof(*number));
    *number = acme_json_count(cas);
    acme_json_append_given(cas, print_ca(ca, p));
    apr_hash_set(numbers, apr_pmemdup(p, &ca, sizeof(ca)), sizeof(ca), number);
    return *number;
}

static const char *print(const acme_published_t *published, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    acme_json_t *sites = acme_json_array(p);
    acme_json_t *cas = acme_json_array(p);
    apr_hash_t *numbers = apr_hash_make(p);
    const acme_ca_spec_t *ca;
    acme_json_t *site, *list;
    apr_pool_t *each;
    int i, n;

    apr_pool_create(&each, p);
    for (i = 0; i < published->certs->nelts; ++i) {
        const acme_spec_t *spec = acme_site_cert_at(published->certs, i)->spec;
        const acme_inventory_t *inventory =
            acme_site_cert_at(published->certs, i)->inventory;

        apr_pool_clear(each);
        site = print_spec(spec, inventory->serving, each);
        acme_json_set_int(site, "ca", number_of_ca(numbers, cas, spec->ca, p));
        list = acme_json_array(each);
        for (n = 1, ca = acme_spec_ca(spec, 1); ca;
             ca = acme_spec_ca(spec, ++n)) {
            acme_json_append_str(
                list, apr_itoa(each, number_of_ca(numbers, cas, ca, p)));
        }
        if (n > 1) {
            acme_json_give(site, "more-cas", list);
        }
        acme_json_append_given(sites, site);
    }
    apr_pool_destroy(each);
    acme_json_set_int(json, "format", ACME_PUBLISHED_FORMAT);
    acme_json_set_str(json, "activation", published->activation);
    acme_json_set_int(json, "http-port", published->http_port);
    acme_json_set_int(json, "https-port", published->https_port);
    if (published->dns_servers && published->dns_servers->nelts) {
        acme_json_set_strs(json, "dns-servers", published->dns_servers);
    }
    acme_json_give(json, "cas", cas);
    acme_json_give(json, "sites", sites);
    return acme_json_print(json, 1, p);
}

/* ---- the file ---- */

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s cannot be read or written: %pm", path, &rv);
}

/* Gives the file to the group when we are root; others own nothing that they
 * could give. */
static void give(const char *path, apr_gid_t gid)
{
    if (geteuid() == 0 && lchown(path, (uid_t)-1, gid)) {
        return;
    }
}

apr_status_t acme_published_write(const char *dir,
                                  const acme_published_t *published,
                                  apr_gid_t gid, int *written,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    const char *path = apr_pstrcat(ptemp, folder, FILE_NAME, NULL);
    const char *text = print(published, ptemp);
    apr_size_t len;
    char *old;
    apr_status_t rv;

    if (written) {
        *written = 0;
    }
    rv = acme_file_mkdir(folder,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                             | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                         ptemp);
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, folder, ptemp);
    }
    give(folder, gid);
    if (acme_file_read(&old, &len, path, ACME_PUBLISHED_MAX, ptemp)
            == APR_SUCCESS
        && strcmp(old, text) == 0) {
        give(path, gid);
        return APR_SUCCESS;
    }
    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD,
                         ACME_FILE_LAZY, ptemp);
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, path, ptemp);
    }
    give(path, gid);
    if (written) {
        *written = 1;
    }
    return APR_SUCCESS;
}

apr_status_t acme_published_read(acme_published_t **published, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, FOLDER FILE_NAME, NULL);
    apr_size_t len;
    char *text;
    apr_status_t rv = acme_file_read(&text, &len, path, ACME_PUBLISHED_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, path, p);
    }
    return acme_published_parse(published, text, len, problem, p);
}

int acme_published_find(const acme_published_t *published, const char *name)
{
    const acme_spec_t *spec;
    int i, found = -1;

    for (i = 0; i < published->certs->nelts; ++i) {
        spec = acme_site_cert_at(published->certs, i)->spec;
        if (strcmp(spec->name, name) == 0) {
            return i;
        }
        if (found < 0 && acme_ident_in(spec->names, name)) {
            found = i;
        }
    }
    return found;
}
