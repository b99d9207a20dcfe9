/* SPDX-License-Identifier: Apache-2.0 */

#include <limits.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "acme_http_curl_call.h"
#include "acme_http_curl.h"
#include "acme_sigpipe.h"

#define DEFAULT_TIMEOUT     apr_time_from_sec(60)
#define DEFAULT_CONNECTIONS 8

typedef struct client_t client_t;

/* Somebody who waits for an answer. */
typedef struct waiter_t {
    struct waiter_t *older;
    struct waiter_t *younger;
    apr_uint64_t serial;
    client_t *client;
    apr_pool_t *p;
    acme_http_call_t *call;
    acme_http_done_fn *done;
    void *baton;
    int repeatable; /* the request itself may be gone after `done` */
} waiter_t;

struct client_t {
    acme_http_t http;
    apr_pool_t *p;
    acme_http_call_config_t config;
    const acme_clock_t *clock;
    const acme_log_t *log;
    waiter_t *oldest; /* their serials grow towards the youngest */
    waiter_t *youngest;
    int pending;
    int refused; /* waiters whose call never got into libcurl */
    volatile apr_uint32_t precious; /* with apr_atomic */
    apr_uint64_t next_serial;
};

static apr_status_t client_cleanup(void *data)
{
    client_t *client = data;
    acme_sigpipe_t held;

    acme_sigpipe_hold(&held);
    curl_multi_cleanup(client->config.multi);
    client->config.multi = NULL;
    acme_sigpipe_release(&held);
    return APR_SUCCESS;
}

static void enqueue(client_t *client, waiter_t *waiter)
{
    waiter->older = client->youngest;
    if (waiter->older) {
        waiter->older->younger = waiter;
    }
    else {
        client->oldest = waiter;
    }
    client->youngest = waiter;
    client->pending++;
}

static void dequeue(client_t *client, waiter_t *waiter)
{
    if (waiter->older) {
        waiter->older->younger = waiter->younger;
    }
    else {
        client->oldest = waiter->younger;
    }
    if (waiter->younger) {
        waiter->younger->older = waiter->older;
    }
    else {
        client->youngest = waiter->older;
    }
    client->pending--;
}

static void http_submit(acme_http_t *http, const acme_http_request_t *request,
                        acme_http_done_fn *done, void *baton)
{
    client_t *client = http->self;
    apr_pool_t *p;
    waiter_t *waiter;

    apr_pool_create(&p, client->p);
    apr_pool_tag(p, "acme_http_call");
    waiter = apr_pcalloc(p, sizeof(*waiter));
    waiter->serial = client->next_serial++;
    waiter->client = client;
    waiter->p = p;
    waiter->done = done;
    waiter->baton = baton;
    waiter->repeatable = request->repeatable;
    if (!waiter->repeatable) {
        apr_atomic_inc32(&client->precious);
    }
    enqueue(client, waiter);
    waiter->call =
        acme_http_curl_call_begin(&client->config, request, waiter, p);
    if (!waiter->call->running) {
        client->refused++;
    }
}

/* Takes it off the list and out of libcurl, before `done` is called, which may
 * submit and cancel. */
static void leave(waiter_t *waiter)
{
    client_t *client = waiter->client;

    dequeue(client, waiter);
    if (!waiter->call->running) {
        client->refused--;
    }
    acme_http_curl_call_end(waiter->call);
}

/* Its `done` has returned. */
static void forget(waiter_t *waiter)
{
    if (!waiter->repeatable) {
        (void)apr_atomic_dec32(&waiter->client->precious);
    }
    apr_pool_destroy(waiter->p);
}

static void answer(waiter_t *waiter, int status)
{
    const client_t *client = waiter->client;
    const acme_http_call_t *call = waiter->call;
    acme_http_response_t response;

    leave(waiter);
    acme_log(client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0490) "%s: %s %s answered %d, %" APR_SIZE_T_FMT " bytes",
             call->host, call->request->method, call->shown, status,
             call->body_len);
    acme_http_curl_call_response(&response, call, status,
                                 acme_time_now(client->clock));
    waiter->done(waiter->baton, APR_SUCCESS, &response, NULL);
    forget(waiter);
}

static void disappoint(waiter_t *waiter, const acme_problem_t *problem)
{
    const acme_http_call_t *call = waiter->call;

    leave(waiter);
    acme_log(waiter->client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0491) "%s: %s %s has no answer: %s", call->host,
             call->request->method, call->shown,
             acme_problem_text(problem, waiter->p));
    waiter->done(waiter->baton, problem->rv, NULL, problem);
    forget(waiter);
}

static void fail(waiter_t *waiter, CURLcode rc)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    (void)acme_http_curl_problem(&problem, waiter->call, rc);
    disappoint(waiter, &problem);
}

static void cancel(waiter_t *waiter)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    (void)acme_problem_set(&problem, APR_EINTR, ACME_RETRY_NOW,
                           ACME_PROBLEM_STOPPED, waiter->p,
                           "request to %s was cancelled", waiter->call->host);
    disappoint(waiter, &problem);
}

