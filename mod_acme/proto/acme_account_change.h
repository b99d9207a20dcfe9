/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_change.h
 * @brief Requests about an existing account: find it, change its contacts or
 * its key, deactivate it (RFC 8555 7.3.1-7.3.6).
 *
 * As in acme_client.h each call returns at once and `done` is called later.
 */
#ifndef ACME_ACCOUNT_CHANGE_H
#define ACME_ACCOUNT_CHANGE_H

#include "acme_account.h"

/**
 * Finds the account that the CA has for a key (newAccount with
 * onlyReturnExisting); none is made. If there is none the CA says
 * accountDoesNotExist. The client's own signer is not changed.
 * @param signer of that key; must live until `done`
 */
void acme_account_change_find(acme_client_t *client,
                              const acme_jws_signer_t *signer,
                              acme_account_done_fn *done, void *baton);

/**
 * Replaces the contacts of the account that the client signs for.
 * @param contacts const char *, "mailto:..."; an empty array removes all
 */
void acme_account_change_update(acme_client_t *client,
                                const apr_array_header_t *contacts,
                                acme_account_done_fn *done, void *baton);

/**
 * Replaces the key of the account that the client signs for (keyChange). The
 * client goes on signing with the old key: its owner calls
 * acme_client_identify() when this is done. Fails with class PERMANENT when the
 * CA has no keyChange.
 * @param next signer of the new key; must live until `done`
 */
void acme_account_change_rollover(acme_client_t *client,
                                  const acme_jws_signer_t *next,
                                  acme_account_done_fn *done, void *baton);

/** Deactivates the account that the client signs for, which cannot be
 *  undone. */
void acme_account_change_deactivate(acme_client_t *client,
                                    acme_account_done_fn *done, void *baton);

#endif
