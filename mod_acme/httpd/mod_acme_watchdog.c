/* SPDX-License-Identifier: Apache-2.0 */

/* _GNU_SOURCE for on_exit(), because it is not in POSIX. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "mod_acme_hooks.h"

#include <stdlib.h>
#include <unistd.h>

#include <mod_watchdog.h>

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "acme_default.h"
#include "acme_dns_ares.h"
#include "acme_http_curl.h"
#include "acme_ctl_request.h"
#include "acme_worker.h"
#include "acme_worker_lease.h"
#include "acme_time.h"
#include "config.h"
#include "mod_acme_compat.h"
#include "mod_acme_hot.h"
#include "mod_acme_responder.h"

#define WATCHDOG_NAME "_mod_acme_"

/* How long a child's end waits for an answer that must not be lost: longer than
 * the worker waits, shorter than the parent, which sends and logs a second
 * SIGTERM after three seconds. */
#define LEAVE_STEP  apr_time_from_msec(10)
#define LEAVE_STEPS 250
/* Without such an answer the child waits only for a signature or a write to
 * disk to finish. */
#define QUIT_STEPS 50
/* Then the child waits for the thread to end: mod_watchdog looks every 100
 * ms. */
#define END_STEPS 30

/* How often the thread that ends the child tries to get the mutex. */
#define LOCK_STEP  apr_time_from_msec(1)
#define LOCK_STEPS 100

/* The state of one child. Only the child whose thread wins mod_watchdog's
 * election has a worker. The mutex is for that thread and the thread that stops
 * the child. */
typedef struct child_t {
    apr_thread_mutex_t *mutex;
    acme_worker_t *worker; /* under the mutex */
    int stopping;          /* under the mutex */
    int inside;            /* under the mutex: the worker's thread is at work */
    int alive;             /* under the mutex: the worker's thread exists */
    apr_pool_t *p;         /* of the worker; used by its thread only */
    acme_ctl_request_dir_t *ctl_requests;
    apr_time_t next;
    apr_time_t seen; /* the clock at the last call */
} child_t;

static child_t child;

/* Its destructor tells when the worker's thread has ended. */
static apr_threadkey_t *thread_key;

/* Locks the mutex, or returns 0 after a while. It never waits for ever, because
 * a child may be ended by a signal handler (mpm_prefork) that interrupts the
 * same thread while it holds the mutex. */
static int lock(void)
{
    int i;

    for (i = 0; i < LOCK_STEPS; ++i) {
        if (apr_thread_mutex_trylock(child.mutex) == APR_SUCCESS) {
            return 1;
        }
        apr_sleep(LOCK_STEP);
    }
    return 0;
}

static void stop(void)
{
    mod_acme_responder_stop();
    if (child.mutex && lock()) {
        child.stopping = 1;
        if (child.worker) {
            acme_worker_stop(child.worker);
        }
        apr_thread_mutex_unlock(child.mutex);
    }
}

/* Returns non-zero when the worker's thread is at work and the child must still
 * wait for it after so many steps. */
static int is_inside(int step)
{
    int inside = 0;

    if (lock()) {
        inside =
            child.inside
            && (step < QUIT_STEPS
                || (child.worker && acme_worker_is_precious(child.worker)));
        apr_thread_mutex_unlock(child.mutex);
    }
    return inside;
}

/* Called at the very end of the thread, after mod_watchdog's cleanup. */
static void thread_ended(void *data)
{
    (void)data;
    if (lock()) {
        child.alive = 0;
        apr_thread_mutex_unlock(child.mutex);
    }
}

/* Returns non-zero when the worker's thread exists, `unknown` when the mutex
 * cannot be had. */
static int is_alive(int unknown)
{
    int alive = unknown;

    if (lock()) {
        alive = child.alive;
        apr_thread_mutex_unlock(child.mutex);
    }
    return alive;
}

