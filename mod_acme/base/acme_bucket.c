/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_bucket.h"

apr_interval_time_t acme_bucket_token(const acme_bucket_limit_t *limit)
{
    return limit->period / limit->tokens;
}

apr_time_t acme_bucket_bounded(apr_time_t full,
                               const acme_bucket_limit_t *limit, apr_time_t now)
{
    return full > now + limit->period ? now + limit->period : full;
}

apr_time_t acme_bucket_when(apr_time_t full, const acme_bucket_limit_t *limit,
                            int left, apr_time_t now)
{
    apr_interval_time_t token = acme_bucket_token(limit);
    apr_time_t at = full + token - limit->period + left * token;

    return full <= now || at <= now ? now : at;
}

apr_time_t acme_bucket_take(apr_time_t full, const acme_bucket_limit_t *limit,
                            apr_time_t now)
{
    full = acme_bucket_bounded(full, limit, now);
    return (full > now ? full : now) + acme_bucket_token(limit);
}

apr_time_t acme_bucket_give(apr_time_t full, const acme_bucket_limit_t *limit)
{
    return full - acme_bucket_token(limit);
}

apr_time_t acme_bucket_empty_until(apr_time_t until,
                                   const acme_bucket_limit_t *limit)
{
    return until + limit->period - acme_bucket_token(limit);
}
