/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acme_store.h"

const char *const acme_store_kinds[] = {
    ACME_STORE_ACCOUNTS,   ACME_STORE_STAGING,
    ACME_STORE_CHALLENGES, ACME_STORE_DNS,
    ACME_STORE_JOBS,       ACME_STORE_KEYS,
    ACME_STORE_NOTES,      NULL,
};

static apr_status_t check_kind(const char *kind, acme_problem_t *problem,
                               apr_pool_t *p)
{
    int i;

    for (i = 0; acme_store_kinds[i]; i++) {
        if (strcmp(kind, acme_store_kinds[i]) == 0) {
            return APR_SUCCESS;
        }
    }
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "the store has no kind \"%s\"", kind);
}

static apr_status_t check_name(const char *name, acme_problem_t *problem,
                               apr_pool_t *p)
{
    if (*name == '\0') {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "the store has no item without a name");
    }
    if (strlen(name) > ACME_STORE_NAME_MAX) {
        return acme_problem_set(
            problem, APR_EINVAL, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
            "the store allows names of %d bytes, not %lu", ACME_STORE_NAME_MAX,
            (unsigned long)strlen(name));
    }
    return APR_SUCCESS;
}

static apr_status_t check_key(const char *kind, const char *name,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check_kind(kind, problem, p);

    return rv == APR_SUCCESS ? check_name(name, problem, p) : rv;
}

apr_status_t acme_store_get(acme_store_item_t *item, acme_store_t *store,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check_key(kind, name, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return store->backend->get(item, store, kind, name, problem, p);
}

apr_status_t acme_store_put(const char **version, acme_store_t *store,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check_key(put->kind, put->name, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (put->len > ACME_STORE_MAX) {
        return acme_problem_set(
            problem, EFBIG, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
            "%s/%s: the store allows %d bytes, not %lu", put->kind, put->name,
            ACME_STORE_MAX, (unsigned long)put->len);
    }
    return store->backend->put(version, store, put, problem, p);
}

apr_status_t acme_store_delete(acme_store_t *store, const char *kind,
                               const char *name, acme_problem_t *problem,
                               apr_pool_t *ptemp)
{
    apr_status_t rv = check_key(kind, name, problem, ptemp);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return store->backend->del(store, kind, name, problem, ptemp);
}

apr_status_t acme_store_flush(acme_store_t *store, acme_problem_t *problem,
                              apr_pool_t *ptemp)
{
    return store->backend->flush ? store->backend->flush(store, problem, ptemp)
                                 : APR_SUCCESS;
}

void acme_store_busy(acme_store_t *store, int busy)
{
    if (store->backend->busy) {
        store->backend->busy(store, busy);
    }
}

void acme_store_stamp(acme_file_stamp_t *stamp, acme_store_t *store,
                      const char *kind, const char *name, apr_pool_t *ptemp)
{
    store->backend->stamp(stamp, store, kind, name, ptemp);
}

apr_status_t acme_store_list(apr_array_header_t **names, acme_store_t *store,
                             const char *kind, acme_problem_t *problem,
                             apr_pool_t *p)
{
    apr_status_t rv = check_kind(kind, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return store->backend->list(names, store, kind, problem, p);
}

apr_status_t acme_store_lease(acme_lease_t **lease, acme_store_t *store,
                              const char *name, apr_interval_time_t ttl,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check_name(name, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return store->backend->lease(lease, store, name, ttl, problem, p);
}

apr_status_t acme_store_renew(acme_lease_t *lease, acme_problem_t *problem)
{
    return lease->store->backend->renew(lease, problem);
}

void acme_store_release(acme_lease_t *lease)
{
    lease->store->backend->release(lease);
}
