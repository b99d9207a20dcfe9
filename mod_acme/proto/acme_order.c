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

/* Leaves out what is told twice. */
static apr_status_t read_authorizations(acme_order_t *order,
                                        const acme_resource_t *resource)
{
    apr_array_header_t *urls;
    acme_json_t *array = NULL;
    apr_hash_t *seen;
    int count;
    int i;

    (void)acme_json_get(&array, resource->json, "authorizations");
    count = acme_json_count(array);
    if (count == 0) {
        return APR_SUCCESS;
    }
    if (count > AUTHORIZATIONS_MAX) {
        return acme_resource_wrong(resource,
                                   "has %d authorizations, and %d is "
                                   "the most that can be",
                                   count, AUTHORIZATIONS_MAX);
    }
    if (acme_json_get_strs(&urls, resource->json, "authorizations", resource->p)
        != APR_SUCCESS) {
        return acme_resource_wrong(resource, "has authorizations that are no "
                                             "array of texts");
    }
    order->authorizations =
        apr_array_make(resource->p, urls->nelts, sizeof(const char *));
    seen = apr_hash_make(resource->p);
    for (i = 0; i < urls->nelts; ++i) {
        const char *url = APR_ARRAY_IDX(urls, i, const char *);

        if (!acme_resource_is_url(url)) {
            return acme_resource_wrong(resource,
                                       "has an authorization that is "
                                       "no usable https URL: %.200s",
                                       url);
        }
        if (!apr_hash_get(seen, url, APR_HASH_KEY_STRING)) {
            url = apr_pstrdup(resource->p, url);
            apr_hash_set(seen, url, APR_HASH_KEY_STRING, url);
            APR_ARRAY_PUSH(order->authorizations, const char *) = url;
        }
    }
    return APR_SUCCESS;
}

/* Says whether a member is used when the order has the status. */
static acme_resource_need_e used_when(const acme_order_t *order,
                                      acme_order_status_e status)
{
    return order->status == status ? ACME_RESOURCE_USED : ACME_RESOURCE_UNUSED;
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
                                STATUS_COUNT, ACME_RESOURCE_REQUIRED);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found->status = (acme_order_status_e)status;
    rv = read_authorizations(found, &resource);
    if (rv != APR_SUCCESS) {
        if (found->status == ACME_ORDER_PENDING) {
            return rv;
        }
        found->authorizations = NULL;
    }
    rv = acme_resource_url(&found->finalize, &resource, "finalize",
                           used_when(found, ACME_ORDER_READY));
    if (rv == APR_SUCCESS) {
        rv = acme_resource_url(&found->certificate, &resource, "certificate",
                               used_when(found, ACME_ORDER_VALID));
    }
    if (rv == APR_SUCCESS) {
        found->error = acme_resource_error(&resource, "error");
        (void)acme_resource_time(&found->expires, &resource, "expires",
                                 ACME_RESOURCE_UNUSED);
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
        acme_json_append_given(identifiers, identifier);
    }
    acme_json_give(payload, "identifiers", identifiers);
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
