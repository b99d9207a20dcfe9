/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status_row.h
 * @brief A site as a table shows it: the page of mod_status.
 *
 * Says what acme_status_brief() says, without JSON, because making that takes
 * most of the time of a page with all sites.
 */
#ifndef ACME_STATUS_ROW_H
#define ACME_STATUS_ROW_H

#include "acme_judgement.h"

typedef struct acme_status_row_t {
    acme_judgement_t judgement;
    acme_serving_e serving; /**< what its virtual hosts serve */
    apr_time_t until;       /**< end of the certificate that it serves, or 0 */
    const char *problem;   /**< the CA's page about its last problem, or NULL */
    const char *hindrance; /**< about what hinders its order, or NULL */
    const char *ari;       /**< about the time of its renewal, or NULL */
} acme_status_row_t;

/** Describes a site.
 *  @param view spec, inventory, now and job are given, and the rest is filled
 *   in; job NULL: it is loaded from the vault
 *  @param vault NULL: the store cannot be used
 *  @param counts the site is added to them, or NULL */
void acme_status_row(acme_status_row_t *row, acme_status_view_t *view,
                     acme_vault_t *vault, const acme_judgement_server_t *server,
                     acme_status_counts_t *counts, apr_pool_t *p);

#endif
