/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_revoke_order.h
 * @brief An order to revoke a certificate, which acmectl gives to the worker,
 * and the worker's progress.
 *
 * The order is the body of a control request in outbox/, which root writes. The
 * progress is an item of kind jobs, beside those of the sites, which the worker
 * writes; it is about the control request that it names. The certificate's key
 * stays with root: if the key has to sign, the worker leaves a ticket
 * (acme_revoke.h), and root sends the order again with its signature for that
 * ticket.
 */
#ifndef ACME_REVOKE_ORDER_H
#define ACME_REVOKE_ORDER_H

#include "acme_blocklist_entry.h"
#include "acme_vault.h"

/** The order, as root writes it. */
typedef struct acme_revoke_order_t {
    const acme_blocklist_entry_t *what;
    const char *cert;   /**< the certificate: base64url of its DER */
    const char *ca_url; /**< URL of the CA's directory */
    const char *jws;    /**< JWS that root has signed for the last ticket, or
                             NULL */
} acme_revoke_order_t;

acme_json_t *acme_revoke_order_to_json(const acme_revoke_order_t *order,
                                       apr_pool_t *p);

/** Returns NULL when something is missing. */
acme_revoke_order_t *acme_revoke_order_from_json(const acme_json_t *json,
                                                 apr_pool_t *p);

typedef enum {
    ACME_REVOKE_ORDER_ASKED,  /**< running, or tried again later */
    ACME_REVOKE_ORDER_TICKET, /**< the certificate's key has to sign */
    ACME_REVOKE_ORDER_DONE,
    ACME_REVOKE_ORDER_REFUSED /**< the CA has refused it; not tried again */
} acme_revoke_order_e;

typedef struct acme_revoke_order_progress_t {
    const char *fingerprint;
    const char *request; /**< id of the control request that this is about, or
                              NULL */
    acme_revoke_order_e state;
    int by_key;                    /**< signed by the certificate's key */
    const char *url;               /**< of the ticket, or NULL */
    const char *nonce;             /**< of the ticket, or NULL */
    int errors;                    /**< failures in a row */
    apr_time_t next_run;           /**< no try before; 0: at once */
    const acme_problem_t *problem; /**< of the last failure, or NULL */
    apr_pool_t *p;
} acme_revoke_order_progress_t;

/**
 * Loads the progress of an order; creates one where there is none, or none that
 * can be read.
 * @return an error only when the store fails, and APR_ENOTIMPL for progress
 *        that a newer version of mod_acme wrote
 */
apr_status_t acme_revoke_order_load(acme_revoke_order_progress_t **progress,
                                    acme_vault_t *vault,
                                    const char *fingerprint,
                                    acme_problem_t *problem, apr_pool_t *p);

apr_status_t
acme_revoke_order_save(const acme_revoke_order_progress_t *progress,
                       acme_vault_t *vault, acme_problem_t *problem,
                       apr_pool_t *ptemp);

/** Removes the progress, because the order is answered. */
void acme_revoke_order_forget(acme_vault_t *vault, const char *fingerprint,
                              apr_pool_t *ptemp);

#endif
