/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_client_private.h"

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

int acme_client_clock(const acme_client_t *client, apr_interval_time_t *off)
{
    *off = client->date_off;
    return client->date_known;
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
    acme_client_request_t *request =
        acme_client_request_create(client, done, baton);

    request->url = apr_pstrdup(request->p, url);
    request->payload = apr_pstrdup(request->p, payload);
    request->repeatable = repeatable;
    request->signer = signer;
    request->kid = apr_pstrdup(request->p, kid);
    if (!acme_client_share_has_directory(client)) {
        acme_client_directory_await(request);
        return;
    }
    acme_client_request_put_last(&client->waiting, request);
    acme_client_signed_send(client, 0);
}

apr_time_t acme_client_step(acme_client_t *client)
{
    if (!client->shared) {
        return 0;
    }
    if (client->unopened.count > 0 && !client->opening) {
        acme_client_directory_fetch(client);
        return client->opening ? 0 : acme_client_share_next_directory(client);
    }
    if (client->waiting.count > client->n_heads) {
        acme_client_signed_send(client, 0);
        return client->waiting.count > client->n_heads
                   ? acme_client_share_next_nonce(client)
                   : 0;
    }
    return 0;
}
