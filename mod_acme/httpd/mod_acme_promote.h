/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_promote.h
 * @brief Promotes staged certificates at startup, and undoes promotions that
 *  kept the start before from loading.
 */
#ifndef MOD_ACME_PROMOTE_H
#define MOD_ACME_PROMOTE_H

#include "mod_acme_config.h"

/** Undoes promotions whose certificates were never loaded, and logs them. */
void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp);

/**
 * Promotes the staged certificate of every site, reads the live one, and leaves
 * an inventory in each of setup->certs.
 * @return number of certificates that were promoted
 */
int mod_acme_promote_all(acme_setup_t *setup, apr_time_t now,
                         apr_pool_t *ptemp);

/** post_config, right after mod_ssl's: notes that promoted certificates are
 * loaded. */
int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s);

#endif
