/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_status_revoked.h"

#include <apr_strings.h>

#include "acme_revoke.h"

const char *acme_status_revoked_text(const acme_spec_t *spec,
                                     const acme_inventory_t *inventory,
                                     const acme_job_t *job, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked = acme_plan_revoked(inventory, job);

    if (!revoked) {
        return NULL;
    }
    return apr_psprintf(p, "the certificate is %s%s%s",
                        inventory->serving == ACME_SERVING_OKC
                            ? "not served, since "
                            : "served until there is another one, but ",
                        acme_blocklist_entry_text(revoked, p),
                        spec->renew_mode == ACME_RENEW_MANUAL
                            ? "; ACMERenewMode is manual: acmectl renew "
                              "orders it"
                            : "");
}

acme_json_t *acme_status_revoked(const acme_inventory_t *inventory,
                                 const acme_job_t *job, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked = acme_plan_revoked(inventory, job);
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
