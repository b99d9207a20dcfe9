/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_renewal.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_resource.h"
#include "acme_text.h"

/* Longest text that is shown of the explanation's URL. */
#define EXPLANATION_MAX 500

typedef struct renewal_call_t {
    acme_renewal_done_fn *done;
    void *baton;
    apr_pool_t *p;
} renewal_call_t;

/* Reads the resource. `again` is left alone, because it comes from a
 * header. */
static apr_status_t read_resource(acme_renewal_t *renewal,
                                  const acme_json_t *json,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_resource_t resource = {"renewal information", json, problem, p};
    acme_resource_t window = {"suggested window", NULL, problem, p};
    const char *url = NULL;
    apr_time_t start = 0, end = 0;
    apr_status_t rv;

    rv = acme_resource_object(&resource);
    if (rv == APR_SUCCESS) {
        rv = acme_resource_sub(&window.json, &resource, "suggestedWindow",
                               ACME_RESOURCE_REQUIRED);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_time(&start, &window, "start",
                                ACME_RESOURCE_REQUIRED);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_time(&end, &window, "end", ACME_RESOURCE_REQUIRED);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (start <= 0 || end <= start) {
        return acme_resource_wrong(&window, "has no start that comes before "
                                            "its end");
    }
    renewal->start = start;
    renewal->end = end;
    /* Leave out a URL that makes no sense, because it is shown to people only
     * and must not keep the site from being renewed in time. */
    renewal->explanation = NULL;
    if (acme_json_get_str(&url, json, "explanationURL") == APR_SUCCESS
        && (strncmp(url, "https://", 8) == 0
            || strncmp(url, "http://", 7) == 0)) {
        renewal->explanation = acme_text_escape(url, EXPLANATION_MAX, p);
    }
    return APR_SUCCESS;
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    renewal_call_t *call = baton;
    acme_problem_t wrong = ACME_PROBLEM_INIT;
    acme_renewal_t renewal;

    memset(&renewal, 0, sizeof(renewal));
    if (rv == APR_SUCCESS) {
        renewal.again = acme_time_retry_after(
            apr_table_get(answer->headers, "Retry-After"), answer->received,
            ACME_RENEWAL_AGAIN_MIN, ACME_RENEWAL_AGAIN_MAX);
        if (renewal.again == 0) {
            renewal.again = answer->received + ACME_RENEWAL_AGAIN;
        }
        rv = read_resource(&renewal, answer->json, &wrong, call->p);
        if (rv != APR_SUCCESS) {
            acme_client_answer_blame(&wrong, answer, call->p);
        }
        problem = rv == APR_SUCCESS ? NULL : &wrong;
    }
    call->done(call->baton, rv, rv == APR_SUCCESS ? &renewal : NULL, problem);
    apr_pool_destroy(call->p);
}

void acme_renewal_ask(acme_client_t *client, const char *service,
                      const char *id, acme_renewal_done_fn *done, void *baton)
{
    apr_size_t len = strlen(service);
    renewal_call_t *call;
    apr_pool_t *p;

    apr_pool_create(&p, acme_client_pool(client));
    call = apr_pcalloc(p, sizeof(*call));
    call->done = done;
    call->baton = baton;
    call->p = p;
    acme_client_unsigned_get(
        client,
        apr_pstrcat(p, service, len > 0 && service[len - 1] == '/' ? "" : "/",
                    id, NULL),
        answered, call);
}
