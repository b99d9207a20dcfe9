/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_report.h
 * @brief Data for pages that show all sites: the job of each site, and the
 *  state of the server.
 */
#ifndef MOD_ACME_REPORT_H
#define MOD_ACME_REPORT_H

#include "acme_job.h"
#include "acme_status.h"
#include "mod_acme_config.h"

/** Returns the site's job without its log. Returns NULL when the job must be
 * loaded from the store, because the cache has no memory or reading failed. May
 * be called from any thread. */
const acme_job_t *mod_acme_report(const acme_setup_t *setup,
                                  acme_vault_t *vault, int site, apr_pool_t *p);

/** Sets `view` to what the parent says about restarts. */
void mod_acme_report_activation(acme_status_activation_t *view,
                                const acme_setup_t *setup, apr_pool_t *p);

/** Sets `server` to what this child knows of server and store. */
void mod_acme_report_server(acme_judgement_server_t *server,
                            const acme_setup_t *setup, apr_pool_t *p);

#endif
