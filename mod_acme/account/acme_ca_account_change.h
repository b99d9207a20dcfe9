/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account_change.h
 * @brief Changes of an account that acmectl asks for.
 */
#ifndef ACME_CA_ACCOUNT_CHANGE_H
#define ACME_CA_ACCOUNT_CHANGE_H

#include "acme_problem.h"

struct acme_ca_account_t;

/** What can be asked of an account that is there. */
typedef enum {
    ACME_CA_ACCOUNT_RECOVER,   /**< find it at the CA by its key; one that was
                                  deactivated here is forgotten, so that the
                                  next order makes another */
    ACME_CA_ACCOUNT_ROLLOVER,  /**< a new key, which is in the store before the
                                  CA hears of it */
    ACME_CA_ACCOUNT_DEACTIVATE /**< its end: nothing is ordered with it any
                                  more, and no other one is made, until RECOVER
                                */
} acme_ca_account_change_e;

/** @param url of the account; NULL on failure, or when it is forgotten */
typedef void acme_ca_account_done_fn(void *baton, apr_status_t rv,
                                     const char *url,
                                     const acme_problem_t *problem);

/**
 * Changes the account; ask acme_ca_account_ready() before, unless it is
 * RECOVER. While it is under way the identity is not ready. Orders in flight
 * must not be, since their challenges are answered with the key they began
 * with.
 */
void acme_ca_account_change(struct acme_ca_account_t *ca_account,
                            acme_ca_account_change_e change,
                            acme_ca_account_done_fn *done, void *baton);

#endif
