/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client_private.h
 * @brief What the files of the client share: acme_client.c signs and repeats,
 * acme_client_directory_get.c gets the directory, acme_client_unsigned.c sends
 * what is neither signed nor numbered, acme_client_share.c knows of the others.
 */
#ifndef ACME_CLIENT_PRIVATE_H
#define ACME_CLIENT_PRIVATE_H

#include "acme_directory.h"
#include "acme_http.h"
#include "acme_jws.h"
#include "acme_nonce.h"

/** RFC 8555 6.2 */
#define ACME_CLIENT_JOSE "application/jose+json"

/** A request of ours, or somebody who waits for the directory. It has a pool of
 * its own and is in one of the client's two queues, or under way. */
typedef struct acme_client_request_t {
    struct acme_client_request_t *next;
    acme_client_t *client;
    apr_pool_t *p;
    apr_pool_t *ptry; /* of one sending */
    acme_client_done_fn *done;
    void *baton;
    const char *url; /* NULL: waits for the directory, no more */
    const char *payload;
    const acme_jws_signer_t *signer;
    const char *kid;
    int repeatable;
    int tries;
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
    const acme_directory_t *directory;
    const acme_jws_signer_t *signer;
    const char *kid;
    const char *ca_file;
    const char *proxy;
    const char *proxy_ca_file;
    acme_nonce_pool_t *nonces;
    acme_client_queue_t unopened; /* wait for the directory */
    acme_client_queue_t waiting;  /* wait for a nonce */
    int n_heads;                  /* newNonce requests under way */
    int n_posts;                  /* others */
    acme_client_share_t *shared;  /* or NULL */
    int opening;                  /* the directory is on its way */
    int fetching;                 /* to this one, and to others through it */
    int date_known;
    apr_interval_time_t date_off;
};

void acme_client_put_last(acme_client_queue_t *queue,
                          acme_client_request_t *request);

/** The queue is not empty. */
acme_client_request_t *acme_client_take_first(acme_client_queue_t *queue);

/** @param done NULL for one that nobody waits for */
acme_client_request_t *acme_client_request(acme_client_t *client,
                                           acme_client_done_fn *done,
                                           void *baton);

/** Tells who waits for it; then it is gone. */
void acme_client_end(acme_client_request_t *request, apr_status_t rv,
                     const acme_answer_t *answer,
                     const acme_problem_t *problem);

/** What the CA's clock says, for who asks acme_client_clock(). */
void acme_client_note_date(acme_client_t *client,
                           const acme_http_response_t *response);

/**
 * Sends those who wait as long as there are nonces, and gets more for the
 * rest. What cannot be sent at all is refused only while the transport runs,
 * until then it waits for a HEAD like the others; what its owner posts in turn
 * has to wait for the next time, so that this ends.
 */
void acme_client_serve(acme_client_t *client, int running);

/** Whether it has the directory, or another one has that goes the same way. */
int acme_client_share_has_directory(acme_client_t *client);

/** Whether others see to the directory, or it is not its turn; else it is. */
int acme_client_share_is_fetching(acme_client_t *client);

/** Whether a nonce may be asked for; then it counts as asked for. */
int acme_client_share_may_fetch(acme_client_t *client);

/** Those who wait for this one's directory, itself among them:
 *  acme_client_t *. */
apr_array_header_t *acme_client_share_waiters(acme_client_t *client,
                                              apr_pool_t *p);

/** Has the directory fetched for those who wait for it, unless others do. */
void acme_client_directory_fetch(acme_client_t *client);

/** Waits for the directory, and has it fetched. */
void acme_client_directory_await(acme_client_request_t *request);

#endif
