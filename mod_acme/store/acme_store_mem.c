/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_store_mem.h"

/* The state that all handles share. */
typedef struct mem_t {
    apr_pool_t *p;
    const acme_clock_t *clock;
    apr_hash_t *kinds;  /* kind -> apr_hash_t: name -> mem_item_t */
    apr_hash_t *leases; /* name -> mem_lease_t of the holder */
    apr_uint64_t versions;
    apr_status_t broken; /* puts fail with it; or 0 */
} mem_t;

typedef struct mem_item_t {
    apr_pool_t *p; /* its own, freed when it is replaced */
    const char *name;
    char *data;
    apr_size_t len;
    const char *version;
} mem_item_t;

typedef struct mem_lease_t {
    acme_lease_t lease;
    apr_pool_t *p;
    const char *name;
    apr_interval_time_t ttl;
    apr_time_t until;
} mem_lease_t;

static mem_item_t *find(const acme_store_t *store, const char *kind,
                        const char *name)
{
    const mem_t *mem = store->self;
    apr_hash_t *items = apr_hash_get(mem->kinds, kind, APR_HASH_KEY_STRING);

    return apr_hash_get(items, name, APR_HASH_KEY_STRING);
}

static apr_status_t mem_get(acme_store_item_t *item, acme_store_t *store,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p)
{
    const mem_item_t *found = find(store, kind, name);

    (void)problem;
    if (!found) {
        return APR_ENOENT;
    }
    item->data = apr_pstrmemdup(p, found->data, found->len);
    item->len = found->len;
    item->version = apr_pstrdup(p, found->version);
    return APR_SUCCESS;
}

static void drop(const acme_store_t *store, const char *kind, mem_item_t *item)
{
    const mem_t *mem = store->self;
    apr_hash_t *items = apr_hash_get(mem->kinds, kind, APR_HASH_KEY_STRING);

    apr_hash_set(items, item->name, APR_HASH_KEY_STRING, NULL);
    apr_pool_destroy(item->p);
}

static apr_status_t mem_put(const char **version, acme_store_t *store,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *p)
{
    mem_t *mem = store->self;
    apr_hash_t *items =
        apr_hash_get(mem->kinds, put->kind, APR_HASH_KEY_STRING);
    mem_item_t *old = find(store, put->kind, put->name);
    mem_item_t *item;
    apr_pool_t *pitem;

    if (mem->broken != APR_SUCCESS) {
        return acme_problem_set(
            problem, mem->broken, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
            "cannot write %s/%s: the store is broken", put->kind, put->name);
    }
    if (put->if_version
        && strcmp(put->if_version, old ? old->version : "") != 0) {
        return APR_EEXIST;
    }
    apr_pool_create(&pitem, mem->p);
    item = apr_pcalloc(pitem, sizeof(*item));
    item->p = pitem;
    item->name = apr_pstrdup(pitem, put->name);
    item->data = apr_pstrmemdup(pitem, put->len ? put->data : "", put->len);
    item->len = put->len;
    item->version = apr_psprintf(pitem, "%" APR_UINT64_T_FMT, ++mem->versions);
    if (old) {
        drop(store, put->kind, old);
    }
    apr_hash_set(items, item->name, APR_HASH_KEY_STRING, item);
    if (version) {
        *version = apr_pstrdup(p, item->version);
    }
    return APR_SUCCESS;
}

static apr_status_t mem_del(acme_store_t *store, const char *kind,
                            const char *name, acme_problem_t *problem,
                            apr_pool_t *ptemp)
{
    mem_item_t *item = find(store, kind, name);

    (void)problem;
    (void)ptemp;
    if (item) {
        drop(store, kind, item);
    }
    return APR_SUCCESS;
}

static apr_status_t mem_list(apr_array_header_t **names, acme_store_t *store,
                             const char *kind, acme_problem_t *problem,
                             apr_pool_t *p)
{
    const mem_t *mem = store->self;
    apr_hash_t *items = apr_hash_get(mem->kinds, kind, APR_HASH_KEY_STRING);
    apr_array_header_t *result;
    apr_hash_index_t *i;

    (void)problem;
    result =
        apr_array_make(p, (int)apr_hash_count(items) + 1, sizeof(const char *));
    for (i = apr_hash_first(p, items); i; i = apr_hash_next(i)) {
        const char *name = apr_hash_this_key(i);

        APR_ARRAY_PUSH(result, const char *) = apr_pstrdup(p, name);
    }
    *names = result;
    return APR_SUCCESS;
}

