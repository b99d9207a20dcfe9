/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account_change.h
 * @brief Changes of an account that acmectl asks for.
 */
#ifndef ACME_CA_ACCOUNT_CHANGE_H
#define ACME_CA_ACCOUNT_CHANGE_H

#include "acme_ca_account_types.h"

/**
 * Starts a change of the account. Unless the change is RECOVER,
 * acme_ca_account_ready() must have succeeded before, or the account be closed
 * (DEACTIVATE only). Until `done` is called, perhaps before this returns,
 * acme_ca_account_ready() returns APR_EAGAIN. No order may be running with the
 * account, because its challenges are answered with the key that it began
 * with; and nothing else may be under way: then the change fails.
 */
void acme_ca_account_change(acme_ca_account_t *account,
                            acme_ca_account_change_e change,
                            acme_ca_account_done_fn *done, void *baton);

#endif
