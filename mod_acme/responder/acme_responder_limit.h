/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_responder_limit.h
 * @brief How many DNS queries over UDP are answered: in all, and by network.
 *
 * The source of a query over UDP may be forged, so that replies go to a victim.
 * Each network (/24 of IPv4, /56 of IPv6) has a bucket of tokens; beyond that
 * every second query gets the reply that it was truncated, so that a resolver
 * that is really there asks over TCP, and the others get none. The table has
 * one size: networks that share a place share a bucket.
 *
 * Pure: time comes from the caller. One thread.
 */
#ifndef ACME_RESPONDER_LIMIT_H
#define ACME_RESPONDER_LIMIT_H

#include <apr_pools.h>
#include <apr_time.h>

/** Queries of one network that are answered in a second, on average and at
 *  once. */
#define ACME_RESPONDER_LIMIT_NETWORK 100

/** The same for all networks together: beyond that a query is not even
 *  read. */
#define ACME_RESPONDER_LIMIT_ALL 2000

typedef enum {
    ACME_RESPONDER_LIMIT_ANSWER,
    ACME_RESPONDER_LIMIT_TRUNCATE,
    ACME_RESPONDER_LIMIT_DROP
} acme_responder_limit_e;

typedef struct acme_responder_limit_t acme_responder_limit_t;

acme_responder_limit_t *acme_responder_limit_create(apr_pool_t *p);

/**
 * Counts a query, and says what becomes of it.
 * @param source address of 4 or 16 bytes
 */
acme_responder_limit_e acme_responder_limit_count(acme_responder_limit_t *limit,
                                                  const unsigned char *source,
                                                  apr_size_t len,
                                                  apr_time_t now);

#endif
