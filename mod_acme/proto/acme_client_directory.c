/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include <string.h>

#include <apr_date.h>

#include "acme_client_private.h"
#include "acme_resource.h"

const acme_directory_t *acme_client_directory_get(const acme_client_t *client)
{
    return client->directory;
}

/* Notes how far the CA's clock is from ours. */
static void note_date(acme_client_t *client,
                      const acme_http_response_t *response)
{
    const char *text = apr_table_get(response->headers, "Date");
    apr_time_t date = text ? apr_date_parse_http(text) : APR_DATE_BAD;

    if (date != APR_DATE_BAD) {
        client->date_known = 1;
        client->date_off = date - response->received;
    }
}

/* Sends the requests that waited for the directory, or ends them with the
 * problem. */
static void opened(acme_client_t *client, apr_status_t rv,
                   const acme_problem_t *problem)
{
    acme_client_queue_t queue = client->unopened;

    client->opening = 0;
    memset(&client->unopened, 0, sizeof(client->unopened));
    while (queue.count > 0) {
        acme_client_request_t *request = acme_client_request_take_first(&queue);

        if (rv == APR_SUCCESS && request->url) {
            acme_client_request_put_last(&client->waiting, request);
        }
        else {
            acme_client_request_end(request, rv, NULL, problem);
        }
    }
    if (rv == APR_SUCCESS) {
        acme_client_signed_send(client, 1);
    }
}

/* Reads the directory into a pool of its own. */
static apr_status_t read_directory(acme_client_t *client,
                                   const acme_answer_t *answer,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    acme_directory_t *directory;
    apr_pool_t *own;
    apr_status_t rv;

    if (!answer->json) {
        return acme_problem_set(
            problem, APR_EINVAL, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL, p,
            "%.300s is no ACME directory: it gives %s", answer->url,
            acme_client_answer_body(answer, p));
    }
    apr_pool_create(&own, client->p);
    rv = acme_directory_read(&directory, answer->json, problem, own);
    if (rv == APR_SUCCESS) {
        client->directory = directory;
        return APR_SUCCESS;
    }
    acme_problem_set(problem, rv, problem->retry, ACME_PROBLEM_PROTOCOL, p,
                     "%.300s is no ACME directory: %s; it gives %s",
                     answer->url, problem->detail,
                     acme_client_answer_body(answer, p));
    apr_pool_destroy(own);
    return rv;
}

static void directory_done(void *baton, apr_status_t rv,
                           const acme_http_response_t *response,
                           const acme_problem_t *problem)
{
    acme_client_request_t *get = baton;
    acme_client_t *client = get->client;
    acme_problem_t own = ACME_PROBLEM_INIT;
    acme_answer_t answer;
    apr_array_header_t *waiters;
    int i;

    if (rv == APR_SUCCESS) {
        (void)acme_nonce_add(client->nonces,
                             apr_table_get(response->headers, "Replay-Nonce"),
                             response->received);
        note_date(client, response);
        rv = acme_client_answer(&answer, response, &get->http, &own);
    }
    else if (problem) {
        own = *acme_problem_dup(problem, get->p);
    }
    if (rv == APR_SUCCESS) {
        rv = read_directory(client, &answer, &own, get->p);
    }
    acme_problem_advise(&own, ACME_AT_DIRECTORY);
    problem = rv == APR_SUCCESS ? NULL : &own;
    client->fetching = 0;
    waiters = acme_client_share_waiters(client, get->p);
    for (i = 0; i < waiters->nelts; ++i) {
        acme_client_t *waiter = APR_ARRAY_IDX(waiters, i, acme_client_t *);

        (void)acme_client_share_has_directory(waiter);
        opened(waiter, rv, problem);
    }
    apr_pool_destroy(get->p);
}

void acme_client_directory_fetch(acme_client_t *client)
{
    acme_client_request_t *get;

    if (client->opening || acme_client_share_is_fetching(client)) {
        return;
    }
    client->opening = 1;
    client->fetching = 1;
    get = acme_client_request_create(client, NULL, NULL);
    get->http.method = "GET";
    get->http.url = client->directory_url;
    get->http.repeatable = 1;
    client->http->submit(client->http, &get->http, directory_done, get);
}

void acme_client_directory_await(acme_client_request_t *request)
{
    acme_client_t *client = request->client;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!acme_resource_is_url(client->directory_url)) {
        acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_CONFIG,
                         ACME_PROBLEM_CONFIG, request->p,
                         "%.200s is no https URL", client->directory_url);
        acme_client_request_end(request, APR_EINVAL, NULL, &problem);
        return;
    }
    acme_client_request_put_last(&client->unopened, request);
    acme_client_directory_fetch(client);
}

void acme_client_directory_open(acme_client_t *client,
                                acme_client_done_fn *done, void *baton)
{
    if (acme_client_share_has_directory(client)) {
        done(baton, APR_SUCCESS, NULL, NULL);
        return;
    }
    acme_client_directory_await(
        acme_client_request_create(client, done, baton));
}
