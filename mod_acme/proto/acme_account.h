/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account.h
 * @brief An account at a CA: found by its key or created (RFC 8555 7.3).
 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include "acme_client.h"
#include "acme_jws_eab.h"

/** What the account shall be. */
typedef struct acme_account_request_t {
    const apr_array_header_t *contacts; /**< const char *, "mailto:..." */
    int agreed;                /**< the administrator accepted the CA's terms */
    const acme_jws_eab_t *eab; /**< the external account to bind it to, or
                                    NULL; outlives the call */
} acme_account_request_t;

/** @param url of the account; NULL on failure */
typedef void acme_account_done_fn(void *baton, apr_status_t rv, const char *url,
                                  const acme_problem_t *problem);

/**
 * newAccount with the client's signer: the CA returns the account that this
 * key has, or makes one. Repeating it with the same key makes no second one.
 * Terms that the CA has and nobody accepted, or an account that has to be
 * bound to an external one where none is given, are a problem of class CONFIG
 * before anything is sent. On success the client signs with the account's URL.
 * @param request copied
 */
void acme_account_ensure(acme_client_t *client,
                         const acme_account_request_t *request,
                         acme_account_done_fn *done, void *baton);

/** Whether newAccount's answer is a valid account with its URL. */
apr_status_t acme_account_read(const acme_answer_t *answer,
                               acme_problem_t *problem, apr_pool_t *p);

/** Whether the problem says that the CA does not know this account (any
 *  more): it was deactivated, or the CA lost it. */
int acme_account_is_gone(const acme_problem_t *problem);

/** Whether a problem of newAccount says that the account of this key was
 *  deactivated, which is for ever. */
int acme_account_is_closed(const acme_problem_t *problem);

/** For a refusal of onlyReturnExisting: for a key without an account there is
 *  accountDoesNotExist, so who is refused has one that was closed. */
void acme_account_blame(acme_problem_t *problem);

#endif
