/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_promote.h
 * @brief Promotes staged certificates at startup, and judges promotions that
 *  the start before has not loaded.
 */
#ifndef MOD_ACME_PROMOTE_H
#define MOD_ACME_PROMOTE_H

#include "mod_acme_config.h"

/** Takes back promoted certificates that ended the server, and logs what
 * becomes of all that were not loaded. */
void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp);

/**
 * Promotes the staged certificate of every site, reads the live one, and leaves
 * an inventory in each of setup->certs.
 * @return number of certificates that were promoted
 */
int mod_acme_promote_all(acme_setup_t *setup, apr_time_t now,
                         apr_pool_t *ptemp);

/** Notes what mod_ssl is about to be given for a virtual host.
 * @param site NULL: nothing of ours */
void mod_acme_promote_give(acme_setup_t *setup, const acme_site_t *site);

/** post_config, right after mod_ssl's: notes that promoted certificates are
 * loaded. */
int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s);

#endif
