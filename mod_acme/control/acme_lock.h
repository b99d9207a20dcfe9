/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_lock.h
 * @brief Root's lock on the store: startup and acmectl never work on it at
 * once.
 *
 * A record lock (fcntl) on the file `lock`, root's, 0600: no other user can
 * hold it, no child inherits it, and the kernel drops it with its holder.
 * Workers neither take nor need it: they have leases of their own. One lock of
 * a process at a time.
 */
#ifndef ACME_LOCK_H
#define ACME_LOCK_H

#include "acme_problem.h"

typedef struct acme_lock_t acme_lock_t;

/** How long startup waits for acmectl, which holds it for moments. */
#define ACME_LOCK_START apr_time_from_sec(10)

/** How long acmectl waits for a server that starts. */
#define ACME_LOCK_TOOL apr_time_from_sec(60)

/**
 * @param dir the store's folder, which must be there
 * @param wait at most so long; 0: not at all
 * @param p the lock is released when it is cleared
 * @return APR_EBUSY, and a problem that names the holder's process, when
 *         somebody has it all that time
 */
apr_status_t acme_lock_take(acme_lock_t **lock, const char *dir,
                            apr_interval_time_t wait, acme_problem_t *problem,
                            apr_pool_t *p);

/** Before any other process is to work; again is harmless. */
void acme_lock_release(acme_lock_t *lock);

#endif
