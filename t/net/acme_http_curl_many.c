/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl_many.c
 * @brief Many requests: connections, callbacks that submit or cancel, wakeup
 * and end.
 */
/* RTLD_NEXT is not in POSIX before 2024. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_http_curl_t.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include <curl/curl.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_hanging; /* guarded by the mutex: threads that resolve a name */
static int resolving;  /* guarded by the mutex: their number */

/* Takes the place of the system's resolver for libcurl's threads: hangs for a
 * name of this test, and knows only the loopback's name otherwise. */
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)result;
    pthread_mutex_lock(&mutex);
    ++resolving;
    while (is_hanging) {
        pthread_cond_wait(&changed, &mutex);
    }
    --resolving;
    pthread_mutex_unlock(&mutex);
    return EAI_NONAME;
}

static void hang(int on)
{
    pthread_mutex_lock(&mutex);
    is_hanging = on;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static int count_resolving(void)
{
    int count;

    pthread_mutex_lock(&mutex);
    count = resolving;
    pthread_mutex_unlock(&mutex);
    return count;
}

/* How often libcurl was made to wait, and for how long the last time. */
static int waits;
static int wait_ms;

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd fds[],
                          unsigned int count, int timeout, int *ready)
{
    CURLMcode (*real)(CURLM *, struct curl_waitfd *, unsigned int, int, int *);
    void *found = dlsym(RTLD_NEXT, "curl_multi_poll");

    ++waits;
    wait_ms = timeout;
    memcpy(&real, &found, sizeof(real));
    return real(multi, fds, count, timeout, ready);
}

/* Returns non-zero when it is a connection to the server. */
static int is_connection(const world_t *w, int fd)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0
           && peer.sin_family == AF_INET
           && ntohs(peer.sin_port) == w->server->port;
}

/* Returns the number of connections with bytes that have not been read. */
static int count_readable(const world_t *w)
{
    int count = 0;
    int fd;

    for (fd = 3; fd < 256; fd++) {
        int bytes = 0;

        count += is_connection(w, fd) && ioctl(fd, FIONREAD, &bytes) == 0
                 && bytes > 0;
    }
    return count;
}

/* ---- many ---- */

static void keeps_its_connections(void **state)
{
    world_t *w = *state;

    assert_string_equal(ask(w, "GET", "/connection")->body, "1.1");
    assert_string_equal(ask(w, "POST", "/connection")->body, "1.2");
    assert_string_equal(ask(w, "GET", "/connection")->body, "1.3");
}

static void survives_connections_that_died(void **state)
{
    world_t *w = *state;
    int i;

    for (i = 0; i < 20; i++) {
        assert_string_equal(ask(w, "GET", "/close")->body, "closing");
        assert_int_equal(ask(w, "POST", "/echo")->status, 200);
    }
    ask(w, "GET", "/close");
    apr_sleep(apr_time_from_msec(20));
}

static void asks_many_at_once_on_few_connections(void **state)
{
    world_t *w = *state;
    outcome_t *o[60];
    int most = 0;
    int i;

    w->config.max_connections = 3;
    open_http(w);
    for (i = 0; i < 60; i++) {
        o[i] = begin(w, i % 2 ? "GET" : "POST", "/connection");
    }
    assert_int_equal(w->http->pending(w->http), 60);
    run_all(w);
    for (i = 0; i < 60; i++) {
        assert_int_equal(o[i]->calls, 1);
        assert_int_equal(o[i]->status, 200);
        most = atoi(o[i]->body) > most ? atoi(o[i]->body) : most;
    }
    assert_true(most >= 1 && most <= 3);
}

static void lets_nobody_inherit_its_connections(void **state)
{
    world_t *w = *state;
    int seen = 0;
    int fd;

    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
    for (fd = 3; fd < 256; fd++) {
        if (is_connection(w, fd)) {
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
            seen++;
        }
    }
    assert_true(seen > 0);
}

static void done_may_submit(void **state)
{
    world_t *w = *state;
    outcome_t *first = make(w, "GET", "/echo");
    outcome_t *second = make(w, "GET", "nonsense");
    outcome_t *third = make(w, "GET", "nonsense");
    outcome_t *fourth = make(w, "HEAD", "/echo");

    first->next = second->next = third->next = SUBMIT;
    first->after = second;
    second->after = third;
    third->after = fourth;
    submit(first);
    run_all(w);
    assert_int_equal(first->status, 200);
    assert_int_equal(second->calls, 1);
    assert_int_equal(third->calls, 1);
    assert_int_equal(fourth->status, 200);
}

/* A request that submits itself again and again must not keep run() or cancel()
 * from returning. */
