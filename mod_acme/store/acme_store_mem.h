/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_mem.h
 * @brief The store in memory, for tests.
 *
 * Any number of handles may share a store, all in one thread. Leases end by a
 * clock that tests set. The pool of the first handle lives longer than all
 * other handles and all leases.
 */
#ifndef ACME_STORE_MEM_H
#define ACME_STORE_MEM_H

#include "acme_store.h"
#include "acme_time.h"

/** Makes a new, empty store. */
acme_store_t *acme_store_mem_create(const acme_clock_t *clock, apr_pool_t *p);

/** Makes another handle on the same items, as a second process has. */
acme_store_t *acme_store_mem_share(acme_store_t *store, apr_pool_t *p);

/** Lets every put fail with rv from now on.
 *  @param rv 0: puts succeed again */
void acme_store_mem_break(acme_store_t *store, apr_status_t rv);

#endif
