/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoke_order.h
 * @brief A revocation on its way: what acmectl asks of the worker, and what
 * the worker has come to.
 *
 * The errand is the body of a request in outbox/, root's. The progress is an
 * item of kind jobs beside those of the sites, the worker's; it is about the
 * request that it names. The certificate's key stays with root: where it is
 * needed, the worker leaves a ticket (acme_revoke.h), and root asks again with
 * what it has signed for that ticket.
 */
#ifndef ACME_REVOKE_ORDER_H
#define ACME_REVOKE_ORDER_H

#include "acme_blocklist.h"
#include "acme_vault.h"

/** What root asks for. */
typedef struct acme_revoke_order_t {
    const acme_blocklist_entry_t *what;
    const char *cert;   /**< base64url of its DER */
    const char *ca_url; /**< of the CA's directory */
    const char *jws;    /**< signed for the last ticket, or NULL */
} acme_revoke_order_t;

acme_json_t *acme_revoke_order_to_json(const acme_revoke_order_t *errand,
                                       apr_pool_t *p);

/** NULL when something is missing. */
acme_revoke_order_t *acme_revoke_order_from_json(const acme_json_t *json,
                                                 apr_pool_t *p);

typedef enum {
    ACME_REVOKE_ORDER_ASKED,  /**< under way, or tried again later */
    ACME_REVOKE_ORDER_TICKET, /**< the certificate's key has to sign */
    ACME_REVOKE_ORDER_DONE,
    ACME_REVOKE_ORDER_REFUSED /**< for good */
} acme_revoke_order_e;

typedef struct acme_revoke_order_progress_t {
    const char *fingerprint;
    const char *request; /**< id of the one that this is about, or NULL */
    acme_revoke_order_e state;
    int by_key;                    /**< signed by the certificate's key */
    const char *url;               /**< of the ticket, or NULL */
    const char *nonce;             /**< of the ticket, or NULL */
    int errors;                    /**< failures in a row */
    apr_time_t next_run;           /**< not before; 0: at once */
    const acme_problem_t *problem; /**< of the last failure, or NULL */
    apr_pool_t *p;
} acme_revoke_order_progress_t;

/** A new one where there is none. Fails only when the store does. */
apr_status_t acme_revoke_order_load(acme_revoke_order_progress_t **revoke_order,
                                    acme_vault_t *vault,
                                    const char *fingerprint,
                                    acme_problem_t *problem, apr_pool_t *p);

apr_status_t
acme_revoke_order_save(const acme_revoke_order_progress_t *revoke_order,
                       acme_vault_t *vault, acme_problem_t *problem,
                       apr_pool_t *ptemp);

/** Nobody asks any more. */
void acme_revoke_order_forget(acme_vault_t *vault, const char *fingerprint,
                              apr_pool_t *ptemp);

#endif
