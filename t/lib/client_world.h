/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file client_world.h
 * @brief A client (acme_client.h) on a scripted transport, and its outcomes.
 */
#ifndef CLIENT_WORLD_H
#define CLIENT_WORLD_H

#include "acme_client.h"
#include "script_http.h"

#define WORLD_DIR   "https://ca.test/dir"
#define WORLD_NONCE "https://ca.test/nonce"
#define WORLD_DIRECTORY                              \
    "{\"newNonce\":\"" WORLD_NONCE                   \
    "\",\"newAccount\":\"https://ca.test/account\"," \
    "\"newOrder\":\"https://ca.test/order\"}"
#define WORLD_URL "https://ca.test/x"

/** A client, a script and a clock. */
typedef struct client_world_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    script_http_t *script;
    acme_http_t *http;
    acme_client_t *client;
} client_world_t;

/** The parameters that `done` was called with. */
typedef struct client_heard_t {
    int times;
    apr_status_t rv;
    int had_answer;
    int status;
    const char *location;
    apr_time_t retry_at;
    const char *content_type;
    int is_json;
    const char *body;
    acme_problem_t *problem;
    /* If set, `done` posts again to again_url, up to five times. */
    acme_client_t *post_again;
    const char *again_url;
    apr_pool_t *p;
} client_heard_t;

/** An acme_client_done_fn; baton is a client_heard_t. */
void client_world_hear(void *baton, apr_status_t rv,
                       const acme_answer_t *answer,
                       const acme_problem_t *problem);

/** Returns an empty client_heard_t. */
client_heard_t *client_world_listener(const client_world_t *world);

/** Creates a client that has an account and no directory. */
client_world_t *client_world_create(apr_pool_t *p);

/** Creates a client that has an account and the directory, and no nonce. */
client_world_t *client_world_create_open(apr_pool_t *p);

/** Posts {"a":1}. Returns where its outcome will be. */
client_heard_t *client_world_post(const client_world_t *world, const char *url);

/** Makes the script refuse the nonce of the next POST. */
script_answer_t *client_world_bad_nonce(const client_world_t *world,
                                        const char *url);

#endif
