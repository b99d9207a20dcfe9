/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_account.h
 * @brief An account at a CA: found by its key or created (RFC 8555 7.3).
 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include "acme_client.h"
#include "acme_jws_eab.h"

/** The account that is wanted. */
typedef struct acme_account_request_t {
    const apr_array_header_t *contacts; /**< const char *, "mailto:..." */
    int agreed;                /**< the administrator accepted the CA's terms */
    const acme_jws_eab_t *eab; /**< the external account to bind it to, or
                                    NULL; must live until `done` */
} acme_account_request_t;

/** @param url of the account; NULL on failure */
typedef void acme_account_done_fn(void *baton, apr_status_t rv, const char *url,
                                  const acme_problem_t *problem);

/**
 * Sends newAccount with the client's signer (RFC 8555 7.3): the CA returns the
 * account that this key has, or makes one, so that a repetition with the same
 * key makes no second account. Fails with class CONFIG, before anything is
 * sent, when the CA has terms that were not accepted, or wants an external
 * account and `eab` is NULL. On success the client signs with the account's
 * URL.
 * @param request copied, except `eab`
 */
void acme_account_ensure(acme_client_t *client,
                         const acme_account_request_t *request,
                         acme_account_done_fn *done, void *baton);

/** Checks an answer to newAccount: APR_SUCCESS when it is a valid account with
 *  its URL; else `problem` says what is wrong. */
apr_status_t acme_account_read(const acme_answer_t *answer,
                               acme_problem_t *problem, apr_pool_t *p);

/** Returns non-zero when newAccount was refused because the account exists, and
 *  the answer has its URL: so did CAs before RFC 8555, and some still do.
 *  @param answer or NULL */
int acme_account_exists(const acme_answer_t *answer);

/** Returns non-zero when the problem says that the CA does not know this
 *  account (any more): it was deactivated, or the CA lost it. */
int acme_account_is_gone(const acme_problem_t *problem);

/** Returns non-zero when a problem of newAccount says that the account of this
 *  key was deactivated, which cannot be undone. */
int acme_account_is_closed(const acme_problem_t *problem);

/** Marks a refusal of onlyReturnExisting as permanent if it means that the
 *  account was closed: for a key without an account the CA would have said
 *  accountDoesNotExist. */
void acme_account_blame(acme_problem_t *problem);

#endif