#ifdef __GLIBC__
static void end_now(int status, void *data)
{
    (void)data;
    _exit(status);
}
#else
static void end_now(void)
{
    _exit(0);
}
#endif

/* Lets exit() end the process before the exit handlers of libraries run: they
 * free what the worker's thread, or the DNS responder's, may be using, and the
 * child would crash. The handler that is registered last runs first. */
static void skip_exit_handlers(void)
{
#ifdef __GLIBC__
    (void)on_exit(end_now, NULL);
#else
    (void)atexit(end_now);
#endif
}

/* Stops the worker at the end of a child. mod_watchdog does not wait for its
 * threads, because its cleanup is in a pool that no child destroys. The worker
 * leaves at once unless it waits for an answer that must not be lost. It must
 * not be inside OpenSSL or use APR's pools when exit() destroys them. On a busy
 * machine, or a slow disk, it may be at work for longer than this waits. */
static apr_status_t leave(void *data)
{
    int i, alive;

    (void)data;
    stop();
    for (i = 0; child.mutex && i < LEAVE_STEPS && is_inside(i); ++i) {
        apr_sleep(LEAVE_STEP);
    }
    for (i = 0; child.mutex && i < END_STEPS && is_alive(0); ++i) {
        apr_sleep(LEAVE_STEP);
    }
    alive = mod_acme_responder_leave();
    if (alive || (child.mutex && is_alive(1))) {
        skip_exit_handlers();
    }
    return APR_SUCCESS;
}

/* Marks that the worker's thread begins to work. Returns 0 when the child is
 * stopping. */
static int enter(void)
{
    int inside;

    apr_thread_mutex_lock(child.mutex);
    if (!child.alive
        && apr_threadkey_private_set(&child, thread_key) == APR_SUCCESS) {
        child.alive = 1;
    }
    child.inside = inside = !child.stopping;
    apr_thread_mutex_unlock(child.mutex);
    return inside;
}

void mod_acme_watchdog_child_init(apr_pool_t *pchild, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();

    (void)s;
    if (setup && setup->inner_dir) {
        /* This child is inside ChrootDir now. */
        setup->store_dir = setup->inner_dir;
    }
    if (!setup || !setup->seal) {
        return;
    }
    memset(&child, 0, sizeof(child));
    /* libcurl must be set up before this child has a second thread. The mutex
     * is in pconf, because the worker's thread may outlive pchild. */
    if (acme_http_curl_global_init()
        || apr_thread_mutex_create(&child.mutex, APR_THREAD_MUTEX_DEFAULT,
                                   setup->pconf)
        || apr_threadkey_private_create(&thread_key, thread_ended,
                                        setup->pconf)) {
        child.mutex = NULL;
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0307) "libcurl cannot be set up in this child");
        return;
    }
    /* Use a pool cleanup, because child_stopping runs while connections may
     * still be served, and httpd before 2.4.49 has no such hook. All MPMs
     * destroy this pool at the end. */
    apr_pool_pre_cleanup_register(pchild, NULL, leave);
    mod_acme_responder_start(setup);
}

void mod_acme_watchdog_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    (void)graceful;
    stop();
}

static void notify_urgent(void *baton, int site)
{
    acme_notify_urgent_t *urgent = baton;

    if (!urgent->sites[site]) {
        urgent->sites[site] = 1;
        apr_atomic_inc32(&urgent->changes);
    }
}

