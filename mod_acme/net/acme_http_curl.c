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

/* A request whose `done` is outstanding. */
typedef struct transfer_t {
    struct transfer_t *older;
    struct transfer_t *younger;
    apr_uint64_t serial;
    client_t *client;
    apr_pool_t *p;
    acme_http_curl_call_t *call;
    acme_http_done_fn *done;
    void *baton;
    int repeatable; /* copied, because the request may be gone after `done` */
} transfer_t;

struct client_t {
    acme_http_t http;
    apr_pool_t *p;
    acme_http_curl_call_config_t config;
    acme_http_curl_call_fds_t fds;
    const acme_clock_t *clock;
    const acme_log_t *log;
    transfer_t *oldest; /* serials grow from here to the youngest */
    transfer_t *youngest;
    int pending;
    int refused;                    /* requests that libcurl was never given */
    volatile apr_uint32_t precious; /* accessed with apr_atomic */
    apr_uint64_t next_serial;
    apr_array_header_t *watched; /* struct curl_waitfd */
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

static void enqueue(client_t *client, transfer_t *transfer)
{
    transfer->older = client->youngest;
    if (transfer->older) {
        transfer->older->younger = transfer;
    }
    else {
        client->oldest = transfer;
    }
    client->youngest = transfer;
    client->pending++;
}

static void dequeue(client_t *client, transfer_t *transfer)
{
    if (transfer->older) {
        transfer->older->younger = transfer->younger;
    }
    else {
        client->oldest = transfer->younger;
    }
    if (transfer->younger) {
        transfer->younger->older = transfer->older;
    }
    else {
        client->youngest = transfer->older;
    }
    client->pending--;
}

static void http_submit(acme_http_t *http, const acme_http_request_t *request,
                        acme_http_done_fn *done, void *baton)
{
    client_t *client = http->self;
    apr_pool_t *p;
    transfer_t *transfer;

    apr_pool_create(&p, client->p);
    apr_pool_tag(p, "acme_http_call");
    transfer = apr_pcalloc(p, sizeof(*transfer));
    transfer->serial = client->next_serial++;
    transfer->client = client;
    transfer->p = p;
    transfer->done = done;
    transfer->baton = baton;
    transfer->repeatable = request->repeatable;
    if (!transfer->repeatable) {
        apr_atomic_inc32(&client->precious);
    }
    enqueue(client, transfer);
    transfer->call =
        acme_http_curl_call_begin(&client->config, request, transfer, p);
    if (!transfer->call->running) {
        client->refused++;
    }
}

/* Removes the request from the list and from libcurl. To be called before
 * `done`, because that may submit and cancel. */
static void detach(transfer_t *transfer)
{
    client_t *client = transfer->client;

    dequeue(client, transfer);
    if (!transfer->call->running) {
        client->refused--;
    }
    acme_http_curl_call_end(transfer->call);
}

/* Frees the request. To be called after `done` has returned. */
static void destroy(transfer_t *transfer)
{
    if (!transfer->repeatable) {
        (void)apr_atomic_dec32(&transfer->client->precious);
    }
    apr_pool_destroy(transfer->p);
}

static void answer(transfer_t *transfer, int status)
{
    const client_t *client = transfer->client;
    const acme_http_curl_call_t *call = transfer->call;
    acme_http_response_t response;

    detach(transfer);
    acme_log(client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0490) "%s: %s %s answered %d, %" APR_SIZE_T_FMT " bytes",
             call->host, call->request->method, call->shown, status,
             call->body_len);
    acme_http_curl_call_response(&response, call, status,
                                 acme_time_now(client->clock));
    transfer->done(transfer->baton, APR_SUCCESS, &response, NULL);
    destroy(transfer);
}

static void end_without_answer(transfer_t *transfer,
                               const acme_problem_t *problem)
{
    const acme_http_curl_call_t *call = transfer->call;

    detach(transfer);
    acme_log(transfer->client->log, ACME_LOG_TRACE, 0,
             ACME_TAG(0491) "%s: %s %s has no answer: %s", call->host,
             call->request->method, call->shown,
             acme_problem_text(problem, transfer->p));
    transfer->done(transfer->baton, problem->rv, NULL, problem);
    destroy(transfer);
}

static void fail(transfer_t *transfer, CURLcode rc)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    (void)acme_http_curl_problem(&problem, transfer->call, rc);
    end_without_answer(transfer, &problem);
}

static void cancel(transfer_t *transfer)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    (void)acme_problem_set(&problem, APR_EINTR, ACME_RETRY_NOW,
                           ACME_PROBLEM_STOPPED, transfer->p,
                           "request to %s was cancelled", transfer->call->host);
    end_without_answer(transfer, &problem);
}