static void those_who_ask_for_ever_stop_nobody(void **state)
{
    world_t *w = *state;
    outcome_t *o = make(w, "GET", "nonsense");
    outcome_t *slow = make(w, "GET", "/slow");

    o->next = SUBMIT;
    o->after = o;
    submit(o);
    w->http->run(w->http, 0);
    assert_int_equal(o->calls, 1);
    w->http->run(w->http, apr_time_from_sec(5));
    assert_int_equal(o->calls, 2);
    assert_int_equal(w->http->pending(w->http), 1);
    slow->next = SUBMIT;
    slow->after = slow;
    submit(slow);
    w->http->cancel(w->http, 1);
    assert_int_equal(slow->calls, 1);
    assert_int_equal(o->calls, 3);
    assert_int_equal(w->http->pending(w->http), 2);
}

/* ---- leaving ---- */

static void cancels_the_repeatable_or_all(void **state)
{
    world_t *w = *state;
    outcome_t *repeatable = begin(w, "GET", "/slow");
    outcome_t *order = make(w, "POST", "/slow");
    outcome_t *refused = begin(w, "GET", "nonsense");
    outcome_t *another = begin(w, "GET", "/slow");

    assert_int_equal(w->http->precious(w->http), 0);
    order->request.repeatable = 0;
    submit(order);
    assert_int_equal(w->http->precious(w->http), 1);
    w->http->run(w->http, 0);
    assert_failed(refused, "");
    w->http->cancel(w->http, 0);
    assert_cancelled(repeatable);
    assert_cancelled(another);
    assert_int_equal(order->calls, 0);
    assert_int_equal(w->http->pending(w->http), 1);
    assert_int_equal(w->http->precious(w->http), 1);
    w->http->cancel(w->http, 1);
    assert_cancelled(order);
    assert_int_equal(w->http->pending(w->http), 0);
    assert_int_equal(w->http->precious(w->http), 0);
    w->http->cancel(w->http, 1);
    assert_int_equal(repeatable->calls, 1);
    /* the transport goes on working */
    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
}

static void done_may_cancel(void **state)
{
    world_t *w = *state;
    outcome_t *first = make(w, "GET", "nonsense");
    outcome_t *second = begin(w, "GET", "/slow");
    outcome_t *third = begin(w, "GET", "/slow");
    outcome_t *fourth = make(w, "GET", "nonsense");

    first->next = CANCEL_ALL;
    second->next = CANCEL_ALL;
    third->next = CANCEL_REPEATABLE;
    fourth->next = CANCEL_ALL;
    submit(first);
    submit(fourth);
    w->http->run(w->http, apr_time_from_sec(5));
    assert_failed(first, "");
    assert_cancelled(second);
    assert_cancelled(third);
    assert_cancelled(fourth);
    assert_int_equal(w->http->pending(w->http), 0);
}

static void a_cancel_keeps_answers_that_are_here(void **state)
{
    world_t *w = *state;
    outcome_t *first;
    outcome_t *second;
    int i;

    /* open two connections */
    begin(w, "GET", "/echo");
    begin(w, "GET", "/echo");
    run_all(w);
    first = begin(w, "GET", "/wait");
    second = begin(w, "GET", "/wait");
    first->next = CANCEL_ALL;
    second->next = CANCEL_ALL;
    do {
        w->http->run(w->http, 0);
        apr_sleep(apr_time_from_msec(1));
    } while (tls_gate->asked < 2 || count_readable(w) > 0);
    assert_int_equal(first->calls + second->calls, 0);
    /* both answers arrive before they are read */
    tls_gate->open = 1;
    while (tls_gate->answered < 2 || count_readable(w) < 2) {
        apr_sleep(apr_time_from_msec(1));
    }
    for (i = 0; i < 50 && first->calls + second->calls == 0; i++) {
        w->http->run(w->http, 0);
    }
    assert_int_equal(first->status, 200);
    assert_int_equal(second->status, 200);
    assert_int_equal(first->calls, 1);
    assert_int_equal(second->calls, 1);
}

typedef struct alarm_clock_t {
    world_t *w;
    volatile int has_rung;
} alarm_clock_t;

static void *wake(void *baton)
{
    alarm_clock_t *clock = baton;

    apr_sleep(apr_time_from_msec(200));
    clock->has_rung = 1;
    clock->w->http->wakeup(clock->w->http);
    return NULL;
}

/* Without the wakeup run() does not return before alarm() ends the program. */
static void another_thread_wakes_it(void **state)
{
    world_t *w = *state;
    pthread_t thread;
    int i;

    for (i = 0; i < 2; i++) {
        alarm_clock_t clock = {w, 0};

        assert_int_equal(pthread_create(&thread, NULL, wake, &clock), 0);
        do {
            /* returns for events of the connection as well */
            w->http->run(w->http, apr_time_from_sec(2 * TLS_PATIENCE));
        } while (!clock.has_rung);
        pthread_join(thread, NULL);
        /* the first time without a request, then with a slow one */
        begin(w, "GET", "/slow");
    }
    /* a wakeup that comes before run() counts for the next run() */
    w->http->wakeup(w->http);
    w->http->run(w->http, apr_time_from_sec(2 * TLS_PATIENCE));
}

