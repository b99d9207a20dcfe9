/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_resource.h"

#include <stdarg.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

int acme_resource_is_url(const char *url)
{
    static const char scheme[] = "https://";
    const char *at;

    if (!url || strncmp(url, scheme, sizeof(scheme) - 1) != 0) {
        return 0;
    }
    at = url + sizeof(scheme) - 1;
    if (!apr_isalnum(*at) && *at != '[') {
        return 0;
    }
    for (; *at; ++at) {
        if (*at <= ' ' || *at >= 0x7f || strchr("\"<>\\^`{|}#", *at)) {
            return 0;
        }
        if (at - url >= ACME_RESOURCE_URL_MAX) {
            return 0;
        }
    }
    return 1;
}

apr_status_t acme_resource_wrong(const acme_resource_t *resource,
                                 const char *fmt, ...)
{
    const char *what;
    va_list args;

    va_start(args, fmt);
    what = apr_pvsprintf(resource->p, fmt, args);
    va_end(args);
    return acme_problem_set(resource->problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_PROTOCOL, resource->p,
                            "the %s that the CA sent %s", resource->name, what);
}

apr_status_t acme_resource_object(const acme_resource_t *resource)
{
    if (!resource->json || !acme_json_is_object(resource->json)) {
        return acme_resource_wrong(resource, "is no JSON object");
    }
    return APR_SUCCESS;
}

/* Judges a member that is absent (APR_NOTFOUND) or unusable. Returns
 * APR_SUCCESS when it may be taken for absent. */
static apr_status_t judge(const acme_resource_t *resource, apr_status_t rv,
                          const char *key, const char *type,
                          acme_resource_need_e need)
{
    if (need == ACME_RESOURCE_UNUSED || rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (rv == APR_NOTFOUND) {
        return need == ACME_RESOURCE_REQUIRED
                   ? acme_resource_wrong(resource, "has no %s", key)
                   : APR_SUCCESS;
    }
    return acme_resource_wrong(resource, "cannot be used: its %s is no %s", key,
                               type);
}

/* Gets a string; an empty one is APR_NOTFOUND, because CAs write "" for what
 * they do not have. */
static apr_status_t get_text(const char **text, const acme_resource_t *resource,
                             const char *key)
{
    apr_status_t rv = acme_json_get_str(text, resource->json, key);

    return rv == APR_SUCCESS && !**text ? APR_NOTFOUND : rv;
}

apr_status_t acme_resource_str(const char **text,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need)
{
    const char *value = NULL;
    apr_status_t rv = get_text(&value, resource, key);

    *text = rv == APR_SUCCESS ? apr_pstrdup(resource->p, value) : NULL;
    return judge(resource, rv, key, "text", need);
}

apr_status_t acme_resource_url(const char **url,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need)
{
    const char *text;
    apr_status_t rv;

    *url = NULL;
    rv = acme_resource_str(&text, resource, key, need);
    if (rv != APR_SUCCESS || !text) {
        return rv;
    }
    if (acme_resource_is_url(text)) {
        *url = text;
        return APR_SUCCESS;
    }
    return judge(resource, APR_EINVAL, key,
                 apr_psprintf(resource->p, "usable https URL: %.200s", text),
                 need);
}

apr_status_t acme_resource_word(int *index, const acme_resource_t *resource,
                                const char *key, const char *const *words,
                                int count, acme_resource_need_e need)
{
    const char *text;
    apr_status_t rv;
    int i;

    rv = acme_resource_str(&text, resource, key, need);
    if (rv != APR_SUCCESS || !text) {
        return rv;
    }
    for (i = 0; i < count; ++i) {
        if (apr_cstr_casecmp(text, words[i]) == 0) {
            *index = i;
            return APR_SUCCESS;
        }
    }
    return need == ACME_RESOURCE_UNUSED
               ? APR_SUCCESS
               : acme_resource_wrong(resource, "has an unknown %s: %.40s", key,
                                     text);
}

apr_status_t acme_resource_time(apr_time_t *t, const acme_resource_t *resource,
                                const char *key, acme_resource_need_e need)
{
    const char *text = NULL;
    apr_status_t rv = get_text(&text, resource, key);

    *t = 0;
    if (rv == APR_SUCCESS) {
        rv = acme_json_get_time(t, resource->json, key);
    }
    return judge(resource, rv, key, "time", need);
}

apr_status_t acme_resource_sub(const acme_json_t **sub,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need)
{
    acme_json_t *value = NULL;
    apr_status_t rv;

    *sub = NULL;
    rv = acme_json_get(&value, resource->json, key);
    if (rv == APR_SUCCESS && !acme_json_is_object(value)) {
        rv = APR_EINVAL;
    }
    if (rv == APR_SUCCESS) {
        *sub = value;
    }
    return judge(resource, rv, key, "object", need);
}

const acme_problem_t *acme_resource_error(const acme_resource_t *resource,
                                          const char *key)
{
    const acme_problem_t none = ACME_PROBLEM_INIT;
    acme_problem_t *found;
    acme_json_t *document;

    if (acme_json_get(&document, resource->json, key) != APR_SUCCESS
        || !acme_problem_says(document, resource->p)) {
        return NULL;
    }
    found = apr_pmemdup(resource->p, &none, sizeof(none));
    (void)acme_problem_from_json(found, document, resource->p);
    return found;
}