/* Ends the requests that libcurl has finished. Returns how many. */
static int collect(client_t *client)
{
    int ended = 0;
    int left;
    const CURLMsg *message = curl_multi_info_read(client->config.multi, &left);

    while (message) {
        if (message->msg == CURLMSG_DONE) {
            /* Copy these, because removing the handle invalidates the
             * message. */
            CURLcode rc = message->data.result;
            char *owner = NULL;
            long status = 0;
            transfer_t *transfer;

            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE,
                              &status);
            transfer = (transfer_t *)(void *)owner;
            if (rc == CURLE_OK
                || acme_http_curl_call_made(transfer->call, (int)status)) {
                answer(transfer, (int)status);
            }
            else {
                fail(transfer, rc);
            }
            ended++;
        }
        message = curl_multi_info_read(client->config.multi, &left);
    }
    return ended;
}

static int is_refused(const transfer_t *transfer)
{
    return !transfer->call->running;
}

static int is_repeatable(const transfer_t *transfer)
{
    return transfer->repeatable;
}

static int is_any(const transfer_t *transfer)
{
    (void)transfer;
    return 1;
}

/* Returns the oldest wanted request with a serial below `before`, or NULL. With
 * `before` set to the next serial a loop ends even if each `done` submits
 * another request. */
static transfer_t *find(client_t *client, int (*wanted)(const transfer_t *),
                        apr_uint64_t before)
{
    transfer_t *transfer = client->oldest;

    while (transfer && transfer->serial < before && !wanted(transfer)) {
        transfer = transfer->younger;
    }
    return transfer && transfer->serial < before ? transfer : NULL;
}

/* Ends the requests that libcurl was never given. Returns how many. */
static int collect_refused(client_t *client)
{
    apr_uint64_t before = client->next_serial;
    int ended = 0;
    transfer_t *transfer;

    if (client->refused == 0) {
        return 0;
    }
    transfer = find(client, is_refused, before);
    while (transfer) {
        fail(transfer, CURLE_FAILED_INIT);
        ended++;
        transfer = find(client, is_refused, before);
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
    if (client->fds.is_noted) {
        acme_cloexec_set(&client->fds.before);
        client->fds.is_noted = 0;
    }
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
    (void)curl_multi_poll(client->config.multi,
                          (struct curl_waitfd *)(void *)client->watched->elts,
                          (unsigned int)client->watched->nelts,
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
    int (*wanted)(const transfer_t *) = all ? is_any : is_repeatable;
    apr_uint64_t before = client->next_serial;
    transfer_t *transfer;

    /* First deliver the answers that have arrived, so that none is lost. */
    (void)collect(client);
    transfer = find(client, wanted, before);
    while (transfer) {
        cancel(transfer);
        transfer = find(client, wanted, before);
    }
}

static void http_watch(acme_http_t *http, int fd, int events)
{
    client_t *client = http->self;
    struct curl_waitfd *all =
        (struct curl_waitfd *)(void *)client->watched->elts;
    int i = 0;

    while (i < client->watched->nelts && all[i].fd != fd) {
        ++i;
    }
    if (i == client->watched->nelts) {
        if (!events) {
            return;
        }
        all = apr_array_push(client->watched);
        memset(all, 0, sizeof(*all));
        all->fd = fd;
    }
    else {
        all += i;
    }
    all->events = (short)((events & ACME_HTTP_READ ? CURL_WAIT_POLLIN : 0)
                          | (events & ACME_HTTP_WRITE ? CURL_WAIT_POLLOUT : 0));
    if (!events) {
        *all = APR_ARRAY_IDX(client->watched, client->watched->nelts - 1,
                             struct curl_waitfd);
        client->watched->nelts--;
    }
}

static void http_wakeup(acme_http_t *http)
{
    const client_t *client = http->self;

    (void)curl_multi_wakeup(client->config.multi);
}

apr_status_t acme_http_curl_global_init(void)
{
    /* May be called again, because libcurl counts the calls itself. */
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
    acme_cloexec_t before;
    client_t *client;
    CURLM *multi;

    acme_cloexec_note(&before);
    multi = curl_multi_init();
    acme_cloexec_set(&before);
    if (!multi) {
        return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_NETWORK, p,
                                "libcurl cannot be set up");
    }
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2 * connections);

    client = apr_pcalloc(p, sizeof(*client));
    client->config.multi = multi;
    client->config.fds = &client->fds;
    /* A pool of its own: the calls' pools are below it, so that its cleanup
     * runs after theirs. */
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
    client->watched = apr_array_make(client->p, 16, sizeof(struct curl_waitfd));
    client->http.watch = http_watch;
    client->http.wakeup = http_wakeup;
    *http = &client->http;
    return APR_SUCCESS;
}
