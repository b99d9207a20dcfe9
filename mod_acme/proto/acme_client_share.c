/* SPDX-License-Identifier: Apache-2.0 */

/* A CA counts requests by where they come from, whatever account they are for:
 * so all accounts that we have there are one client to it. */

#include "acme_client.h"

#include <string.h>

#include "acme_client_private.h"

/* At once, after a pause; no second has more than the rate and these. */
#define BURST 5

/* What fills up again within a second needs to survive nothing: a process that
 * ends takes longer than that to be followed by another, but for one that
 * takes over while this one leaves. So each begins with a bucket that has one
 * token in it. */
typedef struct pace_t {
    int rate; /* in a second; 0: any */
    int begun;
    apr_time_t full; /* when BURST requests can be sent at once again */
} pace_t;

struct acme_client_share_t {
    const acme_clock_t *clock;
    pace_t directories;
    pace_t heads;
    apr_array_header_t *clients; /* acme_client_t * */
};

static apr_interval_time_t token(const pace_t *pace)
{
    return (apr_time_from_sec(1) + pace->rate - 1) / pace->rate;
}

/* When the next one may be sent. A clock that was turned back makes nobody
 * wait for longer than an empty bucket does. */
static apr_time_t next_at(pace_t *pace, apr_time_t now)
{
    if (!pace->rate) {
        return now;
    }
    if (!pace->begun) {
        pace->begun = 1;
        pace->full = now + (BURST - 1) * token(pace);
    }
    if (pace->full > now + BURST * token(pace)) {
        pace->full = now + BURST * token(pace);
    }
    return pace->full - (BURST - 1) * token(pace);
}

static int take(pace_t *pace, apr_time_t now)
{
    if (next_at(pace, now) > now) {
        return 0;
    }
    if (pace->rate) {
        pace->full = (pace->full > now ? pace->full : now) + token(pace);
    }
    return 1;
}

acme_client_share_t *acme_client_share_create(int directories, int heads,
                                              const acme_clock_t *clock,
                                              apr_pool_t *p)
{
    acme_client_share_t *shared = apr_pcalloc(p, sizeof(*shared));

    shared->clock = clock;
    shared->directories.rate = directories;
    shared->heads.rate = heads;
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

static int same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What one of them is told counts for the other only where both would have
 * been told so: other roots, or another proxy, may lead to somebody else. */
static int is_same_way(const acme_client_t *a, const acme_client_t *b)
{
    return same(a->directory_url, b->directory_url)
           && same(a->ca_file, b->ca_file) && same(a->proxy, b->proxy)
           && same(a->proxy_ca_file, b->proxy_ca_file);
}

/* Another one that goes the same way, from the ith on; NULL: there is none. */
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

apr_time_t acme_client_share_step(acme_client_t *client)
{
    acme_client_share_t *shared = client->shared;
    apr_time_t now;

    if (!shared) {
        return 0;
    }
    now = acme_time_now(shared->clock);
    if (client->unopened.count > 0 && !client->opening) {
        acme_client_directory_fetch(client);
        return client->opening ? 0 : next_at(&shared->directories, now);
    }
    if (client->waiting.count > client->n_heads) {
        acme_client_serve(client, 0);
        return client->waiting.count > client->n_heads
                   ? next_at(&shared->heads, now)
                   : 0;
    }
    return 0;
}
