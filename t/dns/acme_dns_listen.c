/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "acme_dns_listen.h"

/* Opens both on a free port. */
static int open_free(acme_dns_listen_t *listener, const char *address,
                     apr_pool_t *p)
{
    const char *why;
    int port;

    for (port = 20000 + (int)getpid() % 10000; port < 65535; ++port) {
        if (acme_dns_listen_open(listener, address, port, 0, &why, p) == 0) {
            return port;
        }
        assert_int_equal(listener->udp, -1);
        assert_int_equal(listener->tcp, -1);
    }
    fail();
    return 0;
}

static void ready(int fd)
{
    struct pollfd one = {fd, POLLIN, 0};

    assert_int_equal(poll(&one, 1, 60000), 1);
}

/* Sends to an address of IPv4; returns the socket. */
static int send_to(const char *address, int port)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = {0};

    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)port);
    inet_pton(AF_INET, address, &to.sin_addr);
    assert_int_equal(
        sendto(fd, "ask", 3, 0, (struct sockaddr *)&to, sizeof(to)), 3);
    return fd;
}

static void the_reply_leaves_from_the_address_that_was_asked(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2",
                                            "127.9.8.7"};
    acme_dns_listen_query_t query;
    acme_dns_listen_t listener;
    struct sockaddr_in from;
    socklen_t from_len;
    apr_size_t len;
    char bytes[8];
    int port = open_free(&listener, NULL, *state), client;
    size_t i;

    for (i = 0; i < 3; ++i) {
        client = send_to(addresses[i], port);
        ready(listener.udp);
        assert_int_equal(acme_dns_listen_receive(&query, listener.udp), 0);
        assert_int_equal(query.len, 3);
        assert_memory_equal(query.data, "ask", 3);
        assert_int_equal(acme_dns_listen_source(&len, &query.from)[0], 127);
        assert_int_equal(len, 4);
        acme_dns_listen_reply(listener.udp, &query,
                              (const unsigned char *)"told", 4);
        ready(client);
        from_len = sizeof(from);
        assert_int_equal(recvfrom(client, bytes, sizeof(bytes), 0,
                                  (struct sockaddr *)&from, &from_len),
                         4);
        assert_string_equal(inet_ntoa(from.sin_addr), addresses[i]);
        assert_int_equal(ntohs(from.sin_port), port);
        close(client);
    }
    assert_int_equal(acme_dns_listen_receive(&query, listener.udp), EAGAIN);
    acme_dns_listen_close(&listener);
}

static void one_address_only(void **state)
{
    acme_dns_listen_query_t query;
    acme_dns_listen_t listener;
    int port = open_free(&listener, "127.0.0.3", *state), client;

    client = send_to("127.0.0.3", port);
    ready(listener.udp);
    assert_int_equal(acme_dns_listen_receive(&query, listener.udp), 0);
    close(client);
    client = send_to("127.0.0.1", port);
    assert_int_equal(acme_dns_listen_receive(&query, listener.udp), EAGAIN);
    close(client);
    acme_dns_listen_close(&listener);
}

static void what_is_too_long_is_passed_over(void **state)
{
    static char bytes[ACME_DNS_LISTEN_QUERY_MAX + 1];
    acme_dns_listen_query_t query;
    acme_dns_listen_t listener;
    struct sockaddr_in to = {0};
    int port = open_free(&listener, "127.0.0.1", *state);
    int client = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sendto(client, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to));
    ready(listener.udp);
    assert_int_equal(acme_dns_listen_receive(&query, listener.udp), APR_EINVAL);
    close(client);
    acme_dns_listen_close(&listener);
}

static void programs_do_not_inherit_them(void **state)
{
    acme_dns_listen_t listener;

    open_free(&listener, NULL, *state);
    assert_true(fcntl(listener.udp, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(listener.tcp, F_GETFD) & FD_CLOEXEC);
    acme_dns_listen_close(&listener);
    assert_int_equal(listener.udp, -1);
}

static void a_port_that_is_taken_is_not_shared(void **state)
{
    acme_dns_listen_t first, second, third;
    const char *why = NULL;
    int port = open_free(&first, "127.0.0.1", *state);

    assert_int_equal(
        acme_dns_listen_open(&second, "127.0.0.1", port, 0, &why, *state),
        EADDRINUSE);
    assert_non_null(strstr(why, "UDP cannot be bound"));
    assert_int_equal(acme_dns_listen_open(&second, NULL, port, 1, &why, *state),
                     EADDRINUSE);
    /* Sockets that are given up share it with those that follow. */
    acme_dns_listen_share(&first);
    assert_int_equal(acme_dns_listen_open(&second, NULL, port, 1, &why, *state),
                     0);
    acme_dns_listen_close(&first);
    assert_int_equal(
        acme_dns_listen_open(&third, "127.0.0.1", port, 1, &why, *state),
        EADDRINUSE);
    acme_dns_listen_close(&second);
}

static void an_address_that_is_not_here_is_an_error(void **state)
{
    acme_dns_listen_t listener;
    const char *why = NULL;

    assert_int_not_equal(
        acme_dns_listen_open(&listener, "192.0.2.1", 20053, 0, &why, *state),
        0);
    assert_non_null(why);
    assert_int_equal(
        acme_dns_listen_open(&listener, "localhost", 20053, 0, &why, *state),
        EINVAL);
}

ACME_T_MAIN(ACME_T(the_reply_leaves_from_the_address_that_was_asked),
            ACME_T(one_address_only), ACME_T(what_is_too_long_is_passed_over),
            ACME_T(programs_do_not_inherit_them),
            ACME_T(a_port_that_is_taken_is_not_shared),
            ACME_T(an_address_that_is_not_here_is_an_error))
