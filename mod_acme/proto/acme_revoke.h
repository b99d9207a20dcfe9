/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoke.h
 * @brief Revocation of a certificate (RFC 8555 7.6): by the account, or by the
 * certificate's own key.
 *
 * The process that talks to the CA does not have the certificate's key. For the
 * second form it therefore fetches a ticket, which is the CA's URL and a nonce
 * (acme_revoke_ticket()); the process that has the key signs that ticket for
 * this certificate (acme_revoke_sign()); and the first one sends the signed
 * request (acme_revoke_send()). A ticket can be used once.
 */
#ifndef ACME_REVOKE_H
#define ACME_REVOKE_H

#include "acme_client.h"

/** The reason keyCompromise (RFC 5280 5.3.1): others know the key. */
#define ACME_REVOKE_KEY_COMPROMISE 1

/**
 * Reads a reason from its name, in any case, or its number. Only reasons that a
 * subscriber may give are allowed.
 * @param why set on failure: the reasons that are allowed
 */
apr_status_t acme_revoke_reason_parse(int *reason, const char *text,
                                      const char **why, apr_pool_t *p);

/** Returns the name of a reason, "keyCompromise"; "unspecified" for an unknown
 *  number. */
const char *acme_revoke_reason_name(int reason);

/**
 * @param rv APR_SUCCESS: the certificate is revoked, or was before. APR_EINTR:
 *        cancelled
 * @param problem says why not; badNonce: another ticket is needed
 */
typedef void acme_revoke_done_fn(void *baton, apr_status_t rv,
                                 const acme_problem_t *problem);

/**
 * Revokes a certificate in the name of the client's account, whose URL the
 * client must know.
 * @param cert base64url of its DER, copied
 */
void acme_revoke(acme_client_t *client, const char *cert, int reason,
                 acme_revoke_done_fn *done, void *baton);

/** The data that acme_revoke_sign() needs. */
typedef struct acme_revoke_ticket_t {
    const char *url;
    const char *nonce;
} acme_revoke_ticket_t;

/** @param ticket valid only in the call; NULL on failure */
typedef void acme_revoke_ticket_fn(void *baton, apr_status_t rv,
                                   const acme_revoke_ticket_t *ticket,
                                   const acme_problem_t *problem);

/** Fetches a ticket. Needs no account. */
void acme_revoke_ticket(acme_client_t *client, acme_revoke_ticket_fn *done,
                        void *baton);

/**
 * Signs a revocation with the certificate's key, for this certificate and this
 * ticket only. Returns APR_EINVAL for a ticket whose URL is not https.
 * @param cert base64url of its DER
 */
apr_status_t acme_revoke_sign(const char **jws, const acme_key_t *key,
                              const acme_revoke_ticket_t *ticket,
                              const char *cert, int reason,
                              acme_problem_t *problem, apr_pool_t *p);

/** Sends the request that acme_revoke_sign() signed for that URL. */
void acme_revoke_send(acme_client_t *client, const char *url, const char *jws,
                      acme_revoke_done_fn *done, void *baton);

#endif
