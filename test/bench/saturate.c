/* SPDX-License-Identifier: Apache-2.0 */

/* Measures how many certificates a CA can issue, with a client that does
 * nothing else: all certificates have the same key, nothing is stored,
 * challenges are answered from memory, and polls come quickly whatever the CA
 * says.
 *
 *     saturate DIRECTORY CA-FILE HTTP-PORT PARALLEL POLL-MS < names
 *
 * prints "seconds certificates failures client-CPU-seconds". */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_account.h"
#include "acme_csr.h"
#include "acme_http_curl.h"
#include "acme_issue.h"

/* If no order ends for so long the CA has stopped answering. */
#define STALLED apr_time_from_sec(20)

#define CHALLENGE_PATH "/.well-known/acme-challenge/"

typedef struct task_t {
    struct run_t *run;
    acme_issue_config_t config;
    acme_issue_t *issue;
    apr_pool_t *p;
    int busy;
} task_t;

typedef struct run_t {
    apr_pool_t *p;
    acme_http_t *http;
    acme_client_t *client;
    acme_key_t *key;
    const apr_array_header_t *types;
    apr_array_header_t *names;
    apr_interval_time_t poll;
    int next;
    int done;
    int failed;
    apr_time_t moved;
} run_t;

static void die(const char *what, const acme_problem_t *problem, apr_pool_t *p)
{
    fprintf(stderr, "saturate: %s: %s\n", what,
            problem ? acme_problem_text(problem, p) : "failed");
    exit(1);
}

/* ---- answers to challenges, all alike ---- */

typedef struct responder_t {
    int fd;
    const char *thumbprint;
} responder_t;

static void respond(int fd, const char *thumbprint)
{
    char request[4096], answer[1024];
    size_t len = 0;
    const char *token;
    int size;

    while (len < sizeof(request) - 1) {
        ssize_t got = read(fd, request + len, sizeof(request) - 1 - len);

        if (got <= 0) {
            return;
        }
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n")) {
            break;
        }
    }
    token = strstr(request, CHALLENGE_PATH);
    if (!token) {
        return;
    }
    token += strlen(CHALLENGE_PATH);
    size = (int)strcspn(token, " ?\r\n");
    len = (size_t)snprintf(answer, sizeof(answer),
                           "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                           "Content-Length: %d\r\n\r\n%.*s.%s",
                           size + 1 + (int)strlen(thumbprint), size, token,
                           thumbprint);
    if (write(fd, answer, len) < 0) {
        perror("saturate");
    }
}

static void *serve(void *baton)
{
    const responder_t *responder = baton;

    for (;;) {
        int fd = accept(responder->fd, NULL, NULL);

        if (fd >= 0) {
            respond(fd, responder->thumbprint);
            close(fd);
        }
    }
    return NULL;
}

static void start_responder(responder_t *responder, int port)
{
    struct sockaddr_in address;
    pthread_t thread;
    int one = 1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    responder->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(responder->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(responder->fd, (struct sockaddr *)&address, sizeof(address))
        || listen(responder->fd, 1024)
        || pthread_create(&thread, NULL, serve, responder)) {
        perror("saturate");
        exit(1);
    }
}

/* ---- orders ---- */

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    task_t *task = baton;

    task->busy = 0;
    acme_issue_answer(task->issue, rv, answer, problem, apr_time_now());
}

static void launch(run_t *run, task_t *task)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_issue_config_t *config = &task->config;
    apr_array_header_t *names;
    apr_pool_t *p;

    apr_pool_create(&p, run->p);
    names = apr_array_make(p, 1, sizeof(const char *));
    memset(task, 0, sizeof(*task));
    APR_ARRAY_PUSH(names, const char *) =
        APR_ARRAY_IDX(run->names, run->next++, const char *);
    task->run = run;
    task->p = p;
    config->name = APR_ARRAY_IDX(names, 0, const char *);
    config->new_order_url = acme_client_directory_get(run->client)->new_order;
    config->names = names;
    config->challenge_types = run->types;
    config->signer = acme_client_signer(run->client);
    config->poll_min = run->poll;
    config->poll_max = run->poll;
    if (acme_csr_create(&config->csr, run->key, names, 0, &problem, p)) {
        die(config->name, &problem, p);
    }
    task->issue = acme_issue_create(config, NULL, apr_time_now(), p);
}

static void land(run_t *run, task_t *task, const acme_issue_action_t *action)
{
    if (action->type == ACME_ACTION_DONE) {
        run->done++;
    }
    else {
        run->failed++;
        fprintf(stderr, "saturate: %s\n",
                acme_problem_text(action->problem, task->p));
    }
    run->moved = apr_time_now();
    apr_pool_destroy(task->p);
    memset(task, 0, sizeof(*task));
}

