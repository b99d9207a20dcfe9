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
        acme_resource_need_e need;
    } urls[] = {
        {&directory->new_nonce, "newNonce", ACME_RESOURCE_REQUIRED},
        {&directory->new_account, "newAccount", ACME_RESOURCE_REQUIRED},
        {&directory->new_order, "newOrder", ACME_RESOURCE_REQUIRED},
        {&directory->revoke_cert, "revokeCert", ACME_RESOURCE_UNUSED},
        {&directory->key_change, "keyChange", ACME_RESOURCE_UNUSED},
        {&directory->renewal_info, "renewalInfo", ACME_RESOURCE_UNUSED},
    };
    apr_status_t rv;
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); ++i) {
        rv =
            acme_resource_url(urls[i].url, resource, urls[i].key, urls[i].need);
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

/* Leaves out what is no DNS name, because people copy these names into CAA
 * records. */
static void read_caa(acme_directory_t *directory, const acme_resource_t *meta)
{
    acme_json_t *array = NULL;
    const char *name;
    int i;

    (void)acme_json_get(&array, meta->json, "caaIdentities");
    for (i = 0; i < acme_json_count(array) && directory->caa->nelts < CAA_MAX;
         ++i) {
        const char *text = acme_json_text(acme_json_at(array, i));

        if (text
            && acme_ident_canonical(&name, text, NULL, meta->p)
                   == APR_SUCCESS) {
            APR_ARRAY_PUSH(directory->caa, const char *) = name;
        }
    }
}

/* Returns a text that is shown to people and never requested, so that it need
 * not be a URL; NULL when it is absent or of absurd length. */
static const char *shown_text(const acme_resource_t *meta, const char *key)
{
    const char *text;

    (void)acme_resource_str(&text, meta, key, ACME_RESOURCE_UNUSED);
    return text && strlen(text) <= ACME_RESOURCE_URL_MAX ? text : NULL;
}

/* Nothing in it is needed to order. */
static void read_meta(acme_directory_t *directory,
                      const acme_resource_t *resource)
{
    acme_resource_t meta = *resource;

    (void)acme_resource_sub(&meta.json, resource, "meta", ACME_RESOURCE_UNUSED);
    if (!meta.json) {
        return;
    }
    read_profiles(directory, &meta);
    read_caa(directory, &meta);
    directory->terms = shown_text(&meta, "termsOfService");
    directory->website = shown_text(&meta, "website");
    (void)acme_json_get_bool(&directory->account_required, meta.json,
                             "externalAccountRequired");
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
        read_meta(found, &resource);
        *directory = found;
    }
    return rv;
}
