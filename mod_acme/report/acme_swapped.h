/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_swapped.h
 * @brief A site whose new certificate is served with no restart
 * (ACMEActivation hot), before root has made it live.
 */
#ifndef ACME_SWAPPED_H
#define ACME_SWAPPED_H

#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"
#include "acme_vault.h"

/** Returns the inventory with another certificate live and served, made in p.
 *  @param cert lives as long as p */
acme_inventory_t *acme_swapped_with(const acme_inventory_t *inventory,
                                    const acme_certstore_cert_t *cert,
                                    apr_pool_t *p);

/** Returns the inventory while children serve the staged certificate:
 *  with that one live, made in p; the given one where they do not, or where the
 *  staged certificate cannot be read.
 *  @param job, vault or NULL: not known */
const acme_inventory_t *
acme_swapped_inventory(const acme_spec_t *spec,
                       const acme_inventory_t *inventory, const acme_job_t *job,
                       acme_vault_t *vault, apr_pool_t *p);

#endif
