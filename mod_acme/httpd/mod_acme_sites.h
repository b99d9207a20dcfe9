/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_sites.h
 * @brief From server_recs and directives to sites, in check_config.
 *
 * Which virtual hosts make one site is acme_match's; here is what it is told,
 * what is said of its mistakes, and what settings a site has.
 */
#ifndef MOD_ACME_SITES_H
#define MOD_ACME_SITES_H

#include "acme_match.h"
#include "mod_acme_config.h"
#include "mod_acme_conftree.h"

/** One site, before it is a spec. */
typedef struct acme_site_draft_t {
    const acme_match_site_t *match;
    int level;              /**< highest expect_level of its virtual hosts */
    acme_config_t settings; /**< of its set and its virtual hosts, joined */
} acme_site_draft_t;

typedef struct acme_sites_t {
    apr_pool_t *p;
    server_rec *server;
    acme_conftree_t *tree;
    acme_match_t match;
    server_rec **hosts;           /**< by index of match.hosts */
    acme_site_draft_t *drafts;    /**< by index of match.sites */
    int errors;                   /**< mistakes found and logged */
    int warned;                   /**< warnings, also those not kept */
    apr_array_header_t *warnings; /**< const char *, for when there is a log */
    int aloud;                    /**< warnings are said at once, too */
} acme_sites_t;

/** Matches; leaves the site's index in each member's acme_config_t. Mistakes
 *  are logged and counted. */
void mod_acme_sites_collect(acme_sites_t *sites);

/** Whether anything asks for a certificate anywhere: cheap. */
int mod_acme_sites_wanted(server_rec *server);

/** Logs a mistake, as configtest shows it, and counts it. */
void mod_acme_sites_refuse(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Keeps a warning for the error log; says it at once to whoever types
 *  configtest or starts the server. */
void mod_acme_sites_warn(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Tells how many mistakes and warnings there were. */
void mod_acme_sites_sum_up(acme_sites_t *sites);

#endif
