/* SPDX-License-Identifier: Apache-2.0 */

#include <apr_hash.h>

#include "acme_ca_account_private.h"

#include "acme_str.h"

/* Returns non-zero when the record's account can go on as this one: the CA
 * knows it, and it has the same directory and external account. */
static int can_follow(const acme_ca_account_t *account,
                      const acme_account_record_t *record)
{
    const acme_eab_t *eab = account->ca->eab;

    return record->url && acme_str_same(record->ca, account->ca->url)
           && acme_str_same(record->eab_kid, eab ? eab->key.kid : NULL);
}

/* Prefers the youngest open account; takes one that was deactivated when no
 * other is there, because a new contact must not undo the deactivation. */
static int is_better(const acme_account_record_t *record,
                     const acme_account_record_t *best)
{
    int ended = record->deactivated || record->refused;
    int best_ended = best && (best->deactivated || best->refused);

    if (!best || ended != best_ended) {
        return !best || !ended;
    }
    return record->created > best->created;
}

/* Returns the accounts that the configuration uses, by URL, because an account
 * may have several names. */
static apr_hash_t *used_urls(const acme_ca_account_t *account,
                             const apr_array_header_t *names, apr_pool_t *p)
{
    apr_hash_t *urls = apr_hash_make(p);
    acme_account_record_t *record;
    const char *name;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (account->used(account->used_baton, name)
            && acme_account_record_load(&record, account->ctx->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && record->url) {
            apr_hash_set(urls, record->url, APR_HASH_KEY_STRING, record);
        }
    }
    return urls;
}

/* Returns the name of the best account that the configuration does not use, or
 * NULL. */
static const char *find_predecessor(const acme_ca_account_t *account,
                                    apr_pool_t *p)
{
    acme_account_record_t *record, *best = NULL;
    apr_array_header_t *names;
    const char *name, *found = NULL;
    apr_hash_t *used;
    int i;

    if (!account->used
        || acme_account_record_list(&names, account->ctx->vault, NULL, p)
               != APR_SUCCESS) {
        return NULL;
    }
    used = used_urls(account, names, p);
    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (!account->used(account->used_baton, name)
            && acme_account_record_load(&record, account->ctx->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && can_follow(account, record)
            && !apr_hash_get(used, record->url, APR_HASH_KEY_STRING)
            && is_better(record, best)) {
            found = name;
            best = record;
        }
    }
    return found;
}

apr_status_t acme_ca_account_adopt(acme_ca_account_t *account,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const char *name = find_predecessor(account, p);
    apr_status_t rv;

    if (!name) {
        return APR_ENOENT;
    }
    rv = acme_account_record_load(&account->record, account->ctx->vault, name,
                                  problem, account->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_state_save(account, problem, p);
    }
    if (rv != APR_SUCCESS) {
        account->record = NULL;
        return rv;
    }
    /* The result does not matter, because an old record that stays is only a
     * second name of the same account. */
    (void)acme_account_record_delete(account->ctx->vault, name, NULL, p);
    acme_log(account->ctx->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0821) "%s: goes on with the account %s, whose contact "
                            "was %s",
             account->ca->label, account->record->url,
             account->record->contact ? account->record->contact : "none");
    return APR_SUCCESS;
}
