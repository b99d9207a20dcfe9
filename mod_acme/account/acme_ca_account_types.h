/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account_types.h
 * @brief Types that acme_ca_account.h and the inside of an account share.
 */
#ifndef ACME_CA_ACCOUNT_TYPES_H
#define ACME_CA_ACCOUNT_TYPES_H

#include "acme_problem.h"

typedef struct acme_ca_account_t acme_ca_account_t;

/** Returns non-zero when the configuration uses the account whose record has
 *  that name. */
typedef int acme_ca_account_used_fn(void *baton, const char *name);

/** Changes of an account that acmectl asks for. */
typedef enum {
    ACME_CA_ACCOUNT_RECOVER,   /**< find the account at the CA by its key; an
                                  account that was deactivated is forgotten,
                                  so that the next order makes another */
    ACME_CA_ACCOUNT_ROLLOVER,  /**< give it a new key (RFC 8555 7.3.5), which
                                  is in the store before the CA hears of it */
    ACME_CA_ACCOUNT_DEACTIVATE /**< end it (RFC 8555 7.3.6): nothing is ordered
                                  with it any more, and no other account is
                                  made, until RECOVER */
} acme_ca_account_change_e;

/** Reports the end of a change.
 *  @param rv APR_EINTR: the run ended first, and the outcome is unknown
 *  @param url of the account, valid during the call; NULL on failure, or when
 *         the account is forgotten
 *  @param problem valid during the call; NULL on success, may be NULL with
 *         APR_EINTR */
typedef void acme_ca_account_done_fn(void *baton, apr_status_t rv,
                                     const char *url,
                                     const acme_problem_t *problem);

#endif
