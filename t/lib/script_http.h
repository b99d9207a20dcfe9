/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file script_http.h
 * @brief A transport without a network: a script, or a model of a CA, answers.
 *
 * By default it follows a script: the test gives the expected requests, in
 * their order, and their answers. Any other request fails the test. A responder
 * (model_ca.h) takes the place of the script.
 *
 * A request reaches the other side at the first run() after submit(). When
 * run() finds no answer that is due, it sets the fake clock to the next answer,
 * or forward by the whole `wait`, so that tests do not wait. A descriptor that
 * is watched and ready ends the wait at once.
 */
#ifndef SCRIPT_HTTP_H
#define SCRIPT_HTTP_H

#include "acme_http.h"
#include "acme_json.h"
#include "fake_clock.h"

typedef struct script_http_t script_http_t;

/** A request as the server sees it, with the parts of its JWS. */
typedef struct script_request_t {
    const char *method;
    const char *url;
    const char *payload; /**< of the JWS, decoded; NULL without a JWS */
    const char *nonce;   /**< of the JWS, or NULL */
    const char *kid;     /**< of the JWS, or NULL */
    const char *jwk;     /**< of the JWS, as JSON text, or NULL */
    int repeatable;
    const char *address; /**< of a probe, or NULL */
    int port;            /**< of a probe, or 0 */
} script_request_t;

/** An answer. Zero, except for `headers` and `status` 200. */
typedef struct script_answer_t {
    apr_status_t rv; /**< non-zero: the connection fails */
    int status;
    apr_table_t *headers;
    const char *body; /**< or NULL */
    apr_interval_time_t delay;
    int lost; /**< the server acts, then the connection fails */
} script_answer_t;

/** Answers requests instead of a script. */
typedef void script_responder_fn(void *baton, const script_request_t *request,
                                 script_answer_t *answer, apr_pool_t *p);

script_http_t *script_http_create(fake_clock_t *clock, apr_pool_t *p);

acme_http_t *script_http_transport(script_http_t *script);

void script_http_respond(script_http_t *script, script_responder_fn *responder,
                         void *baton);

/**
 * Adds a request to the script.
 * @param payload decoded; NULL: any payload, or none
 * @return its answer, which may be changed: 200 with a new Replay-Nonce
 */
script_answer_t *script_http_expect(script_http_t *script, const char *method,
                                    const char *url, const char *payload);

/** Adds a request to the script, with status, media type and body of its
 *  answer. */
script_answer_t *script_http_answer(script_http_t *script, const char *method,
                                    const char *url, const char *payload,
                                    int status, const char *type,
                                    const char *body);

/** Runs until no request is outstanding, or nothing more happens. */
void script_http_drain(script_http_t *script);

/** Fails the test when an expected request has not come. */
void script_http_check(script_http_t *script);

/** Returns the last request that arrived. */
const script_request_t *script_http_last(const script_http_t *script);

/** Returns how many requests arrived. */
int script_http_count(const script_http_t *script);

/** Returns how many requests were outstanding at once, at most. */
int script_http_most_pending(const script_http_t *script);

#endif
