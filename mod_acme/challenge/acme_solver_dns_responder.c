/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_responder.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_solver_dns_record.h"

/* Most records that are kept in mind: many more than orders can be open. */
#define MOST 10000

/* The record's item is there before a setup begins, and goes after a
 * teardown. */
static apr_status_t start(acme_solver_dns_work_t *work, apr_time_t now,
                          acme_problem_t *problem)
{
    (void)work;
    (void)now;
    (void)problem;
    return APR_SUCCESS;
}

const acme_solver_dns_way_t acme_solver_dns_responder = {
    ACME_DNS_RESPONDER, start, NULL, NULL, NULL,
};

struct acme_solver_dns_seen_t {
    acme_vault_t *vault;
    apr_hash_t *records; /* value -> identifier; in `p` */
    apr_time_t looked;   /* or 0 */
    apr_status_t rv;     /* of that look */
    apr_pool_t *p;       /* of this look */
    apr_pool_t *parent;
};

acme_solver_dns_seen_t *acme_solver_dns_responder_see(acme_vault_t *vault,
                                                      apr_pool_t *p)
{
    acme_solver_dns_seen_t *seen = apr_pcalloc(p, sizeof(*seen));

    seen->vault = vault;
    seen->parent = p;
    apr_pool_create(&seen->p, p);
    seen->records = apr_hash_make(seen->p);
    return seen;
}

/* Returns the identifier that a value is for, or NULL when the item is none of
 * ours or cannot be read now. What is known is not read again, because a value
 * is of one challenge. */
static const char *identifier_of(acme_solver_dns_seen_t *seen,
                                 const char *value, apr_pool_t *ptemp)
{
    const char *known = apr_hash_get(seen->records, value, APR_HASH_KEY_STRING);
    acme_solver_dns_record_t *record;

    if (known) {
        return known;
    }
    if (acme_solver_dns_record_get(&record, seen->vault, value, NULL, ptemp)
            != APR_SUCCESS
        || record->how.way != ACME_DNS_RESPONDER) {
        return NULL;
    }
    return record->identifier;
}

static void look(acme_solver_dns_seen_t *seen, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    apr_hash_t *records;
    apr_pool_t *p;
    int i;

    seen->rv = acme_store_list(&names, acme_vault_store(seen->vault),
                               ACME_STORE_DNS, NULL, ptemp);
    if (seen->rv != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&p, seen->parent);
    records = apr_hash_make(p);
    for (i = 0; i < names->nelts && i < MOST; ++i) {
        const char *value = APR_ARRAY_IDX(names, i, const char *);
        const char *identifier = identifier_of(seen, value, ptemp);

        if (identifier) {
            apr_hash_set(records, apr_pstrdup(p, value), APR_HASH_KEY_STRING,
                         apr_pstrdup(p, identifier));
        }
    }
    apr_pool_destroy(seen->p);
    seen->p = p;
    seen->records = records;
}

apr_status_t acme_solver_dns_responder_values(const apr_array_header_t **values,
                                              void *baton,
                                              const char *identifier,
                                              apr_time_t now, apr_pool_t *p)
{
    acme_solver_dns_seen_t *seen = baton;
    apr_array_header_t *found = apr_array_make(p, 2, sizeof(const char *));
    apr_hash_index_t *hi;

    if (now < seen->looked
        || now >= seen->looked + ACME_SOLVER_DNS_RESPONDER_AGE) {
        look(seen, p);
        seen->looked = now;
    }
    if (seen->rv != APR_SUCCESS) {
        return seen->rv;
    }
    for (hi = apr_hash_first(p, seen->records); hi; hi = apr_hash_next(hi)) {
        if (strcmp(apr_hash_this_val(hi), identifier) == 0) {
            APR_ARRAY_PUSH(found, const char *) =
                apr_pstrdup(p, apr_hash_this_key(hi));
        }
    }
    *values = found;
    return APR_SUCCESS;
}