/* A descriptor of somebody else ends the wait when it is ready, while it is
 * watched, and only for what it is watched for. */
static void a_watched_descriptor_ends_the_wait(void **state)
{
    world_t *w = *state;
    int ends[2], others[8], i;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (i = 0; i < 8; i++) {
        others[i] = dup(ends[1]); /* never ready to read before it is written */
        w->http->watch(w->http, others[i], ACME_HTTP_READ);
    }
    w->http->watch(w->http, ends[0], ACME_HTTP_READ);
    waits = 0;
    w->http->run(w->http, apr_time_from_msec(20));
    assert_int_equal(waits, 1);
    w->http->watch(w->http, ends[0], ACME_HTTP_READ | ACME_HTTP_WRITE);
    w->http->run(w->http, apr_time_from_sec(2 * TLS_PATIENCE));
    w->http->watch(w->http, ends[0], ACME_HTTP_READ);
    assert_int_equal(write(ends[1], "x", 1), 1);
    w->http->run(w->http, apr_time_from_sec(2 * TLS_PATIENCE));
    w->http->watch(w->http, ends[0], 0);
    w->http->watch(w->http, ends[0], 0);
    for (i = 0; i < 8; i++) {
        w->http->watch(w->http, others[i], 0);
        close(others[i]);
    }
    close(ends[0]);
    close(ends[1]);
    waits = 0;
    w->http->run(w->http, apr_time_from_msec(20));
    assert_int_equal(waits, 1);
}

static void waits_no_longer_than_wanted(void **state)
{
    world_t *w = *state;
    apr_time_t before = apr_time_now();

    waits = 0;
    w->http->run(w->http, apr_time_from_msec(100));
    assert_true(apr_time_now() - before >= apr_time_from_msec(95));
    assert_int_equal(waits, 1);
    assert_int_equal(wait_ms, 100);
    w->http->run(w->http, 0);
    w->http->run(w->http, -1);
    assert_int_equal(waits, 1);
}

static outcome_t *begin_to_resolve(world_t *w)
{
    outcome_t *lost;

    hang(1);
    lost = begin(w, "GET", "https://hangs.example.org/");
    while (count_resolving() == 0) {
        w->http->run(w->http, apr_time_from_msec(20));
    }
    return lost;
}

/* Ends the resolver's thread. The thread must still be there, because nothing
 * may have waited for it. */
static void end_to_resolve(void)
{
    assert_int_equal(count_resolving(), 1);
    hang(0);
    while (count_resolving() > 0) {
        apr_sleep(apr_time_from_msec(1));
    }
}

static void leaves_at_once(void **state)
{
    world_t *w = *state;
    outcome_t *slow = begin(w, "POST", "/slow");
    outcome_t *half = begin(w, "GET", "/half");
    outcome_t *refused = begin(w, "GET", "nonsense");
    outcome_t *lost = begin_to_resolve(w);
    outcome_t *last;
    int i;

    for (i = 0; i < 20; i++) {
        w->http->run(w->http, apr_time_from_msec(20));
    }
    assert_int_equal(refused->calls, 1);
    last = begin(w, "GET", "/echo");
    assert_int_equal(w->http->pending(w->http), 4);
    apr_pool_destroy(w->phttp);
    assert_int_equal(slow->calls + half->calls + lost->calls + last->calls, 0);
    end_to_resolve();
    open_http(w);
    lost = begin_to_resolve(w);
    w->http->cancel(w->http, 1);
    assert_cancelled(lost);
    end_to_resolve();
}

static void is_set_up_as_often_as_one_likes(void **state)
{
    (void)state;
    assert_int_equal(acme_http_curl_global_init(), APR_SUCCESS);
    assert_int_equal(acme_http_curl_global_init(), APR_SUCCESS);
}

ACME_T_MAIN(T(is_set_up_as_often_as_one_likes), T(keeps_its_connections),
            T(survives_connections_that_died),
            T(asks_many_at_once_on_few_connections),
            T(lets_nobody_inherit_its_connections), T(done_may_submit),
            T(those_who_ask_for_ever_stop_nobody),
            T(cancels_the_repeatable_or_all), T(done_may_cancel),
            T(a_cancel_keeps_answers_that_are_here), T(another_thread_wakes_it),
            T(a_watched_descriptor_ends_the_wait),
            T(waits_no_longer_than_wanted), T(leaves_at_once))
