/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_mistakes.h
 * @brief Finds what is easily forgotten beside ACMEDomain, so that a site would
 *  get no certificate and nothing would say why; part of check_config.
 *
 * All are warnings, because the server works with them, and another program or
 * a later change of the configuration may give them a sense.
 */
#ifndef MOD_ACME_MISTAKES_H
#define MOD_ACME_MISTAKES_H

#include "mod_acme_sites.h"

/** The virtual hosts of one site, counted. */
typedef struct acme_mistakes_site_t {
    int hosts;        /**< number of its virtual hosts */
    int tls;          /**< number of those with TLS */
    int told;         /**< a warning has said why there is none with TLS */
    int kept;         /**< number of mistakes in text and fix */
    const char *text; /**< mistakes, for acme_spec_t; NULL: none */
    const char *fix;  /**< what mends them, or NULL */
} acme_mistakes_site_t;

typedef struct acme_mistakes_t {
    acme_sites_t *sites;
    acme_mistakes_site_t *by_site; /**< by index of match.sites */
    apr_hash_t *names;             /**< names of all servers */
    int http;  /**< local port behind the public 80; 0: none */
    int https; /**< local port behind the public 443; 0: none */
} acme_mistakes_t;

/** Returns non-zero when the server listens on this port, at any address. */
int mod_acme_mistakes_listens(int port);

/** Looks at all virtual hosts, after the sites were collected. */
acme_mistakes_t *mod_acme_mistakes_find(acme_sites_t *sites);

/** Looks at a site whose spec is made, and sets the spec's mistake, so that
 * the status has what configtest warns of.
 * @param index of the site in match.sites */
void mod_acme_mistakes_check(acme_mistakes_t *mistakes, int index,
                             acme_spec_t *spec);

#endif
