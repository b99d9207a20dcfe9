/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_queue.h
 * @brief Setups and teardowns of dns-01 records that wait and run, whatever
 * their way.
 *
 * ACME_SOLVER_DNS_QUEUE_MOST of them run at once, and one at a time for each
 * name. The item of a record (acme_solver_dns_record) is written before its
 * setup and removed after its teardown.
 */
#ifndef ACME_SOLVER_DNS_QUEUE_H
#define ACME_SOLVER_DNS_QUEUE_H

#include "acme_solver_dns_work.h"
#include "acme_worker_ctx.h"

/** Most works that run at once. */
#define ACME_SOLVER_DNS_QUEUE_MOST 8

/** A record that is torn down in vain so often, for so long, is given up. */
#define ACME_SOLVER_DNS_QUEUE_TRIES 5
#define ACME_SOLVER_DNS_QUEUE_KEEP  (3 * ACME_TIME_DAY)

/** Longest time that acme_solver_dns_queue_end() takes. */
#define ACME_SOLVER_DNS_QUEUE_LEAVE apr_time_from_msec(300)

/** The states of a record. QUEUED ones wait for their turn. */
typedef enum {
    ACME_SOLVER_DNS_QUEUE_SETUP_QUEUED,
    ACME_SOLVER_DNS_QUEUE_SETUP,
    ACME_SOLVER_DNS_QUEUE_UP,
    ACME_SOLVER_DNS_QUEUE_FAILED, /**< its order will clean up */
    ACME_SOLVER_DNS_QUEUE_TEARDOWN_QUEUED,
    ACME_SOLVER_DNS_QUEUE_TEARDOWN
} acme_solver_dns_queue_e;

/** A record in memory. Only its unit writes it. */
typedef struct acme_solver_dns_entry_t {
    acme_solver_dns_record_t record;
    acme_solver_dns_queue_e state;
    int released; /**< SETUP: to be torn down when the work has ended */
    int again;    /**< to be set up after it was torn down */
    const acme_dns_spec_t *how_again; /**< how, or NULL: as before */
    acme_solver_dns_work_t work;
    int runs;                      /**< the work is to be polled */
    apr_time_t visible;            /**< of UP: when the CA can see it */
    const acme_problem_t *problem; /**< of FAILED */
    struct acme_solver_dns_queue_t *queue;
    apr_pool_t *p;
} acme_solver_dns_entry_t;

typedef struct acme_solver_dns_queue_t acme_solver_dns_queue_t;

acme_solver_dns_queue_t *
acme_solver_dns_queue_create(acme_worker_ctx_t *ctx,
                             const acme_solver_dns_tools_t *tools,
                             apr_pool_t *p);

/** Returns the record with this value, or NULL. */
acme_solver_dns_entry_t *
acme_solver_dns_queue_find(const acme_solver_dns_queue_t *queue,
                           const char *value);

/** Adds a record that is not there yet and lets it be set up, which is noted
 *  on disk before. */
apr_status_t
acme_solver_dns_queue_set_up(acme_solver_dns_queue_t *queue,
                             const acme_solver_dns_record_t *record,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** Adds a record that a process before this one has left in the store. When it
 *  is not known to be up, or is up elsewhere than it is wanted now, it is torn
 *  down before it is set up again.
 *  @param record what is wanted
 *  @param known as the store has it */
void acme_solver_dns_queue_resume(acme_solver_dns_queue_t *queue,
                                  const acme_solver_dns_record_t *record,
                                  const acme_solver_dns_record_t *known);

/** Lets a record be set up again after it was torn down. */
void acme_solver_dns_queue_want_again(acme_solver_dns_entry_t *entry);

/** Lets a record be torn down, and added before if it is not there. */
void acme_solver_dns_queue_release(acme_solver_dns_queue_t *queue,
                                   const acme_solver_dns_record_t *record);

/** Begins what may begin now. */
void acme_solver_dns_queue_start(acme_solver_dns_queue_t *queue,
                                 apr_pool_t *ptemp);

/** As acme_solver_dns_step(). */
apr_time_t acme_solver_dns_queue_step(acme_solver_dns_queue_t *queue,
                                      int *waits);

/** As acme_solver_dns_end(). */
void acme_solver_dns_queue_end(acme_solver_dns_queue_t *queue);

#endif
