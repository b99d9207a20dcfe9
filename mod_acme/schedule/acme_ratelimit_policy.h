/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_policy.h
 * @brief Which of a CA's rate limits are kept to: ACMERateLimit.
 */
#ifndef ACME_RATELIMIT_POLICY_H
#define ACME_RATELIMIT_POLICY_H

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    ACME_RATELIMIT_POLICY_BY_CA, /**< those that are known of the CA */
    ACME_RATELIMIT_POLICY_OFF,
    ACME_RATELIMIT_POLICY_LETSENCRYPT, /**< as Let's Encrypt publishes them */
    ACME_RATELIMIT_POLICY_ORDERS /**< so many orders of an account in a time */
} acme_ratelimit_policy_e;

typedef struct acme_ratelimit_policy_t {
    acme_ratelimit_policy_e kind;
    int orders; /**< of ACME_RATELIMIT_POLICY_ORDERS, 1 to 1000000 */
    apr_interval_time_t
        period; /**< of ACME_RATELIMIT_POLICY_ORDERS, a second to a year */
} acme_ratelimit_policy_t;

/** Reads "off", "letsencrypt" or "300/3h"; a bare number of a period is in
 *  seconds.
 *  @param why on failure, what is allowed */
apr_status_t acme_ratelimit_policy_parse(acme_ratelimit_policy_t *rate,
                                         const char *text, const char **why,
                                         apr_pool_t *p);

/** The reverse; NULL for ACME_RATELIMIT_POLICY_BY_CA. */
const char *acme_ratelimit_policy_print(const acme_ratelimit_policy_t *rate,
                                        apr_pool_t *p);

/** What ACME_RATELIMIT_POLICY_BY_CA comes to for a directory; all others stay.
 */
acme_ratelimit_policy_e
acme_ratelimit_policy_of(const acme_ratelimit_policy_t *rate,
                         const char *ca_url);

#endif
