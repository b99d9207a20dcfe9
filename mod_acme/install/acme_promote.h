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

/**
 * Promotes the staged certificate of a site. An error never fails the start: it
 * is an outcome with a problem.
 * @param pinned the version that was rolled back to (acme_pin.h), or 0: a
 *        certificate that the site was rolled back from, and that is still
 *        staged, is not promoted again
 * @param keep versions kept besides the live one
 * @param fingerprint of the staged certificate that was decided upon; NULL for
 *        NONE and FAILED, and when it could not be read
 */
acme_staged_e acme_promote(const char **fingerprint,
                           const acme_certstore_t *certstore,
                           acme_vault_t *vault, const acme_spec_t *spec,
                           int pinned, int keep, apr_time_t now,
                           acme_problem_t *problem, apr_pool_t *p);

#endif
