/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain_key.h
 * @brief The certificate's key of a site's order: it is on disk before the CA
 * knows it, and stays there until the certificate is staged with it.
 */
#ifndef ACME_OBTAIN_KEY_H
#define ACME_OBTAIN_KEY_H

#include "acme_spec.h"
#include "acme_worker_ctx.h"

/** The key of the certificate that is live, and what an order does with it. */
typedef struct acme_obtain_key_live_t {
    const char *hash; /**< of the key (acme_key_hash.h), or NULL: none is live;
                           the caller's */
    int again;        /**< non-zero: use it again (acme_key_reuse.h); zero: do
                           not, even if the store has it for this site */
} acme_obtain_key_live_t;

/**
 * Gets the key for a site's order: the key in the store, if it is of the wanted
 * kind; else a copy of the live key, if that is to be used again, is of the
 * wanted kind and is not compromised; else a new key. Key and PEM are wiped
 * with p. The next flush of the store puts the key on disk: do not send it to a
 * CA before.
 * @param made set non-zero if the store had no key for this site
 * @return APR_EAGAIN while the key is being made
 */
apr_status_t acme_obtain_key(acme_key_t **key, const char **pem, int *made,
                             acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                             const acme_obtain_key_live_t *live,
                             acme_problem_t *problem, apr_pool_t *p);

/** Removes the key from the store, so that the next order has a new one. */
apr_status_t acme_obtain_key_forget(acme_worker_ctx_t *ctx, const char *name,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** Removes a key that no CA would take; a failure is ignored. Does nothing for
 *  a spec with a CSR, whose key another machine has. */
void acme_obtain_key_discard(acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                             apr_pool_t *ptemp);

#endif
