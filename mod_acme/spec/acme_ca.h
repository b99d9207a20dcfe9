/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca.h
 * @brief A certificate authority: what the configuration says of it, and the
 * CAs that are known by a short name.
 */
#ifndef ACME_CA_H
#define ACME_CA_H

#include <apr_pools.h>
#include <apr_time.h>

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

/** Most lives of certificates in acme_ca_limits_t. */
#define ACME_CA_LIVES 3

/** How long certificates live that are issued from some day on. */
typedef struct acme_ca_life_t {
    apr_time_t from; /**< 0: since ever */
    apr_interval_time_t life;
} acme_ca_life_t;

/** Limits that a CA has published for certificates of one of its profiles. */
typedef struct acme_ca_limits_t {
    const char *profile; /**< NULL: all profiles without a row of their own */
    int names;           /**< most names in a certificate */
    int name_bytes;      /**< most bytes of all its names, or 0: not known */
    int no_must_staple;  /**< nonzero: orders with must-staple are refused */
    acme_ca_life_t lives[ACME_CA_LIVES]; /**< oldest first; life 0: the end */
} acme_ca_limits_t;

/** A CA with a short name. */
typedef struct acme_ca_name_t {
    const char *label;
    const char *url;  /**< of its directory */
    int has_terms;    /**< nonzero: it asks for agreement to its terms */
    const char *test; /**< label of the CA's test service, or NULL */
    const acme_ca_limits_t *limits; /**< the row with profile NULL comes last;
                                         NULL: not known */
} acme_ca_name_t;

/** Returns the CA with this short name (in any case) or directory URL, or
 *  NULL. */
const acme_ca_name_t *acme_ca_find(const char *text);

/** Returns all short names, "letsencrypt, ...", for messages. */
const char *acme_ca_list(apr_pool_t *p);

/** Returns the limits of a CA for a profile, or for no profile if it is NULL;
 *  those that the large CAs have in common when the CA is not known. */
const acme_ca_limits_t *acme_ca_limits(const char *url, const char *profile);

/**
 * Finds out whether certificates live shorter than some time, now or from an
 * announced day on.
 * @param from set to that day; 0: now already
 * @return the first such life, or 0: no life is shorter, or none is known
 */
apr_interval_time_t acme_ca_limits_shorter(apr_time_t *from,
                                           const acme_ca_limits_t *limits,
                                           apr_interval_time_t than,
                                           apr_time_t now);

#endif
