/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_record.h
 * @brief What the store keeps of an account at a CA.
 *
 * One item of kind accounts, sealed like all others: the account's key and what
 * is known of it. It is written before the CA hears of a key. While a key is
 * changed both are in it, until it is known which one the CA has.
 */
#ifndef ACME_ACCOUNT_RECORD_H
#define ACME_ACCOUNT_RECORD_H

#include "acme_key.h"
#include "acme_vault.h"

typedef struct acme_account_record_t {
    acme_key_t *key;
    acme_key_t *next_key; /**< the CA may have this one already, or NULL */
    const char *url;      /**< or NULL: not known yet */
    const char *ca;       /**< URL of its directory */
    const char *contact;  /**< as the CA has it, or NULL */
    const char *eab_kid;  /**< or NULL */
    const apr_array_header_t *caa; /**< const char *: names of the CA in CAA
                                        records; or NULL */
    apr_time_t created;
    apr_time_t deactivated; /**< on request, or 0 */
    apr_time_t refused; /**< since when the CA says that it was deactivated, by
                             whomever; or 0 */
    int gone;           /**< the CA does not know it */
    int lost;           /**< how often it had to be registered again, since a
                             certificate was issued with it */
    apr_time_t lost_at; /**< the last time, or 0 */
} acme_account_record_t;

/**
 * @param record made in p, which wipes the keys
 * @return APR_ENOENT when there is none; ACME_STORE_DAMAGED, without a
 *         problem, when its key cannot be used: what it names is lost with it;
 *         APR_ENOTIMPL when a newer version of mod_acme wrote it: it must not
 *         be replaced
 */
apr_status_t acme_account_record_load(acme_account_record_t **record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem, apr_pool_t *p);

/** On disk when it returns. */
apr_status_t acme_account_record_save(const acme_account_record_t *record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Success also when there is none. */
apr_status_t acme_account_record_delete(acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** All other records of the same account, as imports leave them, get its keys
 *  and its end. */
apr_status_t acme_account_record_spread(const acme_account_record_t *record,
                                        acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Names of all records (const char *), in any order. A worker's: root never
 *  lists a worker's folder. */
apr_status_t acme_account_record_list(apr_array_header_t **names,
                                      acme_vault_t *vault,
                                      acme_problem_t *problem, apr_pool_t *p);

#endif
