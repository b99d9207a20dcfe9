/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http.h
 * @brief The interface of an HTTP client: request, response, transport.
 *
 * The transport is asynchronous: submit() takes a request, run() moves all of
 * them forward and calls each one's `done` exactly once, from inside run() or
 * cancel(), never from submit(). All calls come from one thread, except
 * wakeup() and precious(), which any thread may call.
 *
 * run() is also where that thread waits for all else: watch() adds descriptors
 * of others (of questions to the DNS, for instance).
 *
 * net/ implements it with libcurl; tests have one that follows a script
 * (t/lib/script_http.h).
 */
#ifndef ACME_HTTP_H
#define ACME_HTTP_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "acme_problem.h"

/** Most bytes of the body of a response; a longer one is an error. */
#define ACME_HTTP_MAX_BODY (512 * 1024)

/** Most bytes of the body of a response to a probe; a longer one is an
 *  error. */
#define ACME_HTTP_MAX_PROBE_BODY (16 * 1024)

/** Makes a request a probe: it goes to the server that a CA's validation would
 *  reach, and takes from it what a CA takes. Its URL may be http; certificates
 *  are not verified, redirects are not followed, proxies are not used, and no
 *  connection is used twice. */
typedef struct acme_http_probe_t {
    const char *address;         /**< where to connect to, whatever host the URL
                                      names: "192.0.2.1", "2001:db8::1" */
    int port;                    /**< where to connect to */
    apr_interval_time_t timeout; /**< of the whole request */
} acme_http_probe_t;

/** A request. It and all that it points to live until `done` has been called.
 */
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
    /** Non-zero when nothing is lost if the response is never read. It is zero
     *  for newOrder, because the response has the only copy of the order's URL:
     *  a response with status 201 and a Location is delivered although its body
     *  was cut, with an empty body. */
    int repeatable;
    const acme_http_probe_t *probe; /**< NULL: an ordinary request */
} acme_http_request_t;

/** A response, valid only while `done` runs. */
typedef struct acme_http_response_t {
    int status;
    apr_table_t *headers; /**< a repeated header is joined with ", " */
    const char *body;     /**< NUL-terminated, never NULL */
    apr_size_t body_len;
    apr_time_t received;
    apr_pool_t *p; /**< cleared when `done` returns */
} acme_http_response_t;

/**
 * Takes the outcome of a request.
 * @param rv APR_SUCCESS: a response, with any HTTP status; APR_EINTR: the
 *        request was cancelled; else there is no response, and `problem` says
 *        why
 */
typedef void acme_http_done_fn(void *baton, apr_status_t rv,
                               const acme_http_response_t *response,
                               const acme_problem_t *problem);

/** Events of a descriptor, for watch(). */
#define ACME_HTTP_READ  1
#define ACME_HTTP_WRITE 2

typedef struct acme_http_t acme_http_t;

struct acme_http_t {
    void *self;
    void (*submit)(acme_http_t *http, const acme_http_request_t *request,
                   acme_http_done_fn *done, void *baton);
    /** Goes on with all requests; waits at most `wait` for an event. */
    void (*run)(acme_http_t *http, apr_interval_time_t wait);
    /** Returns the number of requests whose `done` was not called yet. */
    int (*pending)(acme_http_t *http);
    /** Returns the number of requests that are not repeatable and whose `done`
     *  has not returned: their responses may not be saved yet. Any thread may
     *  call it. */
    int (*precious)(acme_http_t *http);
    /** Ends requests: the repeatable ones, or all of them. */
    void (*cancel)(acme_http_t *http, int all);
    /** Lets a waiting run() return, too, when a descriptor of somebody else is
     *  ready. It lasts until watch() is called with other events for it; with
     *  none before the descriptor is closed.
     *  @param events ACME_HTTP_READ | ACME_HTTP_WRITE; 0: no longer */
    void (*watch)(acme_http_t *http, int fd, int events);
    /** Makes a waiting run() return now. Any thread may call it. */
    void (*wakeup)(acme_http_t *http);
};

#endif
