/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_call.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

/* Most bytes of a message by UDP, and by TCP. Ours are short, and a longer one
 * by UDP is cut, because we do not ask for more. */
#define UDP_MAX 4096
#define TCP_MAX 65535

/* Most messages that are read in one poll, because anybody may send some. */
#define READS_MOST 16

/* Bytes of the length before a message by TCP. */
#define PREFIX 2

typedef enum { BY_UDP, CONNECTING, SENDING, READING } phase_e;

struct acme_dns_call_t {
    const char *label; /* of the server */
    const acme_dns_message_t *message;
    struct sockaddr_storage address;
    socklen_t address_len;
    phase_e phase;
    int fd; /* -1: closed */
    int tries;
    apr_time_t until;      /* when to go on without a reply */
    const char *complaint; /* what came instead, or NULL: nothing */
    unsigned char *bytes;  /* by TCP: what is sent, then what is read */
    apr_size_t len, done;
    apr_pool_t *p;
};

const char *acme_dns_call_address(const char *address, int port, apr_pool_t *p)
{
    return apr_psprintf(p, strchr(address, ':') ? "[%s]:%d" : "%s:%d", address,
                        port);
}

static void close_socket(acme_dns_call_t *call)
{
    if (call->fd >= 0) {
        close(call->fd);
        call->fd = -1;
    }
}

static apr_status_t clean(void *data)
{
    close_socket(data);
    return APR_SUCCESS;
}

static apr_status_t give_up(const acme_dns_call_t *call, apr_status_t rv,
                            acme_problem_t *problem, apr_pool_t *p)
{
    return acme_problem_set(
        problem, rv, ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS_UPDATE, p,
        "the name server %s has sent %s", call->label,
        call->complaint ? call->complaint : "no reply by UDP or TCP");
}

static void complain(acme_dns_call_t *call, const char *what, int error)
{
    char text[120];

    call->complaint = apr_psprintf(
        call->p, "no reply: %s: %s", what,
        apr_strerror(APR_FROM_OS_ERROR(error), text, sizeof(text)));
}

/* Opens a socket that does not block, and connects it, so that replies can only
 * come from the server's own address.
 * @return an error number, or 0 */
static int open_socket(acme_dns_call_t *call, int type)
{
    close_socket(call);
    call->fd =
        socket(call->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0) {
        return errno;
    }
    if (connect(call->fd, (struct sockaddr *)&call->address, call->address_len)
            < 0
        && errno != EINPROGRESS) {
        return errno;
    }
    return 0;
}

/* ---- by TCP ---- */

static apr_status_t start_tcp(acme_dns_call_t *call, apr_time_t now)
{
    int error = open_socket(call, SOCK_STREAM);

    call->phase = CONNECTING;
    call->until = now + ACME_DNS_CALL_TCP;
    call->len = PREFIX + call->message->len;
    call->done = 0;
    call->bytes = apr_palloc(call->p, call->len);
    call->bytes[0] = (unsigned char)(call->message->len >> 8);
    call->bytes[1] = (unsigned char)(call->message->len & 0xff);
    memcpy(call->bytes + PREFIX, call->message->bytes, call->message->len);
    if (error) {
        complain(call, "TCP", error);
        return APR_FROM_OS_ERROR(error);
    }
    return APR_EAGAIN;
}

static apr_status_t fail_tcp(acme_dns_call_t *call)
{
    int error = errno;

    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR
        || error == ENOTCONN || error == EINPROGRESS) {
        return APR_EAGAIN;
    }
    complain(call, "TCP", error);
    return APR_FROM_OS_ERROR(error);
}

static apr_status_t send_tcp(acme_dns_call_t *call)
{
    ssize_t n = send(call->fd, call->bytes + call->done, call->len - call->done,
                     MSG_NOSIGNAL);

    if (n < 0) {
        return fail_tcp(call);
    }
    call->phase = SENDING;
    call->done += (apr_size_t)n;
    if (call->done == call->len) {
        call->phase = READING;
        call->bytes = apr_palloc(call->p, PREFIX + TCP_MAX);
        call->len = PREFIX;
        call->done = 0;
    }
    return APR_EAGAIN;
}

static apr_status_t read_tcp(acme_dns_call_t *call)
{
    ssize_t n =
        recv(call->fd, call->bytes + call->done, call->len - call->done, 0);

    if (n < 0) {
        return fail_tcp(call);
    }
    if (n == 0) {
        if (!call->complaint) {
            call->complaint = "no whole reply: it has closed the connection";
        }
        return APR_EOF;
    }
    call->done += (apr_size_t)n;
    if (call->done == PREFIX) {
        call->len = PREFIX + ((apr_size_t)call->bytes[0] << 8 | call->bytes[1]);
    }
    return call->done == call->len ? APR_SUCCESS : APR_EAGAIN;
}

