/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client.h
 * @brief Signed requests to a CA in the name of an account (RFC 8555 6).
 *
 * Fetches the directory once, gets nonces, signs, and sends a request again
 * with a fresh nonce when the CA says badNonce, even a request that must not be
 * repeated otherwise (at most ACME_CLIENT_NONCE_TRIES times). Any number of
 * requests may be under way.
 *
 * Never blocks: each call returns at once, and `done` is called later, from
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

/** How often a request is sent when the CA keeps refusing its nonce. */
#define ACME_CLIENT_NONCE_TRIES 20

typedef struct acme_client_t acme_client_t;

/**
 * @param rv APR_SUCCESS for a 2xx answer; APR_EINTR when cancelled; else
 *        `problem` says why, and `answer` is NULL when the CA did not answer
 */
typedef void acme_client_done_fn(void *baton, apr_status_t rv,
                                 const acme_answer_t *answer,
                                 const acme_problem_t *problem);

/** @param directory_url an https URL, copied; configtest refuses any other
 *  @param http, clock, log must live as long as p */
acme_client_t *acme_client_create(const char *directory_url, acme_http_t *http,
                                  const acme_clock_t *clock,
                                  const acme_log_t *log, apr_pool_t *p);

/** Sets the roots that the CA's server is verified with, for all requests to
 *  come.
 *  @param ca_file PEM, copied, or NULL for the transport's own */
void acme_client_trust(acme_client_t *client, const char *ca_file);

/** Sets the proxy for all requests to come; parameters as in
 *  acme_http_request_t, copied. */
void acme_client_route(acme_client_t *client, const char *proxy,
                       const char *proxy_ca_file);

/** Nonces and directories that the clients of all accounts at a CA may fetch
 *  together: acme_client_share.c. */
typedef struct acme_client_share_t acme_client_share_t;

/**
 * @param directories, heads how many may be requested in a second (a HEAD is a
 *        request for a new nonce); 0 for no limit
 * @param clock must live as long as p
 * @param p outlives the clients
 */
acme_client_share_t *acme_client_share_create(int directories, int heads,
                                              const acme_clock_t *clock,
                                              apr_pool_t *p);

/** Forgets all clients, because they are gone. Requests that were made still
 *  count.
 *  @param p outlives the clients to come */
void acme_client_share_begin(acme_client_share_t *shared, apr_pool_t *p);

/**
 * Makes the client keep the limits of `shared` together with the others. A
 * single directory is fetched for all clients that reach the CA in the same
 * way. A request that waits for a nonce gets one that comes with an answer, or
 * waits until a new one may be fetched. To be called before the first request,
 * and after acme_client_trust() and acme_client_route().
 */
void acme_client_share(acme_client_t *client, acme_client_share_t *shared);

/** Goes on with requests that wait for the limits of acme_client_share().
 *  Returns when it is to be called again; 0 when no request waits. */
apr_time_t acme_client_step(acme_client_t *client);

/** Sets the signer of all requests to come.
 *  @param signer must live until it is replaced and all requests that were
 *         made before that are done
 *  @param kid the account's URL, copied; NULL to send the public key instead */
void acme_client_identify(acme_client_t *client,
                          const acme_jws_signer_t *signer, const char *kid);

const acme_jws_signer_t *acme_client_signer(const acme_client_t *client);
const char *acme_client_kid(const acme_client_t *client);
const char *acme_client_url(const acme_client_t *client);

/** The pool of acme_client_create(), for data that lives as long. */
apr_pool_t *acme_client_pool(const acme_client_t *client);

/** Compares the CA's clock with ours, by the Date of its directory. Returns
 *  non-zero when the difference is known.
 *  @param off the CA's clock minus ours, microseconds */
int acme_client_clock(const acme_client_t *client, apr_interval_time_t *off);

/** NULL before acme_client_directory_open() has succeeded. */
const acme_directory_t *acme_client_directory_get(const acme_client_t *client);

/**
 * Fetches the directory. If the client has it, `done` is called before this
 * returns. Calls that come while a fetch is under way wait for the same fetch.
 * A failure is not kept: the next call fetches again. `answer` is NULL.
 */
void acme_client_directory_open(acme_client_t *client,
                                acme_client_done_fn *done, void *baton);

/**
 * POSTs a payload, signed as acme_client_identify() has it at this moment.
 * Until acme_client_directory_open() has succeeded the request waits for the
 * directory, and fails if the directory cannot be fetched. A request that
 * cannot be made (no https URL, no signer) is refused like all others: later,
 * from inside run().
 * @param url copied
 * @param payload JSON text, copied; "" for POST-as-GET
 * @param repeatable as in acme_http_request_t
 */
void acme_client_post(acme_client_t *client, const char *url,
                      const char *payload, int repeatable,
                      acme_client_done_fn *done, void *baton);

/** acme_client_post() with another signer, for this request only.
 *  @param signer must live until `done`
 *  @param kid copied; NULL to send the public key instead */
void acme_client_post_as(acme_client_t *client, const acme_jws_signer_t *signer,
                         const char *kid, const char *url, const char *payload,
                         int repeatable, acme_client_done_fn *done,
                         void *baton);

/**
 * GETs a resource that needs no signature, for example renewal information.
 * @param url copied; any but an https URL is refused before this returns
 */
void acme_client_unsigned_get(acme_client_t *client, const char *url,
                              acme_client_done_fn *done, void *baton);

/**
 * Requests a nonce for the caller: it comes as Replay-Nonce among the headers
 * of the answer. Only after acme_client_directory_open() has succeeded.
 */
void acme_client_unsigned_get_nonce(acme_client_t *client,
                                    acme_client_done_fn *done, void *baton);

/**
 * POSTs a request that another machine has signed, with a nonce in it. The
 * caller has to deal with badNonce.
 * @param url, jws copied; any URL but an https URL is refused before this
 *        returns
 */
void acme_client_unsigned_send(acme_client_t *client, const char *url,
                               const char *jws, acme_client_done_fn *done,
                               void *baton);

#endif
