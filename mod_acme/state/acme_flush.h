/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_flush.h
 * @brief What orders have written, on its way to the disk, once for all orders
 * of a turn.
 *
 * An order that must not go on before what it has put (ACME_STORE_BATCH) is
 * safe takes a ticket, and asks at its next step. One flush serves all tickets
 * of a turn; how slow a disk is decides by itself how many these are.
 */
#ifndef ACME_FLUSH_H
#define ACME_FLUSH_H

#include "acme_store.h"

typedef struct acme_flush_t {
    unsigned int turn; /**< of the next flush, from 1 on; 0: not begun */
    int wanted;
    apr_status_t rv;        /**< of the last one */
    acme_problem_t problem; /**< of the last one */
} acme_flush_t;

/** A ticket for the next flush; never 0. */
unsigned int acme_flush_want(acme_flush_t *flush);

/** Of the ticket's flush: APR_EAGAIN before it, APR_SUCCESS, or why it has
 *  failed. To be asked before the next one. */
apr_status_t acme_flush_rv(const acme_flush_t *flush, unsigned int ticket,
                           acme_problem_t *problem, apr_pool_t *p);

/** Does it where somebody waits. Returns whether anybody did.
 *  @param p of a problem, until the next flush */
int acme_flush_run(acme_flush_t *flush, acme_store_t *store, apr_pool_t *p);

#endif
