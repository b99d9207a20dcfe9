/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl_t.h
 * @brief A transport and a server for each case, and the outcome of requests.
 */
#ifndef ACME_HTTP_CURL_T_H
#define ACME_HTTP_CURL_T_H

#include "acme_tls_t.h"

#include <apr_time.h>

#include "acme_http_curl.h"

typedef struct world_t {
    apr_pool_t *p;
    tls_server_t *server;
    acme_http_curl_config_t config;
    acme_log_t log;
    int logged;
    const char *last_log;
    acme_http_t *http;
    apr_pool_t *phttp;
} world_t;

/* The outcome of a request. */
typedef struct outcome_t {
    world_t *w;
    acme_http_request_t request;
    int calls;
    apr_status_t rv;
    int status;
    char *body;
    apr_size_t body_len;
    apr_time_t received;
    apr_table_t *headers;
    acme_problem_t *problem;
    int next; /* what `done` does besides: see below */
    struct outcome_t *after;
} outcome_t;

enum { NOTHING, SUBMIT, CANCEL_ALL, CANCEL_REPEATABLE };

static inline void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                        const char *message)
{
    world_t *w = baton;

    (void)rv;
    assert_int_equal(level, ACME_LOG_TRACE);
    w->logged++;
    w->last_log = apr_pstrdup(w->p, message);
}

static inline void open_http(world_t *w)
{
    apr_pool_create(&w->phttp, w->p);
    assert_int_equal(acme_http_curl_create(&w->http, &w->config,
                                           &acme_time_system_clock, &w->log,
                                           NULL, w->phttp),
                     APR_SUCCESS);
}

static inline int setup(void **state)
{
    world_t *w;

    (void)acme_t_setup(state);
    w = apr_pcalloc(*state, sizeof(*w));
    w->p = *state;
    *state = w;
    alarm(TLS_PATIENCE);
    /* so that a SIGPIPE ends the program */
    signal(SIGPIPE, SIG_DFL);
    w->server = tls_start(w->p);
    w->config.user_agent = "mod_acme/test";
    w->config.ca_file = w->server->ca_file;
    w->config.timeout = apr_time_from_sec(TLS_PATIENCE);
    w->log.sink = sink;
    w->log.baton = w;
    w->log.level = ACME_LOG_TRACE;
    open_http(w);
    return 0;
}

static inline int teardown(void **state)
{
    world_t *w = *state;

    apr_pool_destroy(w->phttp);
    tls_stop(w->server);
    alarm(0);
    *state = w->p;
    return acme_t_teardown(state);
}

static inline void done(void *baton, apr_status_t rv,
                        const acme_http_response_t *response,
                        const acme_problem_t *problem);

static inline void submit(outcome_t *o)
{
    o->w->http->submit(o->w->http, &o->request, done, o);
}

static inline void done(void *baton, apr_status_t rv,
                        const acme_http_response_t *response,
                        const acme_problem_t *problem)
{
    outcome_t *o = baton;
    acme_http_t *http = o->w->http;

    o->calls++;
    o->rv = rv;
    if (rv == APR_SUCCESS) {
        assert_null(problem);
        o->status = response->status;
        o->body = apr_pstrmemdup(o->w->p, response->body, response->body_len);
        o->body_len = response->body_len;
        o->received = response->received;
        o->headers = apr_table_clone(o->w->p, response->headers);
        assert_int_equal(response->body[response->body_len], 0);
    }
    else {
        assert_null(response);
        assert_int_equal(problem->rv, rv);
        o->problem = acme_problem_dup(problem, o->w->p);
    }
    if (o->next == SUBMIT) {
        submit(o->after);
    }
    else if (o->next != NOTHING) {
        http->cancel(http, o->next == CANCEL_ALL);
    }
}

static inline outcome_t *make(world_t *w, const char *method, const char *path)
{
    outcome_t *o = apr_pcalloc(w->p, sizeof(*o));

    o->w = w;
    o->request.method = method;
    o->request.repeatable = 1;
    o->request.url = *path == '/' ? apr_psprintf(w->p, "https://localhost:%d%s",
                                                 w->server->port, path)
                                  : path;
    return o;
}

static inline outcome_t *begin(world_t *w, const char *method, const char *path)
{
    outcome_t *o = make(w, method, path);

    submit(o);
    assert_int_equal(o->calls, 0);
    return o;
}

static inline void run_all(world_t *w)
{
    /* alarm() ends this if the requests do not end */
    while (w->http->pending(w->http) > 0) {
        w->http->run(w->http, apr_time_from_sec(1));
    }
}

static inline outcome_t *ask(world_t *w, const char *method, const char *path)
{
    outcome_t *o = begin(w, method, path);

    run_all(w);
    assert_int_equal(o->calls, 1);
    return o;
}

static inline void assert_failed_as(const outcome_t *o, const char *type,
                                    const char *words)
{
    assert_int_equal(o->calls, 1);
    assert_int_not_equal(o->rv, APR_SUCCESS);
    assert_string_equal(o->problem->type, type);
    assert_int_equal(o->problem->retry, ACME_RETRY_BACKOFF);
    assert_non_null(o->problem->detail);
    if (!strstr(o->problem->detail, words)) {
        print_error("%s, not %s\n", acme_problem_text(o->problem, o->w->p),
                    words);
        fail();
    }
}

static inline void assert_failed(const outcome_t *o, const char *words)
{
    assert_failed_as(o, ACME_PROBLEM_NETWORK, words);
}

/* Asserts that the server or proxy that was reached is blamed. */
static inline void assert_misled(const outcome_t *o, const char *words)
{
    assert_failed_as(o, ACME_PROBLEM_PROTOCOL, words);
}

static inline void assert_cancelled(const outcome_t *o)
{
    assert_int_equal(o->calls, 1);
    assert_int_equal(o->rv, APR_EINTR);
    assert_string_equal(o->problem->type, ACME_PROBLEM_STOPPED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
