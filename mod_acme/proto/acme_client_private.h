/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client_private.h
 * @brief The inside of a client (acme_client.h), for its own files only. Each
 * calls those above it in this list:
 *
 *     acme_client_request.c    requests and queues of them
 *     acme_client_unsigned.c   requests without signature and nonce
 *     acme_client_share.c      the other clients at the same CA
 *     acme_client_signed.c     nonces; signs and sends queued requests
 *     acme_client_directory.c  fetches the directory
 *     acme_client.c            the client as its users see it
 */
#ifndef ACME_CLIENT_PRIVATE_H
#define ACME_CLIENT_PRIVATE_H

#include "acme_directory.h"
#include "acme_http.h"
#include "acme_jws.h"
#include "acme_nonce.h"

/** RFC 8555 6.2 */
#define ACME_CLIENT_JOSE "application/jose+json"

/** A request to the CA, or a caller that waits for the directory. It has a
 * pool of its own and is in one of the client's two queues, or under way. */
typedef struct acme_client_request_t {
    struct acme_client_request_t *next;
    acme_client_t *client;
    apr_pool_t *p;
    apr_pool_t *ptry; /**< cleared before it is sent again */
    acme_client_done_fn *done;
    void *baton;
    const char *url; /**< NULL: waits for the directory, nothing is sent */
    const char *payload;
    const acme_jws_signer_t *signer;
    const char *kid;
    int repeatable;
    int tries;
    int for_nonce; /**< unsigned: a nonce is what is wanted */
    acme_http_request_t http;
} acme_client_request_t;

typedef struct acme_client_queue_t {
    acme_client_request_t *first;
    acme_client_request_t *last;
    int count;
} acme_client_queue_t;

struct acme_client_t {
    apr_pool_t *p;
    const char *directory_url;
    acme_http_t *http;
    const acme_clock_t *clock;
    const acme_log_t *log;
    const acme_directory_t *directory; /**< NULL: not fetched yet */
    const acme_jws_signer_t *signer;
    const char *kid;
    const char *ca_file;
    const char *proxy;
    const char *proxy_ca_file;
    acme_nonce_pool_t *nonces;
    acme_client_queue_t unopened; /**< wait for the directory */
    acme_client_queue_t waiting;  /**< wait for a nonce */
    int n_heads;                  /**< newNonce requests under way */
    int gets_nonces; /**< newNonce takes no HEAD, so that it is GET */
    acme_client_share_t *shared; /**< or NULL */
    int opening;  /**< a fetch of the directory is under way, by this client or
                       by another that shares it */
    int fetching; /**< this client fetches it */
    int date_known;
    apr_interval_time_t date_off; /**< the CA's clock minus ours */
};

/* acme_client_request.c */

void acme_client_request_put_first(acme_client_queue_t *queue,
                                   acme_client_request_t *request);
void acme_client_request_put_last(acme_client_queue_t *queue,
                                  acme_client_request_t *request);

/** The queue must not be empty. */
acme_client_request_t *
acme_client_request_take_first(acme_client_queue_t *queue);

/** Makes a request with the client's roots and proxy.
 *  @param done NULL for a request that no caller waits for */
acme_client_request_t *acme_client_request_create(acme_client_t *client,
                                                  acme_client_done_fn *done,
                                                  void *baton);

/** Calls `done`, which must not be NULL, and destroys the request. */
void acme_client_request_end(acme_client_request_t *request, apr_status_t rv,
                             const acme_answer_t *answer,
                             const acme_problem_t *problem);

/* acme_client_share.c */

/** Returns non-zero when the client has the directory. Takes it from another
 *  client that reaches the CA in the same way, if such a client has it. */
int acme_client_share_has_directory(acme_client_t *client);

/** Returns non-zero when the client must not fetch the directory itself: a
 *  client that reaches the CA in the same way is fetching it (then `opening` is
 *  set), or the rate is used up. Else the fetch is charged to the rate. */
int acme_client_share_is_fetching(acme_client_t *client);

/** Returns non-zero when newNonce may be requested now; then the request is
 *  charged to the rate. */
int acme_client_share_may_fetch(acme_client_t *client);

/** Returns when the next directory or nonce may be fetched, now or later. The
 *  client has to share. */
apr_time_t acme_client_share_next_directory(acme_client_t *client);
apr_time_t acme_client_share_next_nonce(acme_client_t *client);

/** Returns the clients that wait for the directory that this client fetches,
 *  beginning with itself: acme_client_t *, in p. */
apr_array_header_t *acme_client_share_waiters(acme_client_t *client,
                                              apr_pool_t *p);

/* acme_client_unsigned.c */

/** Returns the method of newNonce requests. */
const char *acme_client_unsigned_nonce_method(const acme_client_t *client);

/**
 * Judges an answer to newNonce that gave no nonce. Returns non-zero when it
 * was the answer to a HEAD, and GET may give one (RFC 8555 7.2 has both, and
 * some servers have GET only): from now on the client uses GET.
 */
int acme_client_unsigned_try_get(acme_client_t *client,
                                 const acme_http_request_t *request,
                                 const acme_http_response_t *response);

/* acme_client_signed.c */

/**
 * Sends waiting requests as long as there are nonces, and fetches nonces for
 * the rest.
 * @param running non-zero inside the transport's run(): only then a request
 *        that cannot be sent at all is refused, because `done` must not be
 *        called before acme_client_post() returns; else it waits like the
 *        others, and the HEAD that is sent for it brings run() here
 */
void acme_client_signed_send(acme_client_t *client, int running);

/* acme_client_directory.c */

/** Fetches the directory, unless a fetch is under way or the rate is used
 *  up. */
void acme_client_directory_fetch(acme_client_t *client);

/** Queues the request until the directory is there, and fetches it. Refuses it
 *  when the directory's URL is no https URL. */
void acme_client_directory_await(acme_client_request_t *request);

#endif
