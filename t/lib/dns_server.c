/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "dns_packet.h"
#include "dns_server.h"

#define GOOD (DNS_PACKET_ANSWER | DNS_PACKET_AUTHORITATIVE)

enum { TXT = 16, CNAME = 5 };

struct dns_server_t {
    int udp, tcp;
    int stop[2];
    pthread_t thread;
    const char *address;
    volatile apr_uint32_t counts[2];
    int seen_once;
    dns_packet_t reply;
};

static void many(dns_packet_t *reply, const char *name)
{
    int i;

    for (i = 0; i < 200; ++i) {
        dns_packet_add_txt(reply, name,
                           "a text that is long enough for the answer to fit "
                           "into no UDP packet");
    }
}

/* Makes the reply. Returns zero when there is none. */
static int answer(dns_server_t *server, const unsigned char *query,
                  apr_size_t len, int tcp)
{
    dns_packet_t *reply = &server->reply;
    char name[256], label[64] = "";
    unsigned int type;

    apr_atomic_inc32(&server->counts[tcp]);
    dns_packet_asked(name, &type, query, len);
    apr_cpystrn(label, name, strcspn(name, ".") + 1);
    dns_packet_reply(reply, GOOD, query, len);
    if (!strcmp(label, "silent")) {
        return 0;
    }
    if (!strcmp(label, "once") && !server->seen_once) {
        server->seen_once = 1;
        return 0;
    }
    if (!strcmp(label, "one") || !strcmp(label, "once")) {
        dns_packet_add_txt(reply, name, "one");
    }
    else if (!strcmp(label, "big") || !strcmp(label, "half")) {
        if (tcp) {
            many(reply, name);
        }
        else {
            dns_packet_reply(reply, GOOD | DNS_PACKET_CUT, query, len);
        }
    }
    else if (!strcmp(label, "cut")) {
        dns_packet_reply(reply, GOOD | DNS_PACKET_CUT, query, len);
    }
    else if (!strcmp(label, "none")) {
        dns_packet_reply(reply, GOOD | 3, query, len);
    }
    else if (!strcmp(label, "fail")) {
        dns_packet_reply(reply, GOOD | 2, query, len);
    }
    else if (!strcmp(label, "refuse")) {
        dns_packet_reply(reply, GOOD | 5, query, len);
    }
    else if (!strcmp(label, "loop")) {
        dns_packet_add_name(reply, name, CNAME, "back.test");
        dns_packet_add_name(reply, "back.test", CNAME, name);
    }
    else if (!strcmp(label, "garbage")) {
        memset(reply->data + 2, 0xff, 60);
        reply->len = 62;
    }
    else if (!strcmp(label, "other")) {
        dns_packet_begin(reply, (unsigned int)query[0] << 8 | query[1], GOOD,
                         "elsewhere.test", type);
        dns_packet_add_txt(reply, "elsewhere.test", "wrong");
    }
    else if (!strcmp(label, "id")) {
        reply->data[0] ^= 0x55;
        dns_packet_add_txt(reply, name, "wrong");
    }
    else if (!strcmp(label, "flags")) {
        dns_packet_add_txt(reply, name, query[2] & 1 ? "recursive" : "plain");
    }
    return 1;
}

static void serve_udp(dns_server_t *server)
{
    unsigned char query[1500];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t len = recvfrom(server->udp, query, sizeof(query), 0,
                           (struct sockaddr *)&from, &from_len);

    if (len > 12 && answer(server, query, (apr_size_t)len, 0)) {
        (void)sendto(server->udp, server->reply.data, server->reply.len, 0,
                     (struct sockaddr *)&from, from_len);
    }
}

static int read_all(int fd, unsigned char *data, apr_size_t len)
{
    ssize_t n = 1;

    while (len > 0 && n > 0) {
        n = read(fd, data, len);
        data += n > 0 ? n : 0;
        len -= n > 0 ? (apr_size_t)n : 0;
    }
    return len == 0;
}

static void serve_tcp(dns_server_t *server)
{
    unsigned char query[1500], head[2];
    int fd = accept(server->tcp, NULL, NULL);
    apr_size_t len, sent;

    if (fd < 0) {
        return;
    }
    if (read_all(fd, head, 2)) {
        len = (apr_size_t)head[0] << 8 | head[1];
        if (len > 12 && len <= sizeof(query) && read_all(fd, query, len)
            && answer(server, query, len, 1)) {
            sent = server->reply.len;
            head[0] = (unsigned char)(sent >> 8);
            head[1] = (unsigned char)sent;
            if (!memcmp(query + 12, "\4half", 5)) {
                sent /= 2;
            }
            (void)send(fd, head, 2, MSG_NOSIGNAL);
            (void)send(fd, server->reply.data, sent, MSG_NOSIGNAL);
        }
    }
    close(fd);
}

static void *serve(void *data)
{
    dns_server_t *server = data;
    struct pollfd fds[3] = {{server->udp, POLLIN, 0},
                            {server->tcp, POLLIN, 0},
                            {server->stop[0], POLLIN, 0}};

    while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
        if (fds[0].revents) {
            serve_udp(server);
        }
        if (fds[1].revents) {
            serve_tcp(server);
        }
    }
    return NULL;
}

static apr_status_t stop(void *data)
{
    dns_server_t *server = data;

    close(server->stop[1]);
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    close(server->udp);
    close(server->tcp);
    return APR_SUCCESS;
}

/* Binds both to the same port. Returns zero when another has it. */
static int bind_both(dns_server_t *server, apr_pool_t *p)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);

    memset(&at, 0, sizeof(at));
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->udp >= 0 && server->tcp >= 0);
    assert_int_equal(bind(server->udp, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(server->udp, (struct sockaddr *)&at, &len), 0);
    if (bind(server->tcp, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(server->udp);
        close(server->tcp);
        return 0;
    }
    assert_int_equal(listen(server->tcp, 16), 0);
    server->address = apr_psprintf(p, "127.0.0.1:%d", ntohs(at.sin_port));
    return 1;
}

dns_server_t *dns_server_start(apr_pool_t *p)
{
    dns_server_t *server = apr_pcalloc(p, sizeof(*server));
    int tries = 0;

    while (!bind_both(server, p)) {
        assert_true(++tries < 20);
    }
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    apr_pool_cleanup_register(p, server, stop, apr_pool_cleanup_null);
    return server;
}

const char *dns_server_address(const dns_server_t *server)
{
    return server->address;
}

int dns_server_count(dns_server_t *server, int tcp)
{
    return (int)apr_atomic_read32(&server->counts[tcp]);
}
