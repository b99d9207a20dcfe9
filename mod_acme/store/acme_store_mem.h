/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

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
