/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "script_http.h"

typedef struct task_t {
    struct task_t *next;
    apr_pool_t *p;
    const acme_http_request_t *request;
    acme_http_done_fn *done;
    void *baton;
    int arrived;
    apr_time_t due;
    script_answer_t answer;
} task_t;

typedef struct step_t {
    const char *method;
    const char *url;
    const char *payload;
    script_answer_t answer;
} step_t;

struct script_http_t {
    acme_http_t http;
    apr_pool_t *p;
    fake_clock_t *clock;
    script_responder_fn *responder;
    void *baton;
    apr_array_header_t *steps; /* step_t * */
    int next;
    int nonces;
    task_t *tasks; /* in the order of arrival */
    int n_tasks;
    int precious;
    int most;
    int count;
    apr_array_header_t *watched; /* struct pollfd */
    script_request_t last;
};

static const char *part(const acme_json_t *jws, const char *key, apr_pool_t *p)
{
    const char *text;
    unsigned char *data = NULL;
    apr_size_t len;

    if (acme_json_get_str(&text, jws, key) != APR_SUCCESS
        || acme_b64_decode(&data, &len, text, p) != APR_SUCCESS) {
        fail_msg("the JWS has no readable %s", key);
    }
    return (const char *)data;
}

/* Reads the parts of a JWS, and checks them against RFC 8555 6.2. */
static void read_request(script_request_t *seen,
                         const acme_http_request_t *request, apr_pool_t *p)
{
    acme_json_t *jws;
    acme_json_t *head;
    acme_json_t *jwk;
    const char *text;
    const char *url;

    memset(seen, 0, sizeof(*seen));
    seen->method = apr_pstrdup(p, request->method);
    seen->url = apr_pstrdup(p, request->url);
    seen->repeatable = request->repeatable;
    if (request->probe) {
        seen->address = apr_pstrdup(p, request->probe->address);
        seen->port = request->probe->port;
        return;
    }
    assert_true(strncmp(request->url, "https://", 8) == 0);
    if (!request->body) {
        return;
    }
    assert_string_equal(request->content_type, "application/jose+json");
    assert_int_equal(
        acme_json_parse(&jws, request->body, request->body_len, NULL, p),
        APR_SUCCESS);
    seen->payload = part(jws, "payload", p);
    text = part(jws, "protected", p);
    assert_int_equal(acme_json_parse(&head, text, strlen(text), NULL, p),
                     APR_SUCCESS);
    assert_int_equal(acme_json_get_str(&url, head, "url"), APR_SUCCESS);
    assert_string_equal(url, request->url);
    (void)acme_json_get_str(&seen->nonce, head, "nonce");
    (void)acme_json_get_str(&seen->kid, head, "kid");
    if (acme_json_get(&jwk, head, "jwk") == APR_SUCCESS) {
        seen->jwk = acme_json_print(jwk, 0, p);
    }
    assert_true((seen->kid == NULL) != (seen->jwk == NULL));
}

static void play(script_http_t *script, const script_request_t *seen,
                 script_answer_t *answer)
{
    const step_t *step;

    if (script->next >= script->steps->nelts) {
        fail_msg("%s %s came after the script's end", seen->method, seen->url);
    }
    step = APR_ARRAY_IDX(script->steps, script->next, const step_t *);
    ++script->next;
    if (strcmp(step->method, seen->method) != 0
        || strcmp(step->url, seen->url) != 0) {
        fail_msg("%s %s came instead of %s %s", seen->method, seen->url,
                 step->method, step->url);
    }
    if (step->payload) {
        assert_non_null(seen->payload);
        assert_string_equal(seen->payload, step->payload);
    }
    *answer = step->answer;
}

static void arrive(script_http_t *script, task_t *task)
{
    script_request_t seen;

    read_request(&seen, task->request, script->p);
    script->last = seen;
    ++script->count;
    task->arrived = 1;
    task->answer.status = 200;
    task->answer.headers = apr_table_make(task->p, 5);
    if (script->responder) {
        script->responder(script->baton, &seen, &task->answer, task->p);
    }
    else {
        play(script, &seen, &task->answer);
    }
    task->due = script->clock->now + task->answer.delay;
}

