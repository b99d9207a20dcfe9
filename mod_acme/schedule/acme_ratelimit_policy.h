/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_policy.h
 * @brief ACMERateLimit: the rate limits of a CA that orders keep to.
 */
#ifndef ACME_RATELIMIT_POLICY_H
#define ACME_RATELIMIT_POLICY_H

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    ACME_RATELIMIT_POLICY_OFF,
    ACME_RATELIMIT_POLICY_LETSENCRYPT, /**< as Let's Encrypt publishes them */
    ACME_RATELIMIT_POLICY_ORDERS /**< a number of orders of an account in a
                                      period */
} acme_ratelimit_policy_e;

typedef struct acme_ratelimit_policy_t {
    acme_ratelimit_policy_e kind;
    int orders;                 /**< ORDERS: 1 to 1000000 */
    apr_interval_time_t period; /**< ORDERS: a second to a year */
} acme_ratelimit_policy_t;

/** Reads "off", "letsencrypt" or "300/3h"; a period without a unit is in
 *  seconds.
 *  @param why on APR_EINVAL, what is allowed */
apr_status_t acme_ratelimit_policy_parse(acme_ratelimit_policy_t *rate,
                                         const char *text, const char **why,
                                         apr_pool_t *p);

/** Prints what acme_ratelimit_policy_parse() reads; NULL gives NULL. */
const char *acme_ratelimit_policy_print(const acme_ratelimit_policy_t *rate,
                                        apr_pool_t *p);

/** Returns the kind that holds for a CA's directory: that of `rate`, or the one
 *  that is known of this CA when `rate` is NULL. */
acme_ratelimit_policy_e
acme_ratelimit_policy_of(const acme_ratelimit_policy_t *rate,
                         const char *ca_url);

#endif
