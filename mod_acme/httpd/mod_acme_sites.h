/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_sites.h
 * @brief Makes sites from server_recs and directives, in check_config.
 *
 * acme_match decides which virtual hosts make one site. This file prepares its
 * input, reports its mistakes, and joins the settings of each site.
 */
#ifndef MOD_ACME_SITES_H
#define MOD_ACME_SITES_H

#include "acme_match.h"
#include "mod_acme_config.h"
#include "mod_acme_conftree.h"

/** A site before its spec is made. */
typedef struct acme_site_draft_t {
    const acme_match_site_t *match;
    int level;              /**< highest expect_level of the virtual hosts */
    acme_config_t settings; /**< settings of set and virtual hosts, joined */
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
    apr_array_header_t *warnings; /**< const char *, for the error log */
    int aloud;                    /**< non-zero: print warnings at once, too */
    apr_hash_t *said;             /**< what mod_acme_sites_first() was asked */
} acme_sites_t;

/** Matches virtual hosts to sites and stores the site's index in each member's
 * acme_config_t. Mistakes are logged and counted. */
void mod_acme_sites_collect(acme_sites_t *sites);

/** Returns non-zero when any server asks for a certificate. This is cheap. */
int mod_acme_sites_wanted(server_rec *server);

/** Logs and counts a mistake. configtest prints it. */
void mod_acme_sites_refuse(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Keeps a warning for the error log, and prints it at once to a user who runs
 * configtest or starts the server. */
void mod_acme_sites_warn(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Returns non-zero when this is the first time that it is asked about this
 * subject at this place. Many sites may have the same directive, for which one
 * warning is enough. */
int mod_acme_sites_first(acme_sites_t *sites, const char *subject,
                         const char *place);

/** Logs the number of mistakes and warnings. */
void mod_acme_sites_sum_up(acme_sites_t *sites);

#endif
