/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_cert_index.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

/* An item in the list of all that cover one name. */
typedef struct entry_t {
    acme_cert_index_item_t *item;
    struct entry_t *next;
} entry_t;

struct acme_cert_index_t {
    apr_pool_t *p;
    apr_array_header_t *items;
    apr_hash_t *by_name; /* name or wildcard in a certificate -> entry_t * */
    apr_hash_t *filed[ACME_PLACES];
};

static void index_item(acme_cert_index_t *index, acme_cert_index_item_t *item)
{
    const apr_array_header_t *names = item->cert->info->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        entry_t *entry = apr_palloc(index->p, sizeof(*entry));

        entry->item = item;
        entry->next = apr_hash_get(index->by_name, name, APR_HASH_KEY_STRING);
        apr_hash_set(index->by_name, name, APR_HASH_KEY_STRING, entry);
    }
}

static void add(acme_cert_index_t *index, const acme_certstore_t *certstore,
                acme_place_e place, const char *name)
{
    acme_cert_index_item_t *item = apr_pcalloc(index->p, sizeof(*item));
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    apr_status_t rv;

    item->place = place;
    item->name = name;
    rv = acme_certstore_get_at(&cert, certstore, place, name, &problem,
                               index->p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        item->cert = cert;
        index_item(index, item);
    }
    else {
        item->problem = acme_problem_dup(&problem, index->p);
    }
    APR_ARRAY_PUSH(index->items, acme_cert_index_item_t *) = item;
    apr_hash_set(index->filed[place], name, APR_HASH_KEY_STRING, item);
}

acme_cert_index_t *acme_cert_index_read(const acme_certstore_t *certstore,
                                        acme_cert_index_wanted_fn *wanted,
                                        void *baton, apr_pool_t *p)
{
    acme_cert_index_t *index = apr_pcalloc(p, sizeof(*index));
    apr_array_header_t *names;
    int place, i;

    index->p = p;
    index->items = apr_array_make(p, 16, sizeof(acme_cert_index_item_t *));
    index->by_name = apr_hash_make(p);
    for (place = 0; place < ACME_PLACES; ++place) {
        index->filed[place] = apr_hash_make(p);
        if (acme_certstore_list(&names, certstore, place, NULL, p)
            != APR_SUCCESS) {
            continue;
        }
        for (i = 0; i < names->nelts; ++i) {
            const char *name = APR_ARRAY_IDX(names, i, const char *);

            if (place != ACME_PLACE_LIVE || !wanted(baton, name)) {
                add(index, certstore, place, name);
            }
        }
    }
    return index;
}

const apr_array_header_t *acme_cert_index_items(const acme_cert_index_t *index)
{
    return index->items;
}

acme_cert_index_item_t *acme_cert_index_filed(const acme_cert_index_t *index,
                                              acme_place_e place,
                                              const char *name)
{
    return apr_hash_get(index->filed[place], name, APR_HASH_KEY_STRING);
}

static void visit_name(const acme_cert_index_t *index, const char *name,
                       acme_cert_index_visit_fn *visit, void *baton)
{
    const entry_t *entry =
        apr_hash_get(index->by_name, name, APR_HASH_KEY_STRING);

    for (; entry; entry = entry->next) {
        if (!entry->item->gone) {
            visit(baton, entry->item);
        }
    }
}

void acme_cert_index_visit(const acme_cert_index_t *index, const char *host,
                           acme_cert_index_visit_fn *visit, void *baton,
                           apr_pool_t *ptemp)
{
    const char *dot = strchr(host, '.');

    visit_name(index, host, visit, baton);
    if (dot && host[0] != '*') {
        visit_name(index, apr_pstrcat(ptemp, "*", dot, NULL), visit, baton);
    }
}
