/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account_record.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_format.h"

/* Format number of the item; raised when older versions would misunderstand
 * it. */
#define FORMAT 1

/* More losses do not make the next wait longer. */
#define LOST_MAX 100

static const char *text_of(const acme_json_t *json, const char *key,
                           apr_pool_t *p)
{
    const char *text;

    return acme_json_get_str(&text, json, key) == APR_SUCCESS
               ? apr_pstrdup(p, text)
               : NULL;
}

static acme_key_t *key_of(const acme_json_t *json, const char *member,
                          apr_pool_t *p)
{
    acme_problem_t damage = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;

    if (acme_json_get_str(&pem, json, member) != APR_SUCCESS
        || acme_key_from_pem(&key, pem, strlen(pem), &damage, p)
               != APR_SUCCESS) {
        return NULL;
    }
    return key;
}

static void read_fate(acme_account_record_t *record, const acme_json_t *json)
{
    apr_int64_t lost;

    (void)acme_json_get_time(&record->deactivated, json, "deactivated");
    (void)acme_json_get_time(&record->refused, json, "refused");
    (void)acme_json_get_bool(&record->gone, json, "gone");
    if (acme_json_get_int(&lost, json, "lost") == APR_SUCCESS && lost > 0) {
        record->lost = lost < LOST_MAX ? (int)lost : LOST_MAX;
    }
    (void)acme_json_get_time(&record->lost_at, json, "lost-at");
}

apr_status_t acme_account_record_load(acme_account_record_t **record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem, apr_pool_t *p)
{
    acme_account_record_t *found = apr_pcalloc(p, sizeof(*found));
    apr_array_header_t *caa;
    acme_json_t *json;
    apr_status_t rv;

    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_ACCOUNTS, name,
                             problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_format_check(
        json, FORMAT, apr_pstrcat(p, "the account ", name, NULL), problem, p);
    if (rv == APR_ENOTIMPL) {
        return rv;
    }
    found->key = key_of(json, "key", p);
    if (rv != APR_SUCCESS || !found->key) {
        return ACME_STORE_DAMAGED;
    }
    found->next_key = key_of(json, "next-key", p);
    found->url = text_of(json, "url", p);
    found->ca = text_of(json, "ca", p);
    found->contact = text_of(json, "contact", p);
    found->eab_kid = text_of(json, "eab-kid", p);
    if (acme_json_get_strs(&caa, json, "caa", p) == APR_SUCCESS) {
        found->caa = caa;
    }
    (void)acme_json_get_time(&found->created, json, "created");
    read_fate(found, json);
    *record = found;
    return APR_SUCCESS;
}

static apr_status_t set_key(acme_json_t *json, const char *member,
                            const acme_key_t *key, acme_problem_t *problem,
                            apr_pool_t *p)
{
    const char *pem;
    apr_status_t rv;

    if (!key) {
        return APR_SUCCESS;
    }
    rv = acme_key_to_pem(&pem, key, problem, p);
    if (rv == APR_SUCCESS) {
        acme_json_set_str(json, member, pem);
    }
    return rv;
}

apr_status_t acme_account_record_save(const acme_account_record_t *record,
                                      acme_vault_t *vault, const char *name,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);
    apr_status_t rv;

    rv = set_key(json, "key", record->key, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = set_key(json, "next-key", record->next_key, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "url", record->url);
    acme_json_set_str(json, "ca", record->ca);
    acme_json_set_str(json, "contact", record->contact);
    acme_json_set_str(json, "eab-kid", record->eab_kid);
    if (record->caa) {
        acme_json_set_strs(json, "caa", record->caa);
    }
    acme_json_set_time(json, "created", record->created);
    acme_json_set_time(json, "deactivated", record->deactivated);
    acme_json_set_time(json, "refused", record->refused);
    if (record->gone) {
        acme_json_set_bool(json, "gone", 1);
    }
    if (record->lost > 0) {
        acme_json_set_int(json, "lost", record->lost);
        acme_json_set_time(json, "lost-at", record->lost_at);
    }
    return acme_vault_put_json(vault, ACME_STORE_ACCOUNTS, name, json,
                               ACME_STORE_SYNC, problem, ptemp);
}

apr_status_t acme_account_record_delete(acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    return acme_store_delete(acme_vault_store(vault), ACME_STORE_ACCOUNTS, name,
                             problem, ptemp);
}

apr_status_t acme_account_record_list(apr_array_header_t **names,
                                      acme_vault_t *vault,
                                      acme_problem_t *problem, apr_pool_t *p)
{
    return acme_store_list(names, acme_vault_store(vault), ACME_STORE_ACCOUNTS,
                           problem, p);
}

static int is_same_names(const acme_account_record_t *a,
                         const acme_account_record_t *b)
{
    return a->url && b->url && a->ca && b->ca && strcmp(a->url, b->url) == 0
           && strcmp(a->ca, b->ca) == 0;
}

apr_status_t acme_account_record_spread(const acme_account_record_t *record,
                                        acme_vault_t *vault, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    acme_account_record_t *other;
    apr_array_header_t *names;
    const char *each;
    apr_status_t rv;
    int i;

    rv = acme_account_record_list(&names, vault, problem, ptemp);
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        each = APR_ARRAY_IDX(names, i, const char *);
        if (strcmp(each, name) == 0
            || acme_account_record_load(&other, vault, each, NULL, ptemp)
                   != APR_SUCCESS
            || !is_same_names(record, other)) {
            continue;
        }
        other->key = record->key;
        other->next_key = record->next_key;
        other->deactivated = record->deactivated;
        other->refused = record->refused;
        rv = acme_account_record_save(other, vault, each, problem, ptemp);
    }
    return rv;
}
