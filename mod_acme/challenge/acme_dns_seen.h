/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_seen.h
 * @brief Looks whether the name servers of a zone have a record that was set
 * up, before the CA does.
 *
 * A look finds the zone of the record by NS records, from the name that is
 * validated upwards, and asks each address of its name servers for the record,
 * again and again, until all that answer have it. Where one says that the name
 * is an alias, or that it is delegated, the look goes on in that zone. The
 * resolvers are not asked for the record itself, because they would remember
 * that it is not there, and the CA may ask them, too.
 *
 * Looks never wait, and none holds up others: at most ACME_DNS_SEEN_MOST
 * questions are asked of one address at once, and an address that has not
 * answered is left alone for ACME_DNS_SEEN_DEAD.
 *
 * One thread. All looks are those of one run of the worker.
 */
#ifndef ACME_DNS_SEEN_H
#define ACME_DNS_SEEN_H

#include "acme_problem.h"
#include "acme_worker_ctx.h"

/** Most questions to one address at once. */
#define ACME_DNS_SEEN_MOST 2

/** How long an address is not asked that has not answered. */
#define ACME_DNS_SEEN_DEAD (5 * ACME_TIME_MINUTE)

/** Most addresses that are asked for a record. */
#define ACME_DNS_SEEN_ADDRESSES 32

typedef struct acme_dns_seen_t acme_dns_seen_t;

/** A record to look for. All is copied. */
typedef struct acme_dns_seen_record_t {
    const char *site;       /**< whose order it is for */
    const char *identifier; /**< that is validated; the record is below it */
    const char *name;       /**< of the record */
    const char *value;      /**< no other record has it */
    apr_time_t until;       /**< when the CA is told at the latest */
    apr_time_t blind; /**< when the CA is told if no name server can be asked */
} acme_dns_seen_record_t;

/** Creates looks of a worker; they live in p. */
acme_dns_seen_t *acme_dns_seen_create(acme_worker_ctx_t *ctx, apr_pool_t *p);

/** Returns non-zero when the DNS can be asked at all. */
int acme_dns_seen_can(const acme_dns_seen_t *seen);

/** Begins to look for a record, unless that was begun. */
void acme_dns_seen_want(acme_dns_seen_t *seen,
                        const acme_dns_seen_record_t *record);

/** Ends the look for the record with this value, if there is one. */
void acme_dns_seen_forget(acme_dns_seen_t *seen, const char *value);

/**
 * Returns when the CA can see all records of a site that are looked for, as far
 * as is known now; 0: it can; ACME_SCHEDULE_NEVER: none is looked for.
 * @param missing set to what is waited for, while name servers are without a
 *        record; else to NULL. Valid until the next step.
 */
apr_time_t acme_dns_seen_at(const acme_dns_seen_t *seen, const char *site,
                            const acme_problem_t **missing);

/**
 * Goes on with all looks.
 * @return when to step again; ACME_SCHEDULE_NEVER: not before an answer comes
 */
apr_time_t acme_dns_seen_step(acme_dns_seen_t *seen);

/** Ends all looks. */
void acme_dns_seen_end(acme_dns_seen_t *seen);

#endif