static void configure(acme_worker_config_t *config, const acme_setup_t *setup)
{
    const acme_config_t *base = mod_acme_config_get(setup->server);
    const int *parallel = mod_acme_config_value(base, ACME_SETTING_PARALLEL);
    const acme_port_map_t *map =
        mod_acme_config_value(base, ACME_SETTING_PORT_MAP);
    const apr_array_header_t *servers =
        mod_acme_config_value(base, ACME_SETTING_DNS_SERVERS);

    config->certs = setup->certs;
    config->clock = &acme_time_system_clock;
    config->log = setup->log;
    config->loaded = setup->loaded;
    config->urgent = setup->notify_urgent ? notify_urgent : NULL;
    config->urgent_baton = setup->notify_urgent;
    config->swap = setup->hot ? mod_acme_hot_swap : NULL;
    config->look_again = setup->hot ? mod_acme_hot_look_again : NULL;
    config->swap_baton = (void *)setup;
    config->job_cache = setup->job_cache;
    config->crash = &setup->shared->crash;
    config->parallel = parallel ? *parallel : ACME_DEFAULT_PARALLEL;
    config->preflight.seal = setup->seal;
    config->preflight.resolvers_named = servers && servers->nelts > 0;
    config->preflight.http_port = map ? map->http : ACME_DEFAULT_HTTP_PORT;
    config->preflight.https_port = map ? map->https : ACME_DEFAULT_HTTPS_PORT;
    config->check_interval = mod_acme_config_interval(
        base, ACME_SETTING_CHECK_INTERVAL, ACME_DEFAULT_CHECK_INTERVAL);
}

/* Shows the other children why nothing is ordered. */
static void share_wait(const acme_setup_t *setup,
                       const acme_worker_wait_t *wait)
{
    acme_shared_t *shared = setup->shared;

    shared->store_fails = wait->store_fails;
    shared->waiting_since = wait->since;
    if (strcmp(shared->waiting_fix, wait->to_fix) != 0) {
        apr_cpystrn(shared->waiting_fix, wait->to_fix,
                    sizeof(shared->waiting_fix));
    }
    if (strcmp(shared->waiting, wait->text) != 0) {
        apr_cpystrn(shared->waiting, wait->text, sizeof(shared->waiting));
    }
}

/* Tells why the worker cannot start: the log, the other children, and, by a
 * note in the store, acmectl. */
static void say_no_start(const acme_setup_t *setup, acme_vault_t *vault,
                         const acme_problem_t *problem)
{
    acme_worker_wait_t wait = {NULL, "apachectl graceful", 0, 0};
    acme_worker_lease_wait_t note;

    wait.since = apr_time_now();
    wait.text = apr_psprintf(
        child.p, "nothing is ordered since %s: the worker cannot start: %s",
        acme_time_print(wait.since, child.p),
        problem->detail ? problem->detail : "the store cannot be read");
    share_wait(setup, &wait);
    acme_log(setup->log, ACME_LOG_ERR, problem->rv, ACME_TAG(0308) "%s",
             wait.text);
    if (vault) {
        note.text = wait.text;
        note.to_fix = wait.to_fix;
        note.since = wait.since;
        acme_worker_lease_note_wait(
            acme_worker_lease_create(vault, &acme_time_system_clock,
                                     setup->loaded, child.p),
            &note, child.p);
    }
}

/* Makes what asks the DNS. It is not worth to do without a worker for it. */
static void start_resolver(acme_worker_config_t *config,
                           const acme_setup_t *setup)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_ares_config_t ares = {0};

    ares.servers = mod_acme_config_value(mod_acme_config_get(setup->server),
                                         ACME_SETTING_DNS_SERVERS);
    ares.http = config->http;
    ares.clock = config->clock;
    ares.log = config->log;
    if (acme_dns_ares_create(&config->resolver, &ares, &problem, child.p)) {
        acme_log(setup->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0641) "worker: %s; it goes on without questions to "
                                "the DNS",
                 acme_problem_text(&problem, child.p));
    }
}

