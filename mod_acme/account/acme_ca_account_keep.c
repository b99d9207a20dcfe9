/* SPDX-License-Identifier: Apache-2.0 */

/* Accounts that were imported. */

#include <string.h>

#include "acme_ca_account.h"
#include "acme_ca_account_private.h"
#include "acme_str.h"

static apr_status_t read_key(acme_key_t **key, const acme_json_t *record,
                             acme_problem_t *problem, apr_pool_t *p)
{
    const char *pem, *ca;

    if (acme_json_get_str(&pem, record, "key") != APR_SUCCESS
        || acme_json_get_str(&ca, record, "ca") != APR_SUCCESS) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_STORE, p,
                                "the account has no key or no CA");
    }
    return acme_key_from_pem(key, pem, strlen(pem), problem, p);
}

apr_status_t acme_ca_account_keep(acme_worker_ctx_t *ctx, const char *name,
                                  const acme_json_t *record,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *text = acme_json_print(record, 0, ptemp);
    const acme_store_put_t account = {
        .kind = ACME_STORE_ACCOUNTS,
        .name = name,
        .data = text,
        .len = strlen(text),
        .if_version = ACME_STORE_ABSENT,
        .sync = ACME_STORE_SYNC,
    };
    const char *ca;
    acme_key_t *key;
    apr_status_t rv = read_key(&key, record, problem, ptemp);

    if (rv == APR_SUCCESS) {
        rv = acme_vault_put(NULL, ctx->vault, &account, problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        (void)acme_json_get_str(&ca, record, "ca");
        acme_log(ctx->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0362) "%s: an imported account is used there", ca);
    }
    return rv;
}

/* Returns non-zero when both keys are the same one. */
static int is_same_key(const acme_key_t *a, const acme_key_t *b, apr_pool_t *p)
{
    acme_jws_signer_t *one, *other;

    return acme_jws_signer_create(&one, a, NULL, p) == APR_SUCCESS
           && acme_jws_signer_create(&other, b, NULL, p) == APR_SUCCESS
           && strcmp(one->thumbprint, other->thumbprint) == 0;
}

/* Returns non-zero when the key is another one of this very account. */
static int is_news(const acme_account_record_t *known, const char *url,
                   const acme_key_t *key, apr_pool_t *p)
{
    return url && known->url && strcmp(url, known->url) == 0
           && !known->deactivated && !known->refused
           && !is_same_key(key, known->key, p);
}

int acme_ca_account_keep_is_news(acme_worker_ctx_t *ctx, const char *name,
                                 const acme_json_t *record, apr_pool_t *ptemp)
{
    acme_account_record_t *known;
    acme_key_t *key;
    const char *url;

    return acme_json_get_str(&url, record, "url") == APR_SUCCESS
           && read_key(&key, record, NULL, ptemp) == APR_SUCCESS
           && acme_account_record_load(&known, ctx->vault, name, NULL, ptemp)
                  == APR_SUCCESS
           && is_news(known, url, key, ptemp);
}

apr_status_t acme_ca_account_keep_offer(acme_ca_account_t *account,
                                        const acme_json_t *record,
                                        acme_problem_t *problem, apr_pool_t *p)
{
    acme_account_record_t *known;
    acme_key_t *key;
    const char *url;
    apr_status_t rv = APR_SUCCESS;

    if (!account->record) {
        rv = acme_ca_account_register_load(account, problem, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_key(&key, record, problem, account->p);
    known = account->record;
    /* A change that was interrupted comes first: the CA has one of its keys. */
    if (rv != APR_SUCCESS || known->next_key
        || acme_json_get_str(&url, record, "url") != APR_SUCCESS
        || !is_news(known, url, key, p)) {
        return rv;
    }
    known->next_key = key;
    account->next_signer = NULL;
    rv = acme_ca_account_state_sign(account, problem);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_state_save(account, problem, p);
    }
    if (rv == APR_SUCCESS) {
        acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0622) "%s: an import has another key for the account "
                                "%s, and the CA is asked which of the two "
                                "counts",
                 account->ca->label, known->url);
    }
    return rv;
}
