/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_dns_update.h
 * @brief ACMEDnsUpdate in check_config: the key file is read, and judged.
 */
#ifndef MOD_ACME_DNS_UPDATE_H
#define MOD_ACME_DNS_UPDATE_H

#include "mod_acme_sites.h"

/** Checks the directive and reads its key, once for all sites that have it.
 *  Returns zero when it cannot be used here, which is said. */
int mod_acme_dns_update_check(acme_sites_t *sites,
                              const acme_setting_t *setting);

#endif
