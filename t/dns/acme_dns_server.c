/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_dns_server.h"

/* A server in a thread, which tells each query back; "none" gets no reply, and
 * "long" one of 4000 bytes. */
typedef struct bench_t {
    acme_dns_listen_t listener;
    acme_dns_server_t *server;
    pthread_t thread;
    int port;
    apr_pool_t *p; /* of the server's thread */
} bench_t;

static apr_size_t answer(const unsigned char **reply, void *baton,
                         const acme_dns_server_query_t *query, apr_pool_t *p)
{
    (void)baton;
    assert_int_equal(query->source_len, 4);
    assert_int_equal(query->source[0], 127);
    if (query->len == 4 && memcmp(query->data, "none", 4) == 0) {
        return 0;
    }
    if (query->len == 4 && memcmp(query->data, "long", 4) == 0) {
        *reply = apr_pcalloc(p, 4000);
        return 4000;
    }
    *reply = apr_pmemdup(p, query->data, query->len);
    return query->len;
}

static void *serve(void *data)
{
    acme_dns_server_run(data);
    return NULL;
}

static bench_t *begin(apr_pool_t *p)
{
    bench_t *b = apr_pcalloc(p, sizeof(*b));
    const char *why;

    apr_pool_create_unmanaged(&b->p);
    b->port = 20000 + (int)getpid() % 10000;
    while (acme_dns_listen_open(&b->listener, "127.0.0.1", b->port, 0, &why, p)
           != 0) {
        assert_true(++b->port < 65535);
    }
    assert_int_equal(
        acme_dns_server_create(&b->server, &b->listener, 1, answer, b, b->p),
        0);
    assert_int_equal(pthread_create(&b->thread, NULL, serve, b->server), 0);
    return b;
}

static void end(bench_t *b)
{
    acme_dns_server_stop(b->server);
    assert_int_equal(pthread_join(b->thread, NULL), 0);
    apr_pool_destroy(b->p);
    acme_dns_listen_close(&b->listener);
}

static int client(const bench_t *b, int type)
{
    struct sockaddr_in to = {0};
    int fd = socket(AF_INET, type, 0);

    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)b->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* Reads so many bytes, or as many as come before the end. */
