/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_client_private.h"
#include "acme_resource.h"

const char *acme_client_unsigned_nonce_method(const acme_client_t *client)
{
    return client->gets_nonces ? "GET" : "HEAD";
}

int acme_client_unsigned_try_get(acme_client_t *client,
                                 const acme_http_request_t *request,
                                 const acme_http_response_t *response)
{
    /* Not after an outage or a limit, which says nothing about HEAD. */
    if (strcmp(request->method, "HEAD") != 0 || response->status == 429
        || (response->status >= 500 && response->status != 501)) {
        return 0;
    }
    if (!client->gets_nonces) {
        acme_log(client->log, ACME_LOG_DEBUG, 0,
                 ACME_TAG(0420) "%s: no nonce comes by HEAD (status %d), "
                                "trying GET from now on",
                 request->url, response->status);
    }
    client->gets_nonces = 1;
    return 1;
}

static void answered(void *baton, apr_status_t rv,
                     const acme_http_response_t *response,
                     const acme_problem_t *problem)
{
    acme_client_request_t *request = baton;
    acme_client_t *client = request->client;
    acme_problem_t refused = ACME_PROBLEM_INIT;
    acme_answer_t answer;

    if (rv != APR_SUCCESS) {
        acme_client_request_end(request, rv, NULL, problem);
        return;
    }
    if (request->for_nonce && !apr_table_get(response->headers, "Replay-Nonce")
        && acme_client_unsigned_try_get(client, &request->http, response)) {
        request->http.method = acme_client_unsigned_nonce_method(client);
        client->http->submit(client->http, &request->http, answered, request);
        return;
    }
    rv = acme_client_answer(&answer, response, &request->http, &refused);
    acme_client_request_end(request, rv, &answer,
                            rv == APR_SUCCESS ? NULL : &refused);
}

static void submit(acme_client_request_t *request, const char *method,
                   const char *url)
{
    acme_client_t *client = request->client;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    request->url = apr_pstrdup(request->p, url);
    if (!acme_resource_is_url(request->url)) {
        acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, request->p,
                         "%.200s is no https URL, nothing is sent there", url);
        acme_client_request_end(request, APR_EINVAL, NULL, &problem);
        return;
    }
    request->http.method = method;
    request->http.url = request->url;
    request->http.repeatable = 1;
    client->http->submit(client->http, &request->http, answered, request);
}

void acme_client_unsigned_get(acme_client_t *client, const char *url,
                              acme_client_done_fn *done, void *baton)
{
    submit(acme_client_request_create(client, done, baton), "GET", url);
}

void acme_client_unsigned_get_nonce(acme_client_t *client,
                                    acme_client_done_fn *done, void *baton)
{
    acme_client_request_t *request =
        acme_client_request_create(client, done, baton);

    request->for_nonce = 1;
    submit(request, acme_client_unsigned_nonce_method(client),
           client->directory->new_nonce);
}

void acme_client_unsigned_send(acme_client_t *client, const char *url,
                               const char *jws, acme_client_done_fn *done,
                               void *baton)
{
    acme_client_request_t *request =
        acme_client_request_create(client, done, baton);

    request->http.content_type = ACME_CLIENT_JOSE;
    request->http.body = apr_pstrdup(request->p, jws);
    request->http.body_len = strlen(jws);
    submit(request, "POST", url);
}
