/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_directory.h"

#include <string.h>

#include "acme_ident.h"
#include "acme_resource.h"

static apr_status_t read_urls(acme_directory_t *directory,
                              const acme_resource_t *resource)
{
    const struct {
        const char **url;
        const char *key;
        int required;
    } urls[] = {
        {&directory->new_nonce, "newNonce", 1},
        {&directory->new_account, "newAccount", 1},
        {&directory->new_order, "newOrder", 1},
        {&directory->revoke_cert, "revokeCert", 0},
        {&directory->key_change, "keyChange", 0},
        {&directory->renewal_info, "renewalInfo", 0},
    };
    apr_status_t rv;
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); ++i) {
        rv = acme_resource_url(urls[i].url, resource, urls[i].key,
                               urls[i].required);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

/* Bounds what a message lists; no CA has so many. */
#define PROFILES_MAX 100
#define CAA_MAX      10

/* Leaves out unreadable profiles instead of failing, because an order can do
 * without a profile unless the configuration says otherwise. */
static void read_profiles(acme_directory_t *directory,
                          const acme_resource_t *meta)
{
    acme_json_t *profiles;
    apr_array_header_t *names;
    int i;

    if (acme_json_get(&profiles, meta->json, "profiles") != APR_SUCCESS
        || !acme_json_is_object(profiles)) {
        return;
    }
    names = acme_json_keys(profiles, meta->p);
    for (i = 0; i < names->nelts && i < PROFILES_MAX; ++i) {
        APR_ARRAY_PUSH(directory->profiles, const char *) =
            APR_ARRAY_IDX(names, i, const char *);
    }
}

int acme_directory_has_profile(const acme_directory_t *directory,
                               const char *name)
{
    int i;

    for (i = 0; i < directory->profiles->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(directory->profiles, i, const char *), name)
            == 0) {
            return 1;
        }
    }
    return 0;
}

/* Leaves out texts that are no DNS names, because people copy these names into
 * CAA records. */
static void read_caa(acme_directory_t *directory, const acme_resource_t *meta)
{
    apr_array_header_t *names;
    const char *name;
    int i;

    if (acme_json_get_strs(&names, meta->json, "caaIdentities", meta->p)
        != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < names->nelts && i < CAA_MAX; ++i) {
        if (acme_ident_canonical(&name, APR_ARRAY_IDX(names, i, const char *),
                                 NULL, meta->p)
            == APR_SUCCESS) {
            APR_ARRAY_PUSH(directory->caa, const char *) = name;
        }
    }
}

static apr_status_t read_meta(acme_directory_t *directory,
                              const acme_resource_t *resource)
{
    acme_resource_t meta = *resource;
    apr_status_t rv;

    rv = acme_resource_sub(&meta.json, resource, "meta", 0);
    if (rv != APR_SUCCESS || !meta.json) {
        return rv;
    }
    read_profiles(directory, &meta);
    read_caa(directory, &meta);
    /* Any text is allowed, because both are shown to people and never
     * requested. */
    rv = acme_resource_str(&directory->terms, &meta, "termsOfService", 0);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (directory->terms && strlen(directory->terms) > ACME_RESOURCE_URL_MAX) {
        return acme_resource_wrong(&meta, "has a termsOfService of absurd "
                                          "length");
    }
    rv = acme_resource_str(&directory->website, &meta, "website", 0);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (directory->website
        && strlen(directory->website) > ACME_RESOURCE_URL_MAX) {
        directory->website = NULL;
    }
    rv = acme_json_get_bool(&directory->account_required, meta.json,
                            "externalAccountRequired");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return acme_resource_wrong(&meta, "has an externalAccountRequired "
                                          "that is neither true nor false");
    }
    return APR_SUCCESS;
}

apr_status_t acme_directory_read(acme_directory_t **directory,
                                 const acme_json_t *json,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_resource_t resource = {"directory", json, problem, p};
    acme_directory_t *found = apr_pcalloc(p, sizeof(*found));
    apr_status_t rv;

    found->profiles = apr_array_make(p, 1, sizeof(const char *));
    found->caa = apr_array_make(p, 1, sizeof(const char *));
    rv = acme_resource_object(&resource);
    if (rv == APR_SUCCESS) {
        rv = read_urls(found, &resource);
    }
    if (rv == APR_SUCCESS) {
        rv = read_meta(found, &resource);
    }
    if (rv == APR_SUCCESS) {
        *directory = found;
    }
    return rv;
}
