/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_obtain_key.h"

#include <string.h>

#include "acme_blocklist.h"
#include "acme_key_hash.h"
#include "acme_key_reuse.h"
#include "acme_keygen.h"

static int same_kind(const acme_key_spec_t *a, const acme_key_spec_t *b)
{
    return a->type == b->type
           && (a->type != ACME_KEY_RSA || a->bits == b->bits);
}

/* A key that was kept. APR_ENOENT when it is damaged, of another kind, or must
 * not be used. */
static apr_status_t judge(acme_key_t **key, const char *pem,
                          acme_worker_ctx_t *work, const acme_spec_t *spec,
                          apr_pool_t *p)
{
    acme_problem_t damage = ACME_PROBLEM_INIT;
    acme_key_spec_t kind;

    if (acme_key_from_pem(key, pem, strlen(pem), &damage, p) != APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0320) "%s: the stored key of its order is damaged, "
                                "making a new one",
                 spec->name);
        return APR_ENOENT;
    }
    if (acme_blocklist_has_key(work->revoked, acme_key_hash(*key, p))) {
        acme_log(work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0847) "%s: the stored key of its order is "
                                "compromised, making a new one",
                 spec->name);
        return APR_ENOENT;
    }
    kind = acme_key_spec(*key);
    return same_kind(&kind, &spec->key) ? APR_SUCCESS : APR_ENOENT;
}

/* The order's own. */
static apr_status_t load(acme_key_t **key, const char **pem,
                         acme_worker_ctx_t *work, const acme_spec_t *spec,
                         const char *live, int again, acme_problem_t *problem,
                         apr_pool_t *p)
{
    acme_store_item_t item;
    apr_status_t rv;

    rv = acme_vault_get(&item, work->vault, ACME_STORE_KEYS, spec->name,
                        problem, p);
    if (rv == APR_SUCCESS) {
        *pem = item.data;
        rv = judge(key, *pem, work, spec, p);
    }
    /* It was to be used again, and is not any more. */
    if (rv == APR_SUCCESS && live && !again
        && strcmp(acme_key_hash(*key, p), live) == 0) {
        rv = APR_ENOENT;
    }
    return rv;
}

/* The one that root has left. */
static apr_status_t reuse(acme_key_t **key, const char **pem,
                          acme_worker_ctx_t *work, const acme_spec_t *spec,
                          const char *live, apr_pool_t *p)
{
    if (acme_key_reuse_get(pem, work->reuse, live, p) == APR_SUCCESS) {
        return judge(key, *pem, work, spec, p);
    }
    acme_log(work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0854) "%s: the key that was to be used again "
                            "(ACMEKeyReuse) is not to be had, making a new "
                            "one; the next start leaves it, if it can",
             spec->name);
    return APR_ENOENT;
}

static apr_status_t put(acme_worker_ctx_t *work, const acme_spec_t *spec,
                        const char *pem, acme_problem_t *problem, apr_pool_t *p)
{
    return acme_vault_put(NULL, work->vault, ACME_STORE_KEYS, spec->name, pem,
                          strlen(pem), NULL, ACME_STORE_BATCH, problem, p);
}

apr_status_t acme_obtain_key(acme_key_t **key, const char **pem, int *made,
                             acme_worker_ctx_t *work, const acme_spec_t *spec,
                             const char *live, int again,
                             acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    *made = 0;
    /* One that is being made was not in the store. */
    rv = acme_keygen_take(key, pem, work->keygen, spec->name, problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = load(key, pem, work, spec, live, again, problem, p);
        if (rv == APR_SUCCESS) {
            /* Who made it may have been killed before it was on disk. */
            (void)put(work, spec, *pem, NULL, p);
        }
        if (!APR_STATUS_IS_ENOENT(rv)) {
            return rv;
        }
        if (again && live && work->reuse) {
            rv = reuse(key, pem, work, spec, live, p);
        }
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_keygen_want(work->keygen, spec->name, &spec->key, problem, p);
        if (rv == APR_SUCCESS) {
            rv = acme_keygen_take(key, pem, work->keygen, spec->name, problem,
                                  p);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = put(work, spec, *pem, problem, p);
        *made = rv == APR_SUCCESS;
    }
    return rv;
}

apr_status_t acme_obtain_key_forget(acme_worker_ctx_t *work, const char *name,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    return acme_store_delete(acme_vault_store(work->vault), ACME_STORE_KEYS,
                             name, problem, ptemp);
}

void acme_obtain_key_discard(acme_worker_ctx_t *work, const acme_spec_t *spec,
                             apr_pool_t *ptemp)
{
    acme_problem_t left = ACME_PROBLEM_INIT;

    if (!spec->csr) {
        (void)acme_obtain_key_forget(work, spec->name, &left, ptemp);
    }
}