/* Makes the worker. It is made, used and destroyed in its own thread only. */
static void start_worker(const acme_setup_t *setup)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_config_t *base = mod_acme_config_get(setup->server);
    acme_http_curl_config_t curl = {0};
    const char *proxy = mod_acme_config_value(base, ACME_SETTING_HTTP_PROXY);
    acme_worker_config_t *config;
    acme_worker_t *worker;

    if (apr_pool_create_unmanaged(&child.p)) {
        return;
    }
    config = apr_pcalloc(child.p, sizeof(*config));
    configure(config, setup);
    curl.user_agent = "mod_acme/" ACME_VERSION;
    curl.proxy = proxy && *proxy ? proxy : NULL;
    curl.proxy_ca_file = mod_acme_compat_inside(
        mod_acme_config_value(base, ACME_SETTING_HTTP_PROXY_CA_FILE), child.p);
    config->vault = mod_acme_config_setup_vault(setup, child.p);
    if (!config->vault
        || acme_http_curl_create(&config->http, &curl, config->clock,
                                 config->log, &problem, child.p)) {
        say_no_start(setup, config->vault, &problem);
        apr_pool_destroy(child.p);
        child.p = NULL;
        return;
    }
    start_resolver(config, setup);
    child.ctl_requests =
        acme_ctl_request_open(setup->store_dir, setup->seal, child.p);
    acme_ctl_request_attend(child.ctl_requests, child.p);
    config->ctl_requests = child.ctl_requests;
    config->revoked = acme_blocklist_open(setup->store_dir, child.p);
    config->reuse = acme_key_reuse_open(setup->store_dir, setup->seal, child.p);
    worker = acme_worker_create(config, child.p);
    apr_thread_mutex_lock(child.mutex);
    child.worker = worker;
    if (child.stopping) {
        acme_worker_stop(worker);
    }
    apr_thread_mutex_unlock(child.mutex);
}

/* Destroys the worker; called in its own thread only. */
static void end_worker(void)
{
    if (child.p) {
        apr_thread_mutex_lock(child.mutex);
        child.worker = NULL;
        apr_thread_mutex_unlock(child.mutex);
        apr_pool_destroy(child.p);
        child.p = NULL;
    }
}

/* Runs the worker when its time has come, when acmectl asks, or when the clock
 * was set back, because all times computed before are then too late. Called
 * often. */
static void run_when_due(const acme_setup_t *setup)
{
    apr_time_t now = apr_time_now();
    int due = now >= child.next || now < child.seen
              || acme_ctl_request_moved(child.ctl_requests);

    child.seen = now;
    if (!due) {
        return;
    }
    child.next = acme_worker_run(child.worker);
    share_wait(setup, acme_worker_waiting(child.worker));
}

/* Ends one round of work. Destroys the worker when the child is stopping. */
static void end_round(void)
{
    int stopping;

    apr_thread_mutex_lock(child.mutex);
    stopping = child.stopping;
    apr_thread_mutex_unlock(child.mutex);
    if (stopping) {
        end_worker();
    }
    apr_thread_mutex_lock(child.mutex);
    child.inside = 0;
    apr_thread_mutex_unlock(child.mutex);
}

static apr_status_t watch(int state, void *data, apr_pool_t *p)
{
    const acme_setup_t *setup = data;

    (void)p;
    if (!child.mutex) {
        return APR_SUCCESS;
    }
    switch (state) {
    case AP_WATCHDOG_STATE_STARTING:
        if (enter()) {
            start_worker(setup);
            end_round();
        }
        break;
    case AP_WATCHDOG_STATE_RUNNING:
        if (child.p && enter()) {
            run_when_due(setup);
            end_round();
        }
        break;
    case AP_WATCHDOG_STATE_STOPPING:
        /* Only tell the worker to stop, because mod_watchdog may call this from
         * another thread while the worker's own thread is still at work. */
        stop();
        break;
    }
    return APR_SUCCESS;
}

apr_status_t mod_acme_watchdog_register(acme_setup_t *setup)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get_instance =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *register_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv;

    if (!get_instance || !register_callback) {
        return APR_ENOTIMPL;
    }
    rv = get_instance(&watchdog, WATCHDOG_NAME, 0, 1, setup->pconf);
    if (!rv) {
        rv = register_callback(watchdog, AP_WD_TM_SLICE * 2, setup, watch);
    }
    return rv;
}
