/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http.h
 * @brief An HTTP client as the rooms above see it: request, answer,
 * transport.
 *
 * The transport is asynchronous: submit() takes a request, run() moves all of
 * them forward and calls each one's `done` exactly once, from inside run() or
 * cancel(), never from submit(). All calls come from one thread, but wakeup()
 * and precious(), which may come from any.
 *
 * net/ has the real one over libcurl; tests bring a scripted one.
 */
#ifndef ACME_HTTP_H
#define ACME_HTTP_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "acme_problem.h"

/** Most bytes of an answer that anybody waits for. */
#define ACME_HTTP_MAX_BODY (512 * 1024)

/** Lives, with all it points to, until `done` has been called. */
typedef struct acme_http_request_t {
    const char *method;       /**< "GET", "HEAD" or "POST" */
    const char *url;          /**< https, absolute */
    const char *content_type; /**< of the body, or NULL */
    const char *body;         /**< or NULL */
    apr_size_t body_len;
    const char *ca_file;       /**< PEM of the roots to trust, or NULL: the
                                   transport's own */
    const char *proxy;         /**< URL of an http or https proxy, "" for none,
                                    or NULL: the transport's own */
    const char *proxy_ca_file; /**< roots for an https one, or NULL: the
                                    transport's own */
    /** Leaving before its answer loses nothing. newOrder is the opposite: its
     *  answer holds the only copy of the order's URL. */
    int repeatable;
} acme_http_request_t;

/** Valid only while `done` runs. */
typedef struct acme_http_response_t {
    int status;
    apr_table_t *headers; /**< a repeated one is joined with ", " */
    const char *body;     /**< NUL-terminated, never NULL */
    apr_size_t body_len;
    apr_time_t received;
    apr_pool_t *p; /**< cleared when `done` returns */
} acme_http_response_t;

/**
 * @param rv APR_SUCCESS: an answer, whatever its status; APR_EINTR: cancelled;
 *        else no answer, and `problem` says why
 */
typedef void acme_http_done_fn(void *baton, apr_status_t rv,
                               const acme_http_response_t *response,
                               const acme_problem_t *problem);

typedef struct acme_http_t acme_http_t;

struct acme_http_t {
    void *self;
    void (*submit)(acme_http_t *http, const acme_http_request_t *request,
                   acme_http_done_fn *done, void *baton);
    /** Moves transfers, waits at most `wait` for something to happen. */
    void (*run)(acme_http_t *http, apr_interval_time_t wait);
    /** Number of requests whose `done` is outstanding. */
    int (*pending)(acme_http_t *http);
    /** Number of requests that are not repeatable and whose `done` has not
     *  returned, so that it has saved what came. From any thread. */
    int (*precious)(acme_http_t *http);
    /** Ends requests: the repeatable ones, or all of them. */
    void (*cancel)(acme_http_t *http, int all);
    /** Makes a waiting run() return now. From any thread. */
    void (*wakeup)(acme_http_t *http);
};

#endif
