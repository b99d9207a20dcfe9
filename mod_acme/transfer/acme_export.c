/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_export.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_ident.h"
#include "acme_json.h"
#include "acme_jws.h"
#include "acme_spec.h"
#include "acme_text.h"

#define FORMAT "mod_acme bundle 1"

acme_export_t *acme_export_create(apr_pool_t *p)
{
    acme_export_t *export = apr_pcalloc(p, sizeof(*export));

    export->bundles = apr_array_make(p, 4, sizeof(acme_bundle_t *));
    export->accounts = apr_array_make(p, 4, sizeof(acme_export_account_t *));
    return export;
}

acme_json_t *acme_export_account_record(const acme_export_account_t *account,
                                        apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "key", account->key_pem);
    acme_json_set_str(json, "url", account->url);
    acme_json_set_str(json, "ca", account->ca_url);
    acme_json_set_str(json, "contact", account->contact);
    acme_json_set_str(json, "eab-kid", account->eab_kid);
    acme_json_set_time(json, "created", account->created);
    return json;
}

const char *acme_export_print(const acme_export_t *export, apr_pool_t *p)
{
    acme_json_t *json, *certificates, *accounts, *one;
    const char *text;
    char *printed;
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, p);
    json = acme_json_object(ptemp);
    certificates = acme_json_array(ptemp);
    accounts = acme_json_array(ptemp);
    for (i = 0; i < export->bundles->nelts; ++i) {
        text = acme_bundle_print(
            APR_ARRAY_IDX(export->bundles, i, acme_bundle_t *), ptemp);
        if (acme_json_parse(&one, text, strlen(text), NULL, ptemp)
            == APR_SUCCESS) {
            acme_json_append(certificates, one);
        }
    }
    for (i = 0; i < export->accounts->nelts; ++i) {
        acme_json_append(accounts, acme_export_account_record(
                                       APR_ARRAY_IDX(export->accounts, i,
                                                     acme_export_account_t *),
                                       ptemp));
    }
    acme_json_set_str(json, "format", FORMAT);
    acme_json_set_time(json, "exported", apr_time_now());
    acme_json_set(json, "certificates", certificates);
    acme_json_set(json, "accounts", accounts);
    printed = apr_pstrdup(p, acme_json_print(json, 1, ptemp));
    acme_key_wipe_with_pool(printed, strlen(printed), p);
    apr_pool_destroy(ptemp);
    return printed;
}

/* ---- and back ---- */

static const char *copy_str(const acme_json_t *json, const char *key,
                            apr_pool_t *p)
{
    const char *value;
    char *copy;

    if (acme_json_get_str(&value, json, key) != APR_SUCCESS || *value == '\0') {
        return NULL;
    }
    copy = apr_pstrdup(p, value);
    acme_key_wipe_with_pool(copy, strlen(copy), p);
    return copy;
}

acme_export_account_t *acme_export_account_of(const acme_json_t *record,
                                              apr_pool_t *p)
{
    acme_export_account_t *account = apr_pcalloc(p, sizeof(*account));

    account->ca_url = copy_str(record, "ca", p);
    account->contact = copy_str(record, "contact", p);
    account->eab_kid = copy_str(record, "eab-kid", p);
    account->url = copy_str(record, "url", p);
    account->key_pem = copy_str(record, "key", p);
    if (acme_json_get_time(&account->created, record, "created")
        != APR_SUCCESS) {
        account->created = 0;
    }
    return account->ca_url && account->key_pem ? account : NULL;
}

static apr_status_t read_bundles(acme_export_t *export, const acme_json_t *list,
                                 acme_problem_t *problem, apr_pool_t *p,
                                 apr_pool_t *ptemp)
{
    acme_bundle_t *bundle;
    const char *text;
    int i, count = acme_json_count(list);

    if (count > ACME_EXPORT_MAX) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "it has %d certificates, %d are allowed", count,
                                ACME_EXPORT_MAX);
    }
    for (i = 0; i < count; ++i) {
        if (!acme_json_is_object(acme_json_at(list, i))) {
            return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                    "certificate %d of it is none", i + 1);
        }
        text = acme_json_print(acme_json_at(list, i), 0, ptemp);
        acme_key_wipe_with_pool((char *)text, strlen(text), ptemp);
        if (acme_bundle_parse(&bundle, text, strlen(text), problem, p)
            != APR_SUCCESS) {
            return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                    "certificate %d of it: %s", i + 1,
                                    problem ? problem->detail : "");
        }
        APR_ARRAY_PUSH(export->bundles, acme_bundle_t *) = bundle;
    }
    return APR_SUCCESS;
}

