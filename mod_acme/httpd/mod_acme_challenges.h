/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_challenges.h
 * @brief Which types of challenges can be offered for each site, and which
 *  virtual hosts know acme-tls/1 for them; part of check_config.
 *
 * Of the types that ACMECAChallenges names, those are offered for which the
 * server listens where a CA connects to, in their order. Where there is none,
 * those are offered of which only that is not known, because something else
 * may lead the CA here. A type that ACMEPortMap rules out is never offered.
 */
#ifndef MOD_ACME_CHALLENGES_H
#define MOD_ACME_CHALLENGES_H

#include "mod_acme_sites.h"

typedef struct acme_challenges_t acme_challenges_t;

/** Looks at ports and virtual hosts, after the sites were collected. */
acme_challenges_t *mod_acme_challenges_find(acme_sites_t *sites);

/** Sets the challenges of a site; refuses a site that cannot have any.
 * @param index of the site in match.sites
 * @param config the site's merged settings */
void mod_acme_challenges_set(acme_challenges_t *challenges, int index,
                             const acme_config_t *config, acme_spec_t *spec);

/** Tells the virtual hosts whether they know acme-tls/1, when the challenges of
 * all sites are set. Returns non-zero when any does. */
int mod_acme_challenges_mark(const acme_challenges_t *challenges);

#endif
