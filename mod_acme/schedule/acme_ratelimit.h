/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit.h
 * @brief A ledger of the rate limits of a CA: says when an order may be made,
 * so that the CA never has to answer rateLimited.
 *
 * A limit is a bucket of tokens for each thing that it counts by (account,
 * registered domain, set of names, name), which fills up again steadily. One
 * number is kept per bucket, the time at which it will be full (GCRA). Renewals
 * come first: orders for sites that never had a certificate leave a quarter of
 * the account's tokens to them. Renewals inside the window that the CA has
 * named (RFC 9773) are not counted; those for the very same names are not
 * counted by domain.
 *
 * The ledger is text in parts, which the caller stores, so that an order
 * changes a few of them only. A part that is lost or damaged counts as empty:
 * the CA's own limits still hold, and its Retry-After is obeyed.
 *
 * Pure. A ledger belongs to one thread.
 */
#ifndef ACME_RATELIMIT_H
#define ACME_RATELIMIT_H

#include <apr_tables.h>

#include "acme_ratelimit_parse.h"
#include "acme_ratelimit_policy.h"

/** Longest wait that an order is given at once. */
#define ACME_RATELIMIT_WAIT_MAX apr_time_from_sec(7 * 86400)

/** Parts of a ledger, each an item of the store. */
#define ACME_RATELIMIT_PARTS 16

typedef struct acme_ratelimit_t acme_ratelimit_t;

/** An order to be made, as far as limits count it. */
typedef struct acme_ratelimit_order_t {
    const char *account;             /**< name of the account's record */
    const apr_array_header_t *names; /**< const char * */
    int renewal; /**< nonzero: there is a certificate for exactly these names */
    int exempt;  /**< nonzero: now is inside the window that the CA has named */
} acme_ratelimit_order_t;

/** Creates an empty ledger for a CA, or returns NULL when no limit of it is
 *  known.
 *  @param rate ACMERateLimit, or NULL: the limits known of this CA */
acme_ratelimit_t *acme_ratelimit_create(const char *ca_url,
                                        const acme_ratelimit_policy_t *rate,
                                        apr_pool_t *p);

/** Returns when the order may be made: `now`, or later. Reserves the returned
 *  time when it is later; the next caller gets a later one.
 *  @param why when it has to wait: the limit, for people, in p */
apr_time_t acme_ratelimit_when(acme_ratelimit_t *ratelimit,
                               const acme_ratelimit_order_t *order,
                               apr_time_t now, const char **why, apr_pool_t *p);

/** Counts an order that is made now. */
void acme_ratelimit_take(acme_ratelimit_t *ratelimit,
                         const acme_ratelimit_order_t *order, apr_time_t now);

/** Takes the count of an order back, because the CA has not made it. */
void acme_ratelimit_give(acme_ratelimit_t *ratelimit,
                         const acme_ratelimit_order_t *order);

/** Takes the count as a certificate back, because the order failed. The count
 *  as an order stays. */
void acme_ratelimit_end(acme_ratelimit_t *ratelimit,
                        const acme_ratelimit_order_t *order);

/** Counts a failed validation of this name. */
void acme_ratelimit_failed(acme_ratelimit_t *ratelimit, const char *account,
                           const char *name, apr_time_t now);

/** Notes that the CA has no token before `until`: the bucket counts as empty
 *  until then, whatever was counted. */
void acme_ratelimit_refused(acme_ratelimit_t *ratelimit,
                            const acme_ratelimit_parse_t *limited,
                            apr_time_t until, apr_time_t now);

/** Returns the name of the item, of kind notes, that holds a part. */
const char *acme_ratelimit_item(const acme_ratelimit_t *ratelimit, int part,
                                apr_pool_t *p);

/**
 * Replaces what the ledger counts by the text of its parts.
 * @param texts one for each of ACME_RATELIMIT_PARTS; NULL for a part that is
 *        empty. Lines that make no sense are skipped.
 */
void acme_ratelimit_load(acme_ratelimit_t *ratelimit, const char *const *texts,
                         apr_pool_t *ptemp);

/** Returns the text of a part, in p, or NULL if it has not changed since it was
 *  loaded or saved. Buckets that are full at `now` are left out. */
const char *acme_ratelimit_save(const acme_ratelimit_t *ratelimit, int part,
                                apr_time_t now, apr_pool_t *p);

/** Notes that the text of a part is stored. */
void acme_ratelimit_saved(acme_ratelimit_t *ratelimit, int part);

#endif
