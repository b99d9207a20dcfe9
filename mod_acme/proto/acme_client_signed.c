/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_client_private.h"
#include "acme_resource.h"
#include "acme_text.h"

/* Bounds what is shown of a nonce that cannot be used. */
#define NONCE_SHOWN 80

static void post_done(void *baton, apr_status_t rv,
                      const acme_http_response_t *response,
                      const acme_problem_t *problem)
{
    acme_client_request_t *request = baton;
    acme_client_t *client = request->client;
    acme_problem_t refused = ACME_PROBLEM_INIT;
    acme_answer_t answer;

    if (rv != APR_SUCCESS) {
        acme_client_request_end(request, rv, NULL, problem);
        /* Fetch nonces again, because other requests may have waited for the
         * nonce that this answer would have had. */
        if (!APR_STATUS_IS_EINTR(rv)) {
            acme_client_signed_send(client, 1);
        }
        return;
    }
    (void)acme_nonce_add(client->nonces,
                         apr_table_get(response->headers, "Replay-Nonce"),
                         response->received);
    rv = acme_client_answer(&answer, response, &request->http, &refused);
    acme_log(client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0411) "%s: answered with status %d, %" APR_SIZE_T_FMT
                            " bytes",
             request->url, answer.status, answer.body_len);
    /* Repeat even a request that must not be repeated, because the CA has not
     * acted on it. */
    if (rv != APR_SUCCESS && acme_problem_is(&refused, "badNonce")
        && request->tries < ACME_CLIENT_NONCE_TRIES) {
        acme_log(client->log, ACME_LOG_DEBUG, 0,
                 ACME_TAG(0410) "%s: the CA refused a nonce, trying again "
                                "with a fresh one",
                 request->url);
        acme_client_request_put_first(&client->waiting, request);
    }
    else {
        acme_client_request_end(request, rv, &answer,
                                rv == APR_SUCCESS ? NULL : &refused);
    }
    acme_client_signed_send(client, 1);
}

/* Signs the request and hands it to the transport. */
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
    client->http->submit(client->http, &request->http, post_done, request);
    return APR_SUCCESS;
}

/* Sets why newNonce gave no nonce. */
static apr_status_t no_nonce(acme_problem_t *problem,
                             const acme_http_response_t *response,
                             const acme_http_request_t *request)
{
    const char *nonce = apr_table_get(response->headers, "Replay-Nonce");
    acme_answer_t answer;
    apr_status_t rv;

    rv = acme_client_answer(&answer, response, request, problem);
    if (rv == APR_SUCCESS) {
        rv = acme_problem_set(
            problem, APR_EINVAL, ACME_RETRY_BACKOFF, ACME_PROBLEM_PROTOCOL,
            response->p, "the CA's newNonce (%s) gave no usable nonce%s%s",
            request->url, nonce ? ", but one that is not base64url: " : "",
            nonce ? acme_text_bound(nonce, NONCE_SHOWN, response->p) : "");
    }
    else {
        problem->detail = apr_psprintf(
            response->p, "the CA's newNonce (%s) gave no nonce: %s",
            request->url, problem->detail);
    }
    acme_problem_advise(problem, ACME_AT_NONCE);
    return rv;
}

/* Takes the answer to a HEAD of newNonce. A HEAD belongs to no request, but as
 * many are under way as requests wait: so a HEAD that failed fails the first of
 * those. */
static void nonce_done(void *baton, apr_status_t rv,
                       const acme_http_response_t *response,
                       const acme_problem_t *problem)
{
    acme_client_request_t *head = baton;
    acme_client_t *client = head->client;
    acme_problem_t own = ACME_PROBLEM_INIT;
    int again = 0;

    --client->n_heads;
    if (rv == APR_SUCCESS
        && !acme_nonce_add(client->nonces,
                           apr_table_get(response->headers, "Replay-Nonce"),
                           response->received)) {
        again = acme_client_unsigned_try_get(client, &head->http, response);
        rv = no_nonce(&own, response, &head->http);
        problem = &own;
    }
    if (rv != APR_SUCCESS && !again
        && client->waiting.count > client->n_heads) {
        acme_client_request_t *request =
            acme_client_request_take_first(&client->waiting);

        acme_client_request_end(request, rv, NULL, problem);
    }
    apr_pool_destroy(head->p);
    acme_client_signed_send(client, 1);
}

static void nonce_fetch(acme_client_t *client)
{
    acme_client_request_t *head =
        acme_client_request_create(client, NULL, NULL);

    head->url = client->directory->new_nonce;
    head->http.method = acme_client_unsigned_nonce_method(client);
    head->http.url = head->url;
    head->http.repeatable = 1;
    ++client->n_heads;
    client->http->submit(client->http, &head->http, nonce_done, head);
}

void acme_client_signed_send(acme_client_t *client, int running)
{
    /* Look only at requests that wait now, because the owner of a refused
     * request may post another one from `done`, again and again. */
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
        (void)acme_client_request_take_first(&client->waiting);
        if (rv != APR_SUCCESS) {
            acme_client_request_end(request, rv, NULL, &problem);
        }
    }
    while (client->n_heads < client->waiting.count
           && acme_client_share_may_fetch(client)) {
        nonce_fetch(client);
    }
}
