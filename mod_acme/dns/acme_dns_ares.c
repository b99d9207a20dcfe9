/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_ares.h"

#include "config.h"

#ifdef HAVE_LIBCARES

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <ares.h>

#include "acme_dns_packet.h"
#include "acme_sigpipe.h"

/* Tries of each server. */
#define TRIES 2

/* EDNS: an answer of this size is not fragmented on its way. */
#define UDP_SIZE 1232

/* Most sockets of a channel that are looked at: one for UDP and one for TCP of
 * each server, and there are few servers. */
#define MOST_SOCKETS 32

typedef struct client_t client_t;

/* A question whose `done` is outstanding. */
typedef struct query_t {
    client_t *client;
    const acme_dns_question_t *question;
    acme_dns_done_fn *done;
    void *baton;
    apr_uint64_t serial;
    ares_channel channel; /* NULL: it waits, or it has ended */
    struct pollfd sockets[MOST_SOCKETS];
    int n_sockets;
    apr_time_t until;  /* when it fails; 0: it waits */
    int is_plain;      /* the first answer counts, also one that is an error */
    int is_over;       /* to be delivered */
    int status;        /* of c-ares */
    const char *wrong; /* what is wrong with the question, or NULL */
    const unsigned char *packet;
    apr_size_t len;
    apr_pool_t *p;
} query_t;

struct client_t {
    acme_dns_t dns;
    acme_dns_ares_config_t config;
    apr_array_header_t *queries; /* query_t *, oldest first */
    apr_uint64_t next_serial;
    apr_pool_t *p;
};

static query_t *query_at(const client_t *client, int i)
{
    return APR_ARRAY_IDX(client->queries, i, query_t *);
}

/* ---- one channel ---- */

