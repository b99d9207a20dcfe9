/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_hash.h>

#include "acme_ca_account.h"
#include "acme_ca_account_private.h"

int acme_ca_account_adopt_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int can_follow(const acme_ca_account_t *identity,
                      const acme_account_record_t *record)
{
    const acme_eab_t *eab = identity->ca->eab;

    return record->url
           && acme_ca_account_adopt_same(record->ca, identity->ca->url)
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
static apr_hash_t *used_urls(const acme_ca_account_t *identity,
                             const apr_array_header_t *names, apr_pool_t *p)
{
    apr_hash_t *urls = apr_hash_make(p);
    acme_account_record_t *record;
    const char *name;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (identity->used(identity->used_baton, name)
            && acme_account_record_load(&record, identity->work->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && record->url) {
            apr_hash_set(urls, record->url, APR_HASH_KEY_STRING, record);
        }
    }
    return urls;
}

/* One that nobody uses any more. */
static const char *find_predecessor(const acme_ca_account_t *identity,
                                    apr_pool_t *p)
{
    acme_account_record_t *record, *best = NULL;
    apr_array_header_t *names;
    const char *name, *found = NULL;
    apr_hash_t *used;
    int i;

    if (!identity->used
        || acme_account_record_list(&names, identity->work->vault, NULL, p)
               != APR_SUCCESS) {
        return NULL;
    }
    used = used_urls(identity, names, p);
    for (i = 0; i < names->nelts; ++i) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (!identity->used(identity->used_baton, name)
            && acme_account_record_load(&record, identity->work->vault, name,
                                        NULL, p)
                   == APR_SUCCESS
            && can_follow(identity, record)
            && !apr_hash_get(used, record->url, APR_HASH_KEY_STRING)
            && is_better(record, best)) {
            found = name;
            best = record;
        }
    }
    return found;
}

apr_status_t acme_ca_account_adopt(acme_ca_account_t *identity,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const char *name = find_predecessor(identity, p);
    apr_status_t rv;

    if (!name) {
        return APR_ENOENT;
    }
    rv = acme_account_record_load(&identity->record, identity->work->vault,
                                  name, problem, identity->p);
    if (rv == APR_SUCCESS) {
        rv = acme_ca_account_save(identity, problem, p);
    }
    if (rv != APR_SUCCESS) {
        identity->record = NULL;
        return rv;
    }
    /* One that stays is a second name of the same account. */
    (void)acme_account_record_delete(identity->work->vault, name, NULL, p);
    acme_log(identity->work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0821) "%s: goes on with the account %s, whose contact "
                            "was %s",
             identity->ca->label, identity->record->url,
             identity->record->contact ? identity->record->contact : "none");
    return APR_SUCCESS;
}
