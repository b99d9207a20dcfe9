/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_promote.h
 * @brief A start takes back what kept the one before it from starting.
 */
#ifndef MOD_ACME_PROMOTE_H
#define MOD_ACME_PROMOTE_H

#include "mod_acme_config.h"

/** Takes back what was promoted and never loaded, and says so. */
void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp);

/** Whether staged certificates may be promoted: those of the sites for which
 *  there is one (setup->staged). What is in the way is said. */
int mod_acme_promote_prepare(acme_setup_t *setup, apr_pool_t *ptemp);

/** post_config, right after mod_ssl's: what was promoted is loaded. */
int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s);

#endif
