/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client.h
 * @brief Signed requests to one CA in the name of one account (RFC 8555 6).
 *
 * Fetches the directory once, gets nonces, signs, and sends again with a fresh
 * nonce when the CA says badNonce, whatever the request was (at most
 * ACME_CLIENT_NONCE_TRIES times). Any number of requests may be under way.
 *
 * It waits for nobody: each call returns at once and `done` comes later, from
 * inside the transport's run() or cancel(). One thread.
 */
#ifndef ACME_CLIENT_H
#define ACME_CLIENT_H

#include "acme_client_answer.h"
#include "acme_directory.h"
#include "acme_http.h"
#include "acme_jws.h"
#include "acme_log.h"
#include "acme_time.h"

/** How often one request is sent when the CA keeps refusing its nonce. */
#define ACME_CLIENT_NONCE_TRIES 20

typedef struct acme_client_t acme_client_t;

/**
 * @param rv APR_SUCCESS for a 2xx answer; APR_EINTR when cancelled; else
 *        `problem` says why, and `answer` is NULL where there was none
 */
typedef void acme_client_done_fn(void *baton, apr_status_t rv,
                                 const acme_answer_t *answer,
                                 const acme_problem_t *problem);

/** @param directory_url https; configtest refuses any other
 *  @param http, clock, log must live as long as p */
acme_client_t *acme_client_create(const char *directory_url, acme_http_t *http,
                                  const acme_clock_t *clock,
                                  const acme_log_t *log, apr_pool_t *p);

/** Which roots its server is verified with, for all requests to come.
 *  @param ca_file PEM, copied, or NULL: the transport's own */
void acme_client_trust(acme_client_t *client, const char *ca_file);

/** The way there: as acme_http_request_t has it; copied. */
void acme_client_route(acme_client_t *client, const char *proxy,
                       const char *proxy_ca_file);

/** What the clients of one CA's accounts share: acme_client_share.c. */
typedef struct acme_client_share_t acme_client_share_t;

/**
 * @param directories, heads that are asked for in a second, at most (heads
 *        are new nonces); 0: as many as are needed
 * @param p outlives the clients
 */
acme_client_share_t *acme_client_share_create(int directories, int heads,
                                              const acme_clock_t *clock,
                                              apr_pool_t *p);

/** All clients so far are gone. What was asked for counts on. */
void acme_client_share_begin(acme_client_share_t *shared, apr_pool_t *p);

/**
 * The client goes easy on the CA, together with the others. One directory does
 * for all that go the same way to it; who waits for a nonce gets those that
 * come with answers, or waits for its turn. Before the first request, and
 * after acme_client_trust() and acme_client_route().
 */
void acme_client_share(acme_client_t *client, acme_client_share_t *shared);

/** Goes on with who waits for its turn; when that is to be called again. 0:
 *  nobody waits. */
apr_time_t acme_client_share_step(acme_client_t *client);

/** Who signs from now on.
 *  @param kid the account's URL, copied; NULL: send the public key instead */
void acme_client_identify(acme_client_t *client,
                          const acme_jws_signer_t *signer, const char *kid);

const acme_jws_signer_t *acme_client_signer(const acme_client_t *client);
const char *acme_client_kid(const acme_client_t *client);
const char *acme_client_url(const acme_client_t *client);

/** The pool it was made in, for what lives as long. */
apr_pool_t *acme_client_pool(const acme_client_t *client);

/** The CA's clock against ours, by the Date of its directory. Nonzero when it
 *  is known.
 *  @param off the CA's minus ours */
int acme_client_clock(const acme_client_t *client, apr_interval_time_t *off);

/** NULL before acme_client_directory_open() has succeeded. */
const acme_directory_t *acme_client_directory_get(const acme_client_t *client);

/**
 * Fetches the directory, unless that is done: then `done` is called before
 * this returns. Calls that come while it is under way wait for the same fetch.
 * A failure is not kept: the next call fetches again. `answer` is NULL.
 */
void acme_client_directory_open(acme_client_t *client,
                                acme_client_done_fn *done, void *baton);

/**
 * POSTs a signed payload, in the name of who is identified at this moment.
 * Before acme_client_directory_open() has succeeded it waits for that, and
 * fails with it. A request that cannot be made (no https URL, nobody to sign)
 * is refused as all others are: later, from inside run().
 * @param url copied
 * @param payload JSON text, copied; "" for POST-as-GET
 * @param repeatable as in acme_http_request_t
 */
void acme_client_post(acme_client_t *client, const char *url,
                      const char *payload, int repeatable,
                      acme_client_done_fn *done, void *baton);

/** The same in another's name; all others go on as they were.
 *  @param signer outlives the call
 *  @param kid NULL: the public key is sent instead */
void acme_client_post_as(acme_client_t *client, const acme_jws_signer_t *signer,
                         const char *kid, const char *url, const char *payload,
                         int repeatable, acme_client_done_fn *done,
                         void *baton);

/**
 * GETs a resource that needs no signature, as renewal information is.
 * @param url copied; one that is no https URL is refused at once
 */
void acme_client_unsigned_get(acme_client_t *client, const char *url,
                              acme_client_done_fn *done, void *baton);

/**
 * Asks for a nonce that is the caller's own: it comes as Replay-Nonce among
 * the answer's headers. Only after acme_client_directory_open() has succeeded.
 */
void acme_client_unsigned_get_nonce(acme_client_t *client,
                                    acme_client_done_fn *done, void *baton);

/**
 * POSTs what somebody else has signed, nonce and all: badNonce is the caller's
 * to see to.
 * @param url, jws copied; a URL that is no https URL is refused at once
 */
void acme_client_unsigned_send(acme_client_t *client, const char *url,
                               const char *jws, acme_client_done_fn *done,
                               void *baton);

#endif
