/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_dns_way.h
 * @brief The directives that name a way how records of dns-01 challenges come
 *  into the DNS, as a table.
 */
#ifndef MOD_ACME_DNS_WAY_H
#define MOD_ACME_DNS_WAY_H

#include "mod_acme_config.h"

typedef struct acme_dns_way_t {
    acme_setting_e setting;
    acme_dns_way_e way;
    /** Returns non-zero for a value that is not "none". */
    int (*is_on)(const void *value);
} acme_dns_way_t;

/** Returns row i, or NULL when there is none. */
const acme_dns_way_t *mod_acme_dns_way_at(int i);

/** Returns non-zero when the configuration names this way. */
int mod_acme_dns_way_is_named(const acme_dns_way_t *way,
                              const acme_config_t *config);

/** Returns non-zero when it names any. */
int mod_acme_dns_way_is_on(const acme_config_t *config);

#endif