/* Ends what libcurl has finished; returns how many. */
static int collect(client_t *client)
{
    int ended = 0;
    int left;
    const CURLMsg *message = curl_multi_info_read(client->config.multi, &left);

    while (message) {
        if (message->msg == CURLMSG_DONE) {
            /* removing the handle invalidates the message */
            CURLcode rc = message->data.result;
            char *owner = NULL;
            long status = 0;

            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE,
                              &status);
            if (rc == CURLE_OK) {
                answer((waiter_t *)(void *)owner, (int)status);
            }
            else {
                fail((waiter_t *)(void *)owner, rc);
            }
            ended++;
        }
        message = curl_multi_info_read(client->config.multi, &left);
    }
    return ended;
}

static int is_refused(const waiter_t *waiter)
{
    return !waiter->call->running;
}

static int is_repeatable(const waiter_t *waiter)
{
    return waiter->repeatable;
}

static int is_any(const waiter_t *waiter)
{
    (void)waiter;
    return 1;
}

/* The oldest wanted one. What a `done` submits meanwhile has a serial from
 * `before` on, so that those who ask again come to an end. */
static waiter_t *find(client_t *client, int (*wanted)(const waiter_t *),
                      apr_uint64_t before)
{
    waiter_t *waiter = client->oldest;

    while (waiter && waiter->serial < before && !wanted(waiter)) {
        waiter = waiter->younger;
    }
    return waiter && waiter->serial < before ? waiter : NULL;
}

/* Ends what never got into libcurl; returns how many. */
static int collect_refused(client_t *client)
{
    apr_uint64_t before = client->next_serial;
    int ended = 0;
    waiter_t *waiter;

    if (client->refused == 0) {
        return 0;
    }
    waiter = find(client, is_refused, before);
    while (waiter) {
        fail(waiter, CURLE_FAILED_INIT);
        ended++;
        waiter = find(client, is_refused, before);
    }
    return ended;
}

static void perform(client_t *client)
{
    acme_sigpipe_t held;
    int running;

    acme_sigpipe_hold(&held);
    (void)curl_multi_perform(client->config.multi, &running);
    acme_sigpipe_release(&held);
}

static void http_run(acme_http_t *http, apr_interval_time_t wait)
{
    client_t *client = http->self;
    apr_interval_time_t ms = wait / 1000 + (wait % 1000 > 0);
    int ended = collect_refused(client);

    perform(client);
    ended += collect(client);
    if (ended > 0 || wait <= 0) {
        return;
    }
    (void)curl_multi_poll(client->config.multi, NULL, 0,
                          ms > INT_MAX ? INT_MAX : (int)ms, NULL);
    perform(client);
    (void)collect(client);
}

static int http_pending(acme_http_t *http)
{
    const client_t *client = http->self;

    return client->pending;
}

static int http_precious(acme_http_t *http)
{
    client_t *client = http->self;

    return (int)apr_atomic_read32(&client->precious);
}

static void http_cancel(acme_http_t *http, int all)
{
    client_t *client = http->self;
    int (*wanted)(const waiter_t *) = all ? is_any : is_repeatable;
    apr_uint64_t before = client->next_serial;
    waiter_t *waiter;

    /* an answer that is here already is not thrown away */
    (void)collect(client);
    waiter = find(client, wanted, before);
    while (waiter) {
        cancel(waiter);
        waiter = find(client, wanted, before);
    }
}

static void http_wakeup(acme_http_t *http)
{
    const client_t *client = http->self;

    (void)curl_multi_wakeup(client->config.multi);
}

apr_status_t acme_http_curl_global_init(void)
{
    /* libcurl counts calls itself; only the first does anything */
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? APR_SUCCESS
                                                             : APR_EGENERAL;
}

apr_status_t acme_http_curl_create(acme_http_t **http,
                                   const acme_http_curl_config_t *config,
                                   const acme_clock_t *clock,
                                   const acme_log_t *log,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    apr_interval_time_t timeout =
        config->timeout > 0 ? config->timeout : DEFAULT_TIMEOUT;
    long connections = config->max_connections > 0 ? config->max_connections
                                                   : DEFAULT_CONNECTIONS;
    apr_interval_time_t ms = timeout / 1000 + (timeout % 1000 > 0);
    CURLM *multi = curl_multi_init();
    client_t *client;

    if (!multi) {
        return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_NETWORK, p,
                                "libcurl cannot be set up");
    }
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2 * connections);

    client = apr_pcalloc(p, sizeof(*client));
    client->config.multi = multi;
    /* its cleanup runs after those of the calls, whose pools are below it */
    apr_pool_create(&client->p, p);
    apr_pool_tag(client->p, "acme_http_curl");
    apr_pool_cleanup_register(client->p, client, client_cleanup,
                              apr_pool_cleanup_null);
    client->config.user_agent = apr_pstrdup(client->p, config->user_agent);
    client->config.ca_file = apr_pstrdup(client->p, config->ca_file);
    if (config->proxy) {
        client->config.proxy = apr_pstrdup(client->p, config->proxy);
        client->config.proxy_ca_file =
            apr_pstrdup(client->p, config->proxy_ca_file);
        client->config.proxy_host =
            acme_http_curl_call_host(NULL, config->proxy, client->p);
    }
    client->config.timeout_ms = ms > INT_MAX ? INT_MAX : (long)ms;
    client->clock = clock;
    client->log = log;
    client->http.self = client;
    client->http.submit = http_submit;
    client->http.run = http_run;
    client->http.pending = http_pending;
    client->http.precious = http_precious;
    client->http.cancel = http_cancel;
    client->http.wakeup = http_wakeup;
    *http = &client->http;
    return APR_SUCCESS;
}
