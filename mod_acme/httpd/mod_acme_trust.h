/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_trust.h
 * @brief Who else may write in the folders that root reads certificates from.
 */
#ifndef MOD_ACME_TRUST_H
#define MOD_ACME_TRUST_H

#include "mod_acme_config.h"

/** Whether this folder is there, is ours, and ours alone to write. */
int mod_acme_trust_is_ours(const char *dir);

/** Takes the right to write in it from all others, and says so. What is not
 *  there or not ours is left as it is. */
void mod_acme_trust_close(const acme_setup_t *setup, const char *dir);

#endif
