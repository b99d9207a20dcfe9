/* SPDX-License-Identifier: Apache-2.0 */

/* _GNU_SOURCE for accept4(), because it was not in POSIX before 2024. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_dns_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <apr_atomic.h>

/* Datagrams of a socket that are taken before the others have their turn. */
#define TURN 64

/* Bytes before each message over TCP, with its length. */
#define PREFIX 2

/* How often the ages of connections are looked at. */
#define TICK_MSEC 1000

/* How often it is looked whether the server is over. */
#define OVER_MSEC 500

/* After accept() has failed for lack of resources. */
#define PAUSE apr_time_from_sec(1)

typedef struct connection_t {
    int fd; /* -1: free */
    apr_time_t since;
    int queries;
    apr_size_t have; /* bytes of the message that is coming */
    unsigned char data[PREFIX + ACME_DNS_SERVER_QUERY_MAX];
    struct sockaddr_storage from;
} connection_t;

struct acme_dns_server_t {
    acme_dns_server_answer_fn *answer;
    acme_dns_server_over_fn *over; /* or NULL */
    void *baton;
    acme_dns_listen_t listeners[ACME_DNS_SERVER_LISTENERS];
    int count;
    int wake[2];
    apr_uint32_t stop; /* atomic */
    apr_time_t paused; /* until then no connection is accepted */
    connection_t connections[ACME_DNS_SERVER_CONNECTIONS];
    apr_pool_t *p; /* of one query */
};

static int is_stopped(const acme_dns_server_t *server)
{
    /* APR's function takes no const. */
    return (int)apr_atomic_read32((apr_uint32_t *)&server->stop);
}

static apr_status_t close_wake(void *data)
{
    acme_dns_server_t *server = data;

    close(server->wake[0]);
    close(server->wake[1]);
    return APR_SUCCESS;
}

apr_status_t acme_dns_server_create(acme_dns_server_t **created,
                                    const acme_dns_listen_t *listeners,
                                    int count,
                                    acme_dns_server_answer_fn *answer,
                                    void *baton, apr_pool_t *p)
{
    acme_dns_server_t *server = apr_pcalloc(p, sizeof(*server));
    int i;

    if (count > ACME_DNS_SERVER_LISTENERS) {
        return APR_EINVAL;
    }
    if (pipe2(server->wake, O_CLOEXEC | O_NONBLOCK)) {
        return errno;
    }
    apr_pool_cleanup_register(p, server, close_wake, apr_pool_cleanup_null);
    server->answer = answer;
    server->baton = baton;
    server->count = count;
    memcpy(server->listeners, listeners,
           (apr_size_t)count * sizeof(*listeners));
    for (i = 0; i < ACME_DNS_SERVER_CONNECTIONS; ++i) {
        server->connections[i].fd = -1;
    }
    apr_pool_create(&server->p, p);
    *created = server;
    return APR_SUCCESS;
}

void acme_dns_server_stop(acme_dns_server_t *server)
{
    int before = errno;

    apr_atomic_set32(&server->stop, 1);
    if (write(server->wake[1], "", 1) < 0) {
        /* It is full, so that the thread wakes anyway. */
    }
    errno = before;
}

void acme_dns_server_until(acme_dns_server_t *server,
                           acme_dns_server_over_fn *over)
{
    server->over = over;
}

/* Stops a server that is over. */
static void look(acme_dns_server_t *server)
{
    if (server->over && !is_stopped(server) && server->over(server->baton)) {
        acme_dns_server_stop(server);
    }
}

int acme_dns_server_wait(acme_dns_server_t *server, apr_interval_time_t time)
{
    struct pollfd wake;

    wake.fd = server->wake[0];
    wake.events = POLLIN;
    if (!is_stopped(server)) {
        (void)poll(&wake, 1, (int)apr_time_as_msec(time));
        look(server);
    }
    return is_stopped(server);
}

/* ---- UDP ---- */

static void serve_udp(acme_dns_server_t *server, int fd)
{
    acme_dns_listen_query_t query;
    acme_dns_server_query_t asked = {0};
    const unsigned char *reply;
    apr_status_t rv;
    int i;

    for (i = 0; i < TURN && !is_stopped(server); ++i) {
        rv = acme_dns_listen_receive(&query, fd);
        if (rv == APR_EINVAL) {
            continue;
        }
        if (rv != APR_SUCCESS) {
            return;
        }
        asked.data = query.data;
        asked.len = query.len;
        asked.source = acme_dns_listen_source(&asked.source_len, &query.from);
        asked.len = server->answer(&reply, server->baton, &asked, server->p);
        if (asked.len > 0) {
            acme_dns_listen_reply(fd, &query, reply, asked.len);
        }
        apr_pool_clear(server->p);
    }
}

/* ---- TCP ---- */

static void drop(connection_t *connection)
{
    if (connection->fd >= 0) {
        close(connection->fd);
        connection->fd = -1;
    }
}

/* Returns a free place, or that of the oldest connection. */
static connection_t *place_for(acme_dns_server_t *server)
{
    connection_t *oldest = &server->connections[0];
    int i;

    for (i = 0; i < ACME_DNS_SERVER_CONNECTIONS; ++i) {
        connection_t *connection = &server->connections[i];

        if (connection->fd < 0) {
            return connection;
        }
        if (connection->since < oldest->since) {
            oldest = connection;
        }
    }
    drop(oldest);
    return oldest;
}

