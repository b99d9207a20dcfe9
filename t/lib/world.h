/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file world.h
 * @brief A server with its sites, a store and a CA, for the tests of the
 * engine: it can be run, killed at any instant, and restarted.
 */
#ifndef WORLD_H
#define WORLD_H

#include <setjmp.h>

#include <apr_strings.h>

#include "acme_bundle.h"
#include "acme_ca_account.h"
#include "acme_ident.h"
#include "acme_ratelimit_policy.h"
#include "acme_schedule.h"
#include "acme_solver_http.h"
#include "acme_solver_item.h"
#include "acme_store_mem.h"
#include "acme_worker.h"
#include "fake_clock.h"
#include "fake_commands.h"
#include "model_ca.h"
#include "script_http.h"
#include "test_issuer.h"

/** The second CA's directory. */
#define WORLD_OTHER "https://cb.test/dir"

/** A message of the log. */
typedef struct world_line_t {
    acme_log_level_e level;
    const char *text;
} world_line_t;

/** An item of the store. */
typedef struct world_item_t {
    const char *kind;
    const char *name;
} world_item_t;

typedef struct world_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    model_ca_t *ca;
    model_ca_t *other; /**< at WORLD_OTHER, or NULL */
    test_issuer_t *issuer;
    acme_store_t *mem;  /**< survives every death */
    acme_store_t store; /**< the same for the worker: counts, and may kill */
    acme_store_backend_t backend;
    const acme_seal_t *seal;
    acme_vault_t *vault; /**< over `mem`, for the test */
    acme_log_t log;
    apr_array_header_t *lines; /**< world_line_t, of all processes */
    acme_ca_spec_t ca_spec;
    apr_array_header_t *certs; /**< acme_site_cert_t * */
    apr_array_header_t *specs; /**< acme_spec_t *, of the certs: a test may
                                    change them */
    int parallel;
    apr_time_t loaded;
    acme_crash_shared_t *crash; /**< survives every death, or NULL */
    fake_commands_t *commands;  /**< of dns-01: the records survive, too */
    acme_dns_t *resolver;       /**< or NULL */
    acme_preflight_queue_config_t preflight;

    /* The process: replaced by world_boot(). */
    apr_pool_t *prun;
    script_http_t *script;
    acme_worker_config_t config;
    acme_worker_t *worker;
    apr_time_t next; /**< returned by the last run */

    /* Counters that run down to the death of the process; 0: no death. */
    jmp_buf death;
    int killed;
    int kill_request;   /**< before the CA has seen the nth request from now */
    int kill_answer;    /**< after the CA has acted on it */
    int kill_put;       /**< before the nth put from now is done */
    int kill_after_put; /**< after it */
    /** Returns non-zero when the process dies of this put. */
    int (*dies_of)(struct world_t *w, const char *kind, const char *name);
    int power_cut;    /**< a death loses all that was not flushed, too */
    int stop_request; /**< acme_worker_stop() when the nth is sent */

    int flushes;
    apr_status_t flush_fails;    /**< result of each flush; 0: success */
    apr_array_header_t *batched; /**< world_item_t, since the last flush */
    void (*on_request)(struct world_t *w, const script_request_t *request);
    /** Returns non-zero when the CA refuses the request with this answer. */
    int (*refuse)(struct world_t *w, const script_request_t *request,
                  script_answer_t *answer, apr_pool_t *p);
    void *refuse_baton;

    int gets, puts;
} world_t;

/** Makes a world without sites and without a process. */
world_t *world_create(apr_pool_t *p);

/** Returns the words of a text that are separated by spaces, as
 *  const char *. */
apr_array_header_t *world_strings(apr_pool_t *p, const char *list);

/** Adds a site with these names (one text, by spaces) that has nothing yet. */
acme_spec_t *world_add(world_t *w, const char *names);

/** Returns the name of the i-th site of world_many(). */
const char *world_site_name(const world_t *w, int i);

/** Makes a world with so many sites of one name each. */
world_t *world_many(apr_pool_t *p, int sites);

/** Gives a site a second CA. */
void world_add_ca(world_t *w, acme_spec_t *spec);

acme_inventory_t *world_inventory(const world_t *w, int i);

/** Returns a rate limit of so many orders in a period. */
const acme_ratelimit_policy_t *world_rate(const world_t *w, int orders,
                                          apr_interval_time_t period);

/** Makes a site serve a certificate that expires in so long; it was not
 *  ordered here. */
void world_set_live(world_t *w, int i, apr_interval_time_t left);

/** Begins a new process; the last one is gone without a word. */
void world_boot(world_t *w);

/** Runs the process once. Returns zero when it was killed. */
int world_run(world_t *w);

/** Runs the process whenever it is time, for so long. Returns the number of
 *  runs. */
int world_live(world_t *w, apr_interval_time_t time);

/** Restarts the server: root promotes what is staged, and a new process
 *  begins. */
void world_restart(world_t *w);

/** Returns the number of messages of that level that contain that part (NULL:
 *  any). */
int world_said(const world_t *w, acme_log_level_e level, const char *part);

/** Returns the certificate that is staged for a site, or NULL. */
acme_bundle_t *world_staged(const world_t *w, const char *name);

const acme_cert_info_t *world_info(const world_t *w,
                                   const acme_bundle_t *bundle);

acme_job_t *world_job(const world_t *w, const char *name);

/** Returns the number of items of a kind. */
int world_count(const world_t *w, const char *kind);

/** Overwrites an item with bytes that nobody sealed. */
void world_damage(const world_t *w, const char *kind, const char *name);

/** Asserts that a certificate is staged for this site, for all its names. */
void world_assert_staged(const world_t *w, const char *name);

/** The store's get and put, for a test that puts another one in front. */
apr_status_t world_get(acme_store_item_t *item, acme_store_t *store,
                       const char *kind, const char *name,
                       acme_problem_t *problem, apr_pool_t *p);
apr_status_t world_put(const char **version, acme_store_t *store,
                       const acme_store_put_t *put, acme_problem_t *problem,
                       apr_pool_t *p);

#endif
