/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_order.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_resource.h"

#define AUTHORIZATIONS_MAX 1000

static const char *const status_names[] = {
    [ACME_ORDER_PENDING] = "pending",       [ACME_ORDER_READY] = "ready",
    [ACME_ORDER_PROCESSING] = "processing", [ACME_ORDER_VALID] = "valid",
    [ACME_ORDER_INVALID] = "invalid",
};

#define STATUS_COUNT ((int)(sizeof(status_names) / sizeof(status_names[0])))

const char *acme_order_status_name(acme_order_status_e status)
{
    return status_names[status];
}

static apr_status_t read_authorizations(acme_order_t *order,
                                        const acme_resource_t *resource)
{
    acme_json_t *array = NULL;
    apr_array_header_t *urls;
    apr_hash_t *seen;
    apr_status_t rv;
    int i;

    rv = acme_json_get(&array, resource->json, "authorizations");
    if (rv != APR_SUCCESS || acme_json_count(array) == 0) {
        return acme_resource_wrong(resource, "has no authorizations");
    }
    if (acme_json_count(array) > AUTHORIZATIONS_MAX) {
        return acme_resource_wrong(resource,
                                   "has %d authorizations, and %d is "
                                   "the most that can be",
                                   acme_json_count(array), AUTHORIZATIONS_MAX);
    }
    rv = acme_json_get_strs(&urls, resource->json, "authorizations",
                            resource->p);
    if (rv != APR_SUCCESS) {
        return acme_resource_wrong(resource, "has authorizations that are no "
                                             "array of strings");
    }
    seen = apr_hash_make(resource->p);
    for (i = 0; i < urls->nelts; ++i) {
        const char **url = &APR_ARRAY_IDX(urls, i, const char *);

        if (!acme_resource_is_url(*url)) {
            return acme_resource_wrong(resource,
                                       "has an authorization that is "
                                       "no usable https URL: %.200s",
                                       *url);
        }
        if (apr_hash_get(seen, *url, APR_HASH_KEY_STRING)) {
            return acme_resource_wrong(resource, "repeats an authorization: %s",
                                       *url);
        }
        *url = apr_pstrdup(resource->p, *url);
        apr_hash_set(seen, *url, APR_HASH_KEY_STRING, *url);
    }
    order->authorizations = urls;
    return APR_SUCCESS;
}

apr_status_t acme_order_read(acme_order_t **order, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p)
{
    acme_resource_t resource = {"order", json, problem, p};
    acme_order_t *found = apr_pcalloc(p, sizeof(*found));
    apr_status_t rv;
    int status = 0;

    rv = acme_resource_object(&resource);
    if (rv == APR_SUCCESS) {
        rv = acme_resource_word(&status, &resource, "status", status_names,
                                STATUS_COUNT);
    }
    if (rv == APR_SUCCESS) {
        found->status = (acme_order_status_e)status;
        rv = read_authorizations(found, &resource);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_url(&found->finalize, &resource, "finalize", 1);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_url(&found->certificate, &resource, "certificate",
                               found->status == ACME_ORDER_VALID);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_error(&found->error, &resource, "error");
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_time(&found->expires, &resource, "expires");
    }
    if (rv == APR_SUCCESS) {
        *order = found;
    }
    return rv;
}

const char *acme_order_payload(const apr_array_header_t *names,
                               const char *replaces, const char *profile,
                               apr_pool_t *p)
{
    acme_json_t *identifiers = acme_json_array(p);
    acme_json_t *payload = acme_json_object(p);
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        acme_json_t *identifier = acme_json_object(p);

        acme_json_set_str(identifier, "type",
                          acme_ident_type_name(acme_ident_type(name)));
        acme_json_set_str(identifier, "value", name);
        acme_json_append(identifiers, identifier);
    }
    acme_json_set(payload, "identifiers", identifiers);
    acme_json_set_str(payload, "replaces", replaces);
    acme_json_set_str(payload, "profile", profile);
    return acme_json_print(payload, 0, p);
}

const char *acme_order_finalize_payload(const char *csr, apr_pool_t *p)
{
    acme_json_t *payload = acme_json_object(p);

    acme_json_set_str(payload, "csr", csr);
    return acme_json_print(payload, 0, p);
}