static int is_held(const mem_lease_t *lease)
{
    const mem_t *mem = lease->lease.store->self;

    return apr_hash_get(mem->leases, lease->name, APR_HASH_KEY_STRING) == lease;
}

static apr_status_t lease_cleanup(void *data)
{
    mem_lease_t *lease = data;
    const mem_t *mem = lease->lease.store->self;

    if (is_held(lease)) {
        apr_hash_set(mem->leases, lease->name, APR_HASH_KEY_STRING, NULL);
    }
    return APR_SUCCESS;
}

static apr_status_t held_elsewhere(acme_problem_t *problem, const char *name,
                                   apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EBUSY, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "somebody else holds the lease \"%s\"", name);
}

static apr_status_t mem_lease(acme_lease_t **lease, acme_store_t *store,
                              const char *name, apr_interval_time_t ttl,
                              acme_problem_t *problem, apr_pool_t *p)
{
    mem_t *mem = store->self;
    apr_time_t now = acme_time_now(mem->clock);
    const mem_lease_t *other;
    mem_lease_t *own;

    other = apr_hash_get(mem->leases, name, APR_HASH_KEY_STRING);
    if (other && other->until > now) {
        return held_elsewhere(problem, name, p);
    }
    own = apr_pcalloc(p, sizeof(*own));
    own->lease.store = store;
    own->lease.self = own;
    own->p = p;
    own->name = apr_pstrdup(p, name);
    own->ttl = ttl;
    own->until = now + ttl;
    /* Remove the expired lease first, because the key of the hash lives in its
     * pool. */
    apr_hash_set(mem->leases, name, APR_HASH_KEY_STRING, NULL);
    apr_hash_set(mem->leases, own->name, APR_HASH_KEY_STRING, own);
    apr_pool_cleanup_register(p, own, lease_cleanup, apr_pool_cleanup_null);
    *lease = &own->lease;
    return APR_SUCCESS;
}

static apr_status_t mem_renew(acme_lease_t *lease, acme_problem_t *problem)
{
    mem_lease_t *own = lease->self;
    const mem_t *mem = lease->store->self;

    if (!is_held(own)) {
        return held_elsewhere(problem, own->name, own->p);
    }
    own->until = acme_time_now(mem->clock) + own->ttl;
    return APR_SUCCESS;
}

static void mem_release(acme_lease_t *lease)
{
    mem_lease_t *own = lease->self;

    apr_pool_cleanup_run(own->p, own, lease_cleanup);
}

static void mem_stamp(acme_file_stamp_t *stamp, acme_store_t *store,
                      const char *kind, const char *name, apr_pool_t *ptemp)
{
    const mem_item_t *found = find(store, kind, name);

    (void)ptemp;
    memset(stamp, 0, sizeof(*stamp));
    if (found) {
        stamp->inode = 1;
        stamp->mtime = apr_atoi64(found->version);
    }
}

static const acme_store_backend_t mem_backend = {
    "mem",     mem_get,     mem_put, mem_del, mem_list,  mem_lease,
    mem_renew, mem_release, NULL,    NULL,    mem_stamp,
};

static acme_store_t *handle(mem_t *mem, apr_pool_t *p)
{
    acme_store_t *store = apr_pcalloc(p, sizeof(*store));

    store->backend = &mem_backend;
    store->self = mem;
    return store;
}

acme_store_t *acme_store_mem_create(const acme_clock_t *clock, apr_pool_t *p)
{
    mem_t *mem = apr_pcalloc(p, sizeof(*mem));
    int i;

    mem->p = p;
    mem->clock = clock;
    mem->kinds = apr_hash_make(p);
    mem->leases = apr_hash_make(p);
    for (i = 0; acme_store_kinds[i]; i++) {
        apr_hash_set(mem->kinds, acme_store_kinds[i], APR_HASH_KEY_STRING,
                     apr_hash_make(p));
    }
    return handle(mem, p);
}

acme_store_t *acme_store_mem_share(acme_store_t *store, apr_pool_t *p)
{
    return handle(store->self, p);
}

void acme_store_mem_break(acme_store_t *store, apr_status_t rv)
{
    mem_t *mem = store->self;

    mem->broken = rv;
}
