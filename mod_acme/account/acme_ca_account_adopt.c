/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_hash.h>

#include "acme_ca_account.h"
#include "acme_ca_account_private.h"

int acme_ca_account_adopt_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int can_follow(const acme_ca_account_t *ca_account,
                      const acme_account_record_t *record)
{
    const acme_eab_t *eab = ca_account->ca->eab;

    return record->url
           && acme_ca_account_adopt_same(record->ca, ca_account->ca->url)
           && acme_ca_account_adopt_same(record->eab_kid,
                                         eab ? eab->key.kid : NULL);
}

/* The youngest that is open; else one that was deactivated, since another
 * contact is no way around that. */
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

/* Accounts that somebody uses, by URL: they may have several names. */
static apr_hash_t *used_urls(const acme_ca_account_t *ca_account,
                             const apr_array_header_t *names, apr_pool_t *p)
{
    apr_hash_t *urls = apr_hash_make(p);
    acme_account_record_t *record;
    const char *name;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (ca_account->used(ca_account->used_baton, name)
            && acme_account_record_load(&record, ca_account->work->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && record->url) {
            apr_hash_set(urls, record->url, APR_HASH_KEY_STRING, record);
        }
    }
    return urls;
}

/* One that nobody uses any more. */
static const char *find_predecessor(const acme_ca_account_t *ca_account,
                                    apr_pool_t *p)
{
    acme_account_record_t *record, *best = NULL;
    apr_array_header_t *names;
    const char *name, *found = NULL;
    apr_hash_t *used;
    int i;

    if (!ca_account->used
        || acme_account_record_list(&names, ca_account->work->vault, NULL, p)
               != APR_SUCCESS) {
        return NULL;
    }
    used = used_urls(ca_account, names, p);
    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (!ca_account->used(ca_account->used_baton, name)
            && acme_account_record_load(&record, ca_account->work->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && can_follow(ca_account, record)
            && !apr_hash_get(used, record->url, APR_HASH_KEY_STRING)
            && is_better(record, best)) {
            found = name;
            best = record;
        }
    }
    return found;
}

apr_status_t acme_ca_account_adopt(acme_ca_account_t *ca_account,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const char *name = find_predecessor(ca_account, p);
    apr_status_t rv;

    if (!name) {
        return APR_ENOENT;
    }
    rv = acme_account_record_load(&ca_account->record, ca_account->work->vault,
                                  name, problem, ca_account->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_save(ca_account, problem, p);
    }
    if (rv != APR_SUCCESS) {
        ca_account->record = NULL;
        return rv;
    }
    /* One that stays is a second name of the same account. */
    (void)acme_account_record_delete(ca_account->work->vault, name, NULL, p);
    acme_log(ca_account->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0821) "%s: goes on with the account %s, whose contact "
                            "was %s",
             ca_account->ca->label, ca_account->record->url,
             ca_account->record->contact ? ca_account->record->contact
                                         : "none");
    return APR_SUCCESS;
}
