/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_deployed.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"

#define FILE_NAME "sites"

const char *acme_deployed_name(acme_deployed_e state)
{
    switch (state) {
    case ACME_DEPLOYED_NONE:
        return "none";
    case ACME_DEPLOYED_HTTP:
        return "http";
    case ACME_DEPLOYED_OKC:
        return "okc";
    case ACME_DEPLOYED_LKC:
        return "lkc";
    }
    return "none";
}

acme_deployed_t *acme_deployed_create(apr_pool_t *p)
{
    acme_deployed_t *deployed = apr_pcalloc(p, sizeof(*deployed));

    deployed->sites = apr_array_make(p, 8, sizeof(acme_deployed_site_t *));
    deployed->by_name = apr_hash_make(p);
    return deployed;
}

static void claim(acme_deployed_t *deployed, const char *name,
                  const acme_deployed_site_t *site)
{
    if (!apr_hash_get(deployed->by_name, name, APR_HASH_KEY_STRING)) {
        apr_hash_set(deployed->by_name, name, APR_HASH_KEY_STRING, site);
    }
}

void acme_deployed_add(acme_deployed_t *deployed,
                       const acme_deployed_site_t *site)
{
    int i;

    APR_ARRAY_PUSH(deployed->sites, const acme_deployed_site_t *) = site;
    claim(deployed, site->name, site);
    for (i = 0; i < site->names->nelts; ++i) {
        claim(deployed, APR_ARRAY_IDX(site->names, i, const char *), site);
    }
}

const acme_deployed_site_t *acme_deployed_find(const acme_deployed_t *deployed,
                                               const char *name)
{
    return apr_hash_get(deployed->by_name, name, APR_HASH_KEY_STRING);
}

static int state_of(acme_deployed_e *state, const char *text)
{
    int i;

    for (i = 0; i < ACME_DEPLOYED_COUNT; ++i) {
        if (strcmp(text, acme_deployed_name(i)) == 0) {
            *state = i;
            return 1;
        }
    }
    return 0;
}

/* Returns NULL when the site is damaged. The record goes on without it, because
 * the other sites are still right. */
static const acme_deployed_site_t *read_site(const acme_json_t *json,
                                             apr_pool_t *p)
{
    acme_deployed_site_t *site = apr_pcalloc(p, sizeof(*site));
    apr_array_header_t *names, *certs, *keys;
    const char *text;

    if (!acme_json_is_object(json)
        || acme_json_get_strs(&names, json, "names", p) != APR_SUCCESS
        || names->nelts == 0
        || acme_json_get_str(&text, json, "deployed") != APR_SUCCESS
        || !state_of(&site->state, text)) {
        return NULL;
    }
    site->names = names;
    site->name = APR_ARRAY_IDX(names, 0, const char *);
    acme_json_get_bool(&site->managed, json, "managed");
    if (acme_json_get_strs(&certs, json, "cert-files", p) == APR_SUCCESS
        && acme_json_get_strs(&keys, json, "key-files", p) == APR_SUCCESS) {
        site->cert_files = certs;
        site->key_files = keys;
        if (acme_json_get_str(&text, json, "chain-file") == APR_SUCCESS) {
            site->chain_file = apr_pstrdup(p, text);
        }
    }
    return site;
}

static apr_status_t damaged(acme_problem_t *problem, const char *path,
                            const char *why, apr_status_t rv, apr_pool_t *p)
{
    acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
                     "%s, the record of what was served, cannot be read: %s",
                     path, why);
    return rv;
}

apr_status_t acme_deployed_read(acme_deployed_t **deployed, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/" FILE_NAME, NULL);
    acme_deployed_t *made;
    acme_json_t *json, *sites;
    const char *error = NULL;
    char *data;
    apr_size_t len;
    apr_status_t rv;
    int i;

    rv = acme_file_read(&data, &len, path, ACME_DEPLOYED_MAX, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return damaged(problem, path, apr_psprintf(p, "%pm", &rv), rv, p);
    }
    rv = acme_json_parse(&json, data, len, &error, p);
    if (rv != APR_SUCCESS || acme_json_get(&sites, json, "sites")) {
        return damaged(problem, path, error ? error : "it has no sites",
                       APR_EINVAL, p);
    }
    made = acme_deployed_create(p);
    acme_json_get_time(&made->written, json, "written");
    for (i = 0; i < acme_json_count(sites); ++i) {
        const acme_deployed_site_t *site = read_site(acme_json_at(sites, i), p);

        if (site) {
            acme_deployed_add(made, site);
        }
    }
    *deployed = made;
    return APR_SUCCESS;
}

static acme_json_t *print_site(const acme_deployed_site_t *site, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_strs(json, "names", site->names);
    acme_json_set_str(json, "deployed", acme_deployed_name(site->state));
    acme_json_set_bool(json, "managed", site->managed);
    if (site->cert_files && site->key_files) {
        acme_json_set_strs(json, "cert-files", site->cert_files);
        acme_json_set_strs(json, "key-files", site->key_files);
        acme_json_set_str(json, "chain-file", site->chain_file);
    }
    return json;
}

apr_status_t acme_deployed_write(const char *dir,
                                 const acme_deployed_t *deployed,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, dir, "/" FILE_NAME, NULL);
    acme_json_t *json = acme_json_object(ptemp);
    acme_json_t *sites = acme_json_array(ptemp);
    apr_pool_t *each;
    const char *text;
    apr_status_t rv;
    int i;

    apr_pool_create(&each, ptemp);
    for (i = 0; i < deployed->sites->nelts; ++i) {
        acme_json_append_given(
            sites, print_site(APR_ARRAY_IDX(deployed->sites, i,
                                            const acme_deployed_site_t *),
                              each));
        apr_pool_clear(each);
    }
    apr_pool_destroy(each);
    acme_json_set_int(json, "format", 1);
    acme_json_set_time(json, "written", deployed->written);
    acme_json_give(json, "sites", sites);
    text = acme_json_print(json, 1, ptemp);
    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                         ptemp);
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, ptemp,
                                "%s could not be written: %pm", path, &rv);
    }
    return APR_SUCCESS;
}

apr_status_t acme_deployed_forget(const char *dir, const char *name,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_deployed_t *deployed, *changed;
    acme_deployed_site_t *site;
    int i, found = 0;

    if (acme_deployed_read(&deployed, dir, NULL, ptemp) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    changed = acme_deployed_create(ptemp);
    changed->written = deployed->written;
    for (i = 0; i < deployed->sites->nelts; ++i) {
        site = apr_pmemdup(
            ptemp,
            APR_ARRAY_IDX(deployed->sites, i, const acme_deployed_site_t *),
            sizeof(*site));
        if (strcmp(site->name, name) == 0 && site->state == ACME_DEPLOYED_LKC) {
            site->state = ACME_DEPLOYED_NONE;
            found = 1;
        }
        acme_deployed_add(changed, site);
    }
    return found ? acme_deployed_write(dir, changed, problem, ptemp)
                 : APR_SUCCESS;
}
