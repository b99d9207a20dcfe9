/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl_proxy.c
 * @brief Requests through a proxy, and the problems that it causes.
 */
#include <poll.h>

#include "acme_http_curl_t.h"

typedef enum { FORWARD, REFUSE, WANT_PASSWORD, HANG, DROP } manner_e;

/* ---- a proxy, for one connection at a time, in a process of its own ---- */

static void say(int fd, const char *text)
{
    size_t len = strlen(text);

    if (write(fd, text, len) != (ssize_t)len) {
        _exit(0);
    }
}

static int dial(int port)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        _exit(1);
    }
    return fd;
}

static int copy(int from, int to)
{
    char buffer[4096];
    ssize_t len = read(from, buffer, sizeof(buffer));

    return len > 0 && write(to, buffer, (size_t)len) == len;
}

static void forward(int client, const char *head)
{
    const char *colon = strchr(head, ':');
    struct pollfd fds[2];

    fds[0].fd = client;
    fds[1].fd = dial(colon ? atoi(colon + 1) : 0);
    fds[0].events = fds[1].events = POLLIN;
    say(client, "HTTP/1.1 200 Established\r\nReplay-Nonce: proxy\r\n\r\n");
    while (poll(fds, 2, -1) > 0) {
        if ((fds[0].revents && !copy(fds[0].fd, fds[1].fd))
            || (fds[1].revents && !copy(fds[1].fd, fds[0].fd))) {
            break;
        }
    }
    close(fds[1].fd);
}

static void attend(int client, manner_e manner)
{
    char head[8192];
    size_t used = 0;

    while (used < sizeof(head) - 1) {
        ssize_t len = read(client, head + used, sizeof(head) - 1 - used);

        if (len <= 0) {
            return;
        }
        used += (size_t)len;
        head[used] = '\0';
        if (strstr(head, "\r\n\r\n")) {
            break;
        }
    }
    /* "me:secret", and no header of the request itself */
    if (manner == WANT_PASSWORD
        && strstr(head, "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n")) {
        manner = FORWARD;
    }
    if (strncmp(head, "CONNECT localhost:", 18) != 0
        || strstr(head, "Content-Type") || manner == REFUSE) {
        say(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    else if (manner == WANT_PASSWORD) {
        say(client, "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic "
                    "realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
    }
    else if (manner == HANG) {
        (void)copy(client, client);
    }
    else if (manner == FORWARD) {
        forward(client, head);
    }
}

static pid_t start_proxy(int *port, manner_e manner)
{
    int listener = tls_listen(port);
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        alarm(TLS_PATIENCE);
        for (;;) {
            int client = accept(listener, NULL, NULL);

            if (client >= 0) {
                attend(client, manner);
                close(client);
            }
        }
    }
    close(listener);
    return pid;
}

static void stop_proxy(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Opens the transport anew, with this proxy. */
static const char *use_proxy(world_t *w, const char *user, int port)
{
    apr_pool_destroy(w->phttp);
    w->config.proxy = apr_psprintf(w->p, "http://%slocalhost:%d", user, port);
    open_http(w);
    return apr_psprintf(w->p, "through the proxy localhost:%d failed: ", port);
}

/* ---- tests ---- */

static void goes_through_the_proxy(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, FORWARD);
    outcome_t *o;

    use_proxy(w, "", port);
    o = ask(w, "GET", "/echo");
    assert_int_equal(o->status, 200);
    assert_string_equal(o->body, "GET||mod_acme/test||");
    o = make(w, "POST", "/echo");
    o->request.content_type = "application/jose+json";
    o->request.body = "{}";
    o->request.body_len = 2;
    submit(o);
    run_all(w);
    assert_int_equal(o->status, 200);
    /* The proxy's headers are not part of the CA's answer. */
    assert_null(apr_table_get(o->headers, "Replay-Nonce"));
    stop_proxy(pid);
}

static void the_environment_names_no_proxy(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, FORWARD);

    setenv("https_proxy", "http://localhost:9", 1);
    setenv("no_proxy", "*", 1);
    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
    use_proxy(w, "", port);
    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
    stop_proxy(pid);
    /* no_proxy would have bypassed the configured proxy. */
    assert_failed(ask(w, "GET", "/close"), "proxy");
    unsetenv("https_proxy");
    unsetenv("no_proxy");
}

static void a_proxy_that_refuses(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, REFUSE);
    const char *words = use_proxy(w, "", port);
    outcome_t *o = ask(w, "GET", "/echo");

    assert_failed(o, words);
    assert_failed(o, "403");
    assert_non_null(strstr(o->problem->to_fix, "allow connections to "
                                               "localhost:"));
    stop_proxy(pid);
}

static void a_proxy_that_wants_a_password(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, WANT_PASSWORD);
    const char *words = use_proxy(w, "", port);
    outcome_t *o = ask(w, "GET", "/echo");

    assert_failed(o, words);
    assert_failed(o, "407");
    assert_non_null(strstr(o->problem->to_fix, "http://USER:PASSWORD@"));
    words = use_proxy(w, "me:wrong@", port);
    o = ask(w, "GET", "/echo");
    assert_failed(o, words);
    assert_null(strstr(acme_problem_text(o->problem, w->p), "wrong"));
    use_proxy(w, "me:secret@", port);
    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
    assert_null(strstr(w->last_log, "secret"));
    stop_proxy(pid);
}

static void a_proxy_that_hangs(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, HANG);
    const char *words;
    outcome_t *o;

    w->config.timeout = apr_time_from_msec(300);
    words = use_proxy(w, "", port);
    o = ask(w, "GET", "/echo");
    assert_failed(o, words);
    assert_int_equal(o->rv, APR_TIMEUP);
    assert_non_null(strstr(o->problem->to_fix, "ACMEHttpProxy"));
    stop_proxy(pid);
}

static void a_proxy_that_is_not_there(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, DROP);
    const char *words = use_proxy(w, "", port);
    outcome_t *o = ask(w, "GET", "/echo");

    assert_failed(o, words);
    stop_proxy(pid);
    o = ask(w, "GET", "/echo");
    assert_failed(o, words);
    assert_int_equal(o->rv, APR_ECONNREFUSED);
    assert_non_null(strstr(o->problem->to_fix, "ACMEHttpProxy"));
    w->config.proxy = "http://no-such-host.invalid:3128";
    apr_pool_destroy(w->phttp);
    open_http(w);
    o = ask(w, "GET", "/echo");
    assert_failed(o, "through the proxy no-such-host.invalid:3128 failed: ");
}

/* The CA's certificate is verified through the proxy as well. */
static void the_proxy_is_no_authority(void **state)
{
    world_t *w = *state;
    int port;
    pid_t pid = start_proxy(&port, FORWARD);
    outcome_t *o;

    w->config.ca_file = w->server->other_ca_file;
    use_proxy(w, "", port);
    o = ask(w, "GET", "/echo");
    assert_failed(o, "certificate");
    assert_non_null(strstr(o->problem->to_fix, "ACMECACertificateFile"));
    assert_null(strstr(o->problem->to_fix, "Proxy"));
    stop_proxy(pid);
}

ACME_T_MAIN(T(goes_through_the_proxy), T(the_environment_names_no_proxy),
            T(a_proxy_that_refuses), T(a_proxy_that_wants_a_password),
            T(a_proxy_that_hangs), T(a_proxy_that_is_not_there),
            T(the_proxy_is_no_authority))
