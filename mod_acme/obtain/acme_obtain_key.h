/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain_key.h
 * @brief The certificate key of a site's order: on disk before the CA hears of
 * it, and kept there until the certificate is staged beside it.
 */
#ifndef ACME_OBTAIN_KEY_H
#define ACME_OBTAIN_KEY_H

#include "acme_spec.h"
#include "acme_worker_ctx.h"

/**
 * The key that the store has for this site, if it is of the kind wanted; else
 * the one that is to be used again, if it is there and of that kind and not
 * compromised; else a new one. It and its PEM are wiped with p. The next flush
 * of the store puts it on disk; nothing may be told to a CA before.
 * @param made whether the site's order had none yet
 * @param live the hash of the one that the site serves, or NULL
 * @param again that is to be used again (acme_key_reuse.h); else it is not,
 * also where it was kept for this order
 * @return APR_EAGAIN while it is being made
 */
apr_status_t acme_obtain_key(acme_key_t **key, const char **pem, int *made,
                             acme_worker_ctx_t *work, const acme_spec_t *spec,
                             const char *live, int again,
                             acme_problem_t *problem, apr_pool_t *p);

/** Removes it from the store: the next order has a new one. */
apr_status_t acme_obtain_key_forget(acme_worker_ctx_t *work, const char *name,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** The same for a key that no CA would take, whether or not it can be removed.
 *  A request's own (spec->csr) is not ours. */
void acme_obtain_key_discard(acme_worker_ctx_t *work, const acme_spec_t *spec,
                             apr_pool_t *ptemp);

#endif
