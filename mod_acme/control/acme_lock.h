/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_lock.h
 * @brief The lock on the store for root: startup and acmectl never change it at
 * the same time.
 *
 * A record lock (fcntl) on the file `lock`, owned by root, mode 0600: no other
 * user can hold it, no child inherits it, and the kernel drops it with its
 * process. Workers do not take it: they have leases. A process holds one lock
 * at a time.
 */
#ifndef ACME_LOCK_H
#define ACME_LOCK_H

#include "acme_problem.h"

typedef struct acme_lock_t acme_lock_t;

/** How long startup waits for acmectl, which holds the lock for moments. */
#define ACME_LOCK_START apr_time_from_sec(10)

/** How long acmectl waits for a server that starts. */
#define ACME_LOCK_TOOL apr_time_from_sec(60)

/** Takes the lock.
 *  @param dir folder of the store, which must exist
 *  @param wait longest time to wait; 0: do not wait
 *  @param p the lock is released when it is cleared
 *  @return APR_EBUSY, and a problem that names the process that holds it, when
 *         the lock stays taken */
apr_status_t acme_lock_take(acme_lock_t **lock, const char *dir,
                            apr_interval_time_t wait, acme_problem_t *problem,
                            apr_pool_t *p);

/** Releases the lock before p is cleared. Calling it again is harmless. */
void acme_lock_release(acme_lock_t *lock);

#endif
