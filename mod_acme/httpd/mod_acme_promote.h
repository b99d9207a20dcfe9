/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_promote.h
 * @brief What a start finds and makes of each site: promotes what is staged,
 * and takes back what kept the start before it from loading.
 */
#ifndef MOD_ACME_PROMOTE_H
#define MOD_ACME_PROMOTE_H

#include "mod_acme_config.h"

/** Takes back what was promoted and never loaded, and says so. */
void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp);

/**
 * Looks at every site: promotes what is staged for it, reads what is live, and
 * leaves an inventory in each of setup->sites.
 * @return how many certificates were promoted
 */
int mod_acme_promote_all(acme_setup_t *setup, apr_time_t now,
                         apr_pool_t *ptemp);

/** post_config, right after mod_ssl's: what was promoted is loaded. */
int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s);

#endif
