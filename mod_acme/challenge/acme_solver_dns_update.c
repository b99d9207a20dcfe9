/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_update.h"

#include <apr_strings.h>

#include "acme_dns_host.h"
#include "acme_dns_locate.h"
#include "acme_dns_refused.h"

/* An update that is under way: of host, locate and call one goes on. */
typedef struct update_t {
    acme_dns_key_t key;
    acme_dns_server_t server;
    acme_dns_host_t *host;     /* looks up the server's address */
    acme_dns_locate_t *locate; /* looks where to write */
    acme_dns_message_t message;
    acme_dns_call_t *call; /* sends the update */
    apr_time_t until;
    int ends; /* it was asked to end early */
} update_t;

/* Tells which record could not be set up; a teardown is told of by its
 * caller. */
static apr_status_t explain(const acme_solver_dns_work_t *work,
                            acme_problem_t *problem, apr_status_t rv,
                            apr_pool_t *p)
{
    if (work->what == ACME_SOLVER_DNS_SETUP) {
        problem->detail = apr_psprintf(
            p, "the record %s cannot be set up: %s",
            acme_solver_dns_record_name(work->record, p), problem->detail);
    }
    return rv;
}

static apr_status_t refuse(acme_problem_t *problem, apr_status_t rv,
                           const char *detail, const char *to_fix,
                           apr_pool_t *p)
{
    acme_problem_set(problem, rv, ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS_UPDATE,
                     p, "%s", detail);
    if (to_fix) {
        problem->to_fix = to_fix;
    }
    return rv;
}

/* Sends the update. */
static apr_status_t change(acme_solver_dns_work_t *work, apr_time_t now,
                           acme_problem_t *problem)
{
    update_t *update = work->state;
    acme_dns_change_t action;
    apr_status_t rv;

    action.zone = work->record->zone;
    action.name = work->record->at;
    action.text = work->record->value;
    action.ttl = ACME_SOLVER_DNS_UPDATE_TTL;
    action.remove = work->what == ACME_SOLVER_DNS_TEARDOWN;
    rv = acme_dns_message_change(&update->message, &action, update->server.key,
                                 problem, work->p);
    return rv != APR_SUCCESS
               ? rv
               : acme_dns_call_start(&update->call, &update->server,
                                     &update->message, now, problem, work->p);
}

/* Goes on when the address of the server is known. */
static apr_status_t begin(acme_solver_dns_work_t *work, apr_time_t now,
                          acme_problem_t *problem)
{
    const acme_dns_update_spec_t *to = work->record->how.update;
    update_t *update = work->state;
    apr_status_t rv;

    rv = work->what == ACME_SOLVER_DNS_TEARDOWN
             ? change(work, now, problem)
             : acme_dns_locate_start(
                 &update->locate, &update->server, work->tools->resolver,
                 to->zone, acme_solver_dns_record_asked(work->record, work->p),
                 now, problem, work->p);
    return rv == APR_SUCCESS ? APR_EAGAIN : rv;
}

static apr_status_t find_server(acme_solver_dns_work_t *work, apr_time_t now,
                                acme_problem_t *problem)
{
    const acme_dns_update_spec_t *to = work->record->how.update;
    update_t *update = work->state;
    const char *address;
    int port;

    update->server.address = to->server;
    update->server.port = to->port;
    if (acme_dns_address_parse(&address, &port, to->server, work->p)
        == APR_SUCCESS) {
        return begin(work, now, problem);
    }
    if (!work->tools->resolver) {
        return refuse(problem, APR_ENOTIMPL,
                      apr_psprintf(work->p,
                                   "the name server %s cannot be looked up, "
                                   "because mod_acme was built without c-ares",
                                   to->server),
                      "write its address in ACMEDnsUpdate instead of its name",
                      work->p);
    }
    update->host =
        acme_dns_host_start(work->tools->resolver, to->server, work->p);
    return APR_EAGAIN;
}

