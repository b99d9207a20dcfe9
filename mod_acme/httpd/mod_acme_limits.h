/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_limits.h
 * @brief Compares a site with what its CAs are known to refuse; part of
 *  check_config.
 *
 * The limits stand in acme_ca.c, by CA and profile. What the site's first CA
 * certainly refuses is a mistake, because nothing would ever be ordered. What
 * one of its other CAs refuses is a warning, and so is a setting that will not
 * do what it looks like.
 */
#ifndef MOD_ACME_LIMITS_H
#define MOD_ACME_LIMITS_H

#include "mod_acme_sites.h"

/** Checks a site whose CAs, profile and names are set. Names that nobody has
 * written for ACME are left out of spec->names, with a warning, when they are
 * too many.
 * @param config the settings of the site */
void mod_acme_limits_check(acme_sites_t *sites, const acme_site_draft_t *draft,
                           const acme_config_t *config, acme_spec_t *spec);

#endif