static ssize_t take(int fd, unsigned char *to, size_t want)
{
    size_t have = 0;

    while (have < want) {
        struct pollfd one = {fd, POLLIN, 0};
        ssize_t got;

        assert_int_equal(poll(&one, 1, 60000), 1);
        got = recv(fd, to + have, want - have, 0);
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static void udp_is_answered(void **state)
{
    bench_t *b = begin(*state);
    int fd = client(b, SOCK_DGRAM);
    unsigned char bytes[8];
    struct pollfd one = {fd, POLLIN, 0};

    send(fd, "none", 4, 0);
    send(fd, "hello", 5, 0);
    assert_int_equal(poll(&one, 1, 60000), 1);
    assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 5);
    assert_memory_equal(bytes, "hello", 5);
    close(fd);
    end(b);
}

static void tcp_is_answered_in_pieces_and_one_after_another(void **state)
{
    static const char two[] = "\0\5first\0\4long";
    bench_t *b = begin(*state);
    int fd = client(b, SOCK_STREAM);
    unsigned char bytes[4100];
    size_t i;

    for (i = 0; i < 7; ++i) {
        assert_int_equal(send(fd, two + i, 1, 0), 1);
    }
    assert_int_equal(take(fd, bytes, 7), 7);
    assert_memory_equal(bytes, "\0\5first", 7);
    assert_int_equal(send(fd, two, sizeof(two) - 1, 0), sizeof(two) - 1);
    assert_int_equal(take(fd, bytes, 7 + 4002), 7 + 4002);
    assert_memory_equal(bytes, "\0\5first", 7);
    assert_int_equal(bytes[7] << 8 | bytes[8], 4000);
    close(fd);
    end(b);
}

static void a_connection_without_reply_or_with_garbage_is_closed(void **state)
{
    static const char *const wrong[] = {"\0\4none", "\0\0", "\xff\xff"};
    static const size_t len[] = {6, 2, 2};
    bench_t *b = begin(*state);
    unsigned char bytes[8];
    size_t i;

    for (i = 0; i < 3; ++i) {
        int fd = client(b, SOCK_STREAM);

        send(fd, wrong[i], len[i], 0);
        assert_int_equal(take(fd, bytes, 1), 0);
        close(fd);
    }
    end(b);
}

static void a_connection_has_a_limit_of_queries(void **state)
{
    bench_t *b = begin(*state);
    int fd = client(b, SOCK_STREAM), i;
    unsigned char bytes[8];

    for (i = 0; i < ACME_DNS_SERVER_QUERIES; ++i) {
        send(fd, "\0\2hi", 4, MSG_NOSIGNAL);
        assert_int_equal(take(fd, bytes, 4), 4);
    }
    send(fd, "\0\2hi", 4, MSG_NOSIGNAL);
    assert_int_equal(take(fd, bytes, 4), 0);
    close(fd);
    end(b);
}

static void the_oldest_connection_makes_room(void **state)
{
    enum { MANY = 3 * ACME_DNS_SERVER_CONNECTIONS };
    bench_t *b = begin(*state);
    unsigned char bytes[8];
    int fds[MANY], i, closed = 0;

    for (i = 0; i < MANY; ++i) {
        fds[i] = client(b, SOCK_STREAM);
        /* Half of a message, so that it stays open. */
        send(fds[i], "\0", 1, MSG_NOSIGNAL);
    }
    send(fds[MANY - 1], "\2hi", 3, MSG_NOSIGNAL);
    assert_int_equal(take(fds[MANY - 1], bytes, 4), 4);
    for (i = 0; i < MANY; ++i) {
        closed +=
            recv(fds[i], bytes, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
        close(fds[i]);
    }
    assert_int_equal(closed, MANY - ACME_DNS_SERVER_CONNECTIONS);
    end(b);
}

/* It is asked by clients that go away without a word, and stops all the
 * same. */
static void it_stops_while_connections_are_open(void **state)
{
    bench_t *b = begin(*state);
    int fd = client(b, SOCK_STREAM);
    unsigned char bytes[8];

    send(fd, "\0\2hi", 4, 0);
    assert_int_equal(take(fd, bytes, 4), 4);
    end(b);
    assert_int_equal(take(fd, bytes, 1), 0);
    close(fd);
}

static void waiting_ends_when_it_is_stopped(void **state)
{
    acme_dns_listen_t none = {-1, -1};
    acme_dns_server_t *server;

    assert_int_equal(
        acme_dns_server_create(&server, &none, 1, answer, NULL, *state), 0);
    assert_int_equal(acme_dns_server_wait(server, 1000), 0);
    acme_dns_server_stop(server);
    assert_int_not_equal(acme_dns_server_wait(server, apr_time_from_sec(3600)),
                         0);
    /* It serves nobody then. */
    acme_dns_server_run(server);
}

/* Ends a server at its third call. */
static int third(void *baton)
{
    int *calls = baton;

    return ++*calls == 3;
}

static void it_ends_when_it_is_over(void **state)
{
    acme_dns_listen_t none = {-1, -1};
    acme_dns_server_t *server;
    int calls = 0;

    assert_int_equal(
        acme_dns_server_create(&server, &none, 1, answer, &calls, *state), 0);
    acme_dns_server_until(server, third);
    assert_int_equal(acme_dns_server_wait(server, 1000), 0);
    acme_dns_server_run(server);
    assert_int_equal(calls, 3);
    assert_int_not_equal(acme_dns_server_wait(server, apr_time_from_sec(3600)),
                         0);
}

ACME_T_MAIN(ACME_T(udp_is_answered),
            ACME_T(tcp_is_answered_in_pieces_and_one_after_another),
            ACME_T(a_connection_without_reply_or_with_garbage_is_closed),
            ACME_T(a_connection_has_a_limit_of_queries),
            ACME_T(the_oldest_connection_makes_room),
            ACME_T(it_stops_while_connections_are_open),
            ACME_T(waiting_ends_when_it_is_stopped),
            ACME_T(it_ends_when_it_is_over))
