/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_cert.h"
#include "acme_cert_self.h"
#include "acme_time.h"

apr_status_t acme_cert_placeholder(const char **pem, const acme_key_t *key,
                                   const char *name, apr_time_t now,
                                   apr_interval_time_t lifetime,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const acme_cert_self_t self = {
        .what = "placeholder",
        .key = key,
        .organization = "mod_acme placeholder",
        .name = name,
        .not_before = now - ACME_TIME_HOUR,
        .not_after = now + lifetime,
    };

    return acme_cert_self(pem, &self, problem, p);
}
