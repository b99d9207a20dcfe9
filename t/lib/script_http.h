/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file script_http.h
 * @brief A transport without a network: a script, or a model of a CA, answers.
 *
 * By default it follows a script: the test says which requests are to come, in
 * their order, and what each gets. Anything else fails the test. A responder
 * (model_ca.h) takes the place of the script.
 *
 * A request reaches the other side at the first run() after submit(). When
 * run() finds nothing that is due, it turns the fake clock to the next answer,
 * or by the whole `wait`: nobody really waits.
 */
#ifndef SCRIPT_HTTP_H
#define SCRIPT_HTTP_H

#include "acme_http.h"
#include "acme_json.h"
#include "fake_clock.h"

typedef struct script_http_t script_http_t;

/** A request as the other side sees it, its JWS taken apart. */
typedef struct script_request_t {
    const char *method;
    const char *url;
    const char *payload; /**< of the JWS, decoded; NULL when it is none */
    const char *nonce;   /**< of the JWS, or NULL */
    const char *kid;     /**< of the JWS, or NULL */
    const char *jwk;     /**< of the JWS, as JSON text, or NULL */
    int repeatable;
} script_request_t;

/** What it gets. Zeroed but for `headers` and `status` 200. */
typedef struct script_answer_t {
    apr_status_t rv; /**< not 0: the connection fails */
    int status;
    apr_table_t *headers;
    const char *body; /**< or NULL */
    apr_interval_time_t delay;
    int lost; /**< the other side acts, and the connection then fails */
} script_answer_t;

/** Answers in the place of a script. */
typedef void script_responder_fn(void *baton, const script_request_t *request,
                                 script_answer_t *answer, apr_pool_t *p);

script_http_t *script_http_create(fake_clock_t *clock, apr_pool_t *p);

acme_http_t *script_http_transport(script_http_t *script);

void script_http_respond(script_http_t *script, script_responder_fn *responder,
                         void *baton);

/**
 * The next request that is to come.
 * @param payload decoded; NULL: any, or none
 * @return its answer, to be filled in: 200 with a fresh Replay-Nonce
 */
script_answer_t *script_http_expect(script_http_t *script, const char *method,
                                    const char *url, const char *payload);

/** As script_http_expect(), with status, media type and body. */
script_answer_t *script_http_answer(script_http_t *script, const char *method,
                                    const char *url, const char *payload,
                                    int status, const char *type,
                                    const char *body);

/** Runs until nothing is outstanding, or nothing more happens. */
void script_http_drain(script_http_t *script);

/** Fails the test when the script has not been played to its end. */
void script_http_check(script_http_t *script);

/** The last request that arrived. */
const script_request_t *script_http_last(const script_http_t *script);

/** How many requests arrived. */
int script_http_count(const script_http_t *script);

/** The most that were outstanding at once. */
int script_http_most_pending(const script_http_t *script);

#endif
