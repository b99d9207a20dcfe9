/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_report.h
 * @brief What pages with all sites show of each, and of the server.
 */
#ifndef MOD_ACME_REPORT_H
#define MOD_ACME_REPORT_H

#include "acme_job.h"
#include "acme_status.h"
#include "mod_acme_config.h"

/** The job of the site, without its log; NULL: it has to be loaded, because
 *  that failed just now or there is no room to remember. From any thread. */
const acme_job_t *mod_acme_report(const acme_setup_t *setup,
                                  acme_vault_t *vault, int site, apr_pool_t *p);

/** How it stands with restarts, as the parent says. */
void mod_acme_report_activation(acme_status_activation_t *view,
                                const acme_setup_t *setup, apr_pool_t *p);

/** Why nothing is ordered, as the worker says; or NULL. */
const char *mod_acme_report_waiting(const acme_setup_t *setup, apr_pool_t *p);

#endif
