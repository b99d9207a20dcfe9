/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include "acme_client_private.h"

void acme_client_request_put_last(acme_client_queue_t *queue,
                                  acme_client_request_t *request)
{
    request->next = NULL;
    if (queue->last) {
        queue->last->next = request;
    }
    else {
        queue->first = request;
    }
    queue->last = request;
    ++queue->count;
}

void acme_client_request_put_first(acme_client_queue_t *queue,
                                   acme_client_request_t *request)
{
    request->next = queue->first;
    queue->first = request;
    if (!queue->last) {
        queue->last = request;
    }
    ++queue->count;
}

acme_client_request_t *
acme_client_request_take_first(acme_client_queue_t *queue)
{
    acme_client_request_t *request = queue->first;

    queue->first = request->next;
    if (!queue->first) {
        queue->last = NULL;
    }
    --queue->count;
    return request;
}

acme_client_request_t *acme_client_request_create(acme_client_t *client,
                                                  acme_client_done_fn *done,
                                                  void *baton)
{
    acme_client_request_t *request;
    apr_pool_t *p;

    apr_pool_create(&p, client->p);
    request = apr_pcalloc(p, sizeof(*request));
    request->client = client;
    request->p = p;
    request->http.ca_file = client->ca_file;
    request->http.proxy = client->proxy;
    request->http.proxy_ca_file = client->proxy_ca_file;
    request->done = done;
    request->baton = baton;
    return request;
}

void acme_client_request_end(acme_client_request_t *request, apr_status_t rv,
                             const acme_answer_t *answer,
                             const acme_problem_t *problem)
{
    request->done(request->baton, rv, answer, problem);
    apr_pool_destroy(request->p);
}
