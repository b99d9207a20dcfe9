/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ctl_result.h"

#define LOOK_AGAIN apr_time_from_msec(300)
/* After the worker's child was killed, mod_watchdog begins another one within
 * ten seconds. */
#define ABSENCE apr_time_from_sec(15)
/* Between two generations of children nothing seems to run for as long as httpd
 * takes to notice that the old child has ended. */
#define PATIENCE apr_time_from_sec(3)

/* Says why nobody does what is asked: there is no server, or it cannot. */
static void say_unattended(const acmectl_t *ctl)
{
    acme_judgement_server_t server;
    acme_judgement_t judgement;

    acmectl_server(&server, ctl);
    if (server.absent && !server.stopped) {
        acmectl_io_say("no server is running with this store, and only a "
                       "server speaks to a CA: start it (apachectl start)");
        return;
    }
    if (!server.stopped) {
        server.stopped = "its worker does not run; the error log says why";
        server.stop_fix = "apachectl graceful";
    }
    acme_judgement_of_server(&judgement, &server, ctl->p);
    acmectl_io_say("%s: %s",
                   server.absent ? "no server is running with this store"
                                 : "a server is running with this store",
                   judgement.what);
    acmectl_io_say("what to do: %s",
                   judgement.mend ? judgement.mend : "apachectl graceful");
}

/* Returns zero, after saying why, when the worker runs and cannot order. */
static int can_order(const acmectl_t *ctl)
{
    acme_judgement_server_t server;

    acmectl_server(&server, ctl);
    if (!server.store_fails) {
        return 1;
    }
    say_unattended(ctl);
    return 0;
}

/* Returns non-zero when a server runs, and nothing is known that keeps its
 * worker from beginning. */
static int may_come(const acmectl_t *ctl)
{
    acme_judgement_server_t server;

    acmectl_server(&server, ctl);
    return !server.absent && !server.stopped;
}

int acmectl_follow_attended(const acmectl_t *ctl)
{
    apr_time_t begun = apr_time_now(), left;

    do {
        if (ctl->ctl_requests && acme_ctl_request_attended(ctl->ctl_requests)) {
            return can_order(ctl);
        }
        apr_sleep(LOOK_AGAIN);
        left = begun + (may_come(ctl) ? ABSENCE : PATIENCE) - apr_time_now();
    } while (ctl->ctl_requests && left > 0);
    say_unattended(ctl);
    return 0;
}

const char *acmectl_follow(const acmectl_t *ctl, acmectl_follow_fn *look,
                           void *baton)
{
    apr_time_t begun = apr_time_now(), seen = begun, now = begun;
    const char *line, *why = NULL;
    apr_pool_t *p;
    int over = 0;

    apr_pool_create(&p, ctl->p);
    while (!over && !why) {
        apr_pool_clear(p);
        line = NULL;
        over = look(baton, &line, p);
        if (line && !over) {
            acmectl_io_progress(line);
        }
        now = apr_time_now();
        if (acme_ctl_request_attended(ctl->ctl_requests)) {
            seen = now;
        }
        if (now - begun >= ctl->timeout) {
            why = "still under way: the server goes on with it";
        }
        else if (now - seen > ABSENCE) {
            why = "the server is not running any more";
        }
        else if (!over) {
            apr_sleep(LOOK_AGAIN);
        }
    }
    apr_pool_destroy(p);
    return over ? NULL : why;
}

/* ---- control results ---- */

typedef struct waiting_t {
    const acmectl_t *ctl;
    const acme_ctl_request_t *request;
    acme_ctl_result_t result;
} waiting_t;

static int look(void *baton, const char **line, apr_pool_t *p)
{
    waiting_t *waiting = baton;
    const acmectl_t *ctl = waiting->ctl;

    *line = "waiting for the server";
    /* Use the caller's pool, because the strings are returned; there are few of
     * them. */
    (void)p;
    return acme_ctl_result_get(&waiting->result, ctl->vault, waiting->request,
                               ctl->p)
           == APR_SUCCESS;
}

int acmectl_follow_result(const acmectl_t *ctl, acme_ctl_request_t *request,
                          const char **url, const acme_problem_t **problem)
{
    acme_problem_t *own = apr_pcalloc(ctl->p, sizeof(*own));
    waiting_t waiting;
    const char *why;

    memset(&waiting, 0, sizeof(waiting));
    waiting.ctl = ctl;
    waiting.request = request;
    *problem = own;
    if (acme_ctl_request_put(ctl->ctl_requests, request, own, ctl->p)) {
        return 0;
    }
    why = acmectl_follow(ctl, look, &waiting);
    if (why) {
        acme_problem_set(own, APR_TIMEUP, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_TIMEOUT, ctl->p, "%s", why);
        own->to_fix = NULL;
        return 0;
    }
    acme_ctl_request_remove(ctl->ctl_requests, request, ctl->p);
    if (url) {
        *url = waiting.result.url;
    }
    *problem = waiting.result.problem;
    return *problem == NULL;
}
