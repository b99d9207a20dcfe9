/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include <string.h>

#include <apr_date.h>
#include <apr_strings.h>

#include "acme_client_answer.h"
#include "acme_client_private.h"
#include "acme_nonce.h"
#include "acme_resource.h"

acme_client_t *acme_client_create(const char *directory_url, acme_http_t *http,
                                  const acme_clock_t *clock,
                                  const acme_log_t *log, apr_pool_t *p)
{
    acme_client_t *client = apr_pcalloc(p, sizeof(*client));

    client->p = p;
    client->directory_url = apr_pstrdup(p, directory_url);
    client->http = http;
    client->clock = clock;
    client->log = log;
    client->nonces = acme_nonce_pool_create(p);
    return client;
}

void acme_client_route(acme_client_t *client, const char *proxy,
                       const char *proxy_ca_file)
{
    client->proxy = apr_pstrdup(client->p, proxy);
    client->proxy_ca_file = apr_pstrdup(client->p, proxy_ca_file);
}

void acme_client_trust(acme_client_t *client, const char *ca_file)
{
    client->ca_file = apr_pstrdup(client->p, ca_file);
}

void acme_client_identify(acme_client_t *client,
                          const acme_jws_signer_t *signer, const char *kid)
{
    client->signer = signer;
    if (!kid || !client->kid || strcmp(kid, client->kid) != 0) {
        client->kid = apr_pstrdup(client->p, kid);
    }
}

const acme_jws_signer_t *acme_client_signer(const acme_client_t *client)
{
    return client->signer;
}

const char *acme_client_kid(const acme_client_t *client)
{
    return client->kid;
}

const char *acme_client_url(const acme_client_t *client)
{
    return client->directory_url;
}

apr_pool_t *acme_client_pool(const acme_client_t *client)
{
    return client->p;
}

const acme_directory_t *acme_client_directory_get(const acme_client_t *client)
{
    return client->directory;
}

void acme_client_put_last(acme_client_queue_t *queue,
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

static void put_first(acme_client_queue_t *queue,
                      acme_client_request_t *request)
{
    request->next = queue->first;
    queue->first = request;
    if (!queue->last) {
        queue->last = request;
    }
    ++queue->count;
}

acme_client_request_t *acme_client_take_first(acme_client_queue_t *queue)
{
    acme_client_request_t *request = queue->first;

    queue->first = request->next;
    if (!queue->first) {
        queue->last = NULL;
    }
    --queue->count;
    return request;
}

acme_client_request_t *acme_client_request(acme_client_t *client,
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

void acme_client_end(acme_client_request_t *request, apr_status_t rv,
                     const acme_answer_t *answer, const acme_problem_t *problem)
{
    request->done(request->baton, rv, answer, problem);
    apr_pool_destroy(request->p);
}

void acme_client_note_date(acme_client_t *client,
                           const acme_http_response_t *response)
{
    const char *text = apr_table_get(response->headers, "Date");
    apr_time_t date = text ? apr_date_parse_http(text) : APR_DATE_BAD;

    if (date != APR_DATE_BAD) {
        client->date_known = 1;
        client->date_off = date - response->received;
    }
}

int acme_client_clock(const acme_client_t *client, apr_interval_time_t *off)
{
    *off = client->date_off;
    return client->date_known;
}

static void post_done(void *baton, apr_status_t rv,
                      const acme_http_response_t *response,
                      const acme_problem_t *problem)
{
    acme_client_request_t *request = baton;
    acme_client_t *client = request->client;
    acme_problem_t refused = ACME_PROBLEM_INIT;
    acme_answer_t answer;

    --client->n_posts;
    if (rv != APR_SUCCESS) {
        acme_client_end(request, rv, NULL, problem);
        /* Who waited for the nonce that would have come with it. */
        if (!APR_STATUS_IS_EINTR(rv)) {
            acme_client_serve(client, 1);
        }
        return;
    }
    (void)acme_nonce_add(client->nonces,
                         apr_table_get(response->headers, "Replay-Nonce"),
                         response->received);
    rv = acme_client_answer(&answer, response, &refused);
    acme_log(client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0411) "%s: answered with status %d, %" APR_SIZE_T_FMT
                            " bytes",
             request->url, answer.status, answer.body_len);
    /* The CA has not acted on it, so even what must not be repeated is. */
    if (rv != APR_SUCCESS && acme_problem_is(&refused, "badNonce")
        && request->tries < ACME_CLIENT_NONCE_TRIES) {
        acme_log(client->log, ACME_LOG_DEBUG, 0,
                 ACME_TAG(0410) "%s: the CA refused a nonce, trying again "
                                "with a fresh one",
                 request->url);
        put_first(&client->waiting, request);
    }
    else {
        acme_client_end(request, rv, &answer,
                        rv == APR_SUCCESS ? NULL : &refused);
    }
    acme_client_serve(client, 1);
}

/* Signs and hands it to the transport. */
static apr_status_t post_send(acme_client_request_t *request, const char *nonce,
                              acme_problem_t *problem)
{
    acme_client_t *client = request->client;
    const char *body;
    apr_status_t rv;

    if (!acme_resource_is_url(request->url)) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_PROTOCOL, request->p,
                                "%.200s is no https URL, nothing is sent there",
                                request->url);
    }
    if (!request->signer) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_CRYPTO, request->p,
                                "there is no account key to sign a request "
                                "to %s with",
                                request->url);
    }
    if (request->ptry) {
        apr_pool_clear(request->ptry);
    }
    else {
        apr_pool_create(&request->ptry, request->p);
    }
    rv = acme_jws_sign(&body, request->signer, request->kid, nonce,
                       request->url, request->payload, problem, request->ptry);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    ++request->tries;
    request->http.method = "POST";
    request->http.url = request->url;
    request->http.content_type = ACME_CLIENT_JOSE;
    request->http.body = body;
    request->http.body_len = strlen(body);
    request->http.repeatable = request->repeatable;
    acme_log(client->log, ACME_LOG_TRACE, 0, ACME_TAG(0412) "%s: sending %s",
             request->url,
             *request->payload ? "a signed request" : "POST-as-GET");
    ++client->n_posts;
    client->http->submit(client->http, &request->http, post_done, request);
    return APR_SUCCESS;
}

