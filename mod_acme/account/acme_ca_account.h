/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account.h
 * @brief Who we are at one CA: its client, and the account that all orders
 * there share.
 *
 * One per CA, external account, contact and run. The record in the store, of
 * kind accounts, holds the account's key and URL: the key is on disk before the
 * CA hears of it, and a known URL is used without asking the CA again.
 */
#ifndef ACME_CA_ACCOUNT_H
#define ACME_CA_ACCOUNT_H

#include "acme_account_record.h"
#include "acme_client.h"
#include "acme_ca_account_change.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

typedef struct acme_ca_account_t acme_ca_account_t;

/** Whether the configuration uses the account of that record. */
typedef int acme_ca_account_used_fn(void *baton, const char *name);

/** Touches nothing yet.
 *  @param work, ca live as long as p */
acme_ca_account_t *acme_ca_account_create(acme_worker_ctx_t *work,
                                          const acme_ca_spec_t *ca,
                                          apr_pool_t *p);

/**
 * Where no account is there yet: another one of the same CA and external
 * account, which is not used any more, is taken over, and the CA is told the
 * new contact, rather than that there are two.
 */
void acme_ca_account_succeeds(acme_ca_account_t *ca_account,
                              acme_ca_account_used_fn *used, void *baton);

/**
 * Whether the client can be used: its directory is there, and it signs in the
 * name of the account. Begins what is needed for that.
 * @param since when the caller began to wait: a failure after that is its own
 *        too, so that all who wait share one; for who comes later it is tried
 *        again
 * @param problem lives until the next try
 * @return APR_EAGAIN: ask again when `moved` of the work is set
 */
apr_status_t acme_ca_account_ready(acme_ca_account_t *ca_account,
                                   apr_time_t since,
                                   const acme_problem_t **problem);

acme_client_t *acme_ca_account_client(const acme_ca_account_t *ca_account);

const acme_ca_spec_t *acme_ca_account_ca(const acme_ca_account_t *ca_account);

/** A number that grows each time the account is looked into anew. */
unsigned int acme_ca_account_epoch(const acme_ca_account_t *ca_account);

/**
 * The CA has refused the account that was used in that epoch. One that it does
 * not know is registered again with the same key, ever more rarely while that
 * does not help; about one that it does not want it is asked, once in a run,
 * and no other is made.
 * @param problem what the CA said
 * @return zero when that was done and has not helped: give up
 */
int acme_ca_account_lost(acme_ca_account_t *ca_account, unsigned int epoch,
                         const acme_problem_t *problem);

/** The CA has issued a certificate for it: all is well. */
void acme_ca_account_lost_proved(acme_ca_account_t *ca_account);

/** Whether it was deactivated, here or elsewhere, as far as is known. */
int acme_ca_account_lost_is_closed(const acme_ca_account_t *ca_account);

/** What the store knows of the account, or of one that nobody uses any more,
 *  which becomes this one's. APR_ENOENT: nothing. */
apr_status_t acme_ca_account_load(acme_ca_account_t *ca_account,
                                  acme_account_record_t **record);

/** Nonzero for the first who asks after each failure: who logs it. */
int acme_ca_account_report(acme_ca_account_t *ca_account);

/**
 * Stores an account that was imported, unless there is one of that name.
 * @param record as in the store: "key", "url", "ca", "contact", "created"
 * @return APR_EEXIST when there is one, which is kept
 */
apr_status_t acme_ca_account_keep(acme_worker_ctx_t *work, const char *name,
                                  const acme_json_t *record,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Name of its record in the store. */
const char *acme_ca_account_name(const acme_ca_spec_t *ca, apr_pool_t *p);

#endif