/* Returns the time at which the task goes on by itself; 0: it has ended. */
static apr_time_t step(run_t *run, task_t *task)
{
    for (;;) {
        const acme_issue_action_t *action = acme_issue_action(task->issue);
        apr_time_t now = apr_time_now();

        switch (action->type) {
        case ACME_ACTION_POST:
            task->busy = 1;
            acme_client_post(run->client, action->url, action->payload,
                             action->repeatable, answered, task);
            return APR_INT64_MAX;
        case ACME_ACTION_PRESENT:
        case ACME_ACTION_CLEANUP:
            acme_issue_solved(task->issue, APR_SUCCESS, NULL, now);
            break;
        case ACME_ACTION_WAIT:
            if (action->until > now) {
                return action->until;
            }
            acme_issue_timer(task->issue, now);
            break;
        case ACME_ACTION_DONE:
        case ACME_ACTION_FAILED:
            land(run, task, action);
            return 0;
        }
    }
}

static void issue_all(run_t *run, int parallel)
{
    task_t *tasks = apr_pcalloc(run->p, sizeof(*tasks) * (apr_size_t)parallel);
    int flying, i;

    run->moved = apr_time_now();
    do {
        apr_time_t now = apr_time_now(), first = now + apr_time_from_sec(1);

        flying = 0;
        for (i = 0; i < parallel; i++) {
            task_t *task = &tasks[i];
            apr_time_t at = APR_INT64_MAX;

            if (!task->issue && run->next < run->names->nelts) {
                launch(run, task);
            }
            if (task->issue && !task->busy) {
                at = step(run, task);
            }
            flying += task->issue != NULL;
            first = at < first ? at : first;
        }
        now = apr_time_now();
        if (now - run->moved > STALLED) {
            fprintf(stderr, "saturate: the CA has stopped answering\n");
            exit(3);
        }
        run->http->run(run->http, first > now ? first - now : 0);
    } while (flying > 0 || run->next < run->names->nelts);
}

static void registered(void *baton, apr_status_t rv, const char *url,
                       const acme_problem_t *problem)
{
    run_t *run = baton;

    (void)url;
    if (rv != APR_SUCCESS) {
        die("account", problem, run->p);
    }
    run->moved = 1;
}

static void open_client(run_t *run, const char *directory, const char *ca_file)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_http_curl_config_t curl = {0};
    static const acme_key_spec_t kind = {ACME_KEY_P256, 0};
    acme_account_request_t request;
    acme_jws_signer_t *signer;

    curl.user_agent = "saturate";
    if (acme_http_curl_global_init()
        || acme_http_curl_create(&run->http, &curl, &acme_time_system_clock,
                                 NULL, &problem, run->p)
        || acme_key_generate(&run->key, &kind, NULL, NULL, &problem, run->p)
        || acme_jws_signer_create(&signer, run->key, &problem, run->p)) {
        die("set-up", &problem, run->p);
    }
    run->client = acme_client_create(directory, run->http,
                                     &acme_time_system_clock, NULL, run->p);
    acme_client_trust(run->client, ca_file);
    acme_client_identify(run->client, signer, NULL);
    request.contacts = apr_array_make(run->p, 1, sizeof(const char *));
    request.agreed = 1;
    acme_account_ensure(run->client, &request, registered, run);
    while (!run->moved) {
        run->http->run(run->http, apr_time_from_sec(1));
    }
    /* Another key than the account's, because the CA refuses a certificate for
     * that. */
    if (acme_key_generate(&run->key, &kind, NULL, NULL, &problem, run->p)) {
        die("key", &problem, run->p);
    }
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, const char *const *argv)
{
    static responder_t responder;
    run_t run;
    char name[300];
    apr_array_header_t *types;
    apr_time_t begun;
    const char *token;
    double cpu;

    if (argc != 6) {
        fprintf(stderr,
                "saturate DIRECTORY CA-FILE HTTP-PORT PARALLEL POLL-MS\n");
        return 2;
    }
    apr_initialize();
    memset(&run, 0, sizeof(run));
    apr_pool_create(&run.p, NULL);
    run.poll = apr_time_from_msec(atoi(argv[5]));
    run.names = apr_array_make(run.p, 64, sizeof(const char *));
    while (fgets(name, sizeof(name), stdin)) {
        name[strcspn(name, "\n")] = '\0';
        APR_ARRAY_PUSH(run.names, const char *) = apr_pstrdup(run.p, name);
    }
    types = apr_array_make(run.p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    run.types = types;
    open_client(&run, argv[1], argv[2]);
    token =
        acme_jws_key_authorization(acme_client_signer(run.client), "t", run.p);
    responder.thumbprint = token + 2;
    start_responder(&responder, atoi(argv[3]));

    cpu = cpu_seconds();
    begun = apr_time_now();
    issue_all(&run, atoi(argv[4]));
    printf("%.3f %d %d %.3f\n", (double)(apr_time_now() - begun) / 1e6,
           run.done, run.failed, cpu_seconds() - cpu);
    return 0;
}
