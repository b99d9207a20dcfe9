/* SPDX-License-Identifier: Apache-2.0 */

/* _GNU_SOURCE for struct in6_pktinfo, because glibc hides it otherwise. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_dns_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

/* Connections that wait to be accepted. */
#define BACKLOG 64

static socklen_t make_address(struct sockaddr_storage *to, int family,
                              const char *address, int port)
{
    memset(to, 0, sizeof(*to));
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)to;

        v4->sin_family = AF_INET;
        v4->sin_port = htons((unsigned short)port);
        if (address && inet_pton(AF_INET, address, &v4->sin_addr) != 1) {
            return 0;
        }
        return sizeof(*v4);
    }
    else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((unsigned short)port);
        if (address && inet_pton(AF_INET6, address, &v6->sin6_addr) != 1) {
            return 0;
        }
        return sizeof(*v6);
    }
}

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Lets the system tell to which address a datagram was sent. On a socket of
 * IPv6 that takes IPv4 as well, it tells so for both. */
static int want_destination(int fd, int family)
{
    return family == AF_INET ? set(fd, IPPROTO_IP, IP_PKTINFO, 1)
                             : set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* Prepares and binds a new socket. Returns what has failed, or NULL. */
static const char *bind_it(int fd, int family, int type,
                           const struct sockaddr_storage *to, socklen_t len,
                           int dual)
{
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, O_NONBLOCK)) {
        return "the socket cannot be prepared";
    }
    if (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !dual)) {
        return "the socket cannot be prepared";
    }
    if (type == SOCK_DGRAM && want_destination(fd, family)) {
        return "the system does not tell which address is asked";
    }
    if (type == SOCK_STREAM) {
        (void)set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (bind(fd, (const struct sockaddr *)to, len)) {
        return type == SOCK_STREAM ? "TCP cannot be bound"
                                   : "UDP cannot be bound";
    }
    if (type == SOCK_STREAM && listen(fd, BACKLOG)) {
        return "TCP cannot listen";
    }
    return NULL;
}

static apr_status_t open_one(int *fd, int family, int type, const char *address,
                             int port, int shared, const char **why)
{
    struct sockaddr_storage to;
    socklen_t len = make_address(&to, family, address, port);
    apr_status_t rv;

    if (len == 0) {
        *why = "the address is none";
        return EINVAL;
    }
    *fd = socket(family, type, 0);
    if (*fd < 0) {
        *why = "there is no socket";
        return errno;
    }
    if (shared) {
        (void)set(*fd, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    *why = bind_it(*fd, family, type, &to, len, !address);
    rv = *why ? errno : APR_SUCCESS;
    /* Let nobody else come to this port from now on. */
    if (shared && !*why) {
        (void)set(*fd, SOL_SOCKET, SO_REUSEPORT, 0);
    }
    if (*why) {
        close(*fd);
        *fd = -1;
    }
    return rv;
}

static apr_status_t open_both(acme_dns_listen_t *listener, int family,
                              const char *address, int port, int shared,
                              const char **why)
{
    apr_status_t rv;

    listener->tcp = -1;
    rv = open_one(&listener->udp, family, SOCK_DGRAM, address, port, shared,
                  why);
    if (rv == APR_SUCCESS) {
        rv = open_one(&listener->tcp, family, SOCK_STREAM, address, port,
                      shared, why);
    }
    if (rv != APR_SUCCESS) {
        acme_dns_listen_close(listener);
    }
    return rv;
}

apr_status_t acme_dns_listen_open(acme_dns_listen_t *listener,
                                  const char *address, int port, int shared,
                                  const char **why, apr_pool_t *p)
{
    int family = address && !strchr(address, ':') ? AF_INET : AF_INET6;
    apr_status_t rv;

    listener->udp = listener->tcp = -1;
    rv = open_both(listener, family, address, port, shared, why);
    /* A machine may have no IPv6. */
    if (!address && (rv == EAFNOSUPPORT || rv == EADDRNOTAVAIL)) {
        rv = open_both(listener, AF_INET, address, port, shared, why);
    }
    if (rv != APR_SUCCESS) {
        char text[128];

        *why = apr_pstrcat(p, *why, ": ", apr_strerror(rv, text, sizeof(text)),
                           NULL);
    }
    return rv;
}

void acme_dns_listen_share(const acme_dns_listen_t *listener)
{
    (void)set(listener->udp, SOL_SOCKET, SO_REUSEPORT, 1);
    (void)set(listener->tcp, SOL_SOCKET, SO_REUSEPORT, 1);
}

void acme_dns_listen_close(acme_dns_listen_t *listener)
{
    if (listener->udp >= 0) {
        close(listener->udp);
    }
    if (listener->tcp >= 0) {
        close(listener->tcp);
    }
    listener->udp = listener->tcp = -1;
}

apr_status_t acme_dns_listen_receive(acme_dns_listen_query_t *query, int udp)
{
    struct iovec part = {query->data, sizeof(query->data)};
    struct msghdr message;
    ssize_t got;

    memset(&message, 0, sizeof(message));
    message.msg_name = &query->from;
    message.msg_namelen = sizeof(query->from);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = query->control;
    message.msg_controllen = sizeof(query->control);
    do {
        got = recvmsg(udp, &message, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno;
    }
    query->len = (apr_size_t)got;
    query->from_len = message.msg_namelen;
    query->control_len = message.msg_controllen;
    return message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? APR_EINVAL
                                                        : APR_SUCCESS;
}

/* Leaves the source's address only, because by which interface the reply leaves
 * is up to the routes, unless the address says nothing without it. */
static void clear_interface(struct cmsghdr *header)
{
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;

        memcpy(&info, CMSG_DATA(header), sizeof(info));
        info.ipi_ifindex = 0;
        info.ipi_spec_dst = info.ipi_addr;
        memcpy(CMSG_DATA(header), &info, sizeof(info));
    }
    else if (header->cmsg_level == IPPROTO_IPV6
             && header->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;

        memcpy(&info, CMSG_DATA(header), sizeof(info));
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
            info.ipi6_ifindex = 0;
        }
        memcpy(CMSG_DATA(header), &info, sizeof(info));
    }
}

void acme_dns_listen_reply(int udp, const acme_dns_listen_query_t *query,
                           const unsigned char *data, apr_size_t len)
{
    unsigned char control[sizeof(query->control)];
    struct iovec part = {(void *)data, len};
    struct cmsghdr *header;
    struct msghdr message;

    memset(&message, 0, sizeof(message));
    memcpy(control, query->control, sizeof(control));
    message.msg_name = (void *)&query->from;
    message.msg_namelen = query->from_len;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = query->control_len ? control : NULL;
    message.msg_controllen = query->control_len;
    for (header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        clear_interface(header);
    }
    (void)sendmsg(udp, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

const unsigned char *acme_dns_listen_source(apr_size_t *len,
                                            const struct sockaddr_storage *from)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

    *len = 4;
    if (from->ss_family == AF_INET) {
        return (const unsigned char *)&((const struct sockaddr_in *)from)
            ->sin_addr;
    }
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        return v6->sin6_addr.s6_addr + 12;
    }
    *len = 16;
    return v6->sin6_addr.s6_addr;
}
