/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ratelimit_policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "acme_time.h"

#define LETSENCRYPT "https://acme-v02.api.letsencrypt.org/directory"

#define ORDERS_MAX 1000000
#define PERIOD_MAX (366 * ACME_TIME_DAY)

apr_status_t acme_ratelimit_policy_parse(acme_ratelimit_policy_t *rate,
                                         const char *text, const char **why,
                                         apr_pool_t *p)
{
    const char *slash = strchr(text, '/');
    char *end;
    long orders;

    memset(rate, 0, sizeof(*rate));
    *why = "must be off, letsencrypt, or orders/period as in 300/3h: at most a "
           "million orders in a second to a year";
    if (strcasecmp(text, "off") == 0) {
        rate->kind = ACME_RATELIMIT_POLICY_OFF;
        return APR_SUCCESS;
    }
    if (strcasecmp(text, "letsencrypt") == 0) {
        rate->kind = ACME_RATELIMIT_POLICY_LETSENCRYPT;
        return APR_SUCCESS;
    }
    orders = strtol(text, &end, 10);
    if (!slash || end != slash || end == text || orders < 1
        || orders > ORDERS_MAX
        || acme_time_parse_duration(&rate->period, apr_pstrdup(p, slash + 1),
                                    apr_time_from_sec(1))
               != APR_SUCCESS
        || rate->period < apr_time_from_sec(1) || rate->period > PERIOD_MAX) {
        return APR_EINVAL;
    }
    rate->kind = ACME_RATELIMIT_POLICY_ORDERS;
    rate->orders = (int)orders;
    return APR_SUCCESS;
}

const char *acme_ratelimit_policy_print(const acme_ratelimit_policy_t *rate,
                                        apr_pool_t *p)
{
    if (!rate) {
        return NULL;
    }
    switch (rate->kind) {
    case ACME_RATELIMIT_POLICY_OFF:
        return "off";
    case ACME_RATELIMIT_POLICY_LETSENCRYPT:
        return "letsencrypt";
    case ACME_RATELIMIT_POLICY_ORDERS:
        return apr_psprintf(p, "%d/%" APR_TIME_T_FMT, rate->orders,
                            apr_time_sec(rate->period));
    }
    return NULL;
}

acme_ratelimit_policy_e
acme_ratelimit_policy_of(const acme_ratelimit_policy_t *rate,
                         const char *ca_url)
{
    if (rate) {
        return rate->kind;
    }
    return strcmp(ca_url, LETSENCRYPT) == 0 ? ACME_RATELIMIT_POLICY_LETSENCRYPT
                                            : ACME_RATELIMIT_POLICY_OFF;
}
