/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_noeffect.h
 * @brief Warns of settings in virtual hosts that ask for no certificate; part
 *  of check_config.
 *
 * Settings of a site are those of its set and of the virtual hosts that ask.
 * ACMERequireHttps in the virtual host for port 80, beside one for port 443
 * with ACMEDomain, would otherwise do nothing without a word.
 */
#ifndef MOD_ACME_NOEFFECT_H
#define MOD_ACME_NOEFFECT_H

#include "mod_acme_sites.h"

/** Looks at all virtual hosts, after the sites were collected. */
void mod_acme_noeffect_check(acme_sites_t *sites);

#endif
