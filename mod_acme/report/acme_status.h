/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_status.h
 * @brief The state of sites as JSON (docs/status.md).
 *
 * Names and forms of members are those of mod_md's md-status where the meaning
 * is the same. Reads jobs from the vault and nothing else; takes no lock. The
 * JSON belongs to the pool of the call.
 */
#ifndef ACME_STATUS_H
#define ACME_STATUS_H

#include "acme_judgement.h"

/** The state of restarts, as the parent's activator publishes it. */
typedef struct acme_status_activation_t {
    const char *mode;    /**< "graceful", "hot" or "manual" */
    int pending;         /**< sites that wait for a restart */
    int swapped;         /**< sites whose new certificate is served, and not
                              live yet */
    acme_json_t *hot;    /**< which process serves what, or NULL */
    const char *blocked; /**< why no restart is made, or NULL */
    apr_time_t next;     /**< when the next restart is wanted, or 0 */
    int generation;      /**< httpd's process generation */
} acme_status_activation_t;

/** Describes one site in full, its log included.
 *  @param vault NULL: the store cannot be used, and the job is not known
 *  @param server what is known of the server, for the judgement
 *  @param counts the site is added to them, or NULL */
acme_json_t *acme_status_site(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              acme_vault_t *vault, apr_time_t now,
                              const acme_judgement_server_t *server,
                              acme_status_counts_t *counts, apr_pool_t *p);

/** Describes one site of a list: without its log.
 *  @param job NULL: it is loaded from the vault */
acme_json_t *acme_status_brief(const acme_spec_t *spec,
                               const acme_inventory_t *inventory,
                               const acme_job_t *job, acme_vault_t *vault,
                               apr_time_t now,
                               const acme_judgement_server_t *server,
                               acme_status_counts_t *counts, apr_pool_t *p);

/** Describes the server: {"version", "judgement", "unusable", "waiting",
 *  "activation"}. The caller adds the list of sites, because thousands of them
 *  do not fit into memory.
 *  @param activation NULL: not known */
acme_json_t *acme_status_frame(const acme_judgement_server_t *server,
                               const acme_status_activation_t *activation,
                               apr_pool_t *p);

#endif
