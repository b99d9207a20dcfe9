/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_task.h
 * @brief Running tasks: orders and ARI queries.
 *
 * A task begins when a site's turn in its queue has come (acme_ca_queue.h) and,
 * for an order, when the CA's limits let it go (acme_admission.h). When it ends
 * its site is planned again.
 *
 * Used by one thread, the worker's. Times are apr_time_t.
 */
#ifndef ACME_TASK_H
#define ACME_TASK_H

#include "acme_ca_queue.h"

/** All running tasks of a worker. */
typedef struct acme_task_set_t acme_task_set_t;

acme_task_set_t *acme_task_set_create(acme_site_table_t *table,
                                      acme_ca_queue_set_t *queues,
                                      apr_pool_t *p);

/** Begins a run.
 *  @param prun lives until acme_task_end(); no request is under way when it is
 *         destroyed */
void acme_task_begin(acme_task_set_t *set, apr_pool_t *prun);

/** Ends a run: the tasks are given up, and their sites go on in the next
 *  run. */
void acme_task_end(acme_task_set_t *set);

/** Starts queued sites up to the limit. Returns how many stay queued. */
int acme_task_start_some(acme_task_set_t *set);

/** Steps all tasks, and finishes those that are over. Returns when a task has
 *  something to do by itself; ACME_SCHEDULE_NEVER when all wait for answers. */
apr_time_t acme_task_step(acme_task_set_t *set);

/** Returns the number of running tasks. */
int acme_task_count(const acme_task_set_t *set);

#endif
