/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote.h
 * @brief Makes staged certificates live: root's part, at start.
 *
 * A staged certificate comes from a worker, sealed. Root looks only for the
 * sites of the configuration, and checks the certificate once more before it
 * replaces anything: key, names, dates, chain, loading it into an SSL_CTX, and
 * that it is newer than the live one. The staged item stays for the worker,
 * which removes it when the certificate is live.
 */
#ifndef ACME_PROMOTE_H
#define ACME_PROMOTE_H

#include "acme_certstore.h"
#include "acme_inventory.h"
#include "acme_spec.h"
#include "acme_vault.h"

/** Promotion of one site: from where, to where, and what decides. All of it is
 *  the caller's, and is not kept. */
typedef struct acme_promote_t {
    const acme_spec_t *spec;           /**< of the site */
    acme_vault_t *vault;               /**< has the staged certificate */
    const acme_certstore_t *certstore; /**< has the live one */
    int pinned; /**< the version that was rolled back to (acme_pin.h), or 0:
                         a certificate that the site was rolled back from, and
                         that is still staged, is not promoted again */
    apr_time_t staged_at; /**< when the file of the staged certificate was last
                         changed (ctime), or 0: one that was taken away after
                         that, and that is still staged, is no news */
    int keep;             /**< versions kept besides the live one */
    apr_time_t now;       /**< for the checks of dates */
} acme_promote_t;

/**
 * Promotes the staged certificate of a site. An error never fails the start: it
 * is an outcome with a problem.
 * @param fingerprint of the staged certificate that was decided upon; NULL for
 *        NONE and FAILED, and when it could not be read
 */
acme_staged_e acme_promote(const char **fingerprint,
                           const acme_promote_t *promotion,
                           acme_problem_t *problem, apr_pool_t *p);

/** The staged certificate of a site, and the one that it would replace. */
typedef struct acme_promote_staged_t {
    const acme_spec_t *spec;
    acme_bundle_t *bundle;
    acme_key_t *key;
    acme_chain_t *chain;
    const acme_certstore_cert_t *live; /**< NULL: none that can be used */
    const char *refusal;               /**< why it is not new, or NULL */
} acme_promote_staged_t;

/** Parses what is staged, for acme_promote() and for children that serve it
 *  before it is live.
 *  @param staged has the spec; bundle, key and chain are set in p */
apr_status_t acme_promote_read(acme_promote_staged_t *staged,
                               const acme_store_item_t *item,
                               acme_problem_t *problem, apr_pool_t *p);

/** Does the checks of acme_promote() that need nothing of root's: key, first
 *  name, dates, chain, loading it, and what it covers beside the one that it
 *  replaces. */
apr_status_t acme_promote_check(const acme_promote_staged_t *staged,
                                apr_time_t now, acme_problem_t *problem,
                                apr_pool_t *p);

#endif