static void add(script_http_t *script, task_t *task)
{
    task_t **at = &script->tasks;

    while (*at) {
        at = &(*at)->next;
    }
    *at = task;
    ++script->n_tasks;
}

static void take_out(script_http_t *script, const task_t *task)
{
    task_t **at = &script->tasks;

    while (*at != task) {
        at = &(*at)->next;
    }
    *at = task->next;
    --script->n_tasks;
}

static void end_task(script_http_t *script, task_t *task, apr_status_t rv)
{
    int repeatable = task->request->repeatable;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_http_response_t response;

    take_out(script, task);
    if (rv != APR_SUCCESS || task->answer.rv != APR_SUCCESS
        || task->answer.lost) {
        rv = rv ? rv : task->answer.rv ? task->answer.rv : APR_ECONNRESET;
        acme_problem_set(&problem, rv, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK,
                         task->p, "the script says so");
        task->done(task->baton, rv, NULL, &problem);
    }
    else {
        memset(&response, 0, sizeof(response));
        response.status = task->answer.status;
        response.headers = task->answer.headers;
        response.body = task->answer.body ? task->answer.body : "";
        response.body_len = strlen(response.body);
        response.received = script->clock->now;
        response.p = task->p;
        task->done(task->baton, APR_SUCCESS, &response, NULL);
    }
    script->precious -= !repeatable;
    apr_pool_destroy(task->p);
}

static void submit(acme_http_t *http, const acme_http_request_t *request,
                   acme_http_done_fn *done, void *baton)
{
    script_http_t *script = http->self;
    task_t *task;
    apr_pool_t *p;

    apr_pool_create(&p, script->p);
    task = apr_pcalloc(p, sizeof(*task));
    task->p = p;
    task->request = request;
    task->done = done;
    task->baton = baton;
    add(script, task);
    script->precious += !request->repeatable;
    if (script->n_tasks > script->most) {
        script->most = script->n_tasks;
    }
}

/* Ends a request whose answer is due. Returns how many. */
static int end_due(script_http_t *script)
{
    task_t *task = script->tasks;
    int n = script->n_tasks;
    int ended = 0;

    while (n-- > 0) {
        task_t *next = task->next;

        if (!task->arrived) {
            arrive(script, task);
        }
        if (task->due <= script->clock->now) {
            end_task(script, task, APR_SUCCESS);
            ++ended;
            /* Stop here, because `done` may have ended or cancelled the next
             * request. */
            break;
        }
        task = next;
    }
    return ended;
}

static void watch(acme_http_t *http, int fd, int events)
{
    script_http_t *script = http->self;
    struct pollfd *known;
    int i;

    for (i = 0; i < script->watched->nelts; ++i) {
        known = &APR_ARRAY_IDX(script->watched, i, struct pollfd);
        if (known->fd == fd) {
            *known = APR_ARRAY_IDX(script->watched, script->watched->nelts - 1,
                                   struct pollfd);
            --script->watched->nelts;
            break;
        }
    }
    if (events) {
        known = apr_array_push(script->watched);
        memset(known, 0, sizeof(*known));
        known->fd = fd;
        known->events = (short)((events & ACME_HTTP_READ ? POLLIN : 0)
                                | (events & ACME_HTTP_WRITE ? POLLOUT : 0));
    }
}

/* Returns non-zero when a watched descriptor is ready. */
static int is_ready(const script_http_t *script)
{
    return script->watched->nelts > 0
           && poll((struct pollfd *)(void *)script->watched->elts,
                   (nfds_t)script->watched->nelts, 0)
                  > 0;
}

