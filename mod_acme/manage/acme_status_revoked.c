/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_status_revoked.h"

#include <apr_strings.h>

#include "acme_revoke.h"

const char *acme_status_revoked_text(const acme_spec_t *spec,
                                     const acme_holding_t *holding,
                                     const acme_job_t *job, apr_pool_t *p)
{
    const acme_revoked_t *revoked = acme_plan_revoked(holding, job);

    if (!revoked) {
        return NULL;
    }
    return apr_psprintf(p, "the certificate is %s%s%s",
                        holding->serving == ACME_SERVING_OKC
                            ? "not served, since "
                            : "served until there is another one, but ",
                        acme_revoked_text(revoked, p),
                        spec->renew_mode == ACME_RENEW_MANUAL
                            ? "; ACMERenewMode is manual: acmectl renew "
                              "orders it"
                            : "");
}

acme_json_t *acme_status_revoked(const acme_holding_t *holding,
                                 const acme_job_t *job, apr_pool_t *p)
{
    const acme_revoked_t *revoked = acme_plan_revoked(holding, job);
    char when[APR_RFC822_DATE_LEN];
    acme_json_t *json;

    if (!revoked) {
        return NULL;
    }
    json = acme_json_object(p);
    apr_rfc822_date(when, revoked->when);
    acme_json_set_str(json, "when", when);
    acme_json_set_str(json, "reason", acme_revoke_reason_name(revoked->reason));
    acme_json_set_bool(json, "confirmed", revoked->done);
    return json;
}
