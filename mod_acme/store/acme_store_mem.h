/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_mem.h
 * @brief The store in memory, for tests.
 *
 * Any number of handles may share one, all in one thread; leases end by a
 * clock that tests turn. The pool of the first handle outlives all others and
 * all leases.
 */
#ifndef ACME_STORE_MEM_H
#define ACME_STORE_MEM_H

#include "acme_store.h"
#include "acme_time.h"

/** A new, empty one. */
acme_store_t *acme_store_mem_create(const acme_clock_t *clock, apr_pool_t *p);

/** Another handle on the same items, as a second process would have. */
acme_store_t *acme_store_mem_share(acme_store_t *store, apr_pool_t *p);

/** From now on every put fails with rv; 0: no more. */
void acme_store_mem_break(acme_store_t *store, apr_status_t rv);

#endif
