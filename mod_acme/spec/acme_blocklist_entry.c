/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_blocklist_entry.h"

#include <apr_strings.h>

#include "acme_revoke.h"
#include "acme_time.h"

int acme_blocklist_entry_is_compromised(const acme_blocklist_entry_t *revoked)
{
    return revoked->reason == ACME_REVOKE_KEY_COMPROMISE;
}

int acme_blocklist_entry_is_final(const acme_blocklist_entry_t *revoked)
{
    return revoked->done || acme_blocklist_entry_is_compromised(revoked);
}

const char *acme_blocklist_entry_text(const acme_blocklist_entry_t *revoked,
                                      apr_pool_t *p)
{
    const char *when = acme_time_print(revoked->when, p);

    if (acme_blocklist_entry_is_compromised(revoked)) {
        return apr_psprintf(p,
                            "its key was compromised, as was said when %s was "
                            "revoked at %s",
                            revoked->serial ? revoked->serial : "a certificate",
                            when);
    }
    return apr_psprintf(p,
                        revoked->done ? "it was revoked (%s) at %s"
                                      : "its revocation (%s) was asked for "
                                        "at %s",
                        acme_revoke_reason_name(revoked->reason), when);
}

acme_json_t *acme_blocklist_entry_to_json(const acme_blocklist_entry_t *revoked,
                                          apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "name", revoked->name);
    acme_json_set_str(json, "serial", revoked->serial);
    acme_json_set_str(json, "fingerprint", revoked->fingerprint);
    acme_json_set_str(json, "key-hash", revoked->key_hash);
    acme_json_set_int(json, "reason", revoked->reason);
    acme_json_set_time(json, "when", revoked->when);
    acme_json_set_bool(json, "done", revoked->done);
    return json;
}

acme_blocklist_entry_t *acme_blocklist_entry_from_json(const acme_json_t *json,
                                                       apr_pool_t *p)
{
    acme_blocklist_entry_t *revoked = apr_pcalloc(p, sizeof(*revoked));
    apr_int64_t reason;

    if (acme_json_get_str(&revoked->name, json, "name") != APR_SUCCESS
        || acme_json_get_str(&revoked->fingerprint, json, "fingerprint")
               != APR_SUCCESS
        || acme_json_get_str(&revoked->key_hash, json, "key-hash")
               != APR_SUCCESS
        || acme_json_get_int(&reason, json, "reason") != APR_SUCCESS
        || reason < 0 || reason > 10
        || acme_json_get_time(&revoked->when, json, "when") != APR_SUCCESS
        || acme_json_get_bool(&revoked->done, json, "done") != APR_SUCCESS) {
        return NULL;
    }
    (void)acme_json_get_str(&revoked->serial, json, "serial");
    revoked->reason = (int)reason;
    return revoked;
}
