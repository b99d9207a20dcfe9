/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_import_common.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_str.h"
#include "acme_text.h"

acme_import_t *acme_import_common_create(apr_pool_t *p)
{
    acme_import_t *found = apr_pcalloc(p, sizeof(*found));

    found->export = acme_export_create(p);
    found->skipped = apr_array_make(p, 4, sizeof(acme_import_skip_t));
    return found;
}

void acme_import_common_skip(acme_import_t *found, const char *what,
                             const char *why, apr_pool_t *p)
{
    acme_import_skip_t *skip = apr_array_push(found->skipped);

    skip->replaced = 0;
    skip->what = acme_text_escape(what, 400, p);
    skip->why = acme_text_escape(why, 800, p);
}

apr_array_header_t *acme_import_common_list(const char *dir, apr_pool_t *p)
{
    apr_array_header_t *entries = apr_array_make(p, 16, sizeof(const char *));
    apr_array_header_t *names;
    int i;

    if (acme_file_list(&names, dir, p) != APR_SUCCESS) {
        return entries;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (*name != '.') {
            APR_ARRAY_PUSH(entries, const char *) = name;
        }
    }
    acme_str_array_sort(entries);
    return entries;
}

const char *acme_import_common_read(const char *dir, const char *file,
                                    int linked, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/", file, NULL);
    char *data;
    apr_size_t len;
    apr_status_t rv =
        linked
            ? acme_file_read_linked(&data, &len, path,
                                    ACME_IMPORT_COMMON_FILE_MAX, p)
            : acme_file_read(&data, &len, path, ACME_IMPORT_COMMON_FILE_MAX, p);

    if (rv != APR_SUCCESS) {
        return NULL;
    }
    acme_key_wipe_with_pool(data, len, p);
    return strlen(data) == len ? data : NULL;
}

acme_json_t *acme_import_common_json(const char *dir, const char *file,
                                     apr_pool_t *p)
{
    const char *text = acme_import_common_read(dir, file, 0, p);
    acme_json_t *json;

    if (!text
        || acme_json_parse(&json, text, strlen(text), NULL, p) != APR_SUCCESS
        || !acme_json_is_object(json)) {
        return NULL;
    }
    return json;
}

static const acme_json_t *inner_of(const acme_json_t *json, const char *a)
{
    acme_json_t *inner;

    return acme_json_get(&inner, json, a) == APR_SUCCESS
                   && acme_json_is_object(inner)
               ? inner
               : NULL;
}

const char *acme_import_common_str(const acme_json_t *json, const char *a,
                                   const char *b, apr_pool_t *p)
{
    const char *value;

    json = json && b ? inner_of(json, a) : json;
    if (!json || acme_json_get_str(&value, json, b ? b : a) != APR_SUCCESS
        || *value == '\0') {
        return NULL;
    }
    return apr_pstrdup(p, value);
}

const char *acme_import_common_first(const acme_json_t *json, const char *a,
                                     const char *b, apr_pool_t *p)
{
    apr_array_header_t *values;

    json = json && b ? inner_of(json, a) : json;
    if (!json || acme_json_get_strs(&values, json, b ? b : a, p) != APR_SUCCESS
        || values->nelts == 0) {
        return NULL;
    }
    return apr_pstrdup(p, APR_ARRAY_IDX(values, 0, const char *));
}

int acme_import_common_account(acme_import_t *found, const char *what,
                               const acme_export_account_t *account,
                               apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i;

    for (i = 0; i < found->export->accounts->nelts; ++i) {
        const acme_export_account_t *other = APR_ARRAY_IDX(
            found->export->accounts, i, const acme_export_account_t *);

        if (acme_str_same(other->ca_url, account->ca_url)
            && acme_str_same(other->contact, account->contact)) {
            return 1;
        }
    }
    if (acme_export_check_account(account, &problem, p) != APR_SUCCESS) {
        acme_import_common_skip(found, what, problem.detail, p);
        return 0;
    }
    APR_ARRAY_PUSH(found->export->accounts, const acme_export_account_t *) =
        apr_pmemdup(p, account, sizeof(*account));
    return 1;
}
