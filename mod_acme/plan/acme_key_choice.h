/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_choice.h
 * @brief Which key the next certificate of a site is for (ACMEKeyReuse): the
 * live one again, or a new one. Pure.
 *
 * A compromised key, or the key of a certificate that was revoked for any
 * reason, is never used again.
 */
#ifndef ACME_KEY_CHOICE_H
#define ACME_KEY_CHOICE_H

#include "acme_inventory.h"
#include "acme_job.h"
#include "acme_spec.h"

/** Returns the hash (acme_key_hash.h) of the key to use again, or NULL when the
 *  next certificate is for a new key.
 *  @param job NULL: the CA's answers are not known */
const char *acme_key_choice_reused(const acme_spec_t *spec,
                                   const acme_inventory_t *inventory,
                                   const acme_job_t *job);

/** Returns non-zero when a CA has refused the key of an order: then the next
 *  order for the same names is for a new key.
 *  @param problem of the order, or NULL */
int acme_key_choice_is_refused(const acme_problem_t *problem);

#endif
