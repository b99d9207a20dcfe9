/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_promoter.h
 * @brief Makes certificates live while the server runs (ACMEActivation hot).
 *
 * Children serve a new certificate at once, but only root may write the live
 * set, and nothing that parses belongs into the parent. So the activator runs
 * the server's own binary with -t, as before a restart, and a variable in its
 * environment: this process reads the configuration on disk, promotes what
 * children serve as a start would, and ends. The next start then serves the
 * same, and the worker goes on with the site. Killed at any time, it has
 * promoted a certificate or not, and the next run goes on.
 */
#ifndef MOD_ACME_PROMOTER_H
#define MOD_ACME_PROMOTER_H

#include "mod_acme_configtest.h"

/** The parent's side of it. */
typedef struct mod_acme_promoter_t mod_acme_promoter_t;

/** Makes it, for one generation of the server.
 *  @param ended called from the server's main loop when a run has ended */
mod_acme_promoter_t *mod_acme_promoter_create(acme_setup_t *setup,
                                              void (*ended)(void *baton),
                                              void *baton);

/** Starts a run if children serve certificates that are not live yet, and it is
 *  time; takes the outcome of the last run. Call it again and again.
 *  @param swapped number of certificates that children serve and that are not
 *         live
 *  @return non-zero when certificates have become live, or wait for a restart,
 *          so that they are to be counted again */
int mod_acme_promoter_step(mod_acme_promoter_t *promoter, int swapped,
                           apr_time_t now, apr_pool_t *ptemp);

/** check_config, after all others: promotes. Does nothing unless the variable
 *  is set and httpd runs with -t. */
int mod_acme_promoter_check(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s);

#endif
