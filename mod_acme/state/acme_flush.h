/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_flush.h
 * @brief Flushes of the store: one for all orders that wait for one.
 *
 * An order that must not go on before an item that it has put
 * (ACME_STORE_BATCH) is on disk takes a ticket, and asks for the result at its
 * next step. One flush serves all tickets of a round; the slower the disk is,
 * the more orders share a flush.
 */
#ifndef ACME_FLUSH_H
#define ACME_FLUSH_H

#include "acme_store.h"

typedef struct acme_flush_t {
    unsigned int round; /**< number of the next flush, from 1 on; 0: none was
                             wanted yet */
    int wanted;
    apr_status_t rv;        /**< of the last flush */
    acme_problem_t problem; /**< of the last flush */
} acme_flush_t;

/** Returns a ticket for the next flush; never 0. */
unsigned int acme_flush_want(acme_flush_t *flush);

/** Returns the result of the ticket's flush, or APR_EAGAIN before it. It must
 *  be asked for before the flush after that one. */
apr_status_t acme_flush_rv(const acme_flush_t *flush, unsigned int ticket,
                           acme_problem_t *problem, apr_pool_t *p);

/**
 * Flushes the store if an order waits for it. Returns non-zero if one did.
 * @param p of a problem; lives until the next flush
 */
int acme_flush_run(acme_flush_t *flush, acme_store_t *store, apr_pool_t *p);

#endif
