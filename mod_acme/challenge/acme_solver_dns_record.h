/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_record.h
 * @brief Records of dns-01 challenges that were put into the DNS, as the store
 * keeps them.
 *
 * The item of a record is on disk before the setup begins, and goes when the
 * teardown has succeeded. So whatever becomes of order, worker and
 * configuration, a record is torn down: the item has all that this needs, but
 * no secret. It is named by the record's value, which no other challenge has.
 */
#ifndef ACME_SOLVER_DNS_RECORD_H
#define ACME_SOLVER_DNS_RECORD_H

#include "acme_spec.h"
#include "acme_vault.h"

typedef struct acme_solver_dns_record_t {
    const char *site;       /**< whose order it is for: acme_spec_t.name */
    const char *host;       /**< the first name of that site */
    const char *identifier; /**< name that is validated */
    const char *value;      /**< text of the TXT record */
    acme_dns_spec_t how;
    const char *at;   /**< name at which it is written, when that was found and
                           noted; NULL: _acme-challenge.IDENTIFIER */
    const char *zone; /**< that `at` is in, or NULL */
    apr_time_t since; /**< when it was asked for, or set up */
    int up;           /**< the setup has succeeded */
    int tries;        /**< teardowns that have failed */
} acme_solver_dns_record_t;

/** Returns the name at which the CA looks: _acme-challenge.IDENTIFIER. */
const char *acme_solver_dns_record_asked(const acme_solver_dns_record_t *record,
                                         apr_pool_t *p);

/** Returns the name at which it is written; the same, until another is
 *  noted. */
const char *acme_solver_dns_record_name(const acme_solver_dns_record_t *record,
                                        apr_pool_t *p);

/** Copies a record into p. */
void acme_solver_dns_record_copy(acme_solver_dns_record_t *to,
                                 const acme_solver_dns_record_t *from,
                                 apr_pool_t *p);

/** Reads the item of a value.
 *  @param record set in p
 *  @return APR_ENOENT when there is none that can be read */
apr_status_t acme_solver_dns_record_get(acme_solver_dns_record_t **record,
                                        acme_vault_t *vault, const char *value,
                                        acme_problem_t *problem, apr_pool_t *p);

apr_status_t acme_solver_dns_record_put(const acme_solver_dns_record_t *record,
                                        acme_vault_t *vault,
                                        acme_store_sync_e sync,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Removes the item. A failure leaves it to the next sweep. */
void acme_solver_dns_record_remove(const acme_solver_dns_record_t *record,
                                   acme_vault_t *vault, apr_pool_t *ptemp);

/** Returns all records that can be read, as acme_solver_dns_record_t * in p.
 *  Items that are none of ours are removed. */
apr_array_header_t *acme_solver_dns_record_list(acme_vault_t *vault,
                                                apr_pool_t *p);

#endif