static apr_status_t read_accounts(acme_export_t *export,
                                  const acme_json_t *list,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_export_account_t *account;
    int i, count = acme_json_count(list);

    if (count > ACME_EXPORT_MAX) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "it has %d accounts, %d are allowed", count,
                                ACME_EXPORT_MAX);
    }
    for (i = 0; i < count; ++i) {
        account = acme_export_account_of(acme_json_at(list, i), p);
        if (!account) {
            return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                    "account %d of it has no key or no CA",
                                    i + 1);
        }
        APR_ARRAY_PUSH(export->accounts, acme_export_account_t *) = account;
    }
    return APR_SUCCESS;
}

static apr_status_t parse(acme_export_t *export, const char *text,
                          apr_size_t len, acme_problem_t *problem,
                          apr_pool_t *p, apr_pool_t *ptemp)
{
    acme_json_t *json, *list;
    const char *error = NULL, *format;
    apr_status_t rv;

    if (acme_json_parse(&json, text, len, &error, ptemp) != APR_SUCCESS) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "it is no bundle: %s",
                                error ? error : "no JSON");
    }
    if (acme_json_get_str(&format, json, "format") != APR_SUCCESS
        || strcmp(format, FORMAT) != 0) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "it is no bundle of this version (\"%s\")",
                                FORMAT);
    }
    if (acme_json_get(&list, json, "certificates") != APR_SUCCESS) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "it has no certificates");
    }
    rv = read_bundles(export, list, problem, p, ptemp);
    if (rv == APR_SUCCESS
        && acme_json_get(&list, json, "accounts") == APR_SUCCESS) {
        rv = read_accounts(export, list, problem, p);
    }
    if (rv == APR_SUCCESS
        && export->bundles->nelts + export->accounts->nelts == 0) {
        rv = acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p, "it is empty");
    }
    return rv;
}

apr_status_t acme_export_parse(acme_export_t **export, const char *text,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p)
{
    acme_export_t *made = acme_export_create(p);
    apr_pool_t *ptemp;
    apr_status_t rv;

    /* Destroy the JSON value at once, because it holds copies of the keys. */
    apr_pool_create(&ptemp, p);
    rv = parse(made, text, len, problem, p, ptemp);
    apr_pool_destroy(ptemp);
    if (rv == APR_SUCCESS) {
        *export = made;
    }
    return rv;
}

/* ---- checks ---- */

apr_status_t acme_export_check(const acme_cert_info_t **info,
                               const acme_bundle_t *bundle, apr_time_t now,
                               acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    const char *name, *why;
    acme_chain_t *chain;
    acme_key_t *key;
    apr_status_t rv;

    if (acme_spec_name_parse(&name, bundle->name, &why, p) != APR_SUCCESS
        || strcmp(name, bundle->name) != 0) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, p,
                                "\"%s\" is no name of a site",
                                acme_text_escape(bundle->name, 300, p));
    }
    rv = acme_bundle_open(&key, &chain, bundle, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    APR_ARRAY_PUSH(names, const char *) =
        acme_spec_filed_for(name, acme_cert_chain_info(chain)->names, p);
    rv = acme_cert_check(chain, key, names, now, problem, p);
    if (rv != APR_SUCCESS) {
        if (problem) {
            problem->detail =
                apr_psprintf(p, "%s: %s", bundle->name, problem->detail);
        }
        return rv;
    }
    *info = acme_cert_chain_info(chain);
    return APR_SUCCESS;
}

apr_status_t acme_export_check_account(const acme_export_account_t *account,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    acme_jws_signer_t *signer;
    acme_key_t *key;
    apr_status_t rv;

    if (strncmp(account->ca_url, "https://", 8) != 0
        || strlen(account->ca_url) > 2000) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, ptemp,
                                "account: \"%s\" is no CA",
                                acme_text_escape(account->ca_url, 300, ptemp));
    }
    rv = acme_key_from_pem(&key, account->key_pem, strlen(account->key_pem),
                           problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_jws_signer_create(&signer, key, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return acme_cert_refuse(problem, ACME_RETRY_PERMANENT, ptemp,
                                "account at %s: %s",
                                acme_text_escape(account->ca_url, 300, ptemp),
                                problem ? problem->detail : "");
    }
    return APR_SUCCESS;
}
