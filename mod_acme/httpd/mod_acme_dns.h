/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_dns.h
 * @brief How records of dns-01 challenges come into the DNS, for each site:
 *  which of the ways that directives name; part of check_config.
 *
 * A site has one way. What its virtual hosts and its set name counts before
 * what stands outside of them; two ways in the same place are refused.
 */
#ifndef MOD_ACME_DNS_H
#define MOD_ACME_DNS_H

#include "mod_acme_sites.h"

/** Sets how records of a site are made, if there is a way.
 *  @param config the site's merged settings */
void mod_acme_dns_set(acme_sites_t *sites, const acme_site_draft_t *draft,
                      const acme_config_t *config, acme_spec_t *spec);

/** Refuses a wildcard that nothing can prove. To be called when the challenges
 *  of the site are set. */
void mod_acme_dns_check_wildcards(acme_sites_t *sites, const acme_spec_t *spec);

#endif
