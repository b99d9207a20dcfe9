/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_worker_ctx.h
 * @brief The worker's context: what all parts of one run of the engine share.
 */
#ifndef ACME_WORKER_CTX_H
#define ACME_WORKER_CTX_H

#include "acme_crash.h"
#include "acme_flush.h"
#include "acme_http.h"
#include "acme_time.h"
#include "acme_vault.h"

/* These types are only passed on here. */
struct acme_blocklist_t;
struct acme_dns_t;
struct acme_key_reuse_t;
struct acme_inventory_t;
struct acme_keygen_t;
struct acme_solver_dns_t;

/** How far a run may go. */
typedef enum {
    ACME_WORKER_CTX_ON,
    ACME_WORKER_CTX_HALTED, /**< responses are still handled and saved; nothing
                                 is begun */
    ACME_WORKER_CTX_LOST    /**< another worker acts: nothing is saved */
} acme_worker_ctx_e;

typedef struct acme_worker_ctx_t {
    acme_vault_t *vault;
    acme_http_t *http;
    const acme_clock_t *clock;
    const acme_log_t *log;
    struct acme_keygen_t *keygen;
    struct acme_dns_t *resolver;          /**< NULL: the DNS is not asked; who
                                               asks sets `moved` when an answer
                                               comes */
    struct acme_solver_dns_t *dns;        /**< NULL: no challenge in the DNS */
    struct acme_blocklist_t *revoked;     /**< or NULL */
    const struct acme_key_reuse_t *reuse; /**< or NULL */
    /** Tells that a certificate of the site with that index is staged and must
     *  become live at once; may be called more than once. Or NULL. */
    void (*urgent)(void *baton, int site);
    void *urgent_baton;
    /** Lets children serve the staged certificate of the site with that index,
     *  with no restart. Returns zero when it waits for a restart instead; may
     *  be called more than once. Or NULL: all wait. */
    int (*swap)(void *baton, int site, const char *fingerprint);
    /** Returns the inventory of the site with that index when root has made
     *  another certificate live since it was asked last, else NULL; it lives
     *  until root does so twice more. Or NULL: only a start does that. */
    const struct acme_inventory_t *(*look_again)(void *baton, int site);
    void *swap_baton;   /**< of both */
    acme_flush_t flush; /**< of items that must be on disk before an order goes
                             on */
    acme_worker_ctx_e state;
    acme_crash_t crash; /**< what is worked on */
    int moved; /**< non-zero when something has happened that others may wait
                    for */
    volatile apr_uint32_t stop; /**< non-zero: end; set by any thread, with
                                     apr_atomic */
} acme_worker_ctx_t;

#endif
