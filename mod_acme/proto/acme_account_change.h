/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account_change.h
 * @brief What can be asked about an account that is there: whether the CA
 * knows it, other contacts, another key, its end (RFC 8555 7.3.1-7.3.6).
 *
 * As in acme_client.h each call returns at once and `done` comes later.
 */
#ifndef ACME_ACCOUNT_CHANGE_H
#define ACME_ACCOUNT_CHANGE_H

#include "acme_account.h"

/**
 * newAccount with onlyReturnExisting: the account that the CA has for the key,
 * and none is made. Without one the CA says accountDoesNotExist. Nobody is
 * identified by it.
 * @param signer of that key; outlives the call
 */
void acme_account_change_find(acme_client_t *client,
                              const acme_jws_signer_t *signer,
                              acme_account_done_fn *done, void *baton);

/**
 * Replaces the contacts of the account that the client signs for.
 * @param contacts const char *, "mailto:..."; none: all are removed
 */
void acme_account_change_update(acme_client_t *client,
                                const apr_array_header_t *contacts,
                                acme_account_done_fn *done, void *baton);

/**
 * Gives the account that the client signs for another key (keyChange). The
 * client goes on with the old one: its owner identifies the new one when it is
 * done. A CA without keyChange is a problem of class PERMANENT.
 * @param next of the new key; outlives the call
 */
void acme_account_change_rollover(acme_client_t *client,
                                  const acme_jws_signer_t *next,
                                  acme_account_done_fn *done, void *baton);

/** Ends the account that the client signs for, for ever. */
void acme_account_change_deactivate(acme_client_t *client,
                                    acme_account_done_fn *done, void *baton);

#endif
