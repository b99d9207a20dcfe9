/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_domain.h
 * @brief The registered domain of a name, by which CAs count rate limits.
 */
#ifndef ACME_DOMAIN_H
#define ACME_DOMAIN_H

#include <apr_pools.h>

/**
 * Returns the registered domain of a name: "example.co.uk" for
 * "*.www.example.co.uk", by the public suffix list of libpsl. Without libpsl it
 * is the last two labels, so that all names below "co.uk" count as one domain.
 * An IP address counts by itself.
 * @param name canonical (acme_ident.h)
 */
const char *acme_domain_registered(const char *name, apr_pool_t *p);

#endif