static apr_status_t start(acme_solver_dns_work_t *work, apr_time_t now,
                          acme_problem_t *problem)
{
    const acme_tsig_t *key = work->record->how.update->key;
    update_t *update = apr_pcalloc(work->p, sizeof(*update));
    apr_status_t rv;

    work->state = update;
    update->until = now + work->record->how.limit;
    if (work->what == ACME_SOLVER_DNS_TEARDOWN && !work->record->at) {
        return APR_SUCCESS; /* nothing was written yet */
    }
    if (key && !key->secret) {
        rv = refuse(
            problem, APR_ENOENT,
            apr_psprintf(work->p,
                         "no ACMEDnsUpdate has the key %s for the name "
                         "server %s any more",
                         key->name, work->record->how.update->server),
            "write it again into the configuration, or remove the record "
            "yourself",
            work->p);
        return explain(work, problem, rv, work->p);
    }
    if (key) {
        update->key.name = key->name;
        update->key.algorithm = key->algorithm;
        update->key.secret = key->secret;
        update->server.key = &update->key;
    }
    rv = find_server(work, now, problem);
    return APR_STATUS_IS_EAGAIN(rv) ? rv : explain(work, problem, rv, work->p);
}

/* ---- phases ---- */

static apr_status_t poll_host(acme_solver_dns_work_t *work, apr_time_t now,
                              acme_problem_t *problem, apr_pool_t *p)
{
    update_t *update = work->state;
    apr_status_t rv =
        acme_dns_host_poll(update->host, &update->server.address, problem, p);

    if (rv == APR_SUCCESS) {
        update->host = NULL;
        rv = begin(work, now, problem);
    }
    return rv;
}

static apr_status_t poll_locate(acme_solver_dns_work_t *work, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p)
{
    update_t *update = work->state;
    const char *at, *zone;
    apr_status_t rv =
        acme_dns_locate_poll(update->locate, &at, &zone, now, problem, p);

    if (rv == APR_SUCCESS) {
        update->locate = NULL;
        rv = work->note(work, at, zone, problem, p);
        if (rv == APR_SUCCESS) {
            rv = change(work, now, problem);
        }
        rv = rv == APR_SUCCESS ? APR_EAGAIN : rv;
    }
    return rv;
}

static apr_status_t poll_call(acme_solver_dns_work_t *work, apr_time_t now,
                              acme_problem_t *problem, apr_pool_t *p)
{
    update_t *update = work->state;
    acme_dns_reply_t reply;
    apr_status_t rv = acme_dns_call_poll(update->call, &reply, now, problem, p);

    if (rv == APR_SUCCESS && reply.rcode != ACME_DNS_MESSAGE_NOERROR) {
        rv = acme_dns_refused(&reply,
                              acme_dns_call_address(update->server.address,
                                                    update->server.port, p),
                              &update->message, now, problem, p);
        if (work->what == ACME_SOLVER_DNS_SETUP && !reply.tsig_error) {
            /* There is nothing to tear down. */
            (void)work->note(work, NULL, NULL, NULL, p);
        }
    }
    return rv;
}

static apr_status_t poll(acme_solver_dns_work_t *work, apr_time_t now,
                         acme_problem_t *problem, apr_pool_t *p)
{
    update_t *update = work->state;
    apr_status_t rv = update->host     ? poll_host(work, now, problem, p)
                      : update->locate ? poll_locate(work, now, problem, p)
                                       : poll_call(work, now, problem, p);

    if (APR_STATUS_IS_EAGAIN(rv) && (update->ends || now >= update->until)) {
        rv = refuse(problem, APR_TIMEUP,
                    update->ends ? "it was ended early"
                                 : "it took longer than its limit",
                    NULL, p);
    }
    return rv == APR_SUCCESS || APR_STATUS_IS_EAGAIN(rv)
               ? rv
               : explain(work, problem, rv, p);
}

static void stop(acme_solver_dns_work_t *work, apr_time_t now)
{
    update_t *update = work->state;

    (void)now;
    update->ends = 1;
}

const acme_solver_dns_way_t acme_solver_dns_update = {
    ACME_DNS_UPDATE, start, poll, stop, NULL,
};
