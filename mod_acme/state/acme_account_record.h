/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_record.h
 * @brief An account at a CA, as the store keeps it.
 *
 * A record is one sealed item of kind accounts: the account's key and what is
 * known about the account. It is written before a key is sent to the CA. While
 * the key is changed, the record has both keys, until it is known which one the
 * CA has.
 */
#ifndef ACME_ACCOUNT_RECORD_H
#define ACME_ACCOUNT_RECORD_H

#include "acme_key.h"
#include "acme_vault.h"

typedef struct acme_account_record_t {
    acme_key_t *key;
    acme_key_t *next_key; /**< NULL, or the key that replaces it, which the CA
                               may have already */
    const char *url;      /**< NULL: not known yet */
    const char *ca;       /**< URL of the CA's directory */
    const char *contact;  /**< contact as the CA has it, or NULL */
    const char *eab_kid;  /**< or NULL */
    const apr_array_header_t *caa; /**< const char *: names of the CA in CAA
                                        records; or NULL */
    apr_time_t created;
    apr_time_t deactivated; /**< when it was deactivated on request, or 0 */
    apr_time_t refused; /**< when the CA first said that it was deactivated, or
                             0 */
    int gone;           /**< the CA does not know the account */
    int lost;           /**< times that it was registered again since a
                             certificate was issued with it */
    apr_time_t lost_at; /**< time of the last registration, or 0 */
} acme_account_record_t;

/**
 * Loads a record.
 * @param record made in p, which wipes the keys
 * @return APR_ENOENT when there is none; ACME_STORE_DAMAGED, without a problem,
 *        when its key cannot be used, so that the account is lost; APR_ENOTIMPL
 *        when a newer version of mod_acme wrote the record: it must not be
 *        replaced
 */
apr_status_t acme_account_record_load(acme_account_record_t **record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem, apr_pool_t *p);

/** Saves a record. It is on disk when this returns. */
apr_status_t acme_account_record_save(const acme_account_record_t *record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Deletes a record. Succeeds also when there is none. */
apr_status_t acme_account_record_delete(acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Copies the keys of a record, and whether it was deactivated, to all other
 *  records of the same account: imports leave such records. */
apr_status_t acme_account_record_spread(const acme_account_record_t *record,
                                        acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Lists the names of all records (const char *), in any order. For the worker
 *  only: root never lists a worker's folder. */
apr_status_t acme_account_record_list(apr_array_header_t **names,
                                      acme_vault_t *vault,
                                      acme_problem_t *problem, apr_pool_t *p);

#endif
