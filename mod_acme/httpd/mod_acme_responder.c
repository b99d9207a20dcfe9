/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_responder.h"

#include <ap_mpm.h>

#include <apr_atomic.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "acme_dns_server.h"
#include "acme_responder.h"
#include "acme_solver_dns_responder.h"
#include "mod_acme_dns_responder.h"
#include "mod_acme_responder_sockets.h"

/* How long the end of a child waits for the thread, which needs no longer than
 * for one query. A prefork child may end in a signal handler that has
 * interrupted malloc(): then the thread cannot end, and must not be waited for
 * for ever. */
#define LEAVE_STEP  apr_time_from_msec(5)
#define LEAVE_STEPS 200

/* How often a child tries to become the one that answers. */
#define TRY apr_time_from_msec(500)

/* The right to answer, which the file system takes back when its holder ends;
 * so it is not renewed. */
#define LEASE     "dns responder"
#define LEASE_TTL ACME_TIME_DAY

/* The state of one child. All but `ended` and the server's flag to stop is used
 * by the thread alone, once it runs. */
static struct {
    const acme_setup_t *setup;
    apr_pool_t *p;
    apr_thread_t *thread;
    acme_dns_server_t *server;
    acme_responder_t *responder;
    acme_vault_t *vault;
    int tells_end;      /* the MPM tells when this child stops */
    apr_uint32_t ended; /* atomic */
} child;

static int is_mpm_stopping(void)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS
           && state == AP_MPMQ_STOPPING;
}

/* Returns non-zero when a restart has retired this child. It may live on for
 * hours, until its last connection ends, and would answer for the sites and
 * from the sockets of before, while no child of now does. */
static int is_retired(void *baton)
{
    (void)baton;
    return child.tells_end && is_mpm_stopping();
}

static apr_size_t answer(const unsigned char **reply, void *baton,
                         const acme_dns_server_query_t *query, apr_pool_t *p)
{
    acme_responder_query_t asked;

    asked.data = query->data;
    asked.len = query->len;
    asked.source = query->source;
    asked.source_len = query->source_len;
    asked.tcp = query->tcp;
    (void)baton;
    return acme_responder_reply(reply, child.responder, &asked, apr_time_now(),
                                p);
}

/* Adds the zones and names of all sites. */
static void add_names(const acme_setup_t *setup)
{
    int i, j;

    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;

        if (!mod_acme_dns_responder_is_of(spec)) {
            continue;
        }
        acme_responder_add_zone(child.responder, spec->dns->responder->zone,
                                spec->dns->responder->name_server);
        for (j = 0; j < spec->names->nelts; j++) {
            acme_responder_add(child.responder,
                               APR_ARRAY_IDX(spec->names, j, const char *),
                               spec->dns->responder->zone);
        }
    }
}

/* Waits until no other process answers. Returns NULL when this one ends
 * before. */
static acme_lease_t *wait_for_turn(void)
{
    acme_lease_t *lease = NULL;
    apr_pool_t *p;

    apr_pool_create(&p, child.p);
    do {
        apr_pool_clear(p);
        if (acme_store_lease(&lease, acme_vault_store(child.vault), LEASE,
                             LEASE_TTL, NULL, p)
            == APR_SUCCESS) {
            return lease;
        }
    } while (!acme_dns_server_wait(child.server, TRY));
    return NULL;
}

static void *APR_THREAD_FUNC serve(apr_thread_t *thread, void *data)
{
    acme_lease_t *lease;

    (void)thread;
    (void)data;
    apr_setup_signal_thread();
    lease = wait_for_turn();
    if (lease) {
        child.responder = acme_responder_create(
            acme_solver_dns_responder_values,
            acme_solver_dns_responder_see(child.vault, child.p), child.p);
        add_names(child.setup);
        acme_dns_server_run(child.server);
        acme_store_release(lease);
    }
    apr_atomic_set32(&child.ended, 1);
    return NULL;
}

static apr_status_t begin(const char **why)
{
    const acme_dns_listen_t *listeners;
    apr_status_t rv;
    int count;

    listeners = mod_acme_responder_sockets_get(
        &count, child.setup->server->process, child.p);
    if (count == 0) {
        return APR_ENOENT;
    }
    child.vault = mod_acme_config_setup_vault(child.setup, child.p);
    if (!child.vault) {
        *why = "the store cannot be read";
        return APR_EGENERAL;
    }
    *why = "there is no pipe";
    rv = acme_dns_server_create(&child.server, listeners, count, answer, NULL,
                                child.p);
    if (rv == APR_SUCCESS) {
        acme_dns_server_until(child.server, is_retired);
        *why = "there is no thread";
        rv = apr_thread_create(&child.thread, NULL, serve, NULL, child.p);
    }
    return rv;
}

void mod_acme_responder_start(const acme_setup_t *setup)
{
    const char *why = NULL;
    apr_status_t rv;

    memset(&child, 0, sizeof(child));
    child.setup = setup;
    /* An MPM may be slow to say that it runs again after a restart. */
    child.tells_end = !is_mpm_stopping();
    /* Without a parent, because only its own thread uses it. */
    if (apr_pool_create_unmanaged(&child.p) != APR_SUCCESS) {
        return;
    }
    rv = begin(&why);
    if (rv == APR_SUCCESS) {
        return;
    }
    child.server = NULL;
    child.thread = NULL;
    apr_pool_destroy(child.p);
    child.p = NULL;
    if (!APR_STATUS_IS_ENOENT(rv)) {
        acme_log(setup->log, ACME_LOG_ERR, rv,
                 ACME_TAG(0665) "ACMEDnsResponder: a child process cannot "
                                "answer queries: %s; another one may",
                 why);
    }
}

void mod_acme_responder_stop(void)
{
    acme_dns_server_t *server = child.server;

    if (server) {
        acme_dns_server_stop(server);
    }
}

int mod_acme_responder_leave(void)
{
    apr_status_t rv;
    int i;

    if (!child.thread) {
        return 0;
    }
    mod_acme_responder_stop();
    for (i = 0; i < LEAVE_STEPS && !apr_atomic_read32(&child.ended); i++) {
        apr_sleep(LEAVE_STEP);
    }
    if (!apr_atomic_read32(&child.ended)) {
        return 1;
    }
    apr_thread_join(&rv, child.thread);
    child.thread = NULL;
    return 0;
}