/* Told by c-ares which sockets it waits for. */
static void socket_changed(void *baton, ares_socket_t fd, int reads, int writes)
{
    query_t *query = baton;
    acme_http_t *http = query->client->config.http;
    int i = 0;

    if (http) {
        http->watch(http, fd,
                    (reads ? ACME_HTTP_READ : 0)
                        | (writes ? ACME_HTTP_WRITE : 0));
    }
    while (i < query->n_sockets && query->sockets[i].fd != fd) {
        ++i;
    }
    if (!reads && !writes) {
        if (i < query->n_sockets) {
            query->sockets[i] = query->sockets[--query->n_sockets];
        }
        return;
    }
    if (i == MOST_SOCKETS) {
        return; /* its question fails when its time is over */
    }
    query->sockets[i].fd = fd;
    query->sockets[i].events =
        (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    if (i == query->n_sockets) {
        ++query->n_sockets;
    }
}

/* Told by c-ares how a question has ended. */
static void arrived(void *baton, int status, int timeouts,
                    unsigned char *packet, int len)
{
    query_t *query = baton;

    (void)timeouts;
    query->is_over = 1;
    query->status = status;
    query->packet = NULL;
    if (packet && len > 0) {
        query->packet = apr_pmemdup(query->p, packet, (apr_size_t)len);
        query->len = (apr_size_t)len;
    }
}

#if ARES_VERSION >= 0x011c00 /* 1.28 */

static void arrived_read(void *baton, ares_status_t status, size_t timeouts,
                         const ares_dns_record_t *answer)
{
    unsigned char *packet = NULL;
    size_t len = 0;

    (void)timeouts;
    if (answer && ares_dns_write(answer, &packet, &len) != ARES_SUCCESS) {
        packet = NULL;
    }
    arrived(baton, (int)status, 0, packet, packet ? (int)len : 0);
    ares_free_string(packet);
}

static void send_question(query_t *query)
{
    ares_status_t status = ares_query_dnsrec(
        query->channel, query->question->name, ARES_CLASS_IN,
        (ares_dns_rec_type_t)query->question->type, arrived_read, query, NULL);

    if (status != ARES_SUCCESS && !query->is_over) {
        arrived(query, (int)status, 0, NULL, 0);
    }
}

#else

static void send_question(query_t *query)
{
    ares_query(query->channel, query->question->name, 1,
               (int)query->question->type, arrived, query);
}

#endif

/* Returns the port at which the servers that are configured have that address;
 * else the one of the DNS. */
static int port_of(const client_t *client, const char *address, apr_pool_t *p)
{
    const apr_array_header_t *servers = client->config.servers;
    const char *known;
    int i, port;

    for (i = 0; servers && i < servers->nelts; ++i) {
        if (acme_dns_address_parse(&known, &port,
                                   APR_ARRAY_IDX(servers, i, const char *), p)
                == APR_SUCCESS
            && port && strcmp(known, address) == 0) {
            return port;
        }
    }
    return 53;
}

/* Returns addresses in the form that c-ares takes, or NULL. */
static const char *list_servers(const client_t *client,
                                const apr_array_header_t *servers,
                                apr_pool_t *p)
{
    const char *list = NULL, *address;
    int i, port;

    for (i = 0; i < servers->nelts; ++i) {
        if (acme_dns_address_parse(&address, &port,
                                   APR_ARRAY_IDX(servers, i, const char *), p)
            != APR_SUCCESS) {
            return NULL;
        }
        port = port ? port : port_of(client, address, p);
        list =
            apr_psprintf(p, strchr(address, ':') ? "%s%s[%s]:%d" : "%s%s%s:%d",
                         list ? list : "", list ? "," : "", address, port);
    }
    return list;
}

/* Returns the servers that a question names, or those that are configured; NULL
 * for those of the machine. */
static const apr_array_header_t *servers_of(const query_t *query)
{
    const apr_array_header_t *servers = query->question->servers;

    if (!servers) {
        servers = query->client->config.servers;
        servers = servers && servers->nelts > 0 ? servers : NULL;
    }
    return servers;
}

static void close_channel(query_t *query)
{
    int is_over = query->is_over, status = query->status;
    const unsigned char *packet = query->packet;

    if (query->channel) {
        ares_destroy(query->channel);
        query->channel = NULL;
    }
    /* c-ares has said that the question has ended by this. */
    query->is_over = is_over;
    query->status = status;
    query->packet = packet;
}

static int open_channel(query_t *query)
{
    const apr_array_header_t *servers = servers_of(query);
    struct ares_options options;
    const char *list;

    memset(&options, 0, sizeof(options));
    options.flags = ARES_FLAG_NOALIASES | ARES_FLAG_EDNS
                    | (query->question->servers ? ARES_FLAG_NORECURSE : 0)
                    | (query->is_plain ? ARES_FLAG_NOCHECKRESP : 0);
    options.timeout = (int)apr_time_as_msec(query->client->config.try);
    options.tries = TRIES;
    options.ednspsz = UDP_SIZE;
    options.sock_state_cb = socket_changed;
    options.sock_state_cb_data = query;
    query->status =
        ares_init_options(&query->channel, &options,
                          ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES
                              | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB);
    if (query->status != ARES_SUCCESS) {
        query->channel = NULL;
        return 0;
    }
    if (!servers) {
        return 1;
    }
    list = list_servers(query->client, servers, query->p);
    if (!list) {
        query->wrong = "has no valid address of a server";
        return 0;
    }
    query->status = ares_set_servers_ports_csv(query->channel, list);
    return query->status == ARES_SUCCESS;
}

/* Names what is no name of the DNS, because c-ares would search for it in its
 * own way. */
static const char *wrong_with(const char *name)
{
    apr_size_t len = strlen(name), label = 0;
    const char *at;

    for (at = name; *at; ++at) {
        label = *at == '.' ? 0 : label + 1;
        if (label > 63 || (*at == '.' && (at == name || at[-1] == '.'))
            || *at == '\\' || !apr_isgraph(*at)) {
            return "is about no valid name";
        }
    }
    return len == 0 || len > 253 ? "is about no valid name" : NULL;
}

static void begin(query_t *query)
{
    query->until = acme_time_now(query->client->config.clock)
                   + query->client->config.limit;
    query->is_plain =
        query->question->servers && query->question->servers->nelts == 1;
    query->wrong = wrong_with(query->question->name);
    if (query->wrong || !open_channel(query)) {
        query->is_over = 1;
        return;
    }
    send_question(query);
}

/* Returns non-zero for a failure of which c-ares does not tell the reason,
 * although servers have answered. */
static int is_unexplained(const query_t *query)
{
    return query->is_over && !query->packet && !query->is_plain
           && (query->status == ARES_ECONNREFUSED
               || query->status == ARES_ESERVFAIL
               || query->status == ARES_EREFUSED
               || query->status == ARES_ENOTIMP);
}

/* Asks once more, taking the first answer, errors too. */
static void ask_for_reason(query_t *query)
{
    close_channel(query);
    query->is_over = 0;
    query->is_plain = 1;
    if (!open_channel(query)) {
        query->is_over = 1;
        return;
    }
    send_question(query);
}

static int is_open(const query_t *query, int fd)
{
    int i;

    for (i = 0; i < query->n_sockets; ++i) {
        if (query->sockets[i].fd == fd) {
            return 1;
        }
    }
    return 0;
}

/* Reads and writes what is ready, and does what is due. */
static void move(query_t *query)
{
    struct pollfd sockets[MOST_SOCKETS];
    int i, n = query->n_sockets;

    memcpy(sockets, query->sockets, sizeof(sockets[0]) * (apr_size_t)n);
    if (n > 0 && poll(sockets, (nfds_t)n, 0) > 0) {
        for (i = 0; i < n && !query->is_over; ++i) {
            int fd = sockets[i].fd, ready = sockets[i].revents;

            if (ready && is_open(query, fd)) {
                ares_process_fd(query->channel,
                                ready & ~POLLOUT ? fd : ARES_SOCKET_BAD,
                                ready & POLLOUT ? fd : ARES_SOCKET_BAD);
            }
        }
    }
    if (!query->is_over) {
        ares_process_fd(query->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
}

/* ---- the end of a question ---- */

static const char *whom(const query_t *query, apr_pool_t *p)
{
    const apr_array_header_t *servers = servers_of(query);

    return servers ? apr_array_pstrcat(p, servers, ',')
                   : "the resolvers of this machine";
}

/* Tells why there is no answer. */
static void explain(acme_problem_t *problem, const query_t *query,
                    const char *wrong, apr_pool_t *p)
{
    const acme_dns_question_t *question = query->question;
    const char *type = acme_dns_type_name(question->type);
    const char *why;

    if (wrong) {
        why =
            apr_pstrcat(p, "the answer of ", whom(query, p), " ", wrong, NULL);
    }
    else if (query->wrong) {
        why = apr_pstrcat(p, "the question ", query->wrong, NULL);
    }
    else if (query->status == ARES_ETIMEOUT) {
        why = apr_pstrcat(p, "no answer of ", whom(query, p), NULL);
    }
    else {
        why = apr_pstrcat(p, whom(query, p), ": ", ares_strerror(query->status),
                          NULL);
    }
    (void)acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                           ACME_PROBLEM_DNS, p,
                           "the %s records of %s cannot be looked up: %s", type,
                           question->name, why);
}

static void take_out(client_t *client, const query_t *query)
{
    int i, n = 0;

    for (i = 0; i < client->queries->nelts; ++i) {
        if (query_at(client, i) != query) {
            APR_ARRAY_IDX(client->queries, n++, query_t *) =
                query_at(client, i);
        }
    }
    client->queries->nelts = n;
}

static void log_end(const query_t *query, const acme_dns_answer_t *answer)
{
    static const char *const outcomes[] = {"found", "no such record",
                                           "no such name", "failed"};

    acme_log(query->client->config.log, ACME_LOG_TRACE, 0,
             ACME_TAG(0640) "dns: %s %s: %s%s%s", query->question->name,
             acme_dns_type_name(query->question->type),
             outcomes[answer->outcome], answer->problem ? ": " : "",
             answer->problem ? acme_problem_text(answer->problem, answer->p)
                             : "");
}

/* Gives the answer to who has asked. The question is gone before, because that
 * may ask and cancel. */
static void deliver(query_t *query, const acme_problem_t *failure)
{
    acme_problem_t problem = ACME_PROBLEM_INIT, unread = ACME_PROBLEM_INIT;
    acme_dns_answer_t answer;

    close_channel(query);
    take_out(query->client, query);
    memset(&answer, 0, sizeof(answer));
    answer.p = query->p;
    if (failure) {
        problem = *failure;
    }
    else if (!query->packet) {
        explain(&problem, query, NULL, query->p);
    }
    else if (acme_dns_packet_read(&answer, query->question, query->packet,
                                  query->len, &unread, query->p)
             != APR_SUCCESS) {
        explain(&problem, query, unread.detail, query->p);
    }
    if (problem.rv != APR_SUCCESS) {
        answer.outcome = ACME_DNS_FAILED;
        answer.authoritative = 0;
        answer.records = apr_array_make(query->p, 1, sizeof(acme_dns_record_t));
        answer.problem = &problem;
    }
    log_end(query, &answer);
    query->done(query->baton, &answer);
    apr_pool_destroy(query->p);
}

/* ---- the client ---- */

static void dns_ask(acme_dns_t *dns, const acme_dns_question_t *question,
                    acme_dns_done_fn *done, void *baton)
{
    client_t *client = dns->self;
    apr_pool_t *p;
    query_t *query;

    apr_pool_create(&p, client->p);
    apr_pool_tag(p, "acme_dns_question");
    query = apr_pcalloc(p, sizeof(*query));
    query->client = client;
    query->question = question;
    query->done = done;
    query->baton = baton;
    query->serial = client->next_serial++;
    query->p = p;
    APR_ARRAY_PUSH(client->queries, query_t *) = query;
}

/* Begins as many questions as may be asked at once. */
static void begin_some(client_t *client)
{
    int i, n = 0;

    for (i = 0; i < client->queries->nelts && n < ACME_DNS_ARES_MOST; ++i) {
        query_t *query = query_at(client, i);

        if (query->until == 0) {
            begin(query);
        }
        n += !query->is_over;
    }
}

static void move_all(client_t *client)
{
    apr_time_t now = acme_time_now(client->config.clock);
    int i;

    for (i = 0; i < client->queries->nelts; ++i) {
        query_t *query = query_at(client, i);

        if (query->channel && !query->is_over) {
            move(query);
        }
        if (is_unexplained(query)) {
            ask_for_reason(query);
        }
        if (query->channel && !query->is_over && now >= query->until) {
            query->status = ARES_ETIMEOUT;
            query->is_over = 1;
        }
    }
}

/* Delivers what has ended. Questions that `done` asks meanwhile wait for the
 * next run. */
static int deliver_all(client_t *client)
{
    apr_uint64_t before = client->next_serial;
    int i = 0, ended = 0;

    while (i < client->queries->nelts && query_at(client, i)->serial < before) {
        if (!query_at(client, i)->is_over) {
            ++i;
            continue;
        }
        deliver(query_at(client, i), NULL);
        ++ended;
        i = 0;
    }
    return ended;
}

/* Returns when a question has to be looked at again. */
static apr_time_t next_of(const query_t *query, apr_time_t now)
{
    struct timeval buffer;
    const struct timeval *left;
    apr_time_t at = query->until;

    if (query->is_over) {
        return now;
    }
    left = query->channel ? ares_timeout(query->channel, NULL, &buffer) : NULL;
    if (left) {
        apr_time_t next =
            now + apr_time_from_sec(left->tv_sec) + left->tv_usec + 1;

        at = next < at ? next : at;
    }
    return at;
}

static apr_time_t dns_run(acme_dns_t *dns)
{
    client_t *client = dns->self;
    apr_time_t now, at = 0;
    acme_sigpipe_t held;
    int i;

    acme_sigpipe_hold(&held);
    begin_some(client);
    move_all(client);
    if (deliver_all(client) > 0) {
        begin_some(client);
    }
    acme_sigpipe_release(&held);
    now = acme_time_now(client->config.clock);
    for (i = 0; i < client->queries->nelts; ++i) {
        const query_t *query = query_at(client, i);

        if (query->until != 0) {
            apr_time_t next = next_of(query, now);

            at = at == 0 || next < at ? next : at;
        }
    }
    return at;
}

static int dns_pending(acme_dns_t *dns)
{
    const client_t *client = dns->self;

    return client->queries->nelts;
}

static void dns_cancel(acme_dns_t *dns, const void *baton)
{
    client_t *client = dns->self;
    apr_uint64_t before = client->next_serial;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    query_t *query;
    int i = 0;

    while (i < client->queries->nelts) {
        query = query_at(client, i);
        if (query->serial >= before) {
            return;
        }
        if (baton && query->baton != baton) {
            ++i;
            continue;
        }
        (void)acme_problem_set(
            &problem, APR_EINTR, ACME_RETRY_NOW, ACME_PROBLEM_STOPPED, query->p,
            "the question for the %s records of %s was "
            "cancelled",
            acme_dns_type_name(query->question->type), query->question->name);
        deliver(query, &problem);
        i = 0;
    }
}

static apr_status_t cleanup(void *data)
{
    const client_t *client = data;
    acme_sigpipe_t held;
    int i;

    acme_sigpipe_hold(&held);
    for (i = 0; i < client->queries->nelts; ++i) {
        close_channel(query_at(client, i));
    }
    acme_sigpipe_release(&held);
    ares_library_cleanup();
    return APR_SUCCESS;
}

apr_status_t acme_dns_ares_create(acme_dns_t **dns,
                                  const acme_dns_ares_config_t *config,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    client_t *client;
    int status = ares_library_init(ARES_LIB_INIT_ALL);

    *dns = NULL;
    if (status != ARES_SUCCESS) {
        return acme_problem_set(
            problem, APR_EGENERAL, ACME_RETRY_INTERNAL, ACME_PROBLEM_DNS, p,
            "c-ares cannot be set up: %s", ares_strerror(status));
    }
    client = apr_pcalloc(p, sizeof(*client));
    client->config = *config;
    if (client->config.limit <= 0) {
        client->config.limit = ACME_DNS_ARES_LIMIT;
    }
    if (client->config.try <= 0) {
        client->config.try = ACME_DNS_ARES_TRY;
    }
    apr_pool_create(&client->p, p);
    apr_pool_tag(client->p, "acme_dns_ares");
    client->queries = apr_array_make(client->p, 16, sizeof(query_t *));
    /* Before the pools of the questions, which it still needs. */
    apr_pool_pre_cleanup_register(client->p, client, cleanup);
    client->dns.self = client;
    client->dns.ask = dns_ask;
    client->dns.run = dns_run;
    client->dns.pending = dns_pending;
    client->dns.cancel = dns_cancel;
    *dns = &client->dns;
    return APR_SUCCESS;
}

#else

apr_status_t acme_dns_ares_create(acme_dns_t **dns,
                                  const acme_dns_ares_config_t *config,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    (void)config;
    (void)problem;
    (void)p;
    *dns = NULL;
    return APR_SUCCESS;
}

#endif