/* A HEAD of newNonce: done for nobody in particular, but there is one under
 * way for each who waits. */
static void nonce_done(void *baton, apr_status_t rv,
                       const acme_http_response_t *response,
                       const acme_problem_t *problem)
{
    acme_client_request_t *head = baton;
    acme_client_t *client = head->client;
    acme_problem_t own = ACME_PROBLEM_INIT;
    acme_answer_t answer;
    int got = 0;

    --client->n_heads;
    if (rv == APR_SUCCESS) {
        int kept = acme_nonce_add(
            client->nonces, apr_table_get(response->headers, "Replay-Nonce"),
            response->received);

        problem = &own;
        rv = acme_client_answer(&answer, response, &own);
        if (rv == APR_SUCCESS && !kept) {
            rv = acme_problem_set(&own, APR_EINVAL, ACME_RETRY_BACKOFF,
                                  ACME_PROBLEM_PROTOCOL, head->p,
                                  "the CA's newNonce (%s) gave no usable nonce",
                                  head->url);
        }
        got = rv == APR_SUCCESS;
    }
    if (!got && client->waiting.count > client->n_heads) {
        acme_client_request_t *request =
            acme_client_take_first(&client->waiting);

        acme_client_end(request, rv, NULL, problem);
    }
    apr_pool_destroy(head->p);
    acme_client_serve(client, 1);
}

static void nonce_fetch(acme_client_t *client)
{
    acme_client_request_t *head = acme_client_request(client, NULL, NULL);

    head->url = client->directory->new_nonce;
    head->http.method = "HEAD";
    head->http.url = head->url;
    head->http.repeatable = 1;
    ++client->n_heads;
    client->http->submit(client->http, &head->http, nonce_done, head);
}

void acme_client_serve(acme_client_t *client, int running)
{
    int n = client->waiting.count;

    while (n-- > 0 && client->waiting.count > 0) {
        acme_client_request_t *request = client->waiting.first;
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *nonce;
        apr_status_t rv;

        nonce = acme_nonce_take(client->nonces, acme_time_now(client->clock),
                                request->p);
        if (!nonce) {
            break;
        }
        rv = post_send(request, nonce, &problem);
        if (rv != APR_SUCCESS && !running) {
            break;
        }
        (void)acme_client_take_first(&client->waiting);
        if (rv != APR_SUCCESS) {
            acme_client_end(request, rv, NULL, &problem);
        }
    }
    while (client->n_heads < client->waiting.count
           && acme_client_share_may_fetch(client)) {
        nonce_fetch(client);
    }
}

void acme_client_post(acme_client_t *client, const char *url,
                      const char *payload, int repeatable,
                      acme_client_done_fn *done, void *baton)
{
    acme_client_post_as(client, client->signer, client->kid, url, payload,
                        repeatable, done, baton);
}

void acme_client_post_as(acme_client_t *client, const acme_jws_signer_t *signer,
                         const char *kid, const char *url, const char *payload,
                         int repeatable, acme_client_done_fn *done, void *baton)
{
    acme_client_request_t *request = acme_client_request(client, done, baton);

    request->url = apr_pstrdup(request->p, url);
    request->payload = apr_pstrdup(request->p, payload);
    request->repeatable = repeatable;
    request->signer = signer;
    request->kid = apr_pstrdup(request->p, kid);
    if (!acme_client_share_has_directory(client)) {
        acme_client_directory_await(request);
        return;
    }
    acme_client_put_last(&client->waiting, request);
    acme_client_serve(client, 0);
}
