/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_domain.h
 * @brief The domain that somebody has registered, above a name: CAs count by
 * it.
 */
#ifndef ACME_DOMAIN_H
#define ACME_DOMAIN_H

#include <apr_pools.h>

/**
 * "example.co.uk" for "*.www.example.co.uk", by the public suffix list of
 * libpsl. Without libpsl it is the last two labels, which takes more names for
 * one domain than there are. An IP address is its own.
 * @param name canonical (acme_ident.h)
 */
const char *acme_domain_registered(const char *name, apr_pool_t *p);

#endif
