/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_worker.h
 * @brief The worker: carries out what acme_plan says, for all sites, many
 * orders at once, on one transport.
 *
 * The worker does not know its host. A thin host (the watchdog thread, a test)
 * calls acme_worker_run() again and again from one thread. A run takes the
 * lease, or returns at once; under the lease it reads the job of each site that
 * is due again, plans again, and steps. Every step is saved before its
 * consequence can be lost:
 *
 *   account key (synced) -> newAccount -> account URL
 *   certificate key (synced) -> newOrder -> order URL -> ...
 *   -> bundle staged (synced) -> key and order cleared
 *
 * so that after a kill at any instant the same order goes on with the same key;
 * a power cut loses no key that the CA has seen, and at worst an order's URL.
 * On acme_worker_stop() a run ends its repeatable requests at once, waits up
 * to two seconds for those whose answer must not be lost, and returns.
 */
#ifndef ACME_WORKER_H
#define ACME_WORKER_H

#include "acme_command.h"
#include "acme_dns.h"
#include "acme_http.h"
#include "acme_crash.h"
#include "acme_ctl_request.h"
#include "acme_plan.h"
#include "acme_preflight_queue.h"
#include "acme_site.h"
#include "acme_job_cache.h"
#include "acme_blocklist.h"
#include "acme_key_reuse.h"
#include "acme_time.h"

typedef struct acme_worker_t acme_worker_t;

/** Lives as long as the worker. */
typedef struct acme_worker_config_t {
    const apr_array_header_t *certs; /**< acme_site_cert_t *, only read */
    acme_vault_t *vault;
    acme_http_t *http;
    const acme_clock_t *clock;
    const acme_log_t *log;
    int parallel; /**< orders that run at once per CA; 0: the default */
    apr_interval_time_t check_interval;   /**< longest time between two checks
                                               of a site; 0: the default */
    acme_blocklist_t *revoked;            /**< keys not to be used, or NULL */
    const acme_key_reuse_t *reuse;        /**< keys to be used again, or NULL */
    acme_job_cache_t *job_cache;          /**< by index of certs, or NULL */
    acme_ctl_request_dir_t *ctl_requests; /**< of acmectl, or NULL */
    /** Runs the commands of dns-01; NULL: acme_command_posix. */
    const acme_command_system_t *commands;
    acme_dns_t *resolver; /**< waits in http's run(); NULL: nothing is asked of
                               the DNS */
    acme_preflight_queue_config_t preflight; /**< zeroed: no preflight */
    acme_crash_shared_t *crash; /**< what outlives the process, or NULL */
    apr_time_t loaded; /**< when the inventories were read (the same time for
                            all children of a generation of the server), or 0:
                            a worker does not act any more after a worker of a
                            generation that was loaded later */
    /** Called when the site of that index has a certificate staged that must
     *  not wait for others; may be called more than once. Or NULL. */
    void (*urgent)(void *baton, int index);
    void *urgent_baton;
    /** Called when the site of that index has a certificate staged, whose
     *  fingerprint that is: returns non-zero when children serve it with no
     *  restart; may be called more than once. Or NULL. */
    int (*swap)(void *baton, int index, const char *fingerprint);
    /** Called before a site is checked: returns its inventory when root has
     *  made another certificate live since the last call, else NULL; it lives
     *  until root does so twice more. Or NULL: only a start does that. */
    const struct acme_inventory_t *(*look_again)(void *baton, int index);
    void *swap_baton; /**< of both */
} acme_worker_config_t;

/** Makes a worker in p. Destroying p ends everything, and saves nothing
 *  more. */
acme_worker_t *acme_worker_create(const acme_worker_config_t *config,
                                  apr_pool_t *p);

/**
 * Works until nothing is due, or stop.
 * @return when there is something to do again: call then, or earlier
 */
apr_time_t acme_worker_run(acme_worker_t *worker);

/** Why nothing is ordered for any site. */
typedef struct acme_worker_wait_t {
    const char *text;   /**< for people; "" when orders go on */
    const char *to_fix; /**< the command that mends it; "" when nothing needs to
                             be mended */
    apr_time_t since;   /**< or 0 */
    int store_fails;    /**< the store cannot be used; else another worker has
                             the lease */
} acme_worker_wait_t;

/** Returns why nothing is ordered. It lasts until the next run. */
const acme_worker_wait_t *acme_worker_waiting(const acme_worker_t *worker);

/** Stops the worker for good. From any thread, any number of times. */
void acme_worker_stop(acme_worker_t *worker);

/**
 * Returns non-zero while a request is under way whose answer must not be lost,
 * or while that answer is being saved: the process had better not end now. From
 * any thread.
 */
int acme_worker_is_precious(const acme_worker_t *worker);

#endif
