/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoke.h
 * @brief Revocation of a certificate (RFC 8555 7.6): by the account, or by the
 * certificate's own key.
 *
 * The certificate's key is not in the hands of who speaks to the CA. So for
 * that form a ticket is fetched, the URL and a nonce of the CA; who has the key
 * signs with it, once, for this one certificate; and what was signed is sent.
 */
#ifndef ACME_REVOKE_H
#define ACME_REVOKE_H

#include "acme_client.h"

/** The reason (RFC 5280 5.3.1) that says that the key is in wrong hands. */
#define ACME_REVOKE_KEY_COMPROMISE 1

/**
 * A reason by its name, in any case, or by its number: one of those that CAs
 * take from a subscriber.
 * @param why on failure, what is allowed
 */
apr_status_t acme_revoke_reason_parse(int *reason, const char *text,
                                      const char **why, apr_pool_t *p);

/** "keyCompromise"; "unspecified" for what is none. */
const char *acme_revoke_reason_name(int reason);

/**
 * @param rv APR_SUCCESS: it is revoked, now or already. APR_EINTR: cancelled
 * @param problem why not; badNonce: another ticket is needed
 */
typedef void acme_revoke_done_fn(void *baton, apr_status_t rv,
                                 const acme_problem_t *problem);

/**
 * In the name of the client's account, whose URL is known to it.
 * @param cert base64url of its DER, copied
 */
void acme_revoke(acme_client_t *client, const char *cert, int reason,
                 acme_revoke_done_fn *done, void *baton);

/** What has to be known for signing elsewhere. */
typedef struct acme_revoke_ticket_t {
    const char *url;
    const char *nonce;
} acme_revoke_ticket_t;

/** @param ticket valid only in the call; NULL on failure */
typedef void acme_revoke_ticket_fn(void *baton, apr_status_t rv,
                                   const acme_revoke_ticket_t *ticket,
                                   const acme_problem_t *problem);

/** Needs no account. */
void acme_revoke_ticket(acme_client_t *client, acme_revoke_ticket_fn *done,
                        void *baton);

/**
 * Signs with the certificate's key: good for this certificate and this ticket.
 * APR_EINVAL for a ticket whose URL is not https.
 */
apr_status_t acme_revoke_sign(const char **jws, const acme_key_t *key,
                              const acme_revoke_ticket_t *ticket,
                              const char *cert, int reason,
                              acme_problem_t *problem, apr_pool_t *p);

/** Sends what acme_revoke_sign() made for that URL. */
void acme_revoke_send(acme_client_t *client, const char *url, const char *jws,
                      acme_revoke_done_fn *done, void *baton);

#endif