static void run(acme_http_t *http, apr_interval_time_t wait)
{
    script_http_t *script = http->self;
    apr_time_t until = script->clock->now + wait;
    task_t *task;
    int most = script->n_tasks;
    int ended = 0;

    while (ended < most && end_due(script)) {
        ++ended;
    }
    if (ended > 0 || wait <= 0 || is_ready(script)) {
        return;
    }
    for (task = script->tasks; task; task = task->next) {
        if (task->due < until) {
            until = task->due;
        }
    }
    script->clock->now = until;
    most = script->n_tasks;
    while (ended < most && end_due(script)) {
        ++ended;
    }
}

static int pending(acme_http_t *http)
{
    const script_http_t *script = http->self;

    return script->n_tasks;
}

static int precious(acme_http_t *http)
{
    const script_http_t *script = http->self;

    return script->precious;
}

static void cancel(acme_http_t *http, int all)
{
    script_http_t *script = http->self;
    task_t *task = script->tasks;
    int n = script->n_tasks;

    while (n-- > 0) {
        if (all || task->request->repeatable) {
            end_task(script, task, APR_EINTR);
            task = script->tasks;
            n = n < script->n_tasks ? n : script->n_tasks;
        }
        else {
            task = task->next;
        }
    }
}

static void wakeup(acme_http_t *http)
{
    (void)http;
}

script_http_t *script_http_create(fake_clock_t *clock, apr_pool_t *p)
{
    script_http_t *script = apr_pcalloc(p, sizeof(*script));

    script->p = p;
    script->clock = clock;
    script->steps = apr_array_make(p, 16, sizeof(step_t *));
    script->http.self = script;
    script->http.submit = submit;
    script->http.run = run;
    script->http.pending = pending;
    script->http.precious = precious;
    script->http.cancel = cancel;
    script->watched = apr_array_make(p, 4, sizeof(struct pollfd));
    script->http.watch = watch;
    script->http.wakeup = wakeup;
    return script;
}

acme_http_t *script_http_transport(script_http_t *script)
{
    return &script->http;
}

void script_http_respond(script_http_t *script, script_responder_fn *responder,
                         void *baton)
{
    script->responder = responder;
    script->baton = baton;
}

script_answer_t *script_http_expect(script_http_t *script, const char *method,
                                    const char *url, const char *payload)
{
    step_t *step = apr_pcalloc(script->p, sizeof(*step));

    step->method = method;
    step->url = apr_pstrdup(script->p, url);
    step->payload = apr_pstrdup(script->p, payload);
    step->answer.status = 200;
    step->answer.headers = apr_table_make(script->p, 5);
    apr_table_setn(step->answer.headers, "Replay-Nonce",
                   apr_psprintf(script->p, "scripted-%d", ++script->nonces));
    APR_ARRAY_PUSH(script->steps, step_t *) = step;
    return &step->answer;
}

script_answer_t *script_http_answer(script_http_t *script, const char *method,
                                    const char *url, const char *payload,
                                    int status, const char *type,
                                    const char *body)
{
    script_answer_t *answer = script_http_expect(script, method, url, payload);

    answer->status = status;
    answer->body = apr_pstrdup(script->p, body);
    if (type) {
        apr_table_set(answer->headers, "Content-Type", type);
    }
    return answer;
}

void script_http_drain(script_http_t *script)
{
    int n;

    for (n = 0; script->n_tasks > 0; ++n) {
        if (n > 100000) {
            fail_msg("the requests never end");
        }
        run(&script->http, ACME_TIME_HOUR);
    }
}

void script_http_check(script_http_t *script)
{
    if (script->next < script->steps->nelts) {
        const step_t *step =
            APR_ARRAY_IDX(script->steps, script->next, const step_t *);

        fail_msg("%s %s never came", step->method, step->url);
    }
}

const script_request_t *script_http_last(const script_http_t *script)
{
    return &script->last;
}

int script_http_count(const script_http_t *script)
{
    return script->count;
}

int script_http_most_pending(const script_http_t *script)
{
    return script->most;
}
