/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account.h
 * @brief Our account at one CA: its client, and the account in whose name all
 * orders there are made.
 *
 * A worker has one account for each CA, external account and contact, and makes
 * it anew in each run. The record in the store, of kind accounts, holds the
 * account's key and URL (acme_account_record.h): the key is on disk before the
 * CA hears of it, and a known URL is used without asking the CA again.
 *
 * The account is a state machine (acme_ca_account_private.h). It finds the
 * account or registers it (RFC 8555 7.3), tells the CA a new contact (7.3.2),
 * and carries out the changes of acme_ca_account_change.h. The caller asks
 * acme_ca_account_ready() until the account is ready or has failed.
 *
 * Used by one thread, the worker's.
 */
#ifndef ACME_CA_ACCOUNT_H
#define ACME_CA_ACCOUNT_H

#include "acme_account_record.h"
#include "acme_ca_account_change.h"
#include "acme_ca_account_types.h"
#include "acme_client.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** Makes the account in memory; neither the store nor the CA is touched.
 *  @param ctx, ca must live as long as p
 *  @param p must live until no request is under way any more */
acme_ca_account_t *acme_ca_account_create(acme_worker_ctx_t *ctx,
                                          const acme_ca_spec_t *ca,
                                          apr_pool_t *p);

/**
 * Lets the account take over another one when it has no record yet: an account
 * of the same CA and external account that is not used any more. The CA is then
 * told the new contact, and no second account is made.
 * @param used called while the account is loaded
 */
void acme_ca_account_succeeds(acme_ca_account_t *account,
                              acme_ca_account_used_fn *used, void *baton);

/**
 * Returns APR_SUCCESS when orders may use the client: its directory is there,
 * and it signs in the name of the account. Starts what is needed for that.
 * @param since when the caller began to wait, in microseconds. A failure after
 *        that is returned to the caller, so that all who wait share it; after
 *        an older failure the account is tried again
 * @param problem set with APR_EGENERAL; lives until the next failure
 * @return APR_EAGAIN: ask again when `moved` of the context is set;
 *         APR_EGENERAL: failed
 */
apr_status_t acme_ca_account_ready(acme_ca_account_t *account, apr_time_t since,
                                   const acme_problem_t **problem);

acme_client_t *acme_ca_account_client(const acme_ca_account_t *account);

const acme_ca_spec_t *acme_ca_account_ca(const acme_ca_account_t *account);

/** Returns a number that grows each time the account has to be opened again
 *  because the CA refused it. */
unsigned int acme_ca_account_epoch(const acme_ca_account_t *account);

/**
 * Takes the CA's refusal of the account that was used in that epoch. An account
 * that the CA does not know is registered again with the same key, ever more
 * rarely while that does not help. About an account that the CA does not accept
 * it is asked, once in a run, and no other account is made.
 * @param problem the refusal
 * @return zero when that was done before and has not helped: give up
 */
int acme_ca_account_lost(acme_ca_account_t *account, unsigned int epoch,
                         const acme_problem_t *problem);

/** Forgets earlier losses, because the CA has issued a certificate to the
 *  account. */
void acme_ca_account_lost_proved(acme_ca_account_t *account);

/** Returns non-zero when the account is known to be deactivated, by acmectl or
 *  by the CA. */
int acme_ca_account_lost_is_closed(const acme_ca_account_t *account);

/**
 * Loads the account's record, or that of an account that it takes over.
 * @param record the account's own; NULL on failure
 * @return APR_ENOENT when there is none with a usable key
 */
apr_status_t acme_ca_account_load(acme_ca_account_t *account,
                                  acme_account_record_t **record);

/** Returns non-zero at the first call after each failure, so that it is logged
 *  once. */
int acme_ca_account_report(acme_ca_account_t *account);

/**
 * Stores the record of an account that was imported, unless there is a record
 * of that name.
 * @param record as in the store: "key", "url", "ca", "contact", "created"
 * @return APR_EEXIST when there is one, which stays
 */
apr_status_t acme_ca_account_keep(acme_worker_ctx_t *ctx, const char *name,
                                  const acme_json_t *record,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/**
 * Returns non-zero when an imported record, for which there is one of that
 * name, has another key for the same account: one of the two is older.
 */
int acme_ca_account_keep_is_news(acme_worker_ctx_t *ctx, const char *name,
                                 const acme_json_t *record, apr_pool_t *ptemp);

/**
 * Takes the key of an imported record as the account's next one, if it is
 * another key for this very account. The change RECOVER then asks the CA which
 * of the two it has, and forgets the other one.
 */
apr_status_t acme_ca_account_keep_offer(acme_ca_account_t *account,
                                        const acme_json_t *record,
                                        acme_problem_t *problem, apr_pool_t *p);

/** Returns the name of the account's record in the store: a hash of the CA's
 *  URL, the contact and the external account. */
const char *acme_ca_account_name(const acme_ca_spec_t *ca, apr_pool_t *p);

#endif
