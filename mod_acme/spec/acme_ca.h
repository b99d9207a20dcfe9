/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca.h
 * @brief A certificate authority: what the configuration says of it, and the
 * CAs that are known by a short name.
 */
#ifndef ACME_CA_H
#define ACME_CA_H

#include <apr_pools.h>

#include "acme_eab.h"

struct acme_ratelimit_policy_t;

/** A CA and our identity there. Const after check_config, in pconf. */
typedef struct acme_ca_spec_t {
    const char *url;     /**< of its directory, https */
    const char *label;   /**< short name, or the host of the URL: for people */
    const char *ca_file; /**< PEM of trusted roots for its server, or NULL */
    const char *proxy;   /**< URL of the proxy to it, "" for none; NULL: the
                              proxy of all other requests */
    const char *proxy_ca_file; /**< PEM of trusted roots for the proxy, or
                                    NULL */
    const char *contact;       /**< "mailto:...", or NULL */
    int agreed;                /**< nonzero: its terms are accepted */
    int eab_if_required;       /**< nonzero: bind the account only where the CA
                              demands it */
    acme_eab_t *eab; /**< external account to bind to, or NULL; complete when
                          children run */
    const struct acme_ratelimit_policy_t *rate; /**< ACMERateLimit; NULL: the
                                                     limits known of this CA */
} acme_ca_spec_t;

/** A CA with a short name. */
typedef struct acme_ca_name_t {
    const char *label;
    const char *url;  /**< of its directory */
    int has_terms;    /**< nonzero: it asks for agreement to its terms */
    const char *test; /**< label of the CA's test service, or NULL */
} acme_ca_name_t;

/** Returns the CA with this short name (in any case) or directory URL, or
 *  NULL. */
const acme_ca_name_t *acme_ca_find(const char *text);

/** Returns all short names, "letsencrypt, ...", for messages. */
const char *acme_ca_list(apr_pool_t *p);

#endif