static void take_connection(acme_dns_server_t *server, int tcp, apr_time_t now)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    connection_t *connection;
    int fd = accept4(tcp, (struct sockaddr *)&from, &len,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        /* Pass over a client that has gone meanwhile; other failures would come
         * back at once. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED
            && errno != EPROTO) {
            server->paused = now + PAUSE;
        }
        return;
    }
    connection = place_for(server);
    connection->fd = fd;
    connection->since = now;
    connection->queries = 0;
    connection->have = 0;
    connection->from = from;
}

/* Answers the message that has come. Returns zero when the connection is to be
 * closed. */
static int answer_message(acme_dns_server_t *server, connection_t *connection,
                          apr_size_t len)
{
    acme_dns_server_query_t asked = {0};
    unsigned char prefix[PREFIX];
    struct iovec parts[2];
    const unsigned char *reply = NULL;
    struct msghdr message;
    apr_size_t size;
    ssize_t sent;

    asked.data = connection->data + PREFIX;
    asked.len = len;
    asked.tcp = 1;
    asked.source = acme_dns_listen_source(&asked.source_len, &connection->from);
    size = server->answer(&reply, server->baton, &asked, server->p);
    if (size == 0 || ++connection->queries > ACME_DNS_SERVER_QUERIES) {
        apr_pool_clear(server->p);
        return 0;
    }
    prefix[0] = (unsigned char)(size >> 8);
    prefix[1] = (unsigned char)size;
    parts[0].iov_base = prefix;
    parts[0].iov_len = PREFIX;
    parts[1].iov_base = (void *)reply;
    parts[1].iov_len = size;
    memset(&message, 0, sizeof(message));
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    /* A client that does not take its replies loses them. */
    sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    apr_pool_clear(server->p);
    return sent == (ssize_t)(PREFIX + size);
}

/* Answers what has come whole. Returns zero as answer_message() does. */
static int answer_messages(acme_dns_server_t *server, connection_t *connection)
{
    while (connection->have >= PREFIX) {
        apr_size_t len =
            (apr_size_t)connection->data[0] << 8 | connection->data[1];

        if (len == 0 || len > ACME_DNS_SERVER_QUERY_MAX) {
            return 0;
        }
        if (connection->have < PREFIX + len) {
            return 1;
        }
        if (!answer_message(server, connection, len)) {
            return 0;
        }
        connection->have -= PREFIX + len;
        memmove(connection->data, connection->data + PREFIX + len,
                connection->have);
    }
    return 1;
}

static void serve_tcp(acme_dns_server_t *server, connection_t *connection)
{
    ssize_t got =
        recv(connection->fd, connection->data + connection->have,
             sizeof(connection->data) - connection->have, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got > 0) {
        connection->have += (apr_size_t)got;
    }
    if (got <= 0 || !answer_messages(server, connection)) {
        drop(connection);
    }
}

/* ---- the loop ---- */

#define MOST_FDS \
    (1 + 2 * ACME_DNS_SERVER_LISTENERS + ACME_DNS_SERVER_CONNECTIONS)

/* Fills the places: what wakes, UDP, TCP, connections. Descriptors below zero
 * are passed over by poll(). Returns the number of connections. */
static int fill(struct pollfd *fds, const acme_dns_server_t *server,
                apr_time_t now)
{
    int i, n = 0, open = 0;

    fds[n++].fd = server->wake[0];
    for (i = 0; i < server->count; ++i) {
        fds[n++].fd = server->listeners[i].udp;
        fds[n++].fd = now < server->paused ? -1 : server->listeners[i].tcp;
    }
    for (i = 0; i < ACME_DNS_SERVER_CONNECTIONS; ++i) {
        open += server->connections[i].fd >= 0;
        fds[n++].fd = server->connections[i].fd;
    }
    for (i = 0; i < n; ++i) {
        fds[i].events = POLLIN;
        fds[i].revents = 0;
    }
    return open;
}

/* Takes a descriptor out that is none, because poll() would return at once for
 * ever. */
static int is_ready(const struct pollfd *fd, int *listener)
{
    if (fd->revents & POLLNVAL) {
        *listener = -1;
        return 0;
    }
    return fd->revents != 0;
}

static void serve(acme_dns_server_t *server, const struct pollfd *fds,
                  apr_time_t now)
{
    const struct pollfd *of = fds + 1 + 2 * server->count;
    int i;

    for (i = 0; i < ACME_DNS_SERVER_CONNECTIONS; ++i) {
        connection_t *connection = &server->connections[i];

        if (connection->fd < 0) {
            continue;
        }
        if (of[i].revents) {
            serve_tcp(server, connection);
        }
        if (now >= connection->since + ACME_DNS_SERVER_LIFE
            || now < connection->since) {
            drop(connection);
        }
    }
    for (i = 0; i < server->count; ++i) {
        acme_dns_listen_t *listener = &server->listeners[i];

        if (is_ready(&fds[1 + 2 * i], &listener->udp)) {
            serve_udp(server, listener->udp);
        }
        if (is_ready(&fds[2 + 2 * i], &listener->tcp)) {
            take_connection(server, listener->tcp, now);
        }
    }
}

void acme_dns_server_run(acme_dns_server_t *server)
{
    struct pollfd fds[MOST_FDS];
    apr_time_t now = apr_time_now();
    int i, open, wait;

    while (!is_stopped(server)) {
        open = fill(fds, server, now);
        wait = open || now < server->paused ? TICK_MSEC : -1;
        wait = server->over ? OVER_MSEC : wait;
        i = poll(fds,
                 (nfds_t)(1 + 2 * server->count + ACME_DNS_SERVER_CONNECTIONS),
                 wait);
        now = apr_time_now();
        look(server);
        if (i >= 0 && !is_stopped(server)) {
            serve(server, fds, now);
        }
    }
    for (i = 0; i < ACME_DNS_SERVER_CONNECTIONS; ++i) {
        drop(&server->connections[i]);
    }
}
