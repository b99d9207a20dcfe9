/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_record.h"

#include <apr_strings.h>

#include "acme_solver_dns_how.h"

#define KEY_SITE       "site"
#define KEY_HOST       "host"
#define KEY_IDENTIFIER "identifier"
#define KEY_SINCE      "since"
#define KEY_UP         "up"
#define KEY_TRIES      "tries"
#define KEY_AT         "at"
#define KEY_ZONE       "zone"

const char *acme_solver_dns_record_asked(const acme_solver_dns_record_t *record,
                                         apr_pool_t *p)
{
    return apr_pstrcat(p, "_acme-challenge.", record->identifier, NULL);
}

const char *acme_solver_dns_record_name(const acme_solver_dns_record_t *record,
                                        apr_pool_t *p)
{
    return record->at ? record->at : acme_solver_dns_record_asked(record, p);
}

void acme_solver_dns_record_copy(acme_solver_dns_record_t *to,
                                 const acme_solver_dns_record_t *from,
                                 apr_pool_t *p)
{
    *to = *from;
    to->site = apr_pstrdup(p, from->site);
    to->host = apr_pstrdup(p, from->host);
    to->identifier = apr_pstrdup(p, from->identifier);
    to->value = apr_pstrdup(p, from->value);
    to->at = apr_pstrdup(p, from->at);
    to->zone = apr_pstrdup(p, from->zone);
    acme_solver_dns_how_copy(&to->how, &from->how, p);
}

/* Reads the members. Returns zero when one is missing or wrong. */
static int parse(acme_solver_dns_record_t *record, const acme_json_t *json,
                 apr_pool_t *p)
{
    apr_int64_t tries = 0;

    if (acme_json_get_str(&record->site, json, KEY_SITE) != APR_SUCCESS
        || acme_json_get_str(&record->host, json, KEY_HOST) != APR_SUCCESS
        || acme_json_get_str(&record->identifier, json, KEY_IDENTIFIER)
               != APR_SUCCESS
        || acme_json_get_time(&record->since, json, KEY_SINCE) != APR_SUCCESS
        || !acme_solver_dns_how_read(&record->how, json, p)) {
        return 0;
    }
    (void)acme_json_get_bool(&record->up, json, KEY_UP);
    (void)acme_json_get_int(&tries, json, KEY_TRIES);
    if (acme_json_get_str(&record->at, json, KEY_AT) != APR_SUCCESS
        || acme_json_get_str(&record->zone, json, KEY_ZONE) != APR_SUCCESS) {
        record->at = NULL;
        record->zone = NULL;
    }
    record->tries = (int)tries;
    return 1;
}

apr_status_t acme_solver_dns_record_get(acme_solver_dns_record_t **record,
                                        acme_vault_t *vault, const char *value,
                                        acme_problem_t *problem, apr_pool_t *p)
{
    acme_solver_dns_record_t *found = apr_pcalloc(p, sizeof(*found));
    acme_json_t *json;
    apr_status_t rv;

    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_DNS, value, problem,
                             p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!parse(found, json, p)) {
        return APR_ENOENT;
    }
    found->value = apr_pstrdup(p, value);
    *record = found;
    return APR_SUCCESS;
}

apr_status_t acme_solver_dns_record_put(const acme_solver_dns_record_t *record,
                                        acme_vault_t *vault,
                                        acme_store_sync_e sync,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);

    acme_json_set_str(json, KEY_SITE, record->site);
    acme_json_set_str(json, KEY_HOST, record->host);
    acme_json_set_str(json, KEY_IDENTIFIER, record->identifier);
    acme_solver_dns_how_write(json, &record->how);
    acme_json_set_time(json, KEY_SINCE, record->since);
    acme_json_set_bool(json, KEY_UP, record->up);
    acme_json_set_int(json, KEY_TRIES, record->tries);
    if (record->at) {
        acme_json_set_str(json, KEY_AT, record->at);
        acme_json_set_str(json, KEY_ZONE, record->zone);
    }
    return acme_vault_put_json(vault, ACME_STORE_DNS, record->value, json, sync,
                               problem, ptemp);
}

void acme_solver_dns_record_remove(const acme_solver_dns_record_t *record,
                                   acme_vault_t *vault, apr_pool_t *ptemp)
{
    (void)acme_store_delete(acme_vault_store(vault), ACME_STORE_DNS,
                            record->value, NULL, ptemp);
}

apr_array_header_t *acme_solver_dns_record_list(acme_vault_t *vault,
                                                apr_pool_t *p)
{
    apr_array_header_t *records =
        apr_array_make(p, 4, sizeof(acme_solver_dns_record_t *));
    acme_store_t *store = acme_vault_store(vault);
    acme_solver_dns_record_t *record;
    apr_array_header_t *values;
    apr_status_t rv;
    int i;

    if (acme_store_list(&values, store, ACME_STORE_DNS, NULL, p)
        != APR_SUCCESS) {
        return records;
    }
    for (i = 0; i < values->nelts; ++i) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        rv = acme_solver_dns_record_get(&record, vault, value, NULL, p);
        if (rv == APR_SUCCESS) {
            APR_ARRAY_PUSH(records, acme_solver_dns_record_t *) = record;
        }
        else if (APR_STATUS_IS_ENOENT(rv)) {
            (void)acme_store_delete(store, ACME_STORE_DNS, value, NULL, p);
        }
    }
    return records;
}
