/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote.h
 * @brief From staged to live: root's part, at start.
 *
 * Looks only at names that the configuration gives. What is staged was sealed
 * by a worker; it is checked once more here (key, names, dates, chain, scratch
 * SSL_CTX, newer than the live one) before it replaces anything. The
 * staged item is left for the worker, who removes it when it sees the
 * certificate live.
 */
#ifndef ACME_PROMOTE_H
#define ACME_PROMOTE_H

#include "acme_certstore.h"
#include "acme_inventory.h"
#include "acme_spec.h"
#include "acme_vault.h"

/**
 * Promotes what is staged for one site. Never fails the start: whatever goes
 * wrong is an outcome, with its problem.
 * @param pinned the generation that was rolled back to (acme_pin.h), or 0: what
 *        was live before that does not come back by being staged still
 * @param keep generations kept besides the live one
 * @param fingerprint of the leaf whose fate is decided: NULL for NONE, for
 *        FAILED, and where it could not be read
 */
acme_staged_e acme_promote(const char **fingerprint,
                           const acme_certstore_t *certstore,
                           acme_vault_t *vault, const acme_spec_t *spec,
                           int pinned, int keep, apr_time_t now,
                           acme_problem_t *problem, apr_pool_t *p);

#endif
