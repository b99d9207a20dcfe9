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

/* Checks a key that was kept. Returns APR_ENOENT when it is damaged, of another
 * kind, or compromised. */
static apr_status_t judge(acme_key_t **key, const char *pem,
                          acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                          apr_pool_t *p)
{
    acme_problem_t damage = ACME_PROBLEM_INIT;
    acme_key_spec_t kind;

    if (acme_key_from_pem(key, pem, strlen(pem), &damage, p) != APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0320) "%s: the stored key of its order is damaged, "
                                "making a new one",
                 spec->name);
        return APR_ENOENT;
    }
    if (acme_blocklist_has_key(ctx->revoked, acme_key_hash(*key, p))) {
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0847) "%s: the stored key of its order is "
                                "compromised, making a new one",
                 spec->name);
        return APR_ENOENT;
    }
    kind = acme_key_spec(*key);
    return same_kind(&kind, &spec->key) ? APR_SUCCESS : APR_ENOENT;
}

/* Loads the key of the site's last order. */
static apr_status_t load(acme_key_t **key, const char **pem,
                         acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                         const acme_obtain_key_live_t *live,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_store_item_t item;
    apr_status_t rv;

    rv = acme_vault_get(&item, ctx->vault, ACME_STORE_KEYS, spec->name, problem,
                        p);
    if (rv == APR_SUCCESS) {
        *pem = item.data;
        rv = judge(key, *pem, ctx, spec, p);
    }
    /* The last order used the live key again, but this one must not. */
    if (rv == APR_SUCCESS && live->hash && !live->again
        && strcmp(acme_key_hash(*key, p), live->hash) == 0) {
        rv = APR_ENOENT;
    }
    return rv;
}

/* Gets the copy of the live key that root has left. */
static apr_status_t reuse(acme_key_t **key, const char **pem,
                          acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                          const acme_obtain_key_live_t *live, apr_pool_t *p)
{
    if (acme_key_reuse_get(pem, ctx->reuse, live->hash, p) == APR_SUCCESS) {
        return judge(key, *pem, ctx, spec, p);
    }
    acme_log(ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0854) "%s: the key that was to be used again "
                            "(ACMEKeyReuse) is missing, making a new "
                            "one; the next start leaves it, if it can",
             spec->name);
    return APR_ENOENT;
}

static apr_status_t put(acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                        const char *pem, acme_problem_t *problem, apr_pool_t *p)
{
    const acme_store_put_t key = {
        .kind = ACME_STORE_KEYS,
        .name = spec->name,
        .data = pem,
        .len = strlen(pem),
        .sync = ACME_STORE_BATCH,
    };

    return acme_vault_put(NULL, ctx->vault, &key, problem, p);
}

apr_status_t acme_obtain_key(acme_key_t **key, const char **pem, int *made,
                             acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                             const acme_obtain_key_live_t *live,
                             acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    *made = 0;
    /* A key in the making comes first: it is made only when the store had
     * none. */
    rv = acme_keygen_take(key, pem, ctx->keygen, spec->name, problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = load(key, pem, ctx, spec, live, problem, p);
        if (rv == APR_SUCCESS) {
            /* Put it once more, because the process that made it may have been
             * killed before the flush. */
            (void)put(ctx, spec, *pem, NULL, p);
        }
        if (!APR_STATUS_IS_ENOENT(rv)) {
            return rv;
        }
        if (live->again && live->hash && ctx->reuse) {
            rv = reuse(key, pem, ctx, spec, live, p);
        }
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_keygen_want(ctx->keygen, spec->name, &spec->key, problem, p);
        if (rv == APR_SUCCESS) {
            rv =
                acme_keygen_take(key, pem, ctx->keygen, spec->name, problem, p);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = put(ctx, spec, *pem, problem, p);
        *made = rv == APR_SUCCESS;
    }
    return rv;
}

apr_status_t acme_obtain_key_forget(acme_worker_ctx_t *ctx, const char *name,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    return acme_store_delete(acme_vault_store(ctx->vault), ACME_STORE_KEYS,
                             name, problem, ptemp);
}

void acme_obtain_key_discard(acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                             apr_pool_t *ptemp)
{
    acme_problem_t left = ACME_PROBLEM_INIT;

    if (!spec->csr) {
        (void)acme_obtain_key_forget(ctx, spec->name, &left, ptemp);
    }
}
