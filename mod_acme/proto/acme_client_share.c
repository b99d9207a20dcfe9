/* SPDX-License-Identifier: Apache-2.0 */

/* All our accounts at a CA are one client to it, because it counts requests by
 * the address that they come from, whatever account they are for. */

#include "acme_client.h"

#include "acme_bucket.h"
#include "acme_client_private.h"
#include "acme_str.h"

/* Requests that may be sent at once after a pause. No second has more requests
 * than the rate and these. */
#define BURST 5

/* A limit on requests. It is not saved, because it fills up again within a
 * second, and a process that ends takes longer than that to be followed by
 * another, except when that one takes over while this one leaves. Therefore it
 * begins with a single token. */
typedef struct pace_t {
    acme_bucket_limit_t limit; /* no tokens: no limit */
    int begun;
    apr_time_t full;
} pace_t;

struct acme_client_share_t {
    const acme_clock_t *clock;
    pace_t directories;
    pace_t heads;
    apr_array_header_t *clients; /* acme_client_t * */
};

static void set_rate(pace_t *pace, int per_second)
{
    if (per_second) {
        pace->limit.tokens = BURST;
        pace->limit.period =
            BURST * ((apr_time_from_sec(1) + per_second - 1) / per_second);
    }
}

/* Returns when the next request may be sent. */
static apr_time_t next_at(pace_t *pace, apr_time_t now)
{
    if (!pace->limit.tokens) {
        return now;
    }
    if (!pace->begun) {
        pace->begun = 1;
        pace->full = acme_bucket_empty_until(now, &pace->limit);
    }
    pace->full = acme_bucket_bounded(pace->full, &pace->limit, now);
    return acme_bucket_when(pace->full, &pace->limit, 0, now);
}

static int take(pace_t *pace, apr_time_t now)
{
    if (next_at(pace, now) > now) {
        return 0;
    }
    if (pace->limit.tokens) {
        pace->full = acme_bucket_take(pace->full, &pace->limit, now);
    }
    return 1;
}

acme_client_share_t *acme_client_share_create(int directories, int heads,
                                              const acme_clock_t *clock,
                                              apr_pool_t *p)
{
    acme_client_share_t *shared = apr_pcalloc(p, sizeof(*shared));

    shared->clock = clock;
    set_rate(&shared->directories, directories);
    set_rate(&shared->heads, heads);
    shared->clients = apr_array_make(p, 4, sizeof(acme_client_t *));
    return shared;
}

void acme_client_share_begin(acme_client_share_t *shared, apr_pool_t *p)
{
    shared->clients = apr_array_make(p, 4, sizeof(acme_client_t *));
}

void acme_client_share(acme_client_t *client, acme_client_share_t *shared)
{
    client->shared = shared;
    APR_ARRAY_PUSH(shared->clients, acme_client_t *) = client;
}

/* Returns non-zero when both clients get the same directory. Other roots, or
 * another proxy, may lead to another server. */
static int is_same_way(const acme_client_t *a, const acme_client_t *b)
{
    return acme_str_same(a->directory_url, b->directory_url)
           && acme_str_same(a->ca_file, b->ca_file)
           && acme_str_same(a->proxy, b->proxy)
           && acme_str_same(a->proxy_ca_file, b->proxy_ca_file);
}

/* Returns the next client, from the ith on, that reaches the CA in the same
 * way; NULL when there is none. */
static acme_client_t *next_peer(const acme_client_t *client, int *i)
{
    const apr_array_header_t *clients =
        client->shared ? client->shared->clients : NULL;
    acme_client_t *peer;

    while (clients && *i < clients->nelts) {
        peer = APR_ARRAY_IDX(clients, (*i)++, acme_client_t *);
        if (peer != client && is_same_way(peer, client)) {
            return peer;
        }
    }
    return NULL;
}

int acme_client_share_has_directory(acme_client_t *client)
{
    const acme_client_t *peer;
    int i = 0;

    while (!client->directory && (peer = next_peer(client, &i)) != NULL) {
        client->directory = peer->directory;
        client->date_known = peer->date_known;
        client->date_off = peer->date_off;
    }
    return client->directory != NULL;
}

int acme_client_share_is_fetching(acme_client_t *client)
{
    const acme_client_t *peer;
    int i = 0;

    if (!client->shared) {
        return 0;
    }
    while ((peer = next_peer(client, &i)) != NULL) {
        if (peer->fetching) {
            client->opening = 1;
            return 1;
        }
    }
    return !take(&client->shared->directories,
                 acme_time_now(client->shared->clock));
}

int acme_client_share_may_fetch(acme_client_t *client)
{
    return !client->shared
           || take(&client->shared->heads,
                   acme_time_now(client->shared->clock));
}

apr_array_header_t *acme_client_share_waiters(acme_client_t *client,
                                              apr_pool_t *p)
{
    apr_array_header_t *waiters = apr_array_make(p, 4, sizeof(client));
    acme_client_t *peer;
    int i = 0;

    APR_ARRAY_PUSH(waiters, acme_client_t *) = client;
    while ((peer = next_peer(client, &i)) != NULL) {
        if (peer->opening && !peer->fetching) {
            APR_ARRAY_PUSH(waiters, acme_client_t *) = peer;
        }
    }
    return waiters;
}

apr_time_t acme_client_share_next_directory(acme_client_t *client)
{
    acme_client_share_t *shared = client->shared;

    return next_at(&shared->directories, acme_time_now(shared->clock));
}

apr_time_t acme_client_share_next_nonce(acme_client_t *client)
{
    acme_client_share_t *shared = client->shared;

    return next_at(&shared->heads, acme_time_now(shared->clock));
}
