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
    ACME_RATE_BY_CA, /**< those that are known of the CA */
    ACME_RATE_OFF,
    ACME_RATE_LETSENCRYPT, /**< as Let's Encrypt publishes them */
    ACME_RATE_ORDERS       /**< so many orders of an account in a time */
} acme_rate_e;

typedef struct acme_rate_t {
    acme_rate_e kind;
    int orders;                 /**< of ACME_RATE_ORDERS, 1 to 1000000 */
    apr_interval_time_t period; /**< of ACME_RATE_ORDERS, a second to a year */
} acme_rate_t;

/** Reads "off", "letsencrypt" or "300/3h"; a bare number of a period is in
 *  seconds.
 *  @param why on failure, what is allowed */
apr_status_t acme_rate_parse(acme_rate_t *rate, const char *text,
                             const char **why, apr_pool_t *p);

/** The reverse; NULL for ACME_RATE_BY_CA. */
const char *acme_rate_print(const acme_rate_t *rate, apr_pool_t *p);

/** What ACME_RATE_BY_CA comes to for a directory; all others stay. */
acme_rate_e acme_rate_of(const acme_rate_t *rate, const char *ca_url);

#endif
