/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_resource.h"

#include <stdarg.h>
#include <string.h>

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

/* Turns the status of a JSON getter into a problem. Returns APR_SUCCESS also
 * for an absent member that is not required. */
static apr_status_t judge(const acme_resource_t *resource, apr_status_t rv,
                          const char *key, const char *type, int required)
{
    if (rv == APR_NOTFOUND) {
        return required ? acme_resource_wrong(resource, "has no %s", key)
                        : APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return acme_resource_wrong(resource, "has a %s that is no %s", key,
                                   type);
    }
    return APR_SUCCESS;
}

apr_status_t acme_resource_url(const char **url,
                               const acme_resource_t *resource, const char *key,
                               int required)
{
    const char *text = NULL;
    apr_status_t rv;

    *url = NULL;
    rv = acme_json_get_str(&text, resource->json, key);
    rv = judge(resource, rv, key, "string", required);
    if (rv != APR_SUCCESS || !text) {
        return rv;
    }
    if (!acme_resource_is_url(text)) {
        return acme_resource_wrong(resource,
                                   "has a %s that is no usable https URL: "
                                   "%.200s",
                                   key, text);
    }
    *url = apr_pstrdup(resource->p, text);
    return APR_SUCCESS;
}

apr_status_t acme_resource_str(const char **text,
                               const acme_resource_t *resource, const char *key,
                               int required)
{
    const char *value = NULL;
    apr_status_t rv;

    *text = NULL;
    rv = acme_json_get_str(&value, resource->json, key);
    rv = judge(resource, rv, key, "string", required);
    if (rv == APR_SUCCESS && value) {
        *text = apr_pstrdup(resource->p, value);
    }
    return rv;
}

apr_status_t acme_resource_word(int *index, const acme_resource_t *resource,
                                const char *key, const char *const *words,
                                int count)
{
    const char *text;
    apr_status_t rv;
    int i;

    rv = acme_resource_str(&text, resource, key, 1);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < count; ++i) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return APR_SUCCESS;
        }
    }
    return acme_resource_wrong(resource, "has an unknown %s: %.40s", key, text);
}

apr_status_t acme_resource_time(apr_time_t *t, const acme_resource_t *resource,
                                const char *key)
{
    apr_status_t rv;

    *t = 0;
    rv = acme_json_get_time(t, resource->json, key);
    return judge(resource, rv, key, "time", 0);
}

apr_status_t acme_resource_sub(const acme_json_t **sub,
                               const acme_resource_t *resource, const char *key,
                               int required)
{
    acme_json_t *value = NULL;
    apr_status_t rv;

    *sub = NULL;
    rv = acme_json_get(&value, resource->json, key);
    rv = judge(resource, rv, key, "object", required);
    if (rv == APR_SUCCESS && value) {
        if (!acme_json_is_object(value)) {
            return judge(resource, APR_EINVAL, key, "object", required);
        }
        *sub = value;
    }
    return rv;
}

apr_status_t acme_resource_error(const acme_problem_t **error,
                                 const acme_resource_t *resource,
                                 const char *key)
{
    const acme_problem_t none = ACME_PROBLEM_INIT;
    const acme_json_t *document;
    acme_problem_t *found;
    apr_status_t rv;

    *error = NULL;
    rv = acme_resource_sub(&document, resource, key, 0);
    if (rv != APR_SUCCESS || !document) {
        return rv;
    }
    found = apr_pmemdup(resource->p, &none, sizeof(none));
    rv = acme_problem_from_json(found, document, resource->p);
    if (!found->type) {
        return acme_resource_wrong(
            resource, "has an %s that is no problem document", key);
    }
    *error = found;
    return APR_SUCCESS;
}