static apr_status_t poll_tcp(acme_dns_call_t *call, acme_dns_reply_t *reply,
                             apr_time_t now, acme_problem_t *problem,
                             apr_pool_t *p)
{
    apr_status_t rv = APR_EAGAIN;
    phase_e phase;
    apr_size_t done;

    do {
        phase = call->phase;
        done = call->done;
        rv = phase == READING ? read_tcp(call) : send_tcp(call);
    } while (APR_STATUS_IS_EAGAIN(rv)
             && (phase != call->phase || done != call->done));
    if (rv == APR_SUCCESS) {
        rv = acme_dns_message_read(reply, call->message, call->bytes + PREFIX,
                                   call->len - PREFIX, problem, p);
        if (rv == APR_SUCCESS && !reply->cut) {
            return rv;
        }
        call->complaint = rv == APR_SUCCESS
                              ? "a cut reply by TCP"
                              : apr_pstrdup(call->p, problem->detail);
        rv = APR_EINVAL;
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        if (now < call->until) {
            return rv;
        }
        rv = APR_TIMEUP;
    }
    close_socket(call);
    return give_up(call, rv, problem, p);
}

/* ---- by UDP ---- */

static void send_udp(acme_dns_call_t *call, apr_time_t now)
{
    ++call->tries;
    call->until = now + call->tries * ACME_DNS_CALL_WAIT;
    if (send(call->fd, call->message->bytes, call->message->len, MSG_NOSIGNAL)
        < 0) {
        complain(call, "UDP", errno);
        call->until = now + ACME_DNS_CALL_REFUSED;
    }
}

/* Reads what has come. APR_EAGAIN: nothing that can be used. */
static apr_status_t read_udp(acme_dns_call_t *call, acme_dns_reply_t *reply,
                             apr_time_t now, acme_problem_t *problem,
                             apr_pool_t *p)
{
    unsigned char bytes[UDP_MAX];
    ssize_t n;
    int i;

    for (i = 0; i < READS_MOST; ++i) {
        n = recv(call->fd, bytes, sizeof(bytes), 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (n < 0) {
            complain(call, "UDP", errno);
            if (call->until > now + ACME_DNS_CALL_REFUSED) {
                call->until = now + ACME_DNS_CALL_REFUSED;
            }
            break;
        }
        if (acme_dns_message_read(reply, call->message, bytes, (apr_size_t)n,
                                  problem, p)
            == APR_SUCCESS) {
            return APR_SUCCESS;
        }
        call->complaint = apr_pstrdup(call->p, problem->detail);
    }
    return APR_EAGAIN;
}

apr_status_t acme_dns_call_poll(acme_dns_call_t *call, acme_dns_reply_t *reply,
                                apr_time_t now, acme_problem_t *problem,
                                apr_pool_t *p)
{
    if (call->phase != BY_UDP) {
        return poll_tcp(call, reply, now, problem, p);
    }
    if (read_udp(call, reply, now, problem, p) == APR_SUCCESS) {
        if (!reply->cut) {
            close_socket(call);
            return APR_SUCCESS;
        }
    }
    else if (now < call->until) {
        return APR_EAGAIN;
    }
    else if (call->tries < ACME_DNS_CALL_TRIES) {
        send_udp(call, now);
        return APR_EAGAIN;
    }
    if (!APR_STATUS_IS_EAGAIN(start_tcp(call, now))) {
        close_socket(call);
        return give_up(call, APR_EGENERAL, problem, p);
    }
    return APR_EAGAIN;
}

apr_status_t acme_dns_call_start(acme_dns_call_t **call,
                                 const acme_dns_server_t *server,
                                 const acme_dns_message_t *message,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *p)
{
    acme_dns_call_t *made = apr_pcalloc(p, sizeof(*made));
    struct addrinfo hints, *found = NULL;
    int error;

    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    made->label = acme_dns_call_address(server->address, server->port, p);
    made->message = message;
    made->fd = -1;
    made->p = p;
    apr_pool_cleanup_register(p, made, clean, apr_pool_cleanup_null);
    error =
        getaddrinfo(server->address, apr_itoa(p, server->port), &hints, &found);
    if (error || !found) {
        return acme_problem_set(
            problem, APR_EINVAL, ACME_RETRY_CONFIG, ACME_PROBLEM_DNS_UPDATE, p,
            "%s is no address of a name server", made->label);
    }
    memcpy(&made->address, found->ai_addr, found->ai_addrlen);
    made->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    error = open_socket(made, SOCK_DGRAM);
    if (error) {
        complain(made, "UDP", error);
        return give_up(made, APR_FROM_OS_ERROR(error), problem, p);
    }
    send_udp(made, now);
    *call = made;
    return APR_SUCCESS;
}
