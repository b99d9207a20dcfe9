/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_job_look.h"

#include <apr_strings.h>

acme_job_look_t *acme_job_look_dup(const acme_job_look_t *look, apr_pool_t *p)
{
    acme_job_look_t *copy = apr_pmemdup(p, look, sizeof(*look));
    acme_json_t *holder = acme_json_object(p);
    acme_json_t *faults;

    copy->digest = apr_pstrdup(p, look->digest);
    copy->text = apr_pstrdup(p, look->text);
    copy->to_fix = apr_pstrdup(p, look->to_fix);
    if (look->faults) {
        acme_json_set(holder, "faults", look->faults);
        if (acme_json_get(&faults, holder, "faults") == APR_SUCCESS) {
            copy->faults = faults;
        }
    }
    return copy;
}

acme_json_t *acme_job_look_to_json(const acme_job_look_t *look, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_time(json, "when", look->when);
    acme_json_set_str(json, "digest", look->digest);
    acme_json_set_str(json, "text", look->text);
    acme_json_set_str(json, "to-fix", look->to_fix);
    if (look->faults) {
        acme_json_give(json, "faults", look->faults);
    }
    acme_json_set_bool(json, "forbids", look->forbids);
    acme_json_set_bool(json, "refuted", look->refuted);
    acme_json_set_time(json, "held", look->held);
    return json;
}

acme_job_look_t *acme_job_look_from_json(const acme_json_t *json, apr_pool_t *p)
{
    acme_job_look_t *look = apr_pcalloc(p, sizeof(*look));
    acme_json_t *faults;

    if (acme_json_get_time(&look->when, json, "when") != APR_SUCCESS
        || acme_json_get_str(&look->digest, json, "digest") != APR_SUCCESS) {
        return NULL;
    }
    (void)acme_json_get_str(&look->text, json, "text");
    (void)acme_json_get_str(&look->to_fix, json, "to-fix");
    if (acme_json_get(&faults, json, "faults") == APR_SUCCESS) {
        look->faults = faults;
    }
    (void)acme_json_get_bool(&look->forbids, json, "forbids");
    (void)acme_json_get_bool(&look->refuted, json, "refuted");
    (void)acme_json_get_time(&look->held, json, "held");
    return look;
}
