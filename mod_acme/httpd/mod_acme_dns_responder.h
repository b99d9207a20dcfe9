/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_dns_responder.h
 * @brief ACMEDnsResponder in check_config: zone, sockets, and the records that
 *  an administrator publishes once.
 */
#ifndef MOD_ACME_DNS_RESPONDER_H
#define MOD_ACME_DNS_RESPONDER_H

#include "mod_acme_sites.h"

/** Most places that DNS servers listen on. */
#define MOD_ACME_DNS_RESPONDER_MOST 8

/** Sets the server of a site; refuses what cannot be.
 *  @param setting of ACMEDnsResponder */
void mod_acme_dns_responder_set(acme_sites_t *sites,
                                const acme_setting_t *setting,
                                acme_dns_spec_t *dns);

/** Returns non-zero when names of the site are proven so. */
int mod_acme_dns_responder_is_of(const acme_spec_t *spec);

/** Returns the records to publish for a site (const char *), or NULL: none. */
const apr_array_header_t *
mod_acme_dns_responder_records(const acme_spec_t *spec, apr_pool_t *p);

/** Prints the records of all sites, for configtest. */
void mod_acme_dns_responder_print(const acme_setup_t *setup);

/** Returns the places that sites want, each once (const acme_dns_responder_t
 *  *).
 *  @param setup or NULL: none */
apr_array_header_t *mod_acme_dns_responder_places(const acme_setup_t *setup,
                                                  apr_pool_t *p);

/** Returns non-zero when both listen on the same address and port. */
int mod_acme_dns_responder_same(const acme_dns_responder_t *a,
                                const acme_dns_responder_t *b);

/** Returns the place as the directive has it: PORT, ADDRESS:PORT. */
const char *mod_acme_dns_responder_place(const acme_dns_responder_t *responder,
                                         apr_pool_t *p);

#endif
